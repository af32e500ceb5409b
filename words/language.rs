//! The languages.

use crate::plural::Category;
use crate::table::{self, Entry};

/// A language that every message is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
    /// German.
    German,
    /// Arabic.
    Arabic,
}

/// The direction in which a language is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From left to right.
    LeftToRight,
    /// From right to left.
    RightToLeft,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::English, Self::French, Self::German, Self::Arabic];

    /// Returns the language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Arabic => "ar",
        }
    }

    /// Returns the language of a tag or of a POSIX locale: `de`, `de-AT`, `de_AT.UTF-8`. `None` for one that is not written here.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_', '.', '@']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Returns the direction in which it is read.
    pub const fn direction(self) -> Direction {
        match self {
            Self::Arabic => Direction::RightToLeft,
            Self::English | Self::French | Self::German => Direction::LeftToRight,
        }
    }

    /// Returns the plural category of a number.
    pub(crate) const fn category(self, number: i64) -> Category {
        match self {
            Self::English | Self::German => Category::germanic(number),
            Self::French => Category::french(number),
            Self::Arabic => Category::arabic(number),
        }
    }

    pub(crate) const fn table(self) -> &'static [Entry] {
        match self {
            Self::English => table::ENGLISH,
            Self::French => table::FRENCH,
            Self::German => table::GERMAN,
            Self::Arabic => table::ARABIC,
        }
    }
}
