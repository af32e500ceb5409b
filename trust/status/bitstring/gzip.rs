//! GZIP (RFC 1952), one member and nothing after it: what the bitstring of a status list is packed in.

use alloc::{vec, vec::Vec};
use miniz_oxide::deflate::compress_to_vec;
use zlib_rs::{Inflate, InflateFlush, Status, crc32::crc32};

use crate::status::ListError;

/// ID1, ID2 and the compression method DEFLATE (§2.3.1).
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// The fixed part of the header, and CRC32 with ISIZE.
const HEADER: usize = 10;
const TRAILER: usize = 8;
/// No time, no flags, slowest compression, unknown system: the same bits give the same bytes everywhere.
const PLAIN: [u8; HEADER - MAGIC.len()] = [0, 0, 0, 0, 0, 2, 255];
const LEVEL: u8 = 9;
/// The largest window DEFLATE has, as a power of two (RFC 1951 §2).
const WINDOW_BITS: u8 = 15;

/// FLG (§2.3.1); FTEXT is a hint without effect.
mod flag {
    pub(super) const HEADER_CRC: u8 = 2;
    pub(super) const EXTRA: u8 = 4;
    pub(super) const NAME: u8 = 8;
    pub(super) const COMMENT: u8 = 16;
    pub(super) const RESERVED: u8 = 0xe0;
}

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = [&MAGIC[..], &PLAIN].concat();
    out.extend(compress_to_vec(bytes, LEVEL));
    out.extend(crc32(0, bytes).to_le_bytes());
    out.extend(size_of(bytes).to_le_bytes());
    out
}

/// Inflates to at most `max_bytes`. ISIZE says how much to expect: whoever understates it is refused when the room is used up,
/// whoever overstates it when the data ends.
pub(super) fn decompress(member: &[u8], max_bytes: usize) -> Result<Vec<u8>, ListError> {
    let after_header = skip_header(member).ok_or(ListError::Compression)?;
    let (deflated, trailer) = after_header.split_last_chunk::<TRAILER>().ok_or(ListError::Compression)?;
    let [c0, c1, c2, c3, s0, s1, s2, s3] = *trailer;
    let size = usize::try_from(u32::from_le_bytes([s0, s1, s2, s3])).map_err(|_| ListError::TooLarge)?;
    if size > max_bytes {
        return Err(ListError::TooLarge);
    }
    let mut out = vec![0; size];
    let mut inflate = Inflate::new(false, WINDOW_BITS);
    match inflate.decompress(deflated, &mut out, InflateFlush::Finish) {
        Ok(Status::StreamEnd) => {}
        // No room left, and more to come than was announced.
        Ok(_) if inflate.total_out() == size as u64 => return Err(ListError::TooLarge),
        _ => return Err(ListError::Compression),
    }
    let whole = inflate.total_in() == deflated.len() as u64 && inflate.total_out() == size as u64;
    if whole && crc32(0, &out) == u32::from_le_bytes([c0, c1, c2, c3]) { Ok(out) } else { Err(ListError::Compression) }
}

/// What follows the header (§2.3.1), whose optional parts have no meaning here.
fn skip_header(member: &[u8]) -> Option<&[u8]> {
    let (fixed, mut rest) = member.split_first_chunk::<HEADER>()?;
    let flags = fixed[3];
    if fixed[..3] != MAGIC || flags & flag::RESERVED != 0 {
        return None;
    }
    if flags & flag::EXTRA != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for text in [flag::NAME, flag::COMMENT] {
        if flags & text != 0 {
            rest = &rest[rest.iter().position(|byte| *byte == 0)? + 1..];
        }
    }
    if flags & flag::HEADER_CRC != 0 {
        let header = &member[..member.len() - rest.len()];
        let (found, after) = rest.split_first_chunk::<2>()?;
        let expected = crc32(0, header).to_le_bytes();
        if expected[..2] != *found {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// ISIZE: the length modulo 2^32 (§2.3.1).
#[expect(clippy::cast_possible_truncation, reason = "the format says modulo")]
const fn size_of(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

#[cfg(test)]
mod tests;
