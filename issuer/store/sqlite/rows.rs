//! Rows to records and back; what no writer of ours could have written is reported as damage, not guessed at.

use crate::store::{
    CredentialRecord, DeviceRow, EventCause, EventRow, GateRow, KeyRow, LeafRow, ListRecord, OfferRow, State, StatusEvent, StoreError,
    TxCode,
};
use rusqlite::Row;
use waypass_credential::role::{BitstringEntry, Mechanism, StatusPurpose};
use waypass_credential::time::Timestamp;

type Result<T> = core::result::Result<T, StoreError>;

/// The columns [`credential`] reads, in its order.
macro_rules! credential_columns {
    () => {
        "id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx, state, changed_at"
    };
}
pub(super) use credential_columns;

/// The columns [`offer`] reads, in its order.
macro_rules! offer_columns {
    () => {
        "secret_hash, id, tx_salt, tx_hash, tries_left, sealed, expires_at, exchanged"
    };
}
pub(super) use offer_columns;

pub(super) fn chained(row: &Row<'_>) -> Result<EventRow> {
    Ok(EventRow { seq: natural(row.get(0)?)?, credential: row.get(1)?, body: row.get(2)?, mac: row.get(3)? })
}

pub(super) fn credential(row: &Row<'_>) -> Result<CredentialRecord> {
    Ok(CredentialRecord {
        id: row.get(0)?,
        format: named(&row.get::<_, String>(1)?, "a credential's format")?,
        holder: row.get(2)?,
        label: row.get(3)?,
        roles: names(row, 4)?,
        sites: names(row, 5)?,
        zones: names(row, 6)?,
        issued_at: time(row, 7)?,
        valid_from: time(row, 8)?,
        valid_until: time(row, 9)?,
        key_id: row.get(10)?,
        list: row.get(11)?,
        index: row.get(12)?,
        state: state(row.get(13)?)?,
        changed_at: time(row, 14)?,
    })
}

pub(super) fn list(row: &Row<'_>) -> Result<ListRecord> {
    let mechanism = match row.get::<_, Option<String>>(3)? {
        None => Mechanism::TokenList,
        Some(purpose) => Mechanism::Bitstring(BitstringEntry {
            purpose: StatusPurpose::parse(&purpose).ok_or(StoreError::Corrupt("a list's purpose"))?,
            size: row.get(4)?,
            messages: names(row, 5)?,
        }),
    };
    Ok(ListRecord { id: row.get(0)?, mechanism, capacity: row.get(1)?, used: row.get(2)? })
}

pub(super) fn event(row: &Row<'_>) -> Result<StatusEvent> {
    Ok(StatusEvent {
        from: row.get::<_, Option<u8>>(0)?.map(state).transpose()?,
        to: state(row.get(1)?)?,
        cause: EventCause::parse(&row.get::<_, String>(2)?).ok_or(StoreError::Corrupt("the cause of a change"))?,
        note: row.get(3)?,
        operator: row.get(4)?,
        at: time(row, 5)?,
    })
}

pub(super) fn key(row: &Row<'_>) -> Result<KeyRow> {
    Ok(KeyRow {
        multikey: row.get(0)?,
        key_use: named(&row.get::<_, String>(1)?, "a key's use")?,
        state: named(&row.get::<_, String>(2)?, "a key's state")?,
        not_before: time(row, 3)?,
        issued_until: optional_time(row, 4)?,
    })
}

pub(super) fn offer(row: &Row<'_>) -> Result<OfferRow> {
    let tx_code = match (row.get(2)?, row.get(3)?, row.get(4)?) {
        (Some(salt), Some(hash), Some(tries_left)) => Some(TxCode { salt, hash, tries_left }),
        (None, None, None) => None,
        _ => return Err(StoreError::Corrupt("half a transaction code")),
    };
    Ok(OfferRow {
        secret_hash: row.get(0)?,
        id: row.get(1)?,
        tx_code,
        sealed: row.get(5)?,
        expires_at: time(row, 6)?,
        exchanged: row.get(7)?,
    })
}

pub(super) fn gate(row: &Row<'_>) -> Result<GateRow> {
    Ok(GateRow {
        id: row.get(0)?,
        name: row.get(1)?,
        site: row.get(2)?,
        zone: row.get(3)?,
        time_zone: None,
        enrolled_at: time(row, 4)?,
        revoked: optional_time(row, 5)?.map(|at| Ok::<_, StoreError>((at, row.get(6)?))).transpose()?,
    })
}

pub(super) fn device(row: &Row<'_>) -> Result<DeviceRow> {
    let forked = match (optional_time(row, 3)?, row.get(4)?) {
        (Some(at), Some(seq)) => Some((at, natural(seq)?)),
        _ => None,
    };
    Ok(DeviceRow { next_seq: natural(row.get(1)?)?, head: row.get(2)?, forked, ..DeviceRow::NEW })
}

pub(super) fn leaf(row: &Row<'_>) -> Result<LeafRow> {
    Ok(LeafRow { seq: natural(row.get(0)?)?, hash: row.get(1)?, leaf: row.get(2)?, received_at: time(row, 3)? })
}

pub(super) fn state(bits: u8) -> Result<State> {
    State::from_bits(bits).ok_or(StoreError::Corrupt("a status"))
}

/// SQLite's integers are signed.
pub(super) fn integer(natural: u64) -> Result<i64> {
    i64::try_from(natural).map_err(|_| StoreError::Missing)
}

pub(super) fn natural(integer: i64) -> Result<u64> {
    u64::try_from(integer).map_err(|_| StoreError::Corrupt("a negative number"))
}

fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    optional_time(row, column)?.ok_or(StoreError::Corrupt("a missing time"))
}

fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    let seconds: Option<i64> = row.get(column)?;
    seconds.map(|seconds| Timestamp::from_unix(seconds).ok_or(StoreError::Corrupt("a time"))).transpose()
}

fn names(row: &Row<'_>, column: usize) -> Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| StoreError::Corrupt("a list of names"))
}

/// Reads one of a closed set of names.
fn named<T: serde::de::DeserializeOwned>(name: &str, what: &'static str) -> Result<T> {
    serde_json::from_value(serde_json::Value::from(name)).map_err(|_| StoreError::Corrupt(what))
}
