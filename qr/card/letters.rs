//! The shapes of letters, from the one font that is compiled in: a part of DejaVu Sans Condensed (`letters.md` next to it says which).
//!
//! Reads as much of TrueType as that font has: a character map of format 4, long offsets, and glyphs that are made of no others. No font
//! from outside is ever read.

/// Points of one closed line.
pub(super) type Contour = Vec<(f32, f32)>;

static FONT: &[u8] = include_bytes!("letters.ttf");
/// Pieces of a curve: at the largest size of a card each is shorter than a dot of a printer.
const PIECES: u8 = 6;

/// The shape of one letter. Lengths are in parts of the height of a line; up is positive.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Letter {
    pub(super) advance: f32,
    pub(super) contours: Vec<Contour>,
}

/// Returns the shape of `sign`, if the font has it.
pub(super) fn letter(sign: char) -> Option<Letter> {
    let glyph = glyph(u16::try_from(u32::from(sign)).ok()?)?;
    let head = table(*b"head")?;
    let em = f32::from(at(head, 18)?);
    let metrics = at(table(*b"hhea")?, 34)?;
    let advance = at(table(*b"hmtx")?, 4 * usize::from(glyph.min(metrics.checked_sub(1)?)))?;
    let (from, to) = (offset(glyph)?, offset(glyph + 1)?);
    let outline = table(*b"glyf")?.get(from..to)?;
    let contours = if outline.is_empty() { Vec::new() } else { contours(outline, em)? };
    Some(Letter { advance: f32::from(advance) / em, contours })
}

fn at(bytes: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(place..place + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], place: usize) -> Option<usize> {
    Some(u32::from_be_bytes(bytes.get(place..place + 4)?.try_into().ok()?) as usize)
}

fn table(tag: [u8; 4]) -> Option<&'static [u8]> {
    let count = usize::from(at(FONT, 4)?);
    let entry = (0..count).map(|n| 12 + 16 * n).find(|entry| FONT.get(*entry..entry + 4) == Some(&tag[..]))?;
    let (from, length) = (long(FONT, entry + 8)?, long(FONT, entry + 12)?);
    FONT.get(from..from + length)
}

fn offset(glyph: u16) -> Option<usize> {
    long(table(*b"loca")?, 4 * usize::from(glyph))
}

/// Looks `code` up in the character map.
fn glyph(code: u16) -> Option<u16> {
    let map = table(*b"cmap")?;
    let map = map.get(long(map, 8)?..)?;
    let segments = usize::from(at(map, 6)?) / 2;
    let (ends, begins) = (14, 16 + 2 * segments);
    let (deltas, ranges) = (begins + 2 * segments, begins + 4 * segments);
    let segment = (0..segments).find(|n| at(map, ends + 2 * n).is_some_and(|end| end >= code))?;
    let begin = at(map, begins + 2 * segment)?;
    if begin > code {
        return None;
    }
    let (delta, range) = (at(map, deltas + 2 * segment)?, at(map, ranges + 2 * segment)?);
    let glyph = match range {
        0 => code.wrapping_add(delta),
        range => {
            let listed = at(map, ranges + 2 * segment + usize::from(range) + 2 * usize::from(code - begin))?;
            if listed == 0 { 0 } else { listed.wrapping_add(delta) }
        }
    };
    (glyph != 0).then_some(glyph)
}

/// Reads the lines of a glyph, curves cut into pieces.
fn contours(outline: &[u8], em: f32) -> Option<Vec<Contour>> {
    let count = usize::from(at(outline, 0)?);
    let ends = (0..count).map(|n| at(outline, 10 + 2 * n).map(usize::from)).collect::<Option<Vec<_>>>()?;
    let points = ends.last()? + 1;
    let hints = 10 + 2 * count;
    let mut place = hints + 2 + usize::from(at(outline, hints)?);
    let mut flags = Vec::with_capacity(points);
    while flags.len() < points {
        let flag = *outline.get(place)?;
        place += 1;
        let mut again = 1;
        if flag & 8 != 0 {
            again += usize::from(*outline.get(place)?);
            place += 1;
        }
        flags.extend(core::iter::repeat_n(flag, again));
    }
    let xs = coordinates(outline, &mut place, &flags, 2, 16)?;
    let ys = coordinates(outline, &mut place, &flags, 4, 32)?;
    let mut all = Vec::with_capacity(count);
    let mut begin = 0;
    for end in ends {
        let point = |n: usize| Some((f32::from(*xs.get(n)?) / em, f32::from(*ys.get(n)?) / em, flags.get(n)? & 1 != 0));
        all.push(flat(&(begin..=end).map(point).collect::<Option<Vec<_>>>()?)?);
        begin = end + 1;
    }
    Some(all)
}

