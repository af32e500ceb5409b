//! Frames: one payload over one or several QR codes, gathered in any order.
//!
//! A frame of a set that is shown whole is the text `WP1:` and base45 of
//!
//! | bytes | |
//! |---|---|
//! | 4 | check: SHA-256 of all that follows, cut |
//! | 8 | transfer: SHA-256 of the whole payload, cut; names the transfer and checks it |
//! | 1, 1 | index from 0, count |
//! | 3 | length of the packed payload |
//! | .. | this frame's share of the packed payload |
//!
//! A COSE message, signed or sealed, that fits into one code so is in a short frame instead: the text `WP2:` and base45 of the check and the
//! payload. It saves 14 bytes, which decide for an answer in an SD-CWT.
//!
//! A frame of a [carousel](crate::Carousel) begins with `WP3:` and has, after the transfer,
//!
//! | bytes | |
//! |---|---|
//! | 3 | length of the packed payload |
//! | 3 | number of the RaptorQ symbol (RFC 6330 §3.2) |
//! | .. | the symbol; all symbols of a transfer have one length |
//!
//! The checks find accidents, not attackers: the payload is signed, and the receiver judges it.

use crate::{base45, pack};
use core::fmt;
use sha2::{Digest, Sha256};

/// The largest payload: the largest credential, presentation or request there is.
pub(crate) const MAX_PAYLOAD: usize = 64 * 1024;

/// Magic and version; only characters of QR's alphanumeric mode.
const PREFIX: &str = "WP1:";
/// The prefix of a short frame. No program that reads only the first form reads what is in these.
const SHORT: &str = "WP2:";
/// The first bytes of a COSE_Sign1 and of a COSE_Encrypt0: their tags (RFC 9052 §2).
const COSE: [u8; 2] = [0xd2, 0xd0];
/// The frames of a carousel.
const CAROUSEL: &str = "WP3:";
/// The beginning of all versions.
const ANY_VERSION: &str = "WP";
const CHECK: usize = 4;
const HEADER: usize = CHECK + 8 + 1 + 1 + 3;
const CAROUSEL_HEADER: usize = CHECK + 8 + 3 + 3;
/// The shortest symbol of a carousel: it bounds how many symbols a payload has, and so the work of solving for it.
pub(crate) const MIN_SYMBOL: usize = 128;
const MAX_SYMBOL: usize = 2048;
/// QR version 40 holds no more alphanumeric characters than this (ISO/IEC 18004 table 7).
const MAX_TEXT: usize = 4296;

/// How a credential offer begins (OpenID4VCI 1.0 §4.1). It is in one code as it is, so that every wallet can scan it.
pub const OFFER: &str = "openid-credential-offer:";
/// The longest offer: what the largest code holds in byte mode with the least error correction (ISO/IEC 18004 table 7).
const MAX_PLAIN: usize = 2953;

/// How much one code may hold; smaller codes are easier to scan, and there are more of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameSize {
    /// 800 characters: read by an ordinary camera at arm's length.
    Scan,
    /// 600 characters: with its quiet zone no wider than an 80-column terminal.
    Terminal,
}

impl FrameSize {
    const fn characters(self) -> usize {
        match self {
            Self::Scan => 800,
            Self::Terminal => 600,
        }
    }
}

/// One code of a transfer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    text: String,
    index: u8,
    count: u8,
}

impl Frame {
    /// Returns the content of the code.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns its place among the frames of the transfer, counted from 1.
    pub fn number(&self) -> usize {
        usize::from(self.index) + 1
    }

    /// Returns how many frames the transfer has.
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }
}

/// The payload is larger than codes carry: `MAX_PAYLOAD`, or one code for an offer, which every wallet must be able to scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayloadTooLarge {
    /// How many bytes it has.
    pub bytes: usize,
    /// How many there may be.
    pub most: usize,
}

impl fmt::Display for PayloadTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carrier = if self.most == MAX_PLAIN { "one QR code holds" } else { "QR codes carry" };
        write!(f, "{} bytes are more than the {} that {carrier}", self.bytes, self.most)
    }
}

impl core::error::Error for PayloadTooLarge {}

