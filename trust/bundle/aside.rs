//! The denials that a bundle kept aside takes from the one that is believed (unlock.md "TimeGuard" rule 3).
//!
//! A bundle that is dated far ahead of this device's clocks waits for a person. Its signatures are whole all the same, and a withdrawal
//! must not wait: what it revokes, suspends and gives up counts at once. It makes nothing good, and nothing fresher.

use super::TrustBundle;
use crate::parts::{KeyRecord, KeyState};
use crate::status::Evidence;

impl TrustBundle {
    /// Returns this bundle with what `aside` withdraws: entries that its lists revoke or suspend, and keys that it gives up as
    /// compromised. It is for deciding; what is stored is the bundle without it.
    #[must_use]
    pub fn with_withdrawals_of(mut self, aside: &Self) -> Self {
        let given_up = |key: &KeyRecord| {
            let theirs = aside.authorities().iter().flat_map(|authority| &authority.keys);
            theirs.filter(|other| other.state == KeyState::Compromised).any(|other| other.kid == key.kid || other.key == key.key)
        };
        for key in self.targets.part.authorities.iter_mut().flat_map(|authority| &mut authority.keys) {
            if given_up(key) {
                (key.state, key.issued_until) = (KeyState::Compromised, None);
            }
        }
        let evidence = core::mem::take(&mut self.evidence);
        self.evidence = evidence.into_iter().filter_map(|list| list.without_given_up(aside.targets())).collect();
        self.aside = aside.evidence.iter().chain(&aside.early).cloned().collect();
        self
    }

    /// Takes over the status lists that `earlier` holds, as far as they are believed here. Those that are older than what is held, or
    /// announced no more, say nothing.
    pub fn take_lists_of(&mut self, earlier: &Self) {
        for list in earlier.evidence.iter().chain(&earlier.early).flat_map(Evidence::all) {
            let _older_or_unknown = self.ingest_list(list.text.as_bytes());
        }
    }
}
