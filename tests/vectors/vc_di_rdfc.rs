//! The RDFC suites of Data Integrity EdDSA Cryptosuites 1.0 (appendix B.1) and Data Integrity ECDSA Cryptosuites 1.0 (appendix A) step
//! by step, in both directions. ECDSA signatures are not deterministic: everything before them is compared byte for byte, the
//! published one is checked and one of our own made.

use super::suite::{Suite as Vectors, hex, run, text};
use crate::data_integrity::rdfc::{configure, hash_algorithm, transform};
use crate::data_integrity::set::SetError;
use crate::data_integrity::{Options, Proof, ProofError, ProofSet, Standing, Suite, create, hash};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::{KnownContexts, LdError};
use crate::key::{Algorithm, InvalidProof, PublicKey, SignError, Signature, Signer};
use p256::ecdsa::signature::Signer as _;
use sha2::{Digest, Sha256, Sha384};
use std::prelude::rust_2024::*;
use std::{format, panic};

static KNOWN: KnownContexts = KnownContexts::new();

/// The vectors that were published for one kind of key.
struct Published {
    folder: &'static str,
    /// The endings of the names of its files.
    suffix: &'static str,
    algorithm: Algorithm,
}

struct Key {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(match &self.secret {
            Secret::Ed25519(secret) => secret.sign(message).to_bytes().into(),
            Secret::P256(secret) => {
                let signature: p256::ecdsa::Signature = secret.sign(message);
                Signature::Short(signature.to_bytes().into())
            }
            Secret::P384(secret) => {
                let signature: p384::ecdsa::Signature = secret.sign(message);
                Signature::Long(signature.to_bytes().into())
            }
        })
    }
}

impl Key {
    /// The published key pair. The private half is multibase over a codec of two bytes and the secret.
    fn published(suite: &Vectors, algorithm: Algorithm) -> Self {
        let (file, private) = match algorithm {
            Algorithm::EdDsa => ("keyPair.json", "privateKeyMultibase"),
            Algorithm::Es256 => ("p256KeyPair.json", "secretKeyMultibase"),
            Algorithm::Es384 => ("p384KeyPair.json", "secretKeyMultibase"),
        };
        let pair = suite.json(file);
        let (_, bytes) = multibase::decode(text(&pair[private])).expect("multibase");
        let secret = match algorithm {
            Algorithm::EdDsa => Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(bytes[2..].try_into().expect("32 bytes"))),
            Algorithm::Es256 => Secret::P256(p256::ecdsa::SigningKey::from_slice(&bytes[2..]).expect("a scalar")),
            Algorithm::Es384 => Secret::P384(p384::ecdsa::SigningKey::from_slice(&bytes[2..]).expect("a scalar")),
        };
        Self { secret, public: PublicKey::from_multikey(text(&pair["publicKeyMultibase"])).expect("a key") }
    }
}

fn object(bytes: &[u8]) -> Object<'_> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON") {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

#[test]
fn eddsa_rdfc_2022() {
    run("eddsa-rdfc-2022", "vc-di-eddsa", |suite| {
        steps(suite, &Published { folder: "eddsa-rdfc-2022", suffix: "DataInt", algorithm: Algorithm::EdDsa });
        several(suite);
    });
}

#[test]
fn ecdsa_rdfc_2019() {
    run("ecdsa-rdfc-2019", "vc-di-ecdsa", |suite| {
        steps(suite, &Published { folder: "ecdsa-rdfc-2019-p256", suffix: "ECDSAP256", algorithm: Algorithm::Es256 });
        steps(suite, &Published { folder: "ecdsa-rdfc-2019-p384", suffix: "ECDSAP384", algorithm: Algorithm::Es384 });
    });
}

