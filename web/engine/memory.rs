//! The memory that a key derivation may count on in a browser.

/// A device that does not say how much memory it has is taken for one with so many GiB.
const UNKNOWN_GIB: f64 = 1.0;
/// Browsers name no less and no more (Device Memory API).
const NAMED_GIB: [f64; 2] = [0.25, 8.0];
const KIB: f64 = 1024.0 * 1024.0;
/// One part of so many: the other pages and the system have the rest.
const PARTS: f64 = 4.0;

/// Returns the memory that can be had without pushing others out, in KiB, on a device that names its memory in GiB, as browsers do.
pub fn available_kib(device_gib: Option<f64>) -> u32 {
    let [least, most] = NAMED_GIB;
    let gib = device_gib.filter(|gib| gib.is_finite()).unwrap_or(UNKNOWN_GIB).clamp(least, most);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to some GiB first")]
    let kib = (gib * KIB / PARTS) as u32;
    kib
}

#[cfg(test)]
mod tests {
    use super::available_kib;

    #[test]
    fn a_device_that_says_nothing_still_gets_what_rfc_9106_recommends() {
        // A key derivation takes a quarter of it: 64 MiB (RFC 9106 §4).
        assert_eq!(available_kib(None) / 4, 64 * 1024);
        assert_eq!(available_kib(Some(f64::NAN)), available_kib(None));
        assert_eq!(available_kib(Some(8.0)), 2 * 1024 * 1024);
        assert_eq!(available_kib(Some(1e9)), available_kib(Some(8.0)));
        assert_eq!(available_kib(Some(-1.0)), 64 * 1024);
    }
}
