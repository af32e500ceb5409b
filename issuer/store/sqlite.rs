//! The store in one SQLite file, `issuer.db`.

/// The issuer's SQLite file.
pub struct SqliteStore {
    _private: (),
}
