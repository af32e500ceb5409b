//! Puts a database of version 0.1.0 under the seal. It is believed as it stands, once: nothing in it could prove more.

use super::Result;
use super::event::{DeviceMark, Event, OfferMark, Status};
use super::register::{Gate, Key, List, Register};
use super::seal::Seal;
use crate::store::{SealedCredential, State, Store, Tx, Unsealed, UnsealedCredential};
use waypass_trust::bundle::Digest;

/// The counter of changes that were recorded before the seal and not published: 1 from the upgrade on, 2 once nothing is open.
pub(crate) const BEFORE_SEAL: &str = "changes-before-seal";

/// What was put under the seal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Upgrade {
    /// Keys.
    pub keys: usize,
    /// Gates.
    pub gates: usize,
    /// Status lists.
    pub lists: usize,
    /// Credentials with their histories.
    pub credentials: usize,
    /// Offers that wait for their pick-up.
    pub offers: usize,
}

pub(super) fn seal_all(store: &mut dyn Store, seal: &Seal, old: &Unsealed, step: &mut dyn FnMut(u64)) -> Result<Upgrade> {
    let register = Register {
        keys: old.keys.iter().map(Key::of).collect(),
        gates: old.gates.iter().map(Gate::of).collect(),
        lists: old.lists.iter().map(|list| List::of(list.id, &list.mechanism, list.capacity)).collect(),
        // Nobody was asked about what waits to be published.
        counters: old.counters.iter().cloned().chain([(BEFORE_SEAL.to_owned(), 1)]).collect(),
        documents: old.documents.iter().map(|(name, bytes)| (name.clone(), Digest::of(bytes))).collect(),
        ..Register::new()
    };
    let mut chain = Chain { seal, rows: store.begin_anew()?, seq: 0, head: [0; 32] };
    for UnsealedCredential { record, entries, history } in &old.credentials {
        let own = [(record.list, record.index, record.state.bits())];
        let entries: Vec<(u32, u32, u8)> = entries.iter().map(|(entry, value)| (entry.list, entry.index, *value)).collect();
        let entries = if entries.is_empty() { own.to_vec() } else { entries };
        for (number, event) in (0..).zip(history) {
            let mut linked = Event { status: Some(Status::of(number, event)), ..Event::default() };
            if number == 0 {
                linked.taken = entries.iter().map(|(list, index, _)| (*list, *index)).collect();
            }
            // What the lists say now was said by the last of them.
            if usize::try_from(number).is_ok_and(|number| number + 1 == history.len()) {
                linked.set = entries.iter().filter(|(.., value)| *value != State::Valid.bits()).copied().collect();
            }
            chain.append(Some(&record.id), &linked)?;
        }
        chain.rows.add_credential(&SealedCredential { record: record.clone(), mac: seal.credential(record) })?;
        step(old.credentials.len() as u64);
    }
    for (entry, value) in &old.entries {
        let set = if *value == 0 { Vec::new() } else { vec![(entry.list, entry.index, *value)] };
        chain.append(None, &Event { taken: vec![(entry.list, entry.index)], set, ..Event::default() })?;
    }
    for offer in &old.offers {
        chain.append(None, &Event { offers: vec![OfferMark::of(offer)], ..Event::default() })?;
    }
    for (id, device) in &old.devices {
        chain.append(None, &Event { device: Some(DeviceMark::of(id, device)), ..Event::default() })?;
    }
    chain.rows.put_register(&seal.register(1, &register))?;
    chain.rows.commit()?;
    Ok(Upgrade {
        keys: old.keys.len(),
        gates: old.gates.len(),
        lists: old.lists.len(),
        credentials: old.credentials.len(),
        offers: old.offers.len(),
    })
}

struct Chain<'s> {
    seal: &'s Seal,
    rows: Box<dyn Tx + 's>,
    seq: u64,
    head: [u8; 32],
}

impl Chain<'_> {
    fn append(&mut self, credential: Option<&str>, event: &Event) -> Result<()> {
        self.seq += 1;
        let row = self.seal.event(&self.head, self.seq, credential, event);
        self.head = row.mac;
        self.rows.append(&row)
    }
}
