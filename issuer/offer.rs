//! Offers: a credential the holder's wallet picks up by itself (OpenID4VCI 1.0 §4.1, pre-authorized code flow).
//!
//! Codes are 256 random bits and kept as hashes. The order, with the personal claims in it, waits encrypted under a key that
//! only the code gives, and after the exchange under one that only the access token gives: a copy of the database shows
//! neither. The six digits of a transaction code are no such secret; five tries are what protects them.

use crate::issue::{Format, IssueError, Issued, Issuer, Order, random_id};
use crate::store::{OfferRow, Pickup, StoreError, TxCode};
use core::fmt;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use waypass_credential::base64url;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::key::PublicKey;
use waypass_credential::time::Timestamp;

mod seal;

/// Tries at a transaction code before the offer is void.
pub const TX_CODE_TRIES: u8 = 5;
/// Seconds an access token is good for.
pub const TOKEN_SECONDS: i64 = 300;
/// The grant type of pre-authorized codes.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// An offer nobody picked up in a month was forgotten by its operator.
const MAX_SECONDS: i64 = 31 * 86_400;
const MAX_SECRET: usize = 128;

/// How an offer may be picked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferTerms {
    /// Seconds until it is void.
    pub valid_seconds: i64,
    /// Whether the holder must also type a code given to them another way.
    pub tx_code: bool,
}

/// An offer just made. Its texts are secrets; they are not kept.
#[derive(Clone, PartialEq, Eq)]
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

/// An access token just given.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds it is good for.
    pub expires_in: i64,
}

/// Why a code was not exchanged, or a token not honoured. Says as little as the protocol allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GrantError {
    /// The code or token is unknown, used, expired or void, or the transaction code is wrong.
    Void,
    /// A transaction code is needed and none came, or none is and one came.
    TxCode,
    /// The nonce was used before.
    NonceUsed,
    /// The credential could not be issued.
    Issue(IssueError),
    /// The store failed.
    Store(StoreError),
}

