//! Base64url without padding (RFC 4648 §5), strict: no padding, no white space, no stray trailing bits (§3.5).

use alloc::{string::String, vec::Vec};
use base64_simd::URL_SAFE_NO_PAD;

/// The text is not canonical unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotBase64Url;

impl core::fmt::Display for NotBase64Url {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("not canonical unpadded base64url")
    }
}

impl core::error::Error for NotBase64Url {}

/// Returns the encoded text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Appends the encoded text of `bytes` to `out`.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, out);
}

/// Returns the bytes that `text` encodes; exactly one text decodes to each byte string.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| NotBase64Url)
}

/// Appends the bytes that `text` encodes to `out`; on error `out` may hold more than before.
pub(crate) fn decode_into(text: impl AsRef<[u8]>, out: &mut Vec<u8>) -> Result<(), NotBase64Url> {
    URL_SAFE_NO_PAD.decode_append(text, out).map_err(|_| NotBase64Url)
}

/// Decodes into an array of exactly `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], NotBase64Url> {
    decode(text)?.try_into().map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::{NotBase64Url, decode, encode};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn refuses_second_spellings() {
        for bad in ["QQ==", "QR", "Q", "Q Q", "Q+8", "Q/8", "QQ\n"] {
            assert_eq!(decode(bad), Err(NotBase64Url), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(bytes: Vec<u8>) {
            prop_assert_eq!(decode(encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn what_decodes_is_canonical(text in "[A-Za-z0-9_-]{0,24}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
