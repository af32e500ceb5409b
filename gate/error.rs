//! Why a gate could not do what was asked. A decision about a person is never one of these.

use std::fmt;
use waypass_trust::audit::{BadNote, FirstBad, ReceiptError};
use waypass_trust::policy::PolicyError;
use waypass_trust::time::BehindProof;
use waypass_vault::{BeliefError, Forbidden, VaultError};

/// Why a gate could not do what was asked.
#[derive(Debug)]
pub enum GateError {
    /// The record of the gate's name and key is missing or damaged.
    NoIdentity,
    /// The gate has no trust bundle.
    NoBundle,
    /// Something was changed from outside; each line says what. A person has to look.
    Tampered(Vec<String>),
    /// The gate opens in a way that the rules of its site forbid, and the time for that is over.
    Forbidden(Forbidden),
    /// The rules in the bundle cannot be used.
    Policy(PolicyError),
    /// The gate's belief could not be read or kept.
    Belief(BeliefError),
    /// The log is not whole.
    Log(FirstBad),
    /// A record of the log cannot be read.
    Record {
        /// Its number.
        seq: u64,
    },
    /// The log has no such record.
    NoRecord {
        /// Its number.
        seq: u64,
    },
    /// The clock that a person wants to confirm is proven to be wrong.
    WrongClock(BehindProof),
    /// The record is not an amber decision of this gate, so nobody can confirm it.
    NotAmber {
        /// Its number.
        seq: u64,
    },
    /// The outcome of the decision is written down already.
    AlreadySettled {
        /// The number of the decision.
        seq: u64,
        /// The number of the record that says what became of it.
        by: u64,
    },
    /// The decision asks for a second person.
    NeedsSecond {
        /// The number of the decision.
        seq: u64,
    },
    /// The decision asks for a reason: old data is overridden, or the glass is broken.
    NeedsReason {
        /// The number of the decision.
        seq: u64,
    },
    /// A person's statement about a record cannot be written down.
    Note(BadNote),
    /// The record is not flagged.
    NoFlag {
        /// Its number.
        seq: u64,
    },
    /// The record is flagged, so the person in it cannot be erased yet.
    Flagged {
        /// Its number.
        seq: u64,
    },
    /// The gate itself is not a person that could be erased.
    NoPerson,
    /// A receipt for the log is refused.
    Receipt(ReceiptError),
    /// The question is too long to be signed.
    TooLong,
    /// The gate's key could not sign.
    Signer,
    /// The vault failed.
    Vault(VaultError),
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIdentity => f.write_str("this gate's own record is missing or damaged"),
            Self::NoBundle => f.write_str("this gate has no trust bundle, so it can decide about nobody"),
            Self::Tampered(found) => write!(f, "this gate was changed from outside: {}", found.join("; ")),
            Self::Forbidden(_) => f.write_str("the rules of the site forbid how this gate opens, so it decides about nobody"),
            Self::Policy(why) => write!(f, "the rules in the bundle cannot be used: {why}"),
            Self::Belief(why) => why.fmt(f),
            Self::Log(first) => write!(f, "the first bad one: {first}"),
            Self::Record { seq } => write!(f, "record {seq} of the log is the first bad one: it is missing or cannot be read"),
            Self::NoRecord { seq } => write!(f, "there is no record {seq}"),
            Self::WrongClock(why) => why.fmt(f),
            Self::NotAmber { seq } => write!(f, "record {seq} is not an amber decision, so there is nothing to confirm"),
            Self::AlreadySettled { seq, by } => write!(f, "record {by} already says what became of record {seq}"),
            Self::NeedsSecond { seq } => write!(f, "record {seq} needs two people"),
            Self::NeedsReason { seq } => write!(f, "record {seq} is an override or a card, so it needs a reason"),
            Self::Note(why) => why.fmt(f),
            Self::NoFlag { seq } => write!(f, "record {seq} is not flagged"),
            Self::Flagged { seq } => write!(f, "record {seq} is flagged, and is not acknowledged yet"),
            Self::NoPerson => f.write_str("this is the gate itself, and no person"),
            Self::Receipt(why) => why.fmt(f),
            Self::TooLong => f.write_str("the question is too long"),
            Self::Signer => f.write_str("the gate's key could not sign"),
            Self::Vault(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for GateError {}

impl From<VaultError> for GateError {
    fn from(why: VaultError) -> Self {
        Self::Vault(why)
    }
}

impl From<BadNote> for GateError {
    fn from(why: BadNote) -> Self {
        Self::Note(why)
    }
}

impl From<BeliefError> for GateError {
    fn from(why: BeliefError) -> Self {
        Self::Belief(why)
    }
}
