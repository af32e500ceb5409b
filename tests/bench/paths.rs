//! The paths that are measured, each against the raw verifications it contains.

use crate::measure::{Ratio, least, long};
use crate::world::{TestKey, TestRng, World, at};
use rand_core::Rng as _;
use std::time::Duration;
use waypass_credential::Issuance;
use waypass_credential::data_integrity::{Options, Suite};
use waypass_credential::did::Purpose;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, Signer};
use waypass_credential::request::Request;
use waypass_credential::role::StatusPurpose;
use waypass_credential::vcdm::document::Document;
use waypass_credential::vcdm::secured::Securing;
use waypass_credential::{Binding, ClaimPath, Nonce};
use waypass_credential::{Credential, Format, IssueError, Malformed, Presentation};
use waypass_trust::bundle::Digest;
use waypass_trust::policy::RolePolicy;
use waypass_trust::reason::Level;
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList};
use waypass_trust::time::Reading;
use waypass_verifier::{Challenge, Checkpoint, DeviceState, GateIdentity};

pub(crate) fn gated(world: &World) -> Vec<Ratio> {
    vec![
        data_integrity(world, &world.issuer, Suite::EddsaJcs2022, [12, 8, 8], 1.3),
        // 58 statements: they are written, sorted and hashed before the signature.
        data_integrity(world, &world.issuer, Suite::EddsaRdfc2022, [20, 14, 11], 2.3),
        data_integrity(world, &world.issuer_p256, Suite::EcdsaRdfc2019, [20, 14, 11], 2.0),
        carried_context(world),
        vc_jwt(world, &world.issuer, "VC-JWT credential, EdDSA"),
        vc_jwt(world, &world.issuer_p256, "VC-JWT credential, ES256"),
        issue(world),
        decision(world),
        sd_jwt(world, [&world.issuer_p256, &world.holder_p256], "SD-JWT VC + KB, 5 of 20 disclosed, ES256"),
        sd_jwt(world, [&world.issuer, &world.holder], "SD-JWT VC + KB, 5 of 20 disclosed, EdDSA"),
        sd_cwt(world, [&world.issuer_p256, &world.holder_p256], "SD-CWT decision, 2 of 3 roles, ES256"),
        sd_cwt(world, [&world.issuer, &world.holder], "SD-CWT decision, 2 of 3 roles, EdDSA"),
        poison(world),
    ]
}

pub(crate) fn reported(world: &World) -> Vec<(&'static str, Duration)> {
    let sign = |key: &TestKey| key.sign(&MESSAGE).expect("signs");
    let claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    vec![
        ("raw Ed25519 verification", raw(&world.issuer)),
        ("raw P-256 verification", raw(&world.issuer_p256)),
        ("raw Ed25519 signature", least(|| sign(&world.issuer))),
        ("ingest a bitstring of 1,000,000, 10,000 set", ingest(&world.issuer)),
        ("issue eddsa-jcs-2022", least(|| World::issue(&claims, &world.issuer, Format::DataIntegrity, "bench"))),
    ]
}

/// A published Bitstring Status List, its proof checked and its bits inflated.
fn ingest(issuer: &TestKey) -> Duration {
    let bits = million();
    let list = BitstringList {
        uri: "https://issuer.example/lists/1".into(),
        issuer: issuer.did(),
        purposes: vec![StatusPurpose::Revocation],
        messages: Vec::new(),
        issued_at: at(0),
        expires_at: Some(at(86_400)),
        ttl_milliseconds: None,
    };
    let text = list.sign(&bits, Securing::DataIntegrity, &issuer.key_id(), issuer).expect("signed");
    least(|| BitstringList::verify(&text, issuer.public_key(), 125_000).expect("verifies"))
}

/// 1,000,000 entries, 10,000 of which are set.
fn million() -> BitstringBuf {
    let mut bits = BitstringBuf::new(1, 1_000_000).expect("a list");
    let mut rng = TestRng::new("a bitstring");
    for _ in 0..10_000 {
        bits.set(u64::from(rng.next_u32()) % 1_000_000, 1).expect("within");
    }
    bits
}

/// As long as the hash pair that an eddsa-jcs-2022 signature covers.
const MESSAGE: [u8; 64] = [7; 64];

