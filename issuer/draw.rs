//! Numbers and names drawn at random.

use rand_core::CryptoRng;

/// Returns a uniform number below `bound` (which is not 0): draws that would favour small numbers are thrown away.
pub(crate) fn below(bound: u32, rng: &mut dyn CryptoRng) -> u32 {
    let unfair = u32::MAX - u32::MAX % bound;
    loop {
        let draw = rng.next_u32();
        if draw < unfair {
            return draw % bound;
        }
    }
}

/// Returns twelve random hexadecimal digits: short enough to be typed, and the store refuses a repetition.
pub(crate) fn random_id(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 6];
    rng.fill_bytes(&mut bytes);
    waypass_credential::hex::encode(&bytes)
}
