//! The browser's entropy (Web Cryptography, `getRandomValues`).

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// The browser's generator. An instance whose browser cannot answer ends: a key that is not random would be worse.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct BrowserRng;

impl TryRng for BrowserRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        if getrandom::fill(to).is_err() {
            std::process::abort();
        }
        Ok(())
    }
}

impl TryCryptoRng for BrowserRng {}
