//! The key hierarchy: the vault key (VK) and what is derived from it.

use crate::error::FactorError;
use crate::memory::{MemoryProtection, NoMemory, Secret, SecretMemory, scrub_stack};
use crate::seal::{self, Prf, Suite};
use alloc::boxed::Box;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

pub(crate) const KEY: usize = 32;

/// The vault key alone, in protected memory, on its way in or out of a slot.
pub(crate) struct VaultKey(Wiped);

/// Protected memory that is wiped here too, whatever hands it out.
struct Wiped(Box<dyn Secret>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.bytes_mut().zeroize();
    }
}

/// The place of a vault key: what its subkeys are derived for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Realm {
    pub(crate) vault: [u8; 16],
    /// Counts the vault keys that a vault has had.
    pub(crate) generation: u64,
    pub(crate) suite: Suite,
}

/// The vault key and its subkeys, in protected memory.
pub(crate) struct Keys {
    region: Wiped,
    /// Hashes tag values for the blind index, and spreads records over buckets.
    pub(crate) index: Prf,
    /// Authenticates which rows there are.
    pub(crate) root: Prf,
    pub(crate) realm: Realm,
}

impl VaultKey {
    pub(crate) fn zeroed(memory: &dyn SecretMemory) -> Result<Self, FactorError> {
        // Room for the subkeys, which join it later.
        memory.secret(3 * KEY).map(|secret| Self(Wiped(secret))).map_err(|NoMemory| FactorError::Memory)
    }

    pub(crate) fn fresh(memory: &dyn SecretMemory, rng: &mut dyn CryptoRng) -> Result<Self, FactorError> {
        let mut key = Self::zeroed(memory)?;
        rand_core::Rng::fill_bytes(rng, key.bytes_mut());
        Ok(key)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0.0.bytes()[..KEY]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0.0.bytes_mut()[..KEY]
    }
}

impl Keys {
    pub(crate) fn derive(vk: VaultKey, realm: Realm) -> Self {
        let version: &[u8] = match realm.suite {
            Suite::ChaCha => b"waypass/v1/",
            Suite::Aes | Suite::Fips => b"waypass/v2/",
        };
        let subkey = |name: &[u8], to: &mut [u8; KEY]| seal::derive(&realm.vault, vk.bytes(), &[version, name].concat(), to);
        let mut key = Zeroizing::new([0; KEY]);
        subkey(b"index", &mut key);
        let index = Prf::new(&key);
        subkey(b"root", &mut key);
        let root = Prf::new(&key);
        let mut subkeys = Zeroizing::new([0; 2 * KEY]);
        for (at, name) in [b"record".as_slice(), b"header"].into_iter().enumerate() {
            subkey(name, &mut key);
            subkeys[at * KEY..(at + 1) * KEY].copy_from_slice(&key[..]);
        }
        // One mapping holds it all from here on: VK, record key, header key.
        let VaultKey(mut region) = vk;
        region.0.bytes_mut()[KEY..].copy_from_slice(&subkeys[..]);
        scrub_stack();
        Self { region, index, root, realm }
    }

    /// Returns the same keys in memory of their own.
    pub(crate) fn copy(&self, memory: &dyn SecretMemory) -> Result<Self, FactorError> {
        let mut vk = VaultKey::zeroed(memory)?;
        vk.bytes_mut().copy_from_slice(self.vk());
        Ok(Self::derive(vk, self.realm))
    }

    pub(crate) fn vk(&self) -> &[u8] {
        &self.region.0.bytes()[..KEY]
    }

    /// Seals records and log entries.
    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        self.realm.suite.seal(self.at(1), aad, plaintext, rng)
    }

    /// Opens records and log entries.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.realm.suite.open(self.at(1), aad, sealed)
    }

    /// Seals the state.
    pub(crate) fn seal_state(&self, aad: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        self.realm.suite.seal(self.at(2), aad, plaintext, rng)
    }

    /// Opens the state.
    pub(crate) fn open_state(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.realm.suite.open(self.at(2), aad, sealed)
    }

    pub(crate) fn protection(&self) -> MemoryProtection {
        self.region.0.protection()
    }

    fn at(&self, which: usize) -> &[u8; KEY] {
        let (keys, _) = self.region.0.bytes().as_chunks();
        &keys[which]
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        scrub_stack();
    }
}
