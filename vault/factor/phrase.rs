//! Pass phrases: one spelling for what keyboards write in several ways, which ones are too weak for a new vault, and one made of words.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use rand_core::CryptoRng;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// New pass phrases of a personal vault have at least this many characters.
pub(super) const LEAST: u32 = 8;

/// How many words a generated pass phrase has. Seven of 738 are 66 bits.
const WORDS: usize = 7;
/// The longest word of the list, in bytes.
const LONGEST_WORD: usize = 10;
const LIST: &str = include_str!("words.txt");
const COMMON: &str = include_str!("common.txt");

/// Why a pass phrase is too weak for a new vault. Only the pass phrase protects a stolen copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    /// Fewer than so many characters.
    Short(u32),
    /// It contains a word that the rules of the site block.
    Blocked,
    /// Among the first that anybody would try: a common one, or a pattern.
    Common,
    /// A character that no keyboard writes the same way twice: a tab, an escape.
    Control,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(least) => write!(f, "the pass phrase has fewer than {least} characters"),
            Self::Blocked => f.write_str("the pass phrase contains a word that the rules of this site block"),
            Self::Common => f.write_str("the pass phrase is among the first that a thief tries"),
            Self::Control => f.write_str("the pass phrase contains a control character"),
        }
    }
}

/// Prepares a pass phrase as RFC 8265 §4.2 says (OpaqueString): every space becomes the plain one, and letters are composed (NFC). Case
/// and width stay.
pub(crate) fn prepare(text: &str) -> Zeroizing<String> {
    // Composing never makes a text longer than three times its bytes (UAX #15), so no copy is left behind by growing.
    let mut prepared = Zeroizing::new(String::with_capacity(text.len() * 3 + 4));
    prepared.extend(text.chars().map(|letter| if is_space(letter) { ' ' } else { letter }).nfc());
    prepared
}

/// Returns true for the characters of the Unicode category Zs.
const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Says why a pass phrase must not open a new vault; `None` if it may. It finds the worst ones and does not measure the others.
pub(super) fn weakness(text: &str, least: u32) -> Option<Weakness> {
    let prepared = prepare(text);
    if prepared.chars().any(char::is_control) {
        Some(Weakness::Control)
    } else if prepared.chars().count() < least as usize {
        Some(Weakness::Short(least))
    } else if is_common(&prepared) || is_pattern(&prepared) {
        Some(Weakness::Common)
    } else {
        None
    }
}

/// Returns true for a common one, however its letters are swapped for signs and whatever digits are around it.
fn is_common(prepared: &str) -> bool {
    let lower = Zeroizing::new(prepared.to_lowercase());
    let bare = lower.trim_matches(|letter: char| !letter.is_alphabetic());
    let spelled = |text: &str| -> Zeroizing<String> { Zeroizing::new(text.chars().map(letter_meant).collect()) };
    let (whole, swapped, inside) =
        (spelled(&lower), spelled(bare), spelled(lower.trim_end_matches(|letter: char| !letter.is_alphabetic())));
    let forms = [lower.as_str(), bare, &whole, &swapped, &inside];
    COMMON.lines().any(|common| forms.contains(&common))
}

