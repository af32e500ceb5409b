use super::{Binding, Offer, OfferError, OfferSource, Pickup, PickupError, Progress};
use crate::client::{Link, Reach, Timeouts};
use crate::error::TransportError;
use crate::testing::{Answer, Request, Server, ok};
use core::time::Duration;
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use waypass_credential::Format;
use waypass_credential::Nonce;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::jws::Jws;
use waypass_credential::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::{base64url, did};
use waypass_trust::bundle::{Authority, ListKind, StatusUri};

struct Holder(SigningKey, PublicKey);

impl Holder {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        Self(key, public)
    }
}

impl Signer for Holder {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn retry() -> Nonce {
    Nonce::parse("AwMDAwMDAwMDAwMDAwMDAw").expect("a nonce")
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_795_172_571).expect("a time")
}

fn offer(base: &str, tx_code: &str) -> String {
    format!(
        r#"{{"credential_issuer":"{base}/t1","credential_configuration_ids":["badge","doc"],"grants":{{
        "urn:ietf:params:oauth:grant-type:pre-authorized_code":{{"pre-authorized_code":"a code+/&="{tx_code}}}}}}}"#
    )
}

fn uri(offer: &str) -> String {
    let mut url = reqwest::Url::parse("openid-credential-offer://").expect("a URL");
    url.query_pairs_mut().append_pair("credential_offer", offer);
    url.to_string()
}

const TX: &str = r#","tx_code":{"input_mode":"numeric","length":6,"description":"from the desk"}"#;

fn metadata(base: &str) -> String {
    format!(
        r#"{{"credential_issuer":"{base}/t1","credential_endpoint":"{base}/t1/credential","nonce_endpoint":"{base}/t1/nonce",
        "credential_configurations_supported":{{
          "badge":{{"format":"dc+sd-jwt","vct":"v","cryptographic_binding_methods_supported":["jwk"],
            "proof_types_supported":{{"jwt":{{"proof_signing_alg_values_supported":["ES256","EdDSA"]}}}}}},
          "doc":{{"format":"ldp_vc","cryptographic_binding_methods_supported":["did:key"],
            "proof_types_supported":{{"jwt":{{"proof_signing_alg_values_supported":["EdDSA"]}}}}}},
          "mdl":{{"format":"mso_mdoc"}}}}}}"#
    )
}

