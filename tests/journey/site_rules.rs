//! What a site asks of those who open its wallets and gates: it comes with the signed rules, and a vault keeps to it.

use crate::program::Ran;
use crate::site::{Site, text};
use serde_json::{Value, json};

const NURSE: &str = "nurse";
const OPEN: &str = "--secret-file phrase";
const BOTH: &str = "--secret-file long --key-file nurse.key";

/// A site with a nurse, whose wallet opens with a pass phrase, or with a recovery code.
fn site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.place.write("phrase", "tulip anchor\n");
    site.place.write("wrong", "tulip anchors\n");
    site.place.write("long", "tulip anchor seven moons\n");
    site.place.write("named", "tulip anchor of the Clinic\n");
    site.ok(NURSE, &format!("wallet init {OPEN} --recovery-file code"));
    site.ok(NURSE, &format!("trust pin stick --digest {} {OPEN}", site.root));
    site
}

/// Publishes rules that ask this, onto the stick.
fn publish(site: &Site, unlocking: &Value) -> Ran {
    let mut rules = site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
    rules["unlocking"] = unlocking.clone();
    site.place.write("rules", rules.to_string());
    site.run("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY")
}

/// The office publishes, and the nurse's device takes it, which needs no secret.
fn ask(site: &Site, unlocking: &Value) {
    let ran = publish(site, unlocking);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    site.ok(NURSE, "wallet sync --from stick");
}

fn strict() -> Value {
    json!({ "wallets": {
        "combinations": [["passphrase", "key-file"], ["recovery"]], "passphrase_characters": 20, "blocked": ["clinic"],
        "tries": 3, "delays": [{ "after": 2, "seconds": 600 }], "grace_seconds": 86_400,
    } })
}

fn fails(site: &Site, line: &str, exit: i32, says: &str) {
    let ran = site.run(NURSE, line);
    assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
}

fn slot(site: &Site, factors: &str) -> String {
    let slots = site.ok(NURSE, "wallet slot list")["slots"].as_array().expect("slots").clone();
    text(slots.iter().find(|slot| slot["factors"] == factors).unwrap_or_else(|| panic!("{factors} in {slots:?}")), "/id")
}

#[test]
fn a_wallet_has_some_time_to_keep_to_what_its_site_asks() {
    let mut site = site();
    ask(&site, &strict());
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    let told = site.run(NURSE, &format!("wallet list {OPEN}"));
    assert!(told.code == 0 && told.stderr.contains("do not let a wallet open with pass phrase"), "{}", told.stderr);
    let failing = |time: &str| {
        let ran = site.run(NURSE, &format!("wallet ready --for {time} {OPEN}"));
        serde_json::from_str::<Value>(&ran.stdout).expect("a report")["failing"].to_string()
    };
    assert!(failing("2d").contains("do not let a wallet open") && !failing("2h").contains("do not let a wallet open"));
    // What is new keeps to it at once.
    fails(&site, &format!("wallet slot add --new-secret-file long {OPEN}"), 2, "the rules of this site permit pass phrase and key file");
    let change = format!("wallet slot change {} --require passphrase+key-file --new-key-file nurse.key {OPEN}", slot(&site, "pass phrase"));
    fails(&site, &format!("{change} --new-secret-file wrong"), 2, "fewer than 20 characters");
    fails(&site, &format!("{change} --new-secret-file named"), 2, "a word that the rules of this site block");
    // Two days later it can be changed, and nothing else.
    site.wrap = vec!["faketime", "-f", "+2d"];
    fails(&site, &format!("wallet list {OPEN}"), 40, "do not let a wallet open with pass phrase");
    fails(&site, &format!("wallet key {OPEN}"), 40, &format!("wallet slot change {}", slot(&site, "pass phrase")));
    site.ok(NURSE, &format!("{change} --new-secret-file long"));
    let kept = site.run(NURSE, &format!("wallet list {BOTH}"));
    assert!(kept.code == 0 && !kept.stderr.contains("do not let"), "{}", kept.stderr);
}

