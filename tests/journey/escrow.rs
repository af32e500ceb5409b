//! Two officers of a site let somebody in who has forgotten a secret.

use crate::program::{Ran, WAYPASS, ended, on_a_terminal};
use crate::site::{Site, text};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const NURSE: &str = "nurse";
const OPEN: &str = "--secret-file phrase";

/// A site whose rules name officers, and a nurse who wanted that two of them can let her in.
struct Ward {
    site: Site,
}

impl Ward {
    fn new(officers: &[&'static str]) -> Self {
        let site = Site::new(&[], "sd-jwt");
        let ward = Self { site };
        ward.site.place.write("phrase", "tulip anchor seven\n");
        ward.site.place.write("new", "nine grey herons at noon\n");
        ward.rules(officers);
        let site = &ward.site;
        site.ok(NURSE, &format!("wallet init {OPEN} --recovery-file code"));
        site.ok(NURSE, &format!("trust pin stick --digest {} {OPEN}", site.root));
        ward
    }

    /// Publishes rules that name these officers, who have a vault each.
    fn rules(&self, officers: &[&'static str]) {
        let entry = |name: &&'static str| {
            if !self.site.path(name).join("issuer").exists() {
                self.site.ok(name, "issuer ceremony init --key-file KEY --recovery-code none");
            }
            self.site.ok(name, &format!("issuer escrow key --name {name} --key-file KEY"))["officer"].clone()
        };
        let officers: Vec<Value> = officers.iter().map(entry).collect();
        let mut rules = self.site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
        rules["unlocking"] = json!({ "wallets": { "officers": officers } });
        self.site.place.write("rules", rules.to_string());
        self.site.ok("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY");
    }

    /// Begins to ask the officers, on a terminal, and waits for the request.
    fn ask(&self, request: &str) -> Child {
        let like = self.site.place.command(&[], NURSE, &[]);
        let line = format!("{WAYPASS} wallet unlock --ask-officers {request} --reason 'back from leave'");
        let mut command = on_a_terminal(&like, &line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("script starts");
        let late = Instant::now() + Duration::from_mins(1);
        while !self.site.path(request).exists() {
            assert!(Instant::now() < late, "no request was made");
            sleep(Duration::from_millis(50));
        }
        child
    }

    fn code(&self, officer: &str, request: &str, with: &str) -> String {
        let line = format!("issuer escrow release {request} {with} --yes --key-file KEY");
        text(&self.site.ok(officer, line.replace("  ", " ").as_str()), "/code")
    }

    fn fails(&self, home: &str, line: &str, exit: i32, says: &str) {
        let ran = self.site.run(home, line);
        assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    }
}

/// The person types what the officers say.
fn says(mut child: Child, codes: &[String]) -> Ran {
    let mut typed = child.stdin.take().expect("a pipe");
    for code in codes {
        sleep(Duration::from_millis(300));
        writeln!(typed, "{code}").expect("typed");
    }
    let ran = ended(child);
    drop(typed);
    ran
}

/// A session may be open when a test fails.
impl Drop for Ward {
    fn drop(&mut self) {
        drop(self.site.run(NURSE, "wallet lock"));
    }
}

#[test]
fn two_officers_let_a_person_in_who_chooses_a_new_secret() {
    let ward = Ward::new(&["ines", "paul"]);
    let site = &ward.site;
    ward.fails(NURSE, "wallet unlock --ask-officers request", 40, "no officers can open this wallet by themselves");
    let added = site.run(NURSE, &format!("wallet slot add --new-officers Grace {OPEN}"));
    assert!(added.code == 0 && added.stderr.contains("any two of ines and paul can open this together, without you"), "{}", added.stderr);
    let child = ward.ask("request.png");
    // One look at the picture each; neither needs the other's code, or a network.
    let codes = [ward.code("ines", "request.png", ""), ward.code("paul", "request.png", "")];
    let ran = says(child, &codes);
    assert!(
        ran.code == 0 && ran.stdout.contains("this wallet is open") && ran.stdout.contains("may slots"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(ran.stdout.contains("at the latest in 15 min"), "{}", ran.stdout);
    // It can change what opens it, and nothing else.
    ward.fails(NURSE, "wallet list", 40, "needs `read`");
    ward.fails(NURSE, "wallet backup saved --backup-secret-file new --backup-recovery-file code", 40, "needs `keys`");
    let slots = site.ok(NURSE, "wallet slot list")["slots"].as_array().expect("slots").clone();
    let phrase = slots.iter().find(|slot| slot["factors"] == "pass phrase").expect("the one that was forgotten");
    site.ok(NURSE, &format!("wallet slot change {} --new-secret-file new", text(phrase, "/id")));
    site.ok(NURSE, "wallet lock");
    ward.fails(NURSE, &format!("wallet list {OPEN}"), 41, "tries left");
    let history = site.run(NURSE, "wallet history --secret-file new");
    assert!(history.stdout.contains("with the codes of ines and paul (back from leave)"), "{}", history.stdout);
    // Each office has its own record of it.
    let given = site.ok("ines", "issuer escrow list --key-file KEY")["codes"].clone();
    assert_eq!(
        (text(&given, "/0/owner"), text(&given, "/0/with"), text(&given, "/0/reason")),
        ("Grace".to_owned(), "paul".to_owned(), "back from leave".to_owned())
    );
    assert_eq!(given.as_array().map(Vec::len), Some(1));
}

#[test]
fn codes_that_were_heard_wrong_are_asked_for_again_and_foreign_ones_open_nothing() {
    let ward = Ward::new(&["ines", "paul", "ruth"]);
    let site = &ward.site;
    site.ok(NURSE, &format!("wallet slot add --new-officers Grace {OPEN}"));
    let child = ward.ask("request");
    ward.fails("ines", "issuer escrow release request --yes --key-file KEY", 2, "another officer must give a code too");
    ward.fails("ines", "issuer escrow release request --with ben --yes --key-file KEY", 2, "ben is not another officer");
    ward.fails("ines", "issuer escrow release phrase --with paul --yes --key-file KEY", 2, "this is not a request to officers");
    ward.fails("issuer", "issuer escrow release request --with paul --yes --key-file KEY", 2, "this officer has no key");
    ward.fails("ines", "issuer escrow release request --with paul --key-file KEY", 2, "Did you call Grace back");
    assert_eq!(site.ok("ines", "issuer escrow list --key-file KEY")["codes"], json!([]), "on the record, though no code was given");
    let (ines, ruth) = (ward.code("ines", "request", "--with ruth"), ward.code("ruth", "request", "--with ines"));
    let other = ward.code("paul", "request", "--with ines");
    let ran = says(child, &[ines.clone(), other, ines[1..].to_owned(), ruth.clone(), ines.clone(), ruth.clone()]);
    assert!(ran.code == 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("do not belong together") && ran.stdout.contains("a letter is wrong or missing"), "{}", ran.stdout);
    site.ok(NURSE, "wallet lock");
    // The same codes answer no other request.
    std::fs::remove_file(site.path("request")).expect("removed");
    let child = ward.ask("request");
    let ran = says(child, &[ines, ruth]);
    assert!(ran.code == 41, "{}: {}{}", ran.code, ran.stdout, ran.stderr);
}

#[test]
fn an_officer_who_has_left_lets_nobody_in() {
    let ward = Ward::new(&["ines", "paul"]);
    let site = &ward.site;
    site.ok(NURSE, &format!("wallet slot add --new-officers Grace {OPEN}"));
    ward.rules(&["ines", "ruth"]);
    site.ok(NURSE, "wallet sync --from stick");
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    let told = site.run(NURSE, &format!("wallet list {OPEN}"));
    assert!(told.code == 0 && told.stderr.contains("the officers are others by now"), "{}", told.stderr);
    let slots = site.ok(NURSE, "wallet slot list")["slots"].as_array().expect("slots").clone();
    let slot = slots.iter().find(|slot| slot["factors"] == "codes of two officers").expect("a slot");
    site.ok(NURSE, &format!("wallet slot change {} --new-officers Grace {OPEN}", text(slot, "/id")));
    let child = ward.ask("request");
    ward.fails("paul", "issuer escrow release request --yes --key-file KEY", 2, "the request is not for this officer");
    let codes = [ward.code("ines", "request", ""), ward.code("ruth", "request", "")];
    let ran = says(child, &codes);
    assert!(ran.code == 0, "{}{}", ran.stdout, ran.stderr);
}
