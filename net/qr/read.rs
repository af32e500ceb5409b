//! Reading a code out of a PNG: bounded before anything is inflated.

use core::fmt;
use png::{ColorType, Transformations};
use rxing::common::HybridBinarizer;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, MultiFormatReader, Reader};
use std::collections::HashSet;
use std::io::Cursor;

/// Largest PNG file read.
pub(super) const MAX_FILE: usize = 16 * 1024 * 1024;
/// Most pixels decoded: a photograph of 24 megapixels. A PNG of a few kilobytes can announce four billion.
const MAX_PIXELS: u64 = 24 * 1024 * 1024;

/// Why no text came out of a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// The file, or the picture in it, is larger than allowed.
    TooLarge,
    /// Not a PNG, or a damaged one.
    NotAPng,
    /// No QR code was found in the picture.
    NoCode,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the picture is larger than allowed",
            Self::NotAPng => "not a readable PNG",
            Self::NoCode => "no QR code was found in the picture",
        })
    }
}

impl core::error::Error for ReadError {}

/// The text of the QR code in a PNG (grayscale, RGB, palette, with or without alpha, dark on light or light on dark).
pub fn read_png(file: &[u8]) -> Result<String, ReadError> {
    let (luma, width, height) = luma(file)?;
    // A clean drawing is read at once as it stands; a photograph needs the search.
    let found = [false, true].into_iter().find_map(|search| scan(&luma, width, height, search));
    found.ok_or(ReadError::NoCode)
}

pub(super) fn scan(luma: &[u8], width: u32, height: u32, search: bool) -> Option<String> {
    // A picture may come from anybody, and the reader is a large body of foreign code: should it panic on one, then no code was found.
    let read = std::panic::catch_unwind(|| {
        let hints = DecodeHints {
            PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
            PureBarcode: (!search).then_some(true),
            TryHarder: search.then_some(true),
            AlsoInverted: search.then_some(true),
            ..DecodeHints::default()
        };
        let source = Luma8LuminanceSource::new(luma.to_vec(), width, height).ok()?;
        let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
        let found = MultiFormatReader::default().decode_with_hints(&mut bitmap, &hints).ok()?;
        Some(found.getText().to_owned())
    });
    read.ok().flatten()
}

/// One byte of luminance to a pixel; transparent pixels are white, as paper is.
fn luma(file: &[u8]) -> Result<(Vec<u8>, u32, u32), ReadError> {
    if file.len() > MAX_FILE {
        return Err(ReadError::TooLarge);
    }
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MAX_FILE * 8 });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(|_| ReadError::NotAPng)?;
    let (width, height) = (header.width, header.height);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ReadError::TooLarge);
    }
    let mut reader = decoder.read_info().map_err(|_| ReadError::NotAPng)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(ReadError::TooLarge)?];
    let info = reader.next_frame(&mut pixels).map_err(|_| ReadError::NotAPng)?;
    pixels.truncate(info.buffer_size());
    let byte = |value: u32| value.to_le_bytes()[0];
    let on_white = |value: u32, alpha: u8| byte((value * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255);
    // ITU-R BT.601 weights in thousandths.
    let grey = |rgb: &[u8]| (u32::from(rgb[0]) * 299 + u32::from(rgb[1]) * 587 + u32::from(rgb[2]) * 114) / 1000;
    let luma = match info.color_type {
        ColorType::Grayscale => pixels,
        ColorType::GrayscaleAlpha => pixels.chunks_exact(2).map(|p| on_white(u32::from(p[0]), p[1])).collect(),
        ColorType::Rgb => pixels.chunks_exact(3).map(|p| byte(grey(p))).collect(),
        ColorType::Rgba => pixels.chunks_exact(4).map(|p| on_white(grey(p), p[3])).collect(),
        // Expanded by the transformation above.
        ColorType::Indexed => return Err(ReadError::NotAPng),
    };
    Ok((luma, width, height))
}
