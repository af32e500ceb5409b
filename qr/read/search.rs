//! Finding codes in a picture. The parts are rxing's. The loop around them is ours, because its own has no end that a picture cannot move:
//! each set of three corners is sampled and decoded, and a picture of nothing but corners has tens of thousands.

use super::luma::{Luma, factor_to};
use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult, LocateConcentricPattern};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{DetectPureQR, FinderPatternSet, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, Luma8LuminanceSource, Point};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The work one picture may cost. Counted in things done and not in seconds, so that a picture is answered alike on every machine.
pub(super) struct Budget {
    /// Places in a row that look like the middle of a corner, each looked at from four sides.
    candidates: i64,
    /// Modules of the grids that are sampled and decoded.
    modules: i64,
}

impl Budget {
    /// A page of text has some hundred candidates and a code of 97 modules has about as many. A grid is at most 177 x 177.
    pub(super) const fn of_a_picture() -> Self {
        Self { candidates: 150_000, modules: 4_000_000 }
    }

    #[cfg(test)]
    pub(super) const fn of(candidates: i64, modules: i64) -> Self {
        Self { candidates, modules }
    }

    #[cfg(test)]
    pub(super) const fn candidates_left(&self) -> i64 {
        self.candidates
    }

    #[cfg(test)]
    pub(super) const fn modules_left(&self) -> i64 {
        self.modules
    }

    /// Returns true if one of them is used up.
    pub(super) const fn is_spent(&self) -> bool {
        self.candidates <= 0 || self.modules <= 0
    }
}

/// Corners kept of one view. Three belong to a code.
const MOST_CORNERS: usize = 256;
/// Every third row is looked at: the middle of a corner is three modules high.
const ROW_STEP: u32 = 3;
/// The cost of a set of corners that is refused before a grid is sampled.
const REFUSED_SET: u32 = 400;
/// A smaller copy of a large picture is searched first: it is quick, and noise is gone from it.
const FIRST_LOOK: u64 = 1024 * 1024;

/// Returns the texts of all codes, each once, until the budget is spent.
pub(super) fn codes(luma: Luma, budget: &mut Budget) -> Vec<String> {
    let pixels = u64::from(luma.width) * u64::from(luma.height);
    let factor = factor_to(pixels, FIRST_LOOK);
    if factor > 1 {
        let found = level(luma.shrunk(factor), budget);
        if !found.is_empty() || budget.is_spent() {
            return found;
        }
    }
    level(luma, budget)
}

/// Looks at one size of the picture in several ways. A find of one way does not end the others, since a picture may show several codes.
fn level(luma: Luma, budget: &mut Budget) -> Vec<String> {
    let mut found = Vec::new();
    let Some(luma) = luma.stretched() else { return found };
    for view in [neighbourhood, local_mean] {
        let Some(mut bits) = foreign(|| view(&luma)).flatten() else { continue };
        for _polarity in 0..2 {
            // A clean drawing is read at once as it is; a photograph needs the search.
            let clean = foreign(|| DetectPureQR(&bits).ok().and_then(|grid| decode(grid.getBits())));
            if let Some(text) = clean.flatten() {
                return vec![text];
            }
            for text in foreign(|| search(&bits, budget)).unwrap_or_default() {
                if !found.contains(&text) {
                    found.push(text);
                }
            }
            bits.flip_self();
        }
    }
    found
}

/// Runs the reader's code. It is a large body of foreign code on a stranger's picture: should it panic, then nothing was found.
fn foreign<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Thresholds by blocks of 8 x 8 and their neighbours: good at shadows.
fn neighbourhood(luma: &Luma) -> Option<BitMatrix> {
    let source = Luma8LuminanceSource::new(luma.pixels.clone(), luma.width, luma.height).ok()?;
    HybridBinarizer::new(source).get_black_matrix().ok().cloned()
}

/// Thresholds by the mean of a wide window: good at faint codes on uneven ground.
fn local_mean(luma: &Luma) -> Option<BitMatrix> {
    let (width, height) = (luma.width as usize, luma.height as usize);
    let reach = (width.min(height) / 8).max(8);
    let mut bits = BitMatrix::new(luma.width, luma.height).ok()?;
    let row = |y: usize| &luma.pixels[y * width..(y + 1) * width];
    let mut columns = vec![0_u32; width];
    let mut rows = 0..0;
    for y in 0..height {
        while rows.end < (y + reach + 1).min(height) {
            columns.iter_mut().zip(row(rows.end)).for_each(|(sum, pixel)| *sum += u32::from(*pixel));
            rows.end += 1;
        }
        while rows.start + reach < y {
            columns.iter_mut().zip(row(rows.start)).for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
            rows.start += 1;
        }
        let (mut sum, mut from, mut to) = (0_u64, 0, 0);
        for (x, pixel) in row(y).iter().enumerate() {
            while to < (x + reach + 1).min(width) {
                sum += u64::from(columns[to]);
                to += 1;
            }
            while from + reach < x {
                sum -= u64::from(columns[from]);
                from += 1;
            }
            let area = ((to - from) * rows.len()) as u64;
            // A thirty-second below the mean: even ground is light.
            if u64::from(*pixel) * area * 32 < sum * 31 {
                bits.set(u32::try_from(x).ok()?, u32::try_from(y).ok()?);
            }
        }
    }
    Some(bits)
}

