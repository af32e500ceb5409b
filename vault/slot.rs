//! Slots: the vault key, sealed once for every combination of factors that may open the vault (unlock.md).
//!
//! ```text
//! row    = length of header (2 bytes) || header || sealed || first 8 bytes of SHA-256 over all that
//! header = CBOR [1, vault id, slot id, epoch, generation, salt, [factor parameters...]]
//! KEK    = HKDF-SHA256(salt, CBOR [F_a, F_b...], info = header)
//! sealed = XChaCha20-Poly1305(KEK, 32 zero bytes || VK, AAD = header)
//! ```
//! Unwrapping is the check: nothing else is stored that could be tested against. The zero bytes make the sealing committing, so that one
//! row cannot be built to open under many passwords at once. The checksum tells bit rot from a wrong password; it protects from nobody.

use crate::error::FactorError;
use crate::factor::{FactorKind, FactorParameters, Factors, KdfCost};
use crate::seal;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::Zeroizing;

/// One slot: a combination of factors that opens the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotInfo {
    /// Its name.
    pub id: SlotId,
    /// The kinds of factor it takes, all of them together.
    pub factors: Vec<FactorKind>,
    /// Counts the rewrites of this slot.
    pub epoch: u64,
}

/// Names a slot.
pub type SlotId = [u8; 8];

/// More slots than this are refused: each one costs a thief nothing and the owner a key derivation.
pub(crate) const MAX_SLOTS: usize = 16;

const MAX_FACTORS: usize = 4;
const CHECKSUM: usize = 8;
const ZEROES: [u8; 32] = [0; 32];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Slot {
    pub(crate) vault: [u8; 16],
    pub(crate) id: SlotId,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    salt: [u8; 32],
    factors: Vec<FactorParameters>,
    sealed: Vec<u8>,
}

/// The purpose that a slot is written for.
pub(crate) struct Place {
    pub(crate) vault: [u8; 16],
    pub(crate) id: SlotId,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
}

/// Why a slot gave no key.
pub(crate) enum NotOpened {
    WrongSecret,
    Factor(FactorError),
}

