//! What the issuer remembers, behind the [`Store`] joint. Every method is one transaction: durable when it returns, or
//! without effect.

use core::fmt;
use waypass_credential::role::Mechanism;
use waypass_credential::time::Timestamp;

pub mod sqlite;

pub use sqlite::SqliteStore;

/// The status of a credential, with its value in a Token Status List (draft-ietf-oauth-status-list §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// 0: in force.
    Valid,
    /// 1: withdrawn for good.
    Revoked,
    /// 2: withdrawn for now.
    Suspended,
}

impl State {
    /// The two bits in the list.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }

    /// The state of two bits.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Valid),
            1 => Some(Self::Revoked),
            2 => Some(Self::Suspended),
            _ => None,
        }
    }

    /// `valid`, `revoked` or `suspended`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One issued credential as the issuer remembers it. The credential itself and its personal claims are not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialRecord {
    /// The issuer's own name for it: 12 hexadecimal digits, random.
    pub id: String,
    /// `dc+sd-jwt` or `ldp_vc`.
    pub format: String,
    /// The holder key as a DID.
    pub holder: String,
    /// What the operator calls it in lists; may be empty.
    pub label: String,
    /// The roles asserted.
    pub roles: Vec<String>,
    /// The sites they hold for.
    pub sites: Vec<String>,
    /// The zones they hold for.
    pub zones: Vec<String>,
    /// When it was issued, exactly (the credential carries a rounded time).
    pub issued_at: Timestamp,
    /// First second of its validity.
    pub valid_from: Timestamp,
    /// Last second of its validity.
    pub valid_until: Timestamp,
    /// The key that signed it.
    pub key_id: String,
    /// Its status list; where it has entries in several, the one that says whether it is revoked.
    pub list: u32,
    /// Its index there.
    pub index: u32,
    /// What the list says, or will say once published.
    pub state: State,
    /// Since when.
    pub changed_at: Timestamp,
}

/// One entry of a credential's status history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusEvent {
    /// The state before; `None` for the issuing itself.
    pub from: Option<State>,
    /// The state after.
    pub to: State,
    /// A code of [`crate::revoke::Cause`], or `issued`.
    pub cause: String,
    /// The operator's words; may be empty.
    pub note: String,
    /// Who did it, as the caller named them.
    pub operator: String,
    /// When it took effect.
    pub at: Timestamp,
}

/// Which credentials to list. Every given part must match.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only this holder DID.
    pub holder: Option<String>,
    /// Only those that assert this role.
    pub role: Option<String>,
    /// Only those whose id begins so, or whose label contains it.
    pub text: Option<String>,
    /// At most this many, newest first; `None` for all.
    pub limit: Option<u32>,
}

/// A status list and how full it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListRecord {
    /// Its number, in its URI.
    pub id: u32,
    /// Its kind, and of a bitstring what its entries are about.
    pub mechanism: Mechanism,
    /// How many entries it has.
    pub capacity: u32,
    /// How many of them are taken.
    pub used: u32,
}

/// A place in a status list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// The list.
    pub list: u32,
    /// The index there.
    pub index: u32,
}

/// A public key the issuer signs or signed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRow {
    /// The key as multikey text.
    pub multikey: String,
    /// [`crate::keys::KeyUse`] as text.
    pub key_use: String,
    /// `active`, `retired` or `compromised`.
    pub state: String,
    /// Since when it signs.
    pub not_before: Timestamp,
    /// For a retired key: the last second at which what it signed is accepted.
    pub issued_until: Option<Timestamp>,
}

/// A pending offer of a credential. Codes are kept as hashes, the order encrypted under what the holder has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferRow {
    /// The operator's name for it.
    pub id: String,
    /// SHA-256 of the pre-authorized code, or of the access token once exchanged.
    pub secret_hash: [u8; 32],
    /// Salted hash of the transaction code, if one is asked for.
    pub tx_code: Option<TxCode>,
    /// The sealed order.
    pub sealed: Vec<u8>,
    /// After this second it is void.
    pub expires_at: Timestamp,
    /// Whether the code was exchanged for an access token.
    pub exchanged: bool,
}

