//! What fails first on a device without a link.

use crate::program::Ran;
use crate::site::{Site, text};
use serde_json::{Value, json};

/// A device's answer, which must end with `exit`.
fn asked(site: &Site, home: &str, line: &str, exit: i32) -> Value {
    let Ran { code, stdout, stderr, .. } = site.run(home, line);
    assert_eq!(code, exit, "waypass {line} [{home}]\n{stdout}{stderr}");
    let told: Value = serde_json::from_str(&stdout).expect("one document");
    assert_eq!(told["ready"], json!(exit == 0), "{told}");
    told
}

fn seconds_until(at: &Value) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    at.as_i64().expect("a time") - i64::try_from(now).expect("a time")
}

#[test]
fn a_gate_says_when_its_data_is_too_old_and_for_which_role() {
    let site = Site::new(&[], "sd-jwt");
    let status = site.ok("gate", "verifier status --key-file KEY");
    let left = seconds_until(&status["works_offline_until"]);
    assert!(left > 7200, "{status}");
    let ready = |seconds: i64, exit| asked(&site, "gate", &format!("verifier ready --for {seconds}s --key-file KEY"), exit);
    assert_eq!(ready(left - 3600, 0)["failing"], json!([]));
    let told = ready(left + 3600, 10);
    let first = &told["failing"][0];
    assert_eq!(first["at"], status["works_offline_until"]);
    assert!(text(first, "/what").contains("too old to decide about"), "{told}");
    assert_eq!(first["next"], "waypass verifier sync");
    // In order, and the enrolment is among what ends within years.
    let told = ready(10 * 365 * 86_400, 10);
    let failing = told["failing"].as_array().expect("a list");
    assert!(failing.is_sorted_by_key(|failing| failing["at"].as_i64()), "{told}");
    assert!(failing.iter().any(|failing| failing["what"] == "its enrolment ends" && failing["at"] == status["enrolled_until"]), "{told}");
    assert_eq!(text(&told, "/who"), "Lab-door");
}

#[test]
fn a_gate_that_decides_about_nobody_is_not_ready() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("new", "verifier init --name Side-door --site north --zone lab --key-file KEY --recovery-file new.recovery");
    let what = |line: &str| text(&asked(&site, "new", line, 10), "/failing/0/what");
    assert_eq!(what("verifier ready --for 1h --key-file KEY"), "it trusts no site yet");
    site.pin("new");
    assert_eq!(what("verifier ready --for 1h --key-file KEY"), "the site does not know this gate");
    std::fs::remove_file(site.path("new/trust/bundle.json")).expect("removed");
    assert!(what("verifier ready --for 1h --key-file KEY").contains("was removed from this device"));
}

#[test]
fn a_wallet_says_which_role_ends_and_which_way_to_open_it_does() {
    let site = Site::new(&[], "sd-jwt");
    assert_eq!(
        text(&asked(&site, "ada", "wallet ready --for 1h --key-file KEY", 10), "/failing/0/what"),
        "nothing is held that could be shown"
    );
    site.ok("ada", "wallet add credential --yes --key-file KEY");
    let ready = |time: &str, exit| asked(&site, "ada", &format!("wallet ready --for {time} --key-file KEY"), exit);
    assert_eq!(ready("30d", 0)["failing"], json!([]));
    let told = ready("100d", 10);
    assert_eq!(told["failing"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(text(&told, "/failing/0/what"), "role staff ends");
    assert!(text(&told, "/failing/0/next").starts_with("ask Clinic for a new one"), "{told}");
    // One that is good for longer is enough.
    let did = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    site.ok("issuer", &format!("issuer issue --holder {did} --role staff --site north --zone lab --valid 150d -o later --key-file KEY"));
    site.ok("ada", "wallet add later --yes --key-file KEY");
    ready("100d", 0);
    site.ok("ada", "wallet slot add --new-key-file guest.key --until 2100-01-01 --label Tom --key-file KEY");
    ready("100d", 0);
    let told = ready("40000d", 10);
    let failing = told["failing"].as_array().expect("a list").iter().map(|failing| text(failing, "/what")).collect::<Vec<_>>();
    assert_eq!(failing, ["role staff ends", "key file (Tom) stops opening it"]);
    // What was withdrawn has failed already.
    let ids = site.ok("issuer", &format!("issuer list --holder {did} --key-file KEY"));
    for issued in ids["credentials"].as_array().expect("a list") {
        site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", text(issued, "/id")));
    }
    site.stick();
    site.ok("ada", "wallet sync --from stick");
    let told = ready("1h", 10);
    assert_eq!(text(&told, "/failing/0/what"), "role staff: withdrawn by Clinic");
}

#[test]
fn a_device_asks_each_of_its_vaults() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --yes --key-file KEY");
    let told = asked(&site, "gate", "ready --for 1h --key-file KEY", 0);
    assert_eq!(told["reports"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["reports"][0]["who"], "Lab-door");
    // A locked wallet is not said to be ready.
    let locked = site.run("ada", "ready --for 1h");
    assert_eq!(locked.code, 40, "{}{}", locked.stdout, locked.stderr);
    site.ok("ada", "wallet unlock --key-file KEY");
    let told = asked(&site, "ada", "ready --for 1h", 0);
    assert_eq!(told["reports"][0]["who"], "this wallet");
    let told = asked(&site, "ada", "ready --for 100d", 10);
    site.ok("ada", "wallet lock");
    assert_eq!(text(&told, "/reports/0/failing/0/what"), "role staff ends");
    assert_eq!(site.run("nobody", "ready --for 1h").code, 2);

    // People who are not on the list are counted, and are not said to be ready.
    for (name, listed) in [("Ada", " --listed"), ("Tom", "")] {
        site.ok("tablet", &format!("wallet init --user {name}{listed} --key-file {name}.key --recovery-file {name}.code"));
    }
    let ran = site.run("tablet", "ready --for 1h --users");
    assert_eq!(ran.code, 40, "{}{}", ran.stdout, ran.stderr);
    site.ok("tablet", "wallet unlock --user Ada --key-file Ada.key");
    let told = asked(&site, "tablet", "ready --for 1h --users", 10);
    site.ok("tablet", "wallet lock");
    assert_eq!((&told["unlisted"], &told["reports"][0]["who"]), (&json!(1), &json!("the wallet of Ada")));
}
