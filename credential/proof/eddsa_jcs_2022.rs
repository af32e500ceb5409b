//! The cryptosuite `eddsa-jcs-2022` (Data Integrity EdDSA Cryptosuites 1.0 §3.3): JCS, SHA-256, Ed25519.
//!
//! The document is never copied: it is canonicalized around its `proof`, and the proof around its `proofValue`.

use super::{Options, ProofError, starts_with};
use crate::base58;
use crate::canon::jcs;
use crate::json::{Object, Value};
use crate::key::{InvalidProof, PublicKey, SignError, Signature, Signer};
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use multibase::Base;
use sha2::{Digest, Sha256};

/// The name in `cryptosuite`.
pub const NAME: &str = "eddsa-jcs-2022";

/// What is signed: the SHA-256 of the canonical proof options, then that of the canonical document (§3.3.4).
pub type HashData = [u8; 64];

/// The proof of a document, read and hashed; the signature has not been checked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Proof<'v> {
    /// What the proof says about itself.
    pub options: Options<'v>,
    /// What decides.
    pub seal: Seal,
}

/// A signature and what it should be over.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seal {
    hash_data: HashData,
    signature: Signature,
}

/// Why a document could not be signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CreateError {
    /// This suite signs with Ed25519 only.
    Algorithm,
    /// The key could not sign.
    Sign(SignError),
}

impl core::fmt::Display for CreateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Algorithm => f.write_str("the proof needs an Ed25519 key"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CreateError {}

impl<'v> Proof<'v> {
    /// Reads the one proof of `document` (§3.3.2 steps 1 to 7); the signature is not checked.
    pub fn read(document: &'v Object<'_>) -> Result<Self, ProofError> {
        let proof = document.member("proof").ok_or(ProofError::Missing("proof"))?;
        let proof = proof.as_object().ok_or(ProofError::WrongType("proof"))?;
        let options = Options::read(proof, NAME)?;
        let signature = decode_proof_value(super::required(proof, "proofValue")?)?;
        // Step 4: a proof that carries contexts was made over a document with just these.
        if let Some(context) = proof.member("@context")
            && !document.member("@context").is_some_and(|all| starts_with(all, context))
        {
            return Err(ProofError::Context);
        }
        Ok(Self { options, seal: Seal { hash_data: hash(document, proof), signature } })
    }
}

impl Seal {
    /// Checks the signature (§3.3.7). A key of another algorithm proves nothing.
    pub fn verify(&self, key: &PublicKey) -> Result<(), InvalidProof> {
        match key {
            PublicKey::Ed25519(_) => key.verify(&self.hash_data, &self.signature),
            PublicKey::P256(_) | PublicKey::P384(_) => Err(InvalidProof),
        }
    }
}

/// Signs `document` (§3.3.1) and gives the proof that belongs into its `proof` member. An earlier `proof` is not signed.
pub fn create(document: &Object<'_>, options: &Options<'_>, signer: &dyn Signer) -> Result<Object<'static>, CreateError> {
    if !matches!(signer.public_key(), PublicKey::Ed25519(_)) {
        return Err(CreateError::Algorithm);
    }
    let mut proof = Object::new();
    // Members in canonical order, so that nobody has to sort them. Step 2: the proof carries the document's contexts.
    if let Some(context) = document.member("@context") {
        proof.set("@context", context.clone().into_owned());
    }
    let mut set = |name: &'static str, text: Option<String>| text.into_iter().for_each(|text| proof.set(name, text));
    set("challenge", options.challenge.map(String::from));
    set("created", options.created.map(Timestamp::to_rfc3339));
    set("cryptosuite", Some(String::from(NAME)));
    set("domain", options.domain.map(String::from));
    set("expires", options.expires.map(Timestamp::to_rfc3339));
    set("proofPurpose", Some(String::from(options.purpose.as_str())));
    set("type", Some(String::from("DataIntegrityProof")));
    set("verificationMethod", Some(String::from(options.verification_method)));
    let signature = signer.sign(&hash(document, &proof)).map_err(CreateError::Sign)?;
    proof.set("proofValue", multibase::encode(Base::Base58Btc, signature));
    Ok(proof)
}

/// Hashing (§3.3.4): the proof's hash stands first.
pub fn hash(document: &Object<'_>, proof: &Object<'_>) -> HashData {
    let mut canonical = Vec::with_capacity(2048);
    configure(proof, &mut canonical);
    let options = Sha256::digest(&canonical);
    canonical.clear();
    transform(document, proof.member("@context"), &mut canonical);
    let document = Sha256::digest(&canonical);
    let mut hash_data = [0; 64];
    hash_data[..32].copy_from_slice(&options);
    hash_data[32..].copy_from_slice(&document);
    hash_data
}

/// Appends the canonical proof options (§3.3.5): the proof without `proofValue`.
pub fn configure(proof: &Object<'_>, out: &mut Vec<u8>) {
    jcs::write_object(proof.iter().filter(|(name, _)| *name != "proofValue"), out);
}

/// Appends the canonical document (§3.3.3) without its proof, under `context` where the proof carries one (§3.3.2 step 4.2).
pub fn transform<'v, 'a>(document: &'v Object<'a>, context: Option<&'v Value<'a>>, out: &mut Vec<u8>) {
    let in_context = |(name, value)| match context {
        Some(context) if name == "@context" => (name, context),
        _ => (name, value),
    };
    jcs::write_object(document.iter().filter(|(name, _)| *name != "proof").map(in_context), out);
}

/// §3.3.2 step 3: multibase base58-btc of exactly 64 bytes. Each signature has one such text.
fn decode_proof_value(text: &str) -> Result<Signature, ProofError> {
    text.strip_prefix('z').and_then(base58::decode).map(Signature::Short).ok_or(ProofError::OutOfRange("proofValue"))
}

#[cfg(test)]
mod tests;