/// Reads one coordinate of every point. `short` says that it is a byte, `same` its sign, or that it has not changed.
fn coordinates(outline: &[u8], place: &mut usize, flags: &[u8], short: u8, same: u8) -> Option<Vec<i16>> {
    let mut value = 0_i16;
    let mut next = |flag: &u8| {
        let change = match (flag & short != 0, flag & same != 0) {
            (true, positive) => {
                let byte = i16::from(*outline.get(*place)?);
                *place += 1;
                if positive { byte } else { -byte }
            }
            (false, true) => 0,
            (false, false) => {
                let change = at(outline, *place)?.cast_signed();
                *place += 2;
                change
            }
        };
        value = value.checked_add(change)?;
        Some(value)
    };
    flags.iter().map(&mut next).collect()
}

/// Returns a contour of points on the line and points that bend it as points on the line alone.
fn flat(points: &[(f32, f32, bool)]) -> Option<Contour> {
    let middle = |a: (f32, f32, bool), b: (f32, f32, bool)| (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1), true);
    // Between two points that bend it lies one on the line.
    let mut full = Vec::with_capacity(2 * points.len());
    for (n, point) in points.iter().enumerate() {
        let before = points[(n + points.len() - 1) % points.len()];
        if !point.2 && !before.2 {
            full.push(middle(before, *point));
        }
        full.push(*point);
    }
    let first = full.iter().position(|point| point.2)?;
    full.rotate_left(first);
    let mut line: Contour = Vec::with_capacity(full.len() * usize::from(PIECES));
    for (n, point) in full.iter().enumerate() {
        let next = full[(n + 1) % full.len()];
        if point.2 {
            line.push((point.0, point.1));
            continue;
        }
        let from = *line.last()?;
        for piece in 1..PIECES {
            let t = f32::from(piece) / f32::from(PIECES);
            let bend = |a: f32, b: f32, c: f32| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
            line.push((bend(from.0, point.0, next.0), bend(from.1, point.1, next.1)));
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn the_font_has_the_letters_that_it_is_said_to_have() {
        for sample in
            ["Ada Byron", "Łucja Ångström-Ćwikła", "Ελένη", "Щербаков Їжак", "Թամար", "დავით", "שרה", "ﺯﻳﻨﺐ", "Nguyễn", "0123456789·:"]
        {
            for sign in sample.chars() {
                let letter = letter(sign).unwrap_or_else(|| panic!("{sign}"));
                assert!(letter.advance > 0.1 && letter.advance < 2.0, "{sign}");
                assert_eq!(letter.contours.is_empty(), sign == ' ', "{sign}");
            }
        }
        assert!(["王", "\u{301}", "\n", "\u{202e}", "😀"].iter().all(|sign| sign.chars().all(|sign| letter(sign).is_none())));
    }

    /// A stroke goes from the line to the height of a capital, and a round letter has a hole.
    #[test]
    fn letters_have_their_shape() {
        let height = |sign| {
            let points = letter(sign).expect("there").contours.concat();
            let of = |pick: fn(f32, f32) -> f32, from| points.iter().map(|point| point.1).fold(from, pick);
            (of(f32::min, 9.0), of(f32::max, -9.0))
        };
        let (low, high) = height('I');
        assert!(low.abs() < 0.01 && (high - 0.73).abs() < 0.02, "{low} {high}");
        assert!(height('g').0 < -0.15);
        assert_eq!(letter('O').expect("there").contours.len(), 2);
        assert_eq!(
            letter('I').expect("there").contours,
            [[(0.088_378_906, 0.729_003_9), (0.177_246_1, 0.729_003_9), (0.177_246_1, 0.0), (0.088_378_906, 0.0)]]
        );
    }
}
