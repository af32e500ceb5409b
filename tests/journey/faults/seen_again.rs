//! A credential that passes a gate twice in a short time, as far as the rules of the site ask for it.

use super::site::{GATE, ISSUER, Site, WALLET, reasons, said, text};
use serde_json::Value;
use std::thread::sleep;
use std::time::Duration;

impl Site {
    /// Puts the rules into force as they are, with `seconds` for `seen_again_seconds`, and takes them to the gate and the wallet.
    fn rules_see_again_within(&self, seconds: u64) {
        let mut rules = self.done(ISSUER, "issuer show --policy")["rules"].clone();
        rules["seen_again_seconds"] = seconds.into();
        self.place.write("rules", rules.to_string());
        self.done(ISSUER, "issuer publish --policy rules --yes -o stick");
        for actor in [GATE, WALLET] {
            self.done(actor, "trust bundle stick");
        }
    }

    /// The holder shows the credential once more.
    fn shows(&self, verb: &str) -> (i32, Vec<String>) {
        self.ask();
        let ran = self.run(GATE, &format!("verifier {verb} answer"));
        let codes = reasons(&said(&ran.stdout)).into_iter().map(str::to_owned).collect();
        (ran.code, codes)
    }
}

fn found(code: i32, reason: &str) -> (i32, Vec<String>) {
    (code, vec![reason.to_owned()])
}

#[test]
fn a_credential_that_comes_back_too_soon_is_amber_where_the_rules_say_so() {
    let (site, _) = Site::with_credential();
    for _ in 0..2 {
        assert_eq!(site.shows("verify"), found(0, "ok"), "these rules do not ask for it");
    }
    site.rules_see_again_within(3600);
    // Nothing passes a device that only checks.
    assert_eq!(site.shows("check"), found(10, "peer_check"));
    assert_eq!(site.shows("verify"), found(0, "ok"));
    assert_eq!(site.shows("verify"), found(10, "seen_recently"));
    site.rules_see_again_within(1);
    sleep(Duration::from_secs(3));
    assert_eq!(site.shows("verify"), found(0, "ok"), "it passed longer ago");
}

#[test]
fn rules_with_a_memory_of_no_time_or_of_days_are_refused() {
    let site = Site::new();
    let rules = site.done(ISSUER, "issuer show --policy")["rules"].clone();
    assert_eq!(rules.get("seen_again_seconds"), None);
    for seconds in [Value::from(0), Value::from(86_401), Value::from(-1), Value::from("60")] {
        let mut odd = rules.clone();
        odd["seen_again_seconds"] = seconds;
        site.place.write("rules", odd.to_string());
        let ran = site.run(ISSUER, "issuer publish --policy rules --yes");
        assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    }
    let kept = site.done(ISSUER, "issuer show --policy");
    assert_eq!(text(&kept, "schema"), "waypass.rules/1");
    assert_eq!(kept["rules"], rules);
}
