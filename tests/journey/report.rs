//! What a device says of itself, and what its site wants to follow from that.

use crate::program::{WAYPASS, copy};
use crate::site::Site;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

const NURSE: &str = "nurse";
const OPEN: &str = "--secret-file phrase";
/// Every process in there is root.
const AS_ROOT: [&str; 2] = ["unshare", "-r"];

/// A shell that runs a program with one byte more.
const ANOTHER_PROGRAM: &str = "cp $1 ./another && echo >> ./another && shift && exec ./another \"$@\"";

/// A site, and a wallet of it that opens by a pass phrase.
struct Ward {
    site: Site,
}

impl Ward {
    fn new() -> Self {
        let site = Site::new(&[], "sd-jwt");
        site.place.write("phrase", "tulip anchor seven\n");
        site.place.write("guess", "nine grey herons at noon\n");
        let ward = Self { site };
        ward.ok(&format!("wallet init {OPEN} --recovery-file code"));
        ward.ok(&format!("trust pin stick --digest {} {OPEN}", ward.site.root));
        ward
    }

    fn ok(&self, line: &str) -> Value {
        self.site.ok(NURSE, line)
    }

    fn fails(&self, line: &str, exit: i32, says: &str) {
        let ran = self.site.run(NURSE, line);
        assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    }

    /// Publishes rules about devices.
    fn rules(&self, unlocking: &Value) {
        let mut rules = self.site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
        rules["unlocking"] = unlocking.clone();
        self.site.place.write("rules", rules.to_string());
        self.site.ok("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY");
    }
}

fn of_this_program() -> String {
    let summed = Command::new("sha256sum").arg(WAYPASS).output().expect("sha256sum runs");
    String::from_utf8(summed.stdout).expect("text").split(' ').next().expect("a digest").to_owned()
}

#[test]
fn a_program_that_the_site_does_not_know_opens_nothing_and_asks_for_nothing() {
    let ward = Ward::new();
    let device = |digest: &str| json!({ "wallets": { "device": { "findings": { "program": "refuse" }, "programs": [digest] } } });
    ward.rules(&device(&"ab".repeat(32)));
    ward.ok("wallet sync --from stick");
    // No secret is read: the file is not there.
    ward.fails("wallet list --secret-file not-there", 40, "the site does not trust the program");
    ward.fails(&format!("wallet unlock {OPEN}"), 40, "the site does not trust the program");
    ward.fails("wallet unlock --guest", 40, "the site does not trust the program");
    // What is known needs no open wallet, and the office can ask for less.
    ward.rules(&device(&of_this_program()));
    ward.ok("wallet sync --from stick");
    ward.ok(&format!("wallet list {OPEN}"));
    // From here on the rules are under the seal. Older files do not loosen them.
    ward.rules(&device(&"ab".repeat(32)));
    ward.ok("wallet sync --from stick");
    ward.fails(&format!("wallet list {OPEN}"), 40, "the site does not trust the program");
}

#[test]
fn the_sealed_rules_hold_where_older_files_are_put_back() {
    let mut ward = Ward::new();
    copy(&ward.site.path(NURSE).join("trust"), &ward.site.path("older"));
    ward.rules(&json!({ "wallets": { "device": { "findings": { "program": "refuse" }, "programs": [of_this_program()] } } }));
    ward.ok("wallet sync --from stick");
    ward.ok(&format!("wallet list {OPEN}"));
    // The files say nothing about devices any more; the vault does.
    fs::remove_dir_all(ward.site.path(NURSE).join("trust")).expect("removed");
    copy(&ward.site.path("older"), &ward.site.path(NURSE).join("trust"));
    ward.site.wrap = vec!["sh", "-c", ANOTHER_PROGRAM, "sh"];
    ward.fails(&format!("wallet list {OPEN}"), 40, "the site does not trust the program");
}

#[test]
fn what_cannot_be_told_counts_like_what_is_not_good() {
    let mut ward = Ward::new();
    ward.rules(&json!({ "wallets": { "device": { "findings": { "lockdown": "refuse" } } } }));
    ward.ok("wallet sync --from stick");
    // A machine whose kernel says nothing.
    ward.site.wrap = vec!["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /sys/kernel && exec \"$@\"", "sh"];
    ward.fails(&format!("wallet list {OPEN}"), 40, "does not say whether it is locked down");
}

#[test]
fn what_is_only_told_is_told_each_time_and_written_down_once() {
    let mut ward = Ward::new();
    ward.rules(&json!({ "wallets": { "device": { "findings": { "root": "warn", "clock": "log" } } } }));
    ward.ok("wallet sync --from stick");
    ward.site.wrap = AS_ROOT.to_vec();
    for _ in 0..2 {
        let ran = ward.site.run(NURSE, &format!("wallet list {OPEN}"));
        assert!(ran.code == 0 && ran.stderr.contains("the program runs as root"), "{}", ran.stderr);
    }
    let history = ward.site.run(NURSE, &format!("wallet history {OPEN}")).stdout;
    assert_eq!(history.matches("the program runs as root").count(), 1, "{history}");
}

#[test]
fn a_gate_keeps_to_the_rules_for_gates() {
    let mut ward = Ward::new();
    ward.rules(&json!({ "gates": { "device": { "findings": { "root": "refuse" } } } }));
    ward.site.ok("gate", "verifier sync --from stick --key-file KEY");
    ward.site.wrap = AS_ROOT.to_vec();
    let refused = ward.site.run("gate", "verifier challenge -o question --key-file KEY");
    assert!(refused.code == 40 && refused.stderr.contains("lets no verifier open"), "{}", refused.stderr);
    let doctor = ward.site.run("gate", "doctor");
    assert!(doctor.stdout.contains("the program runs as root"), "{}", doctor.stdout);
    ward.ok(&format!("wallet list {OPEN}"));
}

#[test]
fn a_wallet_is_erased_with_the_last_wrong_try_where_the_site_wants_that() {
    let ward = Ward::new();
    ward.rules(&json!({ "wallets": { "tries": 3, "delays": [{ "after": 2, "seconds": 1 }], "erased_after_tries": true } }));
    ward.ok("wallet sync --from stick");
    ward.ok(&format!("wallet list {OPEN}"));
    let vault = ward.site.path(NURSE).join("wallet");
    fs::hard_link(vault.join("vault.db"), ward.site.path("kept")).expect("linked");
    for _ in 0..2 {
        ward.fails("wallet list --secret-file guess", 41, "left");
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    // The right secret begins the count anew.
    ward.ok(&format!("wallet list {OPEN}"));
    for _ in 0..2 {
        ward.fails("wallet list --secret-file guess", 41, "left");
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    ward.fails("wallet list --secret-file guess", 40, "is erased: the site wants that after 3 wrong tries");
    assert!(!vault.exists());
    assert!(fs::read(ward.site.path("kept")).expect("read").iter().all(|byte| *byte == 0), "the content was left on the disk");
    ward.fails("wallet list --recovery --secret-file code", 2, "wallet init");
}
