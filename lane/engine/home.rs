//! The `Home` joint: the place where a page's engine lives.

use rand_core::CryptoRng;
use waypass_credential::time::Timestamp;
use waypass_screen::Now;
use waypass_trust::time::Reading;
use waypass_vault::{Factor, Host, KdfCost, StorageError, TrustStore};

/// Rows, trust files, clocks and randomness of one device, for the engine of a page.
pub trait Home {
    /// Returns what a vault is given. Each call is another handle to the same rows; one is in use at a time.
    fn host(&self) -> Result<Host, StorageError>;

    /// Removes what a creation left that was cut short.
    fn clear(&self) -> Result<(), StorageError>;

    /// Returns the trust files.
    fn trust(&self) -> TrustStore;

    /// Reads the clocks.
    fn clock(&self) -> Reading;

    /// Returns the milliseconds of a clock that only runs forward.
    fn ms(&self) -> u64;

    /// Returns a source of randomness.
    fn entropy(&self) -> Box<dyn CryptoRng + Send>;

    /// Returns what a pass phrase costs a thief who guesses.
    fn cost(&self) -> KdfCost;

    /// Returns the factor that opens the vault without a person. `None` where a person opens it.
    fn key(&self) -> Option<Box<dyn Factor>> {
        None
    }

    /// Opens the door, and waits for nothing. A device without a door does nothing.
    fn open_door(&self) {}

    /// Returns a function that says how many seconds the local time is ahead of UTC at a time.
    fn offset(&self) -> &dyn Fn(Timestamp) -> i32;
}

pub(super) fn now(home: &dyn Home) -> Now {
    Now { ms: home.ms(), wall: home.clock().wall }
}
