use super::{Db, Result, SqliteTx, rows};
use crate::store::{CredentialRow, Credentials, Selection, State, StoreError, Tag, TakeRow, WriteCredentials};
use rusqlite::{Row, ToSql, params};

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
        let Selection { state, holder, role, ends, id_prefix } = selection;
        let (state, after) = (state.map(State::bits), id_prefix.as_ref().map(|prefix| format!("{prefix}\u{10ffff}")));
        let mut sql = String::from(concat!(columns!(), " WHERE 1"));
        let mut values: Vec<&dyn ToSql> = Vec::new();
        if let Some(state) = &state {
            sql.push_str(" AND state=?");
            values.extend([state as &dyn ToSql]);
        }
        if let Some(holder) = holder {
            sql.push_str(" AND holder=?");
            values.extend([holder as &dyn ToSql]);
        }
        if let Some(role) = role {
            sql.push_str(" AND seq IN (SELECT seq FROM credential_roles WHERE role=?)");
            values.extend([role as &dyn ToSql]);
        }
        if let (Some(prefix), Some(after)) = (id_prefix, &after) {
            sql.push_str(" AND id>=? AND id<?");
            values.extend([prefix as &dyn ToSql, after as &dyn ToSql]);
        }
        if let Some(ends) = ends {
            let places = vec!["?"; ends.len()].join(",");
            sql.extend([" AND ends IN (", &places, ")"]);
            values.extend(ends.iter().map(|tag| tag as &dyn ToSql));
        }
        sql.push_str(" ORDER BY seq DESC");
        let mut query = self.db().prepare(&sql)?;
        let mut found = query.query(&*values)?;
        while let Some(row) = found.next()? {
            if !take(credential(row)?)? {
                break;
            }
        }
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
