//! Slots: the vault key, sealed once for every combination of factors that may open the vault (unlock.md).
//!
//! ```text
//! row      = length of header (2 bytes) || header || sealed || first 8 bytes of SHA-256 over all that
//! header 2 = CBOR [2, vault id, slot id, epoch, generation, suite, end or null, salt, [[kind, parameters]...]]
//! header 1 = CBOR [1, vault id, slot id, epoch, generation, salt, [parameters...]]               0.1.0; suite 1, no end
//! KEK      = HKDF-SHA256(salt, CBOR [F_a, F_b...], info = header)
//! sealed   = AEAD of the suite (KEK, 32 zero bytes || VK, AAD = header)
//! ```
//! Unwrapping is the check: nothing else is stored that could be tested against. The zero bytes make the sealing committing, so that one
//! row cannot be built to open under many passwords at once. The checksum tells bit rot from a wrong password; it protects from nobody.
//!
//! A slot of format 1 stays as it is until it is replaced: only who shows its factors can write it anew.

mod asking;

pub(crate) use asking::{Asking, NotOpened, Opened};

use crate::error::FactorError;
use crate::factor::{Enrolment, FactorKind, FactorParameters, Factors, KdfCost};
use crate::hierarchy::Realm;
use crate::seal::{self, Suite};
use alloc::vec::Vec;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use zeroize::Zeroizing;

/// One slot, as anybody reads it in a locked vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotInfo {
    /// Its name.
    pub id: SlotId,
    /// The kinds of factor it takes, all of them together.
    pub factors: Vec<FactorKind>,
    /// Counts the rewrites of this slot.
    pub epoch: u64,
    /// When it stops opening the vault.
    pub ends: Option<Timestamp>,
}

/// A slot to be written.
#[derive(Clone)]
pub struct NewSlot<'f> {
    /// What opens it, all of it together.
    pub factors: Factors<'f>,
    /// What its owner calls it. Only the open vault says so.
    pub label: &'f str,
    /// When it stops opening the vault.
    pub ends: Option<Timestamp>,
}

impl<'f> NewSlot<'f> {
    /// A slot without a name and without an end.
    pub const fn of(factors: Factors<'f>) -> Self {
        Self { factors, label: "", ends: None }
    }
}

/// Names a slot.
pub type SlotId = [u8; 8];

/// More slots than this are refused: each one costs a thief nothing and the owner a key derivation.
pub(crate) const MAX_SLOTS: usize = 16;

/// More factors than this in a slot are refused.
pub(crate) const MAX_FACTORS: usize = 4;

const VERSION: u64 = 2;
const CHECKSUM: usize = 8;
const ZEROES: [u8; 32] = [0; 32];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Slot {
    pub(crate) place: Place,
    salt: [u8; 32],
    factors: Vec<(FactorKind, FactorParameters)>,
    /// As it is stored: all of it is authenticated by the sealing.
    header: Vec<u8>,
    sealed: Vec<u8>,
}

/// The purpose that a slot is written for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) realm: Realm,
    pub(crate) id: SlotId,
    pub(crate) epoch: u64,
    pub(crate) ends: Option<Timestamp>,
}

/// A row of slots.
pub(crate) enum Row {
    Slot(Slot),
    /// Written by a newer version of this program.
    Newer,
    Damaged,
}

/// What the factors of a slot have derived, in its order.
type Derived = Vec<Zeroizing<[u8; 32]>>;

