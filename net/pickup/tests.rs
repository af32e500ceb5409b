use super::{Binding, Configuration, Offer, OfferError, OfferSource, Pickup, PickupError};
use crate::client::{Reach, Timeouts};
use crate::testing::{Answer, Request, Server, ok};
use crate::transport::TransportError;
use core::time::Duration;
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use waypass_credential::did;
use waypass_credential::format::Format;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::jws::Jws;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::time::Timestamp;

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
    Pickup::start(offer, Timeouts { connect: wait, silence: wait, total: wait }, Reach::Anywhere)
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
    let got = pickup.fetch(0, Some("493536"), now(), &holder).expect("credentials");
    assert_eq!(got, [b"a.b.c~".to_vec(), br#"{"type":["VerifiableCredential"]}"#.to_vec()]);

    let seen = seen.lock().expect("not poisoned");
    let of = |path: &str| seen.iter().find(|request| request.path == path).expect("asked");
    assert_eq!(
        core::str::from_utf8(&of("/t1/token").body).expect("a form"),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code=a%20code%2B%2F%26%3D&tx_code=493536"
    );
    let request = of("/t1/credential");
    assert_eq!(request.header("authorization"), Some("Bearer tok-1"));
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
    start(&format!("openid-credential-offer://?credential_offer_uri={}/t1/offers/1", server.base))
        .expect("an offer by reference")
        .fetch(1, None, now(), &holder)
        .expect("credentials");
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
        let failed = start(&offer(&server.base, TX)).expect("an offer").fetch(0, code, now(), &Holder::new());
        assert!(matches!(failed, Err(PickupError::TxCode)), "{code:?}");
        assert!(!server.asked().iter().any(|asked| asked.contains("token")));
    }
}

#[test]
fn a_key_the_issuer_does_not_take_is_refused_before_the_code_is_spent() {
    let configuration =
        Configuration { id: String::new(), format: Format::SdJwtVc, algorithms: vec!["ES256".to_owned()], binding: Binding::Jwk };
    let refused = configuration.accepts(Holder::new().public_key().algorithm()).expect_err("ES256 only");
    assert_eq!(refused.to_string(), "the issuer takes proofs by ES256 keys only");
}

fn spoiled(path: &'static str, answer: &'static str) -> PickupError {
    let (server, _) = issuer(move |request, good| if request.path == path { ok(answer) } else { good });
    let started = start(&offer(&server.base, ""));
    started.and_then(|pickup| pickup.fetch(0, None, now(), &Holder::new())).expect_err("refused")
}

#[test]
fn strangers_and_half_issuers_are_refused() {
    let issuer_path = "/.well-known/openid-credential-issuer/t1";
    let server_path = "/.well-known/oauth-authorization-server/t1";
    assert!(matches!(spoiled(issuer_path, r#"{"credential_issuer":"http://localhost/t2"}"#), PickupError::WrongIssuer));
    assert!(matches!(spoiled(server_path, r#"{"issuer":"http://localhost/t2"}"#), PickupError::WrongIssuer));
    assert!(matches!(spoiled("/t1/token", r#"{"access_token":"x","token_type":"DPoP"}"#), PickupError::Unsupported { .. }));
    let bad = |why| matches!(why, PickupError::Transport(TransportError::BadAnswer { .. }));
    assert!(bad(spoiled("/t1/token", r#"{"access_token":"a\r\nb: c","token_type":"bearer"}"#)));
    assert!(bad(spoiled("/t1/nonce", "{}")));
    assert!(bad(spoiled("/t1/credential", r#"{"credentials":[]}"#)));
    assert!(bad(spoiled("/t1/credential", r#"{"credentials":[{"credential":7}]}"#)));
    assert!(matches!(spoiled("/t1/credential", r#"{"transaction_id":"t","interval":5}"#), PickupError::Deferred));
}

#[test]
fn a_refusal_says_its_code() {
    let (server, _) = issuer(|request, good| match request.path.as_str() {
        "/t1/token" => Answer::Is(400, br#"{"error":"invalid_grant"}"#.to_vec()),
        _ => good,
    });
    let refused = start(&offer(&server.base, "")).expect("an offer").fetch(0, None, now(), &Holder::new()).expect_err("refused");
    assert_eq!(refused.to_string(), "the server refused the access token: invalid_grant (status 400)");
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
    let named = |reach: Reach, offer: &str| Pickup::start(offer, Timeouts::default(), reach).map(drop);
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
