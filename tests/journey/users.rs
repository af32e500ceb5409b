//! People who share a device: each has a wallet of their own, and one is open at a time.

use crate::program::{ANOTHER_BOOT, Ran};
use crate::site::{Site, text};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const HOME: &str = "tablet";

/// A tablet of a site, which Ada and Grace share. Ada trusts the site and holds a role.
struct Tablet {
    site: Site,
}

impl Tablet {
    fn new() -> Self {
        let site = Site::new(&[], "sd-jwt");
        for name in ["ada", "grace"] {
            site.place.write(&format!("{name}.phrase"), format!("tulip anchor seven {name}\n"));
        }
        Self { site }
    }

    /// A tablet on which both have a wallet, which opens by a pass phrase.
    fn shared() -> Self {
        let tablet = Self::new();
        let did = text(&tablet.ok("wallet init --user Ada --secret-file ada.phrase --recovery-file ada.code"), "/did");
        tablet.ok("wallet init --user Grace\u{a0}Hopper --listed --secret-file grace.phrase --recovery-file grace.code");
        tablet.ok(&format!("trust pin stick --digest {} --user Ada --secret-file ada.phrase", tablet.site.root));
        tablet.site.issue(&did, "sd-jwt", "hers");
        tablet.ok("wallet add hers --yes --user Ada --secret-file ada.phrase");
        tablet
    }

    fn run(&self, line: &str) -> Ran {
        self.site.run(HOME, line)
    }

    fn ok(&self, line: &str) -> Value {
        self.site.ok(HOME, line)
    }

    fn fails(&self, line: &str, exit: i32, says: &str) {
        let ran = self.run(line);
        assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    }

    /// How many credentials are held, for a command that says nothing else of its wallet.
    fn held(&self, line: &str) -> usize {
        self.ok(format!("wallet list {line}").trim_end())["credentials"].as_array().expect("a list").len()
    }

    fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.site.path(HOME)]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

/// A session may be open when a test fails.
impl Drop for Tablet {
    fn drop(&mut self) {
        drop(self.run("wallet lock"));
    }
}

#[test]
fn each_has_a_wallet_of_their_own() {
    let tablet = Tablet::shared();
    assert_eq!(tablet.held("--user Ada --secret-file ada.phrase"), 1);
    assert_eq!(tablet.held("--user ADA --secret-file ada.phrase"), 1);
    assert_eq!(tablet.held("--user grace\u{a0}hopper --secret-file grace.phrase"), 0);
    // A stranger's tries count against nobody else.
    tablet.fails("wallet list --user Ada --secret-file grace.phrase", 41, "9 tries left");
    let left = |name: &str| tablet.ok(&format!("wallet status --user {name}"))["attempts_left"].clone();
    assert_eq!((left("Ada"), left("Grace\u{a0}Hopper")), (json!(9), json!(10)));
    for (line, says) in [
        ("wallet list --user Tom --secret-file ada.phrase", "wallet init --user 'Tom'"),
        ("wallet list --secret-file ada.phrase", "--user NAME"),
        ("wallet init --secret-file ada.phrase --recovery-file third", "--user NAME"),
        ("wallet list --user \u{a0} --secret-file ada.phrase", "is not a name for a person"),
        ("verifier status --user Ada", "leave --user out"),
    ] {
        tablet.fails(line, 2, says);
    }
    let doctor = tablet.ok("doctor");
    let wallets = doctor["findings"].as_array().expect("findings").iter().filter(|finding| finding["name"] == "wallet");
    let found: Vec<&Value> = wallets.map(|finding| &finding["found"]).collect();
    assert_eq!(found, ["good", "good"], "a wallet of nobody in particular is missed: {doctor}");
    tablet.fails("wallet init --user ada --secret-file grace.phrase --recovery-file third", 2, "already");
}