#[test]
fn no_session_opens_for_a_wallet_that_works_no_more() {
    let site = site();
    let mut at_once = strict();
    at_once["wallets"]["grace_seconds"] = json!(0);
    ask(&site, &at_once);
    let ran = site.run(NURSE, &format!("wallet unlock {OPEN}"));
    drop(site.run(NURSE, "wallet lock"));
    assert!(ran.code == 40 && ran.stderr.contains("do not let a wallet open with pass phrase"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_site_that_changes_its_mind_is_heard_by_a_vault_that_opens_no_more() {
    let mut site = site();
    ask(&site, &strict());
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    let mut mild = strict();
    mild["wallets"]["combinations"] = json!([]);
    ask(&site, &mild);
    site.wrap = vec!["faketime", "-f", "+2d"];
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    site.ok(NURSE, &format!("wallet slot add --new-secret-file long {OPEN}"));
}

#[test]
fn the_tries_are_those_of_the_site() {
    let site = site();
    ask(&site, &strict());
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    let wrong = "wallet list --secret-file wrong";
    fails(&site, wrong, 41, "2 tries left");
    fails(&site, wrong, 41, "1 try left");
    fails(&site, wrong, 42, "min, then try again");
    assert_eq!(site.ok(NURSE, "wallet status")["attempts_left"], 1);
    site.ok(NURSE, "wallet list --recovery --secret-file code");
    assert_eq!(site.ok(NURSE, "wallet status")["attempts_left"], 3);
}

#[test]
fn an_office_is_shown_what_it_asks_and_cannot_ask_what_is_unsound() {
    let site = site();
    for (unlocking, why) in [
        (json!({ "wallets": { "combinations": [["pin", "passphrase"]] } }), "a pin is never alone"),
        (json!({ "wallets": { "combinations": [["pin", "key-file"]] } }), "nothing would open it"),
        (json!({ "wallets": { "combinations": [["recovery"]] } }), "name one for every day"),
        (json!({ "gates": { "tries": 40 } }), "`tries` is out of its bounds"),
        (json!({ "issuers": {} }), "unknown field `issuers`"),
    ] {
        let ran = publish(&site, &unlocking);
        assert!(ran.code == 2 && ran.stderr.contains(why), "{unlocking}: {}{}", ran.stdout, ran.stderr);
    }
    assert_eq!(site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].get("unlocking"), None);
    assert_eq!(publish(&site, &strict()).code, 0);
    let mut milder = strict();
    milder["wallets"]["tries"] = json!(5);
    let mut rules = site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
    assert_eq!(rules["unlocking"]["wallets"]["tries"], 3);
    rules["unlocking"] = milder;
    site.place.write("rules", rules.to_string());
    let asked = site.run("issuer", "issuer publish --policy rules --key-file KEY");
    assert!(asked.code != 0 && asked.stderr.contains("after 5 wrong tries only a recovery code opens it"), "{}", asked.stderr);
}

#[test]
fn a_gate_keeps_to_what_its_site_asks_too() {
    let mut site = site();
    let unlocking = json!({ "gates": { "combinations": [["passphrase", "key-file"], ["recovery", "key-file"]], "grace_seconds": 86_400 } });
    assert_eq!(publish(&site, &unlocking).code, 0);
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    let status = site.run("gate", "verifier status --key-file KEY");
    assert!(status.code == 0 && status.stderr.contains("do not let a verifier open with"), "{}{}", status.stdout, status.stderr);
    site.ok("ada", "wallet sync --from stick");
    site.ok("ada", "wallet list --key-file KEY");
    site.wrap = vec!["faketime", "-f", "+2d"];
    let ran = site.run("gate", "verifier challenge --role staff -o request --key-file KEY");
    assert!(
        ran.code == 40 && ran.stderr.contains("do not let a verifier open with") && ran.stderr.contains("key file ("),
        "{}",
        ran.stderr
    );
    assert_eq!(site.run("gate", "verifier status --key-file KEY").code, 30);
    let asked = site.run("ada", "wallet list --key-file KEY");
    assert!(asked.code == 0 && !asked.stderr.contains("rules of this site"), "the wallets are asked nothing: {}", asked.stderr);
    // It hears when its site has changed its mind.
    assert_eq!(publish(&site, &json!({ "gates": { "tries": 5 } })).code, 0);
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
}

#[test]
fn a_wallet_that_works_no_more_can_still_be_saved_and_looked_at() {
    let mut site = site();
    ask(&site, &strict());
    site.ok(NURSE, &format!("wallet list {OPEN}"));
    site.wrap = vec!["faketime", "-f", "+2d"];
    fails(&site, &format!("wallet list {OPEN}"), 40, "do not let a wallet open with pass phrase");
    site.ok(NURSE, &format!("wallet history {OPEN}"));
    site.ok(NURSE, &format!("wallet backup saved --backup-secret-file long --backup-recovery-file code {OPEN}"));
    fails(
        &site,
        &format!("wallet backup saved --backup-secret-file named --backup-recovery-file code {OPEN}"),
        2,
        "rules of this site block",
    );
    site.ok(NURSE, &format!("trust bundle stick {OPEN}"));
}

#[test]
fn a_new_key_keeps_to_the_rules_and_makes_no_code_that_would_open_nothing() {
    let site = site();
    site.ok(NURSE, &format!("wallet slot add --require passphrase+key-file --new-secret-file long --new-key-file nurse.key {OPEN}"));
    let mut rules = strict();
    rules["wallets"]["combinations"] = json!([["passphrase", "key-file"]]);
    rules["wallets"]["permanent"] = json!(false);
    ask(&site, &rules);
    fails(&site, &format!("wallet slot rekey --yes {OPEN}"), 2, "pass phrase may not open this wallet");
    site.ok(NURSE, &format!("wallet slot rekey --yes --recovery-file none {BOTH}"));
    assert!(!site.path("none").exists(), "a recovery code was made that opens nothing");
    site.ok(NURSE, &format!("wallet list {BOTH}"));
}
