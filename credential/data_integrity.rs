//! Data Integrity proofs (VC Data Integrity 1.0): reading, checking and making the `proof` of a document.
//!
//! A proof is read, then hashed with its document into a `Seal`, which says yes or no to a key. The [`Suite`] says
//! how. If a document may have several proofs, it is read as a `ProofSet`.

use crate::error::{IssueError, PresentError};
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{Algorithm, InvalidProof, PublicKey, SignError, Signature, Signer};
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Deref};
use multibase::Base;
use sha2::{Digest, Sha256, Sha384};

pub(crate) mod jcs;
mod options;
pub(crate) mod rdfc;
pub(crate) mod set;
mod suite;

pub use options::Options;
pub(crate) use options::ProofError;
pub use set::MAX_PROOFS;
pub(crate) use set::{ProofSet, Standing};
pub use suite::Suite;

use suite::Transformation;

/// The proof of a document, read; nothing has been hashed or checked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Proof<'v, 'a> {
    /// The proof's description of itself.
    pub options: Options<'v>,
    /// The suite it was made in.
    pub suite: Suite,
    algorithm: Algorithm,
    signature: Signature,
    document: &'v Object<'a>,
    config: &'v Object<'a>,
}

/// A signature and what it should be over.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Seal {
    algorithm: Algorithm,
    hash_data: HashData,
    signature: Signature,
}

/// The bytes that are signed: the hash of the canonical proof options, then that of the canonical document (vc-di-eddsa §3.3.4, vc-di-ecdsa
/// §3.3.4). The algorithm chooses the hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HashData {
    /// For Ed25519 and P-256.
    Sha256([u8; 64]),
    /// For P-384.
    Sha384([u8; 96]),
}

/// The relation of a proof to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Link<'v> {
    /// Its `id`, by which another proof can cover it.
    pub id: Option<&'v str>,
    /// The ids of the document's proofs that it covers.
    pub previous: &'v [&'v str],
}

/// Why a document could not be signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CreateError {
    /// The suite does not sign with this kind of key.
    Algorithm,
    /// The suite cannot transform the document.
    Document(ProofError),
    /// The key could not sign.
    Sign(SignError),
}

impl<'v, 'a> Proof<'v, 'a> {
    /// Reads the one proof of `document`, alone or as a list of one (vc-di-eddsa §3.3.2 steps 1 to 4, vc-di-ecdsa likewise).
    pub(crate) fn read(document: &'v Object<'a>) -> Result<Self, ProofError> {
        let proof = match document.member("proof").ok_or(ProofError::Missing("proof"))? {
            Value::Array(proofs) if proofs.len() == 1 => &proofs[0],
            proof => proof,
        };
        let proof = proof.as_object().ok_or(ProofError::WrongType("proof"))?;
        if proof.member("previousProof").is_some() {
            return Err(ProofError::PreviousProof);
        }
        Self::from_config(document, proof)
    }

    /// Reads `proof`, one of the document's; the set finds the proofs that it covers.
    fn from_config(document: &'v Object<'a>, proof: &'v Object<'a>) -> Result<Self, ProofError> {
        let (suite, options) = Options::read(proof)?;
        let proof_value = options::required(proof, "proofValue")?;
        let (algorithm, signature) = suite.decode(proof_value).ok_or(ProofError::OutOfRange("proofValue"))?;
        // Step 4: a proof that carries contexts covers a document with just these. An RDFC suite replaces them by the
        // document's (§3.2.5 step 4), and what it does not sign must not say anything else.
        if let Some(context) = proof.member("@context") {
            let all = document.member("@context").ok_or(ProofError::Context)?.one_or_more();
            let fits = match suite.transformation() {
                Transformation::Jcs => all.starts_with(context.one_or_more()),
                Transformation::Rdfc => all == context.one_or_more(),
            };
            if !fits {
                return Err(ProofError::Context);
            }
        }
        Ok(Self { options, suite, algorithm, signature, document, config: proof })
    }

    /// Transforms and hashes document and proof (steps 5 to 7). JCS transforms every document; an RDFC suite refuses
    /// those that are not JSON-LD under contexts in `known`.
    pub(crate) fn seal(&self, known: &KnownContexts) -> Result<Seal, ProofError> {
        self.seal_over(None, known)
    }

    /// Like [`Self::seal`], for a proof that covers others.
    fn seal_over(&self, previous: Option<&Value<'a>>, known: &KnownContexts) -> Result<Seal, ProofError> {
        let hash_data = hash(self.suite, self.algorithm, self.document, self.config, previous, known)?;
        Ok(Seal { algorithm: self.algorithm, hash_data, signature: self.signature })
    }
}

impl Seal {
    /// Checks the signature (vc-di-eddsa §3.3.7, vc-di-ecdsa §3.3.7). A key of another algorithm proves nothing.
    pub(crate) fn verify(&self, key: &PublicKey) -> Result<(), InvalidProof> {
        if key.algorithm() != self.algorithm {
            return Err(InvalidProof);
        }
        key.verify(&self.hash_data, &self.signature)
    }
}

