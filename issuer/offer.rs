//! Offers: a credential the holder's wallet picks up by itself (OpenID4VCI 1.0, pre-authorized code).

use crate::issue::{IssueError, Issuer, Order};
use rand_core::CryptoRng;
use waypass_credential::time::Timestamp;

/// How an offer may be picked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferTerms {
    /// Seconds until it is void.
    pub valid_seconds: i64,
    /// Whether the holder must also type a code given to them another way.
    pub tx_code: bool,
}

/// An offer just made. Its texts are secrets; they are not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The operator's name for it.
    pub id: String,
    /// `openid-credential-offer://?credential_offer=...`
    pub uri: String,
    /// The six digits to give to the holder another way.
    pub tx_code: Option<String>,
    /// After this second it is void.
    pub expires_at: Timestamp,
}

impl Issuer<'_> {
    /// Makes an offer of what `order` describes to whoever brings the code.
    pub fn offer(
        &mut self,
        order: &Order,
        terms: &OfferTerms,
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Offer, IssueError> {
        let _ = (order, terms, operator, at, rng);
        todo!()
    }
}
