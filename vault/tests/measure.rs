//! Figures for docs, not a test: `cargo test -p waypass-vault --release --test measure -- --ignored --nocapture`.

use std::time::{Duration, Instant};
use waypass_vault::{Factors, KdfCost, KeyFile, SystemRng, Vault, VaultError, clock};

fn per(label: &str, times: u32, mut work: impl FnMut(u32)) -> Duration {
    let started = Instant::now();
    (0..times).for_each(&mut work);
    let each = started.elapsed() / times;
    println!("{label:45} {each:>12.2?}");
    each
}

#[test]
#[ignore = "measures, and proves nothing"]
fn measures() {
    const RECORDS: u32 = 10_000;
    let dir = tempfile::tempdir().expect("temporary folder");
    let key = KeyFile::create(&dir.path().join("key"), &mut SystemRng).expect("written");
    let at = dir.path().join("vault");
    let (mut vault, _code) = Vault::create(&at, "test", &key, KdfCost::Floor, &mut SystemRng).expect("created");
    {
        let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
        println!("memory: {:?}", unlocked.memory_protection());
        let filled: Result<(), VaultError> = unlocked.batch(|batch| {
            (0..RECORDS).try_for_each(|n| {
                let role = (n / 5).to_be_bytes();
                batch.put("credentials", &n.to_be_bytes(), &[7; 1500], &[("role", &role), ("site", &[1])])
            })
        });
        filled.expect("filled");
        per("commit: nonce, entry, clock state", 300, |n| {
            let done: Result<u64, VaultError> = unlocked.batch(|batch| {
                batch.put("seen", &n.to_be_bytes(), b"", &[])?;
                batch.put("device", b"time", &n.to_be_bytes(), &[])?;
                batch.append("audit", &[7; 400])
            });
            done.expect("committed");
        });
    }
    drop(vault);
    per("open file and lock", 20, |_| drop(Vault::open(&at).expect("opens")));
    let mut vault = Vault::open(&at).expect("opens");
    per("unlock beyond the key derivation", 100, |_| drop(vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks")));
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    let started = Instant::now();
    unlocked.find("credentials", "role", &0_u32.to_be_bytes()).expect("found");
    println!("{:45} {:>12.2?}", "first indexed query, checking its bucket", started.elapsed());
    let started = Instant::now();
    unlocked.get("credentials", &0_u32.to_be_bytes()).expect("read");
    println!("{:45} {:>12.2?}", "first read, checking its bucket", started.elapsed());
    let started = Instant::now();
    assert_eq!(unlocked.verify_all().expect("verified"), []);
    println!("{:45} {:>12.2?}", "verify all", started.elapsed());
    per("indexed query of 5 in 10,000", 20_000, |n| {
        let found = unlocked.find("credentials", "role", &(n % 2000).to_be_bytes()).expect("found");
        assert_eq!(found.len(), 5);
    });
    per("read of 1.5 kB", 20_000, |n| drop(unlocked.get("credentials", &(n % RECORDS).to_be_bytes()).expect("read")));
}
