//! Administrators of a site keep the wallets of a device that people share.

use crate::program::{Ran, WAYPASS, ended, on_a_terminal};
use crate::site::{Site, text};
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const TABLET: &str = "tablet";
const OPEN: &str = "--user Ada --secret-file phrase";

/// A tablet of a site whose rules name administrators. Ines and Paul have the role, and wallets of their own.
struct Ward {
    site: Site,
}

impl Ward {
    fn new() -> Self {
        Self::at(&[])
    }

    /// The wallets have another clock than the office.
    fn at(clock: &[&'static str]) -> Self {
        let mut site = Site::new(&[], "sd-jwt");
        site.place.write("phrase", "tulip anchor seven\n");
        site.place.write("guess", "nine grey herons at noon\n");
        let mut rules = site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
        rules["unlocking"] = json!({ "wallets": { "tries": 3, "delays": [{ "after": 2, "seconds": 1 }], "administrators": "staff" } });
        site.place.write("rules", rules.to_string());
        site.ok("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY");
        site.wrap = clock.to_vec();
        for name in ["ines", "paul"] {
            let made = site.ok(name, &format!("wallet init --key-file KEY --recovery-file {name}.code"));
            site.ok(name, &format!("trust pin stick --digest {} --key-file KEY", site.root));
            site.issue(&text(&made, "/did"), "sd-jwt", &format!("{name}.credential"));
            site.ok(name, &format!("wallet add {name}.credential --yes --key-file KEY"));
        }
        site.stick();
        // The first person brings the rules to the tablet.
        site.ok(TABLET, &format!("wallet init --recovery-file ada.code {OPEN}"));
        site.ok(TABLET, &format!("trust pin stick --digest {} {OPEN}", site.root));
        Self { site }
    }

    fn fails(&self, line: &str, exit: i32, says: &str) {
        let ran = self.site.run(TABLET, line);
        assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    }

    /// Begins to ask administrators, on a terminal. `wrap` is put before the program.
    fn ask(&self, wrap: &str, line: &str) -> Asking<'_> {
        let like = self.site.place.command(&[], TABLET, &[]);
        let mut command = on_a_terminal(&like, &format!("{wrap} {WAYPASS} {line}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Asking { ward: self, child: command.spawn().expect("script starts") }
    }

    fn locked_out(&self) {
        for (tries, exit) in [(1, 41), (2, 41), (3, 41)] {
            let ran = self.site.run(TABLET, "wallet list --user Ada --secret-file guess");
            assert_eq!(ran.code, exit, "try {tries}: {}", ran.stderr);
            sleep(Duration::from_millis(1100));
        }
        self.fails(&format!("wallet list {OPEN}"), 42, "no tries are left");
    }
}

/// A command that waits for administrators.
struct Asking<'w> {
    ward: &'w Ward,
    child: Child,
}

impl Asking<'_> {
    /// One of them answers the question in `file`, which is removed.
    fn answered(&mut self, name: &str, file: &str) {
        let site = &self.ward.site;
        let late = Instant::now() + Duration::from_mins(1);
        while !site.path(file).exists() {
            assert!(Instant::now() < late, "nobody was asked");
            sleep(Duration::from_millis(50));
        }
        sleep(Duration::from_millis(300));
        let ran = site.run(name, &format!("wallet present --request {file} --to-unknown --yes -o {name}.answer --key-file KEY"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        fs::remove_file(site.path(file)).expect("the question");
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{name}.answer").expect("typed");
    }

    /// Something else than an answer is given.
    fn says(&mut self, file: &str, line: &str) {
        let site = &self.ward.site;
        let late = Instant::now() + Duration::from_mins(1);
        while !site.path(file).exists() {
            assert!(Instant::now() < late, "nobody was asked");
            sleep(Duration::from_millis(50));
        }
        sleep(Duration::from_millis(300));
        fs::remove_file(site.path(file)).expect("the question");
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{line}").expect("typed");
    }

    fn ends(mut self) -> Ran {
        let typed = self.child.stdin.take();
        let ran = ended(self.child);
        drop(typed);
        ran
    }
}

#[test]
fn one_administrator_lets_somebody_try_again_while_the_office_is_near() {
    let ward = Ward::new();
    ward.locked_out();
    ward.fails("wallet admin let-in --user Tom --ask question", 2, "nobody who is called `Tom`");
    let mut asking = ward.ask("", "wallet admin let-in --user Ada --ask question");
    asking.answered("ines", "question");
    let ran = asking.ends();
    assert!(ran.code == 0 && ran.stdout.contains("can try again"), "{}{}", ran.stdout, ran.stderr);
    // It opened nothing, and the owner is told.
    ward.fails("wallet list --user Ada --secret-file guess", 41, "2 tries left");
    let told = ward.site.run(TABLET, &format!("wallet history {OPEN}"));
    assert!(told.stderr.contains("tries were given back once by did:key:"), "{}", told.stderr);
    assert!(told.stdout.contains("tries were given back once"), "{}", told.stdout);
    let again = ward.site.run(TABLET, &format!("wallet list {OPEN}"));
    assert!(again.code == 0 && !again.stderr.contains("given back"), "{}", again.stderr);
}

#[test]
fn without_the_office_two_erase_a_wallet_and_nothing_of_it_is_left() {
    let ward = Ward::at(&["faketime", "-f", "+11m"]);
    let site = &ward.site;
    let users = site.path(TABLET).join("users");
    let vault = fs::read_dir(&users).expect("users").next().expect("one").expect("read").path().join("wallet/vault.db");
    // A second name of the file shows what becomes of its content.
    fs::hard_link(&vault, site.path("kept")).expect("linked");
    let mut asking = ward.ask("faketime -f +11m", "wallet admin erase --user Ada --yes --ask question");
    for name in ["ines", "ines", "paul"] {
        asking.answered(name, "question");
    }
    let ran = asking.ends();
    assert!(ran.code == 0 && ran.stdout.contains("another must agree too"), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("has agreed already") && ran.stdout.contains("is erased from this device"), "{}", ran.stdout);
    assert!(fs::read(site.path("kept")).expect("read").iter().all(|byte| *byte == 0), "the content was left on the disk");
    assert_eq!(fs::read_dir(&users).expect("users").count(), 0);
    ward.fails(&format!("wallet list {OPEN}"), 2, "nobody who is called `Ada`");
}

#[test]
fn a_new_person_needs_an_administrator_and_what_is_no_answer_asks_again() {
    let ward = Ward::new();
    let site = &ward.site;
    let init = "wallet init --user Grace --secret-file phrase --recovery-file grace.code";
    ward.fails(init, 40, "wallet admin enrol 'Grace'");
    let mut asking = ward.ask("", "wallet admin enrol Grace --ask question.png");
    asking.answered("ines", "question.png");
    let ran = asking.ends();
    assert!(ran.code == 0 && ran.stdout.contains("wallet init --user 'Grace'"), "{}{}", ran.stdout, ran.stderr);
    ward.fails("wallet init --user Tom --secret-file phrase --recovery-file tom.code", 40, "administrators of the site");
    site.ok(TABLET, init);
    // The permit is used up with the wallet it was for.
    site.ok(TABLET, "wallet list --user Grace --secret-file phrase");
    // What is no answer asks again.
    let mut asking = ward.ask("", "wallet admin let-in --user Ada --ask question");
    asking.says("question", "stick");
    asking.says("question", "neither a file nor a code");
    asking.answered("ines", "question");
    let ran = asking.ends();
    assert!(ran.code == 0 && ran.stdout.matches("that is not accepted: malformed").count() == 2, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn where_the_rules_name_nobody_there_are_no_administrators() {
    let site = Site::new(&[], "sd-jwt");
    let refused = site.run("ada", "wallet admin let-in --ask question");
    assert!(refused.code == 2 && refused.stderr.contains("no administrators are named"), "{}", refused.stderr);
}
