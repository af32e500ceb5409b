//! Reads the tables of earlier versions, once, before they are put under the seal.

use super::{Result, rows};
use crate::store::{CredentialRecord, Earlier, Entry, Readable, RegisterRow, Unsealed, UnsealedCredential};
use rusqlite::{Connection, Row};
use std::collections::HashMap;

/// Reads everything that is not carried over by the tables themselves.
pub(super) fn read(db: &Connection, version: i64, step: &mut dyn FnMut(u64)) -> Result<Earlier> {
    if version < super::schema::READABLE { unsealed(db, step).map(Earlier::Unsealed) } else { readable(db, step).map(Earlier::Readable) }
}

fn readable(db: &Connection, step: &mut dyn FnMut(u64)) -> Result<Readable> {
    let register = all(db, "SELECT version, CAST(body AS BLOB), mac FROM register", |row| {
        Ok(RegisterRow { version: rows::natural(row.get(0)?)?, body: row.get(1)?, mac: row.get(2)? })
    })?;
    let count = rows::natural(db.query_row("SELECT count(*) FROM credentials", [], |row| row.get(0))?)?;
    let credentials = concat!("SELECT ", rows::credential_columns!(), ", mac FROM credentials ORDER BY seq");
    Ok(Readable {
        register: register.into_iter().next(),
        events: all(db, "SELECT seq, credential, CAST(body AS BLOB), mac FROM events ORDER BY seq", rows::chained)?,
        credentials: all(db, credentials, |row| {
            step(count);
            Ok((rows::credential(row)?, row.get(15)?))
        })?,
        documents: all(db, "SELECT name, bytes FROM documents", |row| Ok((row.get(0)?, row.get(1)?)))?,
    })
}

fn unsealed(db: &Connection, step: &mut dyn FnMut(u64)) -> Result<Unsealed> {
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
    let count = rows::natural(db.query_row("SELECT count(*) FROM credentials", [], |row| row.get(0))?)?;
    let credentials = concat!("SELECT ", rows::credential_columns!(), " FROM credentials ORDER BY seq");
    let records: Vec<CredentialRecord> = all(db, credentials, |row| {
        step(count);
        rows::credential(row)
    })?;
    // Read whole and sorted here: a query for each credential would be planned anew for each id.
    let mut entries = by_id(db, "SELECT credential, list, idx, value FROM entries WHERE credential IS NOT NULL ORDER BY list", |row| {
        Ok((Entry { list: row.get(1)?, index: row.get(2)? }, row.get(3)?))
    })?;
    let events = "SELECT before, after, cause, note, operator, at, credential FROM events ORDER BY credential, seq";
    let mut histories = by_id(db, events, rows::event)?;
    for record in records {
        let (entries, history) = (entries.remove(&record.id).unwrap_or_default(), histories.remove(&record.id).unwrap_or_default());
        old.credentials.push(UnsealedCredential { record, entries, history });
    }
    Ok(old)
}

fn entry(row: &Row<'_>) -> Result<(Entry, u8)> {
    Ok((Entry { list: row.get(0)?, index: row.get(1)? }, row.get(2)?))
}

fn all<T>(db: &Connection, query: &str, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    db.prepare(query)?.query_and_then([], read)?.collect()
}

/// Collects the values of `read` under the credential that each row names.
fn by_id<T>(db: &Connection, query: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<HashMap<String, Vec<T>>> {
    let mut found: HashMap<String, Vec<T>> = HashMap::new();
    let mut query = db.prepare(query)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get("credential")?).or_default().push(read(row)?);
    }
    Ok(found)
}
