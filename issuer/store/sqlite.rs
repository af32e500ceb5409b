//! The store in one SQLite file, `issuer.db`, mode 0600. A commit is on the disk when it returns (`synchronous=FULL`).
//! Deleted rows are overwritten (`secure_delete`), in the write-ahead log with its next checkpoint. The log stays,
//! empty, when the last
//! process closes the file, so that a copy made without it is noticed.

use super::{Documents, Earlier, Store, StoreError, Tx, View};
use core::time::Duration;
use rusqlite::{Connection, ErrorCode, FileControl, OpenFlags, Transaction, TransactionBehavior, ffi};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

mod credentials;
mod earlier;
mod events;
mod logs;
mod offers;
mod register;
mod rows;
mod schema;
mod select;

type Result<T> = core::result::Result<T, StoreError>;

/// Kibibytes of pages in memory while an earlier format is read and sealed, as SQLite counts them.
const UPGRADE_CACHE: i64 = -256 * 1024;

/// Kibibytes of pages in memory while something is written, as SQLite counts them. Random ids and tags lie in as many pages as there are of
/// them: 500 people are 10 MiB in an office with a million. With the usual 2 MiB, which is enough to read, most of that would be written to
/// the log before the commit, and read again.
const CACHE: i64 = -32 * 1024;

/// More than there are, so that none is compiled twice.
const STATEMENTS: usize = 64;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The issuer's SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    db: Connection,
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
    /// Opens the file, creating it if it does not exist.
    pub fn open(path: &Path, missing: MissingLog) -> Result<Self> {
        let lacks_log = Self::lacks_log(path);
        if lacks_log && missing == MissingLog::Refused {
            return Err(StoreError::LogMissing);
        }
        create_private(path)?;
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;
             PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
        )?;
        db.file_control(Some(rusqlite::MAIN_DB), FileControl::PersistWal(&mut 1))?;
        let mut store = Self { db };
        schema::migrate(&mut store.db)?;
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
            uri.push_str(&waypass_credential::hex::encode(&[*byte]));
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(uri, flags)?;
        Ok(Self { db })
    }

    /// Returns true if the file is there and its write-ahead log is not.
    pub fn lacks_log(path: &Path) -> bool {
        path.exists() && !log_of(path).exists()
    }

    /// Writes a whole copy, as the database is at one moment, into a file that is not there yet and that only its owner may read.
    pub fn copy_into(&self, path: &Path) -> Result<()> {
        create_private(path)?;
        let name = path.to_str().ok_or_else(|| StoreError::Database("the name of the copy is not text".into()))?;
        self.db.execute("VACUUM INTO ?1", [name])?;
        Ok(())
    }

    fn write(&mut self) -> Result<SqliteTx<'_>> {
        Ok(SqliteTx(self.db.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }
}

/// A connection, in whose tables everything is read alike.
trait Db {
    fn db(&self) -> &Connection;
}

impl Db for SqliteStore {
    fn db(&self) -> &Connection {
        &self.db
    }
}

/// A transaction that holds the lock of the one writer.
struct SqliteTx<'s>(Transaction<'s>);

impl Db for SqliteTx<'_> {
    fn db(&self) -> &Connection {
        &self.0
    }
}

impl Tx for SqliteTx<'_> {
    fn commit(self: Box<Self>) -> Result<()> {
        Ok(self.0.commit()?)
    }
}

/// The store at one moment: the transaction only reads, and ends with this.
struct SqliteView<'s>(Transaction<'s>);

impl Db for SqliteView<'_> {
    fn db(&self) -> &Connection {
        &self.0
    }
}

impl Store for SqliteStore {
    fn look(&self) -> Result<Box<dyn View + '_>> {
        Ok(Box::new(SqliteView(self.db.unchecked_transaction()?)))
    }

    fn begin(&mut self) -> Result<Box<dyn Tx + '_>> {
        self.db.pragma_update(None, "cache_size", CACHE)?;
        Ok(Box::new(self.write()?))
    }

    fn earlier(&self, step: &mut dyn FnMut(u64)) -> Result<Option<Earlier>> {
        let found: i64 = self.db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found == schema::NEWEST {
            return Ok(None);
        }
        // Rows are looked up by random ids: with the usual 2 MiB almost every page would be read again.
        self.db.pragma_update(None, "cache_size", UPGRADE_CACHE)?;
        earlier::read(&self.db, found, step).map(Some)
    }

    fn begin_anew(&mut self) -> Result<Box<dyn Tx + '_>> {
        let tx = self.write()?;
        schema::seal(tx.db())?;
        Ok(Box::new(tx))
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

/// Returns true for a lack of room that SQLite calls a failing disk: it knows `ENOSPC` alone, and not where it makes the log's index grow.
fn lack_of_room(why: &rusqlite::Error) -> Option<StoreError> {
    let code = why.sqlite_error()?.extended_code;
    let is_index = code == ffi::SQLITE_IOERR_SHMSIZE;
    let is_write = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMMAP].contains(&code);
    // Hardly ever is a process limited in the size of its files, and then that is why.
    let is_limited = || rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some();
    if (is_index || is_write) && is_limited() { Some(StoreError::FileLimit) } else { is_index.then_some(StoreError::Full) }
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
