use super::select::{self, Selected};
use super::{Db, Result, SqliteTx, rows};
use crate::store::{CredentialRow, Credentials, Selection, State, StoreError, Tag, TakeRow, WriteCredentials};
use rusqlite::{Row, params};

/// The columns of [`credential`], in its order.
macro_rules! columns {
    () => {
        "SELECT id, entry, holder, ends, state, revision, body FROM credentials"
    };
}

fn credential(row: &Row<'_>) -> Result<CredentialRow> {
    Ok(CredentialRow {
        id: row.get(0)?,
        entry: row.get(1)?,
        holder: row.get(2)?,
        ends: row.get(3)?,
        state: rows::state(row.get(4)?)?,
        revision: row.get(5)?,
        body: row.get(6)?,
    })
}

impl<T: Db> Credentials for T {
    fn credential_count(&self) -> Result<u64> {
        rows::natural(self.db().prepare_cached("SELECT count(*) FROM credentials")?.query_row([], |row| row.get(0))?)
    }

    fn credential(&self, id: &str) -> Result<Option<CredentialRow>> {
        let mut query = self.db().prepare_cached(concat!(columns!(), " WHERE id=?1"))?;
        query.query_and_then([id], credential)?.next().transpose()
    }

    fn credential_at(&self, entry: &Tag) -> Result<Option<CredentialRow>> {
        let mut query = self.db().prepare_cached(concat!(columns!(), " WHERE entry=?1"))?;
        query.query_and_then([entry], credential)?.next().transpose()
    }

    fn credentials(&self, selection: &Selection, take: TakeRow<'_>) -> Result<()> {
        let is_state = |row: &CredentialRow| selection.state.is_none_or(|state| row.state == state);
        let mut rows = 0_u64;
        let Some(mut selected) = Selected::new(self.db(), selection)? else {
            let before = select::before(self.db(), selection)?.unwrap_or(i64::MAX);
            let mut query = self.db().prepare_cached(concat!(columns!(), " WHERE seq<?1 ORDER BY seq DESC"))?;
            for row in query.query_and_then([before], credential)? {
                rows += 1;
                let row = row?;
                if is_state(&row) && !take(row)? {
                    break;
                }
            }
            tracing::trace!(event = "rows_read", rows);
            return Ok(());
        };
        let mut query = self.db().prepare_cached(concat!(columns!(), " WHERE seq=?1"))?;
        while let Some(seq) = selected.next()? {
            rows += 1;
            let row = query.query_and_then([seq], credential)?.next().transpose()?;
            if let Some(row) = row.filter(is_state)
                && !take(row)?
            {
                break;
            }
        }
        tracing::trace!(event = "rows_read", rows, numbers = selected.read);
        Ok(())
    }

    fn withdrawn(&self) -> Result<Vec<(Tag, State)>> {
        let mut query = self.db().prepare_cached("SELECT entry, state FROM credentials WHERE state<>0")?;
        query.query_and_then([], |row| Ok((row.get(0)?, rows::state(row.get(1)?)?)))?.collect()
    }

    fn holders(&self, first: &Tag, last: &Tag) -> Result<Vec<(String, Tag)>> {
        let mut query = self.db().prepare_cached("SELECT id, holder FROM credentials WHERE holder BETWEEN ?1 AND ?2")?;
        query.query_and_then([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn named(&self, name: &Tag) -> Result<Vec<(String, Tag)>> {
        let mut query = self.db().prepare_cached("SELECT id, mac FROM credential_names WHERE name=?1")?;
        query.query_and_then([name], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn days(&self) -> Result<Vec<(Tag, Vec<u8>)>> {
        let mut query = self.db().prepare_cached("SELECT tag, body FROM days")?;
        query.query_and_then([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}

impl WriteCredentials for SqliteTx<'_> {
    fn add_credential(&mut self, credential: &CredentialRow, roles: &[Tag], day: &[u8]) -> Result<()> {
        let CredentialRow { id, entry, holder, ends, state, revision, body } = credential;
        let mut insert = self.db().prepare_cached(
            "INSERT INTO credentials(id, entry, holder, ends, state, revision, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING seq",
        )?;
        let row = params![id, entry, holder, ends, state.bits(), revision, body];
        let seq: i64 = insert.query_row(row, |row| row.get(0))?;
        let mut insert = self.db().prepare_cached("INSERT OR IGNORE INTO credential_roles(role, seq) VALUES(?1, ?2)")?;
        for role in roles {
            insert.execute(params![role, seq])?;
        }
        self.db().prepare_cached("INSERT OR IGNORE INTO days(tag, body) VALUES(?1, ?2)")?.execute(params![ends, day])?;
        Ok(())
    }

    fn name_credential(&mut self, id: &str, name: &Tag, mac: &Tag) -> Result<()> {
        let insert = "INSERT OR IGNORE INTO credential_names(name, id, mac) VALUES(?1, ?2, ?3)";
        self.db().prepare_cached(insert)?.execute(params![name, id, mac])?;
        Ok(())
    }

    fn replace_credential(&mut self, credential: &CredentialRow) -> Result<()> {
        let CredentialRow { id, state, revision, body, .. } = credential;
        let update = "UPDATE credentials SET state=?2, revision=?3, body=?4 WHERE id=?1 AND revision=?3-1";
        let replaced = self.db().prepare_cached(update)?.execute(params![id, state.bits(), revision, body])?;
        if replaced == 1 { Ok(()) } else { Err(StoreError::Missing) }
    }
}
