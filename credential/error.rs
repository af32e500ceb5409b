//! Why a credential was not verified, presented or issued.

use crate::claim_path::ClaimPath;
use crate::key::{InvalidProof, SignError};
use crate::malformed::Malformed;
use alloc::string::String;
use core::fmt;

/// Why a credential did not verify.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerifyError {
    /// The proof holds (or was not reached), but the content is not a role credential we read.
    Malformed(Malformed),
    /// One of the proofs is by a key that the key source does not have.
    UnknownKey,
    /// The proof is not one by this key over these bytes.
    InvalidProof,
}

/// Why a presentation could not be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PresentError {
    /// The credential itself is malformed.
    Malformed(Malformed),
    /// The credential has no claim at this path.
    NoSuchClaim(ClaimPath),
    /// The credential is not bound to the signer's key.
    NotTheHolder,
    /// The key could not sign.
    Sign(SignError),
}

/// Why a credential could not be issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueError {
    /// The claims would not be accepted on reading.
    Malformed(Malformed),
    /// A personal claim has a name that the format or the role credential uses itself.
    ReservedClaim(String),
    /// A personal claim has a number that the format has no place for: SD-CWT has integers of 64 bits.
    Number(String),
    /// The key's algorithm has no proof in this format.
    Algorithm,
    /// The key could not sign.
    Sign(SignError),
}

impl From<Malformed> for VerifyError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<InvalidProof> for VerifyError {
    fn from(InvalidProof: InvalidProof) -> Self {
        Self::InvalidProof
    }
}

impl From<Malformed> for PresentError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<SignError> for PresentError {
    fn from(why: SignError) -> Self {
        Self::Sign(why)
    }
}

impl From<Malformed> for IssueError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<SignError> for IssueError {
    fn from(why: SignError) -> Self {
        Self::Sign(why)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::UnknownKey => f.write_str("a proof is by a key that is not known here"),
            Self::InvalidProof => InvalidProof.fmt(f),
        }
    }
}

impl fmt::Display for PresentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::NoSuchClaim(path) => write!(f, "the credential has no claim {path}"),
            Self::NotTheHolder => f.write_str("the credential is bound to another key"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::ReservedClaim(name) => write!(f, "the claim name {name:?} is reserved"),
            Self::Number(name) => {
                write!(f, "the claim {name:?} has a number that is not a whole one of 64 bits, and this format has no other")
            }
            Self::Algorithm => f.write_str("the format has no proof for this kind of key"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for VerifyError {}
impl core::error::Error for PresentError {}
impl core::error::Error for IssueError {}
