//! The rows of what the issuer remembers, behind the [`Store`] joint. Every method is one transaction: durable when it returns,
//! or without effect. Nothing here is believed as it stands: see [`crate::sealed`].

use core::fmt;
use waypass_credential::role::Mechanism;
use waypass_credential::time::Timestamp;

pub mod sqlite;
mod unsealed;

pub use sqlite::{MissingLog, SqliteStore};
pub use unsealed::{Unsealed, UnsealedCredential};

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
    /// Only those whose validity ends after this second.
    pub ends_after: Option<Timestamp>,
    /// Only those whose validity has ended by this second.
    pub ended_by: Option<Timestamp>,
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
    /// The sealed order; once it is picked up, the sealed credential.
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pickup {
    /// The exchanged offer, as it was read.
    pub taken: OfferRow,
    /// The one in its place: the credential, for as long as it may be asked for again.
    pub answered: OfferRow,
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
    /// The name of the time zone whose hours the rules may speak of here (IANA database).
    pub time_zone: Option<String>,
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
    /// The newest version of the targets that its records name.
    pub targets: u64,
    /// The length of its log where it began to send after what is held here; 0 if it never did.
    pub ahead: u64,
    /// Whether somebody knows why, so that it proves nothing any more.
    pub forgiven: bool,
}

impl DeviceRow {
    /// A device of which nothing was received.
    pub const NEW: Self = Self { next_seq: 0, head: [0; 32], forked: None, targets: 0, ahead: 0, forgiven: false };
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
    /// The database was closed with its write-ahead log, and lies there without it.
    LogMissing,
    /// What was read cannot be what was written.
    Corrupt(&'static str),
    /// There is no such record.
    Missing,
    /// A unique value is already taken: a status index, an id, a nonce, a code, a sequence number.
    Taken,
    /// The record is not in the state the change starts from.
    Changed,
    /// Another process wrote meanwhile what this change would have followed.
    Overtaken,
    /// A row was written, changed, deleted or put back by something that does not have the vault's key.
    Tampered(String),
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
            Self::LogMissing => f.write_str(
                "issuer.db was closed with its write-ahead log (issuer.db-wal) and lies there without it; what was done last may be missing",
            ),
            Self::Corrupt(what) => write!(f, "the issuer's database is damaged: {what}"),
            Self::Missing => f.write_str("there is no such record"),
            Self::Taken => f.write_str("the value is already taken"),
            Self::Changed => f.write_str("the record changed in the meantime"),
            Self::Overtaken => f.write_str("another process wrote to the issuer's database in the meantime"),
            Self::Tampered(what) => {
                write!(
                    f,
                    "{what} in issuer.db is not what this issuer wrote there: written by something else, deleted, or put back from a copy"
                )
            }
            Self::Database(detail) => write!(f, "the issuer's database failed: {detail}"),
        }
    }
}

impl core::error::Error for StoreError {}

type Result<T> = core::result::Result<T, StoreError>;

/// The register as it is stored: what decides, under the seal of the issuer's vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterRow {
    /// Counts replacements, 1 first.
    pub version: u64,
    /// JSON.
    pub body: String,
    /// Over version and body.
    pub mac: [u8; 32],
}

/// One link of the chain of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    /// Its place, 1 first, without gaps.
    pub seq: u64,
    /// The credential whose history it belongs to, if it is about one.
    pub credential: Option<String>,
    /// JSON.
    pub body: String,
    /// Over the link before and this one.
    pub mac: [u8; 32],
}

/// What the events up to one of them add up to, so that nobody has to read them again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryRow {
    /// The last event in it.
    pub seq: u64,
    /// JSON.
    pub body: String,
    /// Over both.
    pub mac: [u8; 32],
}

/// A credential's row, with the seal over what never changes in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedCredential {
    /// The record.
    pub record: CredentialRecord,
    /// Over all of it but its state.
    pub mac: [u8; 32],
}

