//! Reads the tables of version 0.1.0, once, before they are put under the seal.

use super::{Result, rows};
use crate::store::{CredentialRecord, Entry, StatusEvent, StoreError, Unsealed, UnsealedCredential};
use rusqlite::{Connection, Row, Transaction, params};

/// Reads everything that is not carried over by the tables themselves.
pub(super) fn read(db: &Connection, step: &mut dyn FnMut(u64)) -> Result<Unsealed> {
    let mut old = Unsealed {
        keys: all(db, "SELECT multikey, key_use, state, not_before, issued_until FROM keys ORDER BY rowid", rows::key)?,
        gates: all(db, "SELECT id, name, site, zone, enrolled_at, revoked_at, reason FROM gates ORDER BY name, id", rows::gate)?,
        lists: all(db, "SELECT id, capacity, used, purpose, size, messages FROM lists ORDER BY id", rows::list)?,
        counters: all(db, "SELECT name, value FROM counters", |row| Ok((row.get(0)?, rows::natural(row.get(1)?)?)))?,
        documents: all(db, "SELECT name, bytes FROM documents", |row| Ok((row.get(0)?, row.get(1)?)))?,
        entries: all(db, "SELECT list, idx, value FROM entries WHERE credential IS NULL ORDER BY list, idx", entry)?,
        offers: all(db, concat!("SELECT ", rows::offer_columns!(), " FROM offers"), rows::offer)?,
        devices: all(db, "SELECT id, next_seq, head, forked_at, forked_seq FROM devices", |row| Ok((row.get(0)?, rows::device(row)?)))?,
        credentials: Vec::new(),
    };
    let records: Vec<CredentialRecord> =
        all(db, concat!("SELECT ", rows::credential_columns!(), " FROM credentials ORDER BY seq"), rows::credential)?;
    let count = records.len() as u64;
    for record in records {
        let entries = of(db, "SELECT list, idx, value FROM entries WHERE credential=?1 ORDER BY list", &record.id, entry)?;
        let history: Vec<StatusEvent> = of(
            db,
            "SELECT before, after, cause, note, operator, at FROM events WHERE credential=?1 ORDER BY seq",
            &record.id,
            rows::event,
        )?;
        old.credentials.push(UnsealedCredential { record, entries, history });
        step(count);
    }
    Ok(old)
}

/// Makes the tables of the sealed version and gives each credential its seal.
pub(super) fn seal(tx: &Transaction<'_>, credentials: &[(String, [u8; 32])], step: &mut dyn FnMut(u64)) -> Result<()> {
    tx.execute_batch(super::schema::SEALED)?;
    let mut update = tx.prepare("UPDATE credentials SET mac=?2 WHERE id=?1")?;
    for (id, mac) in credentials {
        if update.execute(params![id, mac])? != 1 {
            return Err(StoreError::Missing);
        }
        step(credentials.len() as u64);
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> Result<(Entry, u8)> {
    Ok((Entry { list: row.get(0)?, index: row.get(1)? }, row.get(2)?))
}

fn all<T>(db: &Connection, query: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    db.prepare(query)?.query_and_then([], read)?.collect()
}

fn of<T>(db: &Connection, query: &str, id: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    db.prepare_cached(query)?.query_and_then([id], read)?.collect()
}
