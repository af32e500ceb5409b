//! The store in one SQLite file, `issuer.db`, mode 0600. A commit is on the disk when it returns (`synchronous=FULL`). What
//! is deleted is overwritten (`secure_delete`), in the write-ahead log with its next checkpoint. The log stays, empty, when the last
//! process closes the file, so that a copy made without it is noticed.

use super::{
    Counts, Documents, EventRow, Filter, LeafRow, OfferRow, Pickup, RegisterRow, Rows, SealedCredential, State, Store, StoreError,
    SummaryRow, Unsealed,
};
use core::time::Duration;
use rusqlite::{
    Connection, ErrorCode, FileControl, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, ffi, named_params, params,
};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use waypass_credential::time::Timestamp;

mod rows;
mod schema;
mod unsealed;

type Result<T> = core::result::Result<T, StoreError>;

/// Kibibytes of pages in memory, as SQLite counts them: while a database of version 0.1.0 is read and sealed, and afterwards.
const UPGRADE_CACHE: i64 = -256 * 1024;
const USUAL_CACHE: i64 = -2000;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The issuer's SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    db: Connection,
    /// False for a file of version 0.1.0 until its rows are sealed.
    is_sealed: bool,
}

/// Says how a database that lies there without its write-ahead log is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MissingLog {
    /// It is refused ([`StoreError::LogMissing`]) and left as it is, so that the next opening finds the same.
    Refused,
    /// It is opened: it is new, was closed by a version that removed the log, or a person said so.
    Accepted,
}

impl SqliteStore {
    /// Opens the file, creating it where there is none.
    pub fn open(path: &Path, missing: MissingLog) -> Result<Self> {
        let lacks_log = Self::lacks_log(path);
        if lacks_log && missing == MissingLog::Refused {
            return Err(StoreError::LogMissing);
        }
        create_private(path)?;
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;
             PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
        )?;
        db.file_control(Some(rusqlite::MAIN_DB), FileControl::PersistWal(&mut 1))?;
        let mut store = Self { db, is_sealed: true };
        store.is_sealed = !schema::migrate(&mut store.db)?;
        if lacks_log {
            // A vault keeps that there is a log now: a power cut must not take its name away.
            sync_folder(path).map_err(|why| StoreError::Database(why.to_string()))?;
        }
        Ok(store)
    }

    /// Opens the documents to read them before there is a key for the rest. Makes no write-ahead log where one is missing.
    pub fn peek(path: &Path) -> Result<impl Documents> {
        if !Self::lacks_log(path) {
            return Self::open(path, MissingLog::Accepted);
        }
        // Without a log nobody else has the file open, so nothing changes in it.
        let mut uri = String::from("file:");
        for byte in path.as_os_str().as_bytes() {
            uri.push('%');
            uri.push_str(&crate::hex(&[*byte]));
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(uri, flags)?;
        Ok(Self { db, is_sealed: true })
    }

    /// Returns true if the file is there and its write-ahead log is not.
    pub fn lacks_log(path: &Path) -> bool {
        path.exists() && !log_of(path).exists()
    }

    fn write(&mut self) -> Result<Transaction<'_>> {
        Ok(self.db.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The last process cuts off what is in the database already; if that fails, the next opening replays it.
        let _ = self.db.pragma_update(None, "journal_size_limit", 0);
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("-wal");
    path.with_file_name(name)
}

/// Makes new names in the folder of `path` durable.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
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

impl Documents for SqliteStore {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.db.prepare_cached("SELECT bytes FROM documents WHERE name=?1")?.query_row([name], |row| row.get(0)).optional()?)
    }
}

impl Store for SqliteStore {
    fn register(&self) -> Result<Option<RegisterRow>> {
        let mut query = self.db.prepare_cached("SELECT version, body, mac FROM register")?;
        let read = |row: &Row<'_>| Ok(RegisterRow { version: rows::natural(row.get(0)?)?, body: row.get(1)?, mac: row.get(2)? });
        query.query_and_then([], read)?.next().transpose()
    }

