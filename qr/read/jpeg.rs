//! JPEG to brightness. The work that a file announces is counted before it is decoded: a file of many passes repeats
//! its work with each of them.

use super::luma::Luma;
use super::{ReadError, shrink_factor};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Most bytes held next to the pixels: the file, and its coefficients of two bytes each if it has several passes. A progressive photograph
/// of 12 megapixels has 35 MiB of them.
const MOST_HELD: u64 = 40 * 1024 * 1024;
/// Most coefficients visited over all passes. Encoders make 10 passes of a progressive picture, most of them over one component.
const MOST_VISITED: u64 = 216 * 1024 * 1024;

/// Decodes a JPEG (ITU-T T.81: baseline, extended or progressive, with Huffman codes). How it was held does not matter: a code is read in any
/// orientation.
pub(super) fn decode(file: &[u8]) -> Result<Luma, ReadError> {
    let plan = Plan::of(file).ok_or(ReadError::NotAPicture)?;
    let factor = shrink_factor(plan.width, plan.height)?;
    if plan.passes > 1 && plan.coefficients * 2 + file.len() as u64 > MOST_HELD || plan.coefficients * plan.passes > MOST_VISITED {
        return Err(ReadError::TooComplex);
    }
    let (width, height) = (plan.width as usize, plan.height as usize);
    // The decoder is foreign code on a stranger's bytes: should it panic, the picture is not readable.
    let pixels = std::panic::catch_unwind(|| {
        let options = DecoderOptions::new_safe().jpeg_set_out_colorspace(ColorSpace::Luma).set_max_width(width).set_max_height(height);
        JpegDecoder::new_with_options(ZCursor::new(file), options).decode().ok()
    });
    let pixels = pixels.ok().flatten().filter(|pixels| pixels.len() == width * height).ok_or(ReadError::NotAPicture)?;
    let luma = Luma { width: plan.width, height: plan.height, pixels };
    Ok(if factor == 1 { luma } else { luma.shrunk(factor) })
}

/// The work that a file announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Plan {
    width: u32,
    height: u32,
    /// Of all components.
    coefficients: u64,
    /// How often the entropy-coded data begins anew (SOS); a progressive file is held as a whole, which counts as a second pass.
    passes: u64,
}

impl Plan {
    /// Reads the markers (T.81 §B.1.1); `None` for a file that has not exactly one frame of a kind that is read.
    fn of(file: &[u8]) -> Option<Self> {
        let mut rest = file.strip_prefix(&[0xff, 0xd8])?;
        let mut frame: Option<(Self, bool)> = None;
        let mut passes = 0;
        while let Some((marker, after)) = next_marker(rest) {
            rest = after;
            match marker {
                // RST, SOI, TEM have no length; EOI ends.
                0xd0..=0xd8 | 0x01 => continue,
                0xd9 => break,
                _ => {}
            }
            let (length, _) = rest.split_first_chunk::<2>()?;
            let (segment, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = after;
            match marker {
                0xc0..=0xc2 if frame.is_none() => frame = Some((Self::frame(segment.get(2..)?)?, marker == 0xc2)),
                // Other kinds of frame (lossless, hierarchical, arithmetic), or a second one. C4, C8 and CC are not frames.
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => return None,
                0xda => passes += 1,
                _ => {}
            }
        }
        let (plan, progressive) = frame?;
        (passes > 0).then(|| Self { passes: passes + u64::from(progressive), ..plan })
    }

    /// Reads a frame header (§B.2.2).
    fn frame(header: &[u8]) -> Option<Self> {
        let ([_precision, h1, h0, w1, w0, count], components) = header.split_first_chunk::<6>()?;
        let (width, height) = (u32::from(u16::from_be_bytes([*w1, *w0])), u32::from(u16::from_be_bytes([*h1, *h0])));
        let factors: Vec<(u64, u64)> =
            components.chunks_exact(3).take(usize::from(*count)).map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15))).collect();
        let (across, down) = (factors.iter().map(|f| f.0).max()?, factors.iter().map(|f| f.1).max()?);
        // Each component is padded to whole units of 8 pixels times its sampling factors.
        let units = u64::from(width).div_ceil(8 * across.max(1)) * u64::from(height).div_ceil(8 * down.max(1));
        let coefficients = factors.iter().map(|(across, down)| units * across * down * 64).sum();
        Some(Self { width, height, coefficients, passes: 0 })
    }
}

/// Returns the next marker and what follows it. In entropy-coded data FF is followed by 00 or a restart; FF may fill before a marker.
fn next_marker(mut rest: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        rest = rest.get(at + 1..)?;
        match rest.first()? {
            0xff => {}
            0x00 => rest = rest.get(1..)?,
            marker => return Some((*marker, rest.get(1..)?)),
        }
    }
}
