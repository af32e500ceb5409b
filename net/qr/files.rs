//! A payload as picture files: `name.png`, or `name-1of3.png` and so on; the same for SVG. Who writes them is the caller's business.

use super::{DrawError, FrameSize, PNG_SCALE, PayloadTooLarge, draw_png, draw_svg, frames};
use core::fmt;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Why a payload was not drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileError {
    /// The payload is too large for QR codes.
    Payload(PayloadTooLarge),
    /// A code could not be drawn.
    Draw(DrawError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(why) => why.fmt(f),
            Self::Draw(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for FileError {}

/// What kind of picture a code is drawn into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// Pixels, which [`super::read_picture`] reads again.
    Png,
    /// Shapes, for paper and screens of any size; read by a camera only.
    Svg,
}

impl Picture {
    /// How its files end, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    fn draw(self, text: &str) -> Result<Vec<u8>, DrawError> {
        match self {
            Self::Png => draw_png(text, PNG_SCALE),
            Self::Svg => draw_svg(text).map(String::into_bytes),
        }
    }
}

/// A picture and the name it goes by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// Where it belongs.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Draws `payload` as pictures named after `to` (a path; the kind's ending is not repeated).
pub fn draw_files(payload: &[u8], to: &Path, picture: Picture) -> Result<Vec<Drawing>, FileError> {
    let mut drawings = Vec::new();
    for frame in frames(payload, FrameSize::Scan).map_err(FileError::Payload)? {
        let mut name = stem(to, picture).into_os_string();
        if frame.count() > 1 {
            name.push(format!("-{}of{}", frame.number(), frame.count()));
        }
        name.push(".");
        name.push(picture.ending());
        drawings.push(Drawing { path: name.into(), bytes: picture.draw(frame.text()).map_err(FileError::Draw)? });
    }
    Ok(drawings)
}

/// Whether the file name `name` is one of several pictures of an earlier payload drawn to `to`, as `ask-2of3.png` is for `ask.png`. A glob
/// such as `ask-*.png` would mix it with the new ones.
pub fn is_numbered(name: &OsStr, to: &Path, picture: Picture) -> bool {
    let inner = || {
        let stem = stem(to, picture);
        let rest = name.to_str()?.strip_prefix(stem.file_name()?.to_str()?)?;
        let numbers = rest.strip_prefix('-')?.strip_suffix(picture.ending())?.strip_suffix('.')?;
        let (number, count) = numbers.split_once("of")?;
        // As they are written: no sign and no leading zero.
        let plain = |digits: &str| digits.parse::<u8>().ok().filter(|n| n.to_string() == digits);
        Some((1..=plain(count)?).contains(&plain(number)?))
    };
    inner().unwrap_or(false)
}

fn stem(to: &Path, picture: Picture) -> PathBuf {
    if to.extension().is_some_and(|e| e.eq_ignore_ascii_case(picture.ending())) { to.with_extension("") } else { to.to_path_buf() }
}
