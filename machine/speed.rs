//! What this computer is fast at: how it derives keys, and which primitives its processor has.

use std::time::Instant;
use waypass_vault::{KdfCost, Speed, Suite};

/// A key derivation of half a second to a second on this computer, as measured when a slot is written.
pub const CALIBRATED: KdfCost = KdfCost::Calibrated(measure);

/// Returns the primitives for a new vault on this computer: AES where the processor has it.
pub fn suite() -> Suite {
    if has_aes() { Suite::Aes } else { Suite::ChaCha }
}

#[cfg(target_arch = "x86_64")]
fn has_aes() -> bool {
    std::is_x86_feature_detected!("aes") && std::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const fn has_aes() -> bool {
    false
}

fn measure(work: &mut dyn FnMut()) -> Speed {
    let started = Instant::now();
    work();
    Speed { took: started.elapsed(), available_kib: available_kib() }
}

/// Returns the memory that can be had without swapping; 0 when that is unknown.
fn available_kib() -> u32 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::measure;
    use std::time::Duration;

    #[test]
    fn work_is_done_once_and_measured() {
        let mut times = 0;
        let speed = measure(&mut || {
            times += 1;
            std::thread::sleep(Duration::from_millis(20));
        });
        assert_eq!(times, 1);
        assert!(speed.took >= Duration::from_millis(20));
        assert!(speed.available_kib > 0);
    }
}
