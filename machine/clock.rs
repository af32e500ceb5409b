//! The only clock of Waypass. It returns a [`Reading`]; `trust::time` judges what a reading is worth.

use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

/// Reads `CLOCK_REALTIME`, `CLOCK_BOOTTIME` and the boot id.
///
/// The wall clock is read as every other program of the machine reads it; the boot clock is asked of the kernel itself.
pub fn read() -> Reading {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let boot = clock_gettime(ClockId::Boottime);
    let boottime_ms = u64::try_from(boot.tv_sec).unwrap_or(0) * 1000 + u64::try_from(boot.tv_nsec / 1_000_000).unwrap_or(0);
    Reading { wall: EPOCH.plus(wall), boottime_ms, boot_id: boot_id() }
}

/// Returns the milliseconds that this machine has slept since it was started: by so much its boot clock is ahead of the one that stops.
pub fn slept_ms() -> u64 {
    let [boot, awake] = [ClockId::Boottime, ClockId::Monotonic].map(|clock| {
        let time = clock_gettime(clock);
        time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
    });
    u64::try_from(boot.saturating_sub(awake)).unwrap_or(0)
}

/// Returns true if the system has a clock that runs while the device is switched off (unlock.md "TimeGuard" rule 6).
pub fn runs_while_off() -> bool {
    std::fs::read_dir("/sys/class/rtc").is_ok_and(|mut devices| devices.next().is_some())
}

/// Evaluated by the compiler: nothing is unreachable at run time.
const EPOCH: Timestamp = match Timestamp::from_unix(0) {
    Some(epoch) => epoch,
    None => unreachable!(),
};

/// Hashed, because the raw id is also used by other programs as a machine identifier.
fn boot_id() -> [u8; 16] {
    let raw = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    if raw.trim_ascii().is_empty() {
        return Reading::UNKNOWN_BOOT;
    }
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
        let slept = super::slept_ms();
        assert!(slept <= second.boottime_ms && super::slept_ms().abs_diff(slept) < 1000, "nobody slept in between");
    }
}
