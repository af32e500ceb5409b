//! The dataset as lines of one buffer: each statement is written once, blank nodes as `_:z` until their labels are known.

use super::issuer::Issuer;
use super::{MAX_BYTES, MAX_QUADS, RdfcError};
use crate::canon::nquads::{self, Position};
use crate::canon::rdf::{Dataset, Node};
use alloc::vec::Vec;
use core::ops::Range;

/// The placeholder of every blank node until the labels are known; also how §4.6.3 names those that are not being hashed.
const PLACEHOLDER: &[u8; 3] = b"_:z";

/// No blank node is in this position.
const NONE: u32 = u32::MAX;

/// A line: ranges of the buffer, which is shorter than 4 GiB.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    /// The end of the subject.
    subject: u32,
    end: u32,
    /// The place of the subject among all subjects, once these are sorted.
    rank: u32,
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
    /// Blank nodes as subject, object and graph name; [`NONE`] for any other term.
    blanks: [u32; 3],
    /// The places where their placeholders begin, counted from the start of the line.
    offsets: [u32; 3],
    predicate: &'d str,
}

impl Span {
    const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    const fn subject(self) -> Range<usize> {
        self.start as usize..self.subject as usize
    }

    const fn rest(self) -> Range<usize> {
        self.subject as usize..self.end as usize
    }
}

impl<'d> Labelled<'d> {
    /// Returns the blank nodes of this line and their positions; twice if one is in two positions.
    pub(super) fn blanks(&self) -> impl Iterator<Item = (Position, u32)> {
        [Position::Subject, Position::Object, Position::Graph].into_iter().zip(self.blanks).filter(|(_, blank)| *blank != NONE)
    }

    /// Returns the blank nodes of this line, each once.
    pub(super) fn distinct_blanks(&self) -> impl Iterator<Item = u32> {
        let [subject, object, graph] = self.blanks;
        let object = if object == subject { NONE } else { object };
        let graph = if graph == subject || graph == object { NONE } else { graph };
        [subject, object, graph].into_iter().filter(|blank| *blank != NONE)
    }

