//! Data Integrity ECDSA Cryptosuites 1.0, appendix A: `ecdsa-jcs-2019` with P-256 step by step. Its signatures are not deterministic:
//! everything before the signature is compared byte for byte, the published signature is checked and one of our own made.

use super::suite::{Suite as Vectors, hex, run, text};
use crate::data_integrity::jcs::{configure, transform};
use crate::data_integrity::{Options, Proof, Suite, create, hash};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{Algorithm, InvalidProof, PublicKey, SignError, Signature, Signer};
use p256::ecdsa::signature::Signer as _;
use sha2::{Digest, Sha256};
use std::prelude::rust_2024::*;
use std::{format, panic};

const FOLDER: &str = "ecdsa-jcs-2019-p256";

struct Key(p256::ecdsa::SigningKey, PublicKey);

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Ok(Signature::Short(signature.to_bytes().into()))
    }
}

fn object(bytes: &[u8]) -> Object<'_> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON") {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

/// The published key pair. The private half is multibase over the codec `0x1306` and the scalar's 32 bytes.
fn key(suite: &Vectors) -> Key {
    let pair = suite.json("p256KeyPair.json");
    let (_, private) = multibase::decode(text(&pair["secretKeyMultibase"])).expect("multibase");
    let secret = p256::ecdsa::SigningKey::from_slice(&private[2..]).expect("a scalar");
    Key(secret, PublicKey::from_multikey(text(&pair["publicKeyMultibase"])).expect("a key"))
}

#[test]
fn ecdsa_jcs_2019() {
    run("vc-di-ecdsa", "vc-di-ecdsa", |suite| {
        let key = key(suite);
        suite.case("the key pair belongs together", PublicKey::p256(&key.0.verifying_key().to_sec1_bytes()).as_ref() == Ok(&key.1));
        let large = suite.json("p384KeyPair.json");
        let large = PublicKey::from_multikey(text(&large["publicKeyMultibase"])).map(|key| key.to_multikey());
        suite.equal("the P-384 key", large.as_deref().ok(), suite.json("p384KeyPair.json")["publicKeyMultibase"].as_str());
        let file = |suite: &Vectors, name: &str| suite.text(format!("{FOLDER}/{name}"));
        let (unsigned, config) = (suite.bytes("unsigned.json"), suite.bytes(format!("{FOLDER}/proofConfigJCSECDSAP256.json")));
        let (unsigned, config) = (object(&unsigned), object(&config));

        let (mut document, mut options) = (Vec::new(), Vec::new());
        transform(&unsigned, config.member("@context"), None, &mut document);
        configure(&config, &mut options);
        suite.case("canonical document", document == file(suite, "canonDocJCSECDSAP256.txt").as_bytes());
        suite.case("canonical proof options", options == file(suite, "proofCanonJCSECDSAP256.txt").as_bytes());
        suite.case("document hash", Sha256::digest(&document)[..] == hex(&file(suite, "docHashJCSECDSAP256.txt")));
        suite.case("proof options hash", Sha256::digest(&options)[..] == hex(&file(suite, "proofHashJCSECDSAP256.txt")));
        let hash_data = hash(Suite::EcdsaJcs2019, Algorithm::Es256, &unsigned, &config, None, &KnownContexts::new()).expect("hashes");
        suite.case("hash data", hash_data[..] == hex(&file(suite, "combinedHashJCSECDSAP256.txt")));
        let signature: Signature = hex(&file(suite, "sigHexJCSECDSAP256.txt")).as_slice().try_into().expect("64 bytes");
        suite.case("signature checked", key.1.verify(&hash_data, &signature).is_ok());
        let proof_value = file(suite, "sigBTC58JCSECDSAP256.txt");
        suite.case("proof value", multibase::encode(multibase::Base::Base58Btc, signature) == proof_value);

        let signed = suite.bytes(format!("{FOLDER}/signedJCSECDSAP256.json"));
        let signed = object(&signed);
        let proof = Proof::read(&signed).expect("a proof");
        suite.case("signed document verifies", proof.seal(&KnownContexts::new()).expect("hashes").verify(&key.1).is_ok());
        let method = proof.options.verification_method;
        suite.case("its key is the published one", crate::did::resolve(method).as_ref() == Ok(&key.1));
        let created = create(Suite::EcdsaJcs2019, &unsigned, &Options { ..proof.options }, &KnownContexts::new(), &key).expect("signs");
        let published = signed.member("proof").and_then(Value::as_object).expect("a proof");
        let same = |(name, value): (&str, &Value<'_>)| name == "proofValue" || created.member(name) == Some(value);
        suite.case("the members of a proof made anew", published.len() == created.len() && published.iter().all(same));
        let anew = unsigned.clone().with("proof", created.clone());
        suite.case("it verifies", Proof::read(&anew).expect("a proof").seal(&KnownContexts::new()).expect("hashes").verify(&key.1).is_ok());
        for name in ["validFrom", "issuer", "description"] {
            let changed = signed.clone().with(name, "changed");
            let seal = Proof::read(&changed).expect("a proof").seal(&KnownContexts::new()).expect("hashes");
            suite.equal(format!("{name} changed"), seal.verify(&key.1), Err(InvalidProof));
        }
        suite.exclude("ecdsa-sd-2023");
    });
}
