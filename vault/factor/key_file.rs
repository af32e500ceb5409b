//! Key files: how an unattended gate or service opens after a power cut.

use super::{Factor, FactorKind, FactorParameters, KdfCost, fresh_salt};
use crate::error::FactorError;
use crate::{durable, seal};
use rand_core::CryptoRng;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::{fs, path::Path};
use waypass_credential::base64url;
use zeroize::Zeroizing;

/// 32 random bytes in a file of mode 0600. It protects nothing from whoever can read that file; it does protect a vault whose disk or
/// backup is taken without it, so it belongs on other storage than the vault.
pub struct KeyFile(Zeroizing<[u8; 32]>);

const PREFIX: &str = "waypass-key-file-1 ";
/// Prefix, and 32 bytes in base64url; a line break follows.
const LENGTH: usize = PREFIX.len() + 43;

impl KeyFile {
    /// Makes and writes a new key file; see [`KeyFile::write`].
    pub fn create(path: &Path, rng: &mut dyn CryptoRng) -> Result<Self, FactorError> {
        let key = Self::generate(rng);
        key.write(path)?;
        Ok(key)
    }

    /// Makes a key that is in no file yet.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rand_core::Rng::fill_bytes(rng, &mut key[..]);
        Self(key)
    }

    /// Writes the key to a new file; see [`KeyFile::make_room`].
    pub fn write(&self, path: &Path) -> Result<(), FactorError> {
        Self::make_room(path)?;
        let text = Zeroizing::new(format!("{PREFIX}{}\n", Zeroizing::new(base64url::encode(&self.0[..])).as_str()));
        durable::create(path, text.as_bytes()).map_err(|why| failed(path, Some(why)))
    }

    /// Checks that a key file can be written there: what is there already is never overwritten, except what a creation left that was
    /// cut short. That is the beginning of a key file, and opens nothing.
    pub fn make_room(path: &Path) -> Result<(), FactorError> {
        if is_unfinished(path) {
            return fs::remove_file(path).map_err(|why| failed(path, Some(why)));
        }
        match fs::symlink_metadata(path) {
            Ok(_) => Err(failed(path, Some(io::ErrorKind::AlreadyExists.into()))),
            Err(_) => Ok(()),
        }
    }

    /// Returns true if a regular file begins as a key file does. It reads no more than that.
    pub fn is_one(path: &Path) -> bool {
        let mut intro = [0; PREFIX.len()];
        let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() >= LENGTH as u64);
        is_file && fs::File::open(path).and_then(|mut file| file.read_exact(&mut intro)).is_ok() && intro == PREFIX.as_bytes()
    }

    /// Reads a key file. One that others may read is refused, as `ssh` does.
    pub fn read(path: &Path) -> Result<Self, FactorError> {
        let io = |why| failed(path, Some(why));
        let file = fs::File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.mode() & 0o077 != 0 {
            return Err(io(io::Error::new(io::ErrorKind::PermissionDenied, "others may read it; set its mode to 600")));
        }
        let mut text = Zeroizing::new(String::with_capacity(256));
        file.take(256).read_to_string(&mut text).map_err(io)?;
        let key = text.trim_end().strip_prefix(PREFIX).and_then(|key| base64url::decode(key).ok()).map(Zeroizing::new);
        let key = key.filter(|key| key.len() == 32).ok_or_else(|| failed(path, None))?;
        let mut held = Zeroizing::new([0; 32]);
        held.copy_from_slice(&key);
        Ok(Self(held))
    }
}

/// Whether a regular file of ours ends before its key does.
fn is_unfinished(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() < LENGTH as u64);
    let Some(held) = is_file.then(|| fs::read(path).ok().map(Zeroizing::new)).flatten() else { return false };
    let (intro, key) = held.split_at(held.len().min(PREFIX.len()));
    PREFIX.as_bytes().starts_with(intro) && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_')
}

fn failed(path: &Path, source: Option<io::Error>) -> FactorError {
    FactorError::KeyFile { path: path.to_owned(), source }
}

impl Factor for KeyFile {
    fn kind(&self) -> FactorKind {
        FactorKind::KeyFile
    }

    fn enroll(&self, _: KdfCost, rng: &mut dyn CryptoRng) -> Result<FactorParameters, FactorError> {
        Ok(FactorParameters::KeyFile { salt: fresh_salt(rng) })
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let FactorParameters::KeyFile { salt } = parameters else { return Err(FactorError::Parameters) };
        seal::derive(salt, &self.0[..], b"waypass/v1/factor/key-file", to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FactorError, KeyFile};
    use crate::SystemRng;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn reads_back_and_refuses_what_is_not_private_or_not_a_key() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("key");
        let key = KeyFile::create(&path, &mut SystemRng).expect("written");
        assert_eq!(KeyFile::read(&path).expect("read").0, key.0);
        assert!(KeyFile::create(&path, &mut SystemRng).is_err(), "overwrote a key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("mode");
        assert!(matches!(KeyFile::read(&path), Err(FactorError::KeyFile { source: Some(_), .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
        let whole = fs::read(&path).expect("read");
        fs::write(&path, "hello").expect("written");
        assert!(KeyFile::create(&path, &mut SystemRng).is_err(), "overwrote something else");
        assert!(matches!(KeyFile::read(&path), Err(FactorError::KeyFile { source: None, .. })));
        // What a power cut leaves is no key yet.
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).expect("written");
            let is_whole = KeyFile::read(&path).is_ok();
            assert_eq!(is_whole, len == super::LENGTH, "{len}");
            assert_eq!(KeyFile::create(&path, &mut SystemRng).is_err(), is_whole, "{len}");
            assert!(KeyFile::read(&path).is_ok());
        }
    }
}
