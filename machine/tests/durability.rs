//! Acknowledged changes are on the disk: flushes counted, failed and refused, processes killed, disks filled.
//!
//! SQLite is linked into this program, so its calls of `write`, `fsync` and `fdatasync` are resolved to the functions below. They count,
//! fail when told to, and otherwise do what they should.
#![expect(unsafe_code, reason = "system calls are interposed, which only a foreign function of the same name can do")]

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use waypass_machine::{OpenError, Wait, clock, create, key_file, open, open_waiting};
use waypass_vault::{Factors, KdfCost, KeyFile, Room, StorageError, Unlocked, Vault, VaultError};

thread_local! {
    static FLUSHES: Cell<usize> = const { Cell::new(0) };
    static WRITES: Cell<usize> = const { Cell::new(0) };
    /// After how many further writes the disk is full.
    static FULL_AFTER: Cell<Option<usize>> = const { Cell::new(None) };
    /// The answer to a write without room.
    static NO_ROOM: Cell<libc::c_int> = const { Cell::new(libc::ENOSPC) };
    static FLUSH_FAILS: Cell<bool> = const { Cell::new(false) };
}

fn flush(number: libc::c_long, fd: libc::c_int) -> libc::c_int {
    FLUSHES.set(FLUSHES.get() + 1);
    if FLUSH_FAILS.get() {
        return fail(libc::EIO);
    }
    // SAFETY: the system call of this name, with its one argument.
    let done = unsafe { libc::syscall(number, fd) };
    libc::c_int::try_from(done).unwrap_or(-1)
}

fn fail(errno: libc::c_int) -> libc::c_int {
    // SAFETY: the location of this thread's errno is valid for as long as the thread is.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// As the C library's.
#[unsafe(no_mangle)]
pub extern "C" fn fsync(fd: libc::c_int) -> libc::c_int {
    flush(libc::SYS_fsync, fd)
}

/// As the C library's.
#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(fd: libc::c_int) -> libc::c_int {
    flush(libc::SYS_fdatasync, fd)
}

fn out_of_room() -> bool {
    WRITES.set(WRITES.get() + 1);
    match FULL_AFTER.get() {
        Some(0) => true,
        Some(left) => {
            FULL_AFTER.set(Some(left - 1));
            false
        }
        None => false,
    }
}

/// As the C library's.
///
/// # Safety
/// As the C library's: `from` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: libc::c_int, from: *const libc::c_void, len: libc::size_t) -> libc::ssize_t {
    if fd > 2 && out_of_room() {
        return fail(NO_ROOM.get()) as libc::ssize_t;
    }
    // SAFETY: the system call of this name, with its arguments.
    let written = unsafe { libc::syscall(libc::SYS_write, fd, from, len) };
    libc::ssize_t::try_from(written).unwrap_or(-1)
}

/// As the C library's.
///
/// # Safety
/// As the C library's: `from` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: libc::c_int, from: *const libc::c_void, len: libc::size_t, at: libc::off64_t) -> libc::ssize_t {
    if out_of_room() {
        return fail(NO_ROOM.get()) as libc::ssize_t;
    }
    // SAFETY: the system call of this name, with its arguments.
    let written = unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, len, at) };
    libc::ssize_t::try_from(written).unwrap_or(-1)
}

/// A vault that opens by a key file: no slow function, no counters.
fn made(dir: &Path) -> (Vault, KeyFile) {
    let key = key_file::create(&dir.join("key")).expect("written");
    let (vault, _code) = create(&dir.join("vault"), "test", &key, KdfCost::Floor).expect("created");
    (vault, key)
}

fn opened(dir: &Path, at_most: Duration) -> Result<Vault, OpenError> {
    open_waiting(&dir.join("vault"), Wait::new(at_most, &mut |_| ())).map(|opened| opened.vault)
}

fn reopen(dir: &Path) -> (Vault, KeyFile) {
    (opened(dir, Duration::from_secs(5)).expect("opens"), key_file::read(&dir.join("key")).expect("read"))
}

/// The writes of a gate for each decision: one nonce seen, one audit entry and what it is found by, one clock state.
fn decide(unlocked: &Unlocked<'_>, n: u64) -> Result<u64, VaultError> {
    unlocked.batch(|batch| {
        batch.put("seen", &n.to_be_bytes(), b"", &[])?;
        batch.put("device", b"time", &n.to_be_bytes(), &[])?;
        batch.append_tagged("audit", &n.to_be_bytes(), &[("entry", &n.to_be_bytes())])
    })
}