/// A transaction code's salted hash and the tries left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TxCode {
    /// The salt.
    pub salt: [u8; 16],
    /// SHA-256 over salt and code.
    pub hash: [u8; 32],
    /// Tries left; at zero the offer is void.
    pub tries_left: u8,
}

/// What a pick-up uses up, in the same transaction that records the credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pickup {
    /// Hash of the access token.
    pub token_hash: [u8; 32],
    /// Hash of the proof nonce.
    pub nonce_hash: [u8; 32],
    /// Until when the nonce has to be remembered.
    pub nonce_until: Timestamp,
}

/// An enrolled gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateRow {
    /// `did:key` of the gate's key: its id and audience.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// Its zone.
    pub zone: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When, and why, its enrolment ended.
    pub revoked: Option<(Timestamp, String)>,
}

/// How far a device's audit log was received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceRow {
    /// The next sequence number expected.
    pub next_seq: u64,
    /// The chain head after the last received leaf.
    pub head: [u8; 32],
    /// When and at which sequence number the device contradicted itself.
    pub forked: Option<(Timestamp, u64)>,
}

/// One received audit leaf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafRow {
    /// Its place in the device's log.
    pub seq: u64,
    /// Its hash, as the next leaf names it.
    pub hash: [u8; 32],
    /// Its bytes.
    pub leaf: Vec<u8>,
    /// When it was received.
    pub received_at: Timestamp,
}

/// Why the store did not do as asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// Another process held the database for longer than the waiting time.
    Busy,
    /// The disk is full; nothing was changed.
    Full,
    /// The limit on the size of files does not let the database grow; nothing was changed.
    FileLimit,
    /// The file was written by a newer version.
    Newer {
        /// The file's schema version.
        found: i64,
        /// The newest one this program knows.
        known: i64,
    },
    /// What was read cannot be what was written.
    Corrupt(&'static str),
    /// There is no such record.
    Missing,
    /// A unique value is already taken: a status index, an id, a nonce, a code, a sequence number.
    Taken,
    /// The record is not in the state the change starts from.
    Changed,
    /// The database refused for another reason.
    Database(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("another process is using the issuer's database"),
            Self::Full => f.write_str("the disk is full; nothing was changed"),
            Self::FileLimit => {
                f.write_str("the issuer's database may not grow: the limit on the size of files is reached; nothing was changed")
            }
            Self::Newer { found, known } => {
                write!(f, "the issuer's database has schema version {found}, this program knows versions up to {known}")
            }
            Self::Corrupt(what) => write!(f, "the issuer's database is damaged: {what}"),
            Self::Missing => f.write_str("there is no such record"),
            Self::Taken => f.write_str("the value is already taken"),
            Self::Changed => f.write_str("the record changed in the meantime"),
            Self::Database(detail) => write!(f, "the issuer's database failed: {detail}"),
        }
    }
}

impl core::error::Error for StoreError {}

type Result<T> = core::result::Result<T, StoreError>;

/// The joint: SQLite today ([`SqliteStore`]).
pub trait Store {
    /// A named document (settings, policy, signed parts), if it was ever written.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Writes named documents, all of them or none.
    fn set_documents(&mut self, documents: &[(&str, &[u8])]) -> Result<()>;
    /// Moves the counter `name` from `before` to `version` and writes the documents of that version. A counter that was never
    /// moved is at 0. [`StoreError::Changed`] where it is not at `before`, because another process moved it.
    fn advance(&mut self, name: &str, before: u64, version: u64, documents: &[(&str, &[u8])]) -> Result<()>;
    /// Raises the counter `name` by one and gives its value, 1 first. Durable before it returns, so no number is given twice.
    fn next_version(&mut self, name: &str) -> Result<u64>;
    /// A number that differs whenever another process wrote since the last call.
    fn foreign_changes(&self) -> Result<i64>;

    /// All keys ever registered.
    fn keys(&self) -> Result<Vec<KeyRow>>;
    /// Registers a key or replaces its record.
    fn put_keys(&mut self, keys: &[KeyRow]) -> Result<()>;

