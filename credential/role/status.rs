//! The place of a credential's status: entries of a Token Status List or of a Bitstring Status List.

use super::MAX_IDENTIFIER;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::role::read;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

pub mod messages;

/// Most status entries of one credential: one per purpose, and room for a purpose that is in two lists.
pub(super) const MAX_ENTRIES: usize = 8;
/// The largest entry of a bitstring, in bits. The standard sets no bound; a `statusMessage` per value does (2^8 of them).
pub const MAX_ENTRY_BITS: u8 = 8;

const TOKEN_TYPE: &str = "TokenStatusListEntry";
const BITSTRING_TYPE: &str = "BitstringStatusListEntry";
/// JCS signs a number as the double nearest to it: beyond 2^53 one signature would hold for several indices. The last exact
/// integer, because 2^53 is also what 2^53 + 1 rounds to.
const EXACT: u64 = (1 << 53) - 1;

/// An entry of a status list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StatusReference {
    /// The list.
    pub uri: String,
    /// The entry.
    pub index: u64,
    /// The kind of list, and what an entry in it means.
    pub mechanism: Mechanism,
}

/// A kind of status list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Mechanism {
    /// Token Status List (draft-ietf-oauth-status-list §6): the value says all.
    TokenList,
    /// Bitstring Status List v1.0 §2.1: the credential says what the value is about.
    Bitstring(BitstringEntry),
}

/// The meaning of an entry of a bitstring.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BitstringEntry {
    /// `statusPurpose`.
    pub purpose: StatusPurpose,
    /// `statusSize`: bits per entry, 1 to [`MAX_ENTRY_BITS`].
    pub size: u8,
    /// `statusMessage`: one text for each value in ascending order, for developers, not for people (§2.1). Empty only where
    /// `size` is 1.
    pub messages: Vec<String>,
}

/// The meaning of a set bit (Bitstring Status List §2.1 `statusPurpose`). Any other purpose is refused: what is not understood must
/// not pass for "in force".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatusPurpose {
    /// Withdrawn for good.
    Revocation,
    /// Withdrawn for now.
    Suspension,
    /// Still in force, but a newer credential is to be had.
    Refresh,
    /// Something of the issuer's own, see [`BitstringEntry::messages`].
    Message,
}

impl StatusPurpose {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Revocation, Self::Suspension, Self::Refresh, Self::Message];

    /// Returns the text in `statusPurpose`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Refresh => "refresh",
            Self::Message => "message",
        }
    }

    /// Returns the purpose with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

impl fmt::Display for StatusPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl StatusReference {
    /// Returns an entry of a Token Status List.
    pub fn token(uri: impl Into<String>, index: u64) -> Self {
        Self { uri: uri.into(), index, mechanism: Mechanism::TokenList }
    }

    /// Returns an entry of one bit in a Bitstring Status List.
    pub fn bitstring(uri: impl Into<String>, index: u64, purpose: StatusPurpose) -> Self {
        let entry = BitstringEntry { purpose, size: 1, messages: Vec::new() };
        Self { uri: uri.into(), index, mechanism: Mechanism::Bitstring(entry) }
    }

    /// Returns true if the entry can say that the credential is withdrawn for good.
    pub const fn can_revoke(&self) -> bool {
        match &self.mechanism {
            Mechanism::TokenList => true,
            Mechanism::Bitstring(entry) => matches!(entry.purpose, StatusPurpose::Revocation),
        }
    }

    /// Checks the bounds every reference keeps, on issuing as on reading.
    pub(super) fn is_in_bounds(&self) -> bool {
        let uri = !self.uri.is_empty() && self.uri.len() <= MAX_IDENTIFIER;
        let mechanism = match &self.mechanism {
            Mechanism::TokenList => true,
            Mechanism::Bitstring(entry) => entry.is_in_bounds(),
        };
        uri && mechanism && i64::try_from(self.index).is_ok()
    }

    /// Returns the one entry that the `status` claim of a token can hold.
    pub(super) fn only_token(status: &[Self]) -> Result<Option<&Self>, Malformed> {
        match status {
            [] => Ok(None),
            [entry] if entry.mechanism == Mechanism::TokenList => Ok(Some(entry)),
            _ => Err(Malformed::OutOfRange("status")),
        }
    }

    /// Returns the `status` claim (draft-ietf-oauth-status-list §6.2) of an entry of a Token Status List.
    pub(super) fn to_claim(&self) -> Result<Object<'static>, Malformed> {
        let index = i64::try_from(self.index).map_err(|_| Malformed::OutOfRange("status"))?;
        Ok(Object::new().with("status_list", Object::new().with("idx", index).with("uri", self.uri.clone())))
    }

    /// Returns the `credentialStatus` entry.
    fn to_vcdm(&self) -> Result<Object<'static>, Malformed> {
        match &self.mechanism {
            Mechanism::TokenList => {
                let index = i64::try_from(self.index).ok().filter(|_| self.index <= EXACT).ok_or(Malformed::OutOfRange("status"))?;
                Ok(Object::new().with("type", TOKEN_TYPE).with("uri", self.uri.clone()).with("idx", index))
            }
            Mechanism::Bitstring(entry) => Ok(entry.to_vcdm(&self.uri, self.index)),
        }
    }

    fn from_vcdm(entry: &Object<'_>) -> Result<Self, Malformed> {
        // §4.10: a type, alone or as a list of one.
        let kind = match entry.member("type") {
            Some(Value::Array(kinds)) if kinds.len() == 1 => kinds[0].as_str(),
            Some(kind) => kind.as_str(),
            None => None,
        };
        match kind {
            Some(TOKEN_TYPE) => {
                only(entry, &["type", "uri", "idx", "id"])?;
                let index = entry.member("idx").and_then(Value::as_i64).and_then(|index| u64::try_from(index).ok()).ok_or(WRONG_TYPE)?;
                if index > EXACT {
                    return Err(OUT_OF_RANGE);
                }
                Ok(Self::token(read::text(entry, "uri")?, index))
            }
            Some(BITSTRING_TYPE) => BitstringEntry::from_vcdm(entry),
            _ => Err(OUT_OF_RANGE),
        }
    }
}

