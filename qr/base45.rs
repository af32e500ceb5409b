//! Base45 (RFC 9285): bytes in the 45 characters that QR's alphanumeric mode holds at 5.5 bits each.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Appends `bytes` to `out`: two bytes become three characters, a last single byte two (§4).
pub(crate) fn encode_into(bytes: &[u8], out: &mut String) {
    let mut push = |digit: u16| out.push(char::from(ALPHABET[usize::from(digit)]));
    for pair in bytes.chunks(2) {
        match *pair {
            [a, b] => {
                let n = u16::from(a) << 8 | u16::from(b);
                push(n % 45);
                push(n / 45 % 45);
                push(n / 2025);
            }
            [a] => {
                push(u16::from(a) % 45);
                push(u16::from(a) / 45);
            }
            _ => {}
        }
    }
}

/// Returns the bytes of `text`, or `None` when it is not base45 (§6: values beyond 16 or 8 bits are refused).
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for group in text.as_bytes().chunks(3) {
        let digit = |at: usize| (0_u32..).zip(ALPHABET).find(|(_, c)| **c == group[at]).map(|(d, _)| d);
        match group.len() {
            3 => out.extend(u16::try_from(digit(0)? + digit(1)? * 45 + digit(2)? * 2025).ok()?.to_be_bytes()),
            2 => out.push(u8::try_from(digit(0)? + digit(1)? * 45).ok()?),
            _ => return None,
        }
    }
    Some(out)
}

/// Returns how many bytes fit into `characters`.
pub(crate) const fn bytes_in(characters: usize) -> usize {
    characters / 3 * 2 + if characters % 3 == 2 { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{bytes_in, decode, encode_into};
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        let mut out = String::new();
        encode_into(bytes, &mut out);
        out
    }

    /// The examples of RFC 9285 §4.3 and §4.4.
    #[test]
    fn matches_the_rfc() {
        for (plain, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(plain.as_bytes()));
        }
        for bad in ["GGW", ":::", "::", "A", "ab1", "BB8\n", "Ä8"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(bytes_in(text.len()), bytes.len());
            prop_assert_eq!(decode(&text), Some(bytes));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
