//! Credentials and what happened to each.

use super::{EventCause, Result};
use core::fmt;
use waypass_credential::Format;
use waypass_credential::time::Timestamp;

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
    /// Returns the two bits in the list.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }

    /// Returns the state of two bits.
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
    /// Its format.
    pub format: Format,
    /// The holder key as a DID; of a card, which has none, `card:` and its id.
    pub holder: String,
    /// The operator's name for it in lists; may be empty.
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
    /// The state in the list, or the one that it will have once published.
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
    /// Its subject.
    pub cause: EventCause,
    /// The operator's words; may be empty.
    pub note: String,
    /// The actor, as the caller named them.
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
    /// Only those whose id begins so.
    pub id_prefix: Option<String>,
    /// Only those whose id begins so, or whose label contains it.
    pub text: Option<String>,
    /// Only those that were issued before the credential with this id.
    pub before: Option<String>,
    /// At most this many, newest first; `None` for all.
    pub limit: Option<u32>,
}

/// A tag for exact search: it says nothing without the key that made it.
pub type Tag = [u8; 16];

/// A credential's row. The body is ciphertext; the tags are made of what is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialRow {
    /// The issuer's own name for it.
    pub id: String,
    /// Of its status list and its index there.
    pub entry: Tag,
    /// Of its holder.
    pub holder: Tag,
    /// Of the day on which its validity ends.
    pub ends: Tag,
    /// Its state.
    pub state: State,
    /// Counts changes, from 0.
    pub revision: u32,
    /// Ciphertext.
    pub body: Vec<u8>,
}

/// Which rows to read. Every given part must match.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Only this state.
    pub state: Option<State>,
    /// Only this holder.
    pub holder: Option<Tag>,
    /// Only those with this role.
    pub role: Option<Tag>,
    /// Only those that end on one of these days.
    pub ends: Option<Vec<Tag>>,
    /// Only those whose id begins so.
    pub id_prefix: Option<String>,
    /// Only those that were issued before the one with this id.
    pub before: Option<String>,
}

/// Takes a row; false if no more are wanted.
pub type TakeRow<'t> = &'t mut dyn FnMut(CredentialRow) -> Result<bool>;

/// Reads credentials.
pub trait Credentials {
    /// Returns how many there are.
    fn credential_count(&self) -> Result<u64>;
    /// Returns one credential.
    fn credential(&self, id: &str) -> Result<Option<CredentialRow>>;
    /// Returns the credential at a status entry.
    fn credential_at(&self, entry: &Tag) -> Result<Option<CredentialRow>>;
    /// Gives the credentials that were selected to `take`, newest first.
    fn credentials(&self, selection: &Selection, take: TakeRow<'_>) -> Result<()>;
    /// Returns entry and state of each credential that is not in force.
    fn withdrawn(&self) -> Result<Vec<(Tag, State)>>;
    /// Returns id and holder of each credential whose holder's tag lies between two.
    fn holders(&self, first: &Tag, last: &Tag) -> Result<Vec<(String, Tag)>>;
    /// Returns the ids of the credentials with this name, each with the MAC of both.
    fn named(&self, name: &Tag) -> Result<Vec<(String, Tag)>>;
    /// Returns the days on which validities end: tag and ciphertext.
    fn days(&self) -> Result<Vec<(Tag, Vec<u8>)>>;
}

/// Changes credentials.
pub trait WriteCredentials {
    /// Adds a credential, found by its roles too; [`super::StoreError::Taken`] if its id or entry was used before. `day` is the
    /// ciphertext of the day on which it ends.
    fn add_credential(&mut self, credential: &CredentialRow, roles: &[Tag], day: &[u8]) -> Result<()>;
    /// Gives a credential a further name.
    fn name_credential(&mut self, id: &str, name: &Tag, mac: &Tag) -> Result<()>;
    /// Replaces state and body of the revision before; [`super::StoreError::Missing`] if it is not there. A revocation is final.
    fn replace_credential(&mut self, credential: &CredentialRow) -> Result<()>;
}
