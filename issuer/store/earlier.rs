//! The content of a database of version 0.1.0, as it is read before it is put under the seal.

use super::{CredentialRecord, DeviceRow, Entry, GateRow, KeyRow, ListRecord, OfferRow, StatusEvent};

/// Holds what a database of version 0.1.0 held, which had no seal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unsealed {
    /// Its keys.
    pub keys: Vec<KeyRow>,
    /// Its gates.
    pub gates: Vec<GateRow>,
    /// Its status lists.
    pub lists: Vec<ListRecord>,
    /// Its version numbers.
    pub counters: Vec<(String, u64)>,
    /// Its documents.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Its credentials, oldest first.
    pub credentials: Vec<UnsealedCredential>,
    /// Entries of documents that are not on record.
    pub entries: Vec<(Entry, u8)>,
    /// Its offers.
    pub offers: Vec<OfferRow>,
    /// The devices whose logs it received.
    pub devices: Vec<(String, DeviceRow)>,
}

/// A credential of such a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsealedCredential {
    /// The record.
    pub record: CredentialRecord,
    /// Its entries in bitstrings, and what they say.
    pub entries: Vec<(Entry, u8)>,
    /// Its history, oldest first.
    pub history: Vec<StatusEvent>,
}
