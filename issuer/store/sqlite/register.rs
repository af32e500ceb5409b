use super::{Db, Result, SqliteTx, rows};
use crate::store::{Documents, RegisterRow, Registers, StoreError, WriteRegister};
use rusqlite::{OptionalExtension as _, Row, params};

impl<T: Db> Documents for T {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.db().prepare_cached("SELECT bytes FROM documents WHERE name=?1")?.query_row([name], |row| row.get(0)).optional()?)
    }
}

impl<T: Db> Registers for T {
    fn register(&self) -> Result<Option<RegisterRow>> {
        let mut query = self.db().prepare_cached("SELECT version, body, mac FROM register")?;
        let read = |row: &Row<'_>| Ok(RegisterRow { version: rows::natural(row.get(0)?)?, body: row.get(1)?, mac: row.get(2)? });
        query.query_and_then([], read)?.next().transpose()
    }

    fn register_version(&self) -> Result<u64> {
        let version = self.db().prepare_cached("SELECT version FROM register")?.query_row([], |row| row.get(0)).optional()?;
        rows::natural(version.unwrap_or(0))
    }

    fn document_names(&self) -> Result<Vec<String>> {
        let mut query = self.db().prepare_cached("SELECT name FROM documents ORDER BY name")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteRegister for SqliteTx<'_> {
    fn put_register(&mut self, row: &RegisterRow) -> Result<()> {
        let replaced = self.db().execute(
            "INSERT INTO register(id, version, body, mac) SELECT 1, ?1, ?2, ?3 WHERE ?1=1+coalesce((SELECT version FROM register), ?1-1)
             ON CONFLICT(id) DO UPDATE SET version=?1, body=?2, mac=?3",
            params![rows::integer(row.version)?, row.body, row.mac],
        )?;
        if replaced == 1 { Ok(()) } else { Err(StoreError::Overtaken) }
    }

    fn put_document(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let write = "INSERT INTO documents(name, bytes) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET bytes=excluded.bytes";
        self.db().prepare_cached(write)?.execute(params![name, bytes])?;
        Ok(())
    }
}