fn raw(key: &TestKey) -> Duration {
    let signature = key.sign(&MESSAGE).expect("signs");
    least(|| key.public_key().verify(&MESSAGE, &signature))
}

/// A credential of about 1.8 kB with so many roles, sites and zones, read from bytes and verified.
fn data_integrity(world: &World, issuer: &TestKey, suite: Suite, [roles, sites, zones]: [u8; 3], target: f64) -> Ratio {
    let mut claims = World::nurse(issuer, &world.holder, Format::DataIntegrity);
    claims.roles = (0..roles).map(|n| format!("ward-nurse-{n}")).collect();
    claims.sites = (0..sites).map(|n| format!("clinic-site-{n}")).collect();
    claims.zones = (0..zones).map(|n| format!("zone-{n}")).collect();
    let bytes = Credential::issue(&claims, suite, issuer, &mut TestRng::new("bench")).expect("a credential").as_bytes().to_vec();
    let key = issuer.public_key();
    let signature = issuer.sign(&MESSAGE).expect("signs");
    let name = match suite {
        Suite::EddsaJcs2022 => "eddsa-jcs-2022 credential",
        Suite::EcdsaJcs2019 => "ecdsa-jcs-2019 credential",
        Suite::EddsaRdfc2022 => "eddsa-rdfc-2022 credential",
        Suite::EcdsaRdfc2019 => "ecdsa-rdfc-2019 credential",
    };
    Ratio::of(
        name,
        target,
        || key.verify(&MESSAGE, &signature),
        || {
            let credential = Credential::parse(&bytes, &KnownContexts::new()).expect("parses");
            credential.verify(key).expect("verifies").role().roles.len()
        },
    )
}

/// A document without a canonical form that can be found, until it is refused: many nodes that nothing tells apart. No role credential
/// has such nodes; the VC API reads documents of any type.
fn poison(world: &World) -> Ratio {
    let star = format!(r#"{{"near": [{}]}}"#, [r#"{"p": "alike"}"#; 64].join(", "));
    let alike = format!("[{star}, {star}]");
    let text = format!(
        r#"{{"@context": ["https://www.w3.org/ns/credentials/v2", {{"near": "urn:near", "p": "urn:p"}}], "type": ["VerifiableCredential"],
            "issuer": "did:example:1", "credentialSubject": {{"near": {alike}}}}}"#
    );
    let Ok(Value::Object(document)) = json::parse(text.as_bytes(), Limits::CREDENTIAL) else { panic!("an object") };
    let method = world.issuer.key_id();
    let options = Options {
        verification_method: &method,
        purpose: Purpose::AssertionMethod,
        created: None,
        expires: None,
        challenge: None,
        domain: None,
    };
    let signature = world.issuer.sign(&MESSAGE).expect("signs");
    long(
        "a poison graph, refused",
        1850.0,
        || world.issuer.public_key().verify(&MESSAGE, &signature),
        || {
            let document = Document::credential(document.clone()).expect("a credential");
            let refused = document.secure(Suite::EddsaRdfc2022, &options, &world.issuer).map(drop);
            assert!(matches!(refused, Err(IssueError::Malformed(Malformed::Rdfc(_)))), "{refused:?}");
        },
    )
}

