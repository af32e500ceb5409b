//! Searches the memory of this process for secrets: it finds no secret after locking, and the search would have found them.

use super::{LockedMemory, Region};
use crate::entropy::SystemRng;
use crate::{clock, create};
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use waypass_credential::key::{Algorithm, Signer as _};
use waypass_vault::{Factors, Host, KdfCost, KeyPurpose, MemoryProtection, MemoryStorage, Password, RecoveryCode, Secret as _, Vault};
use zeroize::Zeroizing;

#[test]
fn every_protection_gives_zeroed_writable_memory() {
    for best in [MemoryProtection::Plain, MemoryProtection::Locked, MemoryProtection::Secret] {
        let mut region = Region::new(160, best).expect("memory");
        assert!(region.protection() <= best);
        assert!(region.bytes().iter().all(|byte| *byte == 0));
        region.bytes_mut().fill(7);
        assert_eq!(region.bytes(), [7; 160]);
    }
}

#[test]
fn a_vault_of_this_computer_has_its_keys_in_protected_memory() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let code = RecoveryCode::generate(&mut SystemRng);
    let (mut vault, _code) = create(dir.path(), "test", &code, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    assert_eq!(unlocked.memory_protection(), crate::memory_protection());
}

/// The secret to search for, kept so that the search does not find its own copy.
struct Needle(Vec<u8>);

const MASK: u8 = 0x5a;

impl Needle {
    fn new(secret: &[u8]) -> Self {
        Self(secret.iter().map(|byte| byte ^ MASK).collect())
    }

    fn is_at(&self, window: &[u8]) -> bool {
        window.iter().zip(&self.0).all(|(byte, masked)| byte ^ MASK == *masked)
    }

    /// How often it occurs in the readable and writable memory of this process; what the kernel hides counts as unreadable.
    fn count(&self) -> usize {
        let memory = File::open("/proc/self/mem").expect("our own memory");
        // Wiped by volatile writes: a plain fill before the release is optimised away, and a later search would find these copies.
        let mut buffer = Zeroizing::new(vec![0_u8; 1 << 20]);
        let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
        let mut found = 0;
        for (mut at, end) in writable() {
            while at < end {
                let len = usize::try_from(end - at).expect("a length").min(buffer.len());
                let Ok(read) = memory.read_at(&mut buffer[..len], at) else { break };
                let first = self.0[0] ^ MASK;
                for (offset, window) in buffer[..read].windows(self.0.len()).enumerate() {
                    if window[0] == first && self.is_at(window) && !own.contains(&(at + offset as u64)) {
                        found += 1;
                    }
                }
                // The pieces overlap, so that nothing is missed between two of them.
                at += if read == len && at + (read as u64) < end { (read - self.0.len()) as u64 } else { read.max(1) as u64 };
            }
        }
        found
    }
}

fn writable() -> Vec<(u64, u64)> {
    let maps = fs::read_to_string("/proc/self/maps").expect("our own map");
    let parse = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        fields.next()?.starts_with("rw").then_some((number(start)?, number(end)?))
    };
    maps.lines().filter_map(parse).collect()
}

/// Draws like the system, and notes each draw as what to search for.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<Needle>>>);

impl TryRng for Noted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        SystemRng.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        SystemRng.try_next_u64()
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        SystemRng.try_fill_bytes(to)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Needle::new(to));
        Ok(())
    }
}

impl TryCryptoRng for Noted {}

impl Noted {
    /// The first draw of 32 bytes since this was asked last.
    fn first_key(&self) -> Needle {
        let drawn = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drawn.into_iter().find(|needle| needle.0.len() == 32).expect("a key was drawn")
    }
}

/// How often each secret is in memory.
#[derive(PartialEq, Eq, Debug)]
struct Counts {
    password: usize,
    vault_key: usize,
    holder_key: usize,
}

/// One search at a time: two would find, each in the other's buffer, what that one has just read.
static SEARCHING: Mutex<()> = Mutex::new(());

/// Makes, opens and locks a vault, and counts while everything is in use and after.
fn counts(best: MemoryProtection) -> (Counts, Counts) {
    let _alone = SEARCHING.lock().unwrap_or_else(PoisonError::into_inner);
    // Random: a literal would be found in this program itself.
    let typed = RecoveryCode::generate(&mut SystemRng).printed();
    let password = Password::new(&typed);
    let typed_needle = Needle::new(typed.as_bytes());
    drop(typed);
    let noted = Noted::default();
    let host =
        Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(LockedMemory { best }), entropy: Box::new(noted.clone()) };
    let (mut vault, _code) = Vault::create(host, "test", &password, KdfCost::Floor).expect("created");
    let vault_key = noted.first_key();
    let unlocked = vault.unlock(&Factors::one(&password), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    let _before = std::mem::take(&mut *noted.0.lock().unwrap_or_else(PoisonError::into_inner));
    let info = unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Holder).expect("generated");
    let holder_key = noted.first_key();
    let signer = unlocked.signer(info.id).expect("signer");
    signer.sign(b"message").expect("signs");
    let count = || Counts { password: typed_needle.count(), vault_key: vault_key.count(), holder_key: holder_key.count() };
    let open = count();
    drop((signer, password));
    drop(unlocked);
    (open, count())
}

const NONE: Counts = Counts { password: 0, vault_key: 0, holder_key: 0 };

#[test]
fn a_locked_vault_leaves_no_secret_in_memory() {
    let (open, locked) = counts(MemoryProtection::Locked);
    assert_eq!(open, Counts { password: 1, vault_key: 1, holder_key: 1 }, "the search must find each secret where it is, and only there");
    assert_eq!(locked, NONE);
}

#[test]
fn memfd_secret_hides_the_vault_key_even_while_it_is_in_use() {
    let (open, locked) = counts(MemoryProtection::Secret);
    // On a kernel without it the fallback is found, once.
    assert!(open.vault_key <= 1);
    assert_eq!(locked, NONE);
}
