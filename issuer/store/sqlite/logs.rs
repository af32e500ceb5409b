use super::{Db, Result, SqliteTx, rows};
use crate::store::{LeafRow, Logs, WriteLogs};
use rusqlite::params;

impl<T: Db> Logs for T {
    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let mut query = self
            .db()
            .prepare_cached("SELECT seq, hash, leaf, received_at FROM leaves WHERE device=?1 AND seq>=?2 ORDER BY seq LIMIT ?3")?;
        query.query_and_then(params![device, rows::integer(from_seq)?, limit], rows::leaf)?.collect()
    }
}

impl WriteLogs for SqliteTx<'_> {
    fn add_leaves(&mut self, device: &str, leaves: &[LeafRow]) -> Result<()> {
        let mut insert = self.db().prepare_cached("INSERT INTO leaves(device, seq, hash, leaf, received_at) VALUES(?1, ?2, ?3, ?4, ?5)")?;
        for leaf in leaves {
            insert.execute(params![device, rows::integer(leaf.seq)?, leaf.hash, leaf.leaf, leaf.received_at.unix()])?;
        }
        Ok(())
    }
}