const OUT_OF_RANGE: Malformed = Malformed::OutOfRange("credentialStatus");
const WRONG_TYPE: Malformed = Malformed::WrongType("credentialStatus");

impl BitstringEntry {
    fn is_in_bounds(&self) -> bool {
        let sized = (1..=MAX_ENTRY_BITS).contains(&self.size);
        let texts = self.messages.iter().all(|text| text.len() <= MAX_IDENTIFIER);
        // §2.1: as many messages as values; none are needed for a single bit.
        sized && texts && (self.messages.len() == 1 << self.size || self.messages.is_empty() && self.size == 1)
    }

    fn to_vcdm(&self, uri: &str, index: u64) -> Object<'static> {
        let mut entry = Object::new()
            .with("type", BITSTRING_TYPE)
            .with("statusPurpose", self.purpose.as_str())
            .with("statusListIndex", format!("{index}"))
            .with("statusListCredential", uri.to_owned());
        if self.size > 1 {
            entry.set("statusSize", i64::from(self.size));
        }
        if !self.messages.is_empty() {
            entry.set("statusMessage", messages::write(&self.messages));
        }
        entry
    }

    /// Reads an entry (§2.1). `statusReference` leads people to reading matter and has no effect here.
    fn from_vcdm(entry: &Object<'_>) -> Result<StatusReference, Malformed> {
        only(
            entry,
            &["type", "id", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize", "statusMessage", "statusReference"],
        )?;
        let uri = read::text(entry, "statusListCredential")?;
        // §2.1 `id`: never the list's own address.
        if entry.text("id") == Some(&uri) {
            return Err(Malformed::OutOfRange("id"));
        }
        let purpose = StatusPurpose::parse(&read::text(entry, "statusPurpose")?).ok_or(Malformed::OutOfRange("statusPurpose"))?;
        let index = parse_index(&read::text(entry, "statusListIndex")?).ok_or(Malformed::OutOfRange("statusListIndex"))?;
        let size = match entry.member("statusSize") {
            None => 1,
            Some(size) => {
                let size = size.as_i64().ok_or(Malformed::WrongType("statusSize"))?;
                u8::try_from(size).ok().filter(|size| (1..=MAX_ENTRY_BITS).contains(size)).ok_or(Malformed::OutOfRange("statusSize"))?
            }
        };
        let messages = match entry.member("statusMessage") {
            None => Vec::new(),
            Some(list) => messages::read(list, size)?,
        };
        if size > 1 && messages.is_empty() {
            return Err(Malformed::Missing("statusMessage"));
        }
        Ok(StatusReference { uri, index, mechanism: Mechanism::Bitstring(Self { purpose, size, messages }) })
    }
}

/// §2.1 `statusListIndex`: digits, written in the one way a number has.
fn parse_index(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

fn only(entry: &Object<'_>, known: &[&str]) -> Result<(), Malformed> {
    if entry.iter().any(|(name, _)| !known.contains(&name)) { Err(OUT_OF_RANGE) } else { Ok(()) }
}

/// Reads `credentialStatus` (VCDM 2.0 §4.10): one entry or several. Another mechanism must not pass for "has no status".
pub(super) fn read(document: &Object<'_>) -> Result<Vec<StatusReference>, Malformed> {
    match document.member("credentialStatus") {
        None => Ok(Vec::new()),
        Some(Value::Object(entry)) => Ok(alloc::vec![StatusReference::from_vcdm(entry)?]),
        Some(Value::Array(entries)) if entries.is_empty() || entries.len() > MAX_ENTRIES => Err(OUT_OF_RANGE),
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| StatusReference::from_vcdm(entry.as_object().ok_or(WRONG_TYPE)?)).collect()
        }
        Some(_) => Err(WRONG_TYPE),
    }
}

/// Returns the `credentialStatus` that says `references`: one entry or an array of them; none for none.
pub fn credential_status(references: &[StatusReference]) -> Result<Option<Value<'static>>, Malformed> {
    match references {
        [] => Ok(None),
        [one] => Ok(Some(Value::Object(one.to_vcdm()?))),
        several => several.iter().map(StatusReference::to_vcdm).collect::<Result<Vec<_>, _>>().map(|all| Some(all.into_iter().collect())),
    }
}

#[cfg(test)]
mod tests;
