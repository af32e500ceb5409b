//! What opens a vault: two factors together and neither alone, PINs, slots for a time, names, and a new key.

use crate::program::{Ran, copy};
use crate::site::{Site, text};
use serde_json::Value;

const HOME: &str = "nurse";
const BOTH: &str = "--secret-file phrase --key-file nurse.key";

/// A wallet of a nurse that opens with a pass phrase and a key file together.
fn nurse() -> Site {
    let site = Site::empty();
    site.place.write("phrase", "tulip anchor seven moons\n");
    site.place.write("other", "tulip anchor eight moons\n");
    site.ok(HOME, &format!("wallet init --require passphrase+key-file {BOTH} --recovery-file code"));
    site
}

fn fails(site: &Site, line: &str, exit: i32, says: &str) -> Ran {
    let ran = site.run(HOME, line);
    assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    ran
}

fn slots(site: &Site, open: &str) -> Vec<Value> {
    site.ok(HOME, format!("wallet slot list {open}").trim_end())["slots"].as_array().expect("slots").clone()
}

fn with_factors<'s>(slots: &'s [Value], factors: &str) -> &'s Value {
    slots.iter().find(|slot| slot["factors"] == factors).unwrap_or_else(|| panic!("{factors} in {slots:?}"))
}

#[test]
fn two_factors_open_it_together_and_neither_alone() {
    let site = nurse();
    site.ok(HOME, &format!("wallet key {BOTH}"));
    // Nobody is asked for a secret that could not open it.
    fails(&site, "wallet key --secret-file phrase", 40, "--key-file FILE");
    fails(&site, "wallet key", 40, "--key-file FILE");
    fails(&site, "wallet key --key-file nurse.key", 40, "a secret is needed");
    fails(&site, "wallet key --recovery --secret-file code", 40, "--key-file FILE");
    fails(&site, "wallet key --secret-file other --key-file nurse.key", 41, "9 tries left");
    site.ok(HOME, "wallet key --recovery --secret-file code --key-file nurse.key");
    let locked = slots(&site, "");
    with_factors(&locked, "pass phrase and key file");
    with_factors(&locked, "recovery code and key file");
    assert_eq!(locked.len(), 2);
}

#[test]
fn the_rules_of_its_making_hold_for_every_later_slot() {
    let site = nurse();
    fails(&site, &format!("wallet slot add --new-secret-file other {BOTH}"), 2, "only");
    fails(&site, &format!("wallet slot add --new-key-file second {BOTH}"), 2, "only");
    assert!(!site.path("second").exists(), "a key file was made for a slot that may not be");
    let added = site.ok(HOME, &format!("wallet slot add --new-secret-file other --new-key-file second --label Tom {BOTH}"));
    assert_eq!(added["factors"], "pass phrase and key file");
    site.ok(HOME, "wallet key --secret-file other --key-file second");
    fails(&site, "wallet key --secret-file other --key-file nurse.key", 41, "tries left");
}

/// A thief of the home would have both.
#[test]
fn a_key_file_in_the_home_is_no_second_factor() {
    let site = nurse();
    let init = "wallet init --require passphrase+key-file --secret-file phrase --recovery-code none --key-file";
    for file in ["tablet/nurse.key", "tablet/wallet/nurse.key", "tablet/../tablet/nurse.key"] {
        let ran = site.run("tablet", &format!("{init} {file}"));
        assert!(ran.code == 2 && ran.stderr.contains("lies in the home of what it opens"), "{file}: {}{}", ran.stdout, ran.stderr);
        assert!(!site.path("tablet/wallet/vault.db").exists() && !site.path(file).exists(), "{file}");
    }
    let add = format!("wallet slot add --new-secret-file other --new-key-file nurse/second {BOTH}");
    fails(&site, &add, 2, "lies in the home of what it opens");
    assert!(!site.path("nurse/second").exists());
    // Alone it is what the person made it, who is told.
    let ran = site.run("tablet", "wallet init --key-file tablet/nurse.key --recovery-file code2");
    assert!(ran.code == 0 && ran.stderr.contains("lies in the home of what it opens"), "{}", ran.stderr);
}

#[test]
fn a_changed_pass_phrase_keeps_the_key_file_that_is_shown() {
    let site = nurse();
    let id = text(with_factors(&slots(&site, ""), "pass phrase and key file"), "/id");
    let changed = site.ok(HOME, &format!("wallet slot change {id} --new-secret-file other {BOTH}"));
    assert_eq!(changed["factors"], "pass phrase and key file");
    site.ok(HOME, "wallet key --secret-file other --key-file nurse.key");
    fails(&site, &format!("wallet key {BOTH}"), 41, "tries left");
}

#[test]
fn a_pin_opens_only_with_a_key_file() {
    let site = Site::empty();
    for (file, pin) in [("pin", "402917\n"), ("row", "123456\n"), ("wrong", "402918\n")] {
        site.place.write(file, pin);
    }
    fails(&site, "wallet init --require pin --pin-file pin", 2, "a PIN needs a key file");
    fails(&site, "wallet init --require pin+passphrase --pin-file pin --secret-file pin", 2, "a PIN needs a key file");
    fails(&site, "wallet init --require pin+key-file --pin-file row --key-file nurse.key", 2, "the first that a thief tries");
    assert!(!site.path("nurse.key").exists());
    site.ok(HOME, "wallet init --require pin+key-file --pin-file pin --key-file nurse.key --recovery-code none");
    site.ok(HOME, "wallet key --secret-file pin --key-file nurse.key");
    fails(&site, "wallet key --secret-file wrong --key-file nurse.key", 41, "9 tries left");
    fails(&site, "wallet key --secret-file pin", 40, "--key-file FILE");
    assert_eq!(slots(&site, "").len(), 1);
}

