//! Offers: made, tried, exchanged, forgotten.

use super::super::event::{Event, OfferMark};
use super::{Result, Tx, found};
use crate::store::{OfferRow, StoreError, TxCode};
use waypass_credential::time::Timestamp;

impl Tx<'_> {
    /// Records an offer.
    pub(crate) fn add_offer(&mut self, offer: &OfferRow) -> Result<()> {
        let event = Event { offers: vec![OfferMark::of(offer)], ..Event::default() };
        self.rows.add_offer(offer)?;
        self.append(None, &event)
    }

    /// Counts a transaction code try before it is judged and returns the tries that were left with this one;
    /// [`StoreError::Missing`] when there were none.
    pub(crate) fn count_try(&mut self, secret_hash: &[u8; 32]) -> Result<u8> {
        let mut offer = self.look().offer(secret_hash)?.ok_or(StoreError::Missing)?;
        let code = offer.tx_code.filter(|code| code.tries_left > 0).ok_or(StoreError::Missing)?;
        offer.tx_code = Some(TxCode { tries_left: code.tries_left - 1, ..code });
        let event = Event { offers: vec![OfferMark::of(&offer)], ..Event::default() };
        self.replace_offer(secret_hash, &offer)?;
        self.append(None, &event)?;
        Ok(code.tries_left)
    }

    /// Forgets an offer.
    pub(crate) fn drop_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()> {
        if self.look().offer(secret_hash)?.is_none() {
            return Ok(());
        }
        let event = Event { offers: vec![OfferMark::gone(secret_hash)], ..Event::default() };
        found(self.rows.remove_offer(secret_hash))?;
        self.append(None, &event)
    }

    /// Exchanges a code for an access token; [`StoreError::Missing`] if the code is void or was exchanged: its row is found by the token
    /// then.
    pub(crate) fn exchange_offer(&mut self, code_hash: &[u8; 32], token_hash: &[u8; 32], sealed: &[u8], until: Timestamp) -> Result<()> {
        let offer = self.look().offer(code_hash)?.ok_or(StoreError::Missing)?;
        let (secret_hash, sealed) = (*token_hash, sealed.to_vec());
        let offer = OfferRow { secret_hash, tx_code: None, sealed, expires_at: until, exchanged: true, ..offer };
        let offers = vec![OfferMark::gone(code_hash), OfferMark::of(&offer)];
        self.replace_offer(code_hash, &offer)?;
        self.append(None, &Event { offers, ..Event::default() })
    }

    /// Forgets offers and nonces that expired.
    pub(crate) fn purge(&mut self, at: Timestamp) -> Result<()> {
        let is_due = self.ledger().offers().any(|offer| offer.until < at.unix());
        if !is_due {
            return Ok(());
        }
        self.rows.purge(at)?;
        self.append(None, &Event { forget: Some(at.unix()), ..Event::default() })
    }

    fn replace_offer(&mut self, secret_hash: &[u8; 32], offer: &OfferRow) -> Result<()> {
        found(self.rows.remove_offer(secret_hash))?;
        self.rows.add_offer(offer)
    }
}
