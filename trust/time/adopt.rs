//! The effects of a signed time.

use super::SignedTime;
use super::{
    FURTHEST_AHEAD_SECONDS, Reading, SLOW_SECONDS, TOLERANCE_SECONDS, TimeState,
    state::{MICROSECONDS, Proven},
};
use alloc::boxed::Box;

/// An answer that took longer than this is too old to say what time it is, in milliseconds.
const LONGEST_WAIT_MS: u64 = 60_000;

/// The outcome of a signed time.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Adopted {
    /// It is newer than what was proven, and the bound starts from it.
    Newer,
    /// It proves nothing that was not proven. It anchors nothing either.
    Known,
    /// It is too far ahead to be believed without a person. Its content must not be installed.
    Aside(Box<Aside>),
}

/// A signed time that is more than [`FURTHEST_AHEAD_SECONDS`] ahead of both the wall clock and the bound. The caller keeps what carried
/// it, shows it, and asks a person.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Aside {
    state: TimeState,
    signed: SignedTime,
    reading: Reading,
}

impl TimeState {
    /// Takes a signed time that was read at `reading`.
    ///
    /// A newer time raises the bound and anchors this boot. It clears the highest clock that was seen, and what a person confirmed, only
    /// if it reaches them: a bundle that was held back proves a little, and erases nothing (threats.md A33).
    pub fn adopt(&self, signed: &SignedTime, reading: &Reading) -> (Self, Adopted) {
        let at = self.at(reading);
        let nearest = at.bound().map_or(reading.wall, |bound| bound.max(reading.wall));
        let next = at.without_times_of_others(signed);
        if signed.at.since(nearest) > FURTHEST_AHEAD_SECONDS {
            let aside = Aside { state: next.clone(), signed: *signed, reading: *reading };
            return (next, Adopted::Aside(Box::new(aside)));
        }
        next.take(signed, reading)
    }

    /// Takes the answer to a question that this device asked at `asked`, over a nonce of its own, and that came at `reading`.
    ///
    /// It is signed time like any other. Besides, it is hardly later than the answer says. So it clears what the clock showed or a person
    /// confirmed beyond it, and the boot is measured by it: a clock that is ahead of it is doubted, and a step that it confirms is not.
    /// A device whose clock is proven wrong takes an answer however far ahead it is (rule 6). One that took more than a minute, or that what is
    /// proven contradicts, changes nothing.
    pub fn answered(&self, signed: &SignedTime, asked: &Reading, reading: &Reading) -> (Self, Adopted) {
        let at = self.at(reading);
        let Some(waited_ms) = reading.boottime_ms.checked_sub(asked.boottime_ms).filter(|ms| *ms <= LONGEST_WAIT_MS) else {
            return (at, Adopted::Known);
        };
        let is_lost = at.proven.is_some_and(|proven| proven.is_behind(reading.wall));
        let (mut next, adopted) =
            if is_lost { at.without_times_of_others(signed).take(signed, reading) } else { self.adopt(signed, reading) };
        let is_contradicted = next.bound().is_some_and(|bound| bound.since(signed.at) > TOLERANCE_SECONDS);
        if matches!(adopted, Adopted::Aside(_)) || is_contradicted {
            return (next, adopted);
        }
        // A clock that ran for three months may be this far off.
        let slack = SLOW_SECONDS.saturating_add_unsigned(waited_ms / 1000);
        (next.wall_hi, next.confirmed) = (None, None);
        (next.boots_since_signed, next.decisions_since_signed) = (0, 0);
        let is_behind = next.proven.is_some_and(|proven| proven.is_behind(reading.wall));
        let is_ahead = reading.wall.since(signed.at) > slack;
        if let Some(boot) = &mut next.boot {
            boot.anchored = true;
            boot.offset = match (is_behind, is_ahead) {
                // The bound is the clock of a device whose own is behind.
                (true, _) => None,
                (_, true) => Some(Reading { wall: signed.at, ..*reading }.offset()),
                _ => Some(reading.offset()),
            };
        }
        (next, adopted)
    }

    /// Forgets what other time signers than that of `signed` proved: the thief of their key may have signed any time (threats.md A32).
    fn without_times_of_others(mut self, signed: &SignedTime) -> Self {
        if self.proven.is_some_and(|proven| proven.signer.is_some_and(|signer| signer != signed.signer)) {
            self.proven = None;
            if let Some(boot) = &mut self.boot {
                boot.anchored = false;
            }
        }
        self
    }

    fn take(mut self, signed: &SignedTime, reading: &Reading) -> (Self, Adopted) {
        let bound_us = signed.at.unix().saturating_mul(MICROSECONDS);
        // A little newer time says nothing about how long the device was on before it: that still counts once the wall clock agrees.
        let supposed_us = self.proven.map_or(0, |held| held.bound_us.saturating_add(held.unaccounted_us));
        let unaccounted_us = supposed_us.saturating_sub(bound_us).max(0);
        // Seconds are what a quartz and whole seconds leave between the two.
        let agrees = unaccounted_us <= TOLERANCE_SECONDS * MICROSECONDS;
        let (bound_us, unaccounted_us) = if agrees { (bound_us + unaccounted_us, 0) } else { (bound_us, unaccounted_us) };
        let arrived = Proven { signed_at: signed.at, signer: Some(signed.signer), bound_us, unaccounted_us };
        if self.proven.is_none_or(|held| held.signed_at < signed.at) {
            (self.boots_since_signed, self.decisions_since_signed) = (0, 0);
        }
        if let Some(held) = self.proven.filter(|held| held.bound_us >= arrived.bound_us) {
            let signed_at = held.signed_at.max(signed.at);
            self.proven = Some(Proven { signed_at, signer: Some(signed.signer), ..held });
            return (self, Adopted::Known);
        }
        self.proven = Some(arrived);
        self.wall_hi = self.wall_hi.filter(|hi| *hi > signed.at);
        self.confirmed = self.confirmed.filter(|confirmed| *confirmed > signed.at);
        if let Some(boot) = &mut self.boot {
            boot.anchored = true;
        }
        self.settle(reading);
        (self, Adopted::Newer)
    }
}

impl Aside {
    /// Returns the signed time.
    pub const fn signed(&self) -> &SignedTime {
        &self.signed
    }

    /// Returns how many seconds it is ahead of the later of wall clock and bound.
    pub fn ahead_seconds(&self) -> i64 {
        let wall = self.reading.wall;
        self.signed.at.since(self.state.bound().map_or(wall, |bound| bound.max(wall)))
    }

    /// Returns the state after a person, with the vault's factors, said that it is really so late.
    #[must_use]
    pub fn confirmed(self) -> TimeState {
        self.state.take(&self.signed, &self.reading).0
    }
}
