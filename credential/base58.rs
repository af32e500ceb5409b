//! Base58 as Bitcoin writes it (multibase `z`), read into byte strings of a known length.
//!
//! `multibase` reads any length digit by digit, which costs as much as canonicalizing a credential; here ten digits go into
//! one machine word. `multibase` writes, and says in the tests what is right.

/// Bytes at most: a P-384 signature and a BLS12-381 G2 key with its codec are the longest things written in base58, rounded up to a limb.
const MAX: usize = 104;
const LIMBS: usize = MAX / 8;
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// 58^10 is below 2^59.
const DIGITS_PER_WORD: usize = 10;

/// The value of each ASCII character, or 58 where it has none.
const VALUES: [u8; 128] = {
    let mut values = [58; 128];
    let mut digit = 0u8;
    while digit < 58 {
        values[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

/// Returns the `N` bytes, at most 104, that `text` encodes. Each byte string has one text.
#[expect(clippy::cast_possible_truncation, reason = "the low word of the carry is what stays")]
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    const { assert!(N <= MAX) };
    let mut all = [0u64; LIMBS];
    let limbs = &mut all[..N.div_ceil(8)];
    for word in text.as_bytes().chunks(DIGITS_PER_WORD) {
        let (mut value, mut scale) = (0u64, 1u64);
        for character in word {
            let digit = *VALUES.get(usize::from(*character)).filter(|digit| **digit < 58)?;
            value = value * 58 + u64::from(digit);
            scale *= 58;
        }
        let mut carry = u128::from(value);
        for limb in &mut *limbs {
            carry += u128::from(*limb) * u128::from(scale);
            *limb = carry as u64;
            carry >>= 64;
        }
        // Beyond N bytes, but for what is left in the last limb: this also ends long texts early.
        if carry != 0 {
            return None;
        }
    }
    let mut bytes = [0; MAX];
    for (place, limb) in bytes.rchunks_exact_mut(8).zip(all) {
        place.copy_from_slice(&limb.to_be_bytes());
    }
    let (above, out) = bytes.split_at(MAX - N);
    let out: [u8; N] = out.try_into().ok()?;
    // A leading zero byte is written as a leading `1`, one for one.
    let zeros = out.iter().take_while(|byte| **byte == 0).count();
    let ones = text.bytes().take_while(|byte| *byte == b'1').count();
    (above.iter().all(|byte| *byte == 0) && zeros == ones).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use alloc::{string::String, vec::Vec};
    use multibase::Base;
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        multibase::encode(Base::Base58Btc, bytes).split_off(1)
    }

    /// Returns the bytes that `multibase` reads, if it has the length.
    fn oracle<const N: usize>(text: &str) -> Option<[u8; N]> {
        multibase::decode(alloc::format!("z{text}")).ok()?.1.try_into().ok()
    }

    #[test]
    fn edges_are_exact() {
        assert_eq!(decode(&encode(&[0xff; 64])), Some([0xff; 64]));
        assert_eq!(decode(&encode(&[0; 64])), Some([0; 64]));
        assert_eq!(decode::<64>(&encode(&[0xff; 65])), None);
        assert_eq!(decode::<64>(&encode(&[1; 63])), None);
        assert_eq!(decode::<64>(&(String::from("1") + &encode(&[1; 64]))), None);
        assert_eq!(decode(&encode(&[0xff; 96])), Some([0xff; 96]));
        assert_eq!(decode(&encode(&[0xff; 104])), Some([0xff; 104]));
        assert_eq!(decode::<104>(&encode(&[0xff; 105])), None);
        assert_eq!(decode::<0>(""), Some([]));
        assert_eq!(decode::<1>(""), None);
        for bad in ["0", "O", "I", "l", "é", " ", "+", "\u{7f}"] {
            assert_eq!(decode::<1>(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_multibase(bytes in prop::collection::vec(any::<u8>(), 0..110), zeros in 0usize..3, text in "[1-9A-HJ-NP-Za-km-z0]{0,150}") {
            let bytes: Vec<u8> = core::iter::repeat_n(0, zeros).chain(bytes).collect();
            for text in [encode(&bytes), text] {
                prop_assert_eq!(decode::<96>(&text), oracle(&text));
                prop_assert_eq!(decode::<98>(&text), oracle(&text));
                prop_assert_eq!(decode::<64>(&text), oracle(&text));
                prop_assert_eq!(decode::<51>(&text), oracle(&text));
                prop_assert_eq!(decode::<34>(&text), oracle(&text));
                prop_assert_eq!(decode::<35>(&text), oracle(&text));
                prop_assert_eq!(decode::<2>(&text), oracle(&text));
            }
        }

        #[test]
        fn round_trips(signature: [u8; 32], key: [u8; 2]) {
            let long = [signature, signature].concat();
            prop_assert_eq!(decode::<64>(&encode(&long)).map(Vec::from), Some(long));
            prop_assert_eq!(decode(&encode(&key)), Some(key));
        }
    }
}
