//! What is left in the memory of this process after locking: nothing. And that the search would have found it.

use super::*;
use crate::factor::Password;
use crate::hierarchy::tests::BEST;
use crate::secret::MemoryProtection;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

/// What is searched for, kept so that the search does not find its own copy.
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
        let mut buffer = vec![0_u8; 1 << 20];
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
        buffer.fill(0);
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

/// Opens and locks a vault, and counts the vault key and the password while it is open and after.
fn counts(best: MemoryProtection) -> [usize; 3] {
    BEST.set(best);
    let dir = tempfile::tempdir().expect("temporary folder");
    // Random, and made without ever being a literal of this program.
    let typed = zeroize::Zeroizing::new(format!(
        "{:?}",
        crate::KeyId::from_bytes(core::array::from_fn(|_| rand_core::Rng::next_u32(&mut SystemRng).to_le_bytes()[0]))
    ));
    let password = Password::new(&typed);
    let needle = Needle::new(typed.as_bytes());
    drop(typed);
    let (mut vault, _code) = Vault::create(dir.path(), "test", &password, KdfCost::Floor, &mut SystemRng).expect("created");
    let unlocked = vault.unlock(&Factors::one(&password), &clock::read()).expect("unlocks");
    drop(password);
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    let info = unlocked.generate_key(waypass_credential::key::Algorithm::EdDsa, crate::KeyPurpose::Holder).expect("generated");
    drop(unlocked.signer(info.id).expect("signer"));
    let vk = Needle::new(unlocked.keys.vk());
    let open = vk.count();
    drop(unlocked);
    BEST.set(MemoryProtection::Secret);
    [open, vk.count(), needle.count()]
}

#[test]
fn a_locked_vault_leaves_no_key_and_no_password_in_memory() {
    let [open, locked, password] = counts(MemoryProtection::Locked);
    assert_eq!(open, 1, "the search must find the key where it is");
    assert_eq!((locked, password), (0, 0));
}

#[test]
fn memfd_secret_hides_the_key_even_while_it_is_open() {
    let [open, locked, password] = counts(MemoryProtection::Secret);
    // On a kernel without it the fallback is found, once.
    assert!(open <= 1);
    assert_eq!((locked, password), (0, 0));
}