impl Slot {
    /// Seals `vk` for these factors.
    pub(crate) fn seal(
        place: &Place,
        factors: &Factors<'_>,
        cost: KdfCost,
        vk: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, FactorError> {
        let mut salt = [0; 32];
        rand_core::Rng::fill_bytes(rng, &mut salt);
        let parameters = factors.iter().map(|factor| factor.enroll(cost, rng)).collect::<Result<_, _>>()?;
        let Place { vault, id, epoch, generation } = *place;
        let mut slot = Self { vault, id, epoch, generation, salt, factors: parameters, sealed: Vec::new() };
        let kek = slot.kek(factors)?;
        let mut plaintext = Zeroizing::new(Vec::with_capacity(ZEROES.len() + vk.len()));
        plaintext.extend_from_slice(&ZEROES);
        plaintext.extend_from_slice(vk);
        slot.sealed = seal::seal(&kek, &slot.header(), &plaintext, rng);
        Ok(slot)
    }

    /// Unwraps the vault key into `vk`.
    pub(crate) fn open(&self, factors: &Factors<'_>, vk: &mut [u8]) -> Result<(), NotOpened> {
        let opened =
            |factors: &Factors<'_>| -> Result<_, FactorError> { Ok(seal::open(&*self.kek(factors)?, &self.header(), &self.sealed)) };
        let plaintext = match (opened(factors).map_err(NotOpened::Factor)?, factors.older()) {
            (Some(plaintext), _) => plaintext,
            (None, Some(older)) => opened(&older).map_err(NotOpened::Factor)?.ok_or(NotOpened::WrongSecret)?,
            (None, None) => return Err(NotOpened::WrongSecret),
        };
        let (zeroes, held) = plaintext.split_at_checked(ZEROES.len()).ok_or(NotOpened::WrongSecret)?;
        if !bool::from(zeroes.ct_eq(&ZEROES)) || held.len() != vk.len() {
            return Err(NotOpened::WrongSecret);
        }
        vk.copy_from_slice(held);
        Ok(())
    }

    fn kek(&self, factors: &Factors<'_>) -> Result<Zeroizing<[u8; 32]>, FactorError> {
        // Room for every factor from the start: growing would leave copies behind.
        let mut input = Zeroizing::new(Vec::with_capacity(8 + self.factors.len() * 34));
        let mut head = Writer::new();
        head.array(self.factors.len());
        input.extend_from_slice(&head.into_bytes());
        for parameters in &self.factors {
            let factor = factors.find(parameters.kind()).ok_or(FactorError::Parameters)?;
            let mut derived = Zeroizing::new([0; 32]);
            factor.derive(parameters, &mut derived)?;
            input.extend_from_slice(&[0x58, 32]); // CBOR: byte string of 32
            input.extend_from_slice(&derived[..]);
        }
        let mut kek = Zeroizing::new([0; 32]);
        seal::derive(&self.salt, &input, &self.header(), &mut kek);
        Ok(kek)
    }

    pub(crate) fn info(&self) -> SlotInfo {
        SlotInfo { id: self.id, factors: self.factors.iter().map(FactorParameters::kind).collect(), epoch: self.epoch }
    }

    /// Returns every field: all of it is authenticated by the sealing.
    fn header(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(7).unsigned(1).bytes(&self.vault).bytes(&self.id).unsigned(self.epoch).unsigned(self.generation).bytes(&self.salt);
        to.array(self.factors.len());
        self.factors.iter().for_each(|factor| factor.write(&mut to));
        to.into_bytes()
    }

    pub(crate) fn to_row(&self) -> Vec<u8> {
        let header = self.header();
        // A header is some 150 bytes, with four factors some 300.
        let mut row = u16::try_from(header.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        row.extend_from_slice(&header);
        row.extend_from_slice(&self.sealed);
        let sum = Sha256::digest(&row);
        row.extend_from_slice(&sum[..CHECKSUM]);
        row
    }

    /// Reads a row; `None` when it is damaged.
    pub(crate) fn from_row(row: &[u8]) -> Option<Self> {
        let (content, sum) = row.split_last_chunk::<CHECKSUM>()?;
        if Sha256::digest(content)[..CHECKSUM] != sum[..] {
            return None;
        }
        let (len, rest) = content.split_first_chunk::<2>()?;
        let (header, sealed) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
        let slot = Self { sealed: sealed.to_vec(), ..Self::from_header(header).ok()? };
        let ascending = slot.factors.is_sorted_by(|a, b| a.kind() < b.kind()) && !slot.factors.is_empty();
        ascending.then_some(slot)
    }

    fn from_header(header: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(header);
        from.array_of(7)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let (vault, id) = (from.bytes_array()?, from.bytes_array()?);
        let (epoch, generation) = (from.unsigned()?, from.unsigned()?);
        let salt = from.bytes_array()?;
        let count = from.array_up_to(MAX_FACTORS)?;
        let factors = (0..count).map(|_| FactorParameters::read(&mut from)).collect::<Result<Vec<_>, _>>()?;
        from.end().map(|()| Self { vault, id, epoch, generation, salt, factors, sealed: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecoveryCode;
    use crate::testing::TestRng;
    use proptest::prelude::*;

    fn sealed(code: &RecoveryCode) -> Slot {
        let place = Place { vault: [1; 16], id: [2; 8], epoch: 3, generation: 1 };
        Slot::seal(&place, &Factors::one(code), KdfCost::Floor, &[9; 32], &mut TestRng).expect("seals")
    }

    #[test]
    fn opens_with_its_factor_only() {
        let code = RecoveryCode::generate(&mut TestRng);
        let slot = sealed(&code);
        let mut vk = [0; 32];
        assert!(slot.open(&Factors::one(&code), &mut vk).is_ok());
        assert_eq!(vk, [9; 32]);
        let other = RecoveryCode::generate(&mut TestRng);
        assert!(matches!(slot.open(&Factors::one(&other), &mut vk), Err(NotOpened::WrongSecret)));
        assert_eq!(Slot::from_row(&slot.to_row()), Some(slot));
    }

    #[test]
    fn every_flipped_bit_is_noticed_even_with_a_mended_checksum() {
        let code = RecoveryCode::generate(&mut TestRng);
        let row = sealed(&code).to_row();
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Slot::from_row(&flipped), None, "bit {bit}");
            let content = row.len() - CHECKSUM;
            if bit / 8 < content {
                let sum = Sha256::digest(&flipped[..content]);
                flipped[content..].copy_from_slice(&sum[..CHECKSUM]);
                let opened = Slot::from_row(&flipped).is_some_and(|slot| slot.open(&Factors::one(&code), &mut [0; 32]).is_ok());
                assert!(!opened, "bit {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_row_is_answered(mut row: Vec<u8>, mend: bool) {
            if mend {
                let sum = Sha256::digest(&row);
                row.extend_from_slice(&sum[..CHECKSUM]);
            }
            let _ = Slot::from_row(&row);
        }
    }
}
