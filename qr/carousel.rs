//! A carousel: codes shown one after another without end, of which a camera needs some few more than the payload has pieces, whichever it
//! catches (RaptorQ, RFC 6330).

use crate::frame::{FrameError, FrameSize, Head, MAX_PAYLOAD, MIN_SYMBOL, PayloadTooLarge, Progress, carousel_frame, symbol_room};
use crate::pack;
use core::fmt;
use raptorq::{EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockDecoder, SourceBlockEncoder};
use std::collections::BTreeMap;

/// The numbers that a symbol can have (RFC 6330 §3.2).
const SYMBOLS: u32 = 1 << 24;
/// Symbols beyond those that suffice at best which are tried before the transfer is given up. Each makes it about 256 times less likely
/// that those so far do not suffice, so an honest carousel never needs them all.
const SPARE: usize = 32;

/// A payload as an endless row of codes.
pub struct Carousel {
    head: Head,
    encoder: SourceBlockEncoder,
    sources: Vec<EncodingPacket>,
}

impl fmt::Debug for Carousel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carousel").field("head", &self.head).field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl Carousel {
    /// Returns the carousel of `payload`, in codes of `size`.
    pub fn new(payload: &[u8], size: FrameSize) -> Result<Self, PayloadTooLarge> {
        if payload.len() > MAX_PAYLOAD {
            return Err(PayloadTooLarge { bytes: payload.len(), most: MAX_PAYLOAD });
        }
        let mut packed = pack::pack(payload);
        let head = Head::of(payload, packed.len());
        let count = packed.len().div_ceil(symbol_room(size));
        let symbol = packed.len().div_ceil(count).max(MIN_SYMBOL);
        packed.resize(count * symbol, 0);
        let encoder = SourceBlockEncoder::new(0, &information(count, symbol), &packed);
        Ok(Self { head, sources: encoder.source_packets(), encoder })
    }

    /// Returns how many codes suffice at best: the first ones are the payload itself.
    pub fn count(&self) -> usize {
        self.sources.len()
    }

    /// Returns the content of the code with this number, counted from 0. After 2^24 codes they begin again.
    pub fn code(&self, number: u32) -> String {
        let number = number % SYMBOLS;
        let beyond = (number as usize).checked_sub(self.sources.len());
        match beyond {
            None => carousel_frame(&self.head, number, self.sources[number as usize].data()),
            Some(beyond) => {
                let repair = self.encoder.repair_packets(u32::try_from(beyond).unwrap_or_default(), 1);
                carousel_frame(&self.head, number, repair.first().map_or(&[], EncodingPacket::data))
            }
        }
    }
}

/// One block of `count` symbols, in the terms of RFC 6330 §3.3.
fn information(count: usize, symbol: usize) -> ObjectTransmissionInformation {
    let size = u16::try_from(symbol).unwrap_or(u16::MAX);
    ObjectTransmissionInformation::new((count * symbol) as u64, size, 1, 1, 1)
}

/// Solves for a payload from any symbols of its carousel.
#[derive(Clone)]
pub(crate) struct Solver {
    total: usize,
    count: usize,
    symbol: usize,
    seen: BTreeMap<u32, Vec<u8>>,
    solved: Option<Vec<u8>>,
}

impl fmt::Debug for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, seen, solved, .. } = self;
        f.debug_struct("Solver")
            .field("seen", &seen.len())
            .field("count", count)
            .field("is_solved", &solved.is_some())
            .finish_non_exhaustive()
    }
}

impl Solver {
    /// Begins a transfer whose symbols have `symbol` bytes.
    pub(crate) fn new(head: Head, symbol: usize) -> Self {
        let total = head.total as usize;
        Self { total, count: total.div_ceil(symbol), symbol, seen: BTreeMap::new(), solved: None }
    }

    /// Takes a symbol, and tries to solve once there are enough.
    pub(crate) fn add(&mut self, number: u32, data: Vec<u8>) -> Result<Progress, FrameError> {
        if data.len() != self.symbol {
            return Err(FrameError::AnotherTransfer);
        }
        match self.seen.get(&number) {
            Some(same) if *same == data => {}
            Some(_) => return Err(FrameError::Conflict { number: number as usize + 1 }),
            None if self.solved.is_some() => {}
            None if self.seen.len() >= self.count + SPARE => return Err(FrameError::WrongWhole),
            None => {
                self.seen.insert(number, data);
                if self.seen.len() >= self.count {
                    self.solved = self.solve();
                }
            }
        }
        let have = if self.solved.is_some() { self.count } else { self.seen.len().min(self.count - 1) };
        Ok(Progress { have, count: self.count })
    }

    /// Returns the packed payload, once it is known.
    pub(crate) fn solved(&self) -> Option<&[u8]> {
        self.solved.as_deref()
    }

    /// Returns the fault of a transfer that is not solved.
    pub(crate) fn too_few(&self) -> FrameError {
        FrameError::TooFew { have: self.seen.len(), count: self.count }
    }

    fn solve(&self) -> Option<Vec<u8>> {
        let information = information(self.count, self.symbol);
        let mut decoder = SourceBlockDecoder::new(0, &information, information.transfer_length());
        let packets = self.seen.iter().map(|(number, data)| EncodingPacket::new(PayloadId::new(0, *number), data.clone()));
        let mut packed = decoder.decode(packets)?;
        packed.truncate(self.total);
        Some(packed)
    }
}
