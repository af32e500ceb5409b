//! The operating system's entropy: the only source of randomness in Waypass. Everything else takes `&mut dyn CryptoRng`.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// The kernel's generator (`getrandom`, blocking until it is seeded). Ends the process if the kernel cannot answer: a nonce or a key
/// that is not random would be worse than no process.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemRng;

impl TryRng for SystemRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        fill(to);
        Ok(())
    }
}

impl TryCryptoRng for SystemRng {}

fn fill(to: &mut [u8]) {
    if getrandom::fill(to).is_err() {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::SystemRng;
    use rand_core::Rng as _;

    #[test]
    fn two_draws_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        SystemRng.fill_bytes(&mut a);
        SystemRng.fill_bytes(&mut b);
        assert_ne!(a, b);
        assert_ne!(SystemRng.next_u64(), SystemRng.next_u64());
    }
}
