//! The way to the office: the page asks this machine, and the one client of the product asks the office.

use crate::Run;
use crate::trust::ca;
use std::sync::{Arc, Mutex, PoisonError};
use waypass_net::transport::HttpTransport;
use waypass_trust::sync::MAX_PARCEL;

/// The office of this gate, if one is set and can be spoken to.
#[derive(Clone)]
pub(super) struct Office(Option<Arc<Mutex<HttpTransport>>>);

impl Office {
    /// Takes the address of the office from the command line or the settings. Without one the gate synchronizes by file.
    pub(super) fn new(run: &Run, server: Option<&str>) -> Self {
        let Some(server) = server.or_else(|| run.home.server()) else { return Self(None) };
        let transport = ca::link(run).and_then(|link| HttpTransport::new(server, &link).map_err(crate::sync::link_failure));
        match transport {
            Ok(transport) => Self(Some(Arc::new(Mutex::new(transport)))),
            // A gate decides without its office.
            Err(failure) => {
                run.out.warn(&format!("the page cannot synchronize: {failure}; {}", failure.next));
                Self(None)
            }
        }
    }

    /// Asks the office. `None` without a link to it.
    pub(super) async fn ask(&self, path: String, body: Option<Vec<u8>>) -> Option<(u16, Vec<u8>)> {
        let office = self.0.clone()?;
        let asked = tokio::task::spawn_blocking(move || {
            let office = office.lock().unwrap_or_else(PoisonError::into_inner);
            office.relay(&path, body, MAX_PARCEL).ok()
        });
        asked.await.ok().flatten()
    }
}

/// Returns true for an address that a synchronization asks for. The office has others, which are no business of a gate.
pub(super) fn is_asked(path: &str, posts: bool) -> bool {
    let is_name = |name: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        !name.is_empty() && name != "." && name != ".." && name.bytes().all(plain)
    };
    match (posts, path.split_once('/')) {
        (true, None) => matches!(path, "time" | "audit"),
        (false, None) => path == "manifest",
        (false, Some(("bundle", "metadata"))) => true,
        (false, Some(("root" | "lists", name))) => is_name(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_asked;

    #[test]
    fn nothing_but_a_synchronization_is_passed_on() {
        for path in ["manifest", "bundle/metadata", "root/3", "lists/a-B_9"] {
            assert!(is_asked(path, false) && !is_asked(path, true), "{path}");
        }
        assert!(is_asked("time", true) && is_asked("audit", true) && !is_asked("audit", false));
        for path in ["", "offers/1", "lists/", "lists/..", "lists/a/b", "lists/%2e%2e", "root/1?x", "//manifest", "bundle"] {
            assert!(!is_asked(path, false) && !is_asked(path, true), "{path}");
        }
    }
}
