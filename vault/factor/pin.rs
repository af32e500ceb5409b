//! PINs: digits that are quick to type, together with something that nobody can guess.

use super::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, stretch};
use crate::error::FactorError;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// A PIN; wiped when dropped. A million PINs of six digits are tried in two days, whatever stretches them, so no slot takes one alone or
/// with a pass phrase only.
pub struct Pin(Zeroizing<Vec<u8>>);

/// Why a PIN must not be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PinWeakness {
    /// Not this many to 32 digits.
    Length(u32),
    /// It contains digits that the rules of the site block.
    Blocked,
    /// Among the first that anybody would try.
    Common,
}

pub(super) const LEAST: u32 = 6;
const MOST: usize = 32;

impl Pin {
    /// From what was typed: 6 to 32 digits of ASCII. The caller wipes its own copy.
    pub fn parse(text: &str) -> Result<Self, FactorError> {
        let is_pin = (LEAST as usize..=MOST).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
        if is_pin { Ok(Self(Zeroizing::new(text.as_bytes().to_vec()))) } else { Err(FactorError::NotAPin) }
    }

    /// Says why it must not be chosen; `None` if it may.
    pub(super) fn weakness(text: &str, least: u32) -> Option<PinWeakness> {
        let digits = match Self::parse(text) {
            Ok(Self(digits)) if digits.len() >= least as usize => digits,
            _ => return Some(PinWeakness::Length(least)),
        };
        (is_repeated(&digits) || is_sequence(&digits) || is_date(&digits)).then_some(PinWeakness::Common)
    }
}

/// One to three digits again and again, or the same forwards and backwards.
fn is_repeated(digits: &[u8]) -> bool {
    let repeats = (1..=3).any(|period| digits.iter().zip(&digits[period..]).all(|(one, next)| one == next));
    repeats || digits.iter().eq(digits.iter().rev())
}

/// Each digit as far from the last one as that was from the one before, around the end too.
fn is_sequence(digits: &[u8]) -> bool {
    let steps: Zeroizing<Vec<u8>> = Zeroizing::new(digits.windows(2).map(|pair| (10 + pair[1] - pair[0]) % 10).collect());
    steps.windows(2).all(|pair| pair[0] == pair[1])
}

/// A day of the last hundred years, in the orders that people write.
fn is_date(digits: &[u8]) -> bool {
    let number = |part: &[u8]| part.iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let day = |day: &[u8], month: &[u8]| (1..=31).contains(&number(day)) && (1..=12).contains(&number(month));
    match digits {
        [a, b, c, d, _, _] => day(&[*a, *b], &[*c, *d]) || day(&[*c, *d], &[*a, *b]) || day(&digits[4..], &[*c, *d]),
        [a, b, c, d, year @ ..] if year.len() == 4 => {
            let first = (1900..2100).contains(&number(year)) && (day(&[*a, *b], &[*c, *d]) || day(&[*c, *d], &[*a, *b]));
            first || ((1900..2100).contains(&number(&digits[..4])) && day(&digits[6..], &digits[4..6]))
        }
        _ => false,
    }
}

impl fmt::Display for PinWeakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(least) => write!(f, "a PIN has {least} to {MOST} digits"),
            Self::Blocked => f.write_str("the PIN contains digits that the rules of this site block"),
            Self::Common => f.write_str("the PIN is among the first that a thief tries: a date, a row or the same digits again"),
        }
    }
}

impl Factor for Pin {
    fn kind(&self) -> FactorKind {
        FactorKind::Pin
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        stretch::enrol(self.kind(), &self.0, with)
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        stretch::derive(self.kind(), &self.0, parameters, to)
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST, Pin, PinWeakness};

    #[test]
    fn a_pin_is_6_to_32_digits_of_ascii() {
        let (short, long) = ("12345", "1".repeat(33));
        for wrong in ["", short, &long, "12345a", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", "1234 6"] {
            assert!(Pin::parse(wrong).is_err(), "{wrong}");
            assert_eq!(Pin::weakness(wrong, LEAST), Some(PinWeakness::Length(LEAST)), "{wrong}");
        }
        for right in ["402917", &"40291".repeat(6)] {
            assert!(Pin::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in [
            "000000", "123456", "654321", "121212", "123123", "890123", "135791", "112211", "311299", "123199", "990412", "31121999",
            "19991231", "12311999",
        ] {
            assert_eq!(Pin::weakness(common, LEAST), Some(PinWeakness::Common), "{common}");
        }
        for fine in ["402917", "904827", "4029175", "83920174", "99887700331"] {
            assert_eq!(Pin::weakness(fine, LEAST), None, "{fine}");
        }
    }
}
