//! The one boundary of validity: something holds from its beginning on, and is over at the second of its end.

use super::Timestamp;

/// The time in which something holds. What says no beginning or no end has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Validity {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Tells how a moment relates to a [`Validity`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It has not begun.
    Before,
    /// It holds.
    Within,
    /// It has ended.
    Over,
}

impl Validity {
    /// Returns the time from `from` on, up to `until` and without it.
    pub(crate) const fn new(from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self { from, until }
    }

    /// Returns the time up to `end`, without it.
    pub const fn ending(end: Timestamp) -> Self {
        Self::new(None, Some(end))
    }

    /// Returns the phase at `moment`. At the second of the end it is over (RFC 7519 §4.1.4, VCDM 2.0 §4.9), also where it never began.
    pub fn at(&self, moment: Timestamp) -> Phase {
        if self.until.is_some_and(|until| until <= moment) {
            Phase::Over
        } else if self.from.is_some_and(|from| moment < from) {
            Phase::Before
        } else {
            Phase::Within
        }
    }

    /// Returns true if it has ended at `moment`.
    pub fn is_over(&self, moment: Timestamp) -> bool {
        self.at(moment) == Phase::Over
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Timestamp, Validity};

    #[test]
    fn it_holds_at_the_second_it_begins_and_is_over_at_the_second_it_ends() {
        let [before, from, last, until] = [9, 10, 19, 20].map(Timestamp::clamped);
        let validity = Validity::new(Some(from), Some(until));
        assert_eq!([before, from, last, until].map(|at| validity.at(at)), [Phase::Before, Phase::Within, Phase::Within, Phase::Over]);
        assert_eq!([last, until].map(|at| Validity::ending(until).is_over(at)), [false, true]);
        assert_eq!([before, until].map(|at| Validity::new(Some(from), None).at(at)), [Phase::Before, Phase::Within]);
        assert_eq!(Validity::default().at(until), Phase::Within);
        // One that ends before it begins holds at no moment.
        let empty = Validity::new(Some(until), Some(from));
        assert_eq!([before, from, last, until].map(|at| empty.at(at)), [Phase::Before, Phase::Over, Phase::Over, Phase::Over]);
    }
}