/// Decodes all codes in a black and white picture.
fn search(bits: &BitMatrix, budget: &mut Budget) -> Vec<String> {
    let mut corners = corners(bits, budget);
    let mut used: Vec<ConcentricPattern> = Vec::new();
    let mut found = Vec::new();
    for FinderPatternSet { bl, tl, tr } in GenerateFinderPatternSets(&mut corners) {
        if [bl, tl, tr].iter().any(|corner| used.contains(corner)) {
            continue;
        }
        if budget.modules <= 0 {
            break;
        }
        let grid = SampleQR(bits, &FinderPatternSet { bl, tl, tr });
        let cost = grid.as_ref().map_or(REFUSED_SET, |grid| grid.getBits().width() * grid.getBits().height());
        budget.modules -= i64::from(cost);
        if let Some(text) = grid.ok().and_then(|grid| decode(grid.getBits())) {
            used.extend([bl, tl, tr]);
            found.push(text);
        }
    }
    found
}

fn decode(grid: &BitMatrix) -> Option<String> {
    Decode(grid).ok().filter(DecoderResult::isValid).map(|result| result.text())
}

/// Finds corners: rings around a middle, whose sections are dark, light, dark, light, dark as 1:1:3:1:1 (ISO/IEC 18004 §6.3.3).
fn corners(bits: &BitMatrix, budget: &mut Budget) -> Vec<ConcentricPattern> {
    let mut corners: Vec<ConcentricPattern> = Vec::new();
    let mut runs = Vec::new();
    for y in (ROW_STEP - 1..bits.height()).step_by(ROW_STEP as usize) {
        run_lengths(bits, y, &mut runs);
        let mut x = 0;
        for at in 0..runs.len().saturating_sub(4) {
            let five = [runs[at], runs[at + 1], runs[at + 2], runs[at + 3], runs[at + 4]];
            // The first run is light, so that dark ones have odd places.
            let middle = x + five[0] + five[1] + five[2] / 2;
            x += five[0];
            if at.is_multiple_of(2) || !is_section(five) {
                continue;
            }
            let point = centre(middle, y);
            let inside = |corner: &ConcentricPattern| Point::distance(point, corner.p) < as_f32(corner.size.unsigned_abs()) / 2.0;
            if corners.iter().any(inside) {
                continue;
            }
            if budget.candidates <= 0 || corners.len() == MOST_CORNERS {
                return corners;
            }
            budget.candidates -= 1;
            // Three times the width leaves room for a tilted code.
            let range = i32::try_from(five.iter().sum::<u32>() * 3).unwrap_or(i32::MAX);
            corners.extend(LocateConcentricPattern::<true, 5, 7>(bits, &[1, 1, 3, 1, 1], point, range));
        }
    }
    corners
}

/// Returns true if five runs, the first of them dark, are the section through the middle of a corner: dark and light
/// may have spread at the cost of
/// each other, as ink does and glare.
fn is_section(runs: [u32; 5]) -> bool {
    // All in thirtieths of a run's length: a dark module is a fifth of the dark ones together, a light one half of the light ones.
    let [dark, light] = [(runs[0] + runs[2] + runs[4]) * 6, (runs[1] + runs[3]) * 15];
    let near = |at: usize, modules: u32| {
        let (module, slack) = if at.is_multiple_of(2) { (dark, dark * 3 / 4) } else { (light, light / 3) };
        (runs[at] * 30).abs_diff(modules * module) <= slack + 15
    };
    runs[2] >= 3
        && dark.max(light) <= 4 * dark.min(light)
        && [(0, 1), (1, 1), (2, 3), (3, 1), (4, 1)].into_iter().all(|(at, modules)| near(at, modules))
}

/// Fills `runs` with the lengths of light and dark in a row, by turns; the first is light and may be empty.
fn run_lengths(bits: &BitMatrix, y: u32, runs: &mut Vec<u32>) {
    runs.clear();
    let row = bits.getRow(y);
    let (mut x, mut dark) = (0, false);
    while x < bits.width() as usize {
        let end = if dark { row.getNextUnset(x) } else { row.getNextSet(x) };
        runs.push(u32::try_from(end - x).unwrap_or(u32::MAX));
        (x, dark) = (end, !dark);
    }
}

fn centre(x: u32, y: u32) -> Point {
    Point { x: as_f32(x), y: as_f32(y) + 0.5 }
}

/// Sides have at most [`super::MAX_SIDE`] pixels.
fn as_f32(length: u32) -> f32 {
    f32::from(u16::try_from(length).unwrap_or(u16::MAX))
}
