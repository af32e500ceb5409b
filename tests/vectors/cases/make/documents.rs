//! VCDM documents: every way to secure one, status entries of a Bitstring Status List, and documents that mean something else than
//! they say.

use super::{Arrival, Case, Maker};
use crate::by_hand;
use crate::world::TestRng;
use crate::world::{DAY, HOUR, TestKey, World, at};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use waypass_credential::base64url;
use waypass_credential::data_integrity::Suite;
use waypass_credential::jws;
use waypass_credential::request::{Query, Request};
use waypass_credential::role::{StatusPurpose, StatusReference};
use waypass_credential::vcdm::secured::Securing;
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{KeyUse, ListKind, StatusUri, TrustBundle};
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList, MIN_ENTRIES};

const BITS: &str = "https://clinic.example/bits/1";
const ENTRY: u64 = 94_567;

/// How a list of the case is made, and what the credential says about its entry.
struct Listed {
    /// The purpose of the list.
    list: StatusPurpose,
    /// The purpose that the credential names.
    entry: StatusPurpose,
    /// True if the bit is set.
    set: bool,
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        suite("admit-eddsa-rdfc-2022", "The same with a VCDM 2.0 credential under eddsa-rdfc-2022.", Suite::EddsaRdfc2022),
        suite("admit-ecdsa-jcs-2019", "The same under ecdsa-jcs-2019 with P-256 keys.", Suite::EcdsaJcs2019),
        suite("admit-ecdsa-rdfc-2019", "The same under ecdsa-rdfc-2019 with P-256 keys.", Suite::EcdsaRdfc2019),
        jwt("admit-vc-jwt", "The same as a document in a JWS, vc+jwt in vp+jwt.", str::to_owned, "green", &["ok"]),
        sd_jwt("admit-vc-sd-jwt", "The same as a document in an SD-JWT with key binding, vc+sd-jwt.", |_| None, "green", &["ok"]),
        sd_jwt(
            "vc-sd-jwt-status-withheld",
            "A trusted issuer put the status behind a disclosure, and the holder leaves it out: what decides cannot be withheld.",
            |payload| {
                let status = payload["credentialStatus"].take();
                payload.as_object_mut()?.remove("credentialStatus");
                let disclosure = base64url::encode(format!(r#"["salt","credentialStatus",{status}]"#).as_bytes());
                payload["_sd"] = json!([base64url::encode(&Sha256::digest(disclosure))]);
                Some("vc+sd-jwt")
            },
            "red",
            &["malformed"],
        ),
        sd_jwt(
            "vc-sd-jwt-as-dc-sd-jwt",
            "The header calls the document an SD-JWT VC: the kind that is signed is the kind that is read.",
            |_| Some("dc+sd-jwt"),
            "red",
            &["malformed"],
        ),
        jwt("jwt-alg-none", "The header of the presentation says that nothing signs it.", without_algorithm, "red", &["malformed"]),
        swapped(
            "contexts-in-another-order",
            "Two contexts change places: the statements stay, and what the names mean may not.",
            &format!("{CREDENTIALS},{ROLE}"),
            &format!("{ROLE},{CREDENTIALS}"),
        ),
        swapped(
            "context-added",
            "A context is added after signing: it may mean something, and nobody signed it.",
            ROLE,
            &format!("{ROLE},\"https://www.w3.org/ns/credentials/examples/v2\""),
        ),
        swapped(
            "name-spelled-as-iri",
            "A claim is renamed to the IRI its name stands for: the signature holds, and no reader would find the claim.",
            "\"given_name\":",
            "\"https://www.iana.org/assignments/jwt#given_name\":",
        ),
        Maker::new("valid-until-edge", "A credential is good in the second before its end, and not at its end.")
            .first_bundle()
            .at(HOUR - 1)
            .with(|claims| claims.valid_until = at(HOUR), "amber", &["expires_soon"])
            .at(HOUR)
            .with(|claims| claims.valid_until = at(HOUR), "red", &["expired"])
            .done(),
        bitstring(
            "bitstring-clear",
            "The status stands in a Bitstring Status List, where the bit is not set.",
            &Listed { list: StatusPurpose::Revocation, entry: StatusPurpose::Revocation, set: false },
            ("green", &["ok"]),
        ),
        bitstring(
            "bitstring-revoked",
            "The bit is set in a bitstring for revocation.",
            &Listed { list: StatusPurpose::Revocation, entry: StatusPurpose::Revocation, set: true },
            ("red", &["revoked"]),
        ),
        bitstring(
            "bitstring-suspended",
            "The bit is set in a bitstring for suspension.",
            &Listed { list: StatusPurpose::Suspension, entry: StatusPurpose::Suspension, set: true },
            ("red", &["suspended"]),
        ),
        bitstring(
            "bitstring-of-another-purpose",
            "The credential calls the entry a revocation, the list is for suspensions: neither is taken at its word.",
            &Listed { list: StatusPurpose::Suspension, entry: StatusPurpose::Revocation, set: false },
            ("red", &["malformed"]),
        ),
        bitstring(
            "bitstring-message-only",
            "The only entry is a message: nobody says whether the credential was withdrawn.",
            &Listed { list: StatusPurpose::Message, entry: StatusPurpose::Message, set: false },
            ("grey", &["status_unknown"]),
        ),
    ]
}

const CREDENTIALS: &str = "\"https://www.w3.org/ns/credentials/v2\"";
const ROLE: &str = "\"https://waypass.example/contexts/role/v1\"";

/// A nurse's document in `suite`, by keys it takes.
fn document(maker: &Maker, suite: Suite) -> (Credential, bool) {
    let p256 = matches!(suite, Suite::EcdsaJcs2019 | Suite::EcdsaRdfc2019);
    let world = &maker.world;
    let (issuer, holder) = if p256 { (&world.issuer_p256, &world.holder_p256) } else { (&world.issuer, &world.holder) };
    let claims = World::nurse(issuer, holder, Format::DataIntegrity);
    (Credential::issue(&claims, suite, issuer, &mut TestRng::new("presented")).expect("a document"), p256)
}

fn holder(maker: &Maker, p256: bool) -> &TestKey {
    if p256 { &maker.world.holder_p256 } else { &maker.world.holder }
}

fn suite(name: &'static str, says: &'static str, suite: Suite) -> Case {
    let maker = Maker::new(name, says).first_bundle();
    let (credential, p256) = document(&maker, suite);
    let maker = maker.ask();
    let answer = maker.answer(&credential, holder(&maker, p256));
    maker.present(answer, "green", &["ok"]).done()
}

/// A text of the presented credential is replaced after everybody has signed.
fn swapped(name: &'static str, says: &'static str, find: &str, replace: &str) -> Case {
    let maker = Maker::new(name, says).first_bundle();
    let (credential, p256) = document(&maker, Suite::EddsaRdfc2022);
    let maker = maker.ask();
    let answer = maker.answer(&credential, holder(&maker, p256));
    assert!(answer.contains(find), "{answer}");
    let changed = answer.replacen(find, replace, 1);
    maker.present(changed, "red", &["malformed"]).done()
}

fn jwt(name: &'static str, says: &'static str, change: impl Fn(&str) -> String, level: &str, reasons: &[&str]) -> Case {
    let maker = Maker::new(name, says).first_bundle();
    let claims = World::nurse(&maker.world.issuer, &maker.world.holder, Format::VcJwt);
    let credential = World::issue(&claims, &maker.world.issuer, Format::VcJwt, name);
    let query = Query::for_role(&[Format::VcJwt], &["nurse"], &[]).expect("our query");
    let maker = maker.ask_for(&query);
    let request = Request { query, ..maker.request() };
    let answer = change(&maker.answer_to(&credential, &maker.world.holder, &request));
    maker.present(answer, level, reasons).done()
}

/// A nurse's document in an SD-JWT. `change` may change the payload, which the issuer then signs again under the `typ` that comes back,
/// and the holder presents without disclosures.
fn sd_jwt(
    name: &'static str,
    says: &'static str,
    change: impl Fn(&mut serde_json::Value) -> Option<&'static str>,
    level: &str,
    reasons: &[&str],
) -> Case {
    let query = Query::for_role(&[Format::VcSdJwt], &["nurse"], &[]).expect("our query");
    let maker = Maker::new(name, says).first_bundle().ask_for(&query);
    let (issuer, holder) = (&maker.world.issuer, &maker.world.holder);
    let claims = World::nurse(issuer, holder, Format::VcSdJwt);
    let credential = World::issue(&claims, issuer, Format::VcSdJwt, name);
    let request = Request { query, ..maker.request() };
    let text = str::from_utf8(credential.as_bytes()).expect("text");
    let payload = text.split(['.', '~']).nth(1).expect("a payload");
    let mut payload = serde_json::from_slice(&base64url::decode(payload).expect("base64url")).expect("JSON");
    let answer = match change(&mut payload) {
        None => maker.answer_to(&credential, holder, &request),
        Some(typ) => {
            let jwt = jws::sign(typ, Some(&issuer.key_id()), payload.to_string().as_bytes(), issuer).expect("signs") + "~";
            let bound = by_hand::kb_jwt(&jwt, &request, holder);
            jwt + &bound
        }
    };
    maker.present(answer, level, reasons).done()
}

/// Returns the presentation under `alg` `none`, with no signature.
fn without_algorithm(presentation: &str) -> String {
    let payload = presentation.split('.').nth(1).expect("a payload");
    let header = base64url::encode(br#"{"alg":"none","typ":"vp+jwt","cty":"vp"}"#);
    format!("{header}.{payload}.")
}

fn bitstring(name: &'static str, says: &'static str, listed: &Listed, (level, reasons): (&str, &[&str])) -> Case {
    let maker = Maker::new(name, says);
    let bundle = listing(&maker, listed);
    let maker = maker.install(&bundle, Arrival::Taken);
    let mut claims = World::nurse(&maker.world.issuer, &maker.world.holder, Format::DataIntegrity);
    claims.status = vec![StatusReference::bitstring(BITS, ENTRY, listed.entry)];
    let credential = World::issue(&claims, &maker.world.issuer, Format::DataIntegrity, name);
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder);
    maker.present(answer, level, reasons).done()
}

/// A bundle whose issuer announces a bitstring in addition to its token list.
fn listing(maker: &Maker, listed: &Listed) -> TrustBundle {
    let world = &maker.world;
    let mut targets = world.targets(1, at(0));
    let announced = StatusUri { uri: BITS.into(), max_entries: MIN_ENTRIES, bits: 1, irrevocable: false, kind: ListKind::Bitstring };
    targets.authorities[0].status_uris.push(announced);
    // A list is a credential: its signer is its issuer.
    let signer = TestKey::ed25519("bitstrings");
    targets.authorities[0].keys.push(World::record(&signer, &signer.did(), KeyUse::Status));
    let mut bits = BitstringBuf::new(1, MIN_ENTRIES).expect("a list");
    if listed.set {
        bits.set(ENTRY, 1).expect("an entry of the list");
    }
    let list = BitstringList {
        uri: BITS.into(),
        issuer: signer.did(),
        purposes: vec![listed.list],
        messages: if listed.list == StatusPurpose::Message { vec!["nothing".into(), "bring your badge".into()] } else { Vec::new() },
        issued_at: at(0),
        expires_at: Some(at(30 * DAY)),
        ttl_milliseconds: None,
    };
    let text = list.sign(&bits, Securing::DataIntegrity, &signer.key_id(), &signer).expect("the key signs");
    world.bundle(1, &targets, vec![world.list(at(0), 30 * DAY, &[]), text])
}
