//! Counters of what the service answered.

use axum::http::StatusCode;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the answers: by route and status, how often and how long it took.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics(Arc<Mutex<BTreeMap<(String, u16), Answered>>>);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    pub(super) times: u64,
    pub(super) took: Duration,
}

impl Metrics {
    /// Counts an answer. `route` is a pattern of ours, of which there are a dozen, never a path.
    pub(super) fn count(&self, route: &str, status: StatusCode, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = all.entry((route.to_owned(), status.as_u16())).or_default();
        answered.times += 1;
        answered.took += took;
    }

    /// Returns what was counted so far, by route and status.
    pub(super) fn all(&self) -> BTreeMap<(String, u16), Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
