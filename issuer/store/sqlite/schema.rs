//! The tables, and the steps from one version of them to the next.

use crate::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// `wpis`: says in the file's header whose it is.
const APPLICATION: i64 = 0x7770_6973;

/// Step N leads from version N to N + 1; a released step never changes.
const STEPS: [&str; 5] =
    [include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql"), include_str!("v4.sql"), include_str!("v5.sql")];

/// The last version without a seal. Only [`crate::sealed`] can take the steps after it if there are rows: it has the key.
const UNSEALED: usize = 2;
/// The version under the seal whose rows were no ciphertext.
pub(super) const READABLE: i64 = 3;
/// The first version whose rows are ciphertext. The steps after it change no row.
const CIPHERTEXT: i64 = 4;
/// The version of the tables that this program writes.
pub(super) const NEWEST: i64 = 5;

/// Makes the tables of the newest version, in the transaction that fills them.
pub(super) fn seal(db: &Connection) -> Result<(), StoreError> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(found).ok().filter(|done| (UNSEALED..STEPS.len()).contains(done)).ok_or(StoreError::Overtaken)?;
    STEPS[done..].iter().try_for_each(|step| db.execute_batch(step))?;
    Ok(db.execute_batch(&format!("PRAGMA user_version={NEWEST};"))?)
}

/// Brings the tables up to date, but for rows of an earlier version: they wait to be sealed.
pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let application: i64 = tx.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if application != APPLICATION && (application != 0 || found != 0) {
        return Err(StoreError::Corrupt("it is another program's database"));
    }
    if found > NEWEST {
        return Err(StoreError::Newer { found, known: NEWEST });
    }
    let done = usize::try_from(found).map_err(|_| StoreError::Corrupt("its schema version is negative"))?;
    if done == STEPS.len() {
        return Ok(());
    }
    let has = |table: &str| tx.query_row("SELECT EXISTS(SELECT 1 FROM sqlite_schema WHERE name=?1)", [table], |row| row.get::<_, bool>(0));
    let is_sealed = found < READABLE && has("register")?;
    let is_ciphertext = found < CIPHERTEXT && has("credential_roles")?;
    if is_sealed || is_ciphertext || has("credential_names")? {
        return Err(StoreError::Corrupt("an old version number was put back"));
    }
    if found == READABLE {
        return Ok(());
    }
    let to = if done == 0 || found >= CIPHERTEXT { STEPS.len() } else { UNSEALED };
    for step in &STEPS[done..to] {
        tx.execute_batch(step)?;
    }
    tx.execute_batch(&format!("PRAGMA application_id={APPLICATION}; PRAGMA user_version={to};"))?;
    Ok(tx.commit()?)
}
