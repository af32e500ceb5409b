//! The events, as the chain keeps them: each with its effect, so that replaying the chain gives the lists.

use super::register::time;
use crate::store::{DeviceRow, EventCause, OfferRow, State, StatusEvent, StoreError};
use serde::{Deserialize, Serialize};
use waypass_credential::json;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::Digest;

/// One event. Every member is an effect; most events have one or two.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    /// An entry in a credential's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    /// Entries given away: list, index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) taken: Vec<(u32, u32)>,
    /// Entries set: list, index, value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) set: Vec<(u32, u32, u8)>,
    /// Offers made, changed or gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) offers: Vec<OfferMark>,
    /// Offers that expired before this are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) forget: Option<i64>,
    /// The end of a device's log that was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<DeviceMark>,
    /// Entries that a gate has seen revoked and this issuer had not revoked: list, index, gate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<(u32, u32, String)>,
    /// The values that rows add to the sums of holders' buckets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) holders: Vec<(u16, Digest)>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    /// Its number in the credential's history, from 0.
    pub(super) number: u32,
    from: Option<u8>,
    to: u8,
    cause: String,
    note: String,
    operator: String,
    at: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferMark {
    /// The hash of its code or token.
    pub(super) hash: Digest,
    /// The digest of its row; `None` if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) row: Option<Digest>,
    /// When it expires.
    #[serde(default)]
    pub(super) until: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceMark {
    pub(super) id: String,
    next_seq: u64,
    head: Digest,
    forked: Option<(i64, u64)>,
    targets: u64,
    ahead: u64,
    forgiven: bool,
}

impl Status {
    pub(super) fn of(number: u32, event: &StatusEvent) -> Self {
        Self {
            number,
            from: event.from.map(State::bits),
            to: event.to.bits(),
            cause: event.cause.as_str().to_owned(),
            note: event.note.clone(),
            operator: event.operator.clone(),
            at: event.at.unix(),
        }
    }

    pub(super) fn event(self) -> Result<StatusEvent, StoreError> {
        const STATE: StoreError = StoreError::Corrupt("a status");
        Ok(StatusEvent {
            from: self.from.map(|bits| State::from_bits(bits).ok_or(STATE)).transpose()?,
            to: State::from_bits(self.to).ok_or(STATE)?,
            cause: EventCause::parse(&self.cause).ok_or(StoreError::Corrupt("the cause of a change"))?,
            note: self.note,
            operator: self.operator,
            at: time(self.at)?,
        })
    }
}

impl OfferMark {
    pub(super) fn of(offer: &OfferRow) -> Self {
        Self { hash: Digest(offer.secret_hash), row: Some(digest(offer)), until: offer.expires_at.unix() }
    }

    pub(super) const fn gone(hash: &[u8; 32]) -> Self {
        Self { hash: Digest(*hash), row: None, until: 0 }
    }

    /// Returns true if this is what the row says.
    pub(super) fn is(&self, offer: &OfferRow) -> bool {
        self.row == Some(digest(offer))
    }
}

fn digest(offer: &OfferRow) -> Digest {
    let OfferRow { id, secret_hash, tx_code, sealed, expires_at, exchanged } = offer;
    let tx_code = tx_code.as_ref().map(|code| (code.salt, code.hash, code.tries_left));
    Digest::of(json::to_string(&(id, secret_hash, tx_code, sealed, expires_at.unix(), exchanged)).as_bytes())
}

impl DeviceMark {
    pub(super) fn of(id: &str, device: &DeviceRow) -> Self {
        let DeviceRow { next_seq, head, forked, targets, ahead, forgiven } = *device;
        Self { id: id.to_owned(), next_seq, head: Digest(head), forked: forked.map(|(at, seq)| (at.unix(), seq)), targets, ahead, forgiven }
    }

    pub(super) fn row(&self) -> Result<DeviceRow, StoreError> {
        let forked = self.forked.map(|(at, seq)| Ok::<(Timestamp, u64), StoreError>((time(at)?, seq))).transpose()?;
        let Self { next_seq, targets, ahead, forgiven, .. } = *self;
        Ok(DeviceRow { next_seq, head: self.head.0, forked, targets, ahead, forgiven })
    }
}
