//! VCDM documents in SD-JWTs with key binding, `vc+sd-jwt`, against `sd-jwt-rs`: to it they are claims like others.

use crate::data_integrity::rfc3339;
use crate::program::{GREEN, RED};
use crate::sd_jwt::{BOTH, tampered};
use crate::site::{LIST, Question, now, site};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use waypass_peers::key::Key;
use waypass_peers::sd_jwt::{issue_as, present, verify};

const FORMAT: &str = "--format vc-sd-jwt";

/// What the peer's issuer says of a nurse of Clinic South.
fn document(issuer: &Key, holder: &Key) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://waypass.example/contexts/role/v1"],
        "type": ["VerifiableCredential", "RoleCredential"], "issuer": issuer.public().did(), "iss": issuer.public().did(),
        "validFrom": rfc3339(now() - 60), "validUntil": rfc3339(now() + 86_400),
        "credentialStatus": { "type": "TokenStatusListEntry", "uri": LIST, "idx": 5 },
        "credentialSubject": {
            "id": holder.public().did(), "roles": ["doctor", "nurse"], "sites": ["north"], "zones": ["ward"],
            "given_name": "Grete", "family_name": "Hermann",
        },
    })
}

fn issued(issuer: &Key, holder: &Key, concealed: &[&str]) -> String {
    let within = ["$.credentialSubject.roles[0]", "$.credentialSubject.roles[1]", "$.credentialSubject.given_name"];
    let concealed = [&within, concealed].concat();
    issue_as("vc+sd-jwt", &document(issuer, holder), concealed, Some(holder.public().jwk()), issuer)
}

#[test]
fn a_document_that_waypass_issues_and_presents_the_peer_verifies() {
    let site = site();
    for (issuer, option) in BOTH {
        let name = format!("document-{option}");
        site.issue(&site.wallet, &format!("{FORMAT} --algorithm {option}"), &name);
        let held = site.hold(&name);
        assert_eq!(held.code, GREEN, "{}", held.stderr);
        let Question { nonce, audience } = site.challenge_for(FORMAT);
        let shown = site.show(&held.text("id"));
        let header = jsonwebtoken::decode_header(shown.split('~').next().expect("a JWT")).expect("a header");
        assert_eq!((header.typ.as_deref(), header.cty.as_deref()), (Some("vc+sd-jwt"), Some("vc")));
        let key = site.north(&header.kid.expect("a kid"));
        assert_eq!(key.algorithm(), issuer);
        let claims = verify(&shown, &key, &nonce, &audience).expect("the peer verifies");
        let subject = &claims["credentialSubject"];
        assert_eq!((&subject["roles"], &subject["given_name"]), (&json!(["nurse"]), &Value::Null), "and sees what was shown");
        verify(&shown, &key, "another nonce", &audience).expect_err("bound to the nonce");
        verify(&tampered(&shown, 0), &key, &nonce, &audience).expect_err("tampered with");
        assert_eq!(site.verdict(&shown).code, GREEN, "and so does Waypass's own gate");
    }
}

#[test]
fn a_document_that_the_peer_issues_and_presents_opens_the_gate() {
    let site = site();
    let disclose = json!({ "credentialSubject": { "roles": [false, true] } });
    for issuer in &site.south {
        let holder = Key::new(Algorithm::ES256);
        let shown = |credential: &str| {
            let question = site.challenge_for(FORMAT);
            present(credential, &disclose, &question.nonce, &question.audience, &holder)
        };
        let credential = issued(issuer, &holder, &[]);
        let verdict = site.verdict(&shown(&credential));
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
        assert!(!verdict.json.to_string().contains("Grete"), "only what was shown: {:?}", verdict.json);
        let verdict = site.verdict(&tampered(&shown(&credential), 0));
        assert_eq!(verdict.code, RED, "{:?}", verdict.json);
        // The peer conceals what it is asked to; a gate takes no credential whose status could be left out.
        let verdict = site.verdict(&shown(&issued(issuer, &holder, &["$.credentialStatus"])));
        assert_eq!(verdict.code, RED, "{:?}", verdict.json);
    }
}
