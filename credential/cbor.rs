//! Deterministic CBOR (RFC 8949 §4.2.1): one spelling for each value, for what this workspace stores and hashes and for COSE.
//!
//! Only the types our records and COSE headers need. The reader refuses longer integer forms, indefinite lengths, keys out of order and
//! trailing bytes, so that whatever it accepts is byte for byte what the writer would write. An `Item` is a tree of items of others,
//! whose keys may come in any order.

mod item;

pub(crate) use item::{Item, Label, Map};

use alloc::{string::String, vec::Vec};
use core::fmt;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;

/// Deepest nesting of arrays, maps and tags in what is passed over; COSE headers need four.
const MAX_DEPTH: usize = 8;

/// Writes items one after the other; it cannot fail.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

/// The bytes are not the deterministic encoding of what was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotCanonical;

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the deterministic CBOR expected here")
    }
}

impl core::error::Error for NotCanonical {}

impl Writer {
    /// Returns a writer without content.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns a writer without content, with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Returns the bytes that were written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let (extra, from) = match value {
            0..=23 => {
                self.0.push(major << 5 | bytes[7]);
                return self;
            }
            24..=0xff => (24, 7),
            0x100..=0xffff => (25, 6),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 0),
        };
        self.0.push(major << 5 | extra);
        self.0.extend_from_slice(&bytes[from..]);
        self
    }

    /// Writes an unsigned integer.
    pub fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(UNSIGNED, value)
    }

    /// Writes a signed integer.
    pub fn signed(&mut self, value: i64) -> &mut Self {
        if value < 0 { self.head(NEGATIVE, !value.cast_unsigned()) } else { self.head(UNSIGNED, value.cast_unsigned()) }
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(BYTES, value.len() as u64).0.extend_from_slice(value);
        self
    }

    /// Writes a text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(TEXT, value.len() as u64).0.extend_from_slice(value.as_bytes());
        self
    }

    /// Writes the head of an array of `len` items, which the caller writes next.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.head(ARRAY, len as u64)
    }

    /// Writes the head of a map of `len` entries, whose keys the caller writes in ascending order.
    pub fn map(&mut self, len: usize) -> &mut Self {
        self.head(MAP, len as u64)
    }

    /// Writes a tag, for the item that the caller writes next.
    pub(crate) fn tag(&mut self, tag: u64) -> &mut Self {
        self.head(TAG, tag)
    }

    /// Writes an item that is encoded already.
    pub(crate) fn encoded(&mut self, item: &[u8]) {
        self.0.extend_from_slice(item);
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.0.push(if value { TRUE } else { FALSE });
        self
    }

    /// `null`, or the item that `write` writes.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            None => self.0.push(NULL),
            Some(value) => write(self, value),
        }
        self
    }
}

