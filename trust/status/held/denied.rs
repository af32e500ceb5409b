//! Which entries of a list deny, and which of them are new.

use super::{Content, HeldList, INVALID, SUSPENDED};
use alloc::vec::Vec;
use waypass_credential::role::StatusPurpose;

/// The entries that a list revokes or suspends: one bit each, the first entry in the lowest bit.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Denied(Vec<u8>);

impl Denied {
    /// Takes a bitmap that [`Self::as_bytes`] gave.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bitmap.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the entries that are denied here and are not in `before`, in order. Compares whole bytes, so that its cost grows with the
    /// entries that differ.
    pub fn not_in<'d>(&'d self, before: &'d Self) -> impl Iterator<Item = u64> + 'd {
        let earlier = before.0.iter().copied().chain(core::iter::repeat(0));
        let bytes = (0_u64..).zip(self.0.iter().zip(earlier));
        bytes
            .map(|(at, (now, then))| (at, now & !then))
            .filter(|(_, new)| *new != 0)
            .flat_map(|(at, new)| (0..8).filter(move |bit| new >> bit & 1 == 1).map(move |bit| at * 8 + bit))
    }

    /// Returns true if the entry is denied.
    pub fn contains(&self, index: u64) -> bool {
        let byte = usize::try_from(index / 8).ok().and_then(|byte| self.0.get(byte));
        byte.is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    /// Returns the entries that are denied here or there.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(byte, more)| *byte |= more);
        self
    }

    fn set(&mut self, index: u64) {
        let Ok(byte) = usize::try_from(index / 8) else { return };
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        self.0[byte] |= 1 << (index % 8);
    }
}

impl HeldList {
    /// Adds the entries that this list denies, or only those that it revokes.
    pub(in crate::status) fn deny(&self, only_revoked: bool, to: &mut Denied) {
        match &self.content {
            Content::Token(verified) => {
                let list = verified.list();
                let per_byte = list.len() / list.as_bytes().len().max(1) as u64;
                // Most bytes of a list are zero.
                for at in (0_u64..).zip(list.as_bytes()).filter(|(_, byte)| **byte != 0).map(|(at, _)| at) {
                    for index in at * per_byte..(at + 1) * per_byte {
                        match list.get(index) {
                            Some(INVALID) => to.set(index),
                            Some(SUSPENDED) if !only_revoked => to.set(index),
                            _ => {}
                        }
                    }
                }
            }
            Content::Bitstring(verified) => {
                let has = |purpose| verified.list.purposes.contains(&purpose);
                if !has(StatusPurpose::Revocation) && (only_revoked || !has(StatusPurpose::Suspension)) {
                    return;
                }
                let bits = verified.bitstring();
                let size = u64::from(bits.size());
                for at in (0_u64..).zip(bits.as_bytes()).filter(|(_, byte)| **byte != 0).map(|(at, _)| at) {
                    // Every entry that has a bit in this byte; one that reaches over two bytes may be met twice.
                    for index in at * 8 / size..=(at * 8 + 7) / size {
                        if bits.get(index).is_some_and(|value| value != 0) {
                            to.set(index);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Denied;
    use alloc::{vec, vec::Vec};

    #[test]
    fn only_what_is_new_is_named() {
        let mut now = Denied::default();
        for index in [0, 7, 8, 1000] {
            now.set(index);
        }
        let before = Denied::from_bytes(vec![0b1000_0000]);
        assert_eq!(now.not_in(&before).collect::<Vec<_>>(), [0, 8, 1000]);
        assert_eq!(before.not_in(&now).count(), 0);
        assert_eq!(now.not_in(&Denied::default()).count(), 4);
    }
}
