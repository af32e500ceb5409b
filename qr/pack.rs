//! The content of a transfer: the payload as it is, or, if it is base64url segments (JWS, SD-JWT), those segments decoded.

use waypass_credential::base64url;

const RAW: u8 = 0;
const SEGMENTS: u8 = 1;
/// The separator after a segment, in the two low bits of its length.
const END: usize = 0;
const DOT: usize = 1;
const TILDE: usize = 2;

/// Returns a tag and the shorter of the two forms.
pub(crate) fn pack(payload: &[u8]) -> Vec<u8> {
    match segments(payload) {
        Some(packed) if packed.len() <= payload.len() => packed,
        _ => {
            let mut packed = Vec::with_capacity(payload.len() + 1);
            packed.push(RAW);
            packed.extend_from_slice(payload);
            packed
        }
    }
}

/// Returns the payload again; `None` when the bytes were not written by [`pack`] or hold more than `max` bytes.
pub(crate) fn unpack(packed: &[u8], max: usize) -> Option<Vec<u8>> {
    let (tag, rest) = packed.split_first()?;
    let payload = match *tag {
        RAW => rest.to_vec(),
        SEGMENTS => join(rest)?,
        _ => return None,
    };
    (payload.len() <= max).then_some(payload)
}

fn segments(payload: &[u8]) -> Option<Vec<u8>> {
    let mut packed = vec![SEGMENTS];
    let mut rest = payload;
    loop {
        let end = rest.iter().position(|b| matches!(b, b'.' | b'~'));
        // Strict decoding: exactly one text has these bytes, so that the text comes back as it was.
        let bytes = base64url::decode(&rest[..end.unwrap_or(rest.len())]).ok()?;
        let separator = match end.map(|at| rest[at]) {
            None => END,
            Some(b'.') => DOT,
            Some(_) => TILDE,
        };
        push_varint(&mut packed, bytes.len() << 2 | separator);
        packed.extend_from_slice(&bytes);
        match end {
            Some(at) => rest = &rest[at + 1..],
            None => return Some(packed),
        }
    }
}

fn join(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut text = String::with_capacity(rest.len() * 4 / 3 + 8);
    loop {
        let head = take_varint(&mut rest)?;
        let bytes = rest.get(..head >> 2)?;
        rest = &rest[bytes.len()..];
        base64url::encode_into(bytes, &mut text);
        match head & 3 {
            END => return rest.is_empty().then(|| text.into_bytes()),
            DOT => text.push('.'),
            TILDE => text.push('~'),
            _ => return None,
        }
    }
}

fn push_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    out.push(n.to_le_bytes()[0]);
}

fn take_varint(rest: &mut &[u8]) -> Option<usize> {
    let mut n = 0;
    // Three groups of seven bits hold any length below 2 MiB.
    for shift in [0, 7, 14] {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        n |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use proptest::prelude::*;

    #[test]
    fn segments_shrink_by_a_quarter() {
        let jws = format!("{}.{}.{}~{}~", "A".repeat(80), "b".repeat(400), "c-_0".repeat(21), "Zz".repeat(50));
        let packed = pack(jws.as_bytes());
        assert!(packed.len() * 100 < jws.len() * 78, "{} of {}", packed.len(), jws.len());
        assert_eq!(unpack(&packed, jws.len()), Some(jws.clone().into_bytes()));
        assert_eq!(unpack(&packed, jws.len() - 1), None);
    }

    proptest! {
        #[test]
        fn bytes_round_trip(payload: Vec<u8>) {
            prop_assert_eq!(unpack(&pack(&payload), payload.len()), Some(payload));
        }

        #[test]
        fn texts_round_trip(payload in "[A-Za-z0-9_.~-]{0,200}") {
            let payload = payload.into_bytes();
            prop_assert!(pack(&payload).len() <= payload.len() + 1);
            prop_assert_eq!(unpack(&pack(&payload), payload.len()), Some(payload));
        }

        #[test]
        fn any_bytes_are_answered(packed: Vec<u8>) {
            let _ = unpack(&packed, 1 << 16);
        }
    }
}
