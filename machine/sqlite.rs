//! SQLite behind the vault's [`Storage`] joint.
//!
//! Write-ahead log with `synchronous=FULL`: a commit is one append to the log and one `fdatasync` of it, and is acknowledged after that.
//! (The first commit after opening, and the checkpoint every 1,000 pages, flush twice more.) `locking_mode=EXCLUSIVE` keeps the index of
//! that log in our memory instead of a shared file. Other processes are kept out by the vault's own lock file before SQLite is asked.
//! The log stays when the vault is closed, so that a copy made without it is noticed.

#[cfg(test)]
mod tests;

use crate::error::{lacking, storage_error};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, FileControl, OpenFlags, OptionalExtension as _, ffi, params};
use std::cell::Cell;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_vault::{Change, Room, Space, Storage, StorageError};

/// "WayP": tells `file` and us what this is.
const APPLICATION_ID: i64 = 0x5761_7950;

pub(crate) struct Sqlite {
    connection: Connection,
    dir: PathBuf,
    poisoned: Cell<bool>,
    journal_was_missing: bool,
}

/// Why a file was not opened as a store.
pub(crate) enum Refused {
    /// The file's format version is newer than `supported`.
    Newer(u64),
    /// Another process has the file open, though it does not hold the vault's lock file.
    Busy,
    Storage(StorageError),
}

impl Sqlite {
    /// Opens `file`, creating it with mode 0600 when it is not there. A file with a version above `supported` is not touched.
    ///
    /// While SQLite has the file open, this process opens it nowhere else: closing any descriptor of a file ends the process's locks
    /// on it (POSIX), and SQLite's lock is what keeps a second process out when the vault's lock file was removed.
    pub(crate) fn open(file: &Path, supported: u32) -> Result<Self, Refused> {
        let dir = file.parent().unwrap_or(Path::new(".")).to_owned();
        let io = |source: io::Error| Refused::Storage(storage_error("opening the vault", &dir, &source));
        // The folder may be reached through a link, the file may not: its log would be looked for in another place.
        let file = dir.canonicalize().map_err(io)?.join(file.file_name().unwrap_or_default());
        // Looked up in the file first: SQLite would already replay the log of a version that we do not know.
        refuse_newer(version_in_file(&file).map_err(io)?.into(), supported)?;
        let journal_was_missing = !log_of(&file).exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let failed = |why: rusqlite::Error| match why.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Refused::Busy,
            _ => Refused::Storage(translate("opening the vault", &dir, &why)),
        };
        let connection = Connection::open_with_flags(&file, flags).map_err(failed)?;
        // The command that opens the vault waits, and says for whom.
        connection.busy_timeout(Duration::ZERO).map_err(failed)?;
        // Before the first access: only then does the log's index stay out of a shared file.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(failed)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        refuse_newer(version, supported)?;
        prepare(&connection, version, supported).map_err(failed)?;
        connection.file_control(Some(rusqlite::MAIN_DB), FileControl::PersistWal(&mut 1)).map_err(failed)?;
        Ok(Self { connection, dir, poisoned: Cell::new(false), journal_was_missing })
    }

    fn refuse_when_poisoned(&self) -> Result<(), StorageError> {
        if self.poisoned.get() { Err(StorageError::Poisoned) } else { Ok(()) }
    }

    /// Translates the failure of a write. A full disk is found before anything is acknowledged, and SQLite has rolled back. Any other
    /// failure, a failed flush above all, leaves unknown what reached the disk: the kernel may report it once and never again.
    fn refused(&self, doing: &'static str, why: &rusqlite::Error) -> StorageError {
        let why = self.failed(doing, why);
        self.poisoned.set(!matches!(why, StorageError::Full { .. }));
        why
    }

    fn failed(&self, doing: &'static str, why: &rusqlite::Error) -> StorageError {
        translate(doing, &self.dir, why)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The log stays, so that its absence says that somebody lost it. Pages that are in the database already are cut off; if that fails,
        // the next opening replays it, which changes nothing.
        let _ = self.connection.pragma_update(None, "journal_size_limit", 0);
    }
}

/// Returns the write-ahead log of a database.
pub(crate) fn log_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push("-wal");
    file.with_file_name(name)
}

/// Creates the file where it is missing, and looks up the version in it: `user_version` is the big-endian number at offset 60 of an
/// SQLite file. A file that is still empty has version 0.
fn version_in_file(file: &Path) -> io::Result<i32> {
    // SQLite gives its log the mode of the database, so creating the file ourselves settles both.
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(file)?;
    let mut version = [0; 4];
    match file.read_exact_at(&mut version, 60) {
        Err(why) if why.kind() != io::ErrorKind::UnexpectedEof => Err(why),
        _ => Ok(i32::from_be_bytes(version)),
    }
}

fn refuse_newer(version: i64, supported: u32) -> Result<(), Refused> {
    match u64::try_from(version) {
        Ok(found) if found > u64::from(supported) => Err(Refused::Newer(found)),
        Ok(_) => Ok(()),
        Err(_) => Err(Refused::Storage(StorageError::Corrupt { detail: format!("format version {version}") })),
    }
}