/// Signs `document` in `suite` (vc-di-eddsa §3.2.1 and §3.3.1, vc-di-ecdsa likewise) and returns the proof that belongs into its `proof`
/// member. An earlier `proof` is not signed. An RDFC suite reads the document by contexts in `known`.
pub(crate) fn create(
    suite: Suite,
    document: &Object<'_>,
    options: &Options<'_>,
    known: &KnownContexts,
    signer: &dyn Signer,
) -> Result<Object<'static>, CreateError> {
    create_linked(suite, document, options, Link::default(), known, signer)
}

/// Like [`create`], for a proof next to or over those that `document` has (VC Data Integrity §4.3).
pub(crate) fn create_linked(
    suite: Suite,
    document: &Object<'_>,
    options: &Options<'_>,
    link: Link<'_>,
    known: &KnownContexts,
    signer: &dyn Signer,
) -> Result<Object<'static>, CreateError> {
    let algorithm = signer.public_key().algorithm();
    if !suite.takes(algorithm) {
        return Err(CreateError::Algorithm);
    }
    let mut proof = Object::new();
    // Members in canonical order, so that they need no sorting. §3.3.1 step 2: a proof over JSON carries the document's contexts.
    if let (Transformation::Jcs, Some(context)) = (suite.transformation(), document.member("@context")) {
        proof.set("@context", context.clone().into_owned());
    }
    let set = |proof: &mut Object<'static>, name: &'static str, text: Option<String>| {
        if let Some(text) = text {
            proof.set(name, text);
        }
    };
    set(&mut proof, "challenge", options.challenge.map(String::from));
    set(&mut proof, "created", options.created.map(Timestamp::to_rfc3339));
    set(&mut proof, "cryptosuite", Some(String::from(suite.name())));
    set(&mut proof, "domain", options.domain.map(String::from));
    set(&mut proof, "expires", options.expires.map(Timestamp::to_rfc3339));
    set(&mut proof, "id", link.id.map(String::from));
    let previous = set::named(document, link.previous).map_err(CreateError::Document)?;
    match link.previous {
        [] => {}
        [one] => proof.set("previousProof", String::from(*one)),
        many => proof.set("previousProof", many.iter().map(|id| String::from(*id)).collect::<Value<'_>>()),
    }
    set(&mut proof, "proofPurpose", Some(String::from(options.purpose.as_str())));
    set(&mut proof, "type", Some(String::from("DataIntegrityProof")));
    set(&mut proof, "verificationMethod", Some(String::from(options.verification_method)));
    let hash_data = hash(suite, algorithm, document, &proof, previous.as_ref(), known).map_err(CreateError::Document)?;
    let signature = signer.sign(&hash_data).map_err(CreateError::Sign)?;
    proof.set("proofValue", multibase::encode(Base::Base58Btc, signature));
    Ok(proof)
}

/// Transforms document and proof and hashes them: what a key of `algorithm` signs in `suite`. `proof` may lack its `proofValue`;
/// `previous` is the list of proofs that it covers, if there are any.
/// In an RDFC suite both are read by the contexts that the document names, out of `known`.
pub(crate) fn hash(
    suite: Suite,
    algorithm: Algorithm,
    document: &Object<'_>,
    proof: &Object<'_>,
    previous: Option<&Value<'_>>,
    known: &KnownContexts,
) -> Result<HashData, ProofError> {
    let mut canonical = Vec::with_capacity(8192);
    let end = match suite.transformation() {
        Transformation::Jcs => {
            jcs::configure(proof, &mut canonical);
            let end = canonical.len();
            jcs::transform(document, proof.member("@context"), previous, &mut canonical);
            end
        }
        Transformation::Rdfc => {
            let (contexts, inner) = (known.list(document)?, rdfc::hash_algorithm(algorithm));
            rdfc::configure(proof, &contexts, inner, &mut canonical)?;
            let end = canonical.len();
            rdfc::transform(document, &contexts, previous, inner, &mut canonical)?;
            end
        }
    };
    let (options, document) = canonical.split_at(end);
    Ok(match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 => {
            let mut pair = [0; 64];
            pair[..32].copy_from_slice(&Sha256::digest(options));
            pair[32..].copy_from_slice(&Sha256::digest(document));
            HashData::Sha256(pair)
        }
        Algorithm::Es384 => {
            let mut pair = [0; 96];
            pair[..48].copy_from_slice(&Sha384::digest(options));
            pair[48..].copy_from_slice(&Sha384::digest(document));
            HashData::Sha384(pair)
        }
    })
}

impl Deref for HashData {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Sha256(pair) => pair,
            Self::Sha384(pair) => pair,
        }
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("the suite does not sign with this kind of key"),
            Self::Document(why) => why.fmt(f),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CreateError {}

impl From<CreateError> for IssueError {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Algorithm => Self::Algorithm,
            CreateError::Document(why) => Self::Malformed(why.into()),
            CreateError::Sign(why) => Self::Sign(why),
        }
    }
}

impl From<CreateError> for PresentError {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Algorithm => Self::Sign(SignError),
            CreateError::Document(why) => Self::Malformed(why.into()),
            CreateError::Sign(why) => Self::Sign(why),
        }
    }
}

#[cfg(test)]
mod tests;
