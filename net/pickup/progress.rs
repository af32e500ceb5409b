//! How far a pick-up has come: what a wallet stores before each step that spends something, so that it can go on after it was stopped.
//!
//! ```text
//! begin ── stored ──▶ redeem ── stored ──▶ fetch ── the credential is stored ──▶ forgotten
//! ```
//! The token request names a random key, by which an issuer may answer the same request again (`Idempotency-Key`). The credential
//! request may be made again with the same token. An issuer that knows neither refuses, and the offer is used up.

use super::{Offer, PickupError};
use core::fmt;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{Algorithm, PublicKey};

const VERSION: i64 = 1;
/// An offer, a token and some short texts.
const STORED: Limits = Limits { bytes: 128 * 1024, depth: 2, values: 32 };

/// A pick-up under way. It holds the code, the token and the transaction code. A reader of it can take the credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Progress {
    pub(super) offer: Offer,
    /// The configuration that was chosen.
    pub(super) configuration: String,
    /// The name under which the issuer takes the proof.
    pub(super) name: &'static str,
    pub(super) holder: PublicKey,
    /// The key by which the token request may be repeated.
    pub(super) retry: String,
    pub(super) tx_code: Option<String>,
    pub(super) token: Option<String>,
}

impl Progress {
    /// Returns the offer.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Returns the key that the credential will be bound to.
    pub fn holder(&self) -> &PublicKey {
        &self.holder
    }

    /// Returns true if this is a pick-up of `offer`.
    pub fn is_of(&self, offer: &Offer) -> bool {
        self.offer.issuer == offer.issuer && self.offer.code == offer.code
    }

    /// Returns true once the offer's code was exchanged for a token.
    pub fn is_redeemed(&self) -> bool {
        self.token.is_some()
    }

    /// Writes it, secrets included.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut stored = Object::new()
            .with("version", VERSION)
            .with("offer", self.offer.text.as_str())
            .with("configuration", self.configuration.as_str())
            .with("alg", self.name)
            .with("holder", self.holder.to_multikey())
            .with("retry", self.retry.as_str());
        for (name, value) in [("tx_code", &self.tx_code), ("token", &self.token)] {
            if let Some(value) = value {
                stored.set(name, value.as_str());
            }
        }
        json::to_string(&Value::Object(stored)).into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored = json::parse(bytes, STORED).ok()?;
        let stored = stored.as_object()?;
        if stored.member("version").and_then(Value::as_i64) != Some(VERSION) {
            return None;
        }
        let text = |name: &str| stored.text(name).map(ToOwned::to_owned);
        Some(Self {
            offer: Offer::parse(stored.text("offer")?.as_bytes()).ok()?,
            configuration: text("configuration")?,
            name: static_name(stored.text("alg")?)?,
            holder: PublicKey::from_multikey(stored.text("holder")?).ok()?,
            retry: text("retry")?,
            tx_code: text("tx_code"),
            token: text("token"),
        })
    }
}

fn static_name(name: &str) -> Option<&'static str> {
    let all = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];
    all.iter().flat_map(|algorithm| algorithm.jose_names()).copied().find(|known| *known == name)
}

/// Secrets stay out.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("offer", &self.offer).field("redeemed", &self.is_redeemed()).finish_non_exhaustive()
    }
}

impl PickupError {
    /// Returns true if the issuer answered and said no.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::AfterCode(why) => why.is_refusal(),
            Self::Transport(why) => why.is_refusal(),
            _ => false,
        }
    }

    /// Returns true if the same request may yet be answered: the link failed, or the answer did not arrive whole.
    pub fn may_go_on(&self) -> bool {
        use crate::error::TransportError;
        match self {
            Self::AfterCode(why) => why.may_go_on(),
            // RFC 9110 §15.5.9 and §15.6, RFC 6585 §4: not now.
            Self::Transport(TransportError::Refused { status, .. }) => *status >= 500 || [408, 429].contains(status),
            Self::Transport(_) => true,
            _ => false,
        }
    }
}
