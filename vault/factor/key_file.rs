//! Key files: how an unattended gate or service opens after a power cut.

use super::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, salt_of, salted};
use crate::error::FactorError;
use crate::seal;
use alloc::format;
use alloc::string::String;
use rand_core::CryptoRng;
use waypass_credential::base64url;
use zeroize::Zeroizing;

/// The 32 random bytes of a key file. It protects nothing from an attacker who can read that file. It does protect a vault whose disk or
/// backup is taken without it, so it belongs on other storage than the vault.
pub struct KeyFile(Zeroizing<[u8; 32]>);

impl KeyFile {
    /// The beginning of a key file.
    pub const PREFIX: &str = "waypass-key-file-1 ";
    /// The length of a key file without the line break that ends it: the prefix, and 32 bytes in base64url.
    pub const LENGTH: usize = Self::PREFIX.len() + 43;

    /// Makes a key that is in no file yet.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rand_core::Rng::fill_bytes(rng, &mut key[..]);
        Self(key)
    }

    /// Reads the content of a key file.
    pub fn parse(text: &str) -> Result<Self, FactorError> {
        let key = text.trim_end().strip_prefix(Self::PREFIX).and_then(|key| base64url::decode(key).ok()).map(Zeroizing::new);
        let key = key.filter(|key| key.len() == 32).ok_or(FactorError::NotAKeyFile)?;
        let mut held = Zeroizing::new([0; 32]);
        held.copy_from_slice(&key);
        Ok(Self(held))
    }

    /// Returns the content of the file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{}\n", Self::PREFIX, Zeroizing::new(base64url::encode(&self.0[..])).as_str()))
    }
}

impl Factor for KeyFile {
    fn kind(&self) -> FactorKind {
        FactorKind::KeyFile
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        let parameters = salted(self.kind(), with);
        let mut key = Zeroizing::new([0; 32]);
        self.derive(&parameters, &mut key)?;
        Ok(Enrolled { parameters, key })
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let salt = salt_of(self.kind(), parameters)?;
        seal::derive(&salt, &self.0[..], b"waypass/v1/factor/key-file", to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::KeyFile;
    use crate::testing::TestRng;

    #[test]
    fn only_a_whole_key_is_read() {
        let key = KeyFile::generate(&mut TestRng);
        let text = key.to_text();
        assert_eq!(text.len(), KeyFile::LENGTH + 1);
        assert_eq!(KeyFile::parse(&text).expect("reads").0, key.0);
        for len in 0..text.len() {
            assert_eq!(KeyFile::parse(&text[..len]).is_ok(), len == KeyFile::LENGTH, "{len}");
        }
        assert!(KeyFile::parse("hello").is_err());
    }
}