    fn register_version(&self) -> Result<u64> {
        let version = self.db.prepare_cached("SELECT version FROM register")?.query_row([], |row| row.get(0)).optional()?;
        rows::natural(version.unwrap_or(0))
    }

    fn replace_register(&mut self, row: &RegisterRow, documents: &[(&str, &[u8])]) -> Result<()> {
        let tx = self.write()?;
        put_register(&tx, row)?;
        rows::set_documents(&tx, documents)?;
        Ok(tx.commit()?)
    }

    fn document_names(&self) -> Result<Vec<String>> {
        let mut query = self.db.prepare_cached("SELECT name FROM documents ORDER BY name")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn append(&mut self, event: &EventRow, rows: &Rows<'_>) -> Result<()> {
        let tx = self.write()?;
        let last: Option<i64> = tx.prepare_cached("SELECT max(seq) FROM events")?.query_row([], |row| row.get(0))?;
        if rows::natural(last.unwrap_or(0))?.checked_add(1) != Some(event.seq) {
            return Err(StoreError::Overtaken);
        }
        rows::append(&tx, event)?;
        change(&tx, rows)?;
        Ok(tx.commit()?)
    }

    fn events(&self, seq: u64, limit: u32) -> Result<Vec<EventRow>> {
        let mut query = self.db.prepare_cached("SELECT seq, credential, body, mac FROM events WHERE seq>?1 ORDER BY seq LIMIT ?2")?;
        query.query_and_then(params![rows::integer(seq)?, limit], rows::chained)?.collect()
    }

    fn event_mac(&self, seq: u64) -> Result<Option<[u8; 32]>> {
        let mut query = self.db.prepare_cached("SELECT mac FROM events WHERE seq=?1")?;
        Ok(query.query_row([rows::integer(seq)?], |row| row.get(0)).optional()?)
    }

    fn history(&self, credential: &str) -> Result<Vec<(EventRow, Option<[u8; 32]>)>> {
        let mut query = self.db.prepare_cached(
            "SELECT seq, credential, body, mac, (SELECT mac FROM events AS earlier WHERE earlier.seq=events.seq-1)
             FROM events WHERE credential=?1 ORDER BY seq",
        )?;
        query.query_and_then([credential], |row| Ok((rows::chained(row)?, row.get(4)?)))?.collect()
    }

    fn summary(&self) -> Result<Option<SummaryRow>> {
        let mut query = self.db.prepare_cached("SELECT seq, body, mac FROM summary")?;
        let read = |row: &Row<'_>| Ok(SummaryRow { seq: rows::natural(row.get(0)?)?, body: row.get(1)?, mac: row.get(2)? });
        query.query_and_then([], read)?.next().transpose()
    }

    fn keep_summary(&mut self, row: &SummaryRow) -> Result<()> {
        let tx = self.write()?;
        tx.execute(
            "INSERT INTO summary(id, seq, body, mac) VALUES(1, ?1, ?2, ?3) ON CONFLICT(id) DO UPDATE SET seq=?1, body=?2, mac=?3",
            params![rows::integer(row.seq)?, row.body, row.mac],
        )?;
        Ok(tx.commit()?)
    }

    fn counts(&self) -> Result<Counts> {
        let count = |query: &str| -> Result<u64> { rows::natural(self.db.prepare_cached(query)?.query_row([], |row| row.get(0))?) };
        Ok(Counts { credentials: count("SELECT count(*) FROM credentials")?, events: count("SELECT count(*) FROM events")? })
    }

    fn credential(&self, id: &str) -> Result<Option<SealedCredential>> {
        let mut query = self.db.prepare_cached(concat!("SELECT ", rows::credential_columns!(), ", mac FROM credentials WHERE id=?1"))?;
        query.query_and_then([id], rows::sealed_credential)?.next().transpose()
    }

    fn credential_at(&self, list: u32, index: u32) -> Result<Option<SealedCredential>> {
        let mut query =
            self.db.prepare_cached(concat!("SELECT ", rows::credential_columns!(), ", mac FROM credentials WHERE list=?1 AND idx=?2"))?;
        query.query_and_then(params![list, index], rows::sealed_credential)?.next().transpose()
    }

    fn credentials(&self, filter: &Filter) -> Result<Vec<SealedCredential>> {
        let mut query = self.db.prepare_cached(concat!(
            "SELECT ",
            rows::credential_columns!(),
            ", mac FROM credentials
              WHERE (:state IS NULL OR state=:state) AND (:holder IS NULL OR holder=:holder)
                AND (:role IS NULL OR EXISTS(SELECT 1 FROM json_each(roles) WHERE value=:role))
                AND (:after IS NULL OR valid_until>:after) AND (:by IS NULL OR valid_until<=:by)
                AND (:text IS NULL OR substr(id, 1, length(:text))=lower(:text) OR instr(lower(label), lower(:text)))
              ORDER BY issued_at DESC, seq DESC LIMIT :limit"
        ))?;
        let found = query.query_and_then(
            named_params! {
                ":state": filter.state.map(State::bits), ":holder": filter.holder, ":role": filter.role, ":text": filter.text,
                ":after": filter.ends_after.map(Timestamp::unix), ":by": filter.ended_by.map(Timestamp::unix),
                ":limit": filter.limit.map_or(-1, i64::from),
            },
            rows::sealed_credential,
        )?;
        found.collect()
    }

    fn withdrawn(&self, list: u32) -> Result<Vec<(u32, State)>> {
        let mut query = self.db.prepare_cached("SELECT idx, state FROM credentials WHERE list=?1 AND state<>0 ORDER BY idx")?;
        query.query_and_then([list], |row| Ok((row.get(0)?, rows::state(row.get(1)?)?)))?.collect()
    }

    fn offers(&self) -> Result<Vec<OfferRow>> {
        let mut query = self.db.prepare_cached(concat!("SELECT ", rows::offer_columns!(), " FROM offers"))?;
        query.query_and_then([], rows::offer)?.collect()
    }

    fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        let mut query = self.db.prepare_cached(concat!("SELECT ", rows::offer_columns!(), " FROM offers WHERE secret_hash=?1"))?;
        query.query_and_then([secret_hash], rows::offer)?.next().transpose()
    }

    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let mut query =
            self.db.prepare_cached("SELECT seq, hash, leaf, received_at FROM leaves WHERE device=?1 AND seq>=?2 ORDER BY seq LIMIT ?3")?;
        query.query_and_then(params![device, rows::integer(from_seq)?, limit], rows::leaf)?.collect()
    }

    fn unsealed(&self, step: &mut dyn FnMut(u64)) -> Result<Option<Unsealed>> {
        if self.is_sealed {
            return Ok(None);
        }
        // Rows are looked up by random ids: with the usual 2 MiB almost every page would be read again.
        self.db.pragma_update(None, "cache_size", UPGRADE_CACHE)?;
        unsealed::read(&self.db, step).map(Some)
    }

    fn seal_all(
        &mut self,
        register: &RegisterRow,
        events: &[EventRow],
        credentials: &[(String, [u8; 32])],
        step: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let tx = self.write()?;
        let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found != 2 {
            return Err(StoreError::Overtaken);
        }
        unsealed::seal(&tx, credentials, step)?;
        events.iter().try_for_each(|event| rows::append(&tx, event))?;
        put_register(&tx, register)?;
        tx.execute_batch("PRAGMA user_version=3")?;
        tx.commit()?;
        self.is_sealed = true;
        Ok(self.db.pragma_update(None, "cache_size", USUAL_CACHE)?)
    }
}

