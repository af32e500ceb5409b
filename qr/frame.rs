//! Frames: one payload over one or several QR codes, gathered in any order.
//!
//! A frame is the text `WP1:` and base45 of
//!
//! | bytes | |
//! |---|---|
//! | 4 | check: SHA-256 of all that follows, cut |
//! | 8 | transfer: SHA-256 of the whole payload, cut; names the transfer and checks it |
//! | 1, 1 | index from 0, count |
//! | 3 | length of the packed payload |
//! | .. | this frame's share of the packed payload |
//!
//! A COSE message that fits into one code so is in a short frame instead: the text `WP2:` and base45 of the check and the
//! payload. It saves 14 bytes, which decide for an answer in an SD-CWT.
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
/// COSE_Sign1 with its tag (RFC 9052 §2).
const COSE: u8 = 0xd2;
/// The beginning of all versions.
const ANY_VERSION: &str = "WP";
const CHECK: usize = 4;
const HEADER: usize = CHECK + 8 + 1 + 1 + 3;
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
    if payload.first() == Some(&COSE) && payload.len() <= base45::bytes_in(size.characters() - SHORT.len()) - CHECK {
        let mut text = String::from(SHORT);
        base45::encode_into(&[&Sha256::digest(payload)[..CHECK], payload].concat(), &mut text);
        return Ok(vec![Frame { text, index: 0, count: 1 }]);
    }
    let packed = pack::pack(payload);
    let room = base45::bytes_in(size.characters() - PREFIX.len()) - HEADER;
    let count = u8::try_from(packed.len().div_ceil(room)).map_err(|_| too_large)?;
    let share = packed.len().div_ceil(usize::from(count));
    let transfer = Sha256::digest(payload);
    let total = u32::try_from(packed.len()).map_err(|_| too_large)?.to_be_bytes();
    let frame = |(index, data): (u8, &[u8])| {
        let mut bytes = vec![0; CHECK];
        bytes.extend_from_slice(&transfer[..8]);
        bytes.extend_from_slice(&[index, count]);
        bytes.extend_from_slice(&total[1..]);
        bytes.extend_from_slice(data);
        let check = Sha256::digest(&bytes[CHECK..]);
        bytes[..CHECK].copy_from_slice(&check[..CHECK]);
        let mut text = String::from(PREFIX);
        base45::encode_into(&bytes, &mut text);
        Frame { text, index, count }
    };
    Ok((0..count).zip(packed.chunks(share)).map(frame).collect())
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
    /// Frames of the transfer.
    pub count: usize,
}

impl Progress {
    /// Returns true if nothing is missing.
    pub fn complete(self) -> bool {
        self.have == self.count
    }
}

/// Gathers the frames of one transfer, in any order, each as often as it is seen.
#[derive(Clone, Default, Debug)]
pub struct Collector {
    transfer: Option<Transfer>,
}

#[derive(Clone, Debug)]
struct Transfer {
    id: [u8; 8],
    total: usize,
    parts: Vec<Option<Vec<u8>>>,
}

impl Collector {
    /// Returns an empty gathering; the first frame decides which transfer this is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns true if a frame was taken.
    pub(crate) const fn has_begun(&self) -> bool {
        self.transfer.is_some()
    }

    /// Takes one scanned text. An error leaves what was gathered as it was.
    pub fn add(&mut self, text: &str) -> Result<Progress, FrameError> {
        let part = Part::parse(text)?;
        let transfer = match &mut self.transfer {
            None => self.transfer.insert(Transfer { id: part.id, total: part.total, parts: vec![None; usize::from(part.count)] }),
            Some(known) => {
                if known.id != part.id || known.total != part.total || known.parts.len() != usize::from(part.count) {
                    return Err(FrameError::AnotherTransfer);
                }
                known
            }
        };
        match &mut transfer.parts[usize::from(part.index)] {
            place @ None => *place = Some(part.data),
            Some(same) if *same == part.data => {}
            Some(_) => return Err(FrameError::Conflict { number: usize::from(part.index) + 1 }),
        }
        Ok(Progress { have: transfer.parts.iter().flatten().count(), count: transfer.parts.len() })
    }

    /// Returns the payload, when every frame has arrived and together they are what was announced.
    pub fn finish(&self) -> Result<Vec<u8>, FrameError> {
        let transfer = self.transfer.as_ref().ok_or(FrameError::Nothing)?;
        let missing = transfer.parts.iter().enumerate().filter(|(_, part)| part.is_none());
        let numbers: Vec<usize> = missing.map(|(index, _)| index + 1).collect();
        if !numbers.is_empty() {
            return Err(FrameError::Missing { numbers, count: transfer.parts.len() });
        }
        let packed: Vec<u8> = transfer.parts.iter().flatten().flatten().copied().collect();
        if packed.len() != transfer.total {
            return Err(FrameError::WrongWhole);
        }
        let payload = pack::unpack(&packed, MAX_PAYLOAD).ok_or(FrameError::WrongWhole)?;
        if Sha256::digest(&payload)[..8] == transfer.id { Ok(payload) } else { Err(FrameError::WrongWhole) }
    }
}

struct Part {
    id: [u8; 8],
    index: u8,
    count: u8,
    total: usize,
    data: Vec<u8>,
}

impl Part {
    /// Reads a short frame, which is a transfer of its own.
    fn parse_short(body: &str) -> Result<Self, FrameError> {
        let bytes = base45::decode(body).ok_or(FrameError::Damaged)?;
        let (check, payload) = bytes.split_first_chunk::<CHECK>().ok_or(FrameError::Damaged)?;
        let digest = Sha256::digest(payload);
        if !digest.starts_with(check) || payload.first() != Some(&COSE) {
            return Err(FrameError::Damaged);
        }
        let (mut id, data) = ([0; 8], pack::pack(payload));
        id.copy_from_slice(&digest[..8]);
        Ok(Self { id, index: 0, count: 1, total: data.len(), data })
    }

    fn parse(text: &str) -> Result<Self, FrameError> {
        if text.len() > MAX_TEXT {
            return Err(if text.starts_with(ANY_VERSION) { FrameError::Damaged } else { FrameError::NotAFrame });
        }
        if let Some(body) = text.strip_prefix(SHORT) {
            return Self::parse_short(body);
        }
        let Some(body) = text.strip_prefix(PREFIX) else {
            let newer = text
                .strip_prefix(ANY_VERSION)
                .and_then(|rest| rest.split_once(':'))
                .is_some_and(|(version, _)| !version.is_empty() && version.len() <= 2 && version.bytes().all(|b| b.is_ascii_digit()));
            return Err(if newer { FrameError::UnknownVersion } else { FrameError::NotAFrame });
        };
        let bytes = base45::decode(body).ok_or(FrameError::Damaged)?;
        let (check, rest) = bytes.split_first_chunk::<CHECK>().ok_or(FrameError::Damaged)?;
        if Sha256::digest(rest)[..CHECK] != *check {
            return Err(FrameError::Damaged);
        }
        let (id, rest) = rest.split_first_chunk::<8>().ok_or(FrameError::Damaged)?;
        let ([index, count, a, b, c], data) = rest.split_first_chunk::<5>().ok_or(FrameError::Damaged)?;
        let total = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if index >= count || data.is_empty() || data.len() > total || total > MAX_PAYLOAD + 1 {
            return Err(FrameError::Damaged);
        }
        Ok(Self { id: *id, index: *index, count: *count, total, data: data.to_vec() })
    }
}
