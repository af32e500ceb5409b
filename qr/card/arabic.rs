//! Letters that join: each letter of the Arabic script has up to four shapes, by its neighbours (Unicode 17 §9.2, UAX #53).
//!
//! The font has the shapes as characters of their own (Arabic Presentation Forms), in the order alone, last, first, between.

/// The letters whose shapes follow one another from a character on: two shapes for those that join only to the letter before, four for
/// those that join on both sides.
const SHAPES: [(char, u32, u32); 49] = [
    ('ء', 0xfe80, 1),
    ('آ', 0xfe81, 2),
    ('أ', 0xfe83, 2),
    ('ؤ', 0xfe85, 2),
    ('إ', 0xfe87, 2),
    ('ئ', 0xfe89, 4),
    ('ا', 0xfe8d, 2),
    ('ب', 0xfe8f, 4),
    ('ة', 0xfe93, 2),
    ('ت', 0xfe95, 4),
    ('ث', 0xfe99, 4),
    ('ج', 0xfe9d, 4),
    ('ح', 0xfea1, 4),
    ('خ', 0xfea5, 4),
    ('د', 0xfea9, 2),
    ('ذ', 0xfeab, 2),
    ('ر', 0xfead, 2),
    ('ز', 0xfeaf, 2),
    ('س', 0xfeb1, 4),
    ('ش', 0xfeb5, 4),
    ('ص', 0xfeb9, 4),
    ('ض', 0xfebd, 4),
    ('ط', 0xfec1, 4),
    ('ظ', 0xfec5, 4),
    ('ع', 0xfec9, 4),
    ('غ', 0xfecd, 4),
    ('ف', 0xfed1, 4),
    ('ق', 0xfed5, 4),
    ('ك', 0xfed9, 4),
    ('ل', 0xfedd, 4),
    ('م', 0xfee1, 4),
    ('ن', 0xfee5, 4),
    ('ه', 0xfee9, 4),
    ('و', 0xfeed, 2),
    ('ى', 0xfeef, 2),
    ('ي', 0xfef1, 4),
    ('ٹ', 0xfb66, 4),
    ('ڤ', 0xfb6a, 4),
    ('پ', 0xfb56, 4),
    ('چ', 0xfb7a, 4),
    ('ڈ', 0xfb88, 2),
    ('ژ', 0xfb8a, 2),
    ('ڑ', 0xfb8c, 2),
    ('ک', 0xfb8e, 4),
    ('گ', 0xfb92, 4),
    ('ں', 0xfb9e, 2),
    ('ھ', 0xfbaa, 4),
    ('ۆ', 0xfbd9, 2),
    ('ی', 0xfbfc, 4),
];
/// Lam and an alef are written as one: alone, and after a letter that joins.
const LIGATURES: [(char, u32); 4] = [('آ', 0xfef5), ('أ', 0xfef7), ('إ', 0xfef9), ('ا', 0xfefb)];
const LAM: char = 'ل';
/// A stroke that joins on both sides.
const TATWEEL: char = 'ـ';

/// Returns true for a letter whose shape depends on its neighbours.
pub(super) fn is_joining(sign: char) -> bool {
    sign == TATWEEL || shapes(sign).is_some()
}

/// Returns the shapes of `text`, in the order in which it is read.
pub(super) fn shaped(text: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    let mut place = 0;
    while let Some(sign) = text.get(place) {
        let after_join = place.checked_sub(1).is_some_and(|before| joins_next(text[before])) && joins_before(*sign);
        let next = text.get(place + 1).copied();
        let ligature = next.filter(|_| *sign == LAM).and_then(|alef| LIGATURES.iter().find(|(second, _)| *second == alef));
        if let Some((_, shape)) = ligature {
            out.extend(char::from_u32(shape + u32::from(after_join)));
            place += 2;
            continue;
        }
        let before_join = joins_next(*sign) && next.is_some_and(joins_before);
        let form = u32::from(after_join) + 2 * u32::from(before_join);
        out.push(shapes(*sign).and_then(|(first, _)| char::from_u32(first + form)).unwrap_or(*sign));
        place += 1;
    }
    out
}

fn shapes(sign: char) -> Option<(u32, u32)> {
    SHAPES.iter().find(|(letter, ..)| *letter == sign).map(|(_, first, count)| (*first, *count))
}

fn joins_before(sign: char) -> bool {
    sign == TATWEEL || shapes(sign).is_some_and(|(_, count)| count >= 2)
}

fn joins_next(sign: char) -> bool {
    sign == TATWEEL || shapes(sign).is_some_and(|(_, count)| count == 4)
}

#[cfg(test)]
mod tests {
    use super::{SHAPES, shaped};
    use crate::card::letters::letter;

    fn shape(text: &str) -> String {
        shaped(&text.chars().collect::<Vec<_>>()).into_iter().collect()
    }

    #[test]
    fn letters_join_as_they_are_written() {
        for (text, expected) in [
            ("زينب", "\u{feaf}\u{fef3}\u{fee8}\u{fe90}"),
            ("محمد", "\u{fee3}\u{fea4}\u{fee4}\u{feaa}"),
            ("علاء", "\u{fecb}\u{fefc}\u{fe80}"),
            ("لا", "\u{fefb}"),
            ("دود", "\u{fea9}\u{feed}\u{fea9}"),
            ("ب ب", "\u{fe8f} \u{fe8f}"),
            ("بـب", "\u{fe91}\u{640}\u{fe90}"),
            ("گلی", "\u{fb94}\u{fee0}\u{fbfd}"),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn the_font_has_every_shape() {
        for (sign, first, count) in SHAPES {
            assert!((first..first + count).all(|code| char::from_u32(code).and_then(letter).is_some()), "{sign}");
        }
        assert!((0xfef5..=0xfefc).all(|code| char::from_u32(code).and_then(letter).is_some()) && letter('\u{640}').is_some());
    }
}
