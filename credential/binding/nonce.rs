//! The 16 bytes that make an answer fresh.

use crate::base64url;
use alloc::string::String;
use core::fmt;
use rand_core::CryptoRng;

/// A challenge's nonce: 16 random bytes, written as base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Nonce(pub [u8; 16]);

impl Nonce {
    /// Makes a new nonce.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Returns the text, 22 characters.
    pub fn to_text(&self) -> String {
        base64url::encode(&self.0)
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Result<Self, base64url::NotBase64Url> {
        // Longer texts cannot be a nonce; do not decode them first.
        if text.len() == 22 { base64url::decode_array(text).map(Self) } else { Err(base64url::NotBase64Url) }
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::Nonce;

    #[test]
    fn only_its_own_text_is_read() {
        let nonce = Nonce([7; 16]);
        let text = nonce.to_text();
        assert_eq!(Nonce::parse(&text), Ok(nonce));
        for bad in ["", "AA", &text[1..], &alloc::format!("{text}="), &alloc::format!("{text}A")] {
            assert!(Nonce::parse(bad).is_err(), "{bad}");
        }
    }
}