/// Cuts `payload` into frames of about equal size; the same payload always gives the same frames. A credential offer is one code of plain
/// text instead.
pub fn frames(payload: &[u8], size: FrameSize) -> Result<Vec<Frame>, PayloadTooLarge> {
    // A file ends with a line break, which does not belong to the URI.
    let offer = core::str::from_utf8(payload).ok().map(str::trim_end).filter(|text| text.starts_with(OFFER));
    if let Some(offer) = offer {
        if offer.len() > MAX_PLAIN {
            return Err(PayloadTooLarge { bytes: offer.len(), most: MAX_PLAIN });
        }
        return Ok(vec![Frame { text: offer.to_owned(), index: 0, count: 1 }]);
    }
    let too_large = PayloadTooLarge { bytes: payload.len(), most: MAX_PAYLOAD };
    if payload.len() > MAX_PAYLOAD {
        return Err(too_large);
    }
    if is_cose(payload) && payload.len() <= base45::bytes_in(size.characters() - SHORT.len()) - CHECK {
        return Ok(vec![Frame { text: sealed(SHORT, &[payload]), index: 0, count: 1 }]);
    }
    let packed = pack::pack(payload);
    let room = base45::bytes_in(size.characters() - PREFIX.len()) - HEADER;
    let count = u8::try_from(packed.len().div_ceil(room)).map_err(|_| too_large)?;
    let share = packed.len().div_ceil(usize::from(count));
    let head = Head::of(payload, packed.len());
    let frame =
        |(index, data): (u8, &[u8])| Frame { text: sealed(PREFIX, &[&head.transfer, &[index, count], &head.total(), data]), index, count };
    Ok((0..count).zip(packed.chunks(share)).map(frame).collect())
}

/// The fields that all frames of a transfer have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// Names the payload and checks it.
    transfer: [u8; 8],
    /// The length of the packed payload.
    pub(crate) total: u32,
}

impl Head {
    /// Returns the head of the frames of `payload`, which is `packed` bytes long when it is packed: at most [`MAX_PAYLOAD`] and one.
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,537")]
    pub(crate) fn of(payload: &[u8], packed: usize) -> Self {
        Self { transfer: cut_digest(payload), total: packed as u32 }
    }

    /// Returns the payload that `packed` is, if it is the one of this transfer.
    pub(crate) fn unpacked(&self, packed: &[u8]) -> Result<Vec<u8>, FrameError> {
        if packed.len() != self.total as usize {
            return Err(FrameError::WrongWhole);
        }
        let payload = pack::unpack(packed, MAX_PAYLOAD).ok_or(FrameError::WrongWhole)?;
        if cut_digest(&payload) == self.transfer { Ok(payload) } else { Err(FrameError::WrongWhole) }
    }

    fn total(self) -> [u8; 3] {
        let [_, total @ ..] = self.total.to_be_bytes();
        total
    }
}

/// Returns the text of the frame of a carousel with this symbol.
pub(crate) fn carousel_frame(head: &Head, number: u32, symbol: &[u8]) -> String {
    let [_, number @ ..] = number.to_be_bytes();
    sealed(CAROUSEL, &[&head.transfer, &head.total(), &number, symbol])
}

/// Returns how many bytes of a symbol a frame of a carousel holds.
pub(crate) const fn symbol_room(size: FrameSize) -> usize {
    base45::bytes_in(size.characters() - CAROUSEL.len()) - CAROUSEL_HEADER
}

fn sealed(prefix: &str, parts: &[&[u8]]) -> String {
    let content = parts.concat();
    let mut text = String::from(prefix);
    base45::encode_into(&[&check(&content)[..], &content].concat(), &mut text);
    text
}

fn is_cose(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| COSE.contains(first))
}

fn check(content: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&Sha256::digest(content)[..CHECK]);
    check
}

fn cut_digest(payload: &[u8]) -> [u8; 8] {
    let mut digest = [0; 8];
    digest.copy_from_slice(&Sha256::digest(payload)[..8]);
    digest
}

