//! The offers that wait for their wallets: listed, and taken back.

use crate::office::Issuer;
use crate::store::{OfferRow, StoreError};
use core::fmt;
use waypass_credential::time::{Timestamp, Validity};

/// An offer that no wallet has taken. Its order is sealed under its code, so nothing here says whom it is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The operator's name for it.
    pub id: String,
    /// When it is void.
    pub expires_at: Timestamp,
    /// The tries that are left at its transaction code, if it has one.
    pub tries_left: Option<u8>,
}

/// Why an offer was not taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CancelError {
    /// No offer that waits has this id.
    Unknown,
    /// Several offers have an id that begins so.
    Ambiguous {
        /// How many.
        found: usize,
    },
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Returns the offers that wait at `at`, those that end first before the others.
    pub fn waiting_offers(&self, at: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let rows = self.waiting(at)?;
        let shown = |row: OfferRow| Waiting { id: row.id, expires_at: row.expires_at, tries_left: row.tx_code.map(|code| code.tries_left) };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Takes back the one offer that waits and whose id is `id` or begins so: its code is void from now on. Returns the whole id.
    pub fn cancel_offer(&mut self, id: &str, at: Timestamp) -> Result<String, CancelError> {
        if id.is_empty() {
            return Err(CancelError::Unknown);
        }
        let begins = id.to_ascii_lowercase();
        let mut found = self.waiting(at)?;
        found.retain(|row| row.id.starts_with(&begins));
        let row = match found.len() {
            0 | 1 => found.pop().ok_or(CancelError::Unknown)?,
            found => return Err(CancelError::Ambiguous { found }),
        };
        self.store.transact(|tx| tx.drop_offer(&row.secret_hash))?;
        Ok(row.id)
    }

    fn waiting(&self, at: Timestamp) -> Result<Vec<OfferRow>, StoreError> {
        let mut rows = self.store.offers()?;
        rows.retain(|row| !row.exchanged && !Validity::ending(row.expires_at).is_over(at));
        rows.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
        Ok(rows)
    }
}

impl fmt::Display for CancelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no offer that waits has this id; one that a wallet took is a credential by now"),
            Self::Ambiguous { found } => write!(f, "the ids of {found} offers begin so"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CancelError {}

impl From<StoreError> for CancelError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
