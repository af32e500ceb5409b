//! Puts a database of version 0.1.0 under the seal. It is believed as it is, once: nothing in it could prove more.

use super::Result;
use super::event::{DeviceMark, Event, OfferMark, Status};
use super::register::{Gate, Key, List, Register};
use super::seal::{Seal, tampered};
use crate::store::{EventRow, Readable, State, Store, Tx, Unsealed, UnsealedCredential};
use waypass_trust::bundle::Digest;

/// The counter of changes that were recorded before the seal and not published: 1 from the upgrade on, 2 once nothing is open.
pub(crate) const BEFORE_SEAL: &str = "changes-before-seal";

/// The rows that were put under the seal.
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
                linked.holders = vec![seal.holder_sum(&record.id, &seal.holder_tag(&record.holder))];
                linked.taken = entries.iter().map(|(list, index, _)| (*list, *index)).collect();
            }
            // The last of them says what the lists say now.
            if usize::try_from(number).is_ok_and(|number| number + 1 == history.len()) {
                linked.set = entries.iter().filter(|(.., value)| *value != State::Valid.bits()).copied().collect();
            }
            chain.append(Some(&record.id), &linked)?;
        }
        seal.add_credential(&mut *chain.rows, record).map(drop)?;
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
    for (name, bytes) in &old.documents {
        chain.rows.put_document(name, &seal.close_document(name, bytes))?;
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

/// Makes ciphertext of a database whose rows had seals and were none. The seals are over the plaintext, so they stay, and with them the
/// anchor that the vault keeps. A row that is not as it was sealed stops it.
pub(super) fn close_all(store: &mut dyn Store, seal: &Seal, old: Readable, step: &mut dyn FnMut(u64)) -> Result<()> {
    let register = old.register.ok_or_else(|| tampered("the register"))?;
    if !seal.is_register(register.version, &register.body, &register.mac) {
        return Err(tampered("the register"));
    }
    let head = old.events.last().map_or([0; 32], |event| event.mac);
    if let Some(anchor) = seal.kept() {
        anchor.check_register(register.version, &register.mac)?;
        let (count, known) = anchor.events();
        let found = usize::try_from(count).ok().and_then(|count| count.checked_sub(1)).map(|at| old.events.get(at).map(|event| event.mac));
        if found.is_some_and(|found| found != Some(*known)) {
            return Err(tampered(format!("event {count}")));
        }
    }
    let count = old.credentials.len() as u64;
    let mut chain = Chain { seal, rows: store.begin_anew()?, seq: old.events.len() as u64, head };
    chain.rows.put_register(&seal.register_row(register.version, &register.body))?;
    for event in old.events {
        let body = seal.close_event(event.seq, event.credential.as_deref(), &event.body);
        chain.rows.append(&EventRow { body, ..event })?;
    }
    for (record, mac) in &old.credentials {
        if !seal.is_credential(record, mac) {
            return Err(tampered(format!("the credential {}", record.id)));
        }
        seal.add_credential(&mut *chain.rows, record).map(drop)?;
        step(count);
    }
    let holders = seal.holder_sums(old.credentials.iter().map(|(record, _)| (&*record.id, seal.holder_tag(&record.holder))));
    chain.append(None, &Event { holders, ..Event::default() })?;
    for (name, bytes) in &old.documents {
        chain.rows.put_document(name, &seal.close_document(name, bytes))?;
    }
    chain.rows.commit()
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
