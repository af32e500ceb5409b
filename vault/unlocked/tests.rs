//! Records, logs, batches, and what happens when someone edits the file.

mod keys;
mod log_index;
mod model;
mod rekey;
mod site_rules;
mod slots;
mod tamper;

use crate::error::VaultError;
use crate::factor::{Factors, KdfCost, RecoveryCode};
use crate::storage::{Change, MemoryStorage, Rows, Space};
use crate::testing::{TestRng, host, reading, rows};
use crate::{Unlocked, Vault};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// A vault that opens by its recovery code: the same path as any other, without the slow function.
pub(crate) struct Fixture {
    vault: Vault,
    code: RecoveryCode,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::of("test")
    }

    pub(crate) fn of(kind: &str) -> Self {
        let primary = RecoveryCode::generate(&mut TestRng);
        let (vault, code) = Vault::create(host(), kind, &primary, KdfCost::Floor).expect("created");
        Self { vault, code }
    }

    fn rows(&self) -> Rows {
        rows(self.vault.storage())
    }

    fn set_rows(&mut self, rows: Rows) {
        self.vault.host.storage = Box::new(MemoryStorage::from(rows));
    }

    pub(crate) fn unlock(&mut self) -> Unlocked<'_> {
        self.vault.unlock(&Factors::one(&self.code), &reading()).expect("unlocks")
    }
}

#[test]
fn what_is_put_is_found_and_read_also_after_locking() {
    let mut fixture = Fixture::new();
    {
        let unlocked = fixture.unlock();
        for id in 0..50_u8 {
            unlocked.put("people", &[id], &[id; 100], &[("even", &[u8::from(id % 2 == 0)]), ("all", b"")]).expect("put");
        }
        unlocked.put("people", &[7], b"changed", &[("even", b"\x01")]).expect("put again");
        assert!(unlocked.remove("people", &[8]).expect("removed"));
        assert!(!unlocked.remove("people", &[8]).expect("not there"));
    }
    let unlocked = fixture.unlock();
    assert_eq!(unlocked.ids("people").expect("ids").len(), 49);
    assert_eq!(unlocked.ids("other").expect("ids"), Vec::<Vec<u8>>::new());
    assert_eq!(unlocked.get("people", &[7]).expect("read").expect("there").as_slice(), b"changed");
    assert_eq!(unlocked.get("people", &[8]).expect("read"), None);
    assert_eq!(unlocked.get("people", &[9]).expect("read").expect("there").as_slice(), [9; 100]);
    let even = unlocked.find("people", "even", &[1]).expect("found");
    assert_eq!(even.len(), 25, "25 even numbers, less 8, and 7 that was changed");
    assert!(even.contains(&vec![7]) && !even.contains(&vec![8]));
    assert_eq!(unlocked.find("people", "all", b"").expect("found").len(), 48);
    assert!(unlocked.find("other", "all", b"").expect("found").is_empty());
    assert_eq!(unlocked.verify_all().expect("verified"), []);
}

#[test]
fn a_batch_is_one_commit_or_none_and_reads_its_own_writes() {
    let mut fixture = Fixture::new();
    let unlocked = fixture.unlock();
    unlocked.put("t", b"old", b"1", &[("tag", b"x")]).expect("put");
    let before = unlocked.state_seq();
    let failed: Result<(), VaultError> = unlocked.batch(|batch| {
        batch.put("t", b"new", b"2", &[("tag", b"x")])?;
        batch.remove("t", b"old")?;
        batch.append("log", b"entry")?;
        assert_eq!(batch.get("t", b"new")?.expect("own write").as_slice(), b"2");
        assert_eq!(batch.get("t", b"old")?, None);
        assert_eq!(batch.find("t", "tag", b"x")?, [b"new"]);
        assert_eq!(unlocked.ids("t")?, [b"new"]);
        assert!(matches!(unlocked.batch(|_| Ok::<_, VaultError>(())), Err(VaultError::BatchOpen)));
        Err(VaultError::NoSuchKey)
    });
    assert!(failed.is_err());
    assert_eq!(unlocked.state_seq(), before);
    assert_eq!(unlocked.ids("t").expect("ids"), [b"old"]);
    assert_eq!(unlocked.log_len("log"), 0);
    let seq = unlocked.batch(|batch| {
        batch.put("t", b"new", b"2", &[])?;
        batch.append("log", b"entry")
    });
    assert_eq!(seq.expect("committed"), 0);
    assert_eq!(unlocked.state_seq(), before + 1);
    let panicked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _: Result<(), VaultError> = unlocked.batch(|batch| {
            batch.remove("t", b"new")?;
            panic!("as a caller may");
        });
    }));
    assert!(panicked.is_err());
    unlocked.put("t", b"third", b"3", &[]).expect("a vault that still works");
    assert_eq!(unlocked.ids("t").expect("ids"), [b"new".as_slice(), b"old", b"third"]);
    assert_eq!(unlocked.verify_all().expect("verified"), []);
}

#[test]
fn logs_are_numbered_from_zero_and_kept_apart() {
    let mut fixture = Fixture::new();
    {
        let unlocked = fixture.unlock();
        for entry in 0..5_u8 {
            assert_eq!(unlocked.append("a", &[entry]).expect("appended"), u64::from(entry));
        }
        assert_eq!(unlocked.append("b", b"other").expect("appended"), 0);
    }
    let unlocked = fixture.unlock();
    assert_eq!((unlocked.log_len("a"), unlocked.log_len("b"), unlocked.log_len("c")), (5, 1, 0));
    let entries: Result<Vec<_>, _> = unlocked.log_from("a", 3).map(|entry| entry.map(|(seq, entry)| (seq, entry.to_vec()))).collect();
    assert_eq!(entries.expect("read"), [(3, vec![3]), (4, vec![4])]);
    assert_eq!(unlocked.log_entry("a", 5).expect("beyond the end"), None);
}

#[test]
fn limits_are_errors() {
    let mut fixture = Fixture::new();
    let unlocked = fixture.unlock();
    let limit = |done: Result<(), VaultError>| assert!(matches!(done, Err(VaultError::Limit { .. })));
    limit(unlocked.put("t", &[0; 256], b"", &[]));
    limit(unlocked.put("a table with a very long name here", b"", b"", &[]));
    limit(unlocked.put("t", b"", b"", &[("tag", b"".as_slice()); 65]));
    limit(unlocked.put("t", b"", b"", &[("tag", [0; 1025].as_slice())]));
    limit(unlocked.put("t", b"", &vec![0; 16 * 1024 * 1024 + 1], &[]));
    assert_eq!(unlocked.ids("t").expect("ids"), Vec::<Vec<u8>>::new());
    // A credential with as many roles as it may have, and what else it is found by.
    let roles: Vec<[u8; 1]> = (0..36).map(|role| [role]).collect();
    let tags: Vec<(&str, &[u8])> = roles.iter().map(|role| ("role", role.as_slice())).collect();
    unlocked.put("t", b"many", b"", &tags).expect("put");
    assert_eq!(unlocked.find("t", "role", &[35]).expect("found"), [b"many"]);
}
