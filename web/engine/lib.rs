//! The gate of a page: [`waypass_lane::Engine`] over what a browser gives a Worker.
//!
//! Compiled to WebAssembly, one instance in a Worker has one `Engine`. Its vault and trust files lie in four files of the origin's private
//! file system, opened for this Worker alone, and a fifth keeps the clock over a reload. A panic ends the instance: the Worker makes a new
//! one over the same files. What was not acknowledged is not there then, and what was is.
//!
//! A browser names no boot, and its clock that runs forward may stand still while the device sleeps. [`BootClock`] makes a boot of each
//! start that does not follow at once on the one before it, and of each sleep, so the time that passed unseen is never taken for proven:
//!
//! ```
//! use waypass_web_engine::BootClock;
//!
//! // Two starts, ten seconds apart: the page was loaded again.
//! let mut clock = BootClock::start(None, 1_795_161_600_000, 250, [7; 16]);
//! let first = clock.read(1_795_161_602_000, 2_250);
//! let mut clock = BootClock::start(Some(&clock.kept()), 1_795_161_612_000, 90, [8; 16]);
//! let second = clock.read(1_795_161_612_000, 90);
//! assert_eq!(first.boot_id, second.boot_id);
//! assert_eq!(second.boottime_ms - first.boottime_ms, 10_000);
//! ```

mod boot;
#[cfg(target_family = "wasm")]
mod browser;
mod memory;

pub use boot::BootClock;
#[cfg(target_family = "wasm")]
pub use browser::{Answer, Engine};
pub use memory::available_kib;
