//! PNG, and what a camera gives, to brightness.

use super::luma::{Luma, Shrinker};
use super::{ReadError, shrink_factor};
use png::{ColorType, InterlaceInfo, Transformations};
use std::io::Cursor;

/// The most that the decoder may hold beyond one row and its window: the small chunks that are read whole.
const MAX_HELD: usize = 4 * 1024 * 1024;

/// Decodes a PNG. Transparent pixels show `ground`; the second value says if there are any.
pub(super) fn decode(file: &[u8], ground: u8) -> Result<(Luma, bool), ReadError> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MAX_HELD });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(|_| ReadError::NotAPicture)?;
    let (width, height, interlaced) = (header.width, header.height, header.interlaced);
    let factor = shrink_factor(width, height)?;
    let mut reader = decoder.read_info().map_err(|_| ReadError::NotAPicture)?;
    let brightness = Brightness { color: reader.output_color_type().0, ground };
    let (mut row, mut transparent) = (Vec::new(), false);
    if !interlaced {
        let mut shrinker = Shrinker::new(width, height, factor);
        while let Some(next) = reader.next_row().map_err(|_| ReadError::NotAPicture)? {
            transparent |= brightness.of(next.data(), &mut row)?;
            shrinker.row(&row);
        }
        return Ok((shrinker.finish(), transparent));
    }
    // The passes of an interlaced picture cross each other, so it is put together at its full size first.
    let stride = width as usize;
    let mut whole = vec![ground; stride * height as usize];
    while let Some(next) = reader.next_interlaced_row().map_err(|_| ReadError::NotAPicture)? {
        transparent |= brightness.of(next.data(), &mut row)?;
        if let InterlaceInfo::Adam7(pass) = next.interlace() {
            png::expand_interlaced_row(&mut whole, stride, &row, pass, 8);
        }
    }
    Ok((Luma { width, height, pixels: whole }.shrunk(factor), transparent))
}

/// Takes pixels of one byte (brightness) or of four (red, green, blue, opacity) over white.
pub(super) fn of_a_camera(width: u32, height: u32, bytes: &[u8]) -> Result<Luma, ReadError> {
    let pixels = u64::from(width) * u64::from(height);
    let has = |each: u64| u64::try_from(bytes.len()) == Ok(pixels * each);
    let color = match () {
        () if has(1) => ColorType::Grayscale,
        () if has(4) => ColorType::Rgba,
        () => return Err(ReadError::WrongLength { pixels, bytes: bytes.len() }),
    };
    let mut grey = Vec::new();
    Brightness { color, ground: 255 }.of(bytes, &mut grey)?;
    Ok(Luma { width, height, pixels: grey })
}

/// How a row of colours becomes a row of brightness.
struct Brightness {
    color: ColorType,
    ground: u8,
}

impl Brightness {
    /// Fills `row`; whether anything in it is transparent.
    fn of(&self, data: &[u8], row: &mut Vec<u8>) -> Result<bool, ReadError> {
        let byte = |value: u32| value.to_le_bytes()[0];
        let over = |value: u32, alpha: u8| byte((value * u32::from(alpha) + u32::from(self.ground) * (255 - u32::from(alpha))) / 255);
        // ITU-R BT.601 weights in thousandths.
        let grey = |rgb: &[u8]| (u32::from(rgb[0]) * 299 + u32::from(rgb[1]) * 587 + u32::from(rgb[2]) * 114) / 1000;
        let mut transparent = false;
        row.clear();
        match self.color {
            ColorType::Grayscale => row.extend_from_slice(data),
            ColorType::Rgb => row.extend(data.chunks_exact(3).map(|p| byte(grey(p)))),
            ColorType::GrayscaleAlpha => row.extend(data.chunks_exact(2).map(|p| {
                transparent |= p[1] < 255;
                over(u32::from(p[0]), p[1])
            })),
            ColorType::Rgba => row.extend(data.chunks_exact(4).map(|p| {
                transparent |= p[3] < 255;
                over(grey(p), p[3])
            })),
            // Expanded by the transformation above.
            ColorType::Indexed => return Err(ReadError::NotAPicture),
        }
        Ok(transparent)
    }
}
