//! The key hierarchy: the vault key (VK) and what is derived from it.

use crate::error::FactorError;
use crate::seal::{self, Prf};
use crate::secret::{MemoryProtection, NoMemory, Region, scrub_stack};
use zeroize::Zeroizing;

const KEY: usize = 32;

/// The vault key alone, in protected memory, on its way in or out of a slot.
pub(crate) struct VaultKey(Region);

/// The vault key and its subkeys, in protected memory.
pub(crate) struct Keys {
    region: Region,
    /// Hashes tag values for the blind index, and spreads records over buckets.
    pub(crate) index: Prf,
    /// Authenticates which rows there are.
    pub(crate) root: Prf,
    pub(crate) generation: u64,
}

impl VaultKey {
    pub(crate) fn zeroed() -> Result<Self, FactorError> {
        // Room for the subkeys, which join it later.
        Region::new(3 * KEY, best()).map(Self).map_err(|NoMemory| FactorError::Memory)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0.bytes()[..KEY]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0.bytes_mut()[..KEY]
    }
}

impl Keys {
    pub(crate) fn derive(vk: VaultKey, vault: &[u8; 16], generation: u64) -> Self {
        let subkey = |name: &[u8], to: &mut [u8; KEY]| seal::derive(vault, vk.bytes(), &[b"waypass/v1/", name].concat(), to);
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
        region.bytes_mut()[KEY..].copy_from_slice(&subkeys[..]);
        scrub_stack();
        Self { region, index, root, generation }
    }

    pub(crate) fn vk(&self) -> &[u8] {
        &self.region.bytes()[..KEY]
    }

    /// Seals records, log entries.
    pub(crate) fn record(&self) -> &[u8; KEY] {
        self.at(1)
    }

    /// Seals the state.
    pub(crate) fn header(&self) -> &[u8; KEY] {
        self.at(2)
    }

    pub(crate) fn protection(&self) -> MemoryProtection {
        self.region.protection()
    }

    fn at(&self, which: usize) -> &[u8; KEY] {
        let bytes = &self.region.bytes()[which * KEY..];
        bytes.first_chunk().unwrap_or_else(|| std::process::abort())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        scrub_stack();
    }
}

#[cfg(not(test))]
const fn best() -> MemoryProtection {
    MemoryProtection::Secret
}

#[cfg(test)]
use tests::best;

#[cfg(test)]
pub(crate) mod tests {
    use super::MemoryProtection;
    use std::cell::Cell;

    thread_local! {
        /// So that a test can look into memory that it could not look into otherwise.
        pub(crate) static BEST: Cell<MemoryProtection> = const { Cell::new(MemoryProtection::Secret) };
    }

    pub(super) fn best() -> MemoryProtection {
        BEST.get()
    }
}
