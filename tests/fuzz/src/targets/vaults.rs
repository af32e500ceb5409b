//! A vault whose file was changed from outside, and its backups.

use crate::guard::{require, violation};
use crate::world::TestRng;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use waypass_credential::key::Algorithm;
use waypass_machine::{SystemRng, clock, create, open};
use waypass_vault::{Factors, Host, KdfCost, KeyFile, KeyPurpose, MemoryStorage, PlainMemory, RecoveryCode, Unlocked, Vault, fuzzing};

const RECORDS: u8 = 6;
const ENTRIES: u8 = 4;

fn code() -> RecoveryCode {
    RecoveryCode::generate(&mut TestRng::new("recovery code"))
}

/// A folder of this process, in memory where the machine has such a place.
fn folder(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    base.join(format!("waypass-fuzz-{}-{name}", std::process::id()))
}

fn remade(name: &str) -> PathBuf {
    let folder = folder(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("our folder");
    }
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn unlocked(vault: Vault) -> Unlocked<'static> {
    vault.into_unlocked(&Factors::one(&code()), &clock::read()).map_err(|(_, why)| why).expect("our code opens it")
}

/// The untouched vault and backup, made once.
struct Base {
    database: Vec<u8>,
    backup: Vec<u8>,
    key: KeyFile,
}

fn with_base<T>(work: impl FnOnce(&Base) -> T) -> T {
    thread_local! {
        static BASE: Base = make_base();
    }
    BASE.with(work)
}

fn make_base() -> Base {
    let home = remade("base");
    let (vault, _) = create(&home, "wallet", &code(), KdfCost::Floor).expect("a vault");
    let key = KeyFile::generate(&mut SystemRng);
    let backup = {
        let vault = unlocked(vault);
        (0..RECORDS).for_each(|n| vault.put("credentials", &[n; 4], &[n; 200], &[("role", b"medic")]).expect("stored"));
        for n in 0..ENTRIES {
            vault.append("audit", &[n; 40]).expect("stored");
        }
        vault.generate_key(Algorithm::EdDsa, KeyPurpose::Credential).expect("a key");
        vault.backup(&Factors::one(&code()).and(&key), KdfCost::Floor, &[]).expect("a backup")
    };
    let database = home.join("vault.db");
    Connection::open(&database).and_then(|db| db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))).expect("checkpointed");
    let base = Base { database: fs::read(&database).expect("the file"), backup, key };
    fs::remove_dir_all(&home).expect("our folder");
    base
}

fn tables(db: &Connection) -> Vec<String> {
    let mut names = db.prepare("select name from sqlite_master where type = 'table' order by name").expect("SQL");
    names.query_map([], |row| row.get(0)).expect("names").flatten().collect()
}

type Row = (Vec<u8>, Vec<u8>);

fn rows_of(db: &Connection, table: &str) -> Vec<Row> {
    let mut rows = db.prepare(&format!("select key, value from {table} order by key")).expect("SQL");
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows").flatten().collect()
}

/// A slot ends in a checksum against rot, which the fuzzer cannot guess.
fn with_sum(slot: &[u8]) -> Vec<u8> {
    [slot, &Sha256::digest(slot)[..8]].concat()
}

/// Returns the seeds: the file, and each row of each table.
pub(crate) fn rows() -> Vec<(&'static str, Vec<u8>)> {
    let home = remade("rows");
    let database = home.join("vault.db");
    let mut seeds = with_base(|base| {
        fs::write(&database, &base.database).expect("written");
        vec![("vault", [b"F", base.database.as_slice()].concat())]
    });
    let db = Connection::open(&database).expect("our file");
    for (table, name) in (0..).zip(tables(&db)) {
        for (number, (_, value)) in (0..).zip(rows_of(&db, &name)) {
            if name == "slot" {
                seeds.push(("slot", value[..value.len() - 8].to_vec()));
            }
            seeds.push(("vault", [&[b'R', table, number], value.as_slice()].concat()));
            [b'D', b'S', b'C'].into_iter().for_each(|kind| seeds.push(("vault", vec![kind, table, number, number + 1])));
        }
    }
    drop(db);
    fs::remove_dir_all(&home).expect("our folder");
    seeds
}