/// The credential configuration of a format, as the metadata names it.
pub const fn configuration(format: Format) -> &'static str {
    match format {
        Format::SdJwtVc => "role_sd_jwt",
        Format::DataIntegrity => "role_ldp_vc",
        Format::VcJwt => "role_jwt_vc_json",
        Format::VcSdJwt => "role_vc_sd_jwt",
        Format::VcCose => "role_vc_cose",
    }
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
        self.check(order, at)?;
        self.store.purge(at)?;
        let code = secret(rng);
        let tx_code = terms.tx_code.then(|| format!("{:06}", crate::issue::index::below(1_000_000, rng)));
        let expires_at = at.plus(terms.valid_seconds.clamp(1, MAX_SECONDS));
        let id = random_id(rng);
        self.store.add_offer(&OfferRow {
            id: id.clone(),
            secret_hash: hash(&code),
            tx_code: tx_code.as_ref().map(|digits| {
                let mut salt = [0; 16];
                rng.fill_bytes(&mut salt);
                TxCode { salt, hash: salted(&salt, digits), tries_left: TX_CODE_TRIES }
            }),
            sealed: seal::seal(&code, order, operator),
            expires_at,
            exchanged: false,
        })?;
        let uri = self.offer_uri(order.format, &code, tx_code.is_some());
        Ok(Offer { id, uri, tx_code, expires_at })
    }

    fn offer_uri(&self, format: Format, code: &str, tx_code: bool) -> String {
        let mut grant = Object::new().with("pre-authorized_code", code);
        if tx_code {
            let described = Object::new().with("input_mode", "numeric").with("length", 6);
            grant.set("tx_code", described.with("description", "The six digits the issuer gave you another way"));
        }
        let offer = Object::new()
            .with("credential_issuer", self.settings.base_url.as_str())
            .with("credential_configuration_ids", [configuration(format)].into_iter().collect::<Value<'_>>())
            .with("grants", Object::new().with(GRANT, grant));
        format!("openid-credential-offer://?credential_offer={}", percent_encoded(&json::to_string(&Value::Object(offer))))
    }

    /// Exchanges a pre-authorized code for an access token. A try at the transaction code is counted before it is judged.
    pub fn exchange(
        &mut self,
        code: &str,
        tx_code: Option<&str>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<AccessToken, GrantError> {
        let code_hash = hash(code);
        let offer = self.live_offer(code, false, at)?;
        match (&offer.tx_code, tx_code) {
            (None, None) => {}
            (None, Some(_)) | (Some(_), None) => return Err(GrantError::TxCode),
            (Some(expected), Some(given)) => {
                let left = self.store.count_try(&code_hash)?;
                if !bool::from(salted(&expected.salt, given).ct_eq(&expected.hash)) {
                    if left <= 1 {
                        self.store.drop_offer(&code_hash)?;
                    }
                    return Err(GrantError::Void);
                }
            }
        }
        let (order, operator) = seal::open(code, &offer.sealed).ok_or(GrantError::Void)?;
        let token = secret(rng);
        let sealed = seal::seal(&token, &order, &operator);
        self.store.exchange_offer(&code_hash, &hash(&token), &sealed, at.plus(TOKEN_SECONDS))?;
        Ok(AccessToken { token, expires_in: TOKEN_SECONDS })
    }

    /// Whether a token is good, and for which configuration.
    pub fn granted(&self, token: &str, at: Timestamp) -> Result<&'static str, GrantError> {
        let offer = self.live_offer(token, true, at)?;
        let (order, _) = seal::open(token, &offer.sealed).ok_or(GrantError::Void)?;
        Ok(configuration(order.format))
    }

    /// Issues what was offered to the key that proved itself. Token and nonce are used up by the same transaction that
    /// records the credential.
    pub fn pick_up(
        &mut self,
        token: &str,
        nonce: &str,
        nonce_until: Timestamp,
        holder: &PublicKey,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, GrantError> {
        let offer = self.live_offer(token, true, at)?;
        let (order, operator) = seal::open(token, &offer.sealed).ok_or(GrantError::Void)?;
        let pickup = Pickup { token_hash: hash(token), nonce_hash: hash(nonce), nonce_until };
        self.issue_picked_up(&order, holder, &operator, Some(&pickup), at, rng).map_err(|why| match why {
            IssueError::Store(StoreError::Taken) => GrantError::NonceUsed,
            IssueError::Store(StoreError::Missing) => GrantError::Void,
            IssueError::Store(why) => GrantError::Store(why),
            why => GrantError::Issue(why),
        })
    }

    /// The offer is found by the hash of the secret: comparing happens on hashes, where timing tells nothing.
    fn live_offer(&self, secret: &str, exchanged: bool, at: Timestamp) -> Result<OfferRow, GrantError> {
        if secret.len() > MAX_SECRET {
            return Err(GrantError::Void);
        }
        let offer = self.store.offer(&hash(secret))?.ok_or(GrantError::Void)?;
        if offer.exchanged == exchanged && at <= offer.expires_at { Ok(offer) } else { Err(GrantError::Void) }
    }
}

/// 256 random bits as 43 characters.
fn secret(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    base64url::encode(&bytes)
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::new_with_prefix(b"waypass/v1/offer/").chain_update(secret).finalize().into()
}

fn salted(salt: &[u8; 16], digits: &str) -> [u8; 32] {
    Sha256::new_with_prefix(b"waypass/v1/tx-code/").chain_update(salt).chain_update(digits).finalize().into()
}

/// RFC 3986 §2.1, everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push_str(&crate::hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    out
}

/// The texts are secrets and stay out.
impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("id", &self.id).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The token is a secret and stays out.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("the code or token is not valid, or not any more"),
            Self::TxCode => f.write_str("a transaction code is missing, or was sent where none is asked for"),
            Self::NonceUsed => f.write_str("the nonce was used before"),
            Self::Issue(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for GrantError {}

impl From<StoreError> for GrantError {
    fn from(why: StoreError) -> Self {
        if why == StoreError::Missing { Self::Void } else { Self::Store(why) }
    }
}

#[cfg(test)]
pub(crate) mod tests;
