//! An error, as problem details (RFC 9457) with the types that VCDM 2.0 §7.1 and Bitstring Status List §3 define.

use core::fmt;
use waypass_credential::Malformed;
use waypass_credential::json::Object;
use waypass_credential::vcdm::document::DocumentError;

/// The kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// The text is not JSON, or larger than we read.
    Parsing,
    /// A value is not what its specification wants.
    MalformedValue,
    /// The proof does not hold.
    Cryptographic,
    /// The proof is for another purpose, or has expired.
    Proof,
    /// The proof answers another challenge.
    Challenge,
    /// The proof is meant for another domain.
    Domain,
    /// The credential is not valid at this time.
    Validity,
    /// The credential was withdrawn.
    Status,
    /// The status of the credential is not known here.
    UnknownStatus,
    /// Nothing of this name is here.
    NotFound,
    /// It cannot be done now.
    Unavailable,
}

/// One problem. Says which member is at fault, never what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    why: Why,
}

/// The reason, if there is more to say than the kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    Nothing,
    Malformed(Malformed),
    Document(DocumentError),
}

impl Problem {
    pub(super) const PROOF: Self = Self { kind: ProblemKind::Cryptographic, why: Why::Nothing };
    pub(super) const STATUS: Self = Self { kind: ProblemKind::Status, why: Why::Nothing };
    pub(super) const UNKNOWN_STATUS: Self = Self { kind: ProblemKind::UnknownStatus, why: Why::Nothing };
    pub(super) const NOT_FOUND: Self = Self { kind: ProblemKind::NotFound, why: Why::Nothing };
    pub(super) const UNAVAILABLE: Self = Self { kind: ProblemKind::Unavailable, why: Why::Nothing };

    pub(super) const fn of_document(why: DocumentError) -> Self {
        let kind = match why {
            DocumentError::Challenge => ProblemKind::Challenge,
            DocumentError::Domain => ProblemKind::Domain,
            DocumentError::NotYetValid | DocumentError::Expired => ProblemKind::Validity,
            DocumentError::Purpose | DocumentError::ProofExpired => ProblemKind::Proof,
            DocumentError::Malformed(_) | DocumentError::InvalidProof => ProblemKind::Cryptographic,
        };
        Self { kind, why: Why::Document(why) }
    }

    /// Returns the problem details object.
    pub fn to_json(self) -> Object<'static> {
        let object = Object::new().with("type", self.kind.uri()).with("title", self.kind.title());
        match self.why {
            Why::Malformed(why) => object.with("detail", why.to_string()),
            Why::Document(why) => object.with("detail", why.to_string()),
            Why::Nothing => object,
        }
    }
}

impl ProblemKind {
    /// Returns the URL that names the kind.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Parsing => "https://www.w3.org/TR/vc-data-model#PARSING_ERROR",
            Self::MalformedValue => "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
            Self::Cryptographic => "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR",
            Self::Proof => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
            Self::Challenge => "https://w3id.org/security#INVALID_CHALLENGE_ERROR",
            Self::Domain => "https://w3id.org/security#INVALID_DOMAIN_ERROR",
            Self::Validity => "https://www.w3.org/TR/vc-data-model#RANGE_ERROR",
            Self::Status => "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
            Self::UnknownStatus => "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR",
            Self::NotFound | Self::Unavailable => "about:blank",
        }
    }

    /// Returns the kind in words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Parsing => "the text cannot be read",
            Self::MalformedValue => "a value is not what it should be",
            Self::Cryptographic | Self::Proof => "the proof does not hold",
            Self::Challenge => "the proof answers another challenge",
            Self::Domain => "the proof is meant for another domain",
            Self::Validity => "the credential is not valid at this time",
            Self::Status => "the credential was withdrawn",
            Self::UnknownStatus => "the status of the credential is not known here, and nothing is fetched",
            Self::NotFound => "nothing of this name is here",
            Self::Unavailable => "it cannot be done now",
        }
    }
}

impl From<Malformed> for Problem {
    fn from(why: Malformed) -> Self {
        let kind = match why {
            Malformed::Json(_) | Malformed::TooLarge | Malformed::Serialization => ProblemKind::Parsing,
            _ => ProblemKind::MalformedValue,
        };
        Self { kind, why: Why::Malformed(why) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Malformed(why) => write!(f, "{}: {why}", self.kind.title()),
            Why::Document(why) => write!(f, "{}: {why}", self.kind.title()),
            Why::Nothing => f.write_str(self.kind.title()),
        }
    }
}

impl core::error::Error for Problem {}
