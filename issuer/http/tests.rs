use super::ServiceLimits;
use crate::configure::SettingsChange;
use crate::issue::{Format, Order};
use crate::offer::OfferTerms;
use crate::offer::tests::code;
use crate::revoke::{Cause, Grounds};
use crate::settings::Settings;
use crate::store::Filter;
use crate::testing::{BASE, Key, Lines, Log, TestRng, at, enrolment, issuer, order, reopened};
use core::time::Duration;
use proptest::prelude::*;
use raw::{Reply, Service, reply};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;
use waypass_credential::did;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::jws;
use waypass_credential::key::Signer as _;
use waypass_credential::{Credential, base64url};
use waypass_trust::audit::Receipt;
use waypass_trust::bundle::{ListKind, Root, TrustBundle};
use waypass_trust::status::TokenForm;
use waypass_trust::sync::Manifest;

mod crowd;
pub(in crate::http) mod raw;
mod tls;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn limits() -> ServiceLimits {
    ServiceLimits { renew: None, ..ServiceLimits::default() }
}

/// A published issuer behind a socket.
fn service() -> (tempfile::TempDir, Service) {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start(dir.path(), limits());
    (dir, service)
}

fn offered(dir: &Path, order: &Order, tx_code: bool, seed: u64) -> (String, Option<String>) {
    let terms = OfferTerms { valid_seconds: 900, tx_code };
    let offer = reopened(dir).offer(order, &terms, "ines", at(100), &mut TestRng::new(seed)).expect("offered");
    (code(&offer), offer.tx_code)
}

fn exchange(service: &Service, code: &str, more: &str) -> Reply {
    let body = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code={code}{more}");
    service.ask("POST", "/t1/token", &[FORM], body.as_bytes())
}

struct Proof<'p> {
    typ: &'p str,
    aud: &'p str,
    nonce: &'p str,
    iat: i64,
    by: &'p Key,
    named: &'p Key,
    by_name: Named,
    exp: Option<Value<'p>>,
}

/// How a proof names the holder's key.
#[derive(Clone, Copy)]
enum Named {
    Jwk,
    Kid,
    Both,
}

impl Proof<'_> {
    fn sign(&self) -> String {
        let mut header = Object::new().with("typ", self.typ);
        if matches!(self.by_name, Named::Kid | Named::Both) {
            header.set("kid", did::key_id(self.named.public_key()));
        }
        if matches!(self.by_name, Named::Jwk | Named::Both) {
            header.set("jwk", self.named.public_key().to_jwk());
        }
        let mut claims = Object::new().with("aud", self.aud).with("iat", at(self.iat).unix()).with("nonce", self.nonce);
        if let Some(exp) = &self.exp {
            claims.set("exp", exp.clone());
        }
        jws::sign_named(self.by.public_key().algorithm().jose_name(), &header, json::to_string(&Value::Object(claims)).as_bytes(), self.by)
            .expect("signed")
    }
}

fn proof<'p>(nonce: &'p str, holder: &'p Key) -> Proof<'p> {
    Proof { typ: "openid4vci-proof+jwt", aud: BASE, nonce, iat: 100, by: holder, named: holder, by_name: Named::Jwk, exp: None }
}

