//! Revoking, suspending, reinstating: each with a reason, each only from a state that allows it.

use crate::names::SHOWN;
use crate::office::Issuer;
use crate::store::{CredentialRecord, EventCause, Filter, State, StatusEvent, StoreError};
use core::fmt;
use waypass_credential::time::Timestamp;

pub use crate::store::Cause;

/// The reason of a status change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grounds {
    /// The cause.
    pub cause: Cause,
    /// The operator's words, at most 500 bytes; required for [`Cause::Other`].
    pub note: String,
    /// The person who decided.
    pub operator: String,
}

/// The change to a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Withdraw for good.
    Revoke,
    /// Withdraw for now.
    Suspend,
    /// Lift a suspension.
    Reinstate,
}

/// Why a status was not changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeError {
    /// No credential has this id.
    Unknown,
    /// Several credentials have an id that begins so.
    Ambiguous {
        /// How many.
        found: usize,
    },
    /// The credential's state does not allow the change.
    NotAllowed {
        /// The change that was asked for.
        change: Change,
        /// The state it is in.
        state: State,
        /// Since when.
        since: Timestamp,
    },
    /// [`Cause::Other`] without a note.
    NoteRequired,
    /// The note or the operator's name is too long or has control characters.
    Text(&'static str),
    /// The credential has no entry for messages, or their list no message with this number.
    NoMessage,
    /// The store failed; nothing was changed.
    Store(StoreError),
}

const MAX_NOTE: usize = 500;
pub(crate) const MAX_OPERATOR: usize = 200;

impl Change {
    /// Returns the state it leads to from `state`, if it is allowed there.
    pub const fn apply(self, state: State) -> Option<State> {
        match (self, state) {
            (Self::Revoke, State::Valid | State::Suspended) => Some(State::Revoked),
            (Self::Suspend, State::Valid) => Some(State::Suspended),
            (Self::Reinstate, State::Suspended) => Some(State::Valid),
            // A revoked credential can never be reinstated: gates keep a revocation even from an expired list.
            (_, State::Revoked) | (Self::Suspend, State::Suspended) | (Self::Reinstate, State::Valid) => None,
        }
    }
}

impl Issuer<'_> {
    /// Finds the one credential whose id is `id` or begins so, or that a wallet shows under this id, of at least eight digits.
    pub fn find(&self, id: &str) -> Result<CredentialRecord, ChangeError> {
        self.find_all(core::slice::from_ref(&id.to_owned()))?.pop().ok_or(ChangeError::Unknown)?
    }

    /// Finds each of these like [`Self::find`]; whole ids are looked up together.
    pub fn find_all(&self, ids: &[String]) -> Result<Vec<Result<CredentialRecord, ChangeError>>, StoreError> {
        let found = self.store.credentials_of(ids)?.into_iter().zip(ids);
        found.map(|(found, id)| found.map_or_else(|| self.find_by_beginning(id), |record| Ok(Ok(record)))).collect()
    }

    fn find_by_beginning(&self, id: &str) -> Result<Result<CredentialRecord, ChangeError>, StoreError> {
        let id = id.to_ascii_lowercase();
        if id.is_empty() {
            return Ok(Err(ChangeError::Unknown));
        }
        let mut found = self.store.credentials(&Filter { id_prefix: Some(id.clone()), ..Filter::default() })?;
        if let Some(digits) = id.get(..SHOWN) {
            found.extend(self.store.shown_as(digits)?);
        }
        Ok(match found.len() {
            1 => found.pop().ok_or(ChangeError::Unknown),
            0 => Err(ChangeError::Unknown),
            found => Err(ChangeError::Ambiguous { found }),
        })
    }

    /// Withdraws a credential for good. Gates learn of it from what is published after this.
    pub fn revoke(&mut self, id: &str, grounds: &Grounds, at: Timestamp) -> Result<StatusEvent, ChangeError> {
        self.change(id, Change::Revoke, grounds, at)
    }

    /// Withdraws a credential for now.
    pub fn suspend(&mut self, id: &str, grounds: &Grounds, at: Timestamp) -> Result<StatusEvent, ChangeError> {
        self.change(id, Change::Suspend, grounds, at)
    }

    /// Lifts a suspension; a revocation stays.
    pub fn reinstate(&mut self, id: &str, grounds: &Grounds, at: Timestamp) -> Result<StatusEvent, ChangeError> {
        self.change(id, Change::Reinstate, grounds, at)
    }

    /// Any of the three. The time recorded is the time of effect: audit intake compares admissions with it. It may be before the
    /// credential's last change, which a wrong clock dated: no clock keeps anybody from withdrawing.
    pub fn change(&mut self, id: &str, change: Change, grounds: &Grounds, at: Timestamp) -> Result<StatusEvent, ChangeError> {
        let mut events = self.change_all(core::slice::from_ref(&id.to_owned()), change, grounds, at)?;
        events.pop().ok_or(ChangeError::Unknown)
    }

    /// Does one change to each of these credentials, in one transaction: to all of them or to none.
    pub fn change_all(
        &mut self,
        ids: &[String],
        change: Change,
        grounds: &Grounds,
        at: Timestamp,
    ) -> Result<Vec<StatusEvent>, ChangeError> {
        grounds.check()?;
        let mut events = Vec::with_capacity(ids.len());
        for record in self.store.credentials_of(ids)? {
            let record = record.ok_or(ChangeError::Unknown)?;
            let to = change.apply(record.state).ok_or(ChangeError::NotAllowed { change, state: record.state, since: record.changed_at })?;
            events.push(StatusEvent {
                from: Some(record.state),
                to,
                cause: EventCause::Changed(grounds.cause),
                note: grounds.note.clone(),
                operator: grounds.operator.clone(),
                at,
            });
        }
        self.store.transact(|tx| ids.iter().zip(&events).try_for_each(|(id, event)| tx.change_state(id, event)))?;
        Ok(events)
    }
}

