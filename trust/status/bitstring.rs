//! Bitstring Status Lists (W3C Bitstring Status List v1.0): the bits, and the credential they travel in.

use alloc::{string::String, vec, vec::Vec};
use waypass_credential::{base64url, role::MAX_ENTRY_BITS};

use super::{HARD_CAP, ListError};

mod credential;
mod gzip;

pub use credential::{BitstringList, VerifiedBitstring};
pub(crate) use credential::{LIMITS, SignedBitstring, unverified};

/// The fewest entries of a list: below, one entry says too much about its neighbours (§6.1 and §3.2 `minimumNumberOfEntries`).
pub const MIN_ENTRIES: u64 = 131_072;
/// Multibase header of base64url without padding.
const BASE64URL: char = 'u';

/// A view of a bitstring: entries of 1 to 8 bits, one after the other, the first one in the highest bits (§2.2 `encodedList`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bitstring<'a> {
    size: u8,
    bytes: &'a [u8],
}

impl<'a> Bitstring<'a> {
    /// Returns a view of `bytes` with entries of `size` bits; `None` unless 1 to 8.
    pub(crate) const fn new(size: u8, bytes: &'a [u8]) -> Option<Self> {
        if size >= 1 && size <= MAX_ENTRY_BITS { Some(Self { size, bytes }) } else { None }
    }

    /// Bits per entry.
    pub(crate) const fn size(self) -> u8 {
        self.size
    }

    /// Returns the bits.
    pub(crate) const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Returns how many entries there are.
    pub(crate) const fn len(self) -> u64 {
        self.bytes.len() as u64 * 8 / self.size as u64
    }

    /// Returns the value of an entry; `None` outside the list.
    pub(crate) fn get(self, index: u64) -> Option<u8> {
        let (byte, shift) = locate(self.size, index, self.len())?;
        let word = u16::from_be_bytes([self.bytes[byte], self.bytes.get(byte + 1).copied().unwrap_or(0)]);
        let [_, value] = (word >> shift).to_be_bytes();
        Some(value & mask(self.size))
    }

    /// Returns true if an entry is set here that `newer` has as 0, or has not.
    pub(crate) fn sets_more_than(self, newer: Self) -> bool {
        if self.size == 1 && newer.size == 1 {
            let theirs = newer.bytes.iter().copied().chain(core::iter::repeat(0));
            return self.bytes.iter().zip(theirs).any(|(ours, theirs)| ours & !theirs != 0);
        }
        (0..self.len()).any(|index| self.get(index) != Some(0) && newer.get(index).unwrap_or(0) == 0)
    }
}

/// Returns the byte an entry begins in, and how far it lies from the low end of that byte and the next.
fn locate(size: u8, index: u64, len: u64) -> Option<(usize, u16)> {
    if index >= len {
        return None;
    }
    let bit = index * u64::from(size);
    Some((usize::try_from(bit / 8).ok()?, 16 - u16::from(size) - (bit % 8) as u16))
}

const fn mask(size: u8) -> u8 {
    0xff >> (8 - size)
}

/// A bitstring in the making.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BitstringBuf {
    size: u8,
    bytes: Vec<u8>,
}

impl BitstringBuf {
    /// `entries` zeros of `size` bits, rounded up to whole bytes; `None` unless `size` is 1 to 8 and the list can be published.
    pub fn new(size: u8, entries: u64) -> Option<Self> {
        let bytes = bytes_for(size, entries).filter(|bytes| *bytes <= HARD_CAP)?;
        let publishable = (1..=MAX_ENTRY_BITS).contains(&size) && entries >= MIN_ENTRIES;
        publishable.then(|| Self { size, bytes: vec![0; bytes] })
    }

    /// Sets an entry. `None`, and nothing changed, outside the list or where `value` has more bits than an entry.
    #[must_use]
    pub fn set(&mut self, index: u64, value: u8) -> Option<()> {
        if value & !mask(self.size) != 0 {
            return None;
        }
        let (byte, shift) = locate(self.size, index, self.as_bitstring().len())?;
        for (at, (clear, set)) in
            (u16::from(mask(self.size)) << shift).to_be_bytes().into_iter().zip((u16::from(value) << shift).to_be_bytes()).enumerate()
        {
            if let Some(place) = self.bytes.get_mut(byte + at) {
                *place = *place & !clear | set;
            }
        }
        Some(())
    }

    /// Returns the value of an entry; `None` outside the list.
    pub fn get(&self, index: u64) -> Option<u8> {
        self.as_bitstring().get(index)
    }

    /// Returns the view that reads it.
    pub(crate) fn as_bitstring(&self) -> Bitstring<'_> {
        Bitstring { size: self.size, bytes: &self.bytes }
    }
}

/// Returns the bytes that `entries` entries of `size` bits take, rounded up.
pub(crate) fn bytes_for(size: u8, entries: u64) -> Option<usize> {
    usize::try_from(entries.checked_mul(size.into())?.div_ceil(8)).ok()
}

/// Returns the `encodedList` of a bitstring (§3.3): multibase, base64url, GZIP.
pub(crate) fn encode(list: Bitstring<'_>) -> String {
    let mut text = String::from(BASE64URL);
    base64url::encode_into(&gzip::compress(list.as_bytes()), &mut text);
    text
}

/// Returns the bits of an `encodedList` (§3.4), which may inflate to `max_bytes` and never above [`HARD_CAP`]; nothing larger is ever
/// allocated (threats.md A11).
pub(crate) fn decode(encoded: &str, max_bytes: usize) -> Result<Vec<u8>, ListError> {
    let compressed = encoded.strip_prefix(BASE64URL).ok_or(ListError::Malformed)?;
    let compressed = base64url::decode(compressed).map_err(|_| ListError::Malformed)?;
    gzip::decompress(&compressed, max_bytes.min(HARD_CAP))
}

#[cfg(test)]
mod tests;
