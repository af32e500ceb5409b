//! The store in one SQLite file, `issuer.db`, mode 0600. A commit is on the disk when it returns (`synchronous=FULL`). What
//! is deleted is overwritten (`secure_delete`), in the write-ahead log with its next checkpoint.

use super::{
    CredentialRecord, DeviceRow, Entry, Filter, GateRow, KeyRow, LeafRow, ListRecord, OfferRow, Pickup, State, StatusEvent, Store,
    StoreError,
};
use core::time::Duration;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, ffi, named_params, params};
use std::path::Path;
use waypass_credential::role::Mechanism;
use waypass_credential::time::Timestamp;

mod rows;
mod schema;

type Result<T> = core::result::Result<T, StoreError>;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The issuer's SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    db: Connection,
}

impl SqliteStore {
    /// Opens the file, creating it where there is none.
    pub fn open(path: &Path) -> Result<Self> {
        create_private(path)?;
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;
             PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
        )?;
        let mut store = Self { db };
        schema::migrate(&mut store.db)?;
        Ok(store)
    }

    fn write(&mut self) -> Result<Transaction<'_>> {
        Ok(self.db.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// SQLite would create the file with the umask's mode; the journal files inherit the mode of this one.
fn create_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let created = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(why) if matches!(why.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => Err(StoreError::Full),
        Err(why) => Err(StoreError::Database(why.to_string())),
        Ok(_) => Ok(()),
    }
}

