//! Data Integrity EdDSA Cryptosuites 1.0, appendix B.2: `eddsa-jcs-2022` step by step, in both directions.

use super::suite::{Suite as Vectors, hex, run, text};
use crate::data_integrity::jcs::{configure, transform};
use crate::data_integrity::{Options, Proof, Suite, create, hash};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{Algorithm, InvalidProof, PublicKey, SignError, Signature, Signer};
use ed25519_dalek::Signer as _;
use sha2::{Digest, Sha256};
use std::prelude::rust_2024::*;
use std::{format, panic};

const FOLDER: &str = "eddsa-jcs-2022";

struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn object(bytes: &[u8]) -> Object<'_> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON") {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

/// The published key pair. The private half is multibase over the codec `0x1300` and the 32 bytes.
fn key(suite: &Vectors) -> Key {
    let pair = suite.json("keyPair.json");
    let (_, private) = multibase::decode(text(&pair["privateKeyMultibase"])).expect("multibase");
    let secret = ed25519_dalek::SigningKey::from_bytes(private[2..].try_into().expect("32 bytes"));
    Key(secret, PublicKey::from_multikey(text(&pair["publicKeyMultibase"])).expect("a key"))
}

#[test]
fn eddsa_jcs_2022() {
    run("vc-di-eddsa", "vc-di-eddsa", |suite| {
        let key = key(suite);
        let file = |suite: &Vectors, name: &str| suite.text(format!("{FOLDER}/{name}"));
        let (unsigned, config) = (suite.bytes("unsigned.json"), suite.bytes(format!("{FOLDER}/proofConfigJCS.json")));
        let (unsigned, config) = (object(&unsigned), object(&config));

        let (mut document, mut options) = (Vec::new(), Vec::new());
        transform(&unsigned, config.member("@context"), None, &mut document);
        configure(&config, &mut options);
        suite.case("canonical document", document == file(suite, "canonDocJCS.txt").as_bytes());
        suite.case("canonical proof options", options == file(suite, "proofCanonJCS.txt").as_bytes());
        suite.case("document hash", Sha256::digest(&document)[..] == hex(&file(suite, "docHashJCS.txt")));
        suite.case("proof options hash", Sha256::digest(&options)[..] == hex(&file(suite, "proofHashJCS.txt")));
        let hash_data = hash(Suite::EddsaJcs2022, Algorithm::EdDsa, &unsigned, &config, None, &KnownContexts::new()).expect("hashes");
        suite.case("hash data", hash_data[..] == hex(&file(suite, "combinedHashJCS.txt")));
        let signature: Signature = hex(&file(suite, "sigHexJCS.txt")).as_slice().try_into().expect("64 bytes");
        suite.case("signature made", key.sign(&hash_data) == Ok(signature));
        suite.case("signature checked", key.1.verify(&hash_data, &signature).is_ok());
        let proof_value = file(suite, "sigBTC58JCS.txt");
        suite.case("proof value", multibase::encode(multibase::Base::Base58Btc, signature) == proof_value);

        let signed = suite.bytes(format!("{FOLDER}/signedJCS.json"));
        let signed = object(&signed);
        let proof = Proof::read(&signed).expect("a proof");
        suite.case("signed document verifies", proof.seal(&KnownContexts::new()).expect("hashes").verify(&key.1).is_ok());
        let method = proof.options.verification_method;
        suite.case("its key is the published one", crate::did::resolve(method).as_ref() == Ok(&key.1));
        let created = create(Suite::EddsaJcs2022, &unsigned, &Options { ..proof.options }, &KnownContexts::new(), &key).expect("signs");
        let published = signed.member("proof").and_then(Value::as_object).expect("a proof");
        suite.case("proof made anew", created.text("proofValue") == Some(&proof_value));
        suite.case(
            "its members",
            published.len() == created.len() && published.iter().all(|(name, value)| created.member(name) == Some(value)),
        );
        for name in ["validFrom", "issuer", "description"] {
            let changed = signed.clone().with(name, "changed");
            let seal = Proof::read(&changed).expect("a proof").seal(&KnownContexts::new()).expect("hashes");
            suite.equal(format!("{name} changed"), seal.verify(&key.1), Err(InvalidProof));
        }
    });
}