const fn letter_meant(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Few different characters, or each the next one of the last.
fn is_pattern(prepared: &str) -> bool {
    let letters: Zeroizing<Vec<u32>> = Zeroizing::new(prepared.chars().map(u32::from).collect());
    let mut different = Zeroizing::new(letters.to_vec());
    different.sort_unstable();
    different.dedup();
    let steps = |step: i64| letters.windows(2).all(|pair| matches!(pair, [a, b] if i64::from(*b) - i64::from(*a) == step));
    different.len() < 4 || steps(1) || steps(-1)
}

/// Makes a pass phrase of seven words, each drawn evenly from the list, or of as many more as it takes to be `least` characters long.
pub(super) fn generate(least: u32, rng: &mut dyn CryptoRng) -> Zeroizing<String> {
    let words: Vec<&str> = LIST.lines().collect();
    let most = WORDS.max(least as usize) * (LONGEST_WORD + 1);
    let mut phrase = Zeroizing::new(String::with_capacity(most));
    for at in 0.. {
        if at >= WORDS && phrase.len() >= least as usize {
            break;
        }
        if at > 0 {
            phrase.push(' ');
        }
        phrase.push_str(words.get(below(words.len(), rng)).copied().unwrap_or_default());
    }
    phrase
}

/// Returns a number below `end`, each as likely as the others: draws that would favour the first ones are drawn again.
fn below(end: usize, rng: &mut dyn CryptoRng) -> usize {
    const DRAWS: usize = 1 << 16;
    let even = DRAWS - DRAWS % end;
    loop {
        let mut drawn = Zeroizing::new([0; 2]);
        rand_core::Rng::fill_bytes(rng, &mut drawn[..]);
        let drawn = usize::from(u16::from_le_bytes(*drawn));
        if drawn < even {
            return drawn % end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRng;
    use alloc::collections::BTreeSet;

    #[test]
    fn keyboards_agree() {
        // The examples of RFC 8265 §4.3, and the same letters composed and not.
        assert_eq!(*prepare("correct horse battery staple"), "correct horse battery staple");
        assert_eq!(*prepare("Correct Horse Battery Staple"), "Correct Horse Battery Staple");
        assert_eq!(*prepare("π\u{df}å"), "π\u{df}å");
        assert_eq!(*prepare("Jack of ♦s"), "Jack of ♦s");
        assert_eq!(*prepare("foo\u{1680}bar"), "foo bar");
        assert_eq!(*prepare("cafe\u{301} a\u{308}pfel"), *prepare("caf\u{e9} \u{e4}pfel"));
        assert_ne!(*prepare("ｗｉｄｅ"), "wide");
    }

    #[test]
    fn the_worst_are_refused_and_good_ones_are_not() {
        for short in ["", "a", "1234567", "p\u{e4}\u{df}word"] {
            assert_eq!(weakness(short, LEAST), Some(Weakness::Short(LEAST)), "{short}");
        }
        for common in [
            "password",
            "Password1!",
            "P@ssw0rd",
            "passw0rd123",
            "12345678",
            "1234567890",
            "qwertyuiop",
            "iloveyou",
            "Sommer2026!",
            "aaaaaaaa",
            "abababab",
            "abcdefgh",
            "hgfedcba",
            "87654321",
            "waypass2026",
            "correct horse battery staple",
            "trustno1",
            "1q2w3e4r",
        ] {
            assert_eq!(weakness(common, LEAST), Some(Weakness::Common), "{common}");
        }
        assert_eq!(weakness("tulip\tanchor", LEAST), Some(Weakness::Control));
        for good in ["tulip anchor seven", "kbd9#mvq", "gr\u{fc}ne Wiese am Bach", "passworthy anchors"] {
            assert_eq!(weakness(good, LEAST), None, "{good}");
        }
    }

    #[test]
    fn a_generated_one_has_at_least_64_bits_and_every_word_comes_up() {
        let words: BTreeSet<&str> = LIST.lines().collect();
        assert_eq!(words.len(), LIST.lines().count(), "a word stands twice");
        assert!(LIST.lines().all(|word| (3..=LONGEST_WORD).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let phrases = (0..WORDS).try_fold(1_u128, |phrases, _| phrases.checked_mul(words.len() as u128)).expect("fits");
        assert!(phrases >= 1 << 64, "{phrases} phrases");
        let mut drawn = BTreeSet::new();
        for _ in 0..2000 {
            let phrase = generate(LEAST, &mut TestRng);
            assert_eq!(phrase.split(' ').count(), WORDS);
            assert_eq!(weakness(&phrase, LEAST), None);
            drawn.extend(phrase.split(' ').filter_map(|word| words.get(word)).copied());
        }
        // Each word is drawn 19 times on average: that one never is has a chance of 738 in e^19.
        assert_eq!(drawn, words);
    }
}
