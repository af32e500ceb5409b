//! The members of a `proof` about itself (VC Data Integrity 1.0 §2.1), which are alike in every cryptosuite.

use super::Suite;
use crate::canon::rdfc::RdfcError;
use crate::did::Purpose;
use crate::json::{MemberName, Object, Value};
use crate::jsonld::LdError;
use crate::malformed::Malformed;
use crate::time::Timestamp;
use alloc::{vec, vec::Vec};
use core::fmt;

/// A proof's description of itself. All of it is signed; none of it is trusted before the signature has been checked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Options<'v> {
    /// The DID URL (or other URL) of the key.
    pub verification_method: &'v str,
    /// The purpose of the proof.
    pub purpose: Purpose,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The end of its use.
    pub expires: Option<Timestamp>,
    /// The verifier's nonce.
    pub challenge: Option<&'v str>,
    /// The verifier it is meant for.
    pub domain: Option<&'v str>,
}

/// Why a document has no proof that we read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProofError {
    /// This member of the proof (or `proof` itself) is missing.
    Missing(&'static str),
    /// This member has the wrong JSON type; where one proof is read, `proof` must be one object.
    WrongType(&'static str),
    /// This member has a value that is not allowed.
    OutOfRange(&'static str),
    /// Another proof type, cryptosuite or purpose.
    Unsupported,
    /// The proof's contexts are not the first of the document's (vc-di-eddsa §3.3.2 step 4.1), or in an RDFC suite not all of them.
    Context,
    /// A member that a proof does not have.
    Member(MemberName),
    /// `previousProof` names a proof that is not there, or leads back to itself.
    PreviousProof,
    /// Document or proof cannot be read as statements.
    JsonLd(LdError),
    /// The statements have no canonical form.
    Rdfc(RdfcError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the proof has no {name}"),
            Self::WrongType(name) => write!(f, "the proof's {name} has the wrong type"),
            Self::OutOfRange(name) => write!(f, "the proof's {name} is not allowed"),
            Self::Unsupported => f.write_str("the proof is of another type, suite or purpose"),
            Self::Context => f.write_str("the proof's contexts are not those of the document"),
            Self::Member(name) => write!(f, "the proof has the member {name}, which proofs do not have"),
            Self::PreviousProof => f.write_str("the proof covers one that is not there, or itself"),
            Self::JsonLd(why) => why.fmt(f),
            Self::Rdfc(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for ProofError {}

impl From<ProofError> for Malformed {
    fn from(why: ProofError) -> Self {
        match why {
            ProofError::Missing(name) => Self::Missing(name),
            ProofError::WrongType(name) => Self::WrongType(name),
            ProofError::OutOfRange(name) => Self::OutOfRange(name),
            ProofError::Unsupported | ProofError::PreviousProof => Self::Proof,
            ProofError::Context => Self::Context,
            ProofError::Member(name) => Self::Member(name),
            ProofError::JsonLd(why) => Self::JsonLd(why),
            ProofError::Rdfc(why) => Self::Rdfc(why),
        }
    }
}

impl From<LdError> for ProofError {
    fn from(why: LdError) -> Self {
        Self::JsonLd(why)
    }
}

impl From<RdfcError> for ProofError {
    fn from(why: RdfcError) -> Self {
        Self::Rdfc(why)
    }
}

/// The members a proof may have (VC Data Integrity §2.1).
const MEMBERS: [&str; 13] = [
    "@context",
    "challenge",
    "created",
    "cryptosuite",
    "domain",
    "expires",
    "id",
    "nonce",
    "previousProof",
    "proofPurpose",
    "proofValue",
    "type",
    "verificationMethod",
];

impl<'v> Options<'v> {
    /// Reads what `proof` says about itself, and the suite it was made in.
    pub(super) fn read(proof: &'v Object<'_>) -> Result<(Suite, Self), ProofError> {
        if let Some((name, _)) = proof.iter().find(|(name, _)| !MEMBERS.contains(name)) {
            return Err(ProofError::Member(name.into()));
        }
        // vc-di-eddsa §3.3.5 step 2, vc-di-ecdsa likewise.
        if required(proof, "type")? != "DataIntegrityProof" {
            return Err(ProofError::Unsupported);
        }
        let suite = Suite::from_name(required(proof, "cryptosuite")?).ok_or(ProofError::Unsupported)?;
        let purpose = match required(proof, "proofPurpose")? {
            "assertionMethod" => Purpose::AssertionMethod,
            "authentication" => Purpose::Authentication,
            _ => return Err(ProofError::Unsupported),
        };
        for name in ["id", "nonce"] {
            text(proof, name)?;
        }
        let options = Self {
            verification_method: required(proof, "verificationMethod")?,
            purpose,
            created: time(proof, "created")?,
            expires: time(proof, "expires")?,
            challenge: text(proof, "challenge")?,
            domain: domain(proof)?,
        };
        Ok((suite, options))
    }
}

pub(super) fn text<'v>(proof: &'v Object<'_>, name: &'static str) -> Result<Option<&'v str>, ProofError> {
    match proof.member(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(ProofError::WrongType(name)),
    }
}

/// Returns the one domain, alone or as a list of one.
fn domain<'v>(proof: &'v Object<'_>) -> Result<Option<&'v str>, ProofError> {
    match proof.member("domain") {
        Some(Value::Array(domains)) => match domains.as_slice() {
            [domain] => domain.as_str().map(Some).ok_or(ProofError::WrongType("domain")),
            _ => Err(ProofError::OutOfRange("domain")),
        },
        _ => text(proof, "domain"),
    }
}

pub(super) fn required<'v>(proof: &'v Object<'_>, name: &'static str) -> Result<&'v str, ProofError> {
    text(proof, name)?.ok_or(ProofError::Missing(name))
}

/// Reads an XML Schema `dateTimeStamp` (§3.3.5 step 3).
fn time(proof: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>, ProofError> {
    let Some(text) = text(proof, name)? else { return Ok(None) };
    Timestamp::parse_rfc3339(text).map(Some).ok_or(ProofError::OutOfRange(name))
}

/// Returns the ids in `previousProof`, one or a list; empty if the proof covers the document alone.
pub(super) fn previous<'v>(proof: &'v Object<'_>) -> Result<Vec<&'v str>, ProofError> {
    const WRONG: ProofError = ProofError::WrongType("previousProof");
    match proof.member("previousProof") {
        None => Ok(Vec::new()),
        Some(Value::Array(ids)) if ids.is_empty() => Err(ProofError::OutOfRange("previousProof")),
        Some(Value::Array(ids)) => ids.iter().map(|id| id.as_str().ok_or(WRONG)).collect(),
        Some(id) => Ok(vec![id.as_str().ok_or(WRONG)?]),
    }
}