fn prepare(connection: &Connection, version: i64, supported: u32) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(32);
    // The schema comes from a file that anyone may have edited: it gets to run nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
        let mode: String = row.get(0)?;
        if mode == "wal" { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
    })?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Tables before version: a crash between them leaves version 0, and this runs again. A file of an earlier version gets the tables that
    // it does not have.
    for space in Space::ALL {
        // Records are large; in a table without row ids they would widen the inner pages of the tree.
        let layout = if matches!(space, Space::Index | Space::LogIndex) { "STRICT, WITHOUT ROWID" } else { "STRICT" };
        let columns = "key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL";
        connection.execute_batch(&format!("CREATE TABLE IF NOT EXISTS {}({columns}) {layout}", table(space)))?;
    }
    if version == 0 {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    if version < i64::from(supported) {
        connection.pragma_update(None, "user_version", supported)?;
    }
    Ok(())
}

impl Storage for Sqlite {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.refuse_when_poisoned()?;
        let read = || self.connection.prepare_cached(statements(space).get)?.query_row([key], |row| row.get(0)).optional();
        read().map_err(|why| self.failed("reading the vault", &why))
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(statements(space).scan)?;
            let mut rows = statement.query([prefix])?;
            while let Some(row) = rows.next()? {
                let key = row.get_ref(0)?.as_blob()?;
                if !key.starts_with(prefix) {
                    break;
                }
                visit(key, row.get_ref(1)?.as_blob()?);
            }
            Ok(())
        };
        read().map_err(|why| self.failed("reading the vault", &why))
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        let write = || -> rusqlite::Result<()> {
            let transaction = self.connection.unchecked_transaction()?;
            for Change { space, key, value } in changes {
                let statements = statements(*space);
                match value {
                    Some(value) => transaction.prepare_cached(statements.put)?.execute(params![key, value])?,
                    None => transaction.prepare_cached(statements.delete)?.execute([key])?,
                };
            }
            transaction.commit()
        };
        write().map_err(|why| self.refused("writing the vault", &why))
    }

    /// `VACUUM` copies the rows into a fresh database, and the checkpoint puts that in the place of the old one and cuts the log. Only then
    /// are freed pages, the gaps within pages and the commits in the log gone.
    fn compact(&self) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        let rewrite = || -> rusqlite::Result<()> {
            self.connection.execute_batch("VACUUM")?;
            // Alone on this file, it is never told that somebody else is busy with it.
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        rewrite().map_err(|why| self.refused("writing the vault anew", &why))
    }

    /// Returns true if the write-ahead log was not there when the file was opened.
    fn journal_was_missing(&self) -> bool {
        self.journal_was_missing
    }
}

struct Statements {
    get: &'static str,
    scan: &'static str,
    put: &'static str,
    delete: &'static str,
}

macro_rules! spaces {
    ($($space:ident $table:literal)*) => {
        const fn table(space: Space) -> &'static str {
            match space { $(Space::$space => $table,)* }
        }

        fn statements(space: Space) -> &'static Statements {
            match space {
                $(Space::$space => &Statements {
                    get: concat!("SELECT value FROM ", $table, " WHERE key = ?1"),
                    scan: concat!("SELECT key, value FROM ", $table, " WHERE key >= ?1 ORDER BY key"),
                    put: concat!("INSERT INTO ", $table, "(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2"),
                    delete: concat!("DELETE FROM ", $table, " WHERE key = ?1"),
                },)*
            }
        }
    };
}

spaces! {
    Meta "meta"
    Slot "slot"
    Record "record"
    Index "tag"
    Log "log"
    LogIndex "log_tag"
    Quarantine "quarantine"
}

/// SQLite knows of `ENOSPC` only; a quota or a limit on the size of files is a failed write like any other to it. So the system is asked
/// itself, by a file that reaches as far as the largest one here would with one more commit.
fn missing_room(dir: &Path) -> Option<Room> {
    const COMMIT: u64 = 16 * 1024 * 1024;
    let largest = std::fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).max();
    let probe = dir.join("room");
    // A file left by an interrupted look is in the way, and nothing that somebody put there is written to.
    drop(std::fs::remove_file(&probe));
    let asked = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&probe);
    let answered = asked.and_then(|file| file.write_all_at(b"?", largest.unwrap_or_default().saturating_add(COMMIT)));
    drop(std::fs::remove_file(&probe));
    lacking(&answered.err()?)
}

fn translate(doing: &'static str, dir: &Path, why: &rusqlite::Error) -> StorageError {
    let rusqlite::Error::SqliteFailure(code, detail) = why else {
        return StorageError::Corrupt { detail: why.to_string() };
    };
    let text = || detail.clone().unwrap_or_else(|| code.to_string());
    match code.code {
        ErrorCode::DiskFull => StorageError::Full { place: dir.display().to_string(), room: Room::Disk },
        ErrorCode::SystemIoFailure if code.extended_code == ffi::SQLITE_IOERR_WRITE => match missing_room(dir) {
            Some(room) => StorageError::Full { place: dir.display().to_string(), room },
            None => StorageError::Io { doing, why: text() },
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageError::Corrupt { detail: text() },
        ErrorCode::SystemIoFailure if code.extended_code == ffi::SQLITE_IOERR_FSYNC => {
            StorageError::Io { doing: "flushing the vault to disk", why: text() }
        }
        _ => StorageError::Io { doing, why: text() },
    }
}
