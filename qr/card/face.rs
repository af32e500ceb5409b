//! One card: its code on the right, and what it says in plain text on the left.

use super::letters::Contour;
use super::page::{card_size, dots, rectangle};
use super::text::line;
use super::{CardError, Face};
use crate::draw::modules;
use crate::frame::{FrameSize, frames};
use qrcode::EcLevel;

/// The largest side of a code with its quiet zone, in millimetres: it leaves a margin that a cut or a clip may take.
const CODE: f32 = 47.0;
/// Between the edge and what is printed, in millimetres.
const MARGIN: f32 = 3.5;
/// Between code and text, in millimetres; the code has a quiet zone of its own.
const APART: f32 = 0.5;
/// The heights of letters, in millimetres: the title, the name, and everything else.
const TITLE: Size = Size { largest: 3.0, least: 1.9 };
const NAME: Size = Size { largest: 4.6, least: 1.9 };
const LINE: Size = Size { largest: 2.8, least: 1.7 };
/// From one line to the next, in heights of its letters.
const LEADING: f32 = 1.3;
/// The part of a line's height that is above the line its letters are on.
const ASCENT: f32 = 0.95;

/// The height of letters: the largest that fits, and the least that is still read.
#[derive(Clone, Copy)]
struct Size {
    largest: f32,
    least: f32,
}

/// Returns the shapes of a card, with a code of this error correction.
pub(super) fn shapes(face: &Face, level: EcLevel) -> Result<Vec<Vec<Contour>>, CardError> {
    let (width, height) = card_size();
    let (code, side) = code(&face.code, level)?;
    let left = width - side - dots(MARGIN) / 2.0;
    let top = (height - side) / 2.0;
    let mut shapes = vec![code.into_iter().map(|contour| contour.into_iter().map(|(x, y)| (x + left, y + top)).collect()).collect()];
    let mut column = Column { y: dots(MARGIN), width: left - dots(MARGIN + APART), shapes: Vec::new() };
    column.paragraph(&face.title, TITLE)?;
    column.y += dots(1.2);
    column.paragraph(&face.name, NAME)?;
    column.y += dots(1.2);
    for text in &face.lines {
        column.paragraph(text, LINE)?;
    }
    if column.y > height - dots(MARGIN) {
        return Err(CardError::TooMuch);
    }
    shapes.extend(column.shapes);
    Ok(shapes)
}

/// Returns the dark modules of a code, and the length of its side with the quiet zone. A module is a whole number of dots.
#[expect(clippy::cast_precision_loss, reason = "a code has at most 185 modules a side")]
fn code(payload: &[u8], level: EcLevel) -> Result<(Vec<Contour>, f32), CardError> {
    let codes = frames(payload, FrameSize::Scan).map_err(|_| CardError::TooLong)?;
    let [one] = codes.as_slice() else { return Err(CardError::TooLong) };
    let rows = modules(one.text(), level).map_err(|_| CardError::TooLong)?;
    let module = (dots(CODE) / rows.len() as f32).floor();
    let mut dark = Vec::new();
    for (y, row) in (0_u8..).zip(&rows) {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] {
                dark.push(rectangle(x as f32 * module, f32::from(y) * module, run.len() as f32 * module, module));
            }
            x += run.len();
        }
    }
    Ok((dark, rows.len() as f32 * module))
}

/// The column of text.
struct Column {
    /// How far down it is filled.
    y: f32,
    width: f32,
    shapes: Vec<Vec<Contour>>,
}

impl Column {
    /// Sets a text in one line if it fits, else in two, as large as it may be.
    fn paragraph(&mut self, text: &str, size: Size) -> Result<(), CardError> {
        // The sizes to try, from the largest to the least.
        let sizes = (0_u8..).map(|step| size.largest - 0.1 * f32::from(step)).take_while(|height| *height >= size.least - 0.01);
        for height in sizes {
            for lines in [vec![text], halves(text)] {
                // One line is smaller than two lines only down to the middle of the sizes.
                if lines.len() == 1 && height < f32::midpoint(size.largest, size.least) && text.contains(' ') {
                    continue;
                }
                if self.fits(&lines, height)? {
                    return lines.into_iter().try_for_each(|text| self.set(text, height));
                }
            }
        }
        Err(CardError::TooWide(text.to_owned()))
    }

    fn fits(&self, lines: &[&str], height: f32) -> Result<bool, CardError> {
        lines.iter().try_fold(true, |fits, text| Ok(fits && line(text)?.width * dots(height) <= self.width))
    }

    fn set(&mut self, text: &str, height: f32) -> Result<(), CardError> {
        let (line, height) = (line(text)?, dots(height));
        let x = dots(MARGIN) + if line.from_right { self.width - line.width * height } else { 0.0 };
        let y = self.y + ASCENT * height;
        let place = |contour: Contour| contour.into_iter().map(|point| (x + point.0 * height, y - point.1 * height)).collect();
        self.shapes.push(line.contours.into_iter().map(place).collect());
        self.y += LEADING * height;
        Ok(())
    }
}

/// Cuts a text at the space nearest to its middle.
fn halves(text: &str) -> Vec<&str> {
    let middle = text.len() / 2;
    match text.match_indices(' ').map(|(at, _)| at).min_by_key(|at| at.abs_diff(middle)) {
        Some(at) => vec![&text[..at], &text[at + 1..]],
        None => vec![text],
    }
}