fn ask_credential(service: &Service, token: &str, configuration: &str, proof: &str) -> Reply {
    let body = format!(r#"{{"credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proof}"]}}}}"#);
    service.ask("POST", "/t1/credential", &[("Authorization", &format!("Bearer {token}"))], body.as_bytes())
}

fn nonce(service: &Service) -> String {
    let reply = service.post("/t1/nonce", b"");
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    reply.text("c_nonce")
}

#[test]
fn a_wallet_picks_up_what_was_offered() {
    let (dir, service) = service();
    let metadata = service.get("/.well-known/openid-credential-issuer/t1");
    assert_eq!(metadata.text("credential_issuer"), BASE);
    assert_eq!(metadata.body, service.get("/t1/.well-known/openid-credential-issuer").body);
    assert_eq!(service.get("/.well-known/oauth-authorization-server/t1").text("token_endpoint"), format!("{BASE}/token"));
    for (seed, format, configuration, holder, by_name, tx_code) in [
        (1, Format::SdJwtVc, "role_sd_jwt", Key::p256(9), Named::Jwk, false),
        (2, Format::DataIntegrity, "role_ldp_vc", Key::ed25519(9), Named::Kid, true),
        (3, Format::SdCwt, "role_sd_cwt", Key::p384(9), Named::Jwk, false),
    ] {
        let document = metadata.json();
        let described = document.member("credential_configurations_supported").and_then(|all| all.member(configuration));
        assert_eq!(described.and_then(|one| one.member("format")?.as_str().map(ToOwned::to_owned)), Some(format.as_str().to_owned()));
        let (code, digits) = offered(dir.path(), &Order { format, ..order() }, tx_code, seed);
        let more = digits.map(|digits| format!("&tx_code={digits}")).unwrap_or_default();
        let token = exchange(&service, &code, &more);
        assert_eq!((token.status, token.header("cache-control")), (200, Some("no-store")));
        assert_eq!((token.text("token_type"), token.json().member("c_nonce").is_none()), ("bearer".to_owned(), true));
        let nonce = nonce(&service);
        let proof = Proof { by_name, ..proof(&nonce, &holder) }.sign();
        let answer = ask_credential(&service, &token.text("access_token"), configuration, &proof);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let answer = answer.json();
        let Some([item]) = answer.member("credentials").and_then(Value::as_array) else { panic!("one credential") };
        let credential = match item.member("credential").expect("a credential") {
            Value::String(text) if format == Format::SdCwt => base64url::decode(text.as_bytes()).expect("base64url"),
            Value::String(text) => text.as_bytes().to_vec(),
            document => json::to_string(document).into_bytes(),
        };
        let credential = Credential::parse(&credential, &KnownContexts::new()).expect("readable");
        let verified = credential.verify(Key::ed25519(1).public_key()).expect("signed by the issuer");
        assert!(verified.role().holder.as_ref().is_some_and(|bound| bound == holder.public_key()));
        assert_eq!(verified.role().roles, ["nurse"]);
    }
}

#[test]
fn proofs_that_do_not_hold() {
    let (dir, service) = service();
    let holder = Key::p256(9);
    let (code, _) = offered(dir.path(), &order(), false, 1);
    let token = exchange(&service, &code, "").text("access_token");
    let nonce_text = nonce(&service);
    let good = || proof(&nonce_text, &holder);
    let other = Key::p256(10);
    let refused = [
        ("invalid_proof", Proof { typ: "jwt", ..good() }),
        ("invalid_proof", Proof { aud: "http://127.0.0.1:8240/t2", ..good() }),
        ("invalid_proof", Proof { by: &other, ..good() }),
        ("invalid_proof", Proof { iat: -201, ..good() }),
        ("invalid_proof", Proof { iat: 161, ..good() }),
        ("invalid_proof", Proof { exp: Some(at(100).unix().into()), ..good() }),
        ("invalid_proof", Proof { exp: Some("tomorrow".into()), ..good() }),
        ("invalid_proof", Proof { by_name: Named::Both, ..good() }),
        ("invalid_nonce", Proof { nonce: "bm90IG91cnM", ..good() }),
    ];
    for (error, proof) in refused {
        assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &proof.sign()).error(), (400, error.to_owned()));
    }
    let sound = Proof { exp: Some(at(101).unix().into()), ..good() }.sign();
    let bearer = format!("Bearer {token}");
    for proofs in ["{}".to_owned(), format!(r#"{{"jwt":["{sound}","{sound}"]}}"#), format!(r#"{{"jwt":["{sound}"],"ldp_vp":["{sound}"]}}"#)]
    {
        let body = format!(r#"{{"credential_configuration_id":"role_sd_jwt","proofs":{proofs}}}"#);
        let other = service.ask("POST", "/t1/credential", &[("Authorization", &bearer)], body.as_bytes());
        assert_eq!(other.error(), (400, "invalid_proof".into()), "{proofs}");
    }
    let body = format!(r#"{{"credential_configuration_id":"role_sd_jwt","proofs":{{"jwt":["{sound}"]}}}}"#);
    let twice = service.ask("POST", "/t1/credential", &[("Authorization", &bearer), ("Authorization", &bearer)], body.as_bytes());
    assert_eq!((twice.status, twice.header("www-authenticate")), (401, Some("Bearer")));
    let unknown = ask_credential(&service, &token, "role_ldp_vc", &sound);
    assert_eq!(unknown.error(), (400, "unknown_credential_configuration".into()));
    let stranger = ask_credential(&service, "AAAA", "role_sd_jwt", &sound);
    assert_eq!(stranger.error(), (401, "invalid_token".into()));
    assert_eq!(stranger.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    let nobody = service.post("/t1/credential", b"{}");
    assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, Some("Bearer")));
    // None of that used anything up.
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &sound).status, 200);
    // Token and nonce are used now, by this key; with a new token the nonce still is.
    let by_another = Proof { by: &other, ..good() }.sign();
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &by_another).error().0, 400);
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &proof(&nonce_text, &other).sign()).error(), (401, "invalid_token".into()));
    let (code, _) = offered(dir.path(), &order(), false, 2);
    let token = exchange(&service, &code, "").text("access_token");
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &sound).error(), (400, "invalid_nonce".into()));
    // And a nonce is too old after five minutes.
    let fresh = nonce(&service);
    service.clock.store(401, Ordering::SeqCst);
    let (code, _) = offered(dir.path(), &order(), false, 3);
    let token = exchange(&service, &code, "").text("access_token");
    let late = Proof { iat: 401, ..proof(&fresh, &holder) }.sign();
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &late).error(), (400, "invalid_nonce".into()));
}

