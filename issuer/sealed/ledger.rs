//! The sum of the events: which entries are taken and set, which offers are open, how far each log was received.

use super::event::{DeviceMark, Event, OfferMark};
use super::holders;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use waypass_credential::{base64url, json};
use waypass_trust::bundle::Digest;

/// The sum of the events up to one of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Ledger {
    /// The last event.
    pub(super) seq: u64,
    /// Its seal; zeros before the first.
    pub(super) head: [u8; 32],
    /// How many credentials were issued.
    pub(super) credentials: u64,
    /// Offers that expired before this are forgotten.
    pub(super) forgotten: i64,
    lists: BTreeMap<u32, Entries>,
    /// Entries of documents that are not on record.
    loose: BTreeSet<(u32, u32)>,
    offers: BTreeMap<[u8; 32], OfferMark>,
    devices: BTreeMap<String, DeviceMark>,
    /// Entries that a gate has seen revoked before this issuer revoked them.
    seen: BTreeMap<(u32, u32), String>,
    /// The sum over the rows of each bucket of holders.
    holders: BTreeMap<u16, [u8; 32]>,
}

/// The entries of one list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Entries {
    /// A bit for each index that was given away.
    taken: Vec<u8>,
    used: u32,
    /// The values that are not 0.
    set: BTreeMap<u32, u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    head: Digest,
    credentials: u64,
    forgotten: i64,
    lists: Vec<ListWire>,
    loose: Vec<(u32, u32)>,
    offers: Vec<OfferMark>,
    devices: Vec<DeviceMark>,
    seen: Vec<(u32, u32, String)>,
    holders: Vec<(u16, Digest)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListWire {
    id: u32,
    taken: String,
    set: Vec<(u32, u8)>,
}

impl Ledger {
    /// Adds the event that comes next, whose seal is `mac`.
    pub(super) fn apply(&mut self, credential: Option<&str>, event: &Event, mac: &[u8; 32]) {
        let Event { status, taken, set, offers, forget, device, seen, holders } = event;
        for &(list, index) in taken {
            self.lists.entry(list).or_default().take(index);
            if credential.is_none() {
                self.loose.insert((list, index));
            }
        }
        for &(list, index, value) in set {
            self.lists.entry(list).or_default().set(index, value);
        }
        for mark in offers {
            match mark.row {
                Some(_) => drop(self.offers.insert(mark.hash.0, mark.clone())),
                None => drop(self.offers.remove(&mark.hash.0)),
            }
        }
        if let Some(before) = *forget {
            self.forgotten = self.forgotten.max(before);
            self.offers.retain(|_, offer| offer.until >= before);
        }
        if let Some(device) = device {
            self.devices.insert(device.id.clone(), device.clone());
        }
        for (list, index, gate) in seen {
            self.seen.insert((*list, *index), gate.clone());
        }
        for (bucket, Digest(rows)) in holders {
            holders::add(self.holders.entry(*bucket).or_default(), rows);
        }
        self.credentials += u64::from(status.as_ref().is_some_and(|status| status.number == 0));
        self.seq += 1;
        self.head = *mac;
    }

    pub(super) fn is_taken(&self, list: u32, index: u32) -> bool {
        self.lists.get(&list).is_some_and(|entries| entries.is_taken(index))
    }

    pub(super) fn is_loose(&self, list: u32, index: u32) -> bool {
        self.loose.contains(&(list, index))
    }

    pub(super) fn used(&self, list: u32) -> u32 {
        self.lists.get(&list).map_or(0, |entries| entries.used)
    }

    /// Returns the indices of a list that were not given away, in order.
    pub(super) fn free(&self, list: u32, capacity: u32) -> Vec<u32> {
        (0..capacity).filter(|index| !self.is_taken(list, *index)).collect()
    }

    pub(super) fn value(&self, list: u32, index: u32) -> u8 {
        self.lists.get(&list).and_then(|entries| entries.set.get(&index)).copied().unwrap_or(0)
    }

