//! The `Factor` joint: what a person or a device shows to open a slot.

mod key_file;
mod password;
pub mod phrase;
mod pin;
mod recovery;
mod secret_rules;
mod stretch;
#[cfg(test)]
mod tests;

pub use key_file::KeyFile;
pub use password::Password;
pub use pin::{Pin, PinWeakness};
pub use recovery::RecoveryCode;
pub use secret_rules::SecretRules;
pub use stretch::{KdfCost, Speed, Stopwatch};

use crate::error::FactorError;
use crate::seal::Suite;
use alloc::vec;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::Zeroizing;

/// The kinds of factor. Their order is the order of factors in a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactorKind {
    /// Something known: [`Password`].
    Password,
    /// The printed code: [`RecoveryCode`].
    Recovery,
    /// The 32 random bytes of a file: [`KeyFile`].
    KeyFile,
    /// Digits, with something that cannot be guessed: [`Pin`].
    Pin,
    /// The codes of two officers of the site: [`crate::escrow::Escrow`].
    Officers,
    /// One that a newer version of this program knows. A slot that takes it is listed and kept.
    Newer(u64),
}

impl FactorKind {
    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::Password => 1,
            Self::Recovery => 2,
            Self::KeyFile => 3,
            Self::Pin => 4,
            Self::Officers => 5,
            Self::Newer(number) => number,
        }
    }

    pub(crate) const fn of(number: u64) -> Self {
        match number {
            1 => Self::Password,
            2 => Self::Recovery,
            3 => Self::KeyFile,
            4 => Self::Pin,
            5 => Self::Officers,
            newer => Self::Newer(newer),
        }
    }

    /// Returns true if nobody can guess it.
    pub const fn is_unguessable(self) -> bool {
        match self {
            Self::Recovery | Self::KeyFile | Self::Officers => true,
            // What a newer version knows is not ours to judge.
            Self::Password | Self::Pin | Self::Newer(_) => false,
        }
    }
}

/// A slot's entry about one of its factors: how its 32 bytes are derived. Only the factor reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorParameters(Vec<u8>);

impl FactorParameters {
    /// The most bytes that a factor may keep in a slot.
    pub const MAX: usize = 2048;

    /// Takes what a factor wants to keep; `None` if that is too long.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= Self::MAX).then_some(Self(bytes))
    }

    /// Returns what the factor kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A factor's answer when it is shown a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recognised {
    /// It may be its slot. What a person knows cannot say more.
    Mine,
    /// The slot of another one of its kind.
    Other,
    /// The device that could say so is not there.
    Absent,
}

/// What a factor has made for a new slot.
pub struct Enrolled {
    /// Kept in the slot, readable by everybody.
    pub parameters: FactorParameters,
    /// The key under them.
    pub key: Zeroizing<[u8; 32]>,
}

/// What a factor may use to make [`Enrolled`].
pub struct Enrolment<'e> {
    /// The primitives of the vault.
    pub suite: Suite,
    /// The cost of a key derivation.
    pub cost: KdfCost,
    /// Salts and challenges.
    pub rng: &'e mut dyn CryptoRng,
}

/// One factor; every implementation passes the same tests (`factor/tests.rs`).
///
/// Parameters come from a file that may be hostile: they are checked against limits before anything is allocated.
pub trait Factor {
    /// Returns its kind; a slot names the kinds it takes.
    fn kind(&self) -> FactorKind;

    /// Says whether a slot of its kind may be its own, without a secret and without a try.
    fn recognise(&self, _: &FactorParameters) -> Recognised {
        Recognised::Mine
    }

    /// Returns true if deriving asks a device that counts tries or wants to be touched. It is asked once at most in one unlock.
    fn asks_a_device(&self) -> bool {
        false
    }

    /// Returns the same factor as an older version of this program read it, where that differs. It is tried after this
    /// one, in the same try.
    fn older(&self) -> Option<&dyn Factor> {
        None
    }

    /// Makes parameters for a slot that is about to be written, and the key under them, in one step.
    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError>;

    /// Derives the factor's 32 bytes under these parameters.
    ///
    /// [`FactorError::Refused`] is a try like one that opens nothing. After any other error nothing was guessed.
    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError>;

    /// Returns new parameters for a slot that was just opened, where the factor wants them to change with every use.
    fn renew(&self, _: &FactorParameters, _: &mut Enrolment<'_>) -> Option<Enrolled> {
        None
    }
}

/// The factors shown together for one try.
#[derive(Clone)]
pub struct Factors<'f>(Vec<&'f dyn Factor>);

impl<'f> Factors<'f> {
    /// Just this one.
    pub fn one(factor: &'f dyn Factor) -> Self {
        Self(vec![factor])
    }

    /// And this one. Several of one kind are kept apart.
    #[must_use]
    pub fn and(mut self, factor: &'f dyn Factor) -> Self {
        self.0.push(factor);
        self.0.sort_by_key(|factor| factor.kind());
        self
    }

    /// Returns the kinds, in the order of a slot.
    pub fn kinds(&self) -> Vec<FactorKind> {
        self.0.iter().map(|factor| factor.kind()).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'f dyn Factor> + '_ {
        self.0.iter().copied()
    }
}

impl<'f> FromIterator<&'f dyn Factor> for Factors<'f> {
    fn from_iter<I: IntoIterator<Item = &'f dyn Factor>>(factors: I) -> Self {
        factors.into_iter().fold(Self(Vec::new()), Self::and)
    }
}

/// Returns true if factors of these kinds, together, may open a vault: a PIN is guessed in hours unless something with it is not.
pub(crate) fn is_sound(kinds: &[FactorKind]) -> bool {
    let guards_a_pin = |kind: &FactorKind| kind.is_unguessable() || matches!(kind, FactorKind::Newer(_));
    !kinds.is_empty() && (!kinds.contains(&FactorKind::Pin) || kinds.iter().any(guards_a_pin))
}

/// What a secret that needs no slow function keeps: its kind and a salt.
fn salted(kind: FactorKind, with: &mut Enrolment<'_>) -> FactorParameters {
    let mut salt = [0; SALT];
    rand_core::Rng::fill_bytes(with.rng, &mut salt);
    let mut to = Writer::new();
    to.array(2).unsigned(kind.number()).bytes(&salt);
    FactorParameters(to.into_bytes())
}

const SALT: usize = 16;

fn salt_of(kind: FactorKind, parameters: &FactorParameters) -> Result<[u8; SALT], FactorError> {
    let read = || {
        let mut from = Reader::new(&parameters.0);
        from.array_of(2)?;
        let found = from.unsigned()?;
        let salt = from.bytes_array()?;
        from.end()?;
        if found == kind.number() { Ok(salt) } else { Err(NotCanonical) }
    };
    read().map_err(|NotCanonical| FactorError::Parameters)
}
