//! The `Factor` joint: what a person or a device shows to open a slot.

mod key_file;
mod password;
pub mod phrase;
mod recovery;
#[cfg(test)]
mod tests;

pub use key_file::KeyFile;
pub use password::{KdfCost, Password, Speed, Stopwatch};
pub use recovery::RecoveryCode;

use crate::error::FactorError;
use alloc::vec;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};

/// The kinds of factor. Their order is the order of factors in a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactorKind {
    /// Something known: [`Password`].
    Password,
    /// The printed code: [`RecoveryCode`].
    Recovery,
    /// The 32 random bytes of a file: [`KeyFile`].
    KeyFile,
}

/// A slot header's entry about one of its factors: how its 32 bytes are derived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactorParameters {
    /// Argon2id (RFC 9106), version 0x13.
    Password {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
        /// Salt.
        salt: [u8; 16],
    },
    /// HKDF over the code.
    Recovery {
        /// Salt.
        salt: [u8; 16],
    },
    /// HKDF over the file's key.
    KeyFile {
        /// Salt.
        salt: [u8; 16],
    },
}

/// One factor; every implementation passes the same tests (`factor/tests.rs`).
pub trait Factor {
    /// Returns its kind; a slot names the kinds it takes.
    fn kind(&self) -> FactorKind;

    /// Returns the same factor as an older version of this program read it, where that differs. It is tried after this
    /// one, in the same try.
    fn older(&self) -> Option<&dyn Factor> {
        None
    }

    /// New parameters, with a fresh salt, for a slot that is about to be written.
    fn enroll(&self, cost: KdfCost, rng: &mut dyn CryptoRng) -> Result<FactorParameters, FactorError>;

    /// Derives the factor's 32 bytes under these parameters, which may come from a hostile file: they are checked against the limits before
    /// anything is allocated.
    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError>;
}

/// The factors shown together for one try.
pub struct Factors<'f>(Vec<&'f dyn Factor>);

impl<'f> Factors<'f> {
    /// Just this one.
    pub fn one(factor: &'f dyn Factor) -> Self {
        Self(vec![factor])
    }

    /// And this one; a second of the same kind takes the first one's place.
    #[must_use]
    pub fn and(mut self, factor: &'f dyn Factor) -> Self {
        self.0.retain(|held| held.kind() != factor.kind());
        self.0.push(factor);
        self.0.sort_by_key(|factor| factor.kind());
        self
    }

    /// Returns the kinds, in the order of a slot.
    pub fn kinds(&self) -> Vec<FactorKind> {
        self.0.iter().map(|factor| factor.kind()).collect()
    }

    /// Returns the same factors as an older version of this program read them; `None` if it read them alike.
    pub(crate) fn older(&self) -> Option<Self> {
        let older = |factor: &&'f dyn Factor| factor.older().unwrap_or(*factor);
        self.0.iter().any(|factor| factor.older().is_some()).then(|| Self(self.0.iter().map(older).collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'f dyn Factor> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn find(&self, kind: FactorKind) -> Option<&'f dyn Factor> {
        self.iter().find(|factor| factor.kind() == kind)
    }
}

impl FactorParameters {
    /// Returns the kind of factor these are for.
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Password { .. } => FactorKind::Password,
            Self::Recovery { .. } => FactorKind::Recovery,
            Self::KeyFile { .. } => FactorKind::KeyFile,
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        match self {
            Self::Password { memory_kib, passes, lanes, salt } => {
                let [memory_kib, passes, lanes] = [*memory_kib, *passes, *lanes].map(u64::from);
                to.array(5).unsigned(1).unsigned(memory_kib).unsigned(passes).unsigned(lanes).bytes(salt)
            }
            Self::Recovery { salt } => to.array(2).unsigned(2).bytes(salt),
            Self::KeyFile { salt } => to.array(2).unsigned(3).bytes(salt),
        };
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let len = from.array()?;
        match (from.unsigned()?, len) {
            (1, 5) => Ok(Self::Password {
                memory_kib: from.unsigned32()?,
                passes: from.unsigned32()?,
                lanes: from.unsigned32()?,
                salt: from.bytes_array()?,
            }),
            (2, 2) => Ok(Self::Recovery { salt: from.bytes_array()? }),
            (3, 2) => Ok(Self::KeyFile { salt: from.bytes_array()? }),
            _ => Err(NotCanonical),
        }
    }
}

fn fresh_salt(rng: &mut dyn CryptoRng) -> [u8; 16] {
    let mut salt = [0; 16];
    rand_core::Rng::fill_bytes(rng, &mut salt);
    salt
}
