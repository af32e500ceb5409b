//! Inputs as other software makes them: each signed here, after the one change that it is about.

use super::Read;
use crate::by_hand::jcs_proof;
use crate::world::TestRng;
use crate::world::{DAY, ENTRIES, TestKey, World, at};
use sha2::{Digest as _, Sha256};
use waypass_credential::base64url;
use waypass_credential::cbor::{Reader, Writer};
use waypass_credential::did::DidDocument;
use waypass_credential::did::Purpose;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::jws;
use waypass_credential::key::Signer;
use waypass_credential::request::Request;
use waypass_credential::role::StatusPurpose;
use waypass_credential::vcdm::document::Document;
use waypass_credential::vcdm::secured::{Securing, secure};
use waypass_credential::{ClaimPath, Nonce, PathStep};
use waypass_credential::{Credential, Format, Presentation};
use waypass_trust::status::StatusListToken;
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList};

fn object(bytes: &[u8]) -> Object<'static> {
    match json::parse(bytes, Limits::BUNDLE).expect("JSON").into_owned() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

fn text(object: Object<'_>) -> String {
    json::to_string(&Value::Object(object))
}

/// Header and claims of a JWT.
fn parts(jwt: &str) -> (Object<'static>, Object<'static>) {
    let mut parts = jwt.split('.').map(|part| object(&base64url::decode(part).unwrap_or_default()));
    (parts.next().expect("a header"), parts.next().expect("claims"))
}

/// `alg` is as the header says.
fn sign(header: &Object<'_>, claims: Object<'_>, key: &TestKey) -> String {
    let mut header = header.clone();
    let Some(Value::String(name)) = header.remove("alg") else { panic!("no alg") };
    jws::sign_named(&name, &header, text(claims).as_bytes(), key).expect("signed")
}

/// The words of a refusal.
fn words(why: impl core::fmt::Display) -> String {
    why.to_string()
}

fn verifies(world: &World, bytes: &[u8]) -> Read {
    Credential::parse(bytes, &KnownContexts::new()).map_err(words)?.verify(world.issuer.public_key()).map(drop).map_err(words)
}

fn nurse(world: &World, format: Format) -> Credential {
    World::issue(&World::nurse(&world.issuer, &world.holder, format), &world.issuer, format, "read by others")
}

fn request(world: &World) -> Request {
    Request {
        client_id: world.gate.did(),
        nonce: Nonce::random(&mut crate::world::TestRng::new("nonce")),
        issued_at: at(0),
        expires_at: at(60),
        purpose: "Entry".into(),
        query: World::query(),
        code: None,
    }
}

/// An SD-JWT VC of another issuer, with everything in the open.
pub(super) fn sd_jwt(world: &World, change: impl Fn(&mut Object<'static>, &mut Object<'static>)) -> Read {
    let ours = nurse(world, Format::SdJwtVc);
    let (mut header, mut claims) = parts(core::str::from_utf8(ours.as_bytes()).expect("text").split('~').next().expect("a JWT"));
    claims.remove("_sd");
    claims.set("roles", Value::from_iter(["nurse", "staff"]));
    change(&mut header, &mut claims);
    verifies(world, format!("{}~", sign(&header, claims, &world.issuer)).as_bytes())
}