fn put_register(tx: &Transaction<'_>, row: &RegisterRow) -> Result<()> {
    let replaced = tx.execute(
        "INSERT INTO register(id, version, body, mac) SELECT 1, ?1, ?2, ?3 WHERE ?1=1+coalesce((SELECT version FROM register), 0)
         ON CONFLICT(id) DO UPDATE SET version=?1, body=?2, mac=?3",
        params![rows::integer(row.version)?, row.body, row.mac],
    )?;
    if replaced == 1 { Ok(()) } else { Err(StoreError::Overtaken) }
}

fn change(tx: &Transaction<'_>, rows: &Rows<'_>) -> Result<()> {
    let changed = match *rows {
        Rows::Unchanged => return Ok(()),
        Rows::Credential(credential, pickup) => return add_credential(tx, credential, pickup),
        Rows::State { id, state, at } => {
            tx.execute("UPDATE credentials SET state=?2, changed_at=?3 WHERE id=?1", params![id, state.bits(), at.unix()])?
        }
        Rows::Offer(offer) => return rows::add_offer(tx, offer),
        Rows::Replace(hash, offer) => {
            let gone = tx.execute("DELETE FROM offers WHERE secret_hash=?1", [hash])?;
            rows::add_offer(tx, offer)?;
            gone
        }
        Rows::Drop(hash) => tx.execute("DELETE FROM offers WHERE secret_hash=?1", [hash])?,
        Rows::Purge(at) => {
            tx.execute("DELETE FROM offers WHERE expires_at<?1", [at.unix()])?;
            tx.execute("DELETE FROM nonces WHERE expires_at<?1", [at.unix()])?;
            return Ok(());
        }
        Rows::Leaves(device, leaves) => {
            let mut insert = tx.prepare_cached("INSERT INTO leaves(device, seq, hash, leaf, received_at) VALUES(?1, ?2, ?3, ?4, ?5)")?;
            for leaf in leaves {
                insert.execute(params![device, rows::integer(leaf.seq)?, leaf.hash, leaf.leaf, leaf.received_at.unix()])?;
            }
            return Ok(());
        }
    };
    if changed == 1 { Ok(()) } else { Err(StoreError::Missing) }
}

