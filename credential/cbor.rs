//! CBOR as untrusted bytes (RFC 8949), in the one deterministic encoding there is of a value (§4.2.1): shortest heads, definite
//! lengths, map keys in order and each once. Everything else is refused, so that nobody can write the same thing twice.

use alloc::vec::Vec;

/// Bytes that are not CBOR, or not in deterministic encoding, or another type than expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotCbor;

/// Deepest nesting of arrays, maps and tags in what is skipped; COSE headers need four.
const MAX_DEPTH: usize = 8;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// Reads one data item after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Nothing may follow.
    pub(crate) const fn end(self) -> Result<(), NotCbor> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotCbor) }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], NotCbor> {
        let len = self.expect(BYTES)?;
        self.take(len)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, NotCbor> {
        let len = self.expect(TEXT)?;
        core::str::from_utf8(self.take(len)?).map_err(|_| NotCbor)
    }

    pub(crate) fn int(&mut self) -> Result<i64, NotCbor> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).map_err(|_| NotCbor)?;
        match major {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(-1 - value),
            _ => Err(NotCbor),
        }
    }

    /// The number of items that follow.
    pub(crate) fn array(&mut self) -> Result<u64, NotCbor> {
        self.expect(ARRAY)
    }

    pub(crate) fn tag(&mut self) -> Result<u64, NotCbor> {
        self.expect(TAG)
    }

    /// Gives `visit` each key of a map, as a reader, and a reader that stands before its value. What `visit` does not read is
    /// checked all the same.
    pub(crate) fn map<E: From<NotCbor>>(&mut self, mut visit: impl FnMut(Reader<'a>, Reader<'a>) -> Result<(), E>) -> Result<(), E> {
        let pairs = self.expect(MAP)?;
        let mut last: &[u8] = &[];
        for pair in 0..pairs {
            let key = self.skip(MAX_DEPTH)?;
            // §4.2.1: in the bytewise order of their encodings.
            if pair > 0 && key <= last {
                return Err(NotCbor.into());
            }
            last = key;
            let value = self.skip(MAX_DEPTH)?;
            visit(Reader::new(key), Reader::new(value))?;
        }
        Ok(())
    }

    /// Whether the next item is a text.
    pub(crate) fn is_text(&self) -> bool {
        self.rest.first().is_some_and(|first| first >> 5 == TEXT)
    }

    /// Passes one item and all within it; gives its bytes.
    fn skip(&mut self, depth: usize) -> Result<&'a [u8], NotCbor> {
        let start = self.rest;
        let deeper = depth.checked_sub(1).ok_or(NotCbor)?;
        match self.head()? {
            // Of the simple values false, true, null and undefined; floats have no place in what we read.
            (UNSIGNED | NEGATIVE, _) | (SIMPLE, 20..=23) => {}
            (BYTES, len) => {
                self.take(len)?;
            }
            (TEXT, len) => {
                core::str::from_utf8(self.take(len)?).map_err(|_| NotCbor)?;
            }
            (ARRAY, items) => {
                for _ in 0..items {
                    self.skip(deeper)?;
                }
            }
            (MAP, pairs) => {
                let mut last: &[u8] = &[];
                for pair in 0..pairs {
                    let key = self.skip(deeper)?;
                    if pair > 0 && key <= last {
                        return Err(NotCbor);
                    }
                    last = key;
                    self.skip(deeper)?;
                }
            }
            (TAG, _) => {
                self.skip(deeper)?;
            }
            _ => return Err(NotCbor),
        }
        Ok(&start[..start.len() - self.rest.len()])
    }

    fn expect(&mut self, expected: u8) -> Result<u64, NotCbor> {
        match self.head()? {
            (major, value) if major == expected => Ok(value),
            _ => Err(NotCbor),
        }
    }

    /// Major type and argument (§3), in the shortest form.
    fn head(&mut self) -> Result<(u8, u64), NotCbor> {
        let (first, rest) = self.rest.split_first().ok_or(NotCbor)?;
        let (major, short) = (first >> 5, first & 31);
        let extra = match short {
            0..=23 => {
                self.rest = rest;
                return Ok((major, short.into()));
            }
            24..=27 => 1_usize << (short - 24),
            _ => return Err(NotCbor),
        };
        let (argument, rest) = rest.split_at_checked(extra).ok_or(NotCbor)?;
        let value = argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let least = if extra == 1 { 24 } else { 1 << (extra * 4) };
        if major == SIMPLE || value < least {
            return Err(NotCbor);
        }
        self.rest = rest;
        Ok((major, value))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], NotCbor> {
        let len = usize::try_from(len).map_err(|_| NotCbor)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(NotCbor)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Writes what [`Reader`] reads; whoever writes a map keeps its keys in order.
#[derive(Clone, Default, Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 { self.head(NEGATIVE, value.unsigned_abs() - 1) } else { self.head(UNSIGNED, value.unsigned_abs()) }
    }

    pub(crate) fn array(&mut self, items: u64) -> &mut Self {
        self.head(ARRAY, items)
    }

    pub(crate) fn map(&mut self, pairs: u64) -> &mut Self {
        self.head(MAP, pairs)
    }

    pub(crate) fn tag(&mut self, tag: u64) -> &mut Self {
        self.head(TAG, tag)
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let (short, from) = match value {
            0..=23 => (bytes[7], 8),
            24..=0xff => (24, 7),
            0x100..=0xffff => (25, 6),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 0),
        };
        self.0.push(major << 5 | short);
        self.0.extend_from_slice(&bytes[from..]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{NotCbor, Reader, Writer};
    use alloc::{vec, vec::Vec};
    use proptest::prelude::*;

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
        fn what_is_written_is_read(int: i64, text: alloc::string::String, bytes: Vec<u8>, tag: u64) {
            let mut writer = Writer::default();
            writer.array(4).int(int).text(&text).bytes(&bytes).tag(tag).map(1).int(1).int(2);
            let encoded = writer.into_bytes();
            let mut reader = Reader::new(&encoded);
            prop_assert_eq!(reader.array(), Ok(4));
            prop_assert_eq!(reader.int(), Ok(int));
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            prop_assert_eq!(reader.bytes(), Ok(bytes.as_slice()));
            prop_assert_eq!(reader.tag(), Ok(tag));
            let mut seen = Vec::new();
            let read = reader.map(|mut key, mut value| {
                seen.push((key.int()?, value.int()?));
                Ok::<(), NotCbor>(())
            });
            prop_assert_eq!((read, seen), (Ok(()), vec![(1, 2)]));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = skips(&bytes);
            let mut reader = Reader::new(&bytes);
            let _ = reader.map(|_, _| Ok::<(), NotCbor>(()));
        }
    }
}