#[test]
fn options_that_contradict_each_other_are_told_before_anything_is_made() {
    let site = Site::empty();
    site.place.write("phrase", "tulip anchor seven moons\n");
    for (line, says) in [
        ("--require passphrase+key-file --secret-file phrase", "where to make it"),
        ("--require passphrase --key-file nurse.key --secret-file phrase", "--key-file gives a key file"),
        ("--key-file nurse.key --secret-file phrase", "--require passphrase+key-file"),
        ("--require key-file --key-file nurse.key --secret-file phrase", "--secret-file gives a pass phrase"),
        ("--require passphrase --recovery-code with-key-file --secret-file phrase", "cannot need a key file"),
        ("--require passphrase+badge --secret-file phrase", "passphrase, pin, key-file"),
        ("--require key-file+key-file --key-file nurse.key", "once"),
    ] {
        fails(&site, &format!("wallet init {line}"), 2, says);
        assert!(!site.path("nurse.key").exists() && !site.path(HOME).join("wallet").exists(), "{line}");
    }
}

#[test]
fn names_and_days_are_told_to_who_opens_it() {
    let site = nurse();
    let id = text(with_factors(&slots(&site, ""), "pass phrase and key file"), "/id");
    site.ok(HOME, &format!("wallet slot label {id} Ines,\u{a0}drawer {BOTH}"));
    assert!(slots(&site, "").iter().all(|slot| slot.get("label").is_none()), "the label is told to everybody");
    let open = slots(&site, BOTH);
    let slot = with_factors(&open, "pass phrase and key file");
    assert_eq!(slot["label"], "Ines, drawer");
    assert!(slot["added"].as_i64().expect("a day") > 0 && slot["used"].as_i64().expect("a day") > 0, "{slot}");
    let database = std::fs::read(site.path(HOME).join("wallet/vault.db")).expect("the database");
    assert!(!database.windows(6).any(|part| part == b"drawer"), "the label lies in a file");
}

#[test]
fn a_slot_for_a_time_says_when_it_ends() {
    let site = Site::empty();
    site.place.write("phrase", "tulip anchor seven moons\n");
    site.place.write("other", "tulip anchor eight moons\n");
    site.ok(HOME, "wallet init --secret-file phrase --recovery-file code");
    fails(&site, "wallet slot add --new-secret-file other --until 2020-01-31 --secret-file phrase", 2, "is over");
    fails(&site, "wallet slot add --new-secret-file other --until soon --secret-file phrase", 2, "2026-12-24");
    let added = site.ok(HOME, "wallet slot add --new-secret-file other --until 2999-12-31 --secret-file phrase");
    assert_eq!(added["ends"], 32_503_679_999_i64);
    site.ok(HOME, "wallet key --secret-file other");
}

#[test]
fn what_would_leave_it_weak_asks_first() {
    let site = Site::empty();
    site.place.write("phrase", "tulip anchor seven moons\n");
    site.ok(HOME, "wallet init --secret-file phrase --recovery-file code");
    let id = text(with_factors(&slots(&site, ""), "recovery code"), "/id");
    fails(&site, &format!("wallet slot remove {id} --secret-file phrase"), 2, "a pass phrase alone will open it");
    assert_eq!(slots(&site, "").len(), 2);
    site.ok(HOME, &format!("wallet slot remove {id} --yes --secret-file phrase"));
    assert_eq!(slots(&site, "").len(), 1);
}

#[test]
fn after_a_new_key_only_what_was_shown_and_a_new_code_open_it() {
    let site = nurse();
    site.ok(HOME, &format!("wallet slot add --new-secret-file other --new-key-file second {BOTH}"));
    let key = text(&site.ok(HOME, &format!("wallet key {BOTH}")), "/did");
    copy(&site.path(HOME), &site.path("copy"));
    fails(&site, &format!("wallet slot rekey {BOTH}"), 2, "--yes");
    site.ok(HOME, &format!("wallet slot rekey --yes --recovery-file new-code {BOTH}"));
    assert_eq!(text(&site.ok(HOME, &format!("wallet key {BOTH}")), "/did"), key);
    site.ok(HOME, "wallet key --recovery --secret-file new-code --key-file nurse.key");
    fails(&site, "wallet key --recovery --secret-file code --key-file nurse.key", 41, "tries left");
    fails(&site, "wallet key --secret-file other --key-file second", 41, "tries left");
    assert_eq!(slots(&site, "").len(), 2);
    // Honest: a copy from before is as it was.
    site.ok("copy", "wallet key --secret-file other --key-file second");
}

#[test]
fn each_suite_makes_a_vault_that_opens() {
    for primitives in ["chacha", "aes", "fips"] {
        let site = Site::empty();
        site.ok(HOME, &format!("wallet init --key-file KEY --recovery-file code --primitives {primitives}"));
        site.ok(HOME, "wallet key --key-file KEY");
        site.ok(HOME, "wallet key --recovery --secret-file code");
    }
}
