//! A line of text as shapes.

use super::CardError;
use super::arabic;
use super::letters::{Contour, letter};

/// A line of text. Lengths are in parts of the height of a line; up is positive, and it begins at 0.
pub(super) struct Line {
    pub(super) width: f32,
    pub(super) contours: Vec<Contour>,
    /// True if it is read from the right.
    pub(super) from_right: bool,
}

/// Lays out one line. A sign that the font does not have, and a text in both directions, are refused: a name that is printed wrong is
/// another name.
pub(super) fn line(text: &str) -> Result<Line, CardError> {
    let signs: Vec<char> = text.chars().collect();
    let from_right = signs.iter().any(|sign| is_from_right(*sign));
    // Digits and brackets go from the left also in a text from the right, so they are refused there like letters are.
    if from_right && !signs.iter().all(|sign| is_from_right(*sign) || matches!(sign, ' ' | '-' | '\'' | '.' | '’')) {
        return Err(CardError::BothDirections);
    }
    let mut shown = arabic::shaped(&signs);
    if from_right {
        shown.reverse();
    }
    let (mut width, mut contours) = (0.0, Vec::new());
    for sign in shown {
        let shape = letter(sign).ok_or(CardError::Sign(sign))?;
        contours.extend(shape.contours.into_iter().map(|contour| contour.into_iter().map(|(x, y)| (x + width, y)).collect()));
        width += shape.advance;
    }
    Ok(Line { width, contours, from_right })
}

/// Returns true for the letters of the scripts in the font that are read from the right: Hebrew and Arabic.
fn is_from_right(sign: char) -> bool {
    matches!(sign, '\u{590}'..='\u{7ff}') && (arabic::is_joining(sign) || !sign.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::{CardError, line};

    #[test]
    fn a_line_is_as_wide_as_its_letters() {
        let width = |text| line(text).expect("printable").width;
        assert!((width("AA") - 2.0 * width("A")).abs() < 1e-5 && width("") < 1e-5);
        let (forth, back) = (line("שר").expect("printable"), line("רש").expect("printable"));
        assert!(forth.from_right && (forth.width - back.width).abs() < 1e-5 && forth.contours != back.contours);
        assert!(!line("Ada").expect("printable").from_right);
        // Joined letters are narrower than the same letters alone.
        assert!(width("زينب") < ["ز", "ي", "ن", "ب"].map(width).iter().sum());
    }

    #[test]
    fn what_cannot_be_printed_is_refused() {
        for (text, sign) in [("王小明", '王'), ("e\u{301}", '\u{301}'), ("Ada😀", '😀'), ("زَينب", '\u{64e}')] {
            assert!(matches!(line(text), Err(CardError::Sign(found)) if found == sign), "{text}");
        }
        for text in ["زينب Smith", "Sara שרה", "זלדה 2"] {
            assert!(matches!(line(text), Err(CardError::BothDirections)), "{text}");
        }
        assert!(["بنت-جحش زينب", "צ'רלי", "Ада O’Нил"].into_iter().all(|text| line(text).is_ok()));
    }
}
