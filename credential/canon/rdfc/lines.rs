//! The dataset as lines of one buffer: each statement is written once, blank nodes as `_:z` until their labels are known.

use super::n_degree::Issuer;
use super::{MAX_BYTES, MAX_QUADS, RdfcError};
use crate::canon::nquads::{self, Position};
use crate::canon::rdf::Dataset;
use alloc::vec::Vec;
use core::ops::Range;

/// What stands for every blank node until the labels are known; also how §4.6.3 names those that are not being hashed.
const PLACEHOLDER: &[u8; 3] = b"_:z";

/// No blank node stands in this position.
const NONE: u32 = u32::MAX;

/// A range of the buffer, which is shorter than 4 GiB.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

/// The lines of a dataset.
pub(super) struct Lines<'d> {
    buffer: Vec<u8>,
    /// Lines that are as they will be.
    done: Vec<Span>,
    labelled: Vec<Labelled<'d>>,
}

/// A line with blank nodes in it.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'d> {
    span: Span,
    /// Blank nodes as subject, object and graph name; [`NONE`] where there is none.
    blanks: [u32; 3],
    /// Where their placeholders begin, counted from the start of the line.
    offsets: [u32; 3],
    predicate: &'d str,
}

impl Span {
    const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl<'d> Labelled<'d> {
    /// The blank nodes of this line and where they stand; twice if one stands in two positions.
    pub(super) fn blanks(&self) -> impl Iterator<Item = (Position, u32)> {
        [Position::Subject, Position::Object, Position::Graph].into_iter().zip(self.blanks).filter(|(_, blank)| *blank != NONE)
    }

    /// The blank nodes of this line, each once.
    pub(super) fn distinct_blanks(&self) -> impl Iterator<Item = u32> {
        let [subject, object, graph] = self.blanks;
        let object = if object == subject { NONE } else { object };
        let graph = if graph == subject || graph == object { NONE } else { graph };
        [subject, object, graph].into_iter().filter(|blank| *blank != NONE)
    }

    /// The predicate, without angle brackets.
    pub(super) const fn predicate(&self) -> &'d str {
        self.predicate
    }

    /// Appends the line with `blank` as `_:a` and every other blank node as `_:z` (§4.6.3 step 3).
    pub(super) fn write_seen_from(&self, blank: u32, buffer: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&buffer[self.span.range()]);
        for (other, offset) in self.blanks.into_iter().zip(self.offsets) {
            if other == blank {
                out[start + offset as usize + PLACEHOLDER.len() - 1] = b'a';
            }
        }
    }
}

impl<'d> Lines<'d> {
    /// Writes every statement of `dataset`.
    pub(super) fn write(dataset: &'d Dataset<'_>) -> Result<Self, RdfcError> {
        if dataset.len() > MAX_QUADS || dataset.blanks() as usize > 3 * MAX_QUADS {
            return Err(RdfcError::TooLarge);
        }
        // A statement of a credential takes about 110 bytes.
        let mut buffer = Vec::with_capacity(dataset.len() * 160);
        let mut done = Vec::with_capacity(dataset.len());
        let mut labelled = Vec::new();
        for quad in dataset {
            let start = offset(&buffer)?;
            let (mut blanks, mut offsets) = ([NONE; 3], [0; 3]);
            nquads::write_quad(quad, &mut buffer, |position, number, out| {
                blanks[position as usize] = number;
                // Too long a line is found when it ends.
                offsets[position as usize] = u32::try_from(out.len()).unwrap_or(NONE).saturating_sub(start);
                out.extend_from_slice(PLACEHOLDER);
            })
            .map_err(|nquads::Unwritable| RdfcError::Unwritable)?;
            let span = Span { start, end: offset(&buffer)? };
            if blanks == [NONE; 3] {
                done.push(span);
            } else {
                labelled.push(Labelled { span, blanks, offsets, predicate: &quad.predicate });
            }
        }
        Ok(Self { buffer, done, labelled })
    }

    /// The lines with blank nodes. Every statement is here once after [`Self::dedup_labelled`], not before.
    pub(super) fn labelled(&self) -> &[Labelled<'d>] {
        &self.labelled
    }

    /// What the lines stand in.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Removes repeated statements with blank nodes: a dataset is a set, and the hashes of §4.6 would see them twice.
    pub(super) fn dedup_labelled(&mut self) {
        let text = |line: &Labelled<'_>| &self.buffer[line.span.range()];
        self.labelled.sort_unstable_by(|a, b| text(a).cmp(text(b)).then(a.blanks.cmp(&b.blanks)));
        self.labelled.dedup_by(|a, b| a.blanks == b.blanks && text(a) == text(b));
    }

    /// Writes the lines with blank nodes anew, with their canonical labels.
    #[expect(clippy::cast_possible_truncation, reason = "MAX_BYTES twice over and three labels a line are far below 4 GiB")]
    pub(super) fn label(&mut self, canonical: &Issuer) {
        for line in &self.labelled {
            let start = self.buffer.len();
            let mut from = line.span.start as usize;
            for (blank, offset) in line.blanks.into_iter().zip(line.offsets) {
                if blank != NONE {
                    let placeholder = line.span.start as usize + offset as usize;
                    self.buffer.extend_from_within(from..placeholder);
                    canonical.write_label(blank, &mut self.buffer);
                    from = placeholder + PLACEHOLDER.len();
                }
            }
            self.buffer.extend_from_within(from..line.span.end as usize);
            self.done.push(Span { start: start as u32, end: self.buffer.len() as u32 });
        }
        self.labelled.clear();
    }

    /// Appends the finished lines in code point order, each once (§5).
    pub(super) fn sort_into(mut self, out: &mut Vec<u8>) {
        let text = |span: Span| &self.buffer[span.range()];
        self.done.sort_unstable_by(|a, b| text(*a).cmp(text(*b)));
        self.done.dedup_by(|a, b| text(*a) == text(*b));
        out.reserve(self.buffer.len());
        for span in &self.done {
            out.extend_from_slice(text(*span));
        }
    }
}

/// The end of what is written so far, which must not be more than [`MAX_BYTES`].
fn offset(buffer: &[u8]) -> Result<u32, RdfcError> {
    match u32::try_from(buffer.len()) {
        Ok(length) if buffer.len() <= MAX_BYTES => Ok(length),
        _ => Err(RdfcError::TooLarge),
    }
}
