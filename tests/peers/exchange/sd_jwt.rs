//! SD-JWT VC with key binding, against `sd-jwt-rs`.

use crate::program::{GREEN, RED};
use crate::site::{LIST, Question, Site, VCT, now, site};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use waypass_peers::key::Key;
use waypass_peers::sd_jwt::{issue, issue_bare, present, verify};

pub(crate) const BOTH: [(Algorithm, &str); 2] = [(Algorithm::EdDSA, "ed25519"), (Algorithm::ES256, "p256")];

/// The claims of the peer's issuer about a nurse of Clinic South.
fn claims(issuer: &Key, index: usize) -> Value {
    json!({
        "iss": issuer.public().did(), "vct": VCT, "iat": now() - 60, "nbf": now() - 60, "exp": now() + 86_400,
        "roles": ["doctor", "nurse"], "sites": ["north"], "zones": ["ward"],
        "status": { "status_list": { "idx": index, "uri": LIST } },
        "given_name": "Grete", "family_name": "Hermann", "address": { "locality": "Bremen", "country": "DE" },
    })
}

const CONCEALED: [&str; 6] = ["$.roles[0]", "$.roles[1]", "$.given_name", "$.family_name", "$.address", "$.address.locality"];

fn issued(site: &Site, algorithm: usize, holder: &Key, index: usize) -> String {
    let issuer = &site.south[algorithm];
    issue(&claims(issuer, index), CONCEALED.to_vec(), Some(holder.public().jwk()), issuer)
}

/// The nurse, and of the rest one part of the address: a disclosure within a disclosure.
fn shown(credential: &str, question: &Question, holder: &Key) -> String {
    let disclose = json!({ "roles": [false, true], "address": { "locality": true } });
    present(credential, &disclose, &question.nonce, &question.audience, holder)
}

fn kid(sd_jwt: &str) -> String {
    let header = jsonwebtoken::decode_header(sd_jwt.split('~').next().expect("a JWT")).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("dc+sd-jwt"));
    header.kid.expect("a kid")
}

/// Another letter in the middle of the `part`th of the parts between tildes; of a JWT, in the middle of its signature.
pub(crate) fn tampered(text: &str, part: usize) -> String {
    let mut parts: Vec<String> = text.split('~').map(str::to_owned).collect();
    let signature = parts[part].rfind('.').map_or(0, |dot| dot + 1);
    let middle = usize::midpoint(signature, parts[part].len());
    let other = if &parts[part][middle..=middle] == "A" { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join("~")
}

#[test]
fn what_waypass_issues_and_presents_the_peer_verifies() {
    let site = site();
    for (issuer, option) in BOTH {
        for holder in [&site.wallet, &site.wallet_p256] {
            let name = format!("waypass-{option}");
            site.issue(holder, &format!("--algorithm {option}"), &name);
            let held = site.hold(&name);
            assert_eq!(held.code, GREEN, "{}", held.stderr);
            let Question { nonce, audience } = site.challenge();
            let shown = site.show(&held.text("id"));
            let key = site.north(&kid(&shown));
            assert_eq!(key.algorithm(), issuer);

            let claims = verify(&shown, &key, &nonce, &audience).expect("the peer verifies");
            assert_eq!((&claims["roles"], &claims["given_name"]), (&json!(["nurse"]), &Value::Null), "and sees what was shown");
            verify(&shown, &key, "another nonce", &audience).expect_err("bound to the nonce");
            verify(&shown, &key, &nonce, "another gate").expect_err("bound to the gate");
            let last = shown.matches('~').count();
            for part in [0, last] {
                verify(&tampered(&shown, part), &key, &nonce, &audience).expect_err("tampered with");
            }
            let without = [shown.split('~').next().expect("a JWT"), shown.rsplit('~').next().expect("a KB-JWT")].join("~");
            verify(&without, &key, &nonce, &audience).expect_err("bound to the disclosures");
            assert_eq!(site.verdict(&shown).code, GREEN, "and so does Waypass's own gate");
        }
    }
}

/// The peer, as a holder, cannot step over a decoy in an array: it looks for its disclosure and panics.
fn first_role_is_no_decoy(credential: &str) -> bool {
    is_disclosed(credential, |payload| &payload["roles"][0]["..."])
}

/// Returns true if a disclosure belongs to the digest at a place in the payload.
pub(crate) fn is_disclosed(credential: &str, place: impl Fn(&Value) -> &Value) -> bool {
    let payload = credential.split('.').nth(1).expect("a JWT");
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON");
    let first = place(&payload).as_str().expect("a digest");
    let digest = |disclosure: &str| URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, disclosure.as_bytes()));
    credential.split('~').skip(1).any(|disclosure| digest(disclosure) == first)
}

