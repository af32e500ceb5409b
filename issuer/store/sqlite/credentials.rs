use super::{Db, Result, SqliteTx, rows};
use crate::store::{Credentials, Filter, SealedCredential, State, StoreError, WriteCredentials};
use rusqlite::{named_params, params};
use waypass_credential::time::Timestamp;

impl<T: Db> Credentials for T {
    fn credential_count(&self) -> Result<u64> {
        rows::natural(self.db().prepare_cached("SELECT count(*) FROM credentials")?.query_row([], |row| row.get(0))?)
    }

    fn credential(&self, id: &str) -> Result<Option<SealedCredential>> {
        let mut query = self.db().prepare_cached(concat!("SELECT ", rows::credential_columns!(), ", mac FROM credentials WHERE id=?1"))?;
        query.query_and_then([id], rows::sealed_credential)?.next().transpose()
    }

    fn credential_at(&self, list: u32, index: u32) -> Result<Option<SealedCredential>> {
        let mut query =
            self.db().prepare_cached(concat!("SELECT ", rows::credential_columns!(), ", mac FROM credentials WHERE list=?1 AND idx=?2"))?;
        query.query_and_then(params![list, index], rows::sealed_credential)?.next().transpose()
    }

    fn credentials(&self, filter: &Filter) -> Result<Vec<SealedCredential>> {
        let mut query = self.db().prepare_cached(concat!(
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
        let mut query = self.db().prepare_cached("SELECT idx, state FROM credentials WHERE list=?1 AND state<>0 ORDER BY idx")?;
        query.query_and_then([list], |row| Ok((row.get(0)?, rows::state(row.get(1)?)?)))?.collect()
    }
}

impl WriteCredentials for SqliteTx<'_> {
    fn add_credential(&mut self, credential: &SealedCredential) -> Result<()> {
        let SealedCredential { record, mac } = credential;
        let mut insert = self.db().prepare_cached(
            "INSERT INTO credentials(id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx,
                                 state, changed_at, mac)
         VALUES(:id, :format, :holder, :label, :roles, :sites, :zones, :issued_at, :valid_from, :valid_until, :key_id, :list, :idx,
                :state, :changed_at, :mac)",
        )?;
        insert.execute(named_params! {
            ":id": record.id, ":format": record.format.as_str(), ":holder": record.holder, ":label": record.label,
            ":roles": rows::names_text(&record.roles), ":sites": rows::names_text(&record.sites),
            ":zones": rows::names_text(&record.zones), ":issued_at": record.issued_at.unix(),
            ":valid_from": record.valid_from.unix(), ":valid_until": record.valid_until.unix(), ":key_id": record.key_id,
            ":list": record.list, ":idx": record.index, ":state": record.state.bits(), ":changed_at": record.changed_at.unix(),
            ":mac": mac,
        })?;
        Ok(())
    }

    fn set_state(&mut self, id: &str, state: State, at: Timestamp) -> Result<()> {
        let mut update = self.db().prepare_cached("UPDATE credentials SET state=?2, changed_at=?3 WHERE id=?1")?;
        if update.execute(params![id, state.bits(), at.unix()])? == 1 { Ok(()) } else { Err(StoreError::Missing) }
    }
}
