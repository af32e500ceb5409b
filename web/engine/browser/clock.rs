//! The clocks of the browser.

use super::file::BrowserFile;
use crate::boot::BootClock;
use crate::memory::available_kib;
use core::time::Duration;
use js_sys::{Date, Reflect};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;
use waypass_vault::{KdfCost, PlainFile as _, Speed};

/// The heartbeat is written so often, in milliseconds.
const HEARTBEAT_MS: u64 = 5_000;
const MINUTE: i32 = 60;

#[wasm_bindgen]
extern "C" {
    /// High Resolution Time: milliseconds since the Worker began, with fractions.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// A key derivation of half a second to a second in this browser.
pub(super) const CALIBRATED: KdfCost = KdfCost::Calibrated(measure);

fn measure(work: &mut dyn FnMut()) -> Speed {
    let started = tick_ms();
    work();
    Speed { took: Duration::from_millis(tick_ms().saturating_sub(started)), available_kib: available_kib(device_gib()) }
}

/// Asks the Worker's navigator (Device Memory API). Not all browsers say.
fn device_gib() -> Option<f64> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    Reflect::get(&navigator, &"deviceMemory".into()).ok()?.as_f64()
}

pub(super) struct Clock {
    boot: RefCell<BootClock>,
    file: BrowserFile,
    written_ms: RefCell<u64>,
}

impl Clock {
    /// Starts with the heartbeat in `file`, or with a boot called `new`.
    pub(super) fn start(file: BrowserFile, new: [u8; 16]) -> Self {
        let heartbeat = file.len().ok().filter(|len| *len <= 64).and_then(|len| {
            let mut bytes = vec![0; usize::try_from(len).ok()?];
            file.read_at(0, &mut bytes).ok().map(|()| bytes)
        });
        let boot = BootClock::start(heartbeat.as_deref(), wall_ms(), tick_ms(), new);
        Self { boot: RefCell::new(boot), file, written_ms: RefCell::new(0) }
    }

    /// Reads both clocks. `new` names the boot that begins if the device slept.
    pub(super) fn read(&self, new: [u8; 16]) -> Reading {
        let (wall, tick) = (wall_ms(), tick_ms());
        let mut boot = self.boot.borrow_mut();
        if boot.has_slept(wall, tick) {
            *boot = BootClock::start(None, wall, tick, new);
        }
        let reading = boot.read(wall, tick);
        let mut written = self.written_ms.borrow_mut();
        if tick.saturating_sub(*written) >= HEARTBEAT_MS || *written == 0 {
            *written = tick;
            // Without a heartbeat the next start is a boot of its own, which is all that is lost.
            let _kept = self.file.write_at(0, &boot.kept()).and_then(|()| self.file.flush());
        }
        reading
    }
}

/// Returns the milliseconds of a clock that only runs forward.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and small for centuries")]
pub(super) fn tick_ms() -> u64 {
    performance_now() as u64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time before 1970 is no time here")]
fn wall_ms() -> u64 {
    Date::now() as u64
}

/// Returns how many seconds the local time is ahead of UTC at a time.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a time of this millennium, and some hundred minutes")]
pub(super) fn offset(at: Timestamp) -> i32 {
    let date = Date::new(&((at.unix() as f64) * 1000.0).into());
    -(date.get_timezone_offset() as i32) * MINUTE
}