#[test]
fn names_are_in_no_file_but_that_of_who_wants_it() {
    let tablet = Tablet::shared();
    let with = |name: &str| -> Vec<PathBuf> {
        let has = |file: &PathBuf| {
            let content = fs::read(file).expect("read").to_ascii_lowercase();
            content.windows(name.len()).any(|part| part == name.as_bytes()) || file.to_string_lossy().to_lowercase().contains(name)
        };
        tablet.files().into_iter().filter(has).collect()
    };
    let named = with("grace");
    assert!(matches!(&named[..], [file] if file.ends_with("name")), "{named:?}");
    assert!(with("\"ada\"").is_empty() && !tablet.files().iter().any(|file| file.to_string_lossy().contains("ada")));

    let users = || tablet.ok("wallet users");
    assert_eq!(users()["users"], json!([{ "name": "Grace Hopper", "open": false }]));
    assert_eq!(users()["unlisted"], 1);
    tablet.fails("wallet users --unlist --user Grace\u{a0}Hopper --secret-file ada.phrase", 41, "tries left");
    tablet.ok("wallet users --unlist --user Grace\u{a0}Hopper --secret-file grace.phrase");
    assert_eq!((users()["users"].clone(), users()["unlisted"].clone()), (json!([]), json!(2)));
    assert!(with("grace").is_empty());
    tablet.ok("wallet users --list --user Ada --secret-file ada.phrase");
    assert_eq!(users()["users"][0]["name"], "Ada");
}

#[test]
fn the_first_one_is_locked_before_the_second_opens() {
    let tablet = Tablet::shared();
    let is_locked = |name: &str| tablet.ok(&format!("wallet status --user {name}"))["locked"] == json!(true);
    tablet.ok("wallet unlock --user Ada --secret-file ada.phrase");
    assert_eq!(tablet.ok("wallet status")["session"]["user"], "Ada");
    // The person at the device need not say who it is. A name that is said is heeded.
    assert_eq!(tablet.held(""), 1);
    assert_eq!(tablet.held("--user Ada"), 1);
    tablet.fails("wallet list --user Grace\u{a0}Hopper", 40, "a secret is needed");

    // Who fails to open has closed it all the same.
    tablet.fails("wallet unlock --user Grace\u{a0}Hopper --secret-file ada.phrase", 41, "tries left");
    assert!(is_locked("Ada"));
    tablet.ok("wallet unlock --user Ada --secret-file ada.phrase");
    let ran = tablet.run("wallet unlock --user Grace\u{a0}Hopper --secret-file grace.phrase");
    assert!(ran.code == 0 && ran.stderr.contains("the wallet that was open is locked"), "{}{}", ran.stdout, ran.stderr);
    assert!(is_locked("Ada") && !is_locked("Grace\u{a0}Hopper"));
    // An unknown name locks no wallet.
    tablet.fails("wallet lock --user Gracy", 2, "nobody who is called `Gracy` has a wallet here");
    tablet.fails("wallet sync --from stick --user Gracy", 2, "nobody who is called `Gracy` has a wallet here");
    assert!(!is_locked("Grace\u{a0}Hopper"));
    assert_eq!(tablet.held(""), 0);
    tablet.fails("wallet list --user Ada", 40, "a secret is needed");
    // A person who leaves need not say whose wallet it was.
    assert_eq!(tablet.ok("wallet lock")["was_open"], true);
    assert!(is_locked("Grace\u{a0}Hopper"));
    tablet.fails("wallet list", 2, "nobody's wallet is open");
}

#[test]
fn what_one_trusts_or_forgets_changes_nobody_else() {
    let tablet = Tablet::shared();
    tablet.ok("verifier init --name Tablet --site north --zone lab --key-file door.key --recovery-file door.code");
    // The files are there, and Grace has compared nothing.
    let age = |open: &str| tablet.run(&format!("wallet status {open}"));
    assert_eq!(age("--user Ada --secret-file ada.phrase").code, 0);
    let pin = format!("trust pin stick --digest {} --user Grace\u{a0}Hopper --secret-file grace.phrase", tablet.site.root);
    tablet.ok(&pin);
    tablet.ok("trust remove --yes --user Grace\u{a0}Hopper --secret-file grace.phrase");
    tablet.site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    tablet.ok("wallet present --request request --yes -o answer --user Ada --secret-file ada.phrase");
    assert_eq!(tablet.site.verdict("answer").1["verdict"], "allow");
    let standing = |who: &str| tablet.ok(&format!("wallet list {who}"))["credentials"][0]["standing"].clone();
    assert_eq!(standing("--user Ada --secret-file ada.phrase"), "in_force");
    tablet.fails("trust bundle stick --yes --user Grace\u{a0}Hopper --secret-file grace.phrase", 30, "pin one");
    tablet.ok(&pin);
}

