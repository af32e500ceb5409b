//! SHA-256 digests (FIPS 180-4), written in hexadecimal so that a person can compare one with `sha256sum`.

use alloc::string::String;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use waypass_credential::hex;

/// A SHA-256 digest; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotADigest;

impl Digest {
    /// Returns the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a SHA-256 digest of 64 lower-case hexadecimal digits")
    }
}

impl core::error::Error for NotADigest {}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads a number as a person writes it down: in capitals too, and in groups with spaces or hyphens between them.
impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let is_between = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}');
        // 64 digits, with a character between any two of them at most.
        if text.chars().count() > 128 {
            return Err(NotADigest);
        }
        let digits: String = text.chars().filter(|c| !is_between(*c)).map(|c| c.to_ascii_lowercase()).collect();
        Self::exact(&digits)
    }
}

impl Digest {
    /// Reads 64 lower-case digits, as documents have them.
    fn exact(text: &str) -> Result<Self, NotADigest> {
        hex::decode(text).map(Self).ok_or(NotADigest)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::exact(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;
    use alloc::{format, string::String, vec::Vec};

    #[test]
    fn a_number_is_read_as_people_write_it_down() {
        let digest = Digest::of(b"root");
        let text = format!("{digest}");
        let groups: Vec<&str> = (0..16).map(|at| &text[at * 4..at * 4 + 4]).collect();
        for between in [" ", "-", "\u{a0}", "\u{2010}", "\u{2013}"] {
            let typed = groups.join(between).to_uppercase();
            assert_eq!(typed.parse(), Ok(digest), "{typed}");
        }
        assert_eq!(format!(" {text}\n").parse(), Ok(digest));
        for wrong in [&text[1..], &format!("{text}0"), &text.replace('a', "g"), &groups.join(":"), &format!("{text}{}", " ".repeat(80))] {
            assert!(wrong.parse::<Digest>().is_err() || wrong == text.as_str(), "{wrong}");
        }
    }

    #[test]
    fn documents_have_one_spelling() {
        let text = format!("{}", Digest::of(b"root"));
        let read = |text: &str| serde_json::from_str::<Digest>(&format!("\"{text}\""));
        assert!(read(&text).is_ok());
        let grouped: String = format!("{} {}", &text[..32], &text[32..]);
        assert!(read(&text.to_uppercase()).is_err() && read(&grouped).is_err());
    }
}
