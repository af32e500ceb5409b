//! The questions of the verbs, each at one moment of its own.

use super::register::Gate;
use super::{Result, Sealed};
use crate::store::{CredentialRecord, DeviceRow, Entry, Filter, GateRow, KeyRow, LeafRow, ListRecord, OfferRow, StatusEvent, Tag};
use waypass_trust::bundle::Digest;

impl Sealed<'_> {
    /// Returns a version number without a check; 0 if none was given yet.
    pub(crate) fn version(&self, name: &str) -> Result<u64> {
        self.read(|look| Ok(look.register.counters.get(name).copied().unwrap_or(0)))
    }

    /// Returns the digests of named documents.
    pub(crate) fn digests<const N: usize>(&self, names: [&str; N]) -> Result<[Option<Digest>; N]> {
        self.read(|look| Ok(names.map(|name| look.register.documents.get(name).copied())))
    }

    /// Returns all keys ever registered, oldest first.
    pub(crate) fn keys(&self) -> Result<Vec<KeyRow>> {
        tracing::trace!(event = "keys_read");
        self.read(|look| look.register.keys())
    }

    /// Returns all status lists, oldest first.
    pub(crate) fn lists(&self) -> Result<Vec<ListRecord>> {
        self.read(|look| {
            let ledger = look.ledger;
            look.register.lists.iter().map(|list| list.record(ledger.used(list.id))).collect()
        })
    }

    /// Says of each entry if it was given away.
    pub(crate) fn are_taken(&self, entries: &[Entry]) -> Result<Vec<bool>> {
        self.read(|look| Ok(entries.iter().map(|entry| look.ledger.is_taken(entry.list, entry.index)).collect()))
    }

    /// Returns the indices of a list that were not given away, in order.
    pub(crate) fn free_indices(&self, list: u32, capacity: u32) -> Result<Vec<u32>> {
        self.read(|look| Ok(look.ledger.free(list, capacity)))
    }

    /// Returns the entries of a list that are not 0, computed from the events.
    pub(crate) fn set_entries(&self, list: u32) -> Result<Vec<(u32, u8)>> {
        self.read(|look| Ok(look.ledger.set(list).collect()))
    }

    /// Returns one gate.
    pub(crate) fn gate(&self, id: &str) -> Result<Option<GateRow>> {
        self.read(|look| look.register.gates.iter().find(|gate| gate.id == id).map(Gate::row).transpose())
    }

    /// Returns all gates, by name.
    pub(crate) fn gates(&self) -> Result<Vec<GateRow>> {
        self.read(|look| look.register.gates())
    }

    /// Returns one credential.
    pub(crate) fn credential(&self, id: &str) -> Result<Option<CredentialRecord>> {
        self.read(|look| look.credential(id))
    }

    /// Returns the credentials with these ids, each if there is one.
    pub(crate) fn credentials_of(&self, ids: &[String]) -> Result<Vec<Option<CredentialRecord>>> {
        self.read(|look| ids.iter().map(|id| look.credential(id)).collect())
    }

    /// Returns the id of a credential that is made only once for `what`, however often somebody tries. It is a MAC under the seal, so it
    /// says nothing to others. Should another credential have it, the next `attempt` gives another.
    pub(crate) fn id_for(&self, what: &[u8], attempt: u32) -> String {
        waypass_credential::hex::encode(&self.seal.of("credential id", &[what, &attempt.to_be_bytes()])[..6])
    }

    /// Returns the credentials for which a wallet shows an id that begins with these digits. A name that this issuer did not give is
    /// ignored.
    pub(crate) fn shown_as(&self, digits: &str) -> Result<Vec<CredentialRecord>> {
        self.read(|look| {
            let ours = |(id, mac): &(String, Tag)| look.seal.name(digits, id).1 == *mac;
            let named = look.rows.named(&look.seal.name(digits, "").0)?;
            named.iter().filter(|named| ours(named)).filter_map(|(id, _)| look.credential(id).transpose()).collect()
        })
    }

    /// Returns the credential at a status index.
    pub(crate) fn credential_at(&self, list: u32, index: u32) -> Result<Option<CredentialRecord>> {
        self.read(|look| look.credential_at(list, index))
    }

    /// Returns the credentials a filter selects, newest first. Those of one holder are chosen among all, so that none is passed over
    /// because something else changed whose it is.
    pub(crate) fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>> {
        self.read(|look| look.credentials(filter))
    }

    /// Returns the entries that a credential has in bitstrings, in the order of their lists.
    pub(crate) fn entries(&self, id: &str) -> Result<Vec<Entry>> {
        self.read(|look| look.entries(id))
    }

    /// Returns a credential's history, oldest first.
    pub(crate) fn history(&self, id: &str) -> Result<Vec<StatusEvent>> {
        self.read(|look| look.history(id))
    }

    /// Returns the offer of a hashed code or token.
    pub(crate) fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        self.read(|look| look.offer(secret_hash))
    }

    /// Returns every offer, taken or not.
    pub(crate) fn offers(&self) -> Result<Vec<OfferRow>> {
        self.read(|look| look.ledger.offers().filter_map(|mark| look.offer(&mark.hash.0).transpose()).collect())
    }

    /// Returns how far a device's log was received.
    pub(crate) fn device(&self, id: &str) -> Result<Option<DeviceRow>> {
        self.read(|look| look.device(id))
    }

    /// Returns the devices whose logs were received, and how far.
    pub(crate) fn devices(&self) -> Result<Vec<(String, DeviceRow)>> {
        self.read(|look| look.ledger.devices().map(|device| Ok((device.id.clone(), device.row()?))).collect())
    }

    /// Entries that a gate has seen revoked and that are not revoked here, each with the gate.
    pub(crate) fn contradictions(&self) -> Result<Vec<(Entry, String)>> {
        self.read(|look| {
            let seen: Vec<(Entry, String)> =
                look.ledger.seen().map(|(list, index, gate)| (Entry { list, index }, gate.to_owned())).collect();
            let mut open = Vec::new();
            for (entry, gate) in seen {
                if look.is_unrevoked(entry)? {
                    open.push((entry, gate));
                }
            }
            Ok(open)
        })
    }

    /// Returns the hash of one received leaf.
    pub(crate) fn leaf_hash(&self, device: &str, seq: u64) -> Result<Option<[u8; 32]>> {
        self.read(|look| look.leaf_hash(device, seq))
    }

    /// Received leaves from `from_seq` on, at most `limit`: each named by the next, the last by the sealed head.
    pub(crate) fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        self.read(|look| look.leaves(device, from_seq, limit))
    }

    /// Returns true if an index of a list was given away.
    #[cfg(test)]
    pub(crate) fn is_taken(&self, list: u32, index: u32) -> Result<bool> {
        Ok(self.are_taken(&[Entry { list, index }])?.contains(&true))
    }

    /// Returns how often the register was replaced.
    #[cfg(test)]
    pub(crate) fn register_version(&self) -> Result<u64> {
        self.read(|look| Ok(look.version))
    }
}
