//! Data Integrity, every suite, against @digitalbazaar's libraries.

use crate::program::{GREEN, RED, or_skipped};
use crate::site::{LIST, Question, SEED, Site, now, site};
use serde_json::{Value, json};
use waypass_peers::node;

const HOLDER: &str = "0dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed0";
const OTHER: &str = "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a";

/// The suites, and how Waypass is asked for each.
const SUITES: [(&str, &str); 4] = [
    ("eddsa-jcs-2022", "--format vc"),
    ("eddsa-rdfc-2022", "--format vc --suite eddsa-rdfc-2022"),
    ("ecdsa-jcs-2019", "--format vc --algorithm p256"),
    ("ecdsa-rdfc-2019", "--format vc --algorithm p256 --suite ecdsa-rdfc-2019"),
];

fn node_is_there(what: &str) -> bool {
    or_skipped(what, node::ready()).is_some()
}

fn did(suite: &str, seed: &str) -> String {
    node::run(&["did", suite, seed]).expect("a did:key")
}

/// The peer signs a document.
fn signed(site: &Site, suite: &str, document: &Value, seed: &str, purpose: &[&str]) -> String {
    site.place.write("to-sign", document.to_string());
    node::run(&[&["sign", suite, &site.place.path("to-sign"), seed], purpose].concat()).expect("the peer signs")
}

/// The peer issues for a nurse of Clinic South.
fn issued(site: &Site, suite: &str, holder: &str, seed: &str) -> String {
    let time = |seconds: i64| rfc3339(now() + seconds);
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://waypass.example/contexts/role/v1"],
        "type": ["VerifiableCredential", "RoleCredential"], "issuer": did(suite, seed), "validFrom": time(-60), "validUntil": time(86_400),
        "credentialSubject": { "id": holder, "roles": ["nurse"], "sites": ["north"], "zones": ["ward"], "given_name": "Grete" },
        "credentialStatus": { "type": "TokenStatusListEntry", "uri": LIST, "idx": 5 },
    });
    signed(site, suite, &document, seed, &["assertionMethod"])
}

/// The peer presents as the holder with this seed.
fn presented(site: &Site, suite: &str, credential: &str, question: &Question, seed: &str) -> String {
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "holder": did(suite, seed),
        "verifiableCredential": [serde_json::from_str::<Value>(credential).expect("JSON")],
    });
    signed(site, suite, &document, seed, &["authentication", &question.nonce, &question.audience])
}

fn verify(site: &Site, document: &str, asked: &[&str]) -> Result<String, String> {
    site.place.write("to-verify", document);
    node::run(&[&["verify", &site.place.path("to-verify")], asked].concat())
}

