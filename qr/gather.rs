//! One payload out of whatever brings it: pictures with one or several codes, and the lines that a scanner types.

use crate::{Collector, FrameError, OFFER, Progress, ReadError, read_picture};
use core::fmt;

/// The prefix that `zbarimg` and `zbarcam` print in front of a code's text unless they are asked not to.
const SYMBOLOGY: &str = "QR-Code:";

/// Why codes did not make a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GatherError {
    /// A picture gave no text.
    Picture(ReadError),
    /// A code does not belong here, or some are missing.
    Frame(FrameError),
    /// Several codes hold different texts, and none of them is ours.
    Several {
        /// How many texts there are.
        count: usize,
    },
}

impl fmt::Display for GatherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(why) => why.fmt(f),
            Self::Frame(why) => why.fmt(f),
            Self::Several { count } => write!(f, "the picture shows {count} different codes, and none of them is a waypass frame"),
        }
    }
}

impl core::error::Error for GatherError {}

/// Returns the text of a code in a line that a scanner typed. No code of ours ends in a space, so spaces at the end are the scanner's.
pub(crate) fn typed(line: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(line).ok()?.trim_end();
    Some(text.strip_prefix(SYMBOLOGY).unwrap_or(text))
}

/// Takes codes in any order until they are a whole.
#[derive(Clone, Default, Debug)]
pub struct Gatherer {
    frames: Collector,
    plain: Vec<String>,
}

impl Gatherer {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all codes in a PNG or JPEG.
    pub fn picture(&mut self, file: &[u8]) -> Result<(), GatherError> {
        for text in read_picture(file).map_err(GatherError::Picture)? {
            match self.frames.add(&text) {
                Ok(_) => {}
                Err(FrameError::NotAFrame) if self.plain.contains(&text) => {}
                Err(FrameError::NotAFrame) => self.plain.push(text),
                Err(why) => return Err(GatherError::Frame(why)),
            }
        }
        Ok(())
    }

    /// Takes a line that a scanner typed, when it is one of our codes; other lines are `None`.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Progress>, GatherError> {
        let Some(text) = typed(line) else { return Ok(None) };
        match self.frames.add(text) {
            Ok(progress) => Ok(Some(progress)),
            Err(FrameError::NotAFrame) => Ok(None),
            Err(why) => Err(GatherError::Frame(why)),
        }
    }

    /// Returns true if any of our codes was taken.
    pub const fn has_frames(&self) -> bool {
        self.frames.has_begun()
    }

    /// Returns the payload. Codes of other people in the same picture do not matter. A single plain text is given as it is, and of several
    /// the one that is a credential offer.
    pub fn finish(mut self) -> Result<Vec<u8>, GatherError> {
        if !self.has_frames() && self.plain.len() > 1 {
            let count = self.plain.len();
            self.plain.retain(|text| text.starts_with(OFFER));
            if self.plain.len() != 1 {
                return Err(GatherError::Several { count });
            }
        }
        match self.plain.pop() {
            Some(text) if !self.has_frames() => Ok(text.into_bytes()),
            _ => self.frames.finish().map_err(GatherError::Frame),
        }
    }
}
