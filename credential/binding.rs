//! The binding of a presentation, and the content of the holder's proof of it.

use crate::base64url;
use crate::key::InvalidProof;
use crate::malformed::Malformed;
use crate::time::Timestamp;
use alloc::borrow::Cow;
use core::fmt;

mod nonce;

pub use nonce::Nonce;

/// The binding that the holder's proof must have, so that it is an answer to this verifier and to nobody else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Binding<'b> {
    /// A verifier's nonce and its name (OpenID4VP 1.0 §14.1).
    Challenge {
        /// The verifier's fresh nonce, as the proof spells it.
        nonce: Cow<'b, str>,
        /// The verifier that the answer is meant for.
        audience: &'b str,
    },
    /// A question that came as a code. Its digest fixes everything that it says.
    Question {
        /// SHA-256 of the code's content.
        digest: [u8; 32],
        /// The verifier that the answer is meant for.
        audience: &'b str,
    },
}

/// Left behind when the holder's proof was checked: the bound key made this presentation for this binding. The caller judges
/// whether the proof is in force, because the caller has a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct HolderProof {
    /// When the holder's device says it signed.
    pub signed_at: Option<Timestamp>,
    /// From when the answer says it holds.
    pub not_before: Option<Timestamp>,
    /// When the answer says it ends.
    pub expires_at: Option<Timestamp>,
}

/// Why a presentation is not the bound holder's answer to this verifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HolderError {
    /// There is no holder proof.
    Missing,
    /// The proof answers another nonce.
    NonceMismatch,
    /// The proof is meant for another audience.
    WrongAudience,
    /// The proof is not one by the bound key over this presentation.
    InvalidProof,
    /// The proof cannot be read.
    Malformed(Malformed),
}

impl<'b> Binding<'b> {
    /// Returns the binding to `nonce` of the verifier `audience`.
    pub fn challenge(nonce: &Nonce, audience: &'b str) -> Self {
        Self::Challenge { nonce: Cow::Owned(nonce.to_text()), audience }
    }

    /// Returns the nonce as a proof in a text spells it: of a question that is its digest in base64url.
    pub fn nonce(&self) -> Cow<'_, str> {
        match self {
            Self::Challenge { nonce, .. } => Cow::Borrowed(nonce),
            Self::Question { digest, .. } => Cow::Owned(base64url::encode(digest)),
        }
    }

    /// Returns the verifier that the answer is meant for.
    pub(crate) const fn audience(&self) -> &'b str {
        match self {
            Self::Challenge { audience, .. } | Self::Question { audience, .. } => audience,
        }
    }

    /// Checks that an answer with this nonce for this audience is bound to it.
    pub(crate) fn require(&self, answered: &str, meant_for: &str) -> Result<(), HolderError> {
        if answered != self.nonce() {
            return Err(HolderError::NonceMismatch);
        }
        if meant_for != self.audience() {
            return Err(HolderError::WrongAudience);
        }
        Ok(())
    }
}

impl From<Malformed> for HolderError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<InvalidProof> for HolderError {
    fn from(InvalidProof: InvalidProof) -> Self {
        Self::InvalidProof
    }
}

impl fmt::Display for HolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the holder has not signed this presentation"),
            Self::NonceMismatch => f.write_str("the holder answered another question"),
            Self::WrongAudience => f.write_str("the presentation is meant for another checkpoint"),
            Self::InvalidProof => f.write_str("the holder's proof is not valid"),
            Self::Malformed(why) => write!(f, "holder proof: {why}"),
        }
    }
}

impl core::error::Error for HolderError {}