/// Why a scanned text was not taken, or why a transfer is not complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrameError {
    /// The text is not a frame of ours.
    NotAFrame,
    /// A frame of a version that this program does not know.
    UnknownVersion,
    /// A frame that was damaged on the way.
    Damaged,
    /// The frame belongs to another transfer than those before it.
    AnotherTransfer,
    /// Two frames claim the same place and differ.
    Conflict {
        /// The place, counted from 1.
        number: usize,
    },
    /// Frames are still missing.
    Missing {
        /// Their numbers, counted from 1.
        numbers: Vec<usize>,
        /// The number of frames.
        count: usize,
    },
    /// More codes of a carousel are needed.
    TooFew {
        /// How many different ones there are.
        have: usize,
        /// How many suffice at best.
        count: usize,
    },
    /// Nothing was scanned.
    Nothing,
    /// All frames are there and do not make the payload they announce.
    WrongWhole,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFrame => f.write_str("the code is not a waypass frame"),
            Self::UnknownVersion => f.write_str("the frame was written by a newer version"),
            Self::Damaged => f.write_str("the frame is damaged"),
            Self::AnotherTransfer => f.write_str("the frame belongs to another transfer"),
            Self::Conflict { number } => write!(f, "two different frames claim to be number {number}"),
            Self::Missing { numbers, count } => {
                f.write_str(if numbers.len() == 1 { "frame " } else { "frames " })?;
                for (i, number) in numbers.iter().enumerate() {
                    write!(f, "{}{number}", if i == 0 { "" } else { ", " })?;
                }
                write!(f, " of {count} missing")
            }
            Self::TooFew { have, count } => write!(f, "{have} of at least {count} codes of the carousel were seen"),
            Self::Nothing => f.write_str("no frame was scanned"),
            Self::WrongWhole => f.write_str("the frames do not make the payload they announce"),
        }
    }
}

impl core::error::Error for FrameError {}

/// How far a transfer has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Frames that have arrived.
    pub have: usize,
    /// Frames of the transfer; of a carousel those that suffice at best.
    pub count: usize,
}

impl Progress {
    /// Returns true if nothing is missing.
    pub fn complete(self) -> bool {
        self.have == self.count
    }
}

/// A frame, read.
pub(crate) struct Part {
    pub(crate) head: Head,
    pub(crate) share: Share,
    pub(crate) data: Vec<u8>,
}

/// Which share of the payload a frame has.
pub(crate) enum Share {
    /// A piece, by its place.
    Piece { index: u8, count: u8 },
    /// A symbol, by its number.
    Symbol(u32),
}

impl Part {
    /// Reads a scanned text.
    pub(crate) fn parse(text: &str) -> Result<Self, FrameError> {
        let Some((kind, body)) = [PREFIX, SHORT, CAROUSEL].into_iter().find_map(|kind| Some((kind, text.strip_prefix(kind)?))) else {
            return Err(if is_newer(text) { FrameError::UnknownVersion } else { FrameError::NotAFrame });
        };
        if text.len() > MAX_TEXT {
            return Err(FrameError::Damaged);
        }
        let bytes = base45::decode(body).ok_or(FrameError::Damaged)?;
        let (sum, content) = bytes.split_first_chunk::<CHECK>().ok_or(FrameError::Damaged)?;
        if check(content) != *sum {
            return Err(FrameError::Damaged);
        }
        let read = if kind == SHORT { Self::short(content) } else { Self::read(content, kind == CAROUSEL) };
        read.ok_or(FrameError::Damaged)
    }

    /// Reads a short frame, which is a transfer of its own.
    fn short(payload: &[u8]) -> Option<Self> {
        let data = pack::pack(payload);
        is_cose(payload).then(|| Self { head: Head::of(payload, data.len()), share: Share::Piece { index: 0, count: 1 }, data })
    }

    fn read(content: &[u8], is_carousel: bool) -> Option<Self> {
        let (transfer, mut rest) = content.split_first_chunk::<8>()?;
        let mut place = None;
        if !is_carousel {
            let ([index, count], after) = rest.split_first_chunk::<2>()?;
            (place, rest) = (Some((*index, *count)), after);
        }
        let (total, rest) = number(rest)?;
        let head = Head { transfer: *transfer, total };
        let (share, data) = match place {
            Some((index, count)) => (Share::Piece { index, count }, rest),
            None => number(rest).map(|(number, rest)| (Share::Symbol(number), rest))?,
        };
        let is_in_bounds = match share {
            Share::Piece { index, count } => index < count && !data.is_empty() && data.len() <= total as usize,
            Share::Symbol(_) => total > 0 && (MIN_SYMBOL..=MAX_SYMBOL).contains(&data.len()),
        };
        (is_in_bounds && total as usize <= MAX_PAYLOAD + 1).then(|| Self { head, share, data: data.to_vec() })
    }
}

/// Reads a number of three bytes.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let ([a, b, c], rest) = bytes.split_first_chunk::<3>()?;
    Some((u32::from_be_bytes([0, *a, *b, *c]), rest))
}

fn is_newer(text: &str) -> bool {
    let version = text.strip_prefix(ANY_VERSION).and_then(|rest| rest.split_once(':')).map(|(version, _)| version);
    version.is_some_and(|version| !version.is_empty() && version.len() <= 2 && version.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