/// One whose whole list of roles is behind a disclosure.
pub(super) fn withheld(world: &World) -> Read {
    let disclosure = base64url::encode(br#"["c2FsdA","roles",["nurse","staff"]]"#);
    let digest = base64url::encode(&Sha256::digest(&disclosure));
    let (header, mut claims) =
        parts(core::str::from_utf8(nurse(world, Format::SdJwtVc).as_bytes()).expect("text").split('~').next().expect("a JWT"));
    claims.remove("roles");
    claims.set("_sd", Value::from_iter([digest]));
    verifies(world, format!("{}~{disclosure}~", sign(&header, claims, &world.issuer)).as_bytes())
}

/// The answer of another wallet, whose KB-JWT is signed here.
pub(super) fn kb_jwt(world: &World, change: impl Fn(&mut Object<'static>)) -> Read {
    bound(world, "EdDSA", change)
}

/// The answer of another wallet, whose KB-JWT gives its algorithm another name.
pub(super) fn kb_jwt_under(world: &World, name: &'static str) -> Read {
    bound(world, name, |_| ())
}

fn bound(world: &World, name: &'static str, change: impl Fn(&mut Object<'static>)) -> Read {
    let request = request(world);
    let shown = nurse(world, Format::SdJwtVc)
        .present(&[role()], &request.binding(), at(0), &world.holder, &mut TestRng::new("presented"))
        .expect("presented");
    let shown = String::from_utf8(shown.as_bytes().to_vec()).expect("text");
    let (credential, bound) = shown.split_at(shown.rfind('~').expect("a KB-JWT") + 1);
    let (mut header, mut claims) = parts(bound);
    header.set("alg", name);
    change(&mut claims);
    answers(world, &request, (credential.to_owned() + &sign(&header, claims, &world.holder)).as_bytes())
}

fn role() -> ClaimPath {
    ClaimPath::names(["roles"]).then(PathStep::Index(0))
}

fn answers(world: &World, request: &Request, bytes: &[u8]) -> Read {
    let shown = Presentation::parse(bytes, &KnownContexts::new()).map_err(words)?;
    shown.verify_holder(world.holder.public_key(), &request.binding()).map(drop).map_err(words)
}

/// A credential in an envelope of JOSE.
pub(super) fn vc_jwt(world: &World, change: impl Fn(&mut Object<'static>, &mut Object<'static>)) -> Read {
    let (mut header, mut claims) = parts(core::str::from_utf8(nurse(world, Format::VcJwt).as_bytes()).expect("text"));
    change(&mut header, &mut claims);
    verifies(world, sign(&header, claims, &world.issuer).as_bytes())
}

/// A presentation in one.
pub(super) fn vp_jwt(world: &World, change: impl Fn(&mut Object<'static>)) -> Read {
    let request = request(world);
    let shown = nurse(world, Format::VcJwt)
        .present(&[], &request.binding(), at(0), &world.holder, &mut TestRng::new("presented"))
        .expect("presented");
    let (header, mut claims) = parts(core::str::from_utf8(shown.as_bytes()).expect("text"));
    change(&mut claims);
    answers(world, &request, sign(&header, claims, &world.holder).as_bytes())
}

/// A document of any type with an inline context.
pub(super) fn any(context: &str, claims: &str) -> Read {
    let document = format!(
        r#"{{"@context": ["https://www.w3.org/ns/credentials/v2", {context}], "type": ["VerifiableCredential"],
            "issuer": "did:example:north", "credentialSubject": {{"id": "did:example:ada", {claims}}}}}"#
    );
    Document::credential(object(document.as_bytes())).map(drop).map_err(words)
}

/// The document of a did:web with one key of this kind.
pub(super) fn did_web(kind: &str) -> Read {
    let did = "did:web:clinic.example";
    let key = TestKey::ed25519("did:web").public_key().to_multikey();
    let document = format!(
        r##"{{"id": "{did}", "verificationMethod": [{{"id": "#k", "type": "{kind}", "controller": "{did}", "publicKeyMultibase": "{key}"}}],
            "assertionMethod": ["#k"]}}"##
    );
    let document = DidDocument::parse(document.as_bytes(), did).map_err(words)?;
    document.key(&format!("{did}#k"), Purpose::AssertionMethod, at(0)).map(drop).map_err(words)
}

/// A status list token.
pub(super) fn token(world: &World, change: impl Fn(&mut Object<'static>, &mut Object<'static>)) -> Read {
    let (mut header, mut claims) = parts(&world.list(at(0), 30 * DAY, &[]));
    change(&mut header, &mut claims);
    let text = sign(&header, claims, &world.status);
    StatusListToken::verify(&text, world.status.public_key(), 1 << 20).map(drop).map_err(words)
}

/// A proof in eddsa-jcs-2022 with these options, whatever they are.
fn sealed(document: Object<'static>, mut options: Object<'static>, key: &TestKey) -> Object<'static> {
    options.remove("proofValue");
    let proof = jcs_proof(&document, &options, &[], key);
    document.with("proof", proof)
}

fn apart(bytes: &[u8]) -> (Object<'static>, Object<'static>) {
    let mut document = object(bytes);
    let Some(Value::Object(proof)) = document.remove("proof") else { panic!("one proof") };
    (document, proof)
}

/// A credential with a Data Integrity proof.
pub(super) fn document(world: &World, change: impl Fn(&mut Object<'static>, &mut Object<'static>)) -> Read {
    let (mut document, mut proof) = apart(nurse(world, Format::DataIntegrity).as_bytes());
    change(&mut document, &mut proof);
    verifies(world, text(sealed(document, proof, &world.issuer)).as_bytes())
}

