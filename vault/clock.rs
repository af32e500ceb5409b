//! The only clock of Waypass. It gives a [`Reading`]; what a reading is worth is for `trust::time` to judge.

use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};
use waypass_credential::time::Timestamp;

/// What the clocks of this machine said at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// `CLOCK_REALTIME`: what anyone with the right may set.
    pub wall: Timestamp,
    /// `CLOCK_BOOTTIME` in milliseconds: runs through suspend, cannot be set.
    pub boottime_ms: u64,
    /// Which boot this is: a hash of the kernel's random boot id.
    pub boot_id: [u8; 16],
}

/// Reads `CLOCK_REALTIME`, `CLOCK_BOOTTIME` and the boot id.
pub fn read() -> Reading {
    let wall = clock_gettime(ClockId::Realtime).tv_sec;
    let boot = clock_gettime(ClockId::Boottime);
    let boottime_ms = u64::try_from(boot.tv_sec).unwrap_or(0) * 1000 + u64::try_from(boot.tv_nsec / 1_000_000).unwrap_or(0);
    Reading {
        wall: Timestamp::from_unix(0).map_or_else(|| unreachable!("zero is a time"), |epoch| epoch.plus(wall)),
        boottime_ms,
        boot_id: boot_id(),
    }
}

/// Hashed, because the raw id is also used by other programs as a machine identifier.
fn boot_id() -> [u8; 16] {
    // Without /proc every reading is from an unknown boot; the zero id makes that one and the same boot, whose
    // boottime then decides.
    let raw = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(b"waypass/v1/boot");
    hash.update(raw.trim_ascii());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    id
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_later_reading_is_of_the_same_boot_and_not_earlier() {
        let (first, second) = (super::read(), super::read());
        assert_eq!(first.boot_id, second.boot_id);
        assert!(second.boottime_ms >= first.boottime_ms);
        assert!(first.wall.unix() > 1_700_000_000);
    }
}
