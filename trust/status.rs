//! Status lists: Token Status Lists (draft-ietf-oauth-status-list) and Bitstring Status Lists (W3C), and what several lists
//! together say about a credential.

use alloc::string::String;
use core::fmt;
use waypass_credential::time::Timestamp;

use crate::parts::Digest;

pub mod bitstring;
mod denials;
mod evidence;
mod held;
mod list;
mod token;

pub use denials::Denials;
pub(crate) use evidence::{Evidence, Taken, together};
pub(crate) use held::{Basis, HeldList};
pub use held::{Denied, claimed};
pub use list::{Bits, StatusListBuf};
pub(crate) use token::HARD_CAP;
pub use token::{StatusListToken, TokenForm, VerifiedList};

/// The knowledge about one credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Status {
    /// In force, as far as the newest list says.
    Valid,
    /// Suspended for now.
    Suspended,
    /// Withdrawn.
    Revoked,
    /// Nothing usable is known.
    Unknown(Why),
}

/// Why nothing usable is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// No held list covers the credential, or the list gives it a meaning of the issuer's own.
    NotCovered,
    /// The list has ended.
    ListExpired,
    /// The clock cannot be believed, or the list comes from its future.
    ClockDoubt,
    /// Lists of the same time contradict each other about it.
    Disagreement,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCovered => "no list covers it",
            Self::ListExpired => "the list has ended",
            Self::ClockDoubt => "the clock is in doubt",
            Self::Disagreement => "two lists of the same time contradict each other",
        })
    }
}

/// A status with the evidence it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct HeldStatus {
    /// The status.
    pub status: Status,
    /// When the newest covering list was made.
    pub as_of: Option<Timestamp>,
    /// The list has no such entry: the index lies outside, or the list is of another kind, for another purpose or of another
    /// size than the credential says. The credential contradicts its issuer.
    pub out_of_range: bool,
    /// A newer credential is to be had (Bitstring Status List, purpose `refresh`).
    pub update_available: bool,
    /// The issuer's own message, as its number (purpose `message`).
    pub message: Option<u8>,
}

impl HeldStatus {
    pub(crate) const fn not_covered() -> Self {
        Self::new(Status::Unknown(Why::NotCovered), None)
    }

    pub(crate) const fn new(status: Status, as_of: Option<Timestamp>) -> Self {
        Self { status, as_of, out_of_range: false, update_available: false, message: None }
    }
}

/// One held list, for manifests and displays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListInfo {
    /// Its URI.
    pub uri: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The end of its validity.
    pub expires_at: Timestamp,
    /// SHA-256 of the token text.
    pub digest: Digest,
    /// How many entries it has.
    pub entries: u64,
}

/// Final revocations that a newer list takes back: they stay, and somebody should ask the issuer why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakenBack {
    /// The list's URI.
    pub uri: String,
    /// How many entries are revoked here that the newest list does not revoke.
    pub entries: u64,
    /// The first of them.
    pub first: u64,
    /// When the newest list was made that revokes one of them.
    pub seen_at: Timestamp,
    /// When the list was made that takes them back.
    pub taken_back_at: Timestamp,
}

impl fmt::Display for TakenBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uri, entries, first, .. } = self;
        write!(f, "the newest status list {uri} takes back {entries} final revocations, the first at entry {first}; they stay revoked here")
    }
}

/// Why a status list is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ListError {
    /// Not a readable status list token or credential.
    Malformed,
    /// Entries of a size that there is not, or other than announced.
    Bits,
    /// A list of another kind than announced.
    Kind,
    /// A bitstring with fewer entries than the standard allows.
    TooShort,
    /// The compressed bitmap is damaged.
    Compression,
    /// It inflates to more than its announced size.
    TooLarge,
    /// `sub` is not the URI it was fetched for.
    WrongSubject,
    /// No status key of an issuer that announces this URI signed it.
    UntrustedSigner,
    /// The signing key was stolen.
    KeyCompromised,
    /// The signing key was not in use at the list's time.
    KeyNotInUse,
    /// The signature does not verify.
    InvalidProof,
    /// Dated after the bundle: signed time has not reached it.
    AfterBundle,
    /// Too many lists contradict each other about entries that can never be taken back.
    Contradiction,
    /// The key could not sign.
    Signer,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a readable status list",
            Self::Bits => "entries do not have the announced number of bits",
            Self::Kind => "a list of another kind than announced",
            Self::TooShort => "the list has fewer entries than the standard allows",
            Self::Compression => "the compressed list is damaged",
            Self::TooLarge => "the list is larger than announced",
            Self::WrongSubject => "the list is about another address",
            Self::UntrustedSigner => "not signed by a status key of the list's issuer",
            Self::KeyCompromised => "signed by a key that was stolen",
            Self::KeyNotInUse => "signed by a key that was not in use at the time",
            Self::InvalidProof => "the signature is not valid",
            Self::AfterBundle => "dated after the bundle it would belong to",
            Self::Contradiction => "takes back revocations that are final",
            Self::Signer => "the key could not sign",
        })
    }
}

impl core::error::Error for ListError {}

#[cfg(test)]
pub(crate) mod tests;
