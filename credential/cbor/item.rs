//! Items as a tree, for claims of others: definite lengths and shortest forms, with the keys of a map in any order.
//!
//! There are no floats: a reader could take a rounded one for another claim, and nothing that we read needs them.

use super::{ARRAY, BYTES, FALSE, MAP, NEGATIVE, NULL, NotCanonical, Reader, SIMPLE, TAG, TEXT, TRUE, UNSIGNED, Writer};
use alloc::{borrow::Cow, boxed::Box, vec::Vec};

/// One item with all that is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Item<'a> {
    Integer(i64),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    Array(Vec<Item<'a>>),
    Map(Map<'a>),
    Tag(u64, Box<Item<'a>>),
    Bool(bool),
    Null,
}

/// A key of a map.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Label<'a> {
    Integer(i64),
    Text(Cow<'a, str>),
    /// A simple value above 31.
    Simple(u8),
}

/// The entries of a map, each key once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Map<'a>(pub(crate) Vec<(Label<'a>, Item<'a>)>);

impl<'a> Map<'a> {
    /// Returns the value at an integer.
    pub(crate) fn at(&self, label: i64) -> Option<&Item<'a>> {
        self.get(&Label::Integer(label))
    }

    /// Returns the value at `label`.
    pub(crate) fn get(&self, label: &Label<'_>) -> Option<&Item<'a>> {
        self.0.iter().find(|(found, _)| found == label).map(|(_, item)| item)
    }

    /// Takes the value at `label` out.
    pub(crate) fn remove(&mut self, label: &Label<'_>) -> Option<Item<'a>> {
        let at = self.0.iter().position(|(found, _)| found == label)?;
        Some(self.0.remove(at).1)
    }

    /// Reads a map that is all of `bytes`, nested at most `depth` deep.
    pub(crate) fn parse(bytes: &'a [u8], depth: usize) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        let map = Self::read(&mut from, depth)?;
        from.end()?;
        Ok(map)
    }

    /// Reads a map and all within it, nested at most `depth` deep.
    pub(crate) fn read(from: &mut Reader<'a>, depth: usize) -> Result<Self, NotCanonical> {
        let deeper = depth.checked_sub(1).ok_or(NotCanonical)?;
        let mut entries = Vec::new();
        for _ in 0..from.expect(MAP)? {
            entries.push((Label::read(from)?, Item::read(from, deeper)?));
        }
        if has_duplicate(&entries) { Err(NotCanonical) } else { Ok(Self(entries)) }
    }

    /// Writes it with its keys in the order of their encodings.
    pub(crate) fn write(&self, out: &mut Writer) {
        let mut entries: Vec<(Vec<u8>, &Item<'_>)> = self.0.iter().map(|(label, item)| (label.to_bytes(), item)).collect();
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        out.map(entries.len());
        for (label, item) in entries {
            out.encoded(&label);
            item.write(out);
        }
    }
}

impl<'a> Label<'a> {
    pub(crate) fn read(from: &mut Reader<'a>) -> Result<Self, NotCanonical> {
        if from.is_text() {
            return from.text().map(|text| Self::Text(Cow::Borrowed(text)));
        }
        match from.clone().head()? {
            // Below 32 these are no labels; above 255 it is a float.
            (SIMPLE, value @ 32..=255) => {
                from.head()?;
                u8::try_from(value).map(Self::Simple).map_err(|_| NotCanonical)
            }
            _ => from.signed().map(Self::Integer),
        }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::Integer(value) => out.signed(*value),
            Self::Text(text) => out.text(text),
            Self::Simple(value) => out.head(SIMPLE, u64::from(*value)),
        };
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        self.write(&mut out);
        out.into_bytes()
    }
}

impl<'a> Item<'a> {
    /// Returns the text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the integer, if it is one.
    pub(crate) const fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// Returns the byte string, if it is one.
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// Returns the array, if it is one.
    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// Returns the map, if it is one.
    pub(crate) const fn as_map(&self) -> Option<&Map<'a>> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// Reads one item and all within it, nested at most `depth` deep. Nothing is allocated from a claimed length.
    pub(crate) fn read(from: &mut Reader<'a>, depth: usize) -> Result<Self, NotCanonical> {
        let first = *from.rest().first().ok_or(NotCanonical)?;
        let deeper = || depth.checked_sub(1).ok_or(NotCanonical);
        match (first >> 5, first) {
            (UNSIGNED | NEGATIVE, _) => from.signed().map(Self::Integer),
            (BYTES, _) => from.bytes().map(|bytes| Self::Bytes(Cow::Borrowed(bytes))),
            (TEXT, _) => from.text().map(|text| Self::Text(Cow::Borrowed(text))),
            (ARRAY, _) => {
                let deeper = deeper()?;
                let mut items = Vec::new();
                for _ in 0..from.expect(ARRAY)? {
                    items.push(Self::read(from, deeper)?);
                }
                Ok(Self::Array(items))
            }
            (MAP, _) => Map::read(from, depth).map(Self::Map),
            (TAG, _) => Ok(Self::Tag(from.tag()?, Box::new(Self::read(from, deeper()?)?))),
            (_, FALSE | TRUE) => from.bool().map(Self::Bool),
            (_, NULL) => from.take(1).map(|_| Self::Null),
            _ => Err(NotCanonical),
        }
    }

    /// Writes it and all within it.
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::Integer(value) => out.signed(*value),
            Self::Bytes(bytes) => out.bytes(bytes),
            Self::Text(text) => out.text(text),
            Self::Array(items) => {
                out.array(items.len());
                for item in items {
                    item.write(out);
                }
                out
            }
            Self::Map(map) => {
                map.write(out);
                out
            }
            Self::Tag(tag, item) => {
                out.tag(*tag);
                item.write(out);
                out
            }
            Self::Bool(value) => out.bool(*value),
            Self::Null => out.option(None::<()>, |_, ()| {}),
        };
    }
}

/// Few keys are compared pairwise, many are sorted: `n log n` time for the hostile case.
fn has_duplicate(entries: &[(Label<'_>, Item<'_>)]) -> bool {
    if entries.len() <= 16 {
        return entries.iter().enumerate().any(|(at, (label, _))| entries[..at].iter().any(|(earlier, _)| earlier == label));
    }
    let mut labels: Vec<Vec<u8>> = entries.iter().map(|(label, _)| label.to_bytes()).collect();
    labels.sort_unstable();
    labels.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::{Item, Label, Map};
    use crate::cbor::{NotCanonical, Reader, Writer};
    use alloc::{borrow::Cow, boxed::Box, vec, vec::Vec};
    use proptest::prelude::*;

    fn read(bytes: &[u8], depth: usize) -> Result<Item<'_>, NotCanonical> {
        let mut from = Reader::new(bytes);
        let item = Item::read(&mut from, depth)?;
        from.end().map(|()| item)
    }

    #[test]
    fn keys_come_in_any_order_and_each_once() {
        let two = |a: i64, b: i64| Item::Map(Map(vec![(Label::Integer(a), Item::Null), (Label::Integer(b), Item::Bool(true))]));
        assert_eq!(read(&[0xa2, 3, 0xf6, 1, 0xf5], 1), Ok(two(3, 1)));
        assert_eq!(read(&[0xa2, 1, 0xf6, 1, 0xf5], 1), Err(NotCanonical));
        let many: Vec<u8> = [vec![0xb1], (0..16).flat_map(|key| [key, 0]).collect(), vec![7, 0]].concat();
        assert_eq!(read(&many, 1), Err(NotCanonical), "the 17th key is there already");
        assert_eq!(read(&[0xa1, 0xf8, 0x3b, 0x80], 2), Ok(Item::Map(Map(vec![(Label::Simple(59), Item::Array(vec![]))]))));
    }

    #[test]
    fn what_has_no_place_in_claims_is_refused() {
        for (bad, why) in [
            (&[0xf9, 0x3c, 0][..], "a float"),
            (&[0xf7], "undefined"),
            (&[0xf8, 0x3b], "a simple value that is not a key"),
            (&[0xa1, 0xf6, 0], "null as a key"),
            (&[0xa1, 0xf8, 0x1f, 0], "a reserved simple value"),
            (&[0xa1, 0xf9, 0x3c, 0, 0], "a float as a key"),
            (&[0xa1, 0xd8, 0x3a, 1, 0], "a tag as a key"),
            (&[0xa1, 0x41, 1, 0], "bytes as a key"),
            (&[0x9f, 0xff], "an indefinite length"),
            (&[0xbf, 0xff], "an indefinite length"),
            (&[0x5f, 0xff], "an indefinite length"),
            (&[0x18, 23], "a longer form"),
            (&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], "beyond 64 bits"),
            (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "more than there is"),
            (&[], "nothing"),
            (&[1, 1], "more than one"),
        ] {
            assert_eq!(read(bad, 4), Err(NotCanonical), "{why}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for nest in [0x81, 0xc1] {
            assert!(read(&[&[nest; 16][..], &[1]].concat(), 16).is_ok());
            assert_eq!(read(&[&[nest; 17][..], &[1]].concat(), 16), Err(NotCanonical));
        }
        let maps = |depth| [[0xa1, 1].repeat(depth), vec![1]].concat();
        assert!(read(&maps(16), 16).is_ok());
        assert_eq!(read(&maps(17), 16), Err(NotCanonical));
    }

    fn items() -> impl Strategy<Value = Item<'static>> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Item::Integer),
            any::<bool>().prop_map(Item::Bool),
            Just(Item::Null),
            any::<Vec<u8>>().prop_map(|bytes| Item::Bytes(Cow::Owned(bytes))),
            "\\PC{0,8}".prop_map(|text| Item::Text(Cow::Owned(text))),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let map = proptest::collection::btree_map(any::<i64>(), inner.clone(), 0..5);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Item::Array),
                map.prop_map(|map| Item::Map(Map(map.into_iter().map(|(key, item)| (Label::Integer(key), item)).collect()))),
                (any::<u64>(), inner).prop_map(|(tag, item)| Item::Tag(tag, Box::new(item))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(item in items()) {
            let mut out = Writer::new();
            item.write(&mut out);
            let written = out.into_bytes();
            let read = read(&written, 16)?;
            let mut again = Writer::new();
            read.write(&mut again);
            prop_assert_eq!(again.into_bytes(), written);
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            if let Ok(item) = read(&bytes, 16) {
                let mut out = Writer::new();
                item.write(&mut out);
                prop_assert_eq!(out.into_bytes().len(), bytes.len());
            }
        }
    }
}