impl Issuer<'_> {
    /// Sets which of its list's messages the credential's entry for messages says: 0 is the first, and means that there is nothing to
    /// say. A gate admits nobody on a message that it cannot understand.
    pub fn set_message(&mut self, id: &str, number: u8, operator: &str, at: Timestamp) -> Result<StatusEvent, ChangeError> {
        require_text("operator", operator, MAX_OPERATOR)?;
        let record = self.store.credential(id)?.ok_or(ChangeError::Unknown)?;
        let message = self.message(id, number)?.ok_or(ChangeError::NoMessage)?;
        let event = StatusEvent {
            from: Some(record.state),
            to: record.state,
            cause: EventCause::Message,
            note: message,
            operator: operator.into(),
            at,
        };
        match self.store.transact(|tx| tx.set_message(id, number, &event)) {
            Ok(()) => Ok(event),
            Err(StoreError::Missing) => Err(ChangeError::NoMessage),
            Err(why) => Err(why.into()),
        }
    }
}

impl Grounds {
    fn check(&self) -> Result<(), ChangeError> {
        if self.cause == Cause::Other && self.note.trim().is_empty() {
            return Err(ChangeError::NoteRequired);
        }
        require_text("note", &self.note, MAX_NOTE)?;
        require_text("operator", &self.operator, MAX_OPERATOR)
    }
}

pub(crate) fn require_text(what: &'static str, text: &str, most: usize) -> Result<(), ChangeError> {
    if text.len() > most || text.chars().any(char::is_control) { Err(ChangeError::Text(what)) } else { Ok(()) }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        })
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no credential has this id"),
            Self::Ambiguous { found } => write!(f, "the ids of {found} credentials begin so"),
            Self::NotAllowed { change: Change::Reinstate, state: State::Revoked, since } => {
                write!(f, "revoked since {since}; a revocation is final, only a suspension can be lifted: issue a new credential instead")
            }
            Self::NotAllowed { change, state, since } => write!(f, "cannot {change}: the credential is {state} since {since}"),
            Self::NoteRequired => f.write_str("the reason `other` needs a note that says what"),
            Self::Text(what) => write!(f, "the {what} is too long or contains control characters"),
            Self::NoMessage => f.write_str("the credential has no such message"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for ChangeError {}

impl From<StoreError> for ChangeError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

#[cfg(test)]
mod tests;
