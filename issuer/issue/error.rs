//! Why a credential was not issued.

use super::{Format, MAX_LABEL, validity};
use crate::store::StoreError;
use core::fmt;
use waypass_credential::data_integrity::{MAX_PROOFS, Suite};
use waypass_credential::key::Algorithm;
use waypass_credential::role::{MAX_ROLES, MAX_SCOPES, NAME_RULE};

/// Which names of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// Its roles.
    Roles,
    /// Its sites.
    Sites,
    /// Its zones.
    Zones,
}

/// Why a credential was not issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueError {
    /// No active key of this issuer can sign this format with this algorithm.
    NoKey {
        /// The format asked for.
        format: Format,
        /// The algorithm asked for.
        algorithm: Option<Algorithm>,
        /// The suite asked for.
        suite: Option<Suite>,
    },
    /// The suite belongs to another format.
    SuiteFormat {
        /// The suite asked for.
        suite: Suite,
        /// The format asked for.
        format: Format,
    },
    /// The suite does not sign with such keys.
    SuiteAlgorithm {
        /// The suite asked for.
        suite: Suite,
        /// The algorithm asked for.
        algorithm: Algorithm,
    },
    /// A suite appears twice, or there are more than a credential may have proofs.
    Suites,
    /// The status of this format is in token lists only.
    StatusFormat(Format),
    /// A list of names is empty, too long, or has a repeated or unusable name.
    Names(NameKind),
    /// The issuer may not assert this.
    OutsideSettings {
        /// `role` or `site`.
        what: &'static str,
        /// The one.
        name: String,
    },
    /// The label is too long or has control characters.
    Label,
    /// The validity would not last at all, or has already ended.
    Empty,
    /// It would be valid for longer than allowed.
    TooLong {
        /// Seconds from the issuing to the end asked for.
        asked: i64,
        /// The settings' `max_validity_seconds`.
        bound: i64,
    },
    /// The holder key is a key of this issuer.
    OwnKey,
    /// No rule of the policy admits the bearer of a card.
    NoCards,
    /// The number of an identity document has fewer than four letters and digits, or other signs in it.
    Document,
    /// The credential with this id was signed by a key that was replaced since, so it cannot be signed once more.
    OtherKey(String),
    /// The credential could not be made.
    Credential(waypass_credential::IssueError),
    /// The store failed; nothing was issued.
    Store(StoreError),
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey { format, algorithm, suite } => {
                let (name, space) = algorithm.map_or(("", ""), |algorithm| (algorithm.jose_name(), " "));
                write!(f, "no active {name}{space}credential key signs {format}")?;
                suite.map_or(Ok(()), |suite| write!(f, " in {suite}"))
            }
            Self::SuiteFormat { suite, format } => write!(f, "{suite} is a suite of {}, not of {format}", Format::DataIntegrity),
            Self::SuiteAlgorithm { suite, algorithm } => write!(f, "{suite} does not sign with {} keys", algorithm.jose_name()),
            Self::Suites => write!(f, "a suite appears twice, or there are more than {MAX_PROOFS}"),
            Self::StatusFormat(format) => write!(f, "the status of {format} is in a token status list, not in a bitstring"),
            Self::Names(kind) => {
                let (what, least, most, or_any) = match kind {
                    NameKind::Roles => ("roles", 1, MAX_ROLES, ""),
                    NameKind::Sites => ("sites", 1, MAX_SCOPES, "; * is every site"),
                    NameKind::Zones => ("zones", 0, MAX_SCOPES, "; * is every zone"),
                };
                write!(f, "the {what} must be {least} to {most} different names of {NAME_RULE}{or_any}")
            }
            Self::OutsideSettings { what, name } => write!(f, "this issuer may not assert the {what} {name:?}"),
            Self::Label => write!(f, "the label must have at most {MAX_LABEL} bytes and no control characters"),
            Self::Empty => f.write_str("the validity would already have ended"),
            Self::TooLong { asked, bound } => {
                let (asked, bound) = (validity::days(*asked), validity::days(*bound));
                write!(f, "a validity of {asked} is longer than this issuer allows, which is {bound} (max_validity_seconds)")
            }
            Self::OwnKey => f.write_str("the holder key is one of the issuer's own keys"),
            Self::NoCards => f.write_str("no rule of this site admits the bearer of a card"),
            Self::Document => f.write_str("the document's number needs at least four letters (A to Z) and digits, and has no other signs"),
            Self::OtherKey(id) => write!(f, "the key that signed the credential {id} was replaced since, so no copy of it can be made"),
            Self::Credential(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for IssueError {}

impl From<StoreError> for IssueError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<waypass_credential::IssueError> for IssueError {
    fn from(why: waypass_credential::IssueError) -> Self {
        Self::Credential(why)
    }
}