/// A request that a wallet repeats because it was cut off is answered as the first time: the same token, the same credential, one on record.
#[test]
fn what_is_asked_again_is_answered_again() {
    let (dir, service) = service();
    let holder = Key::p256(9);
    let (code, _) = offered(dir.path(), &order(), false, 1);
    let body = format!("grant_type={}&pre-authorized_code={code}", crate::offer::GRANT);
    let token = |key: &str| service.ask("POST", "/t1/token", &[FORM, ("Idempotency-Key", key)], body.as_bytes());
    let first = token("\"bXl3YWxsZXRzb3duY2hvaWNl\"");
    assert_eq!(first.status, 200);
    assert_eq!(token("\"bXl3YWxsZXRzb3duY2hvaWNl\"").text("access_token"), first.text("access_token"));
    for other in ["\"c29tZWJvZHllbHNlc2Nob2ljZQ\"", "bXl3YWxsZXRzb3duY2hvaWNl", "\"bXl3YWxsZXRzb3du Y2hvaWNl\""] {
        assert_eq!(token(other).error(), (400, "invalid_grant".into()), "{other}");
    }
    assert_eq!(exchange(&service, &code, "").error(), (400, "invalid_grant".into()));
    let token = first.text("access_token");
    let answers: Vec<_> = (0..3)
        .map(|_| ask_credential(&service, &token, "role_sd_jwt", &proof(&nonce(&service), &holder).sign()))
        .map(|answer| (answer.status, answer.body))
        .collect();
    assert!(answers[0].0 == 200 && answers[1] == answers[0] && answers[2] == answers[0]);
    let other = ask_credential(&service, &token, "role_sd_jwt", &proof(&nonce(&service), &Key::p256(10)).sign());
    assert_eq!(other.error(), (401, "invalid_token".into()));
    let other = ask_credential(&service, &token, "role_ldp_vc", &proof(&nonce(&service), &holder).sign());
    assert_eq!(other.error(), (400, "unknown_credential_configuration".into()));
    drop(service);
    assert_eq!(reopened(dir.path()).credentials(&Filter::default()).expect("listed").len(), 1);
}

