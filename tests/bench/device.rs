//! The costs of a device: its store, and a whole verdict from the start of a process. Wall time, so reported and never gated.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use waypass_machine::{clock, suite};
use waypass_vault::{Factors, KdfCost, NewSlot, VaultError};

const RECORDS: u32 = 100_000;
/// Records of one transaction while the vault is filled.
const AT_ONCE: u32 = 10_000;

/// Every line.
pub(crate) fn reported() -> Vec<(&'static str, Duration)> {
    let mut lines = store();
    lines.push(("`verifier verify`, process start to exit", verdict()));
    lines
}

/// The vault with 100,000 records of 1.5 kB.
fn store() -> Vec<(&'static str, Duration)> {
    let dir = tempfile::tempdir().expect("temporary folder");
    let key = waypass_machine::key_file::create(&dir.path().join("key")).expect("written");
    let (mut vault, _code) = waypass_machine::create(&dir.path().join("vault"), "test", &key, KdfCost::Floor).expect("created");
    let factors = Factors::one(&key);
    let mut lines = Vec::new();
    {
        let unlocked = vault.unlock(&factors, &clock::read()).expect("unlocks");
        for first in (0..RECORDS).step_by(AT_ONCE as usize) {
            let filled: Result<(), VaultError> = unlocked.batch(|batch| {
                (first..first + AT_ONCE).try_for_each(|n| {
                    let role = (n / 5).to_be_bytes();
                    batch.put("credentials", &n.to_be_bytes(), &[7; 1500], &[("role", &role), ("site", &[1])])
                })
            });
            filled.expect("filled");
        }
        let commit = per(50, |n| {
            let done: Result<u64, VaultError> = unlocked.batch(|batch| {
                batch.put("seen", &n.to_be_bytes(), b"", &[])?;
                batch.put("device", b"time", &n.to_be_bytes(), &[])?;
                batch.append("audit", &[7; 400])
            });
            done.expect("committed");
        });
        lines.push(("durable commit of one decision (one flush)", commit));
    }
    lines.push(("unlock beyond the key derivation", per(50, |_| drop(vault.unlock(&factors, &clock::read()).expect("unlocks")))));
    let mut unlocked = vault.unlock(&factors, &clock::read()).expect("unlocks");
    assert_eq!(unlocked.verify_all().expect("verified"), []);
    let query = per(5000, |n| {
        let found = unlocked.find("credentials", "role", &(n % 2000).to_be_bytes()).expect("found");
        assert_eq!(found.len(), 5);
    });
    lines.push(("indexed query, 5 of 100,000 records", query));
    lines.push(("read of a 1.5 kB record", per(5000, |n| drop(unlocked.get("credentials", &(n % RECORDS).to_be_bytes()).expect("read")))));
    let started = Instant::now();
    unlocked.rekey(&[NewSlot::of(factors)], suite(), KdfCost::Floor, clock::read().wall).expect("sealed anew");
    lines.push(("a new vault key, for each of 100,000 records", started.elapsed() / RECORDS));
    lines
}

fn per(times: u32, work: impl FnMut(u32)) -> Duration {
    let started = Instant::now();
    (0..times).for_each(work);
    started.elapsed() / times
}

/// `waypass verifier verify` from the start of the process to the verdict, its flush to the disk included; the least of five.
fn verdict() -> Duration {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let run = |home: &str, line: &str| waypass(dir.path(), &at(home), line);
    run("issuer", "issuer init --name Bench --key-file issuer.key --recovery-file r1");
    run("gate", "verifier init --name Door --site north --zone ward --key-file gate.key --recovery-file r2");
    run("gate", "verifier enroll --key-file gate.key -o enrolment");
    run("issuer", "issuer enroll enrolment --key-file issuer.key");
    let published = run("issuer", "--json issuer publish --key-file issuer.key -o bundle");
    let root = published["root"]["digest"].as_str().expect("the root's number").to_owned();
    run("wallet", "wallet init --key-file wallet.key --recovery-file r3");
    for home in ["wallet", "gate"] {
        run(home, &format!("trust pin bundle --digest {root} --key-file {home}.key"));
    }
    let holder = run("wallet", "--json wallet key --key-file wallet.key");
    let holder = holder["did"].as_str().expect("the holder's DID").to_owned();
    run("issuer", &format!("issuer issue --key-file issuer.key --holder {holder} --role staff --site north --zone ward -o credential"));
    run("wallet", "wallet add credential --key-file wallet.key");
    let once = || {
        run("gate", "verifier challenge --role staff --key-file gate.key -o request");
        run("wallet", "wallet present --request request --yes -o answer --key-file wallet.key");
        let started = Instant::now();
        run("gate", "verifier verify answer --key-file gate.key");
        started.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap_or_default()
}

fn waypass(dir: &Path, home: &str, line: &str) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypass"));
    command.current_dir(dir).args(["--home", home, "--no-input"]).args(line.split(' '));
    let output = command.output().expect("waypass runs");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}