#[test]
fn a_person_reads_who_tried_what_opened_and_what_changed() {
    let tablet = Tablet::shared();
    let entries = |who: &str| -> Vec<(String, String)> {
        let history = tablet.ok(&format!("wallet history {who}"));
        let entry = |entry: &Value| (text(entry, "/event"), entry["detail"]["what"].as_str().unwrap_or_default().to_owned());
        history["entries"].as_array().expect("entries").iter().map(entry).collect()
    };
    let ada = "--user Ada --secret-file ada.phrase";
    for _ in 0..2 {
        tablet.fails("wallet list --user Ada --secret-file grace.phrase", 41, "tries left");
    }
    tablet.ok("wallet unlock --user Grace\u{a0}Hopper --secret-file grace.phrase");
    tablet.ok(&format!("wallet unlock {ada} --scope read,present"));
    tablet.ok("wallet lock");
    tablet.ok(&format!("wallet slot add --new-key-file spare.key {ada}"));
    let id = text(&tablet.ok(&format!("wallet list {ada}")), "/credentials/0/id");
    tablet.ok(&format!("wallet show {id} {ada}"));
    let told = entries(ada);
    let says = |number: usize, event: &str, what: &str| {
        assert!(told[number].0 == event && told[number].1.contains(what), "{what}: {told:?}");
    };
    assert_eq!(told.len(), 6, "{told:?}");
    says(0, "trust_changed", "a root of trust was pinned");
    says(1, "held", "");
    says(2, "wrong_tries", "2 wrong tries");
    says(3, "unlocked", "with pass phrase, and may read and present; another person's was locked before");
    says(4, "factors_changed", "key file");
    says(5, "read", "shown to the person at the device");
    assert_eq!(tablet.ok(&format!("wallet history --verify {ada}"))["whole"], true);
    let hers = entries("--user Grace\u{a0}Hopper --secret-file grace.phrase");
    assert!(matches!(&hers[..], [(event, _)] if event == "unlocked"), "{hers:?}");
}

/// The clock is set back while others use the device. What the device has seen casts doubt; it is no proof, and a person may settle it.
#[test]
fn who_was_away_learns_that_the_clock_of_the_device_went_back() {
    let mut tablet = Tablet::shared();
    let grace = "--user Grace\u{a0}Hopper --secret-file grace.phrase";
    tablet.site.place.write("other.phrase", "ochre lantern seven of grace\n");
    let ends = (waypass_machine::clock::read().wall.plus(30 * 86_400)).to_string();
    let ends = ends.split('T').next().expect("a date");
    tablet.ok(&format!("wallet slot add --new-secret-file other.phrase --label week --until {ends} {grace}"));
    assert_eq!(tablet.held("--user Grace\u{a0}Hopper --secret-file other.phrase"), 0);
    // Ada is there two months later. Then somebody sets the clock back.
    tablet.site.wrap = ["unshare", "-rm", "sh", "-c", ANOTHER_BOOT, "sh", "faketime", "-f", "+60d"].to_vec();
    assert_eq!(tablet.held("--user Ada --secret-file ada.phrase"), 1);
    tablet.site.wrap.clear();
    tablet.fails("wallet list --user Grace\u{a0}Hopper --secret-file other.phrase", 40, "a time that is over");
    let clock = |tablet: &Tablet| tablet.run(&format!("wallet ready --for 1h {grace}")).stdout;
    assert!(clock(&tablet).contains("behind a time this device has already seen"), "{}", clock(&tablet));
    let asked = tablet.run(&format!("wallet clock confirm {grace}"));
    assert_eq!(asked.code, 2, "nobody is there to ask: {}", asked.stderr);
    tablet.ok(&format!("wallet clock confirm --yes {grace}"));
    assert!(!clock(&tablet).contains("behind a time"), "{}", clock(&tablet));
    let history = tablet.run(&format!("wallet history {grace}")).stdout;
    assert!(history.contains("clock was confirmed"), "{history}");
    // Ada's own wallet has seen the later time, and her word is needed for it.
    let hers = tablet.run("wallet ready --for 1h --user Ada --secret-file ada.phrase").stdout;
    assert!(hers.contains("the clock is behind"), "{hers}");
}

#[test]
fn a_damaged_memory_of_time_is_set_aside_and_said_once() {
    let tablet = Tablet::shared();
    let path = tablet.site.path(HOME).join("device-time");
    assert!(path.exists());
    fs::write(&path, b"not ours").expect("damaged");
    let list = "wallet list --user Ada --secret-file ada.phrase";
    let told = tablet.run(list);
    assert!(told.code == 0 && told.stderr.contains("is damaged, and was set aside as"), "{}", told.stderr);
    assert_eq!(fs::read(path.with_extension("bad")).expect("kept"), b"not ours");
    assert_eq!(tablet.run(list).stderr, "");
}