#[test]
fn a_commit_is_one_flush() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, key) = made(dir.path());
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    decide(&unlocked, 0).expect("the first one also flushes the header of a new log");
    let mut flushes = Vec::new();
    for n in 1..40 {
        FLUSHES.set(0);
        decide(&unlocked, n).expect("decided");
        flushes.push(FLUSHES.get());
    }
    assert_eq!(flushes, vec![1; 39]);
    FLUSHES.set(0);
    unlocked.get("seen", &[0; 8]).expect("read");
    assert!(decide(&unlocked, 99).is_ok());
    let failed: Result<(), VaultError> = unlocked.batch(|batch| {
        batch.put("seen", b"x", b"", &[])?;
        Err(VaultError::NoSuchKey)
    });
    assert!(failed.is_err());
    assert_eq!(FLUSHES.get(), 1, "reading and giving up flush nothing");
}

#[test]
fn a_failed_flush_is_an_error_and_poisons_the_handle() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, key) = made(dir.path());
    {
        let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
        decide(&unlocked, 0).expect("decided");
        FLUSH_FAILS.set(true);
        assert!(matches!(decide(&unlocked, 1), Err(VaultError::Storage(StorageError::Io { .. }))));
        FLUSH_FAILS.set(false);
        // The kernel reports a failed flush once: a second try would lie.
        assert!(matches!(decide(&unlocked, 1), Err(VaultError::Storage(StorageError::Poisoned))));
        assert!(matches!(unlocked.get("seen", &[0; 8]), Err(VaultError::Storage(StorageError::Poisoned))));
    }
    drop(vault);
    let (mut vault, key) = reopen(dir.path());
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    assert!(unlocked.get("seen", &0_u64.to_be_bytes()).expect("read").is_some());
    assert_eq!(unlocked.verify_all().expect("verified"), []);
}

#[test]
fn a_full_disk_is_said_before_anything_is_acknowledged_at_every_write() {
    // SQLite tells only the first from a failing disk.
    for (errno, room, words) in [
        (libc::ENOSPC, Room::Disk, "Free some space"),
        (libc::EDQUOT, Room::Disk, "Free some space"),
        (libc::EFBIG, Room::FileSize, "limit on the size of files"),
    ] {
        NO_ROOM.set(errno);
        no_room_at_every_write(room, words);
    }
    NO_ROOM.set(libc::EIO);
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, key) = made(dir.path());
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    FULL_AFTER.set(Some(0));
    let done = decide(&unlocked, 0);
    FULL_AFTER.set(None);
    assert!(matches!(done, Err(VaultError::Storage(StorageError::Io { .. }))), "a failing disk is not a full one");
}

fn no_room_at_every_write(missing: Room, words: &str) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, _key) = made(dir.path());
    drop(vault);
    let mut acknowledged = 0;
    let mut full = 0;
    for after in 0.. {
        let (mut vault, key) = reopen(dir.path());
        let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
        assert_eq!(unlocked.log_len("audit"), acknowledged, "after {after} writes");
        FULL_AFTER.set(Some(after));
        let done = decide(&unlocked, acknowledged);
        FULL_AFTER.set(None);
        match done {
            Ok(_) => {
                acknowledged += 1;
                break;
            }
            Err(VaultError::Storage(StorageError::Full { place, room })) => {
                full += 1;
                assert_eq!(room, missing);
                assert!(StorageError::Full { place, room }.to_string().contains(words));
                // Room again: the same handle goes on.
                decide(&unlocked, acknowledged).expect("decided");
                acknowledged += 1;
            }
            Err(why) => panic!("after {after} writes: {why}"),
        }
    }
    assert!(full > 3, "the disk was full only {full} times");
    let (mut vault, key) = reopen(dir.path());
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    assert_eq!(unlocked.log_len("audit"), acknowledged);
    assert_eq!(unlocked.verify_all().expect("verified"), []);
}

#[test]
fn the_last_entry_takes_the_reserve() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, key) = made(dir.path());
    let ballast = dir.path().join("vault/ballast");
    assert!(std::fs::metadata(&ballast).expect("there").len() >= 1024 * 1024);
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    unlocked.batch_last(|batch| batch.append("audit", b"room enough")).expect("appended");
    assert!(ballast.exists());
    FULL_AFTER.set(Some(0));
    let refused = unlocked.batch_last(|batch| batch.append("audit", b"locked: disk full"));
    assert!(matches!(refused, Err(VaultError::Storage(StorageError::Full { .. }))));
    FULL_AFTER.set(None);
    assert!(!ballast.exists(), "the reserve was kept back");
    unlocked.append("audit", b"locked: disk full").expect("appended");
    drop(unlocked);
    drop(vault);
    drop(reopen(dir.path()));
    assert!(ballast.exists(), "the reserve is not filled again");
}

/// Content that exists nowhere else, such as a credential that an offer brought, may take the reserve too.
#[test]
fn the_last_batch_takes_the_reserve() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, key) = made(dir.path());
    let ballast = dir.path().join("vault/ballast");
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    let keep = || unlocked.batch_last(|batch| batch.put("aside", b"1", b"received", &[]));
    keep().expect("room enough");
    assert!(ballast.exists());
    FULL_AFTER.set(Some(0));
    assert!(matches!(keep(), Err(VaultError::Storage(StorageError::Full { .. }))));
    FULL_AFTER.set(None);
    assert!(!ballast.exists(), "the reserve was kept back");
    keep().expect("kept");
    assert_eq!(unlocked.get("aside", b"1").expect("readable").as_deref().map(Vec::as_slice), Some(&b"received"[..]));
}