    /// All status lists, oldest first.
    fn lists(&self) -> Result<Vec<ListRecord>>;
    /// Opens a further list.
    fn open_list(&mut self, mechanism: &Mechanism, capacity: u32) -> Result<u32>;
    /// Whether an index of a list was given away.
    fn is_taken(&self, list: u32, index: u32) -> Result<bool>;
    /// The taken indices of a list, in no particular order.
    fn taken_indices(&self, list: u32) -> Result<Vec<u32>>;
    /// The entries of a list that are not 0, with what the list has to say.
    fn set_entries(&self, list: u32) -> Result<Vec<(u32, u8)>>;
    /// Gives entries of bitstrings to a document that is not on record; [`StoreError::Taken`] if one was given before.
    fn take_entries(&mut self, entries: &[Entry]) -> Result<()>;
    /// Sets such an entry; [`StoreError::Missing`] if it was not given to a document that is not on record.
    fn set_entry(&mut self, entry: Entry, value: u8) -> Result<()>;

    /// Records a credential with the first entry of its history and uses up what its pick-up names. `entries` are those it has
    /// in bitstrings. [`StoreError::Taken`]: index, id or nonce were used before; [`StoreError::Missing`]: the token is void.
    fn add_credential(&mut self, record: &CredentialRecord, entries: &[Entry], issued: &StatusEvent, pickup: Option<&Pickup>)
    -> Result<()>;
    /// One credential.
    fn credential(&self, id: &str) -> Result<Option<CredentialRecord>>;
    /// The credential at a status index.
    fn credential_at(&self, list: u32, index: u32) -> Result<Option<CredentialRecord>>;
    /// The credentials a filter selects, newest first.
    fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>>;
    /// The entries that a credential has in bitstrings, in the order of their lists.
    fn entries(&self, id: &str) -> Result<Vec<Entry>>;
    /// Changes a credential's state and appends to its history, if it still is in `event.from`; else [`StoreError::Changed`].
    fn change_state(&mut self, id: &str, event: &StatusEvent) -> Result<()>;
    /// Sets a credential's entry in the list of messages and appends to its history; [`StoreError::Missing`] if it has none.
    fn set_message(&mut self, id: &str, value: u8, event: &StatusEvent) -> Result<()>;
    /// A credential's history, oldest first.
    fn history(&self, id: &str) -> Result<Vec<StatusEvent>>;

    /// Records an offer.
    fn add_offer(&mut self, offer: &OfferRow) -> Result<()>;
    /// The offer of a hashed code or token.
    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>>;
    /// Counts a transaction code try before it is judged and gives the tries that were left with this one;
    /// [`StoreError::Missing`] when there were none.
    fn count_try(&mut self, secret_hash: &[u8; 32]) -> Result<u8>;
    /// Forgets an offer.
    fn drop_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()>;
    /// Exchanges a code for an access token; [`StoreError::Missing`] if the code is void or was exchanged.
    fn exchange_offer(&mut self, code_hash: &[u8; 32], token_hash: &[u8; 32], sealed: &[u8], expires_at: Timestamp) -> Result<()>;
    /// Forgets offers and nonces that expired.
    fn purge(&mut self, at: Timestamp) -> Result<()>;

    /// Enrols a gate or renews its enrolment; one whose enrolment ended starts anew.
    fn put_gate(&mut self, gate: &GateRow) -> Result<()>;
    /// One gate.
    fn gate(&self, id: &str) -> Result<Option<GateRow>>;
    /// All gates, by name.
    fn gates(&self) -> Result<Vec<GateRow>>;

    /// How far a device's log was received.
    fn device(&self, id: &str) -> Result<Option<DeviceRow>>;
    /// Appends leaves to a device's log if it still expects the first of them; else [`StoreError::Changed`].
    fn append_leaves(&mut self, device: &str, leaves: &[LeafRow], head: &[u8; 32]) -> Result<()>;
    /// The hash of one received leaf.
    fn leaf_hash(&self, device: &str, seq: u64) -> Result<Option<[u8; 32]>>;
    /// Received leaves from `from_seq` on, at most `limit`.
    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>>;
    /// Marks a device that contradicted itself.
    fn flag_fork(&mut self, device: &str, at: Timestamp, seq: u64) -> Result<()>;
}

#[cfg(test)]
mod tests;