impl Store for SqliteStore {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.db.prepare_cached("SELECT bytes FROM documents WHERE name=?1")?.query_row([name], |row| row.get(0)).optional()?)
    }

    fn set_documents(&mut self, documents: &[(&str, &[u8])]) -> Result<()> {
        let tx = self.write()?;
        rows::set_documents(&tx, documents)?;
        Ok(tx.commit()?)
    }

    fn advance(&mut self, name: &str, before: u64, version: u64, documents: &[(&str, &[u8])]) -> Result<()> {
        let tx = self.write()?;
        let held: Option<i64> = tx.query_row("SELECT value FROM counters WHERE name=?1", [name], |row| row.get(0)).optional()?;
        if held.unwrap_or(0) != rows::integer(before)? || version <= before {
            return Err(StoreError::Changed);
        }
        tx.execute(
            "INSERT INTO counters(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value=?2",
            params![name, rows::integer(version)?],
        )?;
        rows::set_documents(&tx, documents)?;
        Ok(tx.commit()?)
    }

    fn next_version(&mut self, name: &str) -> Result<u64> {
        let tx = self.write()?;
        let value: i64 = tx.query_row(
            "INSERT INTO counters(name, value) VALUES(?1, 1) ON CONFLICT(name) DO UPDATE SET value=value+1 RETURNING value",
            [name],
            |row| row.get(0),
        )?;
        tx.commit()?;
        u64::try_from(value).map_err(|_| StoreError::Corrupt("a counter is negative"))
    }

    fn foreign_changes(&self) -> Result<i64> {
        Ok(self.db.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }

    fn keys(&self) -> Result<Vec<KeyRow>> {
        let mut query = self.db.prepare_cached("SELECT multikey, key_use, state, not_before, issued_until FROM keys ORDER BY rowid")?;
        query.query_and_then([], rows::key)?.collect()
    }

    fn put_keys(&mut self, keys: &[KeyRow]) -> Result<()> {
        let tx = self.write()?;
        for key in keys {
            tx.execute(
                "INSERT INTO keys(multikey, key_use, state, not_before, issued_until) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(multikey) DO UPDATE SET key_use=?2, state=?3, not_before=?4, issued_until=?5",
                params![key.multikey, key.key_use, key.state, key.not_before.unix(), key.issued_until.map(Timestamp::unix)],
            )?;
        }
        Ok(tx.commit()?)
    }

    fn lists(&self) -> Result<Vec<ListRecord>> {
        let mut query = self.db.prepare_cached("SELECT id, capacity, used, purpose, size, messages FROM lists ORDER BY id")?;
        query.query_and_then([], rows::list)?.collect()
    }

    fn open_list(&mut self, mechanism: &Mechanism, capacity: u32) -> Result<u32> {
        let (purpose, size, messages) = rows::list_columns(mechanism);
        let tx = self.write()?;
        let id = tx.query_row(
            "INSERT INTO lists(capacity, purpose, size, messages) VALUES(?1, ?2, ?3, ?4) RETURNING id",
            params![capacity, purpose, size, messages],
            |row| row.get(0),
        )?;
        tx.commit()?;
        Ok(id)
    }

    fn is_taken(&self, list: u32, index: u32) -> Result<bool> {
        let mut query = self.db.prepare_cached(
            "SELECT 1 FROM credentials WHERE list=?1 AND idx=?2 UNION ALL SELECT 1 FROM entries WHERE list=?1 AND idx=?2",
        )?;
        Ok(query.exists(params![list, index])?)
    }

    fn taken_indices(&self, list: u32) -> Result<Vec<u32>> {
        let mut query = self.db.prepare_cached("SELECT idx FROM credentials WHERE list=?1 UNION SELECT idx FROM entries WHERE list=?1")?;
        let indices = query.query_map([list], |row| row.get(0))?;
        Ok(indices.collect::<rusqlite::Result<_>>()?)
    }

    fn set_entries(&self, list: u32) -> Result<Vec<(u32, u8)>> {
        // What a token list has to say is a credential's state.
        let mut query = self.db.prepare_cached(
            "SELECT idx, value FROM entries WHERE list=?1 AND value<>0
             UNION ALL SELECT idx, state FROM credentials
             WHERE list=?1 AND state<>0 AND (SELECT purpose FROM lists WHERE id=?1) IS NULL",
        )?;
        query.query_and_then([list], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn take_entries(&mut self, entries: &[Entry]) -> Result<()> {
        let tx = self.write()?;
        rows::take_entries(&tx, entries, None)?;
        Ok(tx.commit()?)
    }

    fn set_entry(&mut self, entry: Entry, value: u8) -> Result<()> {
        let tx = self.write()?;
        let set = tx.execute(
            "UPDATE entries SET value=?3 WHERE list=?1 AND idx=?2 AND credential IS NULL",
            params![entry.list, entry.index, value],
        )?;
        if set != 1 {
            return Err(StoreError::Missing);
        }
        Ok(tx.commit()?)
    }

    fn add_credential(
        &mut self,
        record: &CredentialRecord,
        entries: &[Entry],
        issued: &StatusEvent,
        pickup: Option<&Pickup>,
    ) -> Result<()> {
        let tx = self.write()?;
        if let Some(pickup) = pickup {
            if tx.execute("DELETE FROM offers WHERE secret_hash=?1 AND exchanged=1", [pickup.token_hash])? != 1 {
                return Err(StoreError::Missing);
            }
            tx.execute("INSERT INTO nonces(hash, expires_at) VALUES(?1, ?2)", params![pickup.nonce_hash, pickup.nonce_until.unix()])?;
        }
        tx.execute(
            "INSERT INTO credentials(id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx,
                                     state, changed_at)
             VALUES(:id, :format, :holder, :label, :roles, :sites, :zones, :issued_at, :valid_from, :valid_until, :key_id, :list, :idx,
                    :state, :changed_at)",
            named_params! {
                ":id": record.id, ":format": record.format, ":holder": record.holder, ":label": record.label,
                ":roles": rows::names_text(&record.roles), ":sites": rows::names_text(&record.sites),
                ":zones": rows::names_text(&record.zones), ":issued_at": record.issued_at.unix(),
                ":valid_from": record.valid_from.unix(), ":valid_until": record.valid_until.unix(), ":key_id": record.key_id,
                ":list": record.list, ":idx": record.index, ":state": record.state.bits(), ":changed_at": record.changed_at.unix(),
            },
        )?;
        if entries.is_empty() {
            tx.execute("UPDATE lists SET used=used+1 WHERE id=?1", [record.list])?;
        }
        rows::take_entries(&tx, entries, Some(&record.id))?;
        rows::append_event(&tx, &record.id, issued)?;
        Ok(tx.commit()?)
    }

    fn credential(&self, id: &str) -> Result<Option<CredentialRecord>> {
        let mut query = self.db.prepare_cached(concat!("SELECT ", rows::credential_columns!(), " FROM credentials WHERE id=?1"))?;
        query.query_and_then([id], rows::credential)?.next().transpose()
    }

    fn credential_at(&self, list: u32, index: u32) -> Result<Option<CredentialRecord>> {
        let mut query =
            self.db.prepare_cached(concat!("SELECT ", rows::credential_columns!(), " FROM credentials WHERE list=?1 AND idx=?2"))?;
        query.query_and_then(params![list, index], rows::credential)?.next().transpose()
    }

    fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>> {
        let mut query = self.db.prepare_cached(concat!(
            "SELECT ",
            rows::credential_columns!(),
            " FROM credentials
              WHERE (:state IS NULL OR state=:state) AND (:holder IS NULL OR holder=:holder)
                AND (:role IS NULL OR EXISTS(SELECT 1 FROM json_each(roles) WHERE value=:role))
                AND (:text IS NULL OR substr(id, 1, length(:text))=lower(:text) OR instr(lower(label), lower(:text)))
              ORDER BY issued_at DESC, seq DESC LIMIT :limit"
        ))?;
        let found = query.query_and_then(
            named_params! {
                ":state": filter.state.map(State::bits), ":holder": filter.holder, ":role": filter.role, ":text": filter.text,
                ":limit": filter.limit.map_or(-1, i64::from),
            },
            rows::credential,
        )?;
        found.collect()
    }

    fn change_state(&mut self, id: &str, event: &StatusEvent) -> Result<()> {
        let tx = self.write()?;
        let changed = tx.execute(
            "UPDATE credentials SET state=?2, changed_at=?3 WHERE id=?1 AND state IS ?4",
            params![id, event.to.bits(), event.at.unix(), event.from.map(State::bits)],
        )?;
        if changed != 1 {
            return Err(StoreError::Changed);
        }
        tx.execute(
            "UPDATE entries SET value=CASE (SELECT purpose FROM lists WHERE lists.id=entries.list)
                                      WHEN 'revocation' THEN ?2=1 WHEN 'suspension' THEN ?2=2 ELSE value END
             WHERE credential=?1",
            params![id, event.to.bits()],
        )?;
        rows::append_event(&tx, id, event)?;
        Ok(tx.commit()?)
    }

    fn entries(&self, id: &str) -> Result<Vec<Entry>> {
        let mut query = self.db.prepare_cached("SELECT list, idx FROM entries WHERE credential=?1 ORDER BY list")?;
        let entries = query.query_map([id], |row| Ok(Entry { list: row.get(0)?, index: row.get(1)? }))?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }

    fn set_message(&mut self, id: &str, value: u8, event: &StatusEvent) -> Result<()> {
        let tx = self.write()?;
        let set = tx.execute(
            "UPDATE entries SET value=?2 WHERE credential=?1 AND list IN (SELECT id FROM lists WHERE purpose='message')",
            params![id, value],
        )?;
        if set == 0 {
            return Err(StoreError::Missing);
        }
        rows::append_event(&tx, id, event)?;
        Ok(tx.commit()?)
    }

    fn history(&self, id: &str) -> Result<Vec<StatusEvent>> {
        let mut query =
            self.db.prepare_cached("SELECT before, after, cause, note, operator, at FROM events WHERE credential=?1 ORDER BY seq")?;
        query.query_and_then([id], rows::event)?.collect()
    }

    fn add_offer(&mut self, offer: &OfferRow) -> Result<()> {
        let tx = self.write()?;
        tx.execute(
            "INSERT INTO offers(secret_hash, id, tx_salt, tx_hash, tries_left, sealed, expires_at, exchanged)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
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
        Ok(tx.commit()?)
    }

    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        let mut query = self.db.prepare_cached(
            "SELECT secret_hash, id, tx_salt, tx_hash, tries_left, sealed, expires_at, exchanged FROM offers WHERE secret_hash=?1",
        )?;
        query.query_and_then([secret_hash], rows::offer)?.next().transpose()
    }

    fn count_try(&mut self, secret_hash: &[u8; 32]) -> Result<u8> {
        let tx = self.write()?;
        let left: Option<u8> = tx
            .query_row("SELECT tries_left FROM offers WHERE secret_hash=?1 AND tries_left>0", [secret_hash], |row| row.get(0))
            .optional()?;
        let Some(left) = left else { return Err(StoreError::Missing) };
        tx.execute("UPDATE offers SET tries_left=tries_left-1 WHERE secret_hash=?1", [secret_hash])?;
        tx.commit()?;
        Ok(left)
    }

    fn drop_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()> {
        let tx = self.write()?;
        tx.execute("DELETE FROM offers WHERE secret_hash=?1", [secret_hash])?;
        Ok(tx.commit()?)
    }

    fn exchange_offer(&mut self, code_hash: &[u8; 32], token_hash: &[u8; 32], sealed: &[u8], expires_at: Timestamp) -> Result<()> {
        let tx = self.write()?;
        let exchanged = tx.execute(
            "UPDATE offers SET secret_hash=?2, sealed=?3, expires_at=?4, exchanged=1, tx_salt=NULL, tx_hash=NULL, tries_left=NULL
             WHERE secret_hash=?1 AND exchanged=0",
            params![code_hash, token_hash, sealed, expires_at.unix()],
        )?;
        if exchanged != 1 {
            return Err(StoreError::Missing);
        }
        Ok(tx.commit()?)
    }

    fn purge(&mut self, at: Timestamp) -> Result<()> {
        let tx = self.write()?;
        tx.execute("DELETE FROM offers WHERE expires_at<?1", [at.unix()])?;
        tx.execute("DELETE FROM nonces WHERE expires_at<?1", [at.unix()])?;
        Ok(tx.commit()?)
    }

    fn put_gate(&mut self, gate: &GateRow) -> Result<()> {
        let tx = self.write()?;
        let (revoked_at, reason) = gate.revoked.as_ref().map(|(at, reason)| (at.unix(), reason)).unzip();
        tx.execute(
            "INSERT INTO gates(id, name, site, zone, enrolled_at, revoked_at, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT(id) DO UPDATE SET name=?2, site=?3, zone=?4, enrolled_at=?5, revoked_at=?6, reason=?7",
            params![gate.id, gate.name, gate.site, gate.zone, gate.enrolled_at.unix(), revoked_at, reason],
        )?;
        Ok(tx.commit()?)
    }

    fn gate(&self, id: &str) -> Result<Option<GateRow>> {
        let mut query = self.db.prepare_cached("SELECT id, name, site, zone, enrolled_at, revoked_at, reason FROM gates WHERE id=?1")?;
        query.query_and_then([id], rows::gate)?.next().transpose()
    }

    fn gates(&self) -> Result<Vec<GateRow>> {
        let mut query =
            self.db.prepare_cached("SELECT id, name, site, zone, enrolled_at, revoked_at, reason FROM gates ORDER BY name, id")?;
        query.query_and_then([], rows::gate)?.collect()
    }

    fn device(&self, id: &str) -> Result<Option<DeviceRow>> {
        let mut query = self.db.prepare_cached("SELECT next_seq, head, forked_at, forked_seq FROM devices WHERE id=?1")?;
        query.query_and_then([id], rows::device)?.next().transpose()
    }

    fn append_leaves(&mut self, device: &str, leaves: &[LeafRow], head: &[u8; 32]) -> Result<()> {
        let Some(first) = leaves.first() else { return Ok(()) };
        let tx = self.write()?;
        let next: Option<i64> = tx.query_row("SELECT next_seq FROM devices WHERE id=?1", [device], |row| row.get(0)).optional()?;
        if next.unwrap_or(0) != rows::integer(first.seq)? {
            return Err(StoreError::Changed);
        }
        {
            let mut insert = tx.prepare_cached("INSERT INTO leaves(device, seq, hash, leaf, received_at) VALUES(?1, ?2, ?3, ?4, ?5)")?;
            for (seq, leaf) in (first.seq..).zip(leaves) {
                if leaf.seq != seq {
                    return Err(StoreError::Changed);
                }
                insert.execute(params![device, rows::integer(seq)?, leaf.hash, leaf.leaf, leaf.received_at.unix()])?;
            }
        }
        let next = rows::integer(first.seq + leaves.len() as u64)?;
        tx.execute(
            "INSERT INTO devices(id, next_seq, head) VALUES(?1, ?2, ?3) ON CONFLICT(id) DO UPDATE SET next_seq=?2, head=?3",
            params![device, next, head],
        )?;
        Ok(tx.commit()?)
    }

    fn leaf_hash(&self, device: &str, seq: u64) -> Result<Option<[u8; 32]>> {
        let mut query = self.db.prepare_cached("SELECT hash FROM leaves WHERE device=?1 AND seq=?2")?;
        Ok(query.query_row(params![device, rows::integer(seq)?], |row| row.get(0)).optional()?)
    }

    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let mut query =
            self.db.prepare_cached("SELECT seq, hash, leaf, received_at FROM leaves WHERE device=?1 AND seq>=?2 ORDER BY seq LIMIT ?3")?;
        query.query_and_then(params![device, rows::integer(from_seq)?, limit], rows::leaf)?.collect()
    }

    fn flag_fork(&mut self, device: &str, at: Timestamp, seq: u64) -> Result<()> {
        let tx = self.write()?;
        // The first contradiction is the one to look into; later ones follow from it.
        tx.execute(
            "INSERT INTO devices(id, next_seq, head, forked_at, forked_seq) VALUES(?1, 0, zeroblob(32), ?2, ?3)
             ON CONFLICT(id) DO UPDATE SET forked_at=coalesce(forked_at, ?2), forked_seq=coalesce(forked_seq, ?3)",
            params![device, at.unix(), rows::integer(seq)?],
        )?;
        Ok(tx.commit()?)
    }
}

/// What SQLite calls a failing disk and is a lack of room: it knows `ENOSPC` alone, and not where it makes the log's index grow.
fn lack_of_room(why: &rusqlite::Error) -> Option<StoreError> {
    let code = why.sqlite_error()?.extended_code;
    let is_index = code == ffi::SQLITE_IOERR_SHMSIZE;
    let is_write = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMMAP].contains(&code);
    // Hardly ever is a process limited in the size of its files, and then that is why.
    let is_limited = || rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some();
    match () {
        () if (is_index || is_write) && is_limited() => Some(StoreError::FileLimit),
        () if is_index => Some(StoreError::Full),
        () => None,
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(why: rusqlite::Error) -> Self {
        if let Some(full) = lack_of_room(&why) {
            return full;
        }
        match why.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ConstraintViolation) => Self::Taken,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt("its pages"),
            Some(ErrorCode::NotADatabase) => Self::Corrupt("it is not a database"),
            _ => match why {
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt("a value of the wrong type"),
                other => Self::Database(other.to_string()),
            },
        }
    }
}
