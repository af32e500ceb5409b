//! Signed time: whose it is, and what it may change.

use super::{
    FURTHEST_AHEAD_SECONDS, Reading, TimeState,
    state::{MICROSECONDS, Proven},
};
use alloc::boxed::Box;
use waypass_credential::time::Timestamp;

/// A time that a time signer named in the root signed: today the bundle's timestamp role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedTime {
    /// The time.
    pub at: Timestamp,
    /// Who signed it.
    pub signer: TimeSigner,
}

/// SHA-256 over the keys that sign time. A root with other keys forgets every time that the former ones signed (TUF 5.3.11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSigner(pub [u8; 32]);

/// What became of a signed time.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Adopted {
    /// It is newer than what was proven, and the bound starts from it.
    Newer,
    /// It proves nothing that was not proven. It anchors nothing either.
    Known,
    /// It is too far ahead to be believed without a person. What it signs must not be installed.
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
        let mut next = self.at(reading);
        let known = next.bound();
        // Whoever stole the old key may have signed any time (threats.md A32).
        if next.proven.is_some_and(|proven| proven.signer.is_some_and(|signer| signer != signed.signer)) {
            next.proven = None;
            if let Some(boot) = &mut next.boot {
                boot.anchored = false;
            }
        }
        let nearest = known.map_or(reading.wall, |bound| bound.max(reading.wall));
        if signed.at.since(nearest) > FURTHEST_AHEAD_SECONDS {
            let aside = Aside { state: next.clone(), signed: *signed, reading: *reading };
            return (next, Adopted::Aside(Box::new(aside)));
        }
        next.take(signed, reading)
    }

    fn take(mut self, signed: &SignedTime, reading: &Reading) -> (Self, Adopted) {
        let arrived = Proven {
            signed_at: signed.at,
            signer: Some(signed.signer),
            bound_us: signed.at.unix().saturating_mul(MICROSECONDS),
            unaccounted_us: 0,
        };
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
