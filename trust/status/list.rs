//! The bitmap: entries of 1, 2, 4 or 8 bits, least significant bits first (draft-ietf-oauth-status-list §4).

use alloc::{vec, vec::Vec};

/// Bits per entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bits {
    /// Two values.
    One,
    /// Four values.
    Two,
    /// Sixteen values.
    Four,
    /// 256 values.
    Eight,
}

impl Bits {
    /// From the number of bits.
    pub(crate) const fn new(bits: u8) -> Option<Self> {
        match bits {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// Returns the number of bits.
    pub(crate) const fn get(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Returns the entries in one byte.
    const fn per_byte(self) -> u64 {
        8 / self.get() as u64
    }

    const fn mask(self) -> u8 {
        0xff >> (8 - self.get())
    }

    /// Returns one bit set for every entry of `byte` that is 1, at the entry's lowest position.
    pub(crate) const fn mask_of_ones(self, byte: u8) -> u8 {
        let mut found = 0;
        let mut shift = 0;
        while shift < 8 {
            if byte >> shift & self.mask() == 1 {
                found |= 1 << shift;
            }
            shift += self.get();
        }
        found
    }

    /// Returns the bytes that `entries` entries take, rounded up.
    pub(crate) const fn bytes_for(self, entries: u64) -> u64 {
        entries.div_ceil(self.per_byte())
    }

    /// Byte and shift of an entry.
    const fn locate(self, index: u64) -> (u64, u64) {
        (index / self.per_byte(), index % self.per_byte() * self.get() as u64)
    }
}

/// A view of a bitmap, wherever its bytes are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusList<'a> {
    bits: Bits,
    bytes: &'a [u8],
}

impl<'a> StatusList<'a> {
    /// Returns a view of `bytes`.
    pub(crate) const fn new(bits: Bits, bytes: &'a [u8]) -> Self {
        Self { bits, bytes }
    }

    /// Bits per entry.
    pub(crate) const fn bits(self) -> Bits {
        self.bits
    }

    /// Returns the bitmap.
    pub(crate) const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Returns how many entries there are.
    pub(crate) const fn len(self) -> u64 {
        self.bytes.len() as u64 * self.bits.per_byte()
    }

    /// Returns the value of an entry; `None` outside the list.
    pub(crate) fn get(self, index: u64) -> Option<u8> {
        let (byte, shift) = self.bits.locate(index);
        let byte = self.bytes.get(usize::try_from(byte).ok()?)?;
        Some(byte >> shift & self.bits.mask())
    }
}

/// A bitmap that is being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusListBuf {
    bits: Bits,
    bytes: Vec<u8>,
}

impl StatusListBuf {
    /// Returns a list of `entries` zeros, rounded up to whole bytes.
    pub fn new(bits: Bits, entries: u64) -> Self {
        let bytes = usize::try_from(bits.bytes_for(entries)).unwrap_or(usize::MAX);
        Self { bits, bytes: vec![0; bytes] }
    }

    /// Sets an entry. `None`, and nothing changed, outside the list or where `value` has more bits than an entry.
    #[must_use]
    pub fn set(&mut self, index: u64, value: u8) -> Option<()> {
        if value & !self.bits.mask() != 0 {
            return None;
        }
        let (byte, shift) = self.bits.locate(index);
        let byte = self.bytes.get_mut(usize::try_from(byte).ok()?)?;
        *byte = *byte & !(self.bits.mask() << shift) | value << shift;
        Some(())
    }

    /// Returns the view that reads it.
    pub(crate) fn as_list(&self) -> StatusList<'_> {
        StatusList::new(self.bits, &self.bytes)
    }
}