    /// Returns the predicate, without angle brackets.
    pub(super) const fn predicate(&self) -> &'d str {
        self.predicate
    }

    /// Returns the blank nodes by position. With the text that names none of them, they make the statement.
    pub(super) const fn blank_numbers(&self) -> &[u32; 3] {
        &self.blanks
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
        let mut before: Option<(&Node<'_>, Range<usize>)> = None;
        for quad in dataset {
            let start = offset(&buffer)?;
            let (mut blanks, mut offsets) = ([NONE; 3], [0; 3]);
            let mut blank = |position: Position, number: u32, out: &mut Vec<u8>| {
                blanks[position as usize] = number;
                // Too long a line is found when it ends.
                offsets[position as usize] = u32::try_from(out.len()).unwrap_or(NONE).saturating_sub(start);
                out.extend_from_slice(PLACEHOLDER);
            };
            // Statements about one thing are mostly together.
            match (&quad.subject, &before) {
                (Node::Iri(iri), Some((Node::Iri(last), written))) if iri == last => buffer.extend_from_within(written.clone()),
                (subject, _) => {
                    nquads::write_subject(subject, &mut buffer, |number, out| blank(Position::Subject, number, out)).map_err(unwritable)?;
                }
            }
            let subject = offset(&buffer)?;
            nquads::write_rest(quad, &mut buffer, blank).map_err(unwritable)?;
            let span = Span { start, subject, end: offset(&buffer)?, rank: 0 };
            before = Some((&quad.subject, span.subject()));
            if blanks == [NONE; 3] {
                done.push(span);
            } else {
                labelled.push(Labelled { span, blanks, offsets, predicate: &quad.predicate });
            }
        }
        Ok(Self { buffer, done, labelled })
    }

    /// Returns the lines with blank nodes; a statement may still be here twice.
    pub(super) fn labelled(&self) -> &[Labelled<'d>] {
        &self.labelled
    }

    /// Returns the blank node of the dataset, if it has one and no other.
    pub(super) fn only_blank(&self) -> Option<u32> {
        let mut blanks = self.labelled.iter().flat_map(Labelled::blanks).map(|(_, blank)| blank);
        let first = blanks.next()?;
        blanks.all(|blank| blank == first).then_some(first)
    }

    /// Returns the buffer of the lines.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Removes repeated statements with blank nodes.
    pub(super) fn dedup_labelled(&mut self) {
        let text = |line: &Labelled<'_>| &self.buffer[line.span.range()];
        self.labelled.sort_unstable_by(|a, b| text(a).cmp(text(b)).then(a.blanks.cmp(&b.blanks)));
        self.labelled.dedup_by(|a, b| a.blanks == b.blanks && text(a) == text(b));
    }

    /// Writes the lines with blank nodes anew, with their canonical labels.
    #[expect(clippy::cast_possible_truncation, reason = "MAX_BYTES twice over and three labels a line are far below 4 GiB")]
    pub(super) fn label(&mut self, canonical: &Issuer) {
        for line in &self.labelled {
            let start = self.buffer.len() as u32;
            let mut subject = start + (line.span.subject - line.span.start);
            let mut from = line.span.start as usize;
            for (position, (blank, offset)) in line.blanks.into_iter().zip(line.offsets).enumerate() {
                if blank == NONE {
                    continue;
                }
                let placeholder = line.span.start as usize + offset as usize;
                self.buffer.extend_from_within(from..placeholder);
                canonical.write_label(blank, &mut self.buffer);
                from = placeholder + PLACEHOLDER.len();
                if position == Position::Subject as usize {
                    subject = self.buffer.len() as u32;
                }
            }
            self.buffer.extend_from_within(from..line.span.end as usize);
            self.done.push(Span { start, subject, end: self.buffer.len() as u32, rank: 0 });
        }
        self.labelled.clear();
    }

    /// Appends the finished lines in code point order, each once (§5).
    pub(super) fn sort_into(mut self, out: &mut Vec<u8>) {
        self.rank_subjects();
        let rest = |span: &Span| &self.buffer[span.rest()];
        // No subject is the beginning of another and its space, so the order of subjects decides first.
        self.done.sort_unstable_by(|a, b| a.rank.cmp(&b.rank).then_with(|| rest(a).cmp(rest(b))));
        self.done.dedup_by(|a, b| a.rank == b.rank && rest(a) == rest(b));
        out.reserve(self.done.iter().map(|span| span.range().len()).sum());
        for span in &self.done {
            out.extend_from_slice(&self.buffer[span.range()]);
        }
    }

    /// Gives each line the place of its subject, so that sorting compares the text of subjects once, not in every pair of lines.
    fn rank_subjects(&mut self) {
        let subject = |span: &Span| &self.buffer[span.subject()];
        let mut runs: Vec<&mut [Span]> = self.done.chunk_by_mut(|a, b| subject(a) == subject(b)).collect();
        runs.sort_unstable_by(|a, b| subject(&a[0]).cmp(subject(&b[0])));
        let mut rank = 0;
        for index in 0..runs.len() {
            // Runs apart from each other may have the same subject.
            if index > 0 && subject(&runs[index][0]) != subject(&runs[index - 1][0]) {
                rank += 1;
            }
            for span in &mut *runs[index] {
                span.rank = rank;
            }
        }
    }
}

/// Returns the end of what is written so far, which must not be more than [`MAX_BYTES`].
fn offset(buffer: &[u8]) -> Result<u32, RdfcError> {
    match u32::try_from(buffer.len()) {
        Ok(length) if buffer.len() <= MAX_BYTES => Ok(length),
        _ => Err(RdfcError::TooLarge),
    }
}

fn unwritable(nquads::Unwritable: nquads::Unwritable) -> RdfcError {
    RdfcError::Unwritable
}
