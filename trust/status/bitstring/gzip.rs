//! GZIP (RFC 1952): what the bitstring of a status list is packed in.

use alloc::vec::Vec;
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
/// Most members in one series; others write one, or a few.
const MAX_MEMBERS: usize = 1024;
/// The least room for a member that is followed by another.
const GROWTH: usize = 16 * 1024;
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

/// Inflates a series of members (§2.2) to at most `max_bytes`.
pub(super) fn decompress(mut series: &[u8], max_bytes: usize) -> Result<Vec<u8>, ListError> {
    if series.is_empty() {
        return Err(ListError::Compression);
    }
    let mut out = Vec::new();
    let mut members = 0;
    while !series.is_empty() {
        members += 1;
        if members > MAX_MEMBERS {
            return Err(ListError::TooLarge);
        }
        series = decompress_member(series, max_bytes, &mut out)?;
    }
    Ok(out)
}

/// Inflates the first member onto `out`, and returns what follows it. Its length is not known before it ends. The rest
/// is taken for one member first, whose ISIZE then says how much to expect.
fn decompress_member<'s>(series: &'s [u8], max_bytes: usize, out: &mut Vec<u8>) -> Result<&'s [u8], ListError> {
    let deflated = skip_header(series).ok_or(ListError::Compression)?;
    let start = out.len();
    let announced = deflated.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    if announced > max_bytes {
        return Err(ListError::TooLarge);
    }
    out.resize(max_bytes.min(start + announced), 0);
    let mut inflate = Inflate::new(false, WINDOW_BITS);
    loop {
        let (read, written) = (total(inflate.total_in()), total(inflate.total_out()));
        let room = out.get_mut(start + written..).ok_or(ListError::TooLarge)?;
        match inflate.decompress(deflated.get(read..).ok_or(ListError::Compression)?, room, InflateFlush::NoFlush) {
            Ok(Status::StreamEnd) => break,
            Ok(_) if start + total(inflate.total_out()) == out.len() => {
                if out.len() >= max_bytes {
                    return Err(ListError::TooLarge);
                }
                out.resize(max_bytes.min(out.len().max(GROWTH) * 2), 0);
            }
            // Something is missing at the end, or it is not DEFLATE.
            Ok(_) if total(inflate.total_in()) == read && total(inflate.total_out()) == written => return Err(ListError::Compression),
            Ok(_) => {}
            Err(_) => return Err(ListError::Compression),
        }
    }
    let size = total(inflate.total_out());
    out.truncate(start + size);
    let rest = deflated.get(total(inflate.total_in())..).ok_or(ListError::Compression)?;
    let (trailer, rest) = rest.split_first_chunk::<TRAILER>().ok_or(ListError::Compression)?;
    let [c0, c1, c2, c3, s0, s1, s2, s3] = *trailer;
    let whole =
        crc32(0, &out[start..]) == u32::from_le_bytes([c0, c1, c2, c3]) && size_of(&out[start..]) == u32::from_le_bytes([s0, s1, s2, s3]);
    if whole { Ok(rest) } else { Err(ListError::Compression) }
}

fn total(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Returns what follows the header (§2.3.1), whose optional parts have no meaning here.
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
