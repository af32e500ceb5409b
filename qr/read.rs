//! Reading the QR codes in a picture. A picture may come from anybody, so the work is bounded before it begins: by bytes, by pixels, by
//! each side, and by how many things in it may look like a code.

mod jpeg;
mod luma;
mod pixels;
mod search;

use core::fmt;
use luma::Luma;

/// Largest picture file read.
pub(crate) const MAX_PICTURE: usize = 16 * 1024 * 1024;
/// Most pixels decoded: a photograph of 24 megapixels. A PNG of a few kilobytes can announce four billion.
const MAX_PIXELS: u64 = 24 * 1024 * 1024;
/// A code of the smallest version has 21 modules a side (ISO/IEC 18004 §6.3.1).
const MIN_SIDE: u32 = 21;
/// More than a camera of [`MAX_PIXELS`] has on a side. The reader keeps structures for each row and column.
const MAX_SIDE: u32 = 8192;

/// The kind of picture that a file is, by its first bytes and not by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PictureKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG, as telephones and webcams make it.
    Jpeg,
    /// Shapes: for eyes and cameras.
    Svg,
    /// A picture that is not read here, by the name people know it by.
    Other(&'static str),
}

impl PictureKind {
    /// Recognises a picture; everything else is `None`.
    pub fn of(file: &[u8]) -> Option<Self> {
        let begins = |magic: &[u8]| file.starts_with(magic);
        let at_four = |magic: &[u8]| file.get(4..).is_some_and(|rest| rest.starts_with(magic));
        Some(match () {
            () if begins(b"\x89PNG\r\n\x1a\n") => Self::Png,
            () if begins(b"\xff\xd8\xff") => Self::Jpeg,
            () if begins(b"<svg") => Self::Svg,
            () if begins(b"GIF8") => Self::Other("GIF"),
            () if begins(b"II*\0") || begins(b"MM\0*") => Self::Other("TIFF"),
            () if begins(b"%PDF-") => Self::Other("PDF"),
            () if begins(b"RIFF") && file.get(8..).is_some_and(|rest| rest.starts_with(b"WEBP")) => Self::Other("WebP"),
            () if at_four(b"ftyphei") || at_four(b"ftyphev") || at_four(b"ftypmif1") || at_four(b"ftypmsf1") => Self::Other("HEIC"),
            () if at_four(b"ftypavif") => Self::Other("AVIF"),
            () => return None,
        })
    }
}

/// Why no text came out of a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// The file has more bytes than `MAX_PICTURE`.
    LargeFile,
    /// The picture has more pixels than are read.
    TooLarge {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The picture has a side too short for any code.
    TooSmall {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// There are neither one nor four bytes for each pixel.
    WrongLength {
        /// The pixels that the picture has by its sides.
        pixels: u64,
        /// The bytes that there are.
        bytes: usize,
    },
    /// The JPEG is built in so many passes that it would take too long.
    TooComplex,
    /// Neither a PNG nor a JPEG, or a damaged one.
    NotAPicture,
    /// No QR code was found.
    NoCode,
    /// The picture shows so much that looks like a QR code that the search was ended.
    TooBusy,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LargeFile => write!(f, "the picture is larger than {} MiB", MAX_PICTURE >> 20),
            Self::TooLarge { width, height } => {
                write!(
                    f,
                    "the picture has {width} x {height} pixels, and at most {MAX_SIDE} a side and {} million are read",
                    MAX_PIXELS >> 20
                )
            }
            Self::TooSmall { width, height } => write!(f, "the picture has {width} x {height} pixels, too few for a QR code"),
            Self::WrongLength { pixels, bytes } => {
                write!(f, "{bytes} bytes are neither one nor four for each of {pixels} pixels")
            }
            Self::TooComplex => f.write_str("the JPEG is built in more passes than are read"),
            Self::NotAPicture => f.write_str("not a readable PNG or JPEG"),
            Self::NoCode => f.write_str("no QR code was found in the picture"),
            Self::TooBusy => f.write_str("too much in the picture looks like a QR code and is not one"),
        }
    }
}

impl core::error::Error for ReadError {}

/// Returns the texts of all QR codes in a PNG or JPEG, each once: dark on light or light on dark, faint, turned or tilted.
pub fn read_picture(file: &[u8]) -> Result<Vec<String>, ReadError> {
    read_counted(file, &mut search::Budget::of_a_picture())
}

/// Returns the texts of all QR codes in the pixels of a camera, row by row from the top left: one byte each is brightness, four are red,
/// green, blue and opacity. Transparent pixels are white. The search is that of [`read_picture`].
pub fn read_pixels(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<String>, ReadError> {
    let factor = shrink_factor(width, height)?;
    texts(pixels::of_a_camera(width, height, pixels)?.shrunk(factor), &mut search::Budget::of_a_picture())
}

/// Like [`read_picture`], with the work counted.
fn read_counted(file: &[u8], budget: &mut search::Budget) -> Result<Vec<String>, ReadError> {
    if file.len() > MAX_PICTURE {
        return Err(ReadError::LargeFile);
    }
    if PictureKind::of(file) == Some(PictureKind::Jpeg) {
        return texts(jpeg::decode(file)?, budget);
    }
    // Transparent pixels are white, as paper is; if that shows nothing, a white drawing was meant for a dark page.
    let (luma, transparent) = pixels::decode(file, 255)?;
    match texts(luma, budget) {
        Err(ReadError::NoCode) if transparent => texts(pixels::decode(file, 0)?.0, budget),
        done => done,
    }
}

fn texts(luma: Luma, budget: &mut search::Budget) -> Result<Vec<String>, ReadError> {
    let found = search::codes(luma, budget);
    match (found.is_empty(), budget.is_spent()) {
        (false, _) => Ok(found),
        (true, false) => Err(ReadError::NoCode),
        (true, true) => Err(ReadError::TooBusy),
    }
}

/// Checks a picture's announced size, and says by how much it is shrunk.
fn shrink_factor(width: u32, height: u32) -> Result<u32, ReadError> {
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(ReadError::TooLarge { width, height });
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(ReadError::TooSmall { width, height });
    }
    Ok(luma::factor(pixels))
}

#[cfg(test)]
pub(crate) mod tests;
