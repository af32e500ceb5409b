//! The things that a vault is given, because a pure crate has none of them itself.

use crate::memory::SecretMemory;
use crate::storage::Storage;
use alloc::boxed::Box;
use rand_core::CryptoRng;

/// Gives a vault its rows, memory for its keys, and randomness.
///
/// Every write is sealed under a random nonce, and reading writes too when it sets damage aside. So the vault is given its source of
/// randomness once, with its storage, and not at each call.
pub struct Host {
    /// Keeps the rows.
    pub storage: Box<dyn Storage>,
    /// Keeps the keys while the vault is open.
    pub memory: Box<dyn SecretMemory>,
    /// Gives keys, salts and nonces.
    pub entropy: Box<dyn CryptoRng + Send>,
}
