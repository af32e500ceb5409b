//! Offers that wait for their pick-up, and the nonces that pick-ups used.

use super::Result;
use waypass_credential::time::Timestamp;

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
    /// True if the code was exchanged for an access token.
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

/// The rows that a pick-up uses up, in the same transaction that records the credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pickup {
    /// The exchanged offer, as it was read.
    pub taken: OfferRow,
    /// The one in its place: the credential, for as long as it may be asked for again.
    pub answered: OfferRow,
    /// Hash of the proof nonce.
    pub nonce_hash: [u8; 32],
    /// The time until which the nonce has to be remembered.
    pub nonce_until: Timestamp,
}

/// Reads offers.
pub trait Offers {
    /// Returns all offers.
    fn offers(&self) -> Result<Vec<OfferRow>>;
    /// Returns the offer of a hashed code or token.
    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>>;
}

/// Changes offers.
pub trait WriteOffers {
    /// Adds an offer; [`super::StoreError::Taken`] if its code or token was used before.
    fn add_offer(&mut self, offer: &OfferRow) -> Result<()>;
    /// Removes the offer of this hash; [`super::StoreError::Missing`] if it is not there.
    fn remove_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()>;
    /// Uses a nonce up, by its hash; [`super::StoreError::Taken`] if it was used before. It is remembered until then.
    fn use_nonce(&mut self, hash: &[u8; 32], until: Timestamp) -> Result<()>;
    /// Removes offers and nonces that expired before this.
    fn purge(&mut self, at: Timestamp) -> Result<()>;
}
