//! The denials of lists, to compare what is held now with what was held before.

use super::evidence::Evidence;
use super::held::{Denied, HeldList};
use crate::parts::Digest;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};
use waypass_credential::time::Timestamp;

/// The denials of one held list, to compare them with what was held before.
#[derive(Clone, Debug)]
pub struct Denials<'b>(pub(crate) Vec<&'b Evidence>);

impl Denials<'_> {
    /// Returns the list's URI.
    pub fn uri(&self) -> &str {
        self.0.first().map_or("", |evidence| evidence.uri())
    }

    /// Returns when the newest list was made.
    pub fn issued_at(&self) -> Option<Timestamp> {
        let newest = |evidence: &Evidence| evidence.current().or(evidence.all().last()).map(HeldList::issued_at);
        self.0.iter().copied().filter_map(newest).max()
    }

    /// Returns a digest of every token that is held about the list: another one means another answer.
    pub fn digest(&self) -> Digest {
        let lists = self.0.iter().copied().flat_map(Evidence::all);
        Digest(lists.fold(Sha256::new(), |hash, list| hash.chain_update(list.digest.0)).finalize().into())
    }

    /// Returns the entries that are denied: revoked by any list that is held, or suspended by the newest.
    pub fn denied(&self) -> Denied {
        self.0.iter().fold(Denied::default(), |denied, evidence| denied.and(&evidence.denied()))
    }
}