fn steps(suite: &mut Vectors, &Published { folder, suffix, algorithm }: &Published) {
    let key = Key::published(suite, algorithm);
    let named = Suite::rdfc(algorithm);
    let path = |stem: &str, end: &str| format!("{folder}/{stem}{suffix}.{end}");
    let (unsigned, config) = (suite.bytes("unsigned.json"), suite.bytes(path("proofConfig", "json")));
    let (unsigned, config) = (object(&unsigned), object(&config));
    let contexts = KNOWN.list(&unsigned).expect("known contexts");

    let (mut document, mut options) = (Vec::new(), Vec::new());
    let transformed = transform(&unsigned, &contexts, None, hash_algorithm(algorithm), &mut document);
    let configured = configure(&config, &contexts, hash_algorithm(algorithm), &mut options);
    suite.equal(format!("{folder}: both are statements"), (transformed, configured), (Ok(()), Ok(())));
    suite.case(format!("{folder}: canonical document"), document == suite.bytes(path("canonDoc", "txt")));
    suite.case(format!("{folder}: canonical proof options"), options == suite.bytes(path("proofCanon", "txt")));
    let digest = |text: &[u8]| match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 => Sha256::digest(text).to_vec(),
        Algorithm::Es384 => Sha384::digest(text).to_vec(),
    };
    suite.case(format!("{folder}: document hash"), digest(&document) == hex(&suite.text(path("docHash", "txt"))));
    suite.case(format!("{folder}: proof options hash"), digest(&options) == hex(&suite.text(path("proofHash", "txt"))));
    let hash_data = hash(named, algorithm, &unsigned, &config, None, &KNOWN).expect("hashes");
    suite.case(format!("{folder}: hash data"), hash_data[..] == hex(&suite.text(path("combinedHash", "txt"))));
    let signature: Signature = hex(&suite.text(path("sigHex", "txt"))).as_slice().try_into().expect("a signature");
    suite.case(format!("{folder}: signature checked"), key.public.verify(&hash_data, &signature).is_ok());
    if algorithm == Algorithm::EdDsa {
        suite.case(format!("{folder}: signature made"), key.sign(&hash_data) == Ok(signature));
    }
    let proof_value = suite.text(path("sigBTC58", "txt"));
    suite.case(format!("{folder}: proof value"), multibase::encode(multibase::Base::Base58Btc, signature) == proof_value);

    let signed = suite.bytes(path("signed", "json"));
    let signed = object(&signed);
    let proof = Proof::read(&signed).expect("a proof");
    suite.equal(format!("{folder}: its suite"), proof.suite, named);
    let verify = |signed: &Object<'_>| Proof::read(signed).expect("a proof").seal(&KNOWN).map(|seal| seal.verify(&key.public));
    suite.equal(format!("{folder}: signed document verifies"), verify(&signed), Ok(Ok(())));
    let method = proof.options.verification_method;
    suite.case(format!("{folder}: its key is the published one"), crate::did::resolve(method).as_ref() == Ok(&key.public));

    let created = create(named, &unsigned, &Options { ..proof.options }, &KNOWN, &key).expect("signs");
    let published = signed.member("proof").and_then(Value::as_object).expect("a proof");
    let deterministic = algorithm == Algorithm::EdDsa;
    let same = |(name, value): (&str, &Value<'_>)| (name == "proofValue" && !deterministic) || created.member(name) == Some(value);
    suite.case(format!("{folder}: proof made anew"), published.len() == created.len() && published.iter().all(same));
    suite.equal(format!("{folder}: it verifies"), verify(&unsigned.clone().with("proof", created.clone())), Ok(Ok(())));

    let invalid = Ok(Err(InvalidProof));
    for name in ["validFrom", "name", "description"] {
        suite.equal(format!("{folder}: {name} changed"), verify(&signed.clone().with(name, "changed")), invalid);
        let mut without = signed.clone();
        without.remove(name);
        suite.equal(format!("{folder}: without {name}"), verify(&without), invalid);
    }
    suite.equal(format!("{folder}: a member more"), verify(&signed.clone().with("validUntil", "2033-01-01T00:00:00Z")), invalid);
    // The examples' context makes a term of every name.
    suite.equal(format!("{folder}: a member of any name"), verify(&signed.clone().with("nickname", "x")), invalid);
    let ids = |ids: &[&'static str]| ids.iter().copied().collect::<Value<'_>>();
    let v2 = "https://www.w3.org/ns/credentials/v2";
    for (what, contexts, expected) in [
        (
            "a context more",
            ids(&[v2, "https://www.w3.org/ns/credentials/examples/v2", "https://waypass.example/contexts/role/v1"]),
            Ok(Ok(())),
        ),
        ("a context less", ids(&[v2]), Err(ProofError::JsonLd(LdError::RelativeType))),
        ("a context for another", ids(&[v2, "https://waypass.example/contexts/role/v1"]), Err(ProofError::JsonLd(LdError::RelativeType))),
        ("an unknown context", ids(&[v2, "https://x.example/"]), Err(ProofError::JsonLd(LdError::UnknownContext))),
    ] {
        suite.equal(format!("{folder}: {what}"), verify(&signed.clone().with("@context", contexts)), expected);
    }
}

/// Appendix B.3: proof sets, whose keys their verification methods name.
fn several(suite: &mut Vectors) {
    for (file, count) in [("signedProofSet1.json", 1), ("signedProofSet2.json", 2)] {
        let signed = suite.bytes(format!("proof-set-chain/{file}"));
        let signed = object(&signed);
        let verify = |signed: &Object<'_>| {
            let set = ProofSet::read(signed).expect("a set");
            let keys: Vec<PublicKey> =
                set.proofs().map(|proof| crate::did::resolve(proof.options.verification_method).expect("a key")).collect();
            let mut keys = keys.iter();
            let standing = |_: &Options<'_>| keys.next().map_or(Standing::Unknown, Standing::Issuer);
            (set.proofs().count(), set.verify(&KNOWN, standing))
        };
        suite.equal(format!("{file}: every proof holds"), verify(&signed), (count, Ok(())));
        let changed = signed.clone().with("description", "changed");
        suite.equal(format!("{file}: changed"), verify(&changed), (count, Err(SetError::InvalidProof)));
    }
}
