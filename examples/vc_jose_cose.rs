//! The command line that the W3C suite for Securing Verifiable Credentials using JOSE and COSE drives, over the public API.
//!
//! `issue|verify --input F --key VM.json --feature {credential|presentation}_{jose|sdjwt|cose} [--sd '["path"]'] --output F` writes
//! `{"result": "success" | "failure" | "indeterminate" | "error", "data": ".."}`. It signs with a private key out of a file, which
//! Waypass itself never does: an example, and no command. It says what the envelope proves, and nothing of dates or of trust.
//!
//! `cargo run --profile ci --example vc_jose_cose -- verify --input ..`

use ed25519_dalek::Signer as _;
use serde_json::{Value as Json, json};
use std::error::Error;
use waypass_credential::ClaimPath;
use waypass_credential::Malformed;
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use waypass_credential::vcdm::envelope::{Content, Envelope, Material, enveloped_credentials};
use waypass_machine::SystemRng;

type Done<T> = Result<T, Box<dyn Error>>;

/// The published examples are a few kilobytes.
const MOST: usize = 1 << 20;
const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// A verification method with its private half.
struct Key {
    public: PublicKey,
    secret: Vec<u8>,
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature = match self.public.algorithm() {
            Algorithm::EdDsa => {
                let secret = self.secret.as_slice().try_into().map_err(|_| SignError)?;
                ed25519_dalek::SigningKey::from_bytes(secret).sign(message).to_bytes().to_vec()
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&self.secret).map_err(|_| SignError)?;
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Algorithm::Es384 => {
                let key = p384::ecdsa::SigningKey::from_slice(&self.secret).map_err(|_| SignError)?;
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        };
        Signature::try_from(signature.as_slice()).map_err(|_| SignError)
    }
}

struct Asked {
    input: String,
    method: Json,
    content: Content,
    material: Material,
    conceal: Vec<ClaimPath>,
}

fn main() -> Done<()> {
    let mut words = std::env::args().skip(1);
    let verb = words.next().ok_or("issue or verify")?;
    let words: Vec<String> = words.collect();
    let option = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let needed = |name: &'static str| option(name).ok_or(name);
    let asked = || -> Done<Asked> {
        let (content, material) = match needed("--feature")?.as_str() {
            "credential_jose" => (Content::Credential, Material::Jose),
            "credential_sdjwt" => (Content::Credential, Material::SdJwt),
            "credential_cose" => (Content::Credential, Material::Cose),
            "presentation_jose" => (Content::Presentation, Material::Jose),
            "presentation_sdjwt" => (Content::Presentation, Material::SdJwt),
            "presentation_cose" => (Content::Presentation, Material::Cose),
            other => return Err(format!("no feature is called {other}").into()),
        };
        let conceal: Vec<String> = option("--sd").map_or_else(|| Ok(Vec::new()), |paths| serde_json::from_str(paths))?;
        let conceal = conceal.iter().map(|text| path(text)).collect::<Done<_>>()?;
        let read = |name: &'static str| -> Done<String> { Ok(std::fs::read_to_string(needed(name)?)?.trim().to_owned()) };
        Ok(Asked { input: read("--input")?, method: serde_json::from_str(&read("--key")?)?, content, material, conceal })
    };
    let said = match (asked(), verb.as_str()) {
        (Err(why), _) => json!({ "result": "error", "data": why.to_string() }),
        (Ok(asked), "issue") => told(issue(&asked)),
        (Ok(asked), "verify") => told(verify(&asked)),
        _ => json!({ "result": "indeterminate", "data": "issue or verify" }),
    };
    std::fs::write(needed("--output")?, said.to_string())?;
    Ok(())
}

fn told(done: Done<String>) -> Json {
    match done {
        Ok(data) => json!({ "result": "success", "data": data }),
        Err(why) => json!({ "result": "failure", "data": why.to_string() }),
    }
}

fn issue(asked: &Asked) -> Done<String> {
    let secret = base64url::decode(asked.method["secretKeyJwk"]["d"].as_str().ok_or("no private key")?)?;
    let key = Key { public: public(&asked.method)?, secret };
    let Value::Object(document) = json::parse(asked.input.as_bytes(), Limits::CREDENTIAL)?.into_owned() else {
        return Err("not a JSON object".into());
    };
    require_document(&document, asked.content)?;
    let key_id = asked.method["id"].as_str().ok_or("the key has no id")?;
    let bytes = Envelope::seal(document, asked.content, asked.material, key_id, &asked.conceal, &key, &mut SystemRng)?;
    Ok(if asked.material == Material::Cose { multibase::Base::Base64Pad.encode(bytes) } else { String::from_utf8(bytes)? })
}

fn verify(asked: &Asked) -> Done<String> {
    let bytes = match asked.material {
        Material::Cose => {
            // RFC 4648 §3.2 wants padding, and the suite's own inputs leave it out.
            let base = if asked.input.ends_with('=') { multibase::Base::Base64Pad } else { multibase::Base::Base64 };
            base.decode(&asked.input).map_err(|_| "not base64")?
        }
        Material::Jose | Material::SdJwt => asked.input.as_bytes().to_vec(),
    };
    let envelope = Envelope::parse(&bytes, asked.content, MOST)?;
    if envelope.material() != asked.material {
        return Err("it is in another envelope".into());
    }
    let document = envelope.open(&public(&asked.method)?, Limits::BUNDLE)?;
    require_document(&document, asked.content)?;
    Ok(json::to_string(&Value::Object(document)))
}

/// Checks the rules of VCDM 2.0 for every document (§4.3, §4.5, §4.7, §4.13).
fn require_document(document: &Object<'_>, content: Content) -> Done<()> {
    let base = if content == Content::Credential { "VerifiableCredential" } else { "VerifiablePresentation" };
    let all = |name: &str| match document.member(name) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(one) => one.as_str().into_iter().collect::<Vec<_>>(),
        None => Vec::new(),
    };
    if all("@context").first() != Some(&CONTEXT) {
        return Err("the first context is not that of VCDM 2.0".into());
    }
    // A presentation in an SD-JWT may keep its type to itself.
    if document.member("type").is_some() && !all("type").contains(&base) {
        return Err(format!("not a {base}").into());
    }
    match content {
        Content::Credential if document.member("issuer").is_none() => Err("no issuer".into()),
        Content::Credential => Ok(()),
        // Each credential must be one in its envelope; a caller with its issuer's key can tell if it opens.
        Content::Presentation if document.member("verifiableCredential").is_none() => Ok(()),
        Content::Presentation => enveloped_credentials(document)?.into_iter().try_for_each(|held| match held {
            Ok(_) | Err(Malformed::Jws(_) | Malformed::Serialization) => Ok(()),
            Err(why) => Err(why.into()),
        }),
    }
}

fn public(method: &Json) -> Done<PublicKey> {
    let jwk = &method["publicKeyJwk"];
    let bare: serde_json::Map<_, _> =
        ["crv", "kty", "x", "y"].into_iter().filter_map(|name| Some((name.into(), jwk.get(name)?.clone()))).collect();
    let bare = Json::Object(bare).to_string();
    Ok(PublicKey::from_jwk(&json::parse(bare.as_bytes(), Limits::CREDENTIAL)?)?)
}

/// `credentialSubject.phoneNumbers[0]`.
fn path(text: &str) -> Done<ClaimPath> {
    text.split('.').try_fold(ClaimPath(Vec::new()), |path, step| match step.split_once('[') {
        None => Ok(path.then(step)),
        Some((name, index)) => Ok(path.then(name).then(index.trim_end_matches(']').parse::<usize>()?)),
    })
}
