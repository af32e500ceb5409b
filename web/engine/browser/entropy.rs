//! The browser's entropy (Web Cryptography, `getRandomValues`).

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// The browser's generator. An instance whose browser cannot answer ends: a key that is not random would be worse.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct BrowserRng;

impl TryRng for BrowserRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        if getrandom::fill(to).is_err() {
            std::process::abort();
        }
        Ok(())
    }
}

impl TryCryptoRng for BrowserRng {}
