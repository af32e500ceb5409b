use super::{CreateError, NAME, Proof, create, hash};
use crate::json::{self, Limits, Object, Value};
use crate::key::{InvalidProof, PublicKey, SignError, Signature, Signer};
use crate::proof::{Options, ProofError, Purpose};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec};
use ed25519_dalek::Signer as _;

struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Key {
    fn new(seed: u8) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a key");
        Self(secret, public)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

struct P256(PublicKey);

impl Signer for P256 {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        unreachable!("the suite asks no P-256 key to sign")
    }
}

fn p256() -> PublicKey {
    PublicKey::from_multikey("zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv").expect("a key")
}

fn object(text: &str) -> Object<'_> {
    match json::parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON") {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

fn options() -> Options<'static> {
    Options {
        verification_method: "did:example:a#key",
        purpose: Purpose::AssertionMethod,
        created: Timestamp::from_unix(1_795_172_571),
        expires: None,
        challenge: None,
        domain: None,
    }
}

const DOCUMENT: &str = r#"{"z":1,"@context":["https://a.example/1","https://a.example/2"],"a":{"y":[1.50,"é"],"b":null}}"#;

fn signed() -> Object<'static> {
    let document = object(DOCUMENT);
    let proof = create(&document, &options(), &Key::new(1)).expect("signs");
    document.with("proof", proof)
}

fn with_proof(member: &'static str, value: impl Into<Value<'static>>) -> Object<'static> {
    let mut document = signed();
    let Some(Value::Object(proof)) = document.remove("proof") else { panic!("no proof") };
    document.with("proof", proof.with(member, value))
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let document = signed();
    let proof = Proof::read(&document).expect("a proof");
    assert_eq!(proof.options, options());
    assert_eq!(proof.seal.verify(&Key::new(1).1), Ok(()));
    assert_eq!(proof.seal.verify(&Key::new(2).1), Err(InvalidProof));
    assert_eq!(proof.seal.verify(&p256()), Err(InvalidProof));
    for (name, value) in [("z", Value::from(2)), ("new", Value::from(1)), ("a", Value::Null)] {
        let changed = document.clone().with(name, value);
        assert_eq!(Proof::read(&changed).expect("a proof").seal.verify(&Key::new(1).1), Err(InvalidProof), "{name}");
    }
}

#[test]
fn every_option_is_signed() {
    for (name, value) in [
        ("created", "2026-11-20T11:02:52Z"),
        ("expires", "2027-11-20T11:02:52Z"),
        ("challenge", "c"),
        ("domain", "d"),
        ("nonce", "n"),
        ("id", "urn:x"),
        ("proofPurpose", "authentication"),
        ("verificationMethod", "did:example:b#key"),
    ] {
        let changed = with_proof(name, value);
        assert_eq!(Proof::read(&changed).expect("a proof").seal.verify(&Key::new(1).1), Err(InvalidProof), "{name}");
    }
}

#[test]
fn order_and_spelling_of_the_json_do_not_matter() {
    let text = json::to_string(&Value::Object(signed())).replace("1.5,", "15e-1 ,").replace('é', "\\u00E9");
    assert_eq!(Proof::read(&object(&text)).expect("a proof").seal.verify(&Key::new(1).1), Ok(()));
}

#[test]
fn the_proofs_contexts_are_the_documents_first() {
    let context = |items: &[&str]| items.iter().map(|item| Value::from((*item).to_owned())).collect::<Value<'static>>();
    // A context appended to the document was not there when it was signed: by §3.3.2 the proof still holds.
    let longer = signed().with("@context", context(&["https://a.example/1", "https://a.example/2", "https://a.example/3"]));
    assert_eq!(Proof::read(&longer).expect("a proof").seal.verify(&Key::new(1).1), Ok(()));
    for other in [context(&["https://a.example/2", "https://a.example/1"]), context(&["https://a.example/1"]), context(&[])] {
        assert_eq!(Proof::read(&signed().with("@context", other)), Err(ProofError::Context));
    }
    let mut without = signed();
    without.remove("@context");
    assert_eq!(Proof::read(&without), Err(ProofError::Context));
    // A proof cut down to one context reads, but does not verify.
    let shorter = with_proof("@context", context(&["https://a.example/1"]));
    assert_eq!(Proof::read(&shorter).expect("a proof").seal.verify(&Key::new(1).1), Err(InvalidProof));
}

#[test]
fn other_proofs_are_refused() {
    let refused = |name, value: &'static str| Proof::read(&with_proof(name, value)).expect_err(name);
    assert_eq!(refused("type", "Ed25519Signature2020"), ProofError::Unsupported);
    assert_eq!(refused("cryptosuite", "eddsa-rdfc-2022"), ProofError::Unsupported);
    assert_eq!(refused("proofPurpose", "keyAgreement"), ProofError::Unsupported);
    assert_eq!(refused("previousProof", "urn:uuid:1"), ProofError::UndefinedTerm);
    assert_eq!(refused("extra", "x"), ProofError::UndefinedTerm);
    assert_eq!(refused("created", "2026-11-20"), ProofError::OutOfRange("created"));
    assert_eq!(refused("expires", "never"), ProofError::OutOfRange("expires"));
    assert_eq!(Proof::read(&with_proof("challenge", 1)), Err(ProofError::WrongType("challenge")));
    assert_eq!(Proof::read(&object("{}")), Err(ProofError::Missing("proof")));
    assert_eq!(Proof::read(&object(r#"{"proof":[{}]}"#)), Err(ProofError::WrongType("proof")));
    for name in ["type", "cryptosuite", "proofPurpose", "verificationMethod", "proofValue"] {
        let mut document = signed();
        let Some(Value::Object(mut proof)) = document.remove("proof") else { panic!("no proof") };
        proof.remove(name);
        assert_eq!(Proof::read(&document.with("proof", proof)), Err(ProofError::Missing(name)));
    }
}

#[test]
fn a_proof_value_is_64_bytes_of_base58() {
    let encode = |base, bytes: &[u8]| multibase::encode(base, bytes);
    let z = multibase::Base::Base58Btc;
    for bad in [
        String::new(),
        String::from("z"),
        encode(z, &[7; 63]),
        encode(z, &[7; 65]),
        encode(multibase::Base::Base64Url, &[7; 64]),
        encode(multibase::Base::Base58Flickr, &[7; 64]),
        encode(z, &[7; 64]).replace('z', "z0"),
        encode(z, &vec![7; 60_000]),
    ] {
        assert_eq!(Proof::read(&with_proof("proofValue", bad)), Err(ProofError::OutOfRange("proofValue")));
    }
}

#[test]
fn only_ed25519_signs() {
    assert_eq!(create(&object(DOCUMENT), &options(), &P256(p256())), Err(CreateError::Algorithm));
}

#[test]
fn the_options_hash_comes_first() {
    let document = object(DOCUMENT);
    let (one, other) = (Object::new().with("cryptosuite", NAME), Object::new().with("cryptosuite", "x"));
    let (one, other) = (hash(&document, &one), hash(&document, &other));
    assert_ne!(one[..32], other[..32]);
    assert_eq!(one[32..], other[32..]);
}
