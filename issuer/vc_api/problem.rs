//! An error, as problem details (RFC 9457) with the types that VCDM 2.0 §7.1 and Bitstring Status List §3 define.

use core::fmt;
use waypass_credential::Malformed;
use waypass_credential::json::Object;

/// The kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// The text is not JSON, or larger than we read.
    Parsing,
    /// A value is not what its specification wants.
    MalformedValue,
    /// The proof does not hold.
    Cryptographic,
    /// The credential was withdrawn.
    Status,
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
    why: Option<Malformed>,
}

impl Problem {
    pub(super) const PROOF: Self = Self { kind: ProblemKind::Cryptographic, why: None };
    pub(super) const STATUS: Self = Self { kind: ProblemKind::Status, why: None };
    pub(super) const NOT_FOUND: Self = Self { kind: ProblemKind::NotFound, why: None };
    pub(super) const UNAVAILABLE: Self = Self { kind: ProblemKind::Unavailable, why: None };

    /// Returns the problem details object.
    pub fn to_json(self) -> Object<'static> {
        let object = Object::new().with("type", self.kind.uri()).with("title", self.kind.title());
        match self.why {
            Some(why) => object.with("detail", why.to_string()),
            None => object,
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
            Self::Status => "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
            Self::NotFound | Self::Unavailable => "about:blank",
        }
    }

    /// Returns the kind in words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Parsing => "the text cannot be read",
            Self::MalformedValue => "a value is not what it should be",
            Self::Cryptographic => "the proof does not hold",
            Self::Status => "the credential was withdrawn",
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
        Self { kind, why: Some(why) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Some(why) => write!(f, "{}: {why}", self.kind.title()),
            None => f.write_str(self.kind.title()),
        }
    }
}

impl core::error::Error for Problem {}