/// Returns a context that defines so many claims.
fn carried(claims: usize) -> KnownContexts {
    const ID: &str = "https://clinic.example/contexts/bench/v1";
    let terms: Vec<String> = (0..claims).map(|n| format!(r#""claim_{n}": "https://clinic.example/vocab#claim{n}""#)).collect();
    let document = format!(r#"{{"@context": {{"@protected": true, {}}}}}"#, terms.join(", "));
    let mut known = KnownContexts::new();
    known.carry(ID, &Digest::of(document.as_bytes()).0, document.as_bytes()).expect("a context");
    known
}

/// Measures a document of that size under a context of the bundle, with 20 claims that only it defines. Its table was compiled when the
/// bundle was opened.
fn carried_context(world: &World) -> Ratio {
    let known = carried(60);
    let mut claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    claims.personal = (0..20).fold(Object::new(), |object, n| object.with(format!("claim_{n}"), format!("value number {n}")));
    claims.sites = (0..14).map(|n| format!("clinic-site-{n}")).collect();
    claims.zones = (0..11).map(|n| format!("zone-{n}")).collect();
    let signed =
        Credential::issue(&claims, Issuance { contexts: &known, ..Suite::EddsaRdfc2022.into() }, &world.issuer, &mut TestRng::new("bench"))
            .expect("a credential");
    let (bytes, key) = (signed.as_bytes().to_vec(), world.issuer.public_key());
    let signature = world.issuer.sign(&MESSAGE).expect("signs");
    Ratio::of(
        "eddsa-rdfc-2022, context from the bundle",
        12.0,
        || key.verify(&MESSAGE, &signature),
        || {
            let credential = Credential::parse(&bytes, &known).expect("parses");
            credential.verify(key).expect("verifies").role().roles.len()
        },
    )
}

/// A credential as a JWS, read from bytes and verified. The raw verification is that of the text that was signed.
fn vc_jwt(world: &World, issuer: &TestKey, name: &'static str) -> Ratio {
    let claims = World::nurse(issuer, &world.holder, Format::VcJwt);
    let bytes = World::issue(&claims, issuer, Format::VcJwt, "bench").as_bytes().to_vec();
    let (signed, _) = core::str::from_utf8(&bytes).expect("text").rsplit_once('.').expect("a JWS");
    let signature = issuer.sign(signed.as_bytes()).expect("signs");
    Ratio::of(
        name,
        1.3,
        || issuer.public_key().verify(signed.as_bytes(), &signature),
        || {
            let credential = Credential::parse(&bytes, &KnownContexts::new()).expect("parses");
            credential.verify(issuer.public_key()).expect("verifies").role().roles.len()
        },
    )
}

/// Issuing in eddsa-rdfc-2022: 25 us, compared with a raw signature of 12.8 us.
fn issue(world: &World) -> Ratio {
    let claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    Ratio::of(
        "issue eddsa-rdfc-2022, to a raw signature",
        2.95,
        || world.issuer.sign(&MESSAGE).expect("signs"),
        || {
            Credential::issue(&claims, Suite::EddsaRdfc2022, &world.issuer, &mut TestRng::new("bench"))
                .expect("a credential")
                .as_bytes()
                .len()
        },
    )
}

/// A presentation with 5 of 20 claims, issuer signature and holder binding checked.
fn sd_jwt(world: &World, [issuer, holder]: [&TestKey; 2], name: &'static str) -> Ratio {
    let mut claims = World::nurse(issuer, holder, Format::SdJwtVc);
    claims.personal = (0..18).fold(Object::new(), |object, n| object.with(format!("claim_{n}"), format!("value number {n}")));
    let credential = World::issue(&claims, issuer, Format::SdJwtVc, "bench");
    let request = Request {
        client_id: world.gate.did(),
        nonce: Nonce([9; 16]),
        issued_at: at(0),
        expires_at: at(60),
        purpose: "bench".into(),
        query: World::query(),
        code: None,
    };
    let mut disclose: Vec<ClaimPath> = vec![ClaimPath::names(["roles"]).then(0), ClaimPath::names(["roles"]).then(1)];
    disclose.extend((0..3).map(|n| ClaimPath::names([format!("claim_{n}").as_str()])));
    let bytes =
        credential.present(&disclose, &request.binding(), at(1), holder, &mut TestRng::new("bench")).expect("presents").as_bytes().to_vec();
    // The raw verifications are those of the two texts that were signed: hashing a long one is part of checking it.
    let text = core::str::from_utf8(&bytes).expect("text");
    let signed = |jwt: &str| jwt.rsplit_once('.').expect("a JWS").0.to_owned();
    let issued = signed(text.split_once('~').expect("an SD-JWT").0);
    let bound = signed(text.rsplit_once('~').expect("an SD-JWT").1);
    let (by_issuer, by_holder) = (issuer.sign(issued.as_bytes()).expect("signs"), holder.sign(bound.as_bytes()).expect("signs"));
    // One raw Ed25519 verification takes 36 or 43 us, by where the linker puts it; P-256 does not vary so.
    let target = if issuer.public_key().algorithm() == Algorithm::EdDsa { 1.3 } else { 1.2 };
    Ratio::of(
        name,
        target,
        || (issuer.public_key().verify(issued.as_bytes(), &by_issuer), holder.public_key().verify(bound.as_bytes(), &by_holder)),
        || {
            let presentation = Presentation::parse(&bytes, &KnownContexts::new()).expect("parses");
            let verified = presentation.credential().verify(issuer.public_key()).expect("verifies");
            let bound = verified.role().holder.as_ref().expect("a bound key").key().expect("a key");
            presentation.verify_holder(&bound, &request.binding()).expect("answers")
        },
    )
}

/// An answer that fits into one code: issuer signature, disclosures and key binding token checked.
fn sd_cwt(world: &World, [issuer, holder]: [&TestKey; 2], name: &'static str) -> Ratio {
    let mut claims = World::nurse(issuer, holder, Format::SdCwt);
    claims.roles = ["nurse", "staff", "visitor"].map(Into::into).to_vec();
    claims.personal = Object::new();
    let credential = World::issue(&claims, issuer, Format::SdCwt, "bench");
    let gate = world.gate.did();
    let binding = Binding::challenge(&Nonce([9; 16]), &gate);
    let disclose = [ClaimPath::names(["roles"]).then(0), ClaimPath::names(["roles"]).then(1)];
    let bytes = credential.present(&disclose, &binding, at(1), holder, &mut TestRng::new("bench")).expect("presents").as_bytes().to_vec();
    // The raw verifications are those of texts as long as the two that were signed.
    let (issued, bound) = (vec![7; credential.as_bytes().len()], vec![7; bytes.len()]);
    let (by_issuer, by_holder) = (issuer.sign(&issued).expect("signs"), holder.sign(&bound).expect("signs"));
    Ratio::of(
        name,
        1.25,
        || (issuer.public_key().verify(&issued, &by_issuer), holder.public_key().verify(&bound, &by_holder)),
        || {
            let presentation = Presentation::parse(&bytes, &KnownContexts::new()).expect("parses");
            let verified = presentation.credential().verify(issuer.public_key()).expect("verifies");
            let bound = verified.role().holder.as_ref().expect("a bound key").key().expect("a key");
            presentation.verify_holder(&bound, &binding).expect("answers")
        },
    )
}

/// The whole decision about the ES256 presentation of a nurse: challenge, assessment, status, freshness, policy, audit leaf, and the bytes
/// that become durable. 1.2 for the two proofs and 30 us for the rest, which are 0.44 of two P-256 verifications of 34.4 us.
fn decision(world: &World) -> Ratio {
    let claims = World::nurse(&world.issuer_p256, &world.holder_p256, Format::SdJwtVc);
    let credential = World::issue(&claims, &world.issuer_p256, Format::SdJwtVc, "bench");
    let bundle = world.first_bundle();
    let policy = RolePolicy::compile(bundle.policy()).expect("the default policy");
    let gate = GateIdentity { id: world.gate.did(), name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() };
    let mut checkpoint = Checkpoint::new(gate, &bundle, &policy, DeviceState::new(&world.gate.did()));
    let moment = checkpoint.observe(&Reading { wall: at(10), boottime_ms: 1000, boot_id: [1; 16] });
    let (challenge, request) = checkpoint.ask(World::query(), "bench", &moment, &mut TestRng::new("bench"));
    let challenge = challenge.to_bytes();
    let verified = credential.verify(world.issuer_p256.public_key()).expect("verifies");
    let wanted = request.query.first_match(verified.claims(), Format::SdJwtVc, &verified.role().kind).expect("a nurse");
    let bytes = credential
        .present(&wanted.paths, &request.binding(), at(11), &world.holder_p256, &mut TestRng::new("bench"))
        .expect("presents")
        .as_bytes()
        .to_vec();
    let (issuer_signature, holder_signature) =
        (world.issuer_p256.sign(&MESSAGE).expect("signs"), world.holder_p256.sign(&MESSAGE).expect("signs"));
    Ratio::of(
        "whole decision, SD-JWT VC + KB, ES256",
        1.64,
        || {
            (
                world.issuer_p256.public_key().verify(&MESSAGE, &issuer_signature),
                world.holder_p256.public_key().verify(&MESSAGE, &holder_signature),
            )
        },
        || {
            let challenge = Challenge::from_bytes(&challenge).expect("our challenge");
            let (decision, commit) = checkpoint.step(&bytes, challenge, &moment, &mut TestRng::new("unasked"));
            assert_eq!(decision.level(), Level::Green);
            (commit.entry().to_bytes(), commit.state_bytes())
        },
    )
}
