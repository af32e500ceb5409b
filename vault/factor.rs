//! The `Factor` joint: what a person or a device shows to open a slot.

use crate::error::FactorError;
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The kinds of factor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactorKind {
    /// Something known: [`Password`].
    Password,
    /// The printed code: [`RecoveryCode`].
    Recovery,
    /// A file with 32 random bytes: [`KeyFile`].
    KeyFile,
}

/// What a password's key derivation may cost when a slot is written. Reading takes what the slot says, within limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KdfCost {
    /// Argon2id measured on this machine to take half a second to a second, from 64 MiB and 3 passes.
    Calibrated,
    /// Argon2id with 19 MiB and 2 passes, the least that is ever written (OWASP's floor): tests, very small devices.
    Floor,
}

/// One factor; every implementation passes the same tests.
pub trait Factor {
    /// Its kind; a slot names the kinds it takes.
    fn kind(&self) -> FactorKind;
}

/// The factors shown together for one try.
pub struct Factors<'f>(Vec<&'f dyn Factor>);

impl<'f> Factors<'f> {
    /// Just this one.
    pub fn one(factor: &'f dyn Factor) -> Self {
        Self(vec![factor])
    }

    /// And this one.
    #[must_use]
    pub fn and(mut self, factor: &'f dyn Factor) -> Self {
        self.0.push(factor);
        self
    }
}

/// A password; wiped when dropped.
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// From what was typed.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

impl Factor for Password {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }
}

/// A 128-bit code for the drawer: opens the vault when the password is lost.
pub struct RecoveryCode(Zeroizing<[u8; 16]>);

impl RecoveryCode {
    /// A new code.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        todo!()
    }

    /// Reads a printed code: any case, spaces and hyphens ignored, look-alike letters understood.
    pub fn parse(text: &str) -> Result<Self, FactorError> {
        todo!()
    }

    /// The text to print: groups of four letters.
    pub fn printed(&self) -> Zeroizing<String> {
        todo!()
    }
}

impl Factor for RecoveryCode {
    fn kind(&self) -> FactorKind {
        FactorKind::Recovery
    }
}

/// 32 random bytes in a file of mode 0600: how an unattended gate or service opens after a power cut. It protects nothing from whoever
/// can read that file; it does protect a vault whose disk or backup is taken without it.
pub struct KeyFile {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

impl KeyFile {
    /// Writes a new key file; refuses to overwrite.
    pub fn create(path: &Path, rng: &mut dyn CryptoRng) -> Result<Self, FactorError> {
        todo!()
    }

    /// Reads a key file.
    pub fn read(path: &Path) -> Result<Self, FactorError> {
        todo!()
    }
}

impl Factor for KeyFile {
    fn kind(&self) -> FactorKind {
        FactorKind::KeyFile
    }
}