/// An issuer as OpenID4VCI 1.0 describes one; `change` may spoil any answer.
fn issuer(change: impl Fn(&Request, Answer) -> Answer + Send + 'static) -> (Server, Arc<Mutex<Vec<Request>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = Server::start(move |request| {
        log.lock().expect("not poisoned").push(request.clone());
        let base = format!("http://{}", request.header("host").expect("a host"));
        let answer = match request.path.as_str() {
            "/.well-known/openid-credential-issuer/t1" => ok(metadata(&base)),
            "/.well-known/oauth-authorization-server/t1" => ok(format!(r#"{{"issuer":"{base}/t1","token_endpoint":"{base}/t1/token"}}"#)),
            "/t1/token" => ok(r#"{"access_token":"tok-1","token_type":"Bearer","expires_in":60}"#),
            "/t1/nonce" => ok(r#"{"c_nonce":"n-1"}"#),
            "/t1/credential" => ok(r#"{"credentials":[{"credential":"a.b.c~"},{"credential":{"type":["VerifiableCredential"]}}]}"#),
            "/t1/offers/1" => ok(offer(&base, "")),
            _ => Answer::Is(404, Vec::new()),
        };
        change(request, answer)
    });
    (server, seen)
}

fn start(offer: &str) -> Result<Pickup, PickupError> {
    let wait = Duration::from_secs(5);
    Pickup::start(offer, &Link { timeouts: Timeouts { connect: wait, silence: wait, total: wait }, ..Link::default() }, Reach::Anywhere)
}

/// Somebody who may issue `kind`, and has a list at `list`.
fn authority(kind: &str, list: &str) -> Authority {
    let list = StatusUri { uri: list.into(), max_entries: 64, bits: 1, irrevocable: false, kind: ListKind::Token };
    Authority {
        name: "Town Hospital".into(),
        keys: Vec::new(),
        types: vec![kind.into()],
        roles: Vec::new(),
        sites: Vec::new(),
        max_validity_seconds: 0,
        status_uris: vec![list],
    }
}

/// Fetches what such an authority may issue; `doc` says nothing about its type, so that nobody in particular needs to be known.
fn fetch(pickup: &Pickup, kind: &str, tx_code: Option<&str>) -> Result<Vec<Vec<u8>>, PickupError> {
    let choice = pickup.choose(&[authority(kind, "https://lists.example/1")], &[Algorithm::EdDsa])?;
    let holder = Holder::new();
    let mut progress = pickup.begin(&choice, tx_code, holder.public_key(), &retry())?;
    pickup.redeem(&mut progress)?;
    pickup.fetch(&progress, now(), &holder)
}

#[test]
fn picks_up_with_a_code_and_a_key_proof() {
    let (server, seen) = issuer(|_, answer| answer);
    let pickup = start(&uri(&offer(&server.base, TX))).expect("an offer");
    let [badge, doc] = pickup.configurations() else { panic!("two are offered") };
    assert_eq!((badge.format, badge.binding), (Format::SdJwtVc, Binding::Jwk));
    assert_eq!((doc.format, doc.binding), (Format::DataIntegrity, Binding::DidKey));
    assert_eq!(pickup.offer().tx_code.as_ref().and_then(|tx| tx.description.as_deref()), Some("from the desk"));
    let holder = Holder::new();
    let got = fetch(&pickup, "v", Some("493536")).expect("credentials");
    assert_eq!(got, [b"a.b.c~".to_vec(), br#"{"type":["VerifiableCredential"]}"#.to_vec()]);

    let seen = seen.lock().expect("not poisoned");
    let of = |path: &str| seen.iter().find(|request| request.path == path).expect("asked");
    assert_eq!(
        core::str::from_utf8(&of("/t1/token").body).expect("a form"),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code=a%20code%2B%2F%26%3D&tx_code=493536"
    );
    let request = of("/t1/credential");
    assert_eq!(request.header("authorization"), Some("Bearer tok-1"));
    assert_eq!(of("/t1/token").header("idempotency-key"), Some("\"AwMDAwMDAwMDAwMDAwMDAw\""));
    let body = json::parse(&request.body, Limits::CREDENTIAL).expect("JSON");
    assert_eq!(body.member("credential_configuration_id").and_then(Value::as_str), Some("badge"));
    let proofs = body.member("proofs").and_then(|proofs| proofs.member("jwt")).and_then(Value::as_array).expect("proofs");
    let proof = Jws::parse(proofs[0].as_str().expect("text"), 4096).expect("a JWS");
    assert_eq!(proof.header().key_id, None);
    let claims = proof.verify(holder.public_key(), "openid4vci-proof+jwt").expect("signed by the holder");
    let expected = format!(r#"{{"aud":"{}/t1","iat":1795172571,"nonce":"n-1"}}"#, server.base);
    assert_eq!(core::str::from_utf8(claims), Ok(expected.as_str()));
}

#[test]
fn names_the_key_as_the_format_wants_it() {
    let (server, seen) = issuer(|_, answer| answer);
    let holder = Holder::new();
    let pickup = start(&format!("openid-credential-offer://?credential_offer_uri={}/t1/offers/1", server.base)).expect("by reference");
    fetch(&pickup, "another", None).expect("credentials");
    let seen = seen.lock().expect("not poisoned");
    let request = seen.iter().find(|request| request.path == "/t1/credential").expect("asked");
    let body = json::parse(&request.body, Limits::CREDENTIAL).expect("JSON");
    let proof = body.member("proofs").and_then(|proofs| proofs.member("jwt")).and_then(Value::as_array).expect("proofs")[0].clone();
    let proof = proof.as_str().expect("text").to_owned();
    let kid = Jws::parse(&proof, 4096).expect("a JWS").header().key_id.clone();
    assert_eq!(kid, Some(did::key_id(holder.public_key())));
}

#[test]
fn a_mistyped_code_does_not_spend_the_offer() {
    for code in [None, Some(""), Some("12345"), Some("12345a")] {
        let (server, _) = issuer(|_, answer| answer);
        let failed = fetch(&start(&offer(&server.base, TX)).expect("an offer"), "v", code);
        assert!(matches!(failed, Err(PickupError::TxCode)), "{code:?}");
        assert!(!server.asked().iter().any(|asked| asked.contains("token")));
    }
}

/// An issuer whose proofs are made under these names only.
fn takes_only(names: &'static str) -> (Server, Arc<Mutex<Vec<Request>>>) {
    issuer(move |request, good| {
        if !request.path.ends_with("openid-credential-issuer/t1") {
            return good;
        }
        let base = format!("http://{}", request.header("host").expect("a host"));
        ok(metadata(&base).replace(r#"["ES256","EdDSA"]"#, names).replace(r#"["EdDSA"]"#, names))
    })
}

#[test]
fn a_key_the_issuer_does_not_take_is_refused_before_the_code_is_spent() {
    let (server, _) = takes_only(r#"["ES256"]"#);
    let pickup = start(&offer(&server.base, "")).expect("an offer");
    let refused = pickup.choose(&[authority("v", "x")], &[Algorithm::EdDsa, Algorithm::Es384]).expect_err("ES256 only");
    assert_eq!(refused.to_string(), "the issuer takes proofs by ES256 keys only");
    let choice = pickup.choose(&[authority("v", "x")], &[Algorithm::EdDsa, Algorithm::Es256]).expect("the second will do");
    assert_eq!(choice.algorithm, Algorithm::Es256);
    let another = pickup.begin(&choice, None, Holder::new().public_key(), &retry()).map(drop);
    assert!(matches!(another, Err(PickupError::Algorithm { .. })), "the key is of another kind than what was chosen");
    assert!(!server.asked().iter().any(|asked| asked.contains("token")));
}

/// OpenID4VCI 1.0 §12.2.4: the proof's `alg` is one of the listed names, and RFC 9864 has a second one for Ed25519.
#[test]
fn a_proof_is_made_under_a_name_that_the_issuer_lists() {
    for (names, written) in [(r#"["Ed25519"]"#, "Ed25519"), (r#"["Ed25519","EdDSA"]"#, "EdDSA"), (r#"["ES256","EdDSA"]"#, "EdDSA")] {
        let (server, seen) = takes_only(names);
        fetch(&start(&offer(&server.base, "")).expect("an offer"), "v", None).expect("credentials");
        let seen = seen.lock().expect("not poisoned");
        let request = seen.iter().find(|request| request.path == "/t1/credential").expect("asked");
        let body = json::parse(&request.body, Limits::CREDENTIAL).expect("JSON");
        let proofs = body.member("proofs").and_then(|proofs| proofs.member("jwt")).and_then(Value::as_array).expect("proofs");
        let proof = proofs[0].as_str().expect("text");
        let header = base64url::decode(proof.split('.').next().expect("a header")).expect("base64url");
        let header = json::parse(&header, Limits::CREDENTIAL).expect("JSON");
        assert_eq!(header.member("alg").and_then(Value::as_str), Some(written));
        let (signed, signature) = proof.rsplit_once('.').expect("a signature");
        let signature = Signature::try_from(base64url::decode(signature).expect("base64url").as_slice()).expect("64 bytes");
        Holder::new().1.verify(signed.as_bytes(), &signature).expect("by the holder's key");
    }
}

#[test]
fn what_nobody_trusted_may_issue_is_refused_before_the_code_is_spent() {
    let (server, _) = issuer(|_, answer| answer);
    let text = offer(&server.base, "").replace(r#"["badge","doc"]"#, r#"["badge"]"#);
    let pickup = start(&text).expect("an offer");
    let refused = pickup.choose(&[authority("another", "x")], &[Algorithm::EdDsa]).expect_err("of another kind");
    assert_eq!(refused.to_string(), "no issuer that this device trusts may issue v");
    assert!(matches!(pickup.choose(&[], &[Algorithm::EdDsa]), Err(PickupError::Kind { .. })));
    assert!(!server.asked().iter().any(|asked| asked.contains("token")));
}

#[test]
fn an_issuer_is_known_by_the_address_of_its_lists_or_its_identifier() {
    let at = |address: &str| Offer::parse(offer(address, "").replace("/t1", "").as_bytes()).expect("an offer");
    let by_list = |list: &str, address: &str| at(address).known_to(&[authority("v", list)]).is_some();
    assert!(by_list("https://issuer.example/lists/1", "https://issuer.example"));
    assert!(by_list("https://issuer.example/lists/1", "https://issuer.example:443"));
    assert!(by_list("did:web:issuer.example%3A8443:staff", "https://issuer.example:8443"));
    for (list, address) in [
        ("https://issuer.example/lists/1", "https://issuer.example.evil.example"),
        ("https://issuer.example/lists/1", "https://issuer.example:8443"),
        ("did:web:issuer.example", "https://other.example"),
        ("did:key:z6Mk", "https://issuer.example"),
    ] {
        assert!(!by_list(list, address), "{list} {address}");
    }
}

/// The stored progress is enough to go on: the same token request, and the credential for the same key.
#[test]
fn a_pick_up_goes_on_from_what_was_stored() {
    let (server, seen) = issuer(|_, answer| answer);
    let holder = Holder::new();
    let pickup = start(&offer(&server.base, TX)).expect("an offer");
    let choice = pickup.choose(&[authority("v", "x")], &[Algorithm::EdDsa]).expect("a choice");
    let begun = pickup.begin(&choice, Some("493536"), holder.public_key(), &retry()).expect("begun");
    assert!(!server.asked().iter().any(|asked| asked.contains("token")), "nothing is spent yet");
    let stored = begun.to_bytes();
    let shown = format!("{begun:?}");
    assert!(!shown.contains("a code") && !shown.contains("493536"), "secrets stay out: {shown}");

    for _ in 0..2 {
        let mut read = Progress::from_bytes(&stored).expect("reads");
        assert!(read == begun && read.is_of(pickup.offer()) && read.holder() == holder.public_key());
        let again = Pickup::resume(&read, &Link::default(), Reach::Anywhere).expect("resumed");
        again.redeem(&mut read).expect("redeemed");
        assert!(read.is_redeemed() && read.tx_code.is_none());
        let read = Progress::from_bytes(&read.to_bytes()).expect("reads");
        let again = Pickup::resume(&read, &Link::default(), Reach::Anywhere).expect("resumed");
        assert_eq!(again.fetch(&read, now(), &holder).expect("fetched").len(), 2);
    }
    let seen = seen.lock().expect("not poisoned");
    let tokens: Vec<_> = seen.iter().filter(|request| request.path == "/t1/token").collect();
    assert!(tokens.len() == 2 && tokens[0].body == tokens[1].body);
    assert_eq!(tokens[0].header("idempotency-key"), tokens[1].header("idempotency-key"));
    for at in 0..stored.len() {
        let _ = Progress::from_bytes(&stored[..at]);
    }
}

/// A no is a no; what did not arrive may be asked for again.
#[test]
fn only_what_the_issuer_may_yet_answer_goes_on() {
    let answered = |status: u16| {
        let (server, _) = issuer(move |request, good| match request.path.as_str() {
            "/t1/credential" => Answer::Is(status, b"{}".to_vec()),
            _ => good,
        });
        fetch(&start(&offer(&server.base, "")).expect("an offer"), "v", None).expect_err("refused").may_go_on()
    };
    assert_eq!([400, 401, 403, 404].map(answered), [false; 4]);
    assert_eq!([408, 429, 500, 502, 503].map(answered), [true; 5]);
    assert!(PickupError::Transport(TransportError::TimedOut { host: "h".into() }).may_go_on());
    assert!(!PickupError::Spent { said: None }.may_go_on() && !PickupError::WrongTxCode.may_go_on());
    assert!(!PickupError::AfterCode(Box::new(PickupError::Deferred)).may_go_on());
}

fn spoiled(path: &'static str, answer: &'static str) -> PickupError {
    let (server, _) = issuer(move |request, good| if request.path == path { ok(answer) } else { good });
    let started = start(&offer(&server.base, ""));
    started.and_then(|pickup| fetch(&pickup, "v", None)).expect_err("refused")
}

#[test]
fn strangers_and_half_issuers_are_refused() {
    let issuer_path = "/.well-known/openid-credential-issuer/t1";
    let server_path = "/.well-known/oauth-authorization-server/t1";
    assert!(matches!(spoiled(issuer_path, r#"{"credential_issuer":"http://localhost/t2"}"#), PickupError::WrongIssuer));
    assert!(matches!(spoiled(server_path, r#"{"issuer":"http://localhost/t2"}"#), PickupError::WrongIssuer));
    assert!(matches!(spoiled("/t1/token", r#"{"access_token":"x","token_type":"DPoP"}"#), PickupError::Unsupported { .. }));
    let bad = |why: &PickupError| matches!(why, PickupError::Transport(TransportError::BadAnswer { .. }));
    let after = |why| if let PickupError::AfterCode(why) = why { bad(&why) } else { false };
    assert!(bad(&spoiled("/t1/token", r#"{"access_token":"a\r\nb: c","token_type":"bearer"}"#)));
    assert!(after(spoiled("/t1/nonce", "{}")));
    assert!(after(spoiled("/t1/credential", r#"{"credentials":[]}"#)));
    assert!(after(spoiled("/t1/credential", r#"{"credentials":[{"credential":7}]}"#)));
    let later = spoiled("/t1/credential", r#"{"transaction_id":"t","interval":5}"#);
    assert!(matches!(later, PickupError::AfterCode(why) if matches!(*why, PickupError::Deferred)));
}

#[test]
fn a_refusal_says_its_code() {
    let (server, _) = issuer(|request, good| match request.path.as_str() {
        "/t1/token" => Answer::Is(400, br#"{"error":"invalid_grant"}"#.to_vec()),
        _ => good,
    });
    let refused = fetch(&start(&offer(&server.base, "")).expect("an offer"), "v", None).expect_err("refused");
    assert_eq!(refused.to_string(), "the issuer does not take the offer: it was used or has ended");
    let refused = fetch(&start(&offer(&server.base, TX)).expect("an offer"), "v", Some("493536")).expect_err("refused");
    assert!(matches!(refused, PickupError::WrongTxCode), "{refused}");
}

/// Integrators read `error_description`; whatever else it holds, it is one line of plain text.
#[test]
fn a_refusal_is_told_in_the_words_of_the_issuer() {
    let say = |body: &'static str| {
        let (server, _) =
            issuer(move |request, good| if request.path == "/t1/credential" { Answer::Is(400, body.as_bytes().to_vec()) } else { good });
        fetch(&start(&offer(&server.base, "")).expect("an offer"), "v", None).expect_err("refused").to_string()
    };
    assert_eq!(
        say(r#"{"error":"invalid_proof","error_description":"the proof names another audience"}"#),
        "the server refused the credential: the proof names another audience (invalid_proof, status 400); the offer is used up"
    );
    let plain = "the server refused the credential: invalid_proof (status 400); the offer is used up";
    assert_eq!(say(r#"{"error":"invalid_proof"}"#), plain);
    assert_eq!(say(r#"{"error":"invalid_proof","error_description":"\u001b[2J"}"#), plain);
    assert_eq!(say(r#"{"error":"invalid_proof","error_description":7}"#), plain);
}

#[test]
fn codes_travel_over_https_or_not_at_all() {
    for base in ["http://issuer.example", "http://10.0.0.7:8240", "http://127.evil.example"] {
        assert!(matches!(start(&offer(base, "")), Err(PickupError::NotHttps)), "{base}");
    }
    let elsewhere = "/.well-known/oauth-authorization-server/t1";
    let (server, _) = issuer(move |request, good| {
        let base = format!("http://{}", request.header("host").expect("a host"));
        let answer = format!(r#"{{"issuer":"{base}/t1","token_endpoint":"http://collector.example/token"}}"#);
        if request.path == elsewhere { ok(answer) } else { good }
    });
    assert!(matches!(start(&offer(&server.base, "")), Err(PickupError::NotHttps)));
}

#[test]
fn offers_are_read_strictly() {
    let good = offer("https://issuer.example", TX);
    assert!(matches!(OfferSource::parse(&good), Ok(OfferSource::Inline(_))));
    assert!(matches!(OfferSource::parse(&uri(&good)), Ok(OfferSource::Inline(_))));
    let doubled = format!("{}&credential_offer_uri=https%3A%2F%2Fx.example", uri(&good));
    for bad in
        ["", "hello", "https://x.example/", "mailto:x?credential_offer={}", "openid-credential-offer://?credential_offer=%7B%7D", &doubled]
    {
        assert_eq!(OfferSource::parse(bad).map(drop), Err(OfferError::NotAnOffer), "{bad}");
    }
    let login = r#"{"credential_issuer":"https://i.example","credential_configuration_ids":["x"],"grants":{"authorization_code":{}}}"#;
    assert_eq!(Offer::parse(login.as_bytes()).map(drop), Err(OfferError::NoCode));
    let shown = format!("{:?}", Offer::parse(good.as_bytes()).expect("an offer"));
    assert!(!shown.contains("a code"), "the code is a secret: {shown}");
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(openid-credential-offer://\\?credential_offer(_uri)?=)?\\PC{0,80}") {
        let _ = OfferSource::parse(&text);
    }
}

/// An offer comes from a stranger: it does not make this device speak to a machine of its own network, or to itself.
#[test]
fn an_offer_leads_to_no_private_address_unless_it_is_named_here() {
    let (server, seen) = issuer(|_, answer| answer);
    let port = server.base.rsplit(':').next().expect("a port");
    let named = |reach: Reach, offer: &str| Pickup::start(offer, &Link::default(), reach).map(drop);
    let nowhere = || Reach::public_and([]);
    // Its issuer, or the place where the offer itself is; by number, by name, and by another spelling of a number.
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
        let base = format!("http://{host}:{port}");
        for offer in [uri(&offer(&base, "")), format!("openid-credential-offer://?credential_offer_uri={base}/t1/offers/1")] {
            let refused = named(nowhere(), &offer);
            assert!(matches!(refused, Err(PickupError::Transport(TransportError::NotPublic { .. }))), "{offer}: {refused:?}");
        }
    }
    for private in ["10.0.0.7", "192.168.1.1", "169.254.169.254", "[fd00::1]", "[::ffff:10.0.0.7]"] {
        let refused = named(nowhere(), &uri(&offer(&format!("https://{private}"), "")));
        assert!(matches!(refused, Err(PickupError::Transport(TransportError::NotPublic { .. }))), "{private}: {refused:?}");
    }
    assert!(seen.lock().expect("not poisoned").is_empty(), "nobody was asked anything");
    // The site's own server, as its bundle names it; that host with another port is another server.
    let own = format!("{}/t1/lists/1", server.base);
    named(Reach::public_and([own.as_str()]), &uri(&offer(&server.base, ""))).expect("our own");
    let other = named(Reach::public_and(["http://127.0.0.1:9/t1"]), &uri(&offer(&server.base, "")));
    assert!(matches!(other, Err(PickupError::Transport(TransportError::NotPublic { .. }))), "{other:?}");
}
