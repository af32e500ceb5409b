//! The tables, and the steps from one version of them to the next.

use crate::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// `wpis`: says in the file's header whose it is.
const APPLICATION: i64 = 0x7770_6973;

/// Step N leads from version N to N + 1; a released step never changes.
const STEPS: [&str; 2] = [include_str!("v1.sql"), include_str!("v2.sql")];

pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let application: i64 = tx.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if application != APPLICATION && (application != 0 || found != 0) {
        return Err(StoreError::Corrupt("it is another program's database"));
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).map_err(|_| StoreError::Corrupt("its schema version is negative"))?;
    if done == STEPS.len() {
        return Ok(());
    }
    for step in &STEPS[done..] {
        tx.execute_batch(step)?;
    }
    tx.execute_batch(&format!("PRAGMA application_id={APPLICATION}; PRAGMA user_version={known};"))?;
    Ok(tx.commit()?)
}
