//! Hexadecimal (RFC 4648 §8), in lower case: one text for each byte string.

use alloc::string::String;

/// Returns the digits of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

/// Returns the bytes that `text` is the digits of; `None` for another length, and for capitals.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

/// Returns true if `text` is the digits of `bytes`.
pub(crate) fn is_hex(text: &str, bytes: &[u8]) -> bool {
    text.bytes().eq(bytes.iter().flat_map(|byte| digits(*byte)))
}

/// Returns the two digits of a byte, in ASCII.
#[inline]
pub(crate) fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)])
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, is_hex};
    use alloc::string::String;
    use proptest::prelude::*;

    /// The test vectors of RFC 4648 §10, in lower case.
    #[test]
    fn one_text_for_each_byte_string() {
        assert_eq!((encode(b""), encode(b"foobar")), (String::new(), "666f6f626172".into()));
        assert_eq!((decode(""), decode("666f6f626172")), (Some(*b""), Some(*b"foobar")));
        for wrong in ["", "66", "666F", "+66f", "666", "666f6", "666f6f", "66 f", "g66f", "6é6"] {
            assert_eq!(decode::<2>(wrong), None, "{wrong}");
        }
        assert!(is_hex("00ff", &[0, 255]));
        for wrong in ["", "00", "00FF", "00ff0", "00ff00"] {
            assert!(!is_hex(wrong, &[0, 255]), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_is_written(bytes: [u8; 16], text in "[0-9a-fA-F]{0,34}") {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
            prop_assert!(is_hex(&encode(&bytes), &bytes));
            if let Some(read) = decode::<16>(&text) {
                prop_assert_eq!(encode(&read), text);
            }
        }
    }
}
