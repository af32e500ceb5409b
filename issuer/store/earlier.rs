//! The content of earlier formats, as it is read before it is put under the seal.

use super::{CredentialRecord, DeviceRow, Entry, EventRow, GateRow, KeyRow, ListRecord, OfferRow, RegisterRow, StatusEvent};

/// An earlier format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Earlier {
    /// That of version 0.1.0, without a seal.
    Unsealed(Unsealed),
    /// The first one under the seal, in which everything could be read without the key.
    Readable(Readable),
}

/// Holds what a database held whose rows had seals and were no ciphertext.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Readable {
    /// Its register.
    pub register: Option<RegisterRow>,
    /// Its events, in order.
    pub events: Vec<EventRow>,
    /// Its credentials, oldest first, with the seal of each.
    pub credentials: Vec<(CredentialRecord, [u8; 32])>,
    /// Its documents.
    pub documents: Vec<(String, Vec<u8>)>,
}

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
