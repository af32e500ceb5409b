//! The one status list of a VC API: as many entries as the standard wants at least, in memory.

use crate::draw::below;
use rand_core::CryptoRng;
use std::collections::BTreeSet;
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::key::Signer;
use waypass_credential::role::StatusPurpose;
use waypass_credential::time::Timestamp;
use waypass_credential::vcdm::secured::Securing;
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList, MIN_ENTRIES};

const ENTRIES: u32 = 131_072;
const _: () = assert!(ENTRIES as u64 == MIN_ENTRIES);
/// Beyond three quarters a random draw hits a taken index too often.
const MOST_USED: u32 = ENTRIES / 4 * 3;
const TTL_MILLISECONDS: u64 = 300_000;

pub(super) struct StatusList {
    uri: String,
    bits: BitstringBuf,
    given: BTreeSet<u32>,
}

impl StatusList {
    pub(super) fn new(uri: &str) -> Self {
        // One bit an entry, and as many entries as there must be at least: that can be published.
        let bits = BitstringBuf::new(1, MIN_ENTRIES).unwrap_or_else(|| unreachable!("the smallest list"));
        Self { uri: uri.to_owned(), bits, given: BTreeSet::new() }
    }

    /// Returns an entry that is free; `None` when the list is full.
    pub(super) fn assign(&mut self, rng: &mut dyn CryptoRng) -> Option<Object<'static>> {
        if u32::try_from(self.given.len()).is_ok_and(|given| given >= MOST_USED) {
            return None;
        }
        let index = loop {
            let index = below(ENTRIES, rng);
            if self.given.insert(index) {
                break index;
            }
        };
        Some(
            Object::new()
                .with("id", format!("{}#{index}", self.uri))
                .with("type", "BitstringStatusListEntry")
                .with("statusPurpose", StatusPurpose::Revocation.as_str())
                .with("statusListIndex", index.to_string())
                .with("statusListCredential", self.uri.clone()),
        )
    }

    /// Returns the index that `entry` names, if it is one of ours that was given.
    fn index(&self, entry: &Object<'_>) -> Option<u64> {
        let index: u32 = entry.text("statusListIndex")?.parse().ok()?;
        let is_ours = entry.text("statusListCredential") == Some(&self.uri) && self.given.contains(&index);
        is_ours.then_some(index.into())
    }

    pub(super) fn set(&mut self, entry: &Object<'_>, is_withdrawn: bool) -> Option<()> {
        let index = self.index(entry)?;
        self.bits.set(index, is_withdrawn.into())
    }

    /// Returns true if `entry` is withdrawn, and `None` if it is not an entry of this list that was given.
    pub(super) fn is_set(&self, entry: &Object<'_>) -> Option<bool> {
        let is_revocation = entry.text("type") == Some("BitstringStatusListEntry") && entry.text("statusPurpose") == Some("revocation");
        let index = self.index(entry).filter(|_| is_revocation)?;
        self.bits.get(index).map(|bit| bit == 1)
    }

    /// Returns the list credential, signed at `at`.
    pub(super) fn credential(&self, signer: &dyn Signer, at: Timestamp) -> Option<String> {
        let list = BitstringList {
            uri: self.uri.clone(),
            issuer: did::to_did_key(signer.public_key()),
            purposes: vec![StatusPurpose::Revocation],
            messages: Vec::new(),
            issued_at: at,
            expires_at: None,
            ttl_milliseconds: Some(TTL_MILLISECONDS),
        };
        list.sign(&self.bits, Securing::DataIntegrity, &did::key_id(signer.public_key()), signer).ok()
    }
}