fn add_credential(tx: &Transaction<'_>, credential: &SealedCredential, pickup: Option<&Pickup>) -> Result<()> {
    let SealedCredential { record, mac } = credential;
    if let Some(pickup) = pickup {
        let taken = params![pickup.taken.secret_hash, pickup.taken.sealed];
        if tx.execute("DELETE FROM offers WHERE secret_hash=?1 AND exchanged=1 AND sealed=?2", taken)? != 1 {
            return Err(StoreError::Missing);
        }
        rows::add_offer(tx, &pickup.answered)?;
        tx.execute("INSERT INTO nonces(hash, expires_at) VALUES(?1, ?2)", params![pickup.nonce_hash, pickup.nonce_until.unix()])?;
    }
    tx.execute(
        "INSERT INTO credentials(id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx,
                                 state, changed_at, mac)
         VALUES(:id, :format, :holder, :label, :roles, :sites, :zones, :issued_at, :valid_from, :valid_until, :key_id, :list, :idx,
                :state, :changed_at, :mac)",
        named_params! {
            ":id": record.id, ":format": record.format, ":holder": record.holder, ":label": record.label,
            ":roles": rows::names_text(&record.roles), ":sites": rows::names_text(&record.sites),
            ":zones": rows::names_text(&record.zones), ":issued_at": record.issued_at.unix(),
            ":valid_from": record.valid_from.unix(), ":valid_until": record.valid_until.unix(), ":key_id": record.key_id,
            ":list": record.list, ":idx": record.index, ":state": record.state.bits(), ":changed_at": record.changed_at.unix(),
            ":mac": mac,
        },
    )?;
    Ok(())
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
