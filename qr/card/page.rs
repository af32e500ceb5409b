//! A page of shapes, and cards on it.

use super::letters::Contour;

/// Dots of a printer in an inch: the unit of a page.
pub(super) const DOTS: f32 = 600.0;
/// ID-1 (ISO/IEC 7810 §5): the size of a bank card, in millimetres.
const CARD: (f32, f32) = (85.60, 53.98);
/// A4 (ISO 216), in millimetres.
const A4: (f32, f32) = (210.0, 297.0);
/// Cards on a sheet: columns and rows.
const GRID: (u16, u16) = (2, 4);
/// Between two cards: room for the marks of both.
const GAP: f32 = 6.0;
/// The length and the width of a mark to cut at.
const MARK: (f32, f32) = (2.4, 0.1);

/// Returns millimetres in dots.
pub(super) fn dots(millimetres: f32) -> f32 {
    millimetres * DOTS / 25.4
}

/// A page. The origin is its upper left corner; down is positive.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) width: f32,
    pub(super) height: f32,
    /// Black, each filled where lines go around more often in one direction than in the other.
    pub(super) shapes: Vec<Vec<Contour>>,
}

/// Returns a rectangle.
pub(super) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Contour {
    vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
}

/// Returns a card's size in dots.
pub(super) fn card_size() -> (f32, f32) {
    (dots(CARD.0), dots(CARD.1))
}

/// Returns the page of one card, which has these shapes.
pub(super) fn single(shapes: Vec<Vec<Contour>>) -> Page {
    let (width, height) = card_size();
    Page { width, height, shapes }
}

/// Returns how many cards a sheet has room for.
pub(super) fn on_a_sheet() -> usize {
    usize::from(GRID.0) * usize::from(GRID.1)
}

/// Returns a sheet with as many cards as it has room for, each with marks to cut at.
pub(super) fn sheet(cards: &[Vec<Vec<Contour>>]) -> Page {
    let (columns, rows) = (f32::from(GRID.0), f32::from(GRID.1));
    let left = (A4.0 - columns * CARD.0 - (columns - 1.0) * GAP) / 2.0;
    let top = (A4.1 - rows * CARD.1 - (rows - 1.0) * GAP) / 2.0;
    let mut shapes = Vec::new();
    for (n, card) in (0..).zip(cards) {
        let (column, row): (u16, u16) = (n % GRID.0, n / GRID.0);
        let x = dots(left + f32::from(column) * (CARD.0 + GAP)).round();
        let y = dots(top + f32::from(row) * (CARD.1 + GAP)).round();
        let moved = |contour: &Contour| contour.iter().map(|point| (point.0 + x, point.1 + y)).collect();
        shapes.extend(card.iter().map(|shape| shape.iter().map(moved).collect()));
        shapes.push(marks(x, y));
    }
    Page { width: dots(A4.0), height: dots(A4.1), shapes }
}

/// Returns two marks at each corner of a card, outside of it.
fn marks(x: f32, y: f32) -> Vec<Contour> {
    let (width, height) = card_size();
    let (length, thick) = (dots(MARK.0), dots(MARK.1));
    let mut marks = Vec::with_capacity(8);
    for (corner_x, outside_x) in [(x, x - length), (x + width, x + width)] {
        for (corner_y, outside_y) in [(y, y - length), (y + height, y + height)] {
            marks.push(rectangle(outside_x, corner_y - thick / 2.0, length, thick));
            marks.push(rectangle(corner_x - thick / 2.0, outside_y, thick, length));
        }
    }
    marks
}
