//! Offers: a credential the holder's wallet picks up by itself (OpenID4VCI 1.0 §4.1, pre-authorized code flow).
//!
//! Codes are 256 random bits and kept as hashes. The order, with the personal claims in it, waits encrypted under a key that
//! only the code gives, and after the exchange under one that only the access token gives: a copy of the database shows
//! neither. The six digits of a transaction code are no such secret; five tries are what protects them.
//!
//! A wallet that is cut off may ask again. The same token request gives the same token, if it names the same random key
//! (`Idempotency-Key`), so a code still serves one wallet only. The same token and holder key give the same credential, for a day.

use crate::draw::{below, random_id};
use crate::issue::{Format, IssueError, Order};
use crate::office::Issuer;
use crate::store::{OfferRow, Pickup, StoreError, TxCode};
use core::fmt;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use waypass_credential::base64url;
use waypass_credential::did;
use waypass_credential::hex;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::key::PublicKey;
use waypass_credential::time::{Timestamp, Validity};

mod seal;
mod waiting;

use seal::Answer;

pub use waiting::{CancelError, Waiting};

/// Tries at a transaction code before the offer is void.
pub(crate) const TX_CODE_TRIES: u8 = 5;
/// Seconds an access token is good for, and after its credential was picked up the seconds in which it may be asked for again: a day,
/// so that a wallet that was cut off can go on when there is a link. A token is a secret like the code, which may live for a month.
pub(crate) const TOKEN_SECONDS: i64 = 86_400;
/// The grant type of pre-authorized codes.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// An offer nobody picked up in a month was forgotten by its operator.
const MAX_SECONDS: i64 = 31 * 86_400;
const MAX_SECRET: usize = 128;
/// Shorter keys of a repeated request are not taken: somebody else could guess them.
const MIN_RETRY_KEY: usize = 22;

/// How an offer may be picked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferTerms {
    /// Seconds until it is void.
    pub valid_seconds: i64,
    /// True if the holder must also type a code given to them another way.
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

/// Returns the credential configuration of a format, as the metadata names it.
pub const fn configuration(format: Format) -> &'static str {
    match format {
        Format::SdJwtVc => "role_sd_jwt",
        Format::DataIntegrity => "role_ldp_vc",
        Format::VcJwt => "role_jwt_vc_json",
        Format::VcSdJwt => "role_vc_sd_jwt",
        Format::VcCose => "role_vc_cose",
        Format::SdCwt => "role_sd_cwt",
        Format::Card => "card",
    }
}

impl Issuer<'_> {
    /// Makes an offer of what `order` describes to the person who brings the code.
    pub fn offer(
        &mut self,
        order: &Order,
        terms: &OfferTerms,
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Offer, IssueError> {
        self.try_out(order, at, rng)?;
        let code = secret(rng);
        let tx_code = terms.tx_code.then(|| format!("{:06}", below(1_000_000, rng)));
        let expires_at = at.plus(terms.valid_seconds.clamp(1, MAX_SECONDS));
        let id = random_id(rng);
        self.store.transact(|tx| {
            tx.purge(at)?;
            tx.add_offer(&OfferRow {
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
            })
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
    ///
    /// `retry` is a random key by which the wallet may repeat this request, and gets the same token. It was given the right transaction
    /// code the first time. A code that was exchanged with another key, or without one, is void.
    pub fn exchange(
        &mut self,
        code: &str,
        tx_code: Option<&str>,
        retry: Option<&str>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<AccessToken, GrantError> {
        let code_hash = hash(code);
        let derived = retry.filter(|key| (MIN_RETRY_KEY..=MAX_SECRET).contains(&key.len())).map(|key| seal::token(code, key));
        if let Some(token) = derived.as_ref().filter(|_| code.len() <= MAX_SECRET)
            && let Ok(offer) = self.live_offer(token, true, at)
        {
            return Ok(AccessToken { token: token.clone(), expires_in: offer.expires_at.since(at) });
        }
        let offer = self.live_offer(code, false, at)?;
        match (&offer.tx_code, tx_code) {
            (None, None) => {}
            (None, Some(_)) | (Some(_), None) => return Err(GrantError::TxCode),
            (Some(expected), Some(given)) => {
                let left = self.store.transact(|tx| tx.count_try(&code_hash))?;
                if !bool::from(salted(&expected.salt, given).ct_eq(&expected.hash)) {
                    // An order that nobody can pick up any more is not kept: it has a person's claims.
                    if left <= 1 {
                        self.store.transact(|tx| tx.drop_offer(&code_hash))?;
                    }
                    return Err(GrantError::Void);
                }
            }
        }
        let (order, operator) = seal::open(code, &offer.sealed).ok_or(GrantError::Void)?;
        let token = derived.unwrap_or_else(|| secret(rng));
        let sealed = seal::seal(&token, &order, &operator);
        self.store.transact(|tx| tx.exchange_offer(&code_hash, &hash(&token), &sealed, at.plus(TOKEN_SECONDS)))?;
        Ok(AccessToken { token, expires_in: TOKEN_SECONDS })
    }

    /// Returns the configuration that a token is good for, if it is good.
    pub fn granted(&self, token: &str, at: Timestamp) -> Result<&'static str, GrantError> {
        let offer = self.live_offer(token, true, at)?;
        let format = match seal::open(token, &offer.sealed) {
            Some((order, _)) => order.format,
            None => seal::open_answer(token, &offer.sealed).ok_or(GrantError::Void)?.format,
        };
        Ok(configuration(format))
    }

    /// Issues what was offered to the key that proved itself, and returns the credential. Token and nonce are used up by the same
    /// transaction that records the credential. Asked again by the same key, it returns the same credential.
    pub(crate) fn pick_up(
        &mut self,
        token: &str,
        nonce: &str,
        nonce_until: Timestamp,
        holder: &PublicKey,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, GrantError> {
        let offer = self.live_offer(token, true, at)?;
        let holder_did = did::to_did_key(holder);
        if let Some(answer) = seal::open_answer(token, &offer.sealed) {
            return if answer.holder == holder_did { Ok(answer.credential) } else { Err(GrantError::Void) };
        }
        let (order, operator) = seal::open(token, &offer.sealed).ok_or(GrantError::Void)?;
        let pickup = |credential: &[u8]| {
            let answer = Answer { format: order.format, holder: holder_did.clone(), credential: credential.to_vec() };
            let answered = OfferRow { sealed: seal::seal_answer(token, &answer), expires_at: at.plus(TOKEN_SECONDS), ..offer.clone() };
            Pickup { taken: offer.clone(), answered, nonce_hash: hash(nonce), nonce_until }
        };
        let issued = self.issue_picked_up(&order, holder, &operator, Some(&pickup), at, rng);
        issued.map(|issued| issued.credential).map_err(|why| match why {
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
        if offer.exchanged == exchanged && !Validity::ending(offer.expires_at).is_over(at) { Ok(offer) } else { Err(GrantError::Void) }
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
                out.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
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