#[test]
fn codes_that_do_not_hold() {
    let (dir, service) = service();
    assert_eq!(exchange(&service, "AAAA", "").error(), (400, "invalid_grant".into()));
    let (code, digits) = offered(dir.path(), &order(), true, 1);
    let digits = digits.expect("six digits");
    assert_eq!(exchange(&service, &code, "").error(), (400, "invalid_request".into()));
    assert_eq!(exchange(&service, &code, "&tx_code=1&tx_code=2").error(), (400, "invalid_request".into()));
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(exchange(&service, &code, &format!("&tx_code={wrong}")).error(), (400, "invalid_grant".into()));
    }
    assert_eq!(exchange(&service, &code, &format!("&tx_code={digits}")).error(), (400, "invalid_grant".into()));
    let body = b"grant_type=authorization_code&code=x";
    assert_eq!(service.ask("POST", "/t1/token", &[FORM], body).error(), (400, "unsupported_grant_type".into()));
    let (code, _) = offered(dir.path(), &order(), false, 2);
    let detailed = exchange(&service, &code, "&authorization_details=%5B%7B%7D%5D");
    let detailed = detailed.json();
    let details = detailed.member("authorization_details").and_then(Value::as_array).expect("echoed");
    assert_eq!(details[0].member("credential_identifiers").and_then(|ids| ids.as_array()?[0].as_str()), Some("role_sd_jwt"));
}

#[test]
fn a_gate_syncs_from_what_is_published() {
    let (dir, service) = service();
    let manifest = Manifest::parse(&service.get("/t1/manifest").body).expect("a manifest");
    assert_eq!((manifest.root, manifest.timestamp, manifest.lists.len()), (1, 1, 1));
    let root = Root::open(&service.get("/t1/root/1").body).expect("a root");
    let mut held = TrustBundle::open(&service.get("/t1/bundle/metadata").body, &root).expect("without lists");
    assert_eq!(held.missing_lists().len(), 1);
    let list = service.get("/t1/lists/1");
    assert_eq!(list.header("content-type"), Some("application/statuslist+jwt"));
    assert_eq!(list.header("cache-control"), Some("public, max-age=900"));
    held.ingest_list(&list.body).expect("taken");
    assert_eq!(held.missing_lists().len(), 0);
    let whole = service.get("/t1/bundle");
    assert_eq!(TrustBundle::open(&whole.body, &root).expect("opened").versions(), held.versions());
    // Nothing new costs nothing.
    let tag = whole.header("etag").expect("a tag").to_owned();
    let same = service.ask("GET", "/t1/bundle", &[("If-None-Match", &tag)], b"");
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(service.ask("GET", "/t1/bundle", &[("If-None-Match", "\"other\"")], b"").status, 200);
    // Another process publishes: the service notices.
    reopened(dir.path()).publish(at(200)).expect("published");
    let began = Instant::now();
    while service.ask("GET", "/t1/bundle", &[("If-None-Match", &tag)], b"").status == 304 {
        assert!(began.elapsed() < Duration::from_secs(30), "never noticed");
        std::thread::sleep(Duration::from_millis(50));
    }
    for missing in ["/t1/root/2", "/t1/root/x", "/t1/lists/2", "/t1/lists/..%2f1", "/t1/nothing", "/t2/bundle", "/"] {
        assert_eq!(service.get(missing).error(), (404, "not_found".into()), "{missing}");
    }
    assert_eq!(service.post("/t1/bundle", b"").error(), (405, "method_not_allowed".into()));
    assert_eq!((service.get("/health").status, service.get("/t1/health").text("status")), (200, "ok".into()));
}