    /// Returns the entries that are not 0, in order.
    pub(super) fn set(&self, list: u32) -> impl Iterator<Item = (u32, u8)> {
        self.lists.get(&list).into_iter().flat_map(|entries| entries.set.iter().map(|(index, value)| (*index, *value)))
    }

    pub(super) fn offer(&self, hash: &[u8; 32]) -> Option<&OfferMark> {
        self.offers.get(hash)
    }

    pub(super) fn offers(&self) -> impl Iterator<Item = &OfferMark> {
        self.offers.values()
    }

    pub(super) fn device(&self, id: &str) -> Option<&DeviceMark> {
        self.devices.get(id)
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = &DeviceMark> {
        self.devices.values()
    }

    /// Entries that a gate has seen revoked before this issuer revoked them: list, index, gate.
    pub(super) fn seen(&self) -> impl Iterator<Item = (u32, u32, &str)> {
        self.seen.iter().map(|((list, index), gate)| (*list, *index, gate.as_str()))
    }

    /// Returns the sum over the rows of a bucket of holders.
    pub(super) fn holders(&self, bucket: u16) -> [u8; 32] {
        self.holders.get(&bucket).copied().unwrap_or_default()
    }

    /// Returns the text that a summary keeps.
    pub(super) fn to_body(&self) -> String {
        let lists = self.lists.iter().map(|(id, entries)| ListWire {
            id: *id,
            taken: base64url::encode(&entries.taken),
            set: entries.set.iter().map(|(index, value)| (*index, *value)).collect(),
        });
        json::to_string(&Wire {
            head: Digest(self.head),
            credentials: self.credentials,
            forgotten: self.forgotten,
            lists: lists.collect(),
            loose: self.loose.iter().copied().collect(),
            offers: self.offers.values().cloned().collect(),
            devices: self.devices.values().cloned().collect(),
            seen: self.seen.iter().map(|((list, index), gate)| (*list, *index, gate.clone())).collect(),
            holders: self.holders.iter().map(|(bucket, sum)| (*bucket, Digest(*sum))).collect(),
        })
    }

    /// Reads the text of a summary that ends with the event at `seq`.
    pub(super) fn read(seq: u64, text: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(text).ok()?;
        let mut lists = BTreeMap::new();
        for list in wire.lists {
            let taken = base64url::decode(&list.taken).ok()?;
            let used = taken.iter().map(|byte| byte.count_ones()).sum();
            lists.insert(list.id, Entries { taken, used, set: list.set.into_iter().collect() });
        }
        Some(Self {
            seq,
            head: wire.head.0,
            credentials: wire.credentials,
            forgotten: wire.forgotten,
            lists,
            loose: wire.loose.into_iter().collect(),
            offers: wire.offers.into_iter().map(|offer| (offer.hash.0, offer)).collect(),
            devices: wire.devices.into_iter().map(|device| (device.id.clone(), device)).collect(),
            seen: wire.seen.into_iter().map(|(list, index, gate)| ((list, index), gate)).collect(),
            holders: wire.holders.into_iter().map(|(bucket, sum)| (bucket, sum.0)).collect(),
        })
    }
}

impl Entries {
    fn take(&mut self, index: u32) {
        let (byte, bit) = place(index);
        if self.taken.len() <= byte {
            self.taken.resize(byte + 1, 0);
        }
        self.used += u32::from(self.taken[byte] & bit == 0);
        self.taken[byte] |= bit;
    }

    fn set(&mut self, index: u32, value: u8) {
        if value == 0 {
            self.set.remove(&index);
        } else {
            self.set.insert(index, value);
        }
    }

    fn is_taken(&self, index: u32) -> bool {
        let (byte, bit) = place(index);
        self.taken.get(byte).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(index: u32) -> (usize, u8) {
    (usize::try_from(index / 8).unwrap_or(usize::MAX), 1 << (index % 8))
}
