//! A guest of a device that others share: a wallet that is in no file, and gone when it locks.

use crate::program::Ran;
use crate::site::{Site, text};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const HOME: &str = "tablet";
const OPEN: &str = "--user Ada --secret-file phrase";

/// A tablet that trusts the site, on which Ada has a wallet.
struct Tablet {
    site: Site,
}

impl Tablet {
    fn new() -> Self {
        let site = Site::new(&[], "sd-jwt");
        site.place.write("phrase", "tulip anchor seven\n");
        site.ok(HOME, &format!("wallet init {OPEN} --recovery-file code"));
        site.ok(HOME, &format!("trust pin stick --digest {} {OPEN}", site.root));
        Self { site }
    }

    fn run(&self, line: &str) -> Ran {
        self.site.run(HOME, line)
    }

    fn ok(&self, line: &str) -> Value {
        self.site.ok(HOME, line)
    }

    /// Takes the guest in and gives them a role.
    fn guest(&self) -> String {
        self.ok("wallet unlock --guest");
        let did = text(&self.ok("wallet key"), "/did");
        self.site.issue(&did, "sd-jwt", "theirs");
        text(&self.ok("wallet add theirs --yes"), "/id");
        did
    }
}

/// A session may be open when a test fails.
impl Drop for Tablet {
    fn drop(&mut self) {
        drop(self.run("wallet lock"));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_guest_is_admitted_and_leaves_nothing() {
    let tablet = Tablet::new();
    let did = tablet.guest();
    let site = &tablet.site;
    // Nothing but the socket of the session and its lock.
    let left: Vec<_> = files(&site.path(HOME).join("guest"));
    assert!(left.iter().all(|path| fs::metadata(path).is_ok_and(|about| about.len() == 0)), "{left:?}");
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    tablet.ok("wallet present --request request --yes -o answer");
    assert_eq!(site.verdict("answer").0, 0);
    let status = tablet.ok("wallet status");
    assert_eq!((&status["guest"], &status["locked"], &status["session"]["user"]), (&json!(true), &json!(false), &Value::Null));
    let held = tablet.ok("wallet list")["credentials"][0].clone();
    let card = text(&held, "/id");
    // What the wallet knows is in no file of the device, as it is and sealed: the name of its holder, and of what it holds.
    let clue = |needle: &str| {
        files(&site.path(HOME))
            .into_iter()
            .find(|path| fs::read(path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|part| part == needle.as_bytes())))
    };
    for needle in [did.as_str(), did.trim_start_matches("did:key:"), card.as_str(), "Byron"] {
        assert_eq!(clue(needle), None, "{needle}");
    }
    tablet.ok("wallet lock");
    assert!(!site.path(HOME).join("guest").exists());
    let after = tablet.run("wallet list");
    assert!(after.code == 2 && after.stderr.contains("nobody's wallet is open"), "{}", after.stderr);
    // The next guest has another key and holds nothing.
    tablet.ok("wallet unlock --guest");
    assert_ne!(text(&tablet.ok("wallet key"), "/did"), did);
    assert_eq!(tablet.ok("wallet list")["credentials"], json!([]));
}

#[test]
fn one_wallet_is_open_at_a_time_whoever_has_it() {
    let tablet = Tablet::new();
    tablet.ok(&format!("wallet unlock {OPEN}"));
    let ran = tablet.run("wallet unlock --guest");
    assert!(ran.code == 0 && ran.stderr.contains("the wallet that was open is locked"), "{}", ran.stderr);
    assert_eq!(tablet.ok("wallet status --user Ada")["locked"], json!(true));
    let ran = tablet.run(&format!("wallet unlock {OPEN}"));
    assert!(ran.code == 0 && ran.stderr.contains("the wallet that was open is locked"), "{}", ran.stderr);
    assert!(!tablet.site.path(HOME).join("guest").exists(), "the guest is gone");
    assert_eq!(tablet.ok("wallet status")["session"]["user"], "Ada");
    tablet.ok("wallet lock");
    for (line, why) in
        [("verifier unlock --guest", "a guest has a wallet"), ("wallet unlock --guest --secret-file phrase", "cannot be used with")]
    {
        let ran = tablet.run(line);
        assert!(ran.code == 2 && ran.stderr.contains(why), "{line}: {}", ran.stderr);
    }
}

#[test]
fn what_a_site_asks_of_those_who_open_wallets_does_not_concern_a_guest() {
    let tablet = Tablet::new();
    let site = &tablet.site;
    let mut rules = site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
    rules["unlocking"] = json!({ "wallets": { "combinations": [["passphrase", "key-file"], ["recovery"]], "grace_seconds": 0 } });
    site.place.write("rules", rules.to_string());
    site.ok("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY");
    tablet.ok("wallet sync --from stick");
    tablet.guest();
    tablet.ok("wallet list");
    tablet.ok("wallet lock");
    assert_eq!(tablet.run(&format!("wallet list {OPEN}")).code, 40);
}

#[test]
fn a_guest_whose_session_was_killed_leaves_an_empty_folder_that_stops_nobody() {
    let tablet = Tablet::new();
    let opened = tablet.run("wallet unlock --guest --verbose");
    let process = opened
        .stderr
        .rsplit("the session is process ")
        .next()
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let did = text(&tablet.ok("wallet key"), "/did");
    let killed = std::process::Command::new("kill").arg("-KILL").arg(process.expect("its number")).status();
    assert!(killed.is_ok_and(|status| status.success()), "{}", opened.stderr);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let after = tablet.run("wallet list");
    assert!(after.code == 2 && after.stderr.contains("nobody's wallet is open"), "{}", after.stderr);
    tablet.ok("wallet unlock --guest");
    assert_ne!(text(&tablet.ok("wallet key"), "/did"), did);
}
