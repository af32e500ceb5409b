//! Deterministic CBOR (RFC 8949 §4.2.1): shortest heads, definite lengths, arrays only. Writing cannot fail; reading is minicbor's, and
//! what must be canonical is read, written again and compared.

/// Bytes being written.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn array(len: usize) -> Self {
        Self::default().nested(len)
    }

    /// Room for `bytes` from the start: what grows leaves copies of secrets behind.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    #[must_use]
    pub(crate) fn nested(self, len: usize) -> Self {
        self.head(4, len as u64)
    }

    #[must_use]
    pub(crate) fn uint(self, value: u64) -> Self {
        self.head(0, value)
    }

    #[must_use]
    pub(crate) fn bytes(self, value: &[u8]) -> Self {
        let mut written = self.head(2, value.len() as u64);
        written.0.extend_from_slice(value);
        written
    }

    #[must_use]
    pub(crate) fn text(self, value: &str) -> Self {
        let mut written = self.head(3, value.len() as u64);
        written.0.extend_from_slice(value.as_bytes());
        written
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn head(mut self, major: u8, value: u64) -> Self {
        let major = major << 5;
        let wide = value.to_be_bytes();
        match value {
            0..24 => self.0.push(major | wide[7]),
            24..0x100 => self.0.extend_from_slice(&[major | 0x18, wide[7]]),
            0x100..0x1_0000 => {
                self.0.push(major | 0x19);
                self.0.extend_from_slice(&wide[6..]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.0.push(major | 0x1a);
                self.0.extend_from_slice(&wide[4..]);
            }
            _ => {
                self.0.push(major | 0x1b);
                self.0.extend_from_slice(&wide);
            }
        }
        self
    }
}

/// The array of exactly `len` items that comes next, or nothing.
pub(crate) fn expect_array(from: &mut minicbor::Decoder<'_>, len: u64) -> Option<()> {
    (from.array().ok()?? == len).then_some(())
}

/// The length of the array that comes next, if it is at most `max`.
pub(crate) fn bounded_array(from: &mut minicbor::Decoder<'_>, max: u64) -> Option<u64> {
    from.array().ok()?.filter(|len| *len <= max)
}

/// Bytes of exactly `N`.
pub(crate) fn exact<const N: usize>(from: &mut minicbor::Decoder<'_>) -> Option<[u8; N]> {
    from.bytes().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, bytes: Vec<u8>, text: String) {
            let written = Writer::array(3).uint(number).bytes(&bytes).text(&text).finish();
            let mut from = minicbor::Decoder::new(&written);
            prop_assert_eq!(from.array().expect("array"), Some(3));
            prop_assert_eq!(from.u64().expect("number"), number);
            prop_assert_eq!(from.bytes().expect("bytes"), bytes);
            prop_assert_eq!(from.str().expect("text"), text);
            prop_assert_eq!(from.position(), written.len());
        }
    }
}
