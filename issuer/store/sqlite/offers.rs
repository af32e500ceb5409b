use super::{Db, Result, SqliteTx, rows};
use crate::store::{OfferRow, Offers, StoreError, WriteOffers};
use rusqlite::params;
use waypass_credential::time::Timestamp;

impl<T: Db> Offers for T {
    fn offers(&self) -> Result<Vec<OfferRow>> {
        let mut query = self.db().prepare_cached(concat!("SELECT ", rows::offer_columns!(), " FROM offers"))?;
        query.query_and_then([], rows::offer)?.collect()
    }

    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        let mut query = self.db().prepare_cached(concat!("SELECT ", rows::offer_columns!(), " FROM offers WHERE secret_hash=?1"))?;
        query.query_and_then([secret_hash], rows::offer)?.next().transpose()
    }
}

impl WriteOffers for SqliteTx<'_> {
    fn add_offer(&mut self, offer: &OfferRow) -> Result<()> {
        self.db().execute(
            concat!("INSERT INTO offers(", rows::offer_columns!(), ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
            params![
                offer.secret_hash,
                offer.id,
                offer.tx_code.map(|code| code.salt),
                offer.tx_code.map(|code| code.hash),
                offer.tx_code.map(|code| code.tries_left),
                offer.sealed,
                offer.expires_at.unix(),
                offer.exchanged,
            ],
        )?;
        Ok(())
    }

    fn remove_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()> {
        let removed = self.db().execute("DELETE FROM offers WHERE secret_hash=?1", [secret_hash])?;
        if removed == 1 { Ok(()) } else { Err(StoreError::Missing) }
    }

    fn use_nonce(&mut self, hash: &[u8; 32], until: Timestamp) -> Result<()> {
        self.db().execute("INSERT INTO nonces(hash, expires_at) VALUES(?1, ?2)", params![hash, until.unix()])?;
        Ok(())
    }

    fn purge(&mut self, at: Timestamp) -> Result<()> {
        self.db().execute("DELETE FROM offers WHERE expires_at<?1", [at.unix()])?;
        self.db().execute("DELETE FROM nonces WHERE expires_at<?1", [at.unix()])?;
        Ok(())
    }
}
