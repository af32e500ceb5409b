//! A bar for work that takes a while: on a terminal only, after half a second only, and never between results.

use crate::output::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Work that is going on; dropping it clears the bar.
pub(crate) struct Progress {
    bar: ProgressBar,
    over: Arc<AtomicBool>,
    /// Shows the bar when patience has run out.
    curtain: Option<JoinHandle<()>>,
}

impl Progress {
    /// `what` begins, `total` pieces long. Nothing is shown under `--quiet` and `--json`, or where nobody looks on.
    pub(crate) fn new(out: Out, what: &'static str, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden()).with_message(what);
        let over = Arc::new(AtomicBool::new(false));
        let seen = out.shows_bars();
        let curtain = seen.then(|| {
            let (bar, over) = (bar.clone(), Arc::clone(&over));
            thread::spawn(move || draw_later(&bar, &over))
        });
        Self { bar, over, curtain }
    }

    /// Sets how many pieces there are, once that is known.
    pub(crate) fn of(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Counts one piece as done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// Writes a message with the bar out of the way.
    pub(crate) fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}

fn draw_later(bar: &ProgressBar, over: &AtomicBool) {
    let begun = Instant::now();
    while let Some(left) = PATIENCE.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        thread::park_timeout(left);
        if over.load(Ordering::Acquire) {
            return;
        }
    }
    // Without a template of its own the bar says less, and nothing else changes.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos} of {len}, {elapsed}") {
        bar.set_style(style);
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(200));
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(curtain) = self.curtain.take() {
            curtain.thread().unpark();
            // It has nothing to tell, and a bar that could not be drawn is not a failure of the work.
            drop(curtain.join());
        }
        self.bar.finish_and_clear();
    }
}