#[test]
fn what_waypass_issues_the_peer_holds_and_presents() {
    let site = site();
    for (algorithm, option) in BOTH {
        let holder = Key::new(algorithm);
        let credential = (0..100)
            .map(|_| site.issue(&holder.public().did(), &format!("--algorithm {option}"), "for-the-peer"))
            .find(|credential| first_role_is_no_decoy(credential.trim()))
            .expect("one in a few credentials begins its roles with a real one");
        let question = site.challenge();
        let shown = present(credential.trim(), &json!({ "roles": [true] }), &question.nonce, &question.audience, &holder);
        let verdict = site.verdict(&shown);
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
    }
}

#[test]
fn what_the_peer_issues_and_presents_opens_the_gate() {
    let site = site();
    for issuer in 0..BOTH.len() {
        for (algorithm, _) in BOTH {
            let holder = Key::new(algorithm);
            let credential = issued(&site, issuer, &holder, 3);
            let question = site.challenge();
            let verdict = site.verdict(&shown(&credential, &question, &holder));
            assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
            assert!(verdict.json.to_string().contains("Clinic South"), "{:?}", verdict.json);
            assert!(!verdict.json.to_string().contains("Hermann"), "only what was shown: {:?}", verdict.json);
        }
    }
}

#[test]
fn what_was_tampered_with_stays_outside() {
    let site = site();
    let holder = Key::new(Algorithm::ES256);
    let credential = issued(&site, 1, &holder, 3);
    let other = Key::new(Algorithm::ES256);
    let elsewhere = |question: &Question| Question { audience: site.wallet.clone(), nonce: question.nonce.clone() };
    let earlier = |question: &Question| Question { nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), audience: question.audience.clone() };
    let cases: [(&str, &dyn Fn(&Question) -> String); 8] = [
        ("bad_signature", &|question| tampered(&shown(&credential, question, &holder), 0)),
        ("malformed", &|question| tampered(&shown(&credential, question, &holder), 1)),
        ("holder_binding_failed", &|question| tampered(&shown(&credential, question, &holder), 4)),
        ("holder_binding_failed", &|question| shown(&credential, question, &other)),
        ("wrong_audience", &|question| shown(&credential, &elsewhere(question), &holder)),
        ("nonce_mismatch", &|question| shown(&credential, &earlier(question), &holder)),
        // The peer's issuer alone names neither a type nor a key: a JWT of any kind could pass for a credential.
        ("bad_signature", &|question| {
            let issuer = &site.south[1];
            let bare = issue_bare(&claims(issuer, 3), CONCEALED.to_vec(), Some(holder.public().jwk()), issuer);
            shown(&bare, question, &holder)
        }),
        ("untrusted_issuer", &|question| {
            let unknown = Key::new(Algorithm::ES256);
            shown(&issue(&claims(&unknown, 3), CONCEALED.to_vec(), Some(holder.public().jwk()), &unknown), question, &holder)
        }),
    ];
    for (number, (code, make)) in cases.into_iter().enumerate() {
        let question = site.challenge();
        let verdict = site.verdict(&make(&question));
        assert_eq!(verdict.code, RED, "case {number}: {:?}", verdict.json);
        assert!(verdict.reasons().iter().any(|reason| reason == code), "case {number}: {:?}", verdict.reasons());
    }
    assert_eq!(site.verdict(&shown(&credential, &site.challenge(), &holder)).code, GREEN, "untouched it opens");
}

#[test]
fn the_wallet_holds_and_presents_what_the_peer_issued() {
    let site = site();
    for (issuer, holder) in [(0, &site.wallet), (1, &site.wallet_p256)] {
        let holder = waypass_peers::key::Public::parse(holder);
        let credential = issue(&claims(&site.south[issuer], 4), CONCEALED.to_vec(), Some(holder.jwk()), &site.south[issuer]);
        site.place.write("from-the-peer", &credential);
        let held = site.hold("from-the-peer");
        assert_eq!((held.code, held.text("issuer")), (GREEN, "Clinic South".to_owned()), "{}", held.stderr);
        let question = site.challenge();
        let shown = site.show(&held.text("id"));
        let verdict = site.verdict(&shown);
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
        let seen = verify(&shown, site.south[issuer].public(), &question.nonce, &question.audience).expect("the peer verifies");
        assert_eq!((&seen["roles"], &seen["address"]), (&json!(["nurse"]), &Value::Null));

        site.place.write("tampered", tampered(&credential, 0));
        assert_eq!(site.hold("tampered").code, RED, "and takes nothing in that was tampered with");
    }
}

#[test]
fn what_the_peer_revokes_stays_outside_once_its_list_has_come() {
    let mut site = site();
    let holder = Key::new(Algorithm::EdDSA);
    let credential = issued(&site, 0, &holder, 200);
    assert_eq!(site.verdict(&shown(&credential, &site.challenge(), &holder)).code, GREEN);
    site.revoke_at_south(200);
    let verdict = site.verdict(&shown(&credential, &site.challenge(), &holder));
    assert_eq!(verdict.code, RED, "{:?}", verdict.json);
    assert!(verdict.reasons().iter().any(|reason| reason == "revoked"), "{:?}", verdict.reasons());
}
