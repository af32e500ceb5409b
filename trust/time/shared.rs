//! The memory of a device that several people share, next to that of each vault on it.
//!
//! It lies outside every seal, so everybody who has the files can change it. Therefore it proves nothing: it moves no judgement, and it can only
//! cast doubt. A vault takes nothing from it into its own memory.

use super::{Limits, Moment, Reading, TimeGuard, TimeState, state::Proven};
use waypass_credential::time::Timestamp;

/// A device writes its memory down after this long, or when it learned something that time alone does not teach.
const WORTH_SECONDS: i64 = 60;

/// One reading, judged by the memory of a vault and by that of its device. The more suspicious of the two holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shared {
    /// The present moment.
    pub moment: Moment,
    /// What the vault remembers from now on.
    pub own: TimeState,
    /// What the device remembers from now on.
    pub device: TimeState,
}

impl TimeGuard {
    /// Judges one reading in a vault that knows `own`, on a device whose users have seen `device`.
    pub fn observe_shared(own: &TimeState, device: &TimeState, reading: &Reading, limits: &Limits) -> Shared {
        let at = own.at(reading);
        let device = device.at(reading).taught_by(&at);
        Shared {
            moment: Self::observe(&at.suspecting(&device, reading), reading, limits).0,
            own: Self::observe(own, reading, limits).1,
            device: Self::observe(&device, reading, limits).1,
        }
    }
}

impl TimeState {
    /// Returns the latest time of which this state knows: proven, or shown by the clock.
    pub fn latest(&self) -> Option<Timestamp> {
        self.bound().max(self.wall_hi)
    }

    /// Returns true if `next` tells enough that is new to be written down in place of this state.
    pub fn is_outdated_by(&self, next: &Self) -> bool {
        let known = |state: &Self| {
            let boot = state.boot.map(|boot| (boot.id, boot.offset));
            (boot, state.proven.map(|proven| (proven.signer, proven.signed_at)), state.confirmed, state.lost)
        };
        let (held, new) = (self.latest(), next.latest());
        let moved = held.zip(new).map_or(held != new, |(held, new)| new.since(held) >= WORTH_SECONDS || new < held);
        moved || known(self) != known(next)
    }

    /// Returns this state with the doubts of the device's. Both are at the same reading.
    fn suspecting(&self, device: &Self, reading: &Reading) -> Self {
        let mut next = self.clone();
        next.wall_hi = self.wall_hi.max(device.latest());
        next.lost |= device.lost;
        next.boots_since_signed = self.boots_since_signed.max(device.boots_since_signed);
        if let Some(boot) = &mut next.boot {
            // The device was there when its boot began; this vault may have been opened an hour later.
            let others = device.boot.and_then(|boot| boot.offset).filter(|first| self.allows(*first, reading));
            boot.offset = boot.offset.into_iter().chain(others).max_by_key(|first| first.abs_diff(reading.offset()));
        }
        next
    }

    /// Returns this state with the signed time of a vault, if that is newer or of the signer who is believed now.
    fn taught_by(&self, vault: &Self) -> Self {
        let mut next = self.clone();
        let is_newer = |held: &Proven, new: &Proven| held.signer != new.signer || held.signed_at < new.signed_at;
        if let Some(new) = vault.proven.filter(|new| self.proven.is_none_or(|held| is_newer(&held, new))) {
            next.proven = Some(new);
            next.boots_since_signed = vault.boots_since_signed;
            next.wall_hi = self.wall_hi.filter(|hi| *hi > new.signed_at);
        }
        next
    }
}