/// UTC (civil from days; proleptic Gregorian calendar).
pub(crate) fn rfc3339(unix: i64) -> String {
    let (days, seconds) = (unix.div_euclid(86_400) + 719_468, unix.rem_euclid(86_400));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[test]
fn what_waypass_issues_and_presents_the_peer_verifies() {
    if !node_is_there("Data Integrity from Waypass to the peer") {
        return;
    }
    let site = site();
    for (suite, options) in SUITES {
        let credential = site.issue(&site.wallet, options, "vc");
        assert!(credential.contains(suite), "{credential}");
        verify(&site, &credential, &[]).unwrap_or_else(|why| panic!("{suite}: the peer refuses the credential: {why}"));
        verify(&site, &credential.replace("\"nurse\"", "\"doctor\""), &[]).expect_err("tampered with");

        let held = site.hold("vc");
        assert_eq!(held.code, GREEN, "{suite}: {}", held.stderr);
        let Question { nonce, audience } = site.challenge();
        let shown = site.show(&held.text("id"));
        verify(&site, &shown, &[&nonce, &audience]).unwrap_or_else(|why| panic!("{suite}: the peer refuses the presentation: {why}"));
        verify(&site, &shown, &["another nonce", &audience]).expect_err("bound to the nonce");
        verify(&site, &shown, &[&nonce, "did:key:another"]).expect_err("bound to the gate");
        verify(&site, &shown.replace("\"Ada\"", "\"Eve\""), &[&nonce, &audience]).expect_err("tampered with");
        assert_eq!(site.verdict(&shown).code, GREEN, "{suite}: and so does Waypass's own gate");
    }
}

#[test]
fn a_p384_credential_is_verified_too() {
    if !node_is_there("Data Integrity with P-384 from Waypass to the peer") {
        return;
    }
    let site = site();
    for suite in ["ecdsa-jcs-2019", "ecdsa-rdfc-2019"] {
        let credential = site.issue(&site.wallet, &format!("--format vc --algorithm p384 --suite {suite}"), "vc-p384");
        verify(&site, &credential, &[]).unwrap_or_else(|why| panic!("{suite}: the peer refuses the credential: {why}"));
        verify(&site, &credential.replace("\"nurse\"", "\"doctor\""), &[]).expect_err("tampered with");
    }
}

#[test]
fn what_waypass_issues_the_peer_holds_and_presents() {
    if !node_is_there("Data Integrity from Waypass through the peer") {
        return;
    }
    let site = site();
    for (suite, options) in SUITES {
        let credential = site.issue(&did(suite, HOLDER), options, "vc-for-the-peer");
        let question = site.challenge();
        let verdict = site.verdict(&presented(&site, suite, &credential, &question, HOLDER));
        assert_eq!(verdict.code, GREEN, "{suite}: {:?}", verdict.json);
    }
}

#[test]
fn what_the_peer_issues_and_presents_opens_the_gate_unless_tampered_with() {
    if !node_is_there("Data Integrity from the peer to Waypass") {
        return;
    }
    let site = site();
    for (suite, _) in SUITES {
        let credential = issued(&site, suite, &did(suite, HOLDER), SEED);
        let question = site.challenge();
        let verdict = site.verdict(&presented(&site, suite, &credential, &question, HOLDER));
        assert_eq!(verdict.code, GREEN, "{suite}: {:?}", verdict.json);
        assert!(verdict.json.to_string().contains("Clinic South"), "{suite}: {:?}", verdict.json);

        let present = |credential: &str, question: &Question| presented(&site, suite, credential, question, HOLDER);
        let asked = |nonce: &str, audience: &str| Question { nonce: nonce.to_owned(), audience: audience.to_owned() };
        let cases: [(&str, &dyn Fn(&Question) -> String); 6] = [
            // Changed before the holder signed, and after.
            ("bad_signature", &|question| present(&credential.replace("Grete", "Gretl"), question)),
            ("bad_signature", &|question| present(&credential, question).replace("Grete", "Gretl")),
            ("malformed", &|question| presented(&site, suite, &credential, question, OTHER)),
            ("nonce_mismatch", &|question| present(&credential, &asked("AAAAAAAAAAAAAAAAAAAAAA", &question.audience))),
            ("wrong_audience", &|question| present(&credential, &asked(&question.nonce, &did(suite, OTHER)))),
            ("untrusted_issuer", &|question| present(&issued(&site, suite, &did(suite, HOLDER), OTHER), question)),
        ];
        // Tampering is tried in every suite; what has nothing to do with the suite, in the first.
        let tried = if suite == SUITES[0].0 { cases.len() } else { 2 };
        for (number, (code, make)) in cases.into_iter().take(tried).enumerate() {
            let question = site.challenge();
            let verdict = site.verdict(&make(&question));
            assert_eq!(verdict.code, RED, "{suite}, case {number}: {:?}", verdict.json);
            assert!(verdict.reasons().iter().any(|reason| reason == code), "{suite}, case {number}: {:?}", verdict.reasons());
        }
    }
}

#[test]
fn the_wallet_holds_and_presents_what_the_peer_issued() {
    if !node_is_there("Data Integrity from the peer to the wallet") {
        return;
    }
    let site = site();
    for (suite, _) in SUITES {
        let credential = issued(&site, suite, &site.wallet, SEED);
        site.place.write("vc-from-the-peer", &credential);
        let held = site.hold("vc-from-the-peer");
        assert_eq!((held.code, held.text("issuer")), (GREEN, "Clinic South".to_owned()), "{suite}: {}", held.stderr);
        let question = site.challenge();
        let shown = site.show(&held.text("id"));
        let verdict = site.verdict(&shown);
        assert_eq!(verdict.code, GREEN, "{suite}: {:?}", verdict.json);
        verify(&site, &shown, &[&question.nonce, &question.audience])
            .unwrap_or_else(|why| panic!("{suite}: the peer refuses its own credential in Waypass's answer: {why}"));

        site.place.write("vc-tampered", credential.replace("\"nurse\"", "\"doctor\""));
        assert_eq!(site.hold("vc-tampered").code, RED, "{suite}: and takes nothing in that was tampered with");
    }
}
