use super::{Db, Result, SqliteTx, rows};
use crate::store::{EventRow, Events, StoreError, SummaryRow, WriteEvents};
use rusqlite::{OptionalExtension as _, Row, params};

impl<T: Db> Events for T {
    fn event_count(&self) -> Result<u64> {
        rows::natural(self.db().prepare_cached("SELECT count(*) FROM events")?.query_row([], |row| row.get(0))?)
    }

    fn events(&self, seq: u64, limit: u32) -> Result<Vec<EventRow>> {
        let mut query = self.db().prepare_cached("SELECT seq, credential, body, mac FROM events WHERE seq>?1 ORDER BY seq LIMIT ?2")?;
        query.query_and_then(params![rows::integer(seq)?, limit], rows::chained)?.collect()
    }

    fn event_mac(&self, seq: u64) -> Result<Option<[u8; 32]>> {
        let mut query = self.db().prepare_cached("SELECT mac FROM events WHERE seq=?1")?;
        Ok(query.query_row([rows::integer(seq)?], |row| row.get(0)).optional()?)
    }

    fn history(&self, credential: &str) -> Result<Vec<(EventRow, Option<[u8; 32]>)>> {
        let mut query = self.db().prepare_cached(
            "SELECT seq, credential, body, mac, (SELECT mac FROM events AS earlier WHERE earlier.seq=events.seq-1)
             FROM events WHERE credential=?1 ORDER BY seq",
        )?;
        query.query_and_then([credential], |row| Ok((rows::chained(row)?, row.get(4)?)))?.collect()
    }

    fn summary(&self) -> Result<Option<SummaryRow>> {
        let mut query = self.db().prepare_cached("SELECT seq, body, mac FROM summary")?;
        let read = |row: &Row<'_>| Ok(SummaryRow { seq: rows::natural(row.get(0)?)?, body: row.get(1)?, mac: row.get(2)? });
        query.query_and_then([], read)?.next().transpose()
    }
}

impl WriteEvents for SqliteTx<'_> {
    fn append(&mut self, event: &EventRow) -> Result<()> {
        let mut insert = self.db().prepare_cached(
            "INSERT INTO events(seq, credential, body, mac) SELECT ?1, ?2, ?3, ?4 WHERE ?1=1+coalesce((SELECT max(seq) FROM events), 0)",
        )?;
        let appended = insert.execute(params![rows::integer(event.seq)?, event.credential, event.body, event.mac])?;
        if appended == 1 { Ok(()) } else { Err(StoreError::Overtaken) }
    }

    fn put_summary(&mut self, row: &SummaryRow) -> Result<()> {
        self.db().execute(
            "INSERT INTO summary(id, seq, body, mac) VALUES(1, ?1, ?2, ?3) ON CONFLICT(id) DO UPDATE SET seq=?1, body=?2, mac=?3",
            params![rows::integer(row.seq)?, row.body, row.mac],
        )?;
        Ok(())
    }
}