impl Slot {
    /// Seals `vk` for these factors.
    pub(crate) fn seal(
        place: Place,
        factors: &Factors<'_>,
        cost: KdfCost,
        vk: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, FactorError> {
        let mut with = Enrolment { suite: place.realm.suite, cost, rng };
        let mut kept = Vec::new();
        let mut keys = Vec::new();
        for factor in factors.iter() {
            let enrolled = factor.enrol(&mut with)?;
            kept.push((factor.kind(), enrolled.parameters));
            keys.push(enrolled.key);
        }
        Ok(Self::written(place, kept, &keys, vk, rng))
    }

    fn written(place: Place, factors: Vec<(FactorKind, FactorParameters)>, keys: &Derived, vk: &[u8], rng: &mut dyn CryptoRng) -> Self {
        let mut salt = [0; 32];
        rand_core::Rng::fill_bytes(rng, &mut salt);
        let header = header(&place, &salt, &factors);
        let mut plaintext = Zeroizing::new(Vec::with_capacity(ZEROES.len() + vk.len()));
        plaintext.extend_from_slice(&ZEROES);
        plaintext.extend_from_slice(vk);
        let mut slot = Self { place, salt, factors, header, sealed: Vec::new() };
        slot.sealed = place.realm.suite.seal(&slot.kek(keys), &slot.header, &plaintext, rng);
        slot
    }

    /// A slot that keeps whatever a test wants.
    #[cfg(test)]
    pub(crate) fn with_parameters(place: Place, factor: (FactorKind, FactorParameters), key: [u8; 32]) -> Self {
        Self::written(place, Vec::from([factor]), &Vec::from([Zeroizing::new(key)]), &[0; 32], &mut crate::testing::TestRng)
    }

    fn kek(&self, keys: &Derived) -> Zeroizing<[u8; 32]> {
        // Room for every factor from the start: growing would leave copies behind.
        let mut input = Zeroizing::new(Vec::with_capacity(8 + keys.len() * 34));
        let mut head = Writer::new();
        head.array(keys.len());
        input.extend_from_slice(&head.into_bytes());
        for key in keys {
            input.extend_from_slice(&[0x58, 32]); // CBOR: byte string of 32
            input.extend_from_slice(&key[..]);
        }
        let mut kek = Zeroizing::new([0; 32]);
        seal::derive(&self.salt, &input, &self.header, &mut kek);
        kek
    }

    pub(crate) fn info(&self) -> SlotInfo {
        let Place { id, epoch, ends, .. } = self.place;
        SlotInfo { id, factors: self.kinds(), epoch, ends }
    }

    pub(crate) fn kinds(&self) -> Vec<FactorKind> {
        self.factors.iter().map(|(kind, _)| *kind).collect()
    }

    /// Returns what it keeps about its factor of this kind.
    pub(crate) fn parameters_of(&self, kind: FactorKind) -> Option<&FactorParameters> {
        self.factors.iter().find(|(found, _)| *found == kind).map(|(_, parameters)| parameters)
    }

    /// Returns true if this version of the program can open it.
    pub(crate) fn is_known(&self) -> bool {
        self.factors.iter().all(|(kind, _)| !matches!(kind, FactorKind::Newer(_)))
    }

    pub(crate) fn to_row(&self) -> Vec<u8> {
        // Four factors keep 2 KiB each at most.
        let mut row = u16::try_from(self.header.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        row.extend_from_slice(&self.header);
        row.extend_from_slice(&self.sealed);
        let sum = Sha256::digest(&row);
        row.extend_from_slice(&sum[..CHECKSUM]);
        row
    }
}

impl Row {
    pub(crate) fn read(row: &[u8]) -> Self {
        let content = || {
            let (content, sum) = row.split_last_chunk::<CHECKSUM>()?;
            if Sha256::digest(content)[..CHECKSUM] != sum[..] {
                return None;
            }
            let (len, rest) = content.split_first_chunk::<2>()?;
            rest.split_at_checked(u16::from_be_bytes(*len).into())
        };
        let Some((header, sealed)) = content() else { return Self::Damaged };
        match read_header(header) {
            Ok(Some((place, salt, factors))) => Self::Slot(Slot { place, salt, factors, header: header.to_vec(), sealed: sealed.to_vec() }),
            Ok(None) => Self::Newer,
            Err(NotCanonical) => Self::Damaged,
        }
    }
}

fn header(place: &Place, salt: &[u8; 32], factors: &[(FactorKind, FactorParameters)]) -> Vec<u8> {
    let Place { realm: Realm { vault, generation, suite }, id, epoch, ends } = place;
    let mut to = Writer::new();
    to.array(9).unsigned(VERSION).bytes(vault).bytes(id).unsigned(*epoch).unsigned(*generation).unsigned(suite.number());
    to.option(*ends, |to, ends| {
        to.signed(ends.unix());
    });
    to.bytes(salt).array(factors.len());
    for (kind, parameters) in factors {
        to.array(2).unsigned(kind.number()).bytes(parameters.as_bytes());
    }
    to.into_bytes()
}

type Header = (Place, [u8; 32], Vec<(FactorKind, FactorParameters)>);

/// Reads a header; `Ok(None)` if a newer version of this program wrote it.
fn read_header(header: &[u8]) -> Result<Option<Header>, NotCanonical> {
    let mut from = Reader::new(header);
    let len = from.array()?;
    let version = from.unsigned()?;
    match (version, len) {
        (1, 7) | (2, 9) => {}
        (3.., _) => return Ok(None),
        _ => return Err(NotCanonical),
    }
    let (vault, id) = (from.bytes_array()?, from.bytes_array()?);
    let (epoch, generation) = (from.unsigned()?, from.unsigned()?);
    let (mut suite, mut ends) = (Suite::ChaCha, None);
    if version == 2 {
        let Some(known) = Suite::of(from.unsigned()?) else { return Ok(None) };
        suite = known;
        ends = from.option(|from| Timestamp::from_unix(from.signed()?).ok_or(NotCanonical))?;
    }
    let salt = from.bytes_array()?;
    let count = from.array_up_to(MAX_FACTORS)?;
    let read = |from: &mut Reader<'_>| if version == 1 { first_format(from) } else { second_format(from) };
    let factors = (0..count).map(|_| read(&mut from)).collect::<Result<Vec<_>, _>>()?;
    from.end()?;
    if factors.is_empty() || !factors.is_sorted_by_key(|(kind, _)| *kind) {
        return Err(NotCanonical);
    }
    Ok(Some((Place { realm: Realm { vault, generation, suite }, id, epoch, ends }, salt, factors)))
}

fn second_format(from: &mut Reader<'_>) -> Result<(FactorKind, FactorParameters), NotCanonical> {
    from.array_of(2)?;
    let kind = FactorKind::of(from.unsigned()?);
    Ok((kind, FactorParameters::new(from.bytes()?.to_vec()).ok_or(NotCanonical)?))
}

/// Reads what format 1 had in place: the array that a factor of today keeps as bytes.
fn first_format(from: &mut Reader<'_>) -> Result<(FactorKind, FactorParameters), NotCanonical> {
    let len = from.array()?;
    let kind = FactorKind::of(from.unsigned()?);
    let numbers = match (kind, len) {
        (FactorKind::Password, 5) => 3,
        (FactorKind::Recovery | FactorKind::KeyFile, 2) => 0,
        _ => return Err(NotCanonical),
    };
    let mut to = Writer::new();
    to.array(len).unsigned(kind.number());
    for _ in 0..numbers {
        to.unsigned(from.unsigned32()?.into());
    }
    to.bytes(&from.bytes_array::<16>()?);
    Ok((kind, FactorParameters::new(to.into_bytes()).ok_or(NotCanonical)?))
}

#[cfg(test)]
mod tests;
