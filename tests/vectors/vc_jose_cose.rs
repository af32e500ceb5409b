//! The W3C working group's own cases for Securing Verifiable Credentials using JOSE and COSE, as its suite maps them: every
//! verification down to the signature and the disclosures, with the credentials that presentations hold, and every issuance, read
//! again. The content of the documents is not read here.

use super::cose::public_half;
use super::suite::{Suite, items, run, text};
use crate::ClaimPath;
use crate::base64url;
use crate::json::{self, Limits, Object};
use crate::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use crate::testing::TestRng;
use crate::vcdm::envelope::{Content, Envelope, Material, enveloped_credentials};
use p256::ecdsa::signature::Signer as _;
use serde_json::Value;
use std::prelude::rust_2024::*;
use std::{format, panic, vec};

const MOST: usize = 1 << 20;

/// One of the published verification methods with its private half.
struct Key {
    public: PublicKey,
    secret: Vec<u8>,
}

impl Key {
    /// `None` for an algorithm that we have not.
    fn read(method: &Value) -> Option<Self> {
        let public = public_half(&method["publicKeyJwk"])?;
        Some(Self { public, secret: base64url::decode(text(&method["secretKeyJwk"]["d"])).expect("base64url") })
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature = match self.public.algorithm() {
            Algorithm::EdDsa => {
                let secret = self.secret.as_slice().try_into().expect("32 bytes");
                ed25519_dalek::SigningKey::from_bytes(secret).sign(message).to_bytes().to_vec()
            }
            Algorithm::Es256 => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from_slice(&self.secret).expect("a key").sign(message);
                signature.to_bytes().to_vec()
            }
            Algorithm::Es384 => {
                let signature: p384::ecdsa::Signature = p384::ecdsa::SigningKey::from_slice(&self.secret).expect("a key").sign(message);
                signature.to_bytes().to_vec()
            }
        };
        Ok(Signature::try_from(signature.as_slice()).expect("a length"))
    }
}

struct Case {
    name: String,
    content: Content,
    material: Material,
    succeeds: bool,
}

impl Case {
    fn read(case: &Value) -> Self {
        let (content, material) = text(&case["feature"]).split_once('_').expect("two words");
        let material = match material {
            "jose" => Material::Jose,
            "sdjwt" => Material::SdJwt,
            _ => Material::Cose,
        };
        let content = if content == "credential" { Content::Credential } else { Content::Presentation };
        let name = format!("{}. {}", case["number"], text(&case["name"]));
        Self { name, content, material, succeeds: text(&case["expected"]) == "success" }
    }

    fn open(&self, bytes: &[u8], key: &PublicKey) -> Option<Envelope> {
        let envelope = Envelope::parse(bytes, self.content, MOST).ok()?;
        let right = envelope.material() == self.material && envelope.open(key, Limits::BUNDLE).is_ok();
        right.then_some(envelope)
    }
}

fn verification(suite: &mut Suite, case: &Case, input: &str, key: Option<&PublicKey>, methods: &[Value]) {
    let bytes = match case.material {
        Material::Cose => multibase::Base::Base64.decode(input).unwrap_or_default(),
        Material::Jose | Material::SdJwt => input.as_bytes().to_vec(),
    };
    // We do not read P-521 keys; the cases with one are cases to refuse.
    let envelope = key.and_then(|key| case.open(&bytes, key));
    suite.equal(&case.name, envelope.is_some(), case.succeeds);
    let Some(envelope) = envelope else { return };
    let mut others = methods.iter().filter_map(|method| public_half(&method["publicKeyJwk"])).filter(|other| Some(other) != key);
    suite.case(format!("{}: another key", case.name), others.all(|other| envelope.verify(&other).is_err()));
    if case.content == Content::Credential {
        return;
    }
    let document = envelope.document(Limits::BUNDLE).expect("read before");
    for (place, held) in enveloped_credentials(&document).expect("credentials").into_iter().enumerate() {
        let name = format!("{}: credential {place}", case.name);
        let Ok(held) = held else {
            // One is a dummy (README of the vectors), and the URL of another ends in a line break, which no URL has.
            suite.case(name, (case.material, place) == (Material::Cose, 0) || (case.material, place) == (Material::Jose, 2));
            continue;
        };
        let named = |method: &&Value| held.key_id() == method["publicKeyJwk"]["kid"].as_str();
        let key = methods.iter().find(named).and_then(|method| public_half(&method["publicKeyJwk"]));
        suite.case(name, key.is_some_and(|key| held.verify(&key).is_ok() && held.document(Limits::BUNDLE).is_ok()));
    }
}

/// `credentialSubject.phoneNumbers[0]`.
fn path(text: &str) -> ClaimPath {
    text.split('.').fold(ClaimPath(vec![]), |path, step| match step.split_once('[') {
        None => path.then(step),
        Some((name, index)) => path.then(name).then(index.trim_end_matches(']').parse::<usize>().expect("an index")),
    })
}

fn as_value(object: Object<'_>) -> Value {
    serde_json::from_str(&json::to_string(&json::Value::Object(object))).expect("our own JSON")
}

fn issuance(suite: &mut Suite, case: &Case, input: &str, key: &Key, paths: &[ClaimPath]) {
    let json::Value::Object(document) = json::parse(input.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned() else {
        panic!("an object")
    };
    let mut rng = TestRng(1);
    let sealed = Envelope::seal(document, case.content, case.material, "#key", paths, key, &mut rng);
    suite.equal(&case.name, sealed.is_ok(), case.succeeds);
    let Ok(sealed) = sealed else { return };
    let envelope = case.open(&sealed, key.public_key());
    let read = envelope.as_ref().map(|envelope| as_value(envelope.document(Limits::BUNDLE).expect("read before")));
    suite.equal(format!("{}: read again", case.name), read, serde_json::from_str(input).ok());
    if paths.is_empty() {
        return;
    }
    let text = String::from_utf8(sealed).expect("text");
    let jwt = text.split_once('~').expect("an SD-JWT").0;
    let nothing = case.open(format!("{jwt}~").as_bytes(), key.public_key()).expect("verifies without its disclosures");
    let envelope = envelope.expect("opened");
    let whole = envelope.document(Limits::BUNDLE).map(json::Value::Object).expect("read before");
    let shown = nothing.document(Limits::BUNDLE).map(json::Value::Object).expect("reads");
    let same =
        |path: &ClaimPath| path.select(&whole).first().map(|(_, value)| *value) == path.select(&shown).first().map(|(_, value)| *value);
    suite.case(format!("{}: withheld", case.name), !paths.iter().any(same));
}

#[test]
fn the_working_groups_cases() {
    run("vc-jose-cose", "vc-jose-cose", |suite| {
        let methods: Vec<Value> = suite.names(".").iter().filter(|name| name.starts_with("vm-")).map(|name| suite.json(name)).collect();
        for mapped in items(&suite.json("test-mapping.json")) {
            let case = Case::read(mapped);
            let input = suite.text(text(&mapped["input"]));
            let method = suite.json(text(&mapped["key"]));
            if text(&mapped["fn"]) == "verify" {
                verification(suite, &case, &input, public_half(&method["publicKeyJwk"]).as_ref(), &methods);
                continue;
            }
            let paths: Vec<ClaimPath> =
                mapped.get("disclosure_paths").map(items).unwrap_or_default().iter().map(|found| path(text(found))).collect();
            match Key::read(&method) {
                Some(key) => issuance(suite, &case, &input, &key, &paths),
                // It signs with P-521; where that is to be refused it is.
                None if !case.succeeds => suite.case(&case.name, true),
                None => suite.exclude(&case.name),
            }
        }
    });
}