/// Reads items one after the other; nothing is allocated from a claimed length.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns what is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Checks that nothing is left.
    pub const fn end(&self) -> Result<(), NotCanonical> {
        if self.0.is_empty() { Ok(()) } else { Err(NotCanonical) }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], NotCanonical> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(NotCanonical)?;
        self.0 = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<(u8, u64), NotCanonical> {
        let first = self.take(1)?[0];
        let (len, least) = match first & 0x1f {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(NotCanonical),
        };
        let value = self.take(len)?.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        if value < least { Err(NotCanonical) } else { Ok((first >> 5, value)) }
    }

    fn expect(&mut self, major: u8) -> Result<u64, NotCanonical> {
        let (found, value) = self.head()?;
        if found == major { Ok(value) } else { Err(NotCanonical) }
    }

    fn expect_len(&mut self, major: u8) -> Result<usize, NotCanonical> {
        usize::try_from(self.expect(major)?).map_err(|_| NotCanonical)
    }

    /// Reads an unsigned integer.
    pub fn unsigned(&mut self) -> Result<u64, NotCanonical> {
        self.expect(UNSIGNED)
    }

    /// Reads an unsigned integer of 32 bits.
    pub fn unsigned32(&mut self) -> Result<u32, NotCanonical> {
        self.unsigned()?.try_into().map_err(|_| NotCanonical)
    }

    /// Reads a signed integer.
    pub fn signed(&mut self) -> Result<i64, NotCanonical> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).map_err(|_| NotCanonical)?;
        match major {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(!value),
            _ => Err(NotCanonical),
        }
    }

    /// Reads a byte string.
    pub fn bytes(&mut self) -> Result<&'a [u8], NotCanonical> {
        let len = self.expect_len(BYTES)?;
        self.take(len)
    }

    /// Reads a byte string of exactly `N` bytes.
    pub fn bytes_array<const N: usize>(&mut self) -> Result<[u8; N], NotCanonical> {
        self.bytes()?.try_into().map_err(|_| NotCanonical)
    }

    /// Reads a text string.
    pub fn text(&mut self) -> Result<&'a str, NotCanonical> {
        let len = self.expect_len(TEXT)?;
        core::str::from_utf8(self.take(len)?).map_err(|_| NotCanonical)
    }

    /// Reads a text string of at most `max` bytes, owned.
    pub fn string(&mut self, max: usize) -> Result<String, NotCanonical> {
        let text = self.text()?;
        if text.len() <= max { Ok(text.into()) } else { Err(NotCanonical) }
    }

    /// Reads the head of an array; its items come next.
    pub fn array(&mut self) -> Result<usize, NotCanonical> {
        self.expect_len(ARRAY)
    }

    /// Reads the head of an array that must have `len` items.
    pub fn array_of(&mut self, len: usize) -> Result<(), NotCanonical> {
        if self.array()? == len { Ok(()) } else { Err(NotCanonical) }
    }

    /// Reads the head of an array that may have `most` items at most, so that a claimed length bounds the work.
    pub fn array_up_to(&mut self, most: usize) -> Result<usize, NotCanonical> {
        self.array().and_then(|len| if len <= most { Ok(len) } else { Err(NotCanonical) })
    }

    /// Reads the head of a map that must have `len` entries.
    pub fn map_of(&mut self, len: usize) -> Result<(), NotCanonical> {
        if self.expect_len(MAP)? == len { Ok(()) } else { Err(NotCanonical) }
    }

    /// Gives `visit` each key of a map, as a reader, and a reader at its value. The parts that `visit` does not read
    /// are checked all the same.
    #[cfg(test)]
    pub(crate) fn map<E: From<NotCanonical>>(&mut self, visit: impl FnMut(Self, Self) -> Result<(), E>) -> Result<(), E> {
        self.entries(MAX_DEPTH, visit)
    }

    /// Like `Self::map`, for a map of a format that lets its keys come in any order. Each must still be there only once, and what is
    /// within its values must be canonical.
    pub(crate) fn unordered_map<E: From<NotCanonical>>(
        &mut self,
        max_entries: usize,
        mut visit: impl FnMut(Self, Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let entries = self.expect_len(MAP)?;
        if entries > max_entries {
            return Err(NotCanonical.into());
        }
        let mut seen: Vec<&[u8]> = Vec::with_capacity(entries);
        for _ in 0..entries {
            let key = self.skip(MAX_DEPTH)?;
            if seen.contains(&key) {
                return Err(NotCanonical.into());
            }
            seen.push(key);
            visit(Self(key), Self(self.skip(MAX_DEPTH)?))?;
        }
        Ok(())
    }

    /// Returns true if the next item is a tag.
    pub(crate) fn is_tag(&self) -> bool {
        self.0.first().is_some_and(|first| first >> 5 == TAG)
    }

    /// Reads a tag; its item comes next.
    pub(crate) fn tag(&mut self) -> Result<u64, NotCanonical> {
        self.expect(TAG)
    }

    /// Returns true if the next item is a text.
    pub(crate) fn is_text(&self) -> bool {
        self.0.first().is_some_and(|first| first >> 5 == TEXT)
    }

    /// Reads the entries of a map, its keys in the bytewise order of their encodings and each once (§4.2.1).
    fn entries<E: From<NotCanonical>>(&mut self, depth: usize, mut visit: impl FnMut(Self, Self) -> Result<(), E>) -> Result<(), E> {
        let mut last: &[u8] = &[];
        for entry in 0..self.expect(MAP)? {
            let key = self.skip(depth)?;
            if entry > 0 && key <= last {
                return Err(NotCanonical.into());
            }
            last = key;
            visit(Self(key), Self(self.skip(depth)?))?;
        }
        Ok(())
    }

    /// Passes one item and all within it; returns its bytes.
    fn skip(&mut self, depth: usize) -> Result<&'a [u8], NotCanonical> {
        let start = self.0;
        let deeper = depth.checked_sub(1).ok_or(NotCanonical)?;
        if start.first().is_some_and(|first| first >> 5 == MAP) {
            self.entries(deeper, |_, _| Ok::<(), NotCanonical>(()))?;
            return Ok(&start[..start.len() - self.0.len()]);
        }
        match self.head()? {
            // Of the simple values false, true, null and undefined; floats have no place in what we read.
            (UNSIGNED | NEGATIVE, _) | (SIMPLE, 20..=23) => {}
            (BYTES, len) => {
                self.take(usize::try_from(len).map_err(|_| NotCanonical)?)?;
            }
            (TEXT, len) => {
                let text = self.take(usize::try_from(len).map_err(|_| NotCanonical)?)?;
                core::str::from_utf8(text).map_err(|_| NotCanonical)?;
            }
            (ARRAY, items) => {
                for _ in 0..items {
                    self.skip(deeper)?;
                }
            }
            (TAG, _) => {
                self.skip(deeper)?;
            }
            _ => return Err(NotCanonical),
        }
        Ok(&start[..start.len() - self.0.len()])
    }

    /// `true` or `false`.
    pub fn bool(&mut self) -> Result<bool, NotCanonical> {
        match self.take(1)?[0] {
            FALSE => Ok(false),
            TRUE => Ok(true),
            _ => Err(NotCanonical),
        }
    }

    /// `null`, or the item that `read` reads.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, NotCanonical>) -> Result<Option<T>, NotCanonical> {
        if self.0.first() == Some(&NULL) {
            self.take(1)?;
            return Ok(None);
        }
        read(self).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotCanonical, Reader, Writer};
    use alloc::{string::String, vec, vec::Vec};
    use proptest::prelude::*;

    #[test]
    fn longer_spellings_are_refused() {
        // RFC 8949 §4.2.1: 23 as one byte only, 255 as two only; indefinite lengths not at all.
        for bad in [&[0x18, 23][..], &[0x19, 0, 255], &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &[0x1f], &[]] {
            assert_eq!(Reader::new(bad).unsigned(), Err(NotCanonical), "{bad:x?}");
        }
        assert_eq!(Reader::new(&[0x5f, 0xff]).bytes(), Err(NotCanonical));
        assert_eq!(Reader::new(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).bytes(), Err(NotCanonical));
    }

    #[test]
    fn an_array_longer_than_allowed_is_refused_before_its_items_are_read() {
        assert_eq!(Reader::new(&[0x82, 1, 2]).array_up_to(2), Ok(2));
        assert_eq!(Reader::new(&[0x83, 1, 2, 3]).array_up_to(2), Err(NotCanonical));
        assert_eq!(Reader::new(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).array_up_to(1 << 16), Err(NotCanonical));
    }

    fn skips(bytes: &[u8]) -> bool {
        let mut reader = Reader::new(bytes);
        reader.skip(super::MAX_DEPTH).is_ok() && reader.end().is_ok()
    }

    #[test]
    fn only_the_deterministic_encoding_is_read() {
        // RFC 8949 appendix A, and second spellings of the same values.
        for good in [
            &[0x17][..],
            &[0x18, 0x18],
            &[0x19, 1, 0],
            &[0x39, 3, 0xe7],
            &[0xf6],
            &[0x82, 1, 2],
            &[0xa2, 1, 2, 3, 4],
            &[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0],
            &[0x62, 0xc3, 0xbc],
        ] {
            assert!(skips(good), "{good:x?}");
        }
        for bad in [
            &[0x18, 0x17][..],
            &[0x19, 0, 0xff],
            &[0x1a, 0, 0, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            &[0x9f, 1, 0xff],
            &[0x5f, 0x41, 1, 0xff],
            &[0xa2, 3, 4, 1, 2],
            &[0xa2, 1, 2, 1, 2],
            &[0xf9, 0x3c, 0],
            &[0xf8, 0x20],
            &[0xe0],
            &[0x62, 0xff, 0xff],
            &[0x43, 1],
            &[0x82, 1],
            &[0x1c],
            &[],
            &[1, 1],
        ] {
            assert!(!skips(bad), "{bad:x?}");
        }
        let mut deep = vec![0x81; super::MAX_DEPTH];
        assert!(skips(&[&deep[1..], &[1]].concat()));
        deep.push(1);
        assert!(!skips(&deep));
        assert!(!skips(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "no room is made for what is announced");
    }

    proptest! {
        #[test]
        fn items_round_trip(unsigned: u64, signed: i64, bytes: Vec<u8>, text: String, flag: bool, maybe: Option<u64>) {
            let mut writer = Writer::new();
            writer.array(6).unsigned(unsigned).signed(signed).bytes(&bytes).text(&text).bool(flag).option(maybe, |w, n| {
                w.unsigned(n);
            });
            let written = writer.into_bytes();
            let mut reader = Reader::new(&written);
            reader.array_of(6)?;
            prop_assert_eq!(reader.unsigned()?, unsigned);
            prop_assert_eq!(reader.signed()?, signed);
            prop_assert_eq!(reader.bytes()?, &bytes[..]);
            prop_assert_eq!(reader.text()?, &text);
            prop_assert_eq!(reader.bool()?, flag);
            prop_assert_eq!(reader.option(Reader::unsigned)?, maybe);
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn an_integer_has_one_spelling(bytes in proptest::collection::vec(any::<u8>(), 0..10)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.signed() && reader.end().is_ok() {
                let mut writer = Writer::new();
                writer.signed(value);
                prop_assert_eq!(writer.into_bytes(), bytes);
            }
        }

        #[test]
        fn what_is_written_is_read(int: i64, text: alloc::string::String, bytes: Vec<u8>, tag: u64) {
            let mut writer = Writer::default();
            writer.array(4).signed(int).text(&text).bytes(&bytes).tag(tag).map(1).signed(1).signed(2);
            let encoded = writer.into_bytes();
            let mut reader = Reader::new(&encoded);
            prop_assert_eq!(reader.array(), Ok(4));
            prop_assert_eq!(reader.signed(), Ok(int));
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            prop_assert_eq!(reader.bytes(), Ok(bytes.as_slice()));
            prop_assert_eq!(reader.tag(), Ok(tag));
            let mut seen = Vec::new();
            let read = reader.map(|mut key, mut value| {
                seen.push((key.signed()?, value.signed()?));
                Ok::<(), NotCanonical>(())
            });
            prop_assert_eq!((read, seen), (Ok(()), vec![(1, 2)]));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = skips(&bytes);
            let mut reader = Reader::new(&bytes);
            let _ = reader.map(|_, _| Ok::<(), NotCanonical>(()));
        }
    }
}