/// Returns the backup's bytes.
pub(crate) fn backup() -> Vec<u8> {
    with_base(|base| base.backup.clone())
}

/// A slot's row has one spelling.
pub(super) fn slot(data: &[u8]) {
    let row = with_sum(data);
    require(fuzzing::slot(&row).is_none_or(|again| again == row), "a slot has two spellings");
}

/// A backup's content is read and written without loss.
pub(super) fn items(data: &[u8]) {
    if let Some((count, written)) = fuzzing::backup_items(data) {
        require(fuzzing::backup_items(&written) == Some((count, written.clone())), "a backup's content is another one when written again");
    }
}

/// Changes the vault's file as the bytes say: `F` the whole file, `R` one row, `D` deletes one, `S` swaps two, `C` copies one over another.
fn write_changed(data: &[u8], database: &Path) -> Option<()> {
    let (kind, rest) = data.split_first()?;
    if *kind == b'F' {
        return fs::write(database, rest).ok();
    }
    let ([table, row], value) = rest.split_first_chunk::<2>()?;
    with_base(|base| fs::write(database, &base.database)).ok()?;
    let db = Connection::open(database).ok()?;
    let tables = tables(&db);
    let table = &tables[usize::from(*table) % tables.len()];
    let rows = rows_of(&db, table);
    let (key, own) = rows.get(usize::from(*row) % rows.len().max(1))?;
    let (other_key, other) = rows.get(usize::from(value.first().copied().unwrap_or_default()) % rows.len())?;
    let set = |key: &[u8], value: &[u8]| db.execute(&format!("update {table} set value = ?1 where key = ?2"), (value, key)).ok();
    match kind {
        b'D' => drop(db.execute(&format!("delete from {table} where key = ?1"), [key]).ok()?),
        b'S' => drop((set(key, other)?, set(other_key, own)?)),
        b'C' => drop(set(key, other)?),
        _ if table == "slot" => drop(set(key, &with_sum(value))?),
        _ => drop(set(key, value)?),
    }
    Some(())
}

/// A changed vault never reads as something else, and no loss is silent.
pub(super) fn vault(data: &[u8]) {
    let home = remade("vault");
    if write_changed(data, &home.join("vault.db")).is_none() {
        return;
    }
    let now = clock::read();
    let Ok(mut vault) = open(&home) else { return };
    std::hint::black_box(vault.status(&now).is_ok());
    let Ok(opened) = vault.unlock(&Factors::one(&code()), &now) else { return };
    let (mut wrong, mut lost) = (0, 0);
    let mut judge = |read: Option<&[u8]>, expected: &[u8]| match read {
        Some(read) if read == expected => {}
        Some(_) => wrong += 1,
        None => lost += 1,
    };
    for n in 0..RECORDS {
        judge(opened.get("credentials", &[n; 4]).ok().flatten().as_ref().map(|read| read.as_slice()), &[n; 200]);
    }
    for n in 0..ENTRIES {
        judge(opened.log_entry("audit", u64::from(n)).ok().flatten().as_ref().map(|read| read.as_slice()), &[n; 40]);
    }
    let found = opened.verify_all();
    require(wrong == 0, "a record reads as something else");
    if lost > 0 && matches!(&found, Ok(found) if found.is_empty()) && opened.findings().is_empty() {
        violation("a loss without a finding", &format!("{lost} records or entries"));
    }
}

/// A changed backup restores nothing.
pub(super) fn restore(data: &[u8]) {
    thread_local! {
        static INTO: Unlocked<'static> = {
            let host = Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(PlainMemory), entropy: Box::new(SystemRng) };
            unlocked(Vault::create(host, "wallet", &code(), KdfCost::Floor).expect("a vault").0)
        };
    }
    INTO.with(|vault| {
        with_base(|base| {
            let restored = vault.restore(data, &Factors::one(&code()).and(&base.key)).is_ok();
            require(!restored || data == base.backup, "a changed backup was restored");
        });
    });
}