/// A presentation with a Data Integrity proof, which may be a list of one.
pub(super) fn presentation(world: &World, change: impl Fn(&mut Object<'static>, &mut Object<'static>), listed: bool) -> Read {
    let request = request(world);
    let shown = nurse(world, Format::DataIntegrity)
        .present(&[], &request.binding(), at(0), &world.holder, &mut TestRng::new("presented"))
        .expect("presented");
    let (mut document, mut proof) = apart(shown.as_bytes());
    change(&mut document, &mut proof);
    let mut document = sealed(document, proof, &world.holder);
    if listed {
        super::wrap(&mut document, "proof");
    }
    answers(world, &request, text(document).as_bytes())
}

/// A COSE_Sign1 whose protected header has these labels in this order.
pub(super) fn cose(world: &World, labels: &[i64], tagged: bool) -> Read {
    let ours = nurse(world, Format::VcCose);
    let (tag, untagged) = ours.as_bytes().split_first().expect("a message");
    let mut reader = Reader::new(untagged);
    reader.array_of(4).expect("four parts");
    reader.bytes().expect("a protected header");
    reader.map_of(0).expect("nothing unprotected");
    let payload = reader.bytes().expect("a payload");
    let mut header = Writer::with_capacity(256);
    header.map(labels.len());
    for label in labels {
        header.signed(*label);
        match label {
            1 => header.signed(-8),
            3 => header.text("application/vc"),
            4 => header.bytes(world.issuer.key_id().as_bytes()),
            _ => header.text("application/vc+cose"),
        };
    }
    let header = header.into_bytes();
    let mut signed = Writer::with_capacity(4096);
    signed.array(4).text("Signature1").bytes(&header).bytes(b"").bytes(payload);
    let signature = world.issuer.sign(&signed.into_bytes()).expect("signed");
    let mut message = Writer::with_capacity(4096);
    message.array(4).bytes(&header).map(0).bytes(payload).bytes(&signature);
    let message = message.into_bytes();
    verifies(world, &if tagged { [&[*tag], &message[..]].concat() } else { message })
}

/// A bitstring status list credential, whose proof may be a list of one.
pub(super) fn bitstring(world: &World, change: impl Fn(&mut Object<'static>), listed: bool) -> Read {
    let list = BitstringList {
        uri: "https://clinic.example/lists/2".into(),
        issuer: world.status.did(),
        purposes: vec![StatusPurpose::Revocation],
        messages: Vec::new(),
        issued_at: at(0),
        expires_at: Some(at(30 * DAY)),
        ttl_milliseconds: None,
    };
    let bits = BitstringBuf::new(1, ENTRIES.max(131_072)).expect("a list");
    let mut document = list.document(&bits).expect("a document");
    change(&mut document);
    let bytes = secure(document, Securing::DataIntegrity, &world.status.key_id(), at(0), &world.status).expect("signed");
    let mut document = object(&bytes);
    if listed {
        super::wrap(&mut document, "proof");
    }
    BitstringList::verify(&text(document), world.status.public_key(), 1 << 20).map(drop).map_err(words)
}

/// A list of 16 KiB of zeros, compressed in so many members (RFC 1952 §2.2), none of which is really compressed (RFC 1951 §3.2.4).
pub(super) fn gzip(world: &World, members: usize) -> Read {
    let content = vec![0; 16 * 1024 / members];
    let mut bytes = Vec::new();
    for _ in 0..members {
        let len = u16::try_from(content.len()).expect("one block");
        bytes.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]);
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&(!len).to_le_bytes());
        bytes.extend_from_slice(&content);
        bytes.extend_from_slice(&crc32(&content).to_le_bytes());
        bytes.extend_from_slice(&u32::from(len).to_le_bytes());
    }
    let encoded = format!("u{}", base64url::encode(&bytes));
    let change = |document: &mut Object<'static>| {
        let Some(Value::Object(mut subject)) = document.remove("credentialSubject") else { panic!("a subject") };
        subject.set("encodedList", encoded.clone());
        document.set("credentialSubject", subject);
    };
    self::bitstring(world, change, false)
}

/// RFC 1952 §8.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)));
    !bytes.iter().fold(u32::MAX, step)
}