/// The rows that change together with an event.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'r> {
    /// None.
    Unchanged,
    /// A new credential, and what its pick-up uses up.
    Credential(&'r SealedCredential, Option<&'r Pickup>),
    /// A credential's state.
    State {
        /// The credential.
        id: &'r str,
        /// The new one.
        state: State,
        /// Since when.
        at: Timestamp,
    },
    /// A new offer.
    Offer(&'r OfferRow),
    /// An offer in the place of the one with this hash.
    Replace(&'r [u8; 32], &'r OfferRow),
    /// The offer of this hash goes.
    Drop(&'r [u8; 32]),
    /// Offers and nonces that expired before this go.
    Purge(Timestamp),
    /// Leaves of a device's log.
    Leaves(&'r str, &'r [LeafRow]),
}

/// How much of each kind there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Rows of credentials.
    pub credentials: u64,
    /// Links of the chain of events.
    pub events: u64,
}

/// Where named documents are read: in the rows as they stand, or checked (`crate::sealed::Sealed`).
pub trait Documents {
    /// A named document, if it was ever written.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>>;
}

/// The joint: where rows are kept. SQLite today ([`SqliteStore`]); `crate::sealed::Sealed` decides what they mean and
/// whether they are believed.
pub trait Store: Documents {
    /// The register, if there is one.
    fn register(&self) -> Result<Option<RegisterRow>>;
    /// The version of the register; 0 without one.
    fn register_version(&self) -> Result<u64>;
    /// Replaces the register whose version is one less and writes documents with it; [`StoreError::Overtaken`] if another stands there.
    fn replace_register(&mut self, row: &RegisterRow, documents: &[(&str, &[u8])]) -> Result<()>;
    /// The names of all documents, in order.
    fn document_names(&self) -> Result<Vec<String>>;

    /// Appends an event and changes rows with it; [`StoreError::Overtaken`] if another stands at its place or before it is a gap.
    /// [`StoreError::Taken`]: an index, id or nonce was used before; [`StoreError::Missing`]: a row to change is not there.
    fn append(&mut self, event: &EventRow, rows: &Rows<'_>) -> Result<()>;
    /// At most `limit` events after the one at `seq`, in order.
    fn events(&self, seq: u64, limit: u32) -> Result<Vec<EventRow>>;
    /// The seal of the event at `seq`.
    fn event_mac(&self, seq: u64) -> Result<Option<[u8; 32]>>;
    /// The events of a credential in order, each with the seal of the one before it in the chain.
    fn history(&self, credential: &str) -> Result<Vec<(EventRow, Option<[u8; 32]>)>>;
    /// The newest summary, if one was kept.
    fn summary(&self) -> Result<Option<SummaryRow>>;
    /// Keeps a summary in the place of the one before.
    fn keep_summary(&mut self, row: &SummaryRow) -> Result<()>;

    /// How much there is.
    fn counts(&self) -> Result<Counts>;
    /// One credential.
    fn credential(&self, id: &str) -> Result<Option<SealedCredential>>;
    /// The credential at a status index.
    fn credential_at(&self, list: u32, index: u32) -> Result<Option<SealedCredential>>;
    /// The credentials a filter selects, newest first.
    fn credentials(&self, filter: &Filter) -> Result<Vec<SealedCredential>>;
    /// The index and state of each credential in a list that is not in force.
    fn withdrawn(&self, list: u32) -> Result<Vec<(u32, State)>>;

    /// All offers.
    fn offers(&self) -> Result<Vec<OfferRow>>;
    /// The offer of a hashed code or token.
    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>>;

    /// Received leaves of a device from `from_seq` on, at most `limit`.
    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>>;

    /// Returns the content of a database of version 0.1.0; `None` where there is a seal already. `step` is called for each credential.
    fn unsealed(&self, step: &mut dyn FnMut(u64)) -> Result<Option<Unsealed>>;
    /// Puts a database of version 0.1.0 under the seal, in one transaction. `step` is called for each credential.
    fn seal_all(
        &mut self,
        register: &RegisterRow,
        events: &[EventRow],
        credentials: &[(String, [u8; 32])],
        step: &mut dyn FnMut(u64),
    ) -> Result<()>;
}

#[cfg(test)]
mod tests;
