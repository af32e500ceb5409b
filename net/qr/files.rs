//! A transfer as picture files: `name.png`, or `name-1of3.png` and so on; the same for SVG.

use super::{Collector, DrawError, FrameError, FrameSize, PNG_SCALE, PayloadTooLarge, ReadError, draw_png, draw_svg, frames, read_png};
use core::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why pictures were not written or not read.
#[derive(Debug)]
pub enum FileError {
    /// The operating system refused a file.
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The payload is too large for QR codes.
    Payload(PayloadTooLarge),
    /// A frame could not be drawn.
    Draw(DrawError),
    /// A picture holds no readable code.
    Picture {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A picture's code does not belong here.
    Frame {
        /// Which file; none when the pictures together are not a whole.
        path: Option<PathBuf>,
        /// Why.
        source: FrameError,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Payload(why) => why.fmt(f),
            Self::Draw(why) => why.fmt(f),
            Self::Picture { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Frame { path: Some(path), source } => write!(f, "{}: {source}", path.display()),
            Self::Frame { path: None, source } => source.fmt(f),
        }
    }
}

impl core::error::Error for FileError {}

/// What kind of picture a code is drawn into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// Pixels, which [`read_png_files`] reads again.
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

/// Writes `payload` as pictures named after `to` (a path; the kind's ending is not repeated) and names what was written.
pub fn write_files(payload: &[u8], to: &Path, picture: Picture) -> Result<Vec<PathBuf>, FileError> {
    let ending = picture.ending();
    let stem = if to.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)) { to.with_extension("") } else { to.to_path_buf() };
    let mut written = Vec::new();
    for frame in frames(payload, FrameSize::Scan).map_err(FileError::Payload)? {
        let mut name = stem.clone().into_os_string();
        if frame.count() > 1 {
            name.push(format!("-{}of{}", frame.number(), frame.count()));
        }
        name.push(".");
        name.push(ending);
        let path = PathBuf::from(name);
        let drawn = picture.draw(frame.text()).map_err(FileError::Draw)?;
        fs::write(&path, drawn).map_err(|source| FileError::Io { path: path.clone(), source })?;
        written.push(path);
    }
    Ok(written)
}

/// Reads one transfer from PNG files in any order. A single code with plain text (not one of our frames) is given as it is.
pub fn read_png_files<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<u8>, FileError> {
    let mut collector = Collector::new();
    for path in paths {
        let path = path.as_ref();
        let file = read_bounded(path).map_err(|source| FileError::Io { path: path.to_path_buf(), source })?;
        let text = read_png(&file).map_err(|source| FileError::Picture { path: path.to_path_buf(), source })?;
        match collector.add(&text) {
            Ok(_) => {}
            Err(FrameError::NotAFrame) if paths.len() == 1 => return Ok(text.into_bytes()),
            Err(source) => return Err(FileError::Frame { path: Some(path.to_path_buf()), source }),
        }
    }
    collector.finish().map_err(|source| FileError::Frame { path: None, source })
}

/// One byte more than [`read_png`] takes, so that it can say what is too large.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(super::read::MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
