//! VCDM documents in SD-JWTs with key binding, `vc+sd-jwt`, against `sd-jwt-rs`: to it they are claims like others.

use crate::data_integrity::rfc3339;
use crate::program::{GREEN, RED};
use crate::sd_jwt::{BOTH, is_disclosed, tampered};
use crate::site::{LIST, now, site};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Value, json};
use waypass_peers::key::Key;
use waypass_peers::sd_jwt::{issue_document, present};

const FORMAT: &str = "--format vc-sd-jwt";

/// The claims of the peer's issuer about a nurse of Clinic South.
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

/// Returns what the peer issues, with `more` concealed besides.
fn issued(issuer: &Key, holder: &Key, more: &[&str], decoys: bool) -> String {
    let within = ["$.credentialSubject.roles[0]", "$.credentialSubject.roles[1]", "$.credentialSubject.given_name"];
    issue_document(&document(issuer, holder), [&within, more].concat(), Some(holder.public().jwk()), issuer, decoys)
}

/// The peer, as a holder, cannot step over a decoy in an array: it looks for its disclosure and panics.
fn first_role_is_no_decoy(credential: &str) -> bool {
    is_disclosed(credential, |payload| &payload["credentialSubject"]["roles"][0]["..."])
}

#[test]
fn a_document_that_waypass_issues_the_peer_holds_and_presents() {
    let site = site();
    for (algorithm, option) in BOTH {
        let holder = Key::new(algorithm);
        let credential = (0..100)
            .map(|_| site.issue(&holder.public().did(), &format!("{FORMAT} --algorithm {option}"), "document-for-the-peer"))
            .find(|credential| first_role_is_no_decoy(credential.trim()))
            .expect("one in a few documents begins its roles with a real one");
        let jwt = credential.split('~').next().expect("a JWT");
        let header = jsonwebtoken::decode_header(jwt).expect("a header");
        assert_eq!((header.typ.as_deref(), header.cty.as_deref()), (Some("vc+sd-jwt"), Some("vc")));
        let key = site.north(&header.kid.expect("a kid"));
        // Its own verifier wants an `exp`, and a document says `validUntil`: its JOSE library checks the signature.
        let mut validation = Validation::new(key.algorithm());
        validation.required_spec_claims.clear();
        let payload = jsonwebtoken::decode::<Value>(jwt, &key.decoding(), &validation).expect("the peer verifies").claims;
        assert_eq!(payload["type"], json!(["VerifiableCredential", "RoleCredential"]));

        let question = site.challenge_for(FORMAT);
        let disclose = json!({ "credentialSubject": { "roles": [true] } });
        let shown = present(credential.trim(), &disclose, &question.nonce, &question.audience, &holder);
        let verdict = site.verdict(&shown);
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
        assert!(!verdict.json.to_string().contains("Byron"), "only what was shown: {:?}", verdict.json);
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
        let credential = issued(issuer, &holder, &[], false);
        let verdict = site.verdict(&shown(&credential));
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
        assert!(!verdict.json.to_string().contains("Grete"), "only what was shown: {:?}", verdict.json);
        // Tampered with; its status concealed; and with digests of nothing, which nobody can tell from a concealed status.
        let cases: [(&str, &dyn Fn() -> String); 3] = [
            ("bad_signature", &|| tampered(&shown(&credential), 0)),
            ("malformed", &|| shown(&issued(issuer, &holder, &["$.credentialStatus"], false))),
            ("malformed", &|| shown(&issued(issuer, &holder, &[], true))),
        ];
        for (number, (code, answer)) in cases.into_iter().enumerate() {
            let verdict = site.verdict(&answer());
            assert_eq!((verdict.code, verdict.reasons()), (RED, vec![code.to_owned()]), "{number}: {:?}", verdict.json);
        }
    }
}
