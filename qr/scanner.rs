//! Codes without end, of many people: what a scanner at a gate sees in a day.

use crate::collect::Collector;
use crate::frame::{FrameError, Head, Part, Progress};
use crate::gather::typed;
use std::collections::VecDeque;

/// Transfers that are gathered at a time. More codes held up at once would be a game with the scanner; the longest unused is given up.
const MOST: usize = 3;

/// The content of a line that a scanner typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scan {
    /// The last code that a payload needed.
    Whole(Vec<u8>),
    /// One of several codes.
    Piece(Progress),
    /// A code that is not in a frame of ours.
    Plain(String),
    /// A code of ours that gave nothing.
    Unreadable(FrameError),
    /// Nothing: an empty line.
    Nothing,
}

/// Gathers transfers of several people at once. A code that is foreign, damaged or of another transfer never gets in the way of the others.
#[derive(Clone, Default, Debug)]
pub struct Scanner {
    open: VecDeque<Collector>,
    /// The transfer that was whole last. Its codes are still in front of the scanner.
    last: Option<(Head, Vec<u8>)>,
}

impl Scanner {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a line that a scanner typed.
    pub fn line(&mut self, line: &[u8]) -> Scan {
        let Some(text) = typed(line) else { return Scan::Plain(String::from_utf8_lossy(line).into_owned()) };
        if text.is_empty() {
            return Scan::Nothing;
        }
        let head = match Part::parse(text) {
            Ok(part) => part.head,
            Err(FrameError::NotAFrame) => return Scan::Plain(text.to_owned()),
            Err(why) => return Scan::Unreadable(why),
        };
        if let Some((_, payload)) = self.last.as_ref().filter(|(last, _)| *last == head) {
            return Scan::Whole(payload.clone());
        }
        let known = self.open.iter().position(|collector| collector.head() == Some(head));
        let mut collector = known.and_then(|at| self.open.remove(at)).unwrap_or_default();
        let added = match collector.add(text) {
            // Two codes claim one place. The newer one is in front of the scanner.
            Err(FrameError::Conflict { .. } | FrameError::AnotherTransfer) => {
                collector = Collector::new();
                collector.add(text)
            }
            added => added,
        };
        match added {
            Ok(progress) if progress.complete() => match collector.finish() {
                Ok(payload) => {
                    self.last = Some((head, payload.clone()));
                    Scan::Whole(payload)
                }
                Err(why) => Scan::Unreadable(why),
            },
            Ok(progress) => {
                self.open.push_back(collector);
                if self.open.len() > MOST {
                    self.open.pop_front();
                }
                Scan::Piece(progress)
            }
            Err(why) => Scan::Unreadable(why),
        }
    }

    /// Forgets the transfers that are not whole.
    pub fn forget(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Scan, Scanner};
    use crate::{Carousel, FrameError, FrameSize, frames};

    /// A payload that packing does not shorten.
    fn payload(seed: u8) -> Vec<u8> {
        (0..1_200_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2] ^ seed).collect()
    }

    fn codes(payload: &[u8]) -> Vec<String> {
        frames(payload, FrameSize::Scan).expect("codes").iter().map(|frame| frame.text().to_owned()).collect()
    }

    #[test]
    fn two_people_at_once_and_garbage_between_them() {
        let (one, two) = (payload(1), payload(2));
        let (ones, twos) = (codes(&one), codes(&two));
        assert!(ones.len() > 2 && ones.len() == twos.len());
        let mut scanner = Scanner::new();
        let mut whole = Vec::new();
        for (a, b) in ones.iter().zip(&twos) {
            for line in [a.as_str(), "https://example.org", b.as_str(), "WP1:A", "", "WP9:ABC", "\u{1b}[2J"] {
                if let Scan::Whole(payload) = scanner.line(line.as_bytes()) {
                    whole.push(payload);
                }
            }
        }
        assert_eq!(whole, [one.clone(), two]);
        assert_eq!(scanner.line(ones[0].as_bytes()), Scan::Piece(crate::Progress { have: 1, count: ones.len() }));
    }

    #[test]
    fn a_code_that_stays_in_front_of_the_scanner_gives_the_same_again() {
        let mut scanner = Scanner::new();
        let payload = payload(1);
        let codes = codes(&payload);
        for code in &codes {
            scanner.line(code.as_bytes());
        }
        assert_eq!(scanner.line(codes[1].as_bytes()), Scan::Whole(payload));
    }

    #[test]
    fn half_a_carousel_is_no_payload_and_the_other_half_completes_it() {
        let mut scanner = Scanner::new();
        let payload = payload(3);
        let carousel = Carousel::new(&payload, FrameSize::Scan).expect("a carousel");
        let count = u32::try_from(carousel.count()).expect("few");
        for number in 1..count {
            assert!(matches!(scanner.line(carousel.code(number).as_bytes()), Scan::Piece(_)));
        }
        let found = (count..count + 8).find_map(|number| match scanner.line(carousel.code(number).as_bytes()) {
            Scan::Whole(payload) => Some(payload),
            _ => None,
        });
        assert_eq!(found, Some(payload));
    }

    #[test]
    fn the_scanner_keeps_few_transfers() {
        let mut scanner = Scanner::new();
        for seed in 0..20 {
            assert!(matches!(scanner.line(codes(&payload(seed))[0].as_bytes()), Scan::Piece(_)));
        }
        assert_eq!(scanner.open.len(), MOST);
        scanner.forget();
        assert!(scanner.open.is_empty());
    }

    #[test]
    fn what_is_no_code_of_ours_is_told_apart() {
        let mut scanner = Scanner::new();
        assert_eq!(scanner.line(b"QR-Code:https://example.org  \r"), Scan::Plain("https://example.org".into()));
        assert_eq!(scanner.line(b"WP1:A"), Scan::Unreadable(FrameError::Damaged));
        assert_eq!(scanner.line(b"WP9:ABC"), Scan::Unreadable(FrameError::UnknownVersion));
        assert_eq!(scanner.line(b"\r"), Scan::Nothing);
        assert!(matches!(scanner.line(&[0xff, 0xfe]), Scan::Plain(_)));
    }
}
