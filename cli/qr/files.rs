//! A payload as picture files: `name.png`, or `name-1of3.png` and so on; SVG alike. The caller writes them.

use core::fmt;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use waypass_qr::{DrawError, FrameSize, PayloadTooLarge, Picture, frames};

/// Why a payload was not drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TooLarge {
    /// The payload is too large for QR codes.
    Payload(PayloadTooLarge),
    /// A code could not be drawn.
    Draw(DrawError),
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(why) => why.fmt(f),
            Self::Draw(why) => why.fmt(f),
        }
    }
}

/// A picture and the name it goes by.
pub(super) struct Drawing {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// Draws `payload` as pictures named after `to`. The kind's ending is not repeated.
pub(super) fn draw(payload: &[u8], to: &Path, picture: Picture) -> Result<Vec<Drawing>, TooLarge> {
    let mut drawings = Vec::new();
    for frame in frames(payload, FrameSize::Scan).map_err(TooLarge::Payload)? {
        let mut name = stem(to, picture).into_os_string();
        if frame.count() > 1 {
            name.push(format!("-{}of{}", frame.number(), frame.count()));
        }
        name.push(".");
        name.push(picture.ending());
        drawings.push(Drawing { path: name.into(), bytes: picture.draw(frame.text()).map_err(TooLarge::Draw)? });
    }
    Ok(drawings)
}

/// Returns true if the file name `name` is one of several pictures of an earlier payload drawn to `to`, as `ask-2of3.png` is for `ask.png`. A
/// glob such as `ask-*.png` would mix it with the new ones.
pub(super) fn is_numbered(name: &OsStr, to: &Path, picture: Picture) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{draw, is_numbered};
    use std::ffi::OsStr;
    use std::path::Path;
    use waypass_qr::Picture;

    fn names(payload: &[u8], to: &str, picture: Picture) -> Vec<String> {
        let drawings = draw(payload, Path::new(to), picture).expect("drawn");
        drawings.iter().map(|drawing| drawing.path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn pictures_are_numbered_when_there_are_several() {
        let payload = [7; 1200];
        assert_eq!(names(&payload, "out/badge.png", Picture::Png), ["out/badge-1of3.png", "out/badge-2of3.png", "out/badge-3of3.png"]);
        assert_eq!(names(&payload, "badge.SVG", Picture::Svg), ["badge-1of3.svg", "badge-2of3.svg", "badge-3of3.svg"]);
        assert_eq!(names(b"one", "offer", Picture::Png), ["offer.png"]);
        assert_eq!(names(b"one", "a.svg", Picture::Png), ["a.svg.png"]);
    }

    #[test]
    fn earlier_pictures_are_known_by_their_names() {
        let of_ask = |name: &str| is_numbered(OsStr::new(name), Path::new("out/ask.png"), Picture::Png);
        assert!(["ask-1of2.png", "ask-2of2.png", "ask-12of255.png"].into_iter().all(of_ask));
        let others = [
            "ask.png",
            "ask-1of2.svg",
            "task-1of2.png",
            "ask-3of2.png",
            "ask-0of2.png",
            "ask-+1of2.png",
            "ask-01of2.png",
            "ask-a-1of2.png",
        ];
        assert!(!others.into_iter().any(of_ask));
    }
}
