//! The plural categories of whole numbers (Unicode CLDR, supplemental data, plurals).

/// A plural category; every number without one of these is "other".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Category {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

impl Category {
    /// English and German: one for 1.
    pub(crate) const fn germanic(number: i64) -> Self {
        if number == 1 { Self::One } else { Self::Other }
    }

    /// French: one for 0 and 1; many for whole millions.
    pub(crate) const fn french(number: i64) -> Self {
        match number {
            0 | 1 => Self::One,
            n if n % 1_000_000 == 0 => Self::Many,
            _ => Self::Other,
        }
    }

    /// Arabic: zero, one, two; few for 3 to 10 and many for 11 to 99 at the end of the number.
    pub(crate) const fn arabic(number: i64) -> Self {
        match (number, number % 100) {
            (0, _) => Self::Zero,
            (1, _) => Self::One,
            (2, _) => Self::Two,
            (_, 3..=10) => Self::Few,
            (_, 11..=99) => Self::Many,
            _ => Self::Other,
        }
    }
}
