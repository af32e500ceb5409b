//! The `SecretMemory` joint: where the vault key and its subkeys are while a vault is open.

use alloc::boxed::Box;
use alloc::vec;
use core::hint::black_box;
use zeroize::{Zeroize as _, Zeroizing};

/// The protection of secrets in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MemoryProtection {
    /// Memory like any other: secrets could reach swap. They are still wiped.
    Plain,
    /// Locked pages, not swapped and not dumped.
    Locked,
    /// Pages that are in no one's address space but ours.
    Secret,
}

/// Hands out memory for keys.
pub trait SecretMemory: Send {
    /// Returns `len` zeroed bytes, as well protected as can be.
    fn secret(&self, len: usize) -> Result<Box<dyn Secret>, NoMemory>;
}

/// Memory that holds a key. Dropping it wipes it.
pub trait Secret: Send {
    /// Returns the content.
    fn bytes(&self) -> &[u8];

    /// Returns the content, to be written.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Returns how it is protected.
    fn protection(&self) -> MemoryProtection;
}

/// No memory could be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMemory;

/// Memory of the heap, wiped and not protected: for guests without an operating system.
#[derive(Clone, Copy, Default, Debug)]
pub struct PlainMemory;

impl SecretMemory for PlainMemory {
    fn secret(&self, len: usize) -> Result<Box<dyn Secret>, NoMemory> {
        Ok(Box::new(Plain(Zeroizing::new(vec![0; len].into_boxed_slice()))))
    }
}

struct Plain(Zeroizing<Box<[u8]>>);

impl Secret for Plain {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn protection(&self) -> MemoryProtection {
        MemoryProtection::Plain
    }
}

/// Overwrites the stack below the caller, where key derivation and hashing left copies on frames that are no longer in use.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "to be on the stack is its purpose")]
pub(crate) fn scrub_stack() {
    let mut frame = [0_u8; 64 * 1024];
    frame.zeroize();
    black_box(&frame);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use crate::testing::{TestRng, host, reading};
    use crate::{Factors, KdfCost, RecoveryCode, Vault};
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use std::sync::Mutex;

    /// Memory that wipes nothing itself, and shows how it was given back.
    #[derive(Clone, Default)]
    struct Careless(Arc<Mutex<Vec<Vec<u8>>>>);

    struct Given(Vec<u8>, Careless);

    impl SecretMemory for Careless {
        fn secret(&self, len: usize) -> Result<Box<dyn Secret>, NoMemory> {
            Ok(Box::new(Given(vec![0; len], self.clone())))
        }
    }

    impl Secret for Given {
        fn bytes(&self) -> &[u8] {
            &self.0
        }

        fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }

        fn protection(&self) -> MemoryProtection {
            MemoryProtection::Plain
        }
    }

    impl Drop for Given {
        fn drop(&mut self) {
            self.1.0.lock().expect("whole").push(core::mem::take(&mut self.0));
        }
    }

    #[test]
    fn keys_are_wiped_whatever_the_memory_does() {
        let memory = Careless::default();
        let code = RecoveryCode::generate(&mut TestRng);
        let host = Host { memory: Box::new(memory.clone()), ..host() };
        let (mut vault, _code) = Vault::create(host, "test", &code, KdfCost::Floor).expect("created");
        drop(vault.unlock(&Factors::one(&code), &reading()).expect("unlocks"));
        let given = memory.0.lock().expect("whole");
        assert!(given.len() >= 2, "for making the vault and for opening it");
        assert!(given.iter().all(|bytes| bytes.len() >= 32 && bytes.iter().all(|byte| *byte == 0)), "a key was left in memory");
    }

    #[test]
    fn plain_memory_is_zeroed_writable_and_says_what_it_is() {
        let mut secret = PlainMemory.secret(160).expect("memory");
        assert_eq!(secret.bytes(), [0; 160]);
        secret.bytes_mut().fill(7);
        assert_eq!(secret.bytes(), [7; 160]);
        assert_eq!(secret.protection(), MemoryProtection::Plain);
    }
}