#[test]
fn a_second_process_waits_and_is_told_who_has_the_vault() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, _key) = made(dir.path());
    let child = run_child("hold", dir.path());
    assert!(child.is_err(), "two processes opened one vault");
    drop(vault);
    let mut child = run_child("hold", dir.path()).expect("free");
    let Err(OpenError::Busy(holder)) = opened(dir.path(), Duration::ZERO) else { panic!("two processes opened one vault") };
    assert_eq!(holder.pid, child.id());
    assert!(holder.to_string().contains(&holder.command) && !holder.command.is_empty());
    child.kill().expect("killed");
    child.wait().expect("gone");
    open(&dir.path().join("vault")).expect("the lock went with its holder");
}

#[test]
fn a_second_process_is_kept_out_also_when_the_lock_file_was_removed() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, _key) = made(dir.path());
    drop(vault);
    let mut child = run_child("hold", dir.path()).expect("free");
    std::fs::remove_file(dir.path().join("vault/lock")).expect("removed");
    for _ in 0..2 {
        let opened = opened(dir.path(), Duration::from_millis(50));
        let Err(OpenError::Busy(holder)) = opened else { panic!("two processes opened one vault") };
        assert_eq!(holder.to_string(), "another process");
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    open(&dir.path().join("vault")).expect("the database's lock went with its holder");
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, _key) = made(dir.path());
    drop(vault);
    let mut acknowledged = 0;
    for round in 0..20_u64 {
        let mut child = run_child("write", dir.path()).expect("started");
        std::thread::sleep(Duration::from_millis(3 + round * 7 % 40));
        child.kill().expect("killed");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The last line may be cut off; then its write may or may not have been acknowledged.
        acknowledged += lines.map_while(Result::ok).filter(|line| line.ends_with(';')).count() as u64;
        child.wait().expect("gone");

        let (mut vault, key) = reopen(dir.path());
        let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
        let kept = unlocked.log_len("audit");
        assert!(kept >= acknowledged, "round {round}: {acknowledged} acknowledged, {kept} kept");
        assert!(kept <= acknowledged + 1, "round {round}: {kept} kept, {acknowledged} acknowledged");
        acknowledged = kept;
        for n in 0..kept {
            assert!(unlocked.get("seen", &n.to_be_bytes()).expect("read").is_some(), "half a commit");
        }
        assert_eq!(unlocked.verify_all().expect("verified"), []);
    }
    assert!(acknowledged > 20, "the child never got to write");
}

#[test]
fn a_hardened_process_leaves_no_core_dump() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut child = run_child("harden", dir.path()).expect("hardened");
    assert!(child.wait().expect("gone").success());
}

/// Runs `child` below in a process of its own, and waits until it has the vault open.
fn run_child(what: &str, dir: &Path) -> Result<std::process::Child, String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("VAULT_TEST_CHILD", what)
        .env("VAULT_TEST_DIR", dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut out = child.stdout.take().expect("piped");
    // Byte by byte: what follows the line belongs to the caller.
    let mut line = Vec::new();
    let mut byte = [0];
    while std::io::Read::read(&mut out, &mut byte).expect("read") == 1 {
        line.push(byte[0]);
        if line.ends_with(b"open!\n") {
            child.stdout = Some(out);
            return Ok(child);
        }
    }
    child.wait().expect("gone");
    Err(String::from_utf8_lossy(&line).into_owned())
}

#[test]
#[ignore = "runs only as the child of the tests above"]
fn child() {
    let (Some(what), Some(dir)) = (std::env::var_os("VAULT_TEST_CHILD"), std::env::var_os("VAULT_TEST_DIR")) else { return };
    if what == "harden" {
        waypass_machine::harden_process();
        assert_eq!(rustix::process::dumpable_behavior().expect("asked"), rustix::process::DumpableBehavior::NotDumpable);
        assert_eq!(rustix::process::getrlimit(rustix::process::Resource::Core).maximum, Some(0));
        println!("open!");
        return;
    }
    let dir = Path::new(&dir);
    let mut vault = opened(dir, Duration::ZERO).expect("opens");
    let key = key_file::read(&dir.join("key")).expect("read");
    let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    let mut out = std::io::stdout().lock();
    out.write_all(b"open!\n").and_then(|()| out.flush()).expect("told");
    if what == "hold" {
        std::thread::sleep(Duration::from_mins(1));
        return;
    }
    for n in unlocked.log_len("audit").. {
        decide(&unlocked, n).expect("decided");
        out.write_all(format!("{n};\n").as_bytes()).and_then(|()| out.flush()).expect("told");
    }
}