/// The service publishes nothing by a clock that a person must confirm, goes on serving, and says that it is not well.
#[test]
fn a_doubted_clock_is_waited_for_and_health_says_so() {
    let (dir, mut issuer) = issuer();
    issuer.publish_confirmed(at(300 * 86_400)).expect("published");
    let service = Service::start(dir.path(), ServiceLimits::default());
    let health = service.get("/health");
    assert_eq!((health.status, health.text("status")), (503, "waiting".into()));
    let question = format!(r#"{{"nonce":"{}"}}"#, waypass_credential::base64url::encode(&[3; 32]));
    assert_eq!(service.post("/t1/time", question.as_bytes()).status, 503, "it does not say what time it is");
    assert_eq!(service.get("/t1/bundle").status, 200);
    assert_eq!(issuer.published().expect("read").expect("there").timestamp, 1, "nothing was published");
    issuer.publish_confirmed(at(100)).expect("a person said so");
    let began = Instant::now();
    while service.get("/health").status != 200 {
        assert!(began.elapsed() < Duration::from_secs(30), "never noticed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The time, signed by the timestamp role over the asker's own nonce.
#[test]
fn a_question_for_the_time_is_answered_by_the_timestamp_role() {
    let (_dir, service) = service();
    let root = Root::open(&service.get("/t1/root/1").body).expect("the root");
    let nonce = [3; 32];
    let question = |nonce: &[u8]| format!(r#"{{"nonce":"{}"}}"#, waypass_credential::base64url::encode(nonce));
    let answer = service.post("/t1/time", question(&nonce).as_bytes());
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let signed = root.open_time_answer(&answer.body, &nonce).expect("signed");
    assert_eq!(signed.at, at(100), "the clock of the service");
    assert_eq!(root.open_time_answer(&answer.body, &[4; 32]), Err(waypass_trust::bundle::BundleError::OtherQuestion));
    for bad in [question(&[3; 31]), question(&[3; 33]), "{}".to_owned(), "[]".to_owned(), r#"{"nonce":"?"}"#.to_owned()] {
        let refused = service.post("/t1/time", bad.as_bytes());
        assert_eq!((refused.status, refused.text("error")), (400, "invalid_question".into()), "{bad}");
    }
    assert_eq!(service.post("/t1/time", &[b' '; 257]).status, 413);
}

/// A bitstring is a credential: served as one, or as plain JSON to those who ask for that.
#[test]
fn a_list_as_cwt_is_served_as_it_is() {
    let (dir, mut issuer) = issuer();
    let change = SettingsChange { list_form: Some(TokenForm::Cwt), ..SettingsChange::default() };
    let settings = change.apply(issuer.settings()).expect("settings");
    issuer.change_settings(settings, "Ada", at(0)).expect("changed");
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start(dir.path(), limits());
    let root = Root::open(&service.get("/t1/root/1").body).expect("a root");
    let mut held = TrustBundle::open(&service.get("/t1/bundle/metadata").body, &root).expect("without lists");
    let list = service.get("/t1/lists/1");
    assert_eq!((list.header("content-type"), list.body[0]), (Some("application/statuslist+cwt"), 0xd2));
    held.ingest_list(&list.body).expect("taken");
    assert_eq!(held.missing_lists().len(), 0);
    let manifest = Manifest::parse(&service.get("/t1/manifest").body).expect("a manifest");
    assert_eq!(manifest.lists[0].sha256, held.lists()[0].digest.to_string());
    let whole = TrustBundle::open(&service.get("/t1/bundle").body, &root).expect("opened");
    assert_eq!(whole.lists()[0].digest, held.lists()[0].digest);
}

#[test]
fn a_bitstring_is_served_as_a_credential() {
    let (dir, mut issuer) = issuer();
    issuer.open_lists(ListKind::Bitstring).expect("opened");
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start(dir.path(), limits());
    let root = Root::open(&service.get("/t1/root/1").body).expect("a root");
    let mut held = TrustBundle::open(&service.get("/t1/bundle/metadata").body, &root).expect("without lists");
    assert_eq!(held.missing_lists().len(), 3);
    for id in 1..=3 {
        held.ingest_list(&service.get(&format!("/t1/lists/{id}")).body).expect("taken");
    }
    assert_eq!(held.missing_lists().len(), 0);
    let reply = service.get("/t1/lists/2");
    let list = reply.json();
    let subject = list.member("credentialSubject").expect("a subject");
    assert_eq!(subject.member("statusPurpose").and_then(Value::as_str), Some("revocation"));
    assert_eq!(list.member("id").and_then(Value::as_str), Some("http://127.0.0.1:8240/t1/lists/2"));
    for (accept, kind) in [
        ("*/*", "application/vc"),
        ("application/vc", "application/vc"),
        ("application/vc, application/json;q=0.5", "application/vc"),
        ("application/ld+json, application/json;q=0.9", "application/json"),
    ] {
        let reply = service.ask("GET", "/t1/lists/2", &[("Accept", accept)], b"");
        assert_eq!((reply.status, reply.header("content-type"), reply.header("vary")), (200, Some(kind), Some("accept")), "{accept}");
    }
    assert_eq!(service.get("/t1/lists/1").header("vary"), None);
}

#[test]
fn the_service_renews_what_grows_old() {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start(dir.path(), ServiceLimits { renew: Some(Duration::from_mins(10)), ..limits() });
    let first = service.get("/t1/bundle").header("etag").expect("a tag").to_owned();
    service.clock.store(700, Ordering::SeqCst);
    let began = Instant::now();
    while service.get("/t1/bundle").header("etag") == Some(&first) {
        assert!(began.elapsed() < Duration::from_secs(30), "never renewed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(reopened(dir.path()).published().expect("read").expect("there").published_at, at(700));
}

/// The service renews lists and dates; whom gates believe changes with the command that somebody gave.
#[test]
fn the_service_publishes_no_targets_that_nobody_confirmed() {
    let (dir, mut issuer) = issuer();
    let (_, signed) = enrolment(30, at(0));
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let week = Settings { gate_enrolment_seconds: Some(7 * 86_400), ..issuer.settings().clone() };
    issuer.change_settings(week, "ines", at(0)).expect("changed");
    let first = issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start(dir.path(), ServiceLimits { renew: Some(Duration::from_mins(10)), ..limits() });
    let renewed_at = |seconds: i64| {
        service.clock.store(seconds, Ordering::SeqCst);
        let began = Instant::now();
        loop {
            let published = reopened(dir.path()).published().expect("read").expect("there");
            if published.published_at == at(seconds) {
                return published;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "never renewed");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // They enrol those gates for another week.
    let renewed = renewed_at(4 * 86_400);
    assert!(renewed.targets > first.targets);
    // Rules that were kept and not published, as a command leaves them that was cut off.
    let mut office = reopened(dir.path());
    let mut policy = office.policy().expect("read");
    policy.max_boots_without_signed_time = 7;
    office.set_policy(&policy).expect("kept");
    let kept = renewed_at(4 * 86_400 + 700);
    assert_eq!((kept.targets, kept.opened().policy().max_boots_without_signed_time), (renewed.targets, 50));
    let confirmed = office.publish(at(4 * 86_400 + 800)).expect("published");
    assert_eq!(confirmed.opened().policy().max_boots_without_signed_time, 7);
}

#[test]
fn an_audit_log_arrives_once_however_often_it_is_sent() {
    let (dir, service) = service();
    let (gate, signed) = enrolment(30, at(0));
    let mut log = Log::new(gate);
    for i in 0..3 {
        log.append("somebody", at(i));
    }
    let upload = log.upload(0, at(50), vec![]);
    assert_eq!(service.post("/t1/audit", &upload).error(), (403, "not_enrolled".into()));
    reopened(dir.path()).enroll_gate(&signed, None, at(10)).expect("enrolled");
    for _ in 0..2 {
        let receipt = service.post("/t1/audit", &upload);
        assert_eq!((receipt.status, receipt.header("content-type")), (200, Some("application/jwt")));
        let text = String::from_utf8(receipt.body).expect("text");
        assert_eq!(Receipt::claimed_key_id(&text), Some(did::key_id(Key::ed25519(4).public_key())));
    }
    let id = did::to_did_key(log.gate.public_key());
    assert_eq!(reopened(dir.path()).received(&id), Ok(3));
    for i in 3..6 {
        log.append("somebody", at(i));
    }
    let gap = service.post("/t1/audit", &log.upload(4, at(60), vec![]));
    assert_eq!(gap.error(), (409, "gap".into()));
    assert_eq!(gap.json().member("expected_seq").and_then(Value::as_i64), Some(3));
    let mut clone = Log::new(log.gate.clone());
    clone.append("somebody else", at(0));
    assert_eq!(service.post("/t1/audit", &clone.upload(0, at(61), vec![])).error(), (409, "fork".into()));
    assert_eq!(service.post("/t1/audit", b"{}").error(), (400, "invalid_upload".into()));
}

#[test]
fn large_bodies_are_refused_by_their_announcement_and_by_their_size() {
    let (_dir, service) = service();
    for (path, size) in [("/t1/token", 17 * 1024), ("/t1/credential", 65 * 1024), ("/t1/audit", 9 * 1024 * 1024)] {
        let headers = [("Authorization", "Bearer x")];
        assert_eq!(service.ask("POST", path, &headers, &vec![b'a'; size]).status, 413, "{path}");
        // Not announced: in chunks.
        let mut stream = service.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer x\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        for _ in 0..size.div_ceil(4096) {
            let chunk = [b"1000\r\n".as_slice(), &[b'a'; 4096], b"\r\n"].concat();
            if stream.write_all(&chunk).is_err() {
                break;
            }
        }
        drop(stream.write_all(b"0\r\n\r\n"));
        assert_eq!(reply(stream).status, 413, "{path} in chunks");
    }
    assert_eq!(service.get(&format!("/{}", "a".repeat(20_000))).status / 100, 4);
    assert_eq!(service.get("/health").status, 200);
}

#[test]
fn slow_clients_are_cut_off_and_do_not_keep_others_out() {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let quick = ServiceLimits {
        connections: 4,
        header_timeout: Duration::from_millis(700),
        request_timeout: Duration::from_millis(1200),
        connection_lifetime: Duration::from_secs(4),
        ..limits()
    };
    let service = Service::start(dir.path(), quick);
    // Silent, half a header, half a body, and one that never reads: every slot is taken.
    let silent = service.connect();
    let mut half_header = service.connect();
    half_header.write_all(b"GET /health HTTP/1.1\r\nHost: x").expect("sent");
    let mut half_body = service.connect();
    half_body.write_all(b"POST /t1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngrant").expect("sent");
    let deaf = service.connect();
    let began = Instant::now();
    assert_eq!(service.get("/health").status, 200);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(reply(half_body).error(), (408, "timeout".into()));
    for mut stream in [silent, half_header, deaf] {
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn shutting_down_finishes_what_was_begun() {
    let (_dir, mut service) = service();
    let mut begun = service.connect();
    let body = b"grant_type=x";
    let head = format!("POST /t1/token HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    begun.write_all(head.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(300));
    service.tell();
    std::thread::sleep(Duration::from_millis(300));
    begun.write_all(body).expect("sent");
    assert_eq!(reply(begun).error(), (400, "unsupported_grant_type".into()));
    let address = service.address;
    service.end();
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn logs_tell_what_happened_and_to_nobody_whom() {
    let captured = Lines::default();
    let writer = captured.clone();
    let log = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(log).expect("the only one");

    let (dir, service) = service();
    let holder = Key::p256(9);
    let (code, digits) = offered(dir.path(), &order(), true, 1);
    let digits = digits.expect("six digits");
    exchange(&service, &code, "&tx_code=999999x");
    let token = exchange(&service, &code, &format!("&tx_code={digits}")).text("access_token");
    let nonce = nonce(&service);
    let proof = proof(&nonce, &holder).sign();
    assert_eq!(ask_credential(&service, &token, "role_sd_jwt", &proof).status, 200);
    let (gate, signed) = enrolment(30, at(0));
    reopened(dir.path()).enroll_gate(&signed, None, at(10)).expect("enrolled");
    let mut logged = Log::new(gate);
    logged.append("did:key:zSomebody", at(1));
    service.post("/t1/audit", &logged.upload(0, at(50), vec![]));
    let mut fork = Log::new(logged.gate.clone());
    fork.append("did:key:zSomebodyElse", at(1));
    service.post("/t1/audit", &fork.upload(0, at(51), vec![]));
    service.get("/t1/secret-path?secret-query=1");
    service.ask("SECRETMETHOD", "/t1/bundle", &[], b"");
    let record = reopened(dir.path()).credentials(&crate::store::Filter::default()).expect("read").remove(0);
    let grounds = Grounds { cause: Cause::Lost, note: "secret note".into(), operator: "ines".into() };
    reopened(dir.path()).revoke(&record.id, &grounds, at(160)).expect("revoked");
    service.end();

    let log = captured.text();
    for expected in ["/t1/token", "/t1/credential", "picked_up", "audit_fork", "serving", "stopped"] {
        assert!(log.contains(expected), "the log does not tell of {expected}");
    }
    let (gate, holder) = (did::to_did_key(logged.gate.public_key()), record.holder.clone());
    let personal = [
        code.as_str(),
        &digits,
        &token,
        &nonce,
        &proof,
        &gate,
        &holder,
        &record.id,
        "did:key",
        "Quisenberry",
        "Adelheid",
        "badge 17",
        "zSomebody",
        "secret-path",
        "secret-query",
        "SECRETMETHOD",
        "secret note",
        "127.0.0.1",
        "ines",
    ];
    for secret in personal {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[test]
fn any_bytes_get_an_answer() {
    let (dir, service) = service();
    let (code, _) = offered(dir.path(), &order(), false, 1);
    let token = format!("Bearer {}", exchange(&service, &code, "").text("access_token"));
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() });
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[{}\\[\\]\":,a-z0-9&=%+]{0,200}".prop_map(String::into_bytes),
        Just(br#"{"credential_configuration_id":"role_sd_jwt","proofs":{"jwt":[7]}}"#.to_vec()),
        Just(br#"{"credential_configuration_id":"role_sd_jwt","proofs":{"jwt":["a.b.c"]}}"#.to_vec()),
    ];
    runner
        .run(&body, |body| {
            for path in ["/t1/token", "/t1/credential", "/t1/audit", "/t1/nonce"] {
                let reply = service.ask("POST", path, &[("Authorization", &token)], &body);
                prop_assert!(reply.status == 200 && path == "/t1/nonce" || reply.status == 400, "{} {}", path, reply.status);
                prop_assert!(path == "/t1/nonce" || !reply.text("error").is_empty());
            }
            Ok(())
        })
        .expect("every answer is one");
    // Bytes that are no HTTP at all.
    for bytes in [&b"\0\0\0\0"[..], b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0xff; 512]] {
        let mut stream = service.connect();
        drop(stream.write_all(bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&rest));
    }
    assert_eq!(service.get("/health").status, 200);
}
