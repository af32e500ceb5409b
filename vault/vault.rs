//! A locked vault: create, open, unlock.
//!
//! Table names, record ids, record sizes, and which records of a table share a tag's value can be read without the key; use random ids.
//! Replacing everything by an older copy of itself cannot be noticed without hardware that counts.

mod ask;
mod pardon;
#[cfg(test)]
mod tests;

pub use pardon::Pardons;

use crate::error::{CreateError, FactorError, OpenError, StorageError, UnlockError};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, RecoveryCode};
use crate::hierarchy::{Keys, Realm, VaultKey};
use crate::host::Host;
use crate::memory::SecretMemory;
use crate::rules::Rules;
use crate::seal::Suite;
use crate::slot::{Asking, MAX_SLOTS, NewSlot, NotOpened, Opened as OpenedSlot, Place, Row, Slot, SlotInfo};
use crate::state::{MAX_LABEL, SlotRecord, State};
use crate::storage::{Change, Closed, Space, Storage};
use crate::throttle::{Answer, Limits, Throttle};
use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

const HEADER: &[u8] = b"header";
/// The limits of wrong tries, where a site asks for others than a personal vault has.
pub(crate) const LIMITS: &[u8] = b"tries/limits";
/// There while the vault is being made.
const UNFINISHED: &[u8] = b"unfinished";
/// There from an opening that found no journal until the vault is unlocked, when its state says whether there should have been one.
const JOURNAL_MISSING: &[u8] = b"log-missing";
/// There from an erasure until the files were written anew without what it removed.
const TRACES: &[u8] = b"traces";

/// A vault that is open for this program alone. Locked until [`Vault::unlock`].
pub struct Vault {
    pub(crate) host: Opened,
    pub(crate) header: Header,
    /// The latest time of which its device knows.
    seen: Option<Timestamp>,
}

/// A host in use.
pub(crate) struct Opened {
    pub(crate) storage: Box<dyn Storage>,
    pub(crate) memory: Box<dyn SecretMemory>,
    entropy: RefCell<Box<dyn CryptoRng + Send>>,
}

/// The source of randomness, for one draw.
pub(crate) type Entropy<'v> = RefMut<'v, Box<dyn CryptoRng + Send>>;

/// A vault that is being made. Until [`Unfinished::finish`] it does not count as made: it cannot be opened.
pub struct Unfinished {
    vault: Vault,
}

/// The data to which every sealing in this vault is bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) vault: [u8; 16],
    pub(crate) kind: String,
}

/// The public status of a locked vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultStatus {
    /// The kind that the vault was created as: `wallet`, `issuer`, `gate`.
    pub kind: String,
    /// Tries left for passwords before the lockout.
    pub attempts_left: u32,
    /// Tries left for the recovery code.
    pub recovery_attempts_left: u32,
    /// Wrong tries since a password last opened it. A counter that cannot be read leaves one try.
    pub wrong_tries: u32,
    /// Wrong tries since the recovery code last opened it.
    pub wrong_recovery_tries: u32,
    /// Seconds until the next try with a password is taken; 0 means now.
    pub wait_seconds: u64,
    /// The slots; what opens the vault.
    pub slots: Vec<SlotInfo>,
    /// Slots that are damaged on disk.
    pub damaged_slots: usize,
    /// Slots that a newer version of this program wrote. They are kept.
    pub newer_slots: usize,
    /// True if its site wants it erased with the last wrong try.
    pub erased_after_tries: bool,
    /// Tries that administrators gave back since the owner opened it last.
    pub pardons: Option<Pardons>,
}

/// What a vault is made with.
pub struct Plan<'p> {
    /// The primitives.
    pub suite: Suite,
    /// The cost of its key derivations.
    pub cost: KdfCost,
    /// What may open it, from its first moment on.
    pub rules: Rules,
    /// What opens it. The rules must permit each.
    pub slots: Vec<NewSlot<'p>>,
    /// The moment it is made, as the clock says.
    pub at: Option<Timestamp>,
}

/// The slots of a storage.
pub(crate) struct Slots {
    pub(crate) readable: Vec<Slot>,
    damaged: usize,
    newer: usize,
}

/// The counters of failed tries; a failure with one does not use up the other. Slots of key files and officers alone have none: nobody guesses
/// their bits, and a lockout would only let a saboteur shut an unattended gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counter {
    Recovery,
    /// Every other slot.
    Secret,
}

impl Counter {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::Recovery => b"tries/recovery",
            Self::Secret => b"tries/password",
        }
    }

    fn of(factors: &[FactorKind]) -> Option<Self> {
        if factors.contains(&FactorKind::Recovery) {
            Some(Self::Recovery)
        } else {
            factors.iter().any(|kind| !matches!(kind, FactorKind::KeyFile | FactorKind::Officers)).then_some(Self::Secret)
        }
    }
}

impl Vault {
    /// Creates a vault in an empty storage that opens with `primary`, or with the recovery code that is returned. [`Unfinished::begin`]
    /// makes any other.
    pub fn create(mut host: Host, kind: &str, primary: &dyn Factor, cost: KdfCost) -> Result<(Self, RecoveryCode), CreateError> {
        let recovery = RecoveryCode::generate(&mut *host.entropy);
        let slots = [primary, &recovery].map(|factor| NewSlot::of(Factors::one(factor))).to_vec();
        let plan = Plan { suite: Suite::ChaCha, cost, rules: Rules::default(), slots, at: None };
        let made = Unfinished::begin(host, kind, &plan)?.finish()?;
        drop(plan);
        Ok((made, recovery))
    }

    /// Opens the vault in a storage.
    pub fn open(host: Host) -> Result<Self, OpenError> {
        let vault = Self::open_any(host)?;
        if vault.is_unfinished()? { Err(OpenError::Unfinished) } else { Ok(vault) }
    }

    fn open_any(host: Host) -> Result<Self, OpenError> {
        let mut vault = Self::without_header(host);
        let header = vault.storage().get(Space::Meta, HEADER)?;
        if vault.storage().journal_was_missing() && header.is_some() {
            // From here on there is a journal, so what was found is kept until somebody can unlock the vault.
            vault.commit_with_reserve(&[meta(JOURNAL_MISSING, Vec::new())])?;
        }
        vault.header = match header {
            Some(header) => Header::read(&header).map_err(|NotCanonical| OpenError::Damaged)?,
            // They are written together: a header alone can only have been lost.
            None if has_slots(vault.storage())? => return Err(OpenError::Damaged),
            None => return Err(OpenError::NotFound),
        };
        Ok(vault)
    }

    fn without_header(Host { storage, memory, entropy }: Host) -> Self {
        let host = Opened { storage, memory, entropy: RefCell::new(entropy) };
        Self { host, header: Header { vault: [0; 16], kind: String::new() }, seen: None }
    }

    fn is_unfinished(&self) -> Result<bool, StorageError> {
        Ok(self.storage().get(Space::Meta, UNFINISHED)?.is_some())
    }

    /// Returns a change if the journal was missing at an opening since the vault was last unlocked: the one that forgets it.
    pub(crate) fn missing_journal(&self) -> Result<Option<Change>, StorageError> {
        let found = self.storage().get(Space::Meta, JOURNAL_MISSING)?;
        Ok(found.map(|_| Change { space: Space::Meta, key: JOURNAL_MISSING.to_vec(), value: None }))
    }

    /// Returns true if the files still hold what an erasure was to remove from them.
    pub(crate) fn has_traces(&self) -> Result<bool, StorageError> {
        Ok(self.storage().get(Space::Meta, TRACES)?.is_some())
    }

    /// Writes the files anew, without what an erasure was to remove. Returns true if there was no room for it: then it is still to be
    /// done, and nothing is lost.
    pub(crate) fn remove_traces(&self) -> Result<bool, StorageError> {
        let gone = Change { space: Space::Meta, key: TRACES.to_vec(), value: None };
        match self.storage().compact().and_then(|()| self.storage().commit(&[gone])) {
            Err(StorageError::Full { .. }) => Ok(true),
            done => done.map(|()| false),
        }
    }

    /// Closes the storage. From then on nothing can be read or written.
    pub(crate) fn close(&mut self) {
        self.host.storage = Box::new(Closed);
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.host.storage
    }

    /// Returns the source of keys, salts and nonces, for one draw.
    pub(crate) fn entropy(&self) -> Entropy<'_> {
        self.host.entropy.borrow_mut()
    }

    /// Says what the device has seen of time, so that what opens this vault until then ends, although the clock was set back.
    pub fn device_saw(&mut self, latest: Timestamp) {
        self.seen = Some(latest);
    }

    fn latest(&self, at: &Reading) -> Timestamp {
        self.seen.map_or(at.wall, |seen| seen.max(at.wall))
    }

    /// Returns the vault's public status.
    pub fn status(&self, at: &Reading) -> Result<VaultStatus, StorageError> {
        let Slots { readable, damaged, newer } = self.slots()?;
        let limits = self.limits(Counter::Secret)?;
        let usual = self.limits(Counter::Recovery)?;
        let (password, recovery) = (self.throttle(Counter::Secret, &limits)?, self.throttle(Counter::Recovery, &usual)?);
        Ok(VaultStatus {
            kind: self.header.kind.clone(),
            attempts_left: password.attempts_left(&limits),
            recovery_attempts_left: recovery.attempts_left(&usual),
            wrong_tries: password.wrong_tries(),
            wrong_recovery_tries: recovery.wrong_tries(),
            wait_seconds: if let Answer::Wait { seconds } = password.answer(&limits, at) { seconds } else { 0 },
            slots: readable.iter().map(Slot::info).collect(),
            damaged_slots: damaged,
            newer_slots: newer,
            erased_after_tries: limits.erases,
            pardons: self.pardons()?,
        })
    }

    /// Returns the kind that the vault was created as: `wallet`, `issuer`, `gate`.
    pub fn kind(&self) -> &str {
        &self.header.kind
    }

    /// Returns the keys that the factors shown open. A try that could be a guess is counted durably before it is made.
    pub(crate) fn keys(&self, factors: &Factors<'_>, at: &Reading) -> Result<Keys, UnlockError> {
        let mut asking = Asking::new(factors);
        let Slots { mut readable, damaged, .. } = self.slots()?;
        let mut absent = None;
        readable.retain(|slot| {
            asking.fits(slot).unwrap_or_else(|why| {
                absent = Some(why);
                false
            })
        });
        if readable.is_empty() {
            return Err(match absent {
                Some(why) => UnlockError::Factor(why),
                None if damaged > 0 => UnlockError::Damaged,
                None => UnlockError::NoSlot,
            });
        }
        let mut refusal = None;
        // Cheapest first: key files need no slow function and are not counted, the recovery code needs no slow function.
        for counter in [None, Some(Counter::Recovery), Some(Counter::Secret)] {
            let slots: Vec<&Slot> = readable.iter().filter(|slot| Counter::of(&slot.kinds()) == counter).collect();
            if slots.is_empty() {
                continue;
            }
            match self.try_slots(&slots, &mut asking, counter, at) {
                Ok(keys) => return Ok(keys),
                Err(why @ UnlockError::Storage(_)) => return Err(why),
                Err(why) => refusal = Some(why),
            }
        }
        Err(refusal.unwrap_or(UnlockError::NoSlot))
    }

    fn try_slots(&self, slots: &[&Slot], asking: &mut Asking<'_>, counter: Option<Counter>, at: &Reading) -> Result<Keys, UnlockError> {
        let counted_by = counter.unwrap_or(Counter::Secret);
        let limits = self.limits(counted_by)?;
        let before = self.throttle(counted_by, &limits)?;
        if let Some(counter) = counter {
            match before.answer(&limits, at) {
                Answer::Try => self.set_throttle(counter, before.counted(at))?,
                Answer::Wait { seconds } => return Err(UnlockError::Throttled { seconds }),
                Answer::LockedOut => return Err(UnlockError::LockedOut),
            }
        }
        let left = counter.map_or(before, |_| before.counted(at)).attempts_left(&limits);
        // A guess is told before what cost nothing: it is what was counted.
        let (mut ended, mut guess, mut hindrance) = (None, None, None);
        for slot in slots {
            let mut vk = VaultKey::zeroed(&*self.host.memory).map_err(UnlockError::Factor)?;
            let opened = match asking.open(slot, vk.bytes_mut()) {
                Ok(opened) => opened,
                Err(NotOpened::WrongSecret) => {
                    guess.get_or_insert(UnlockError::WrongSecret { attempts_left: left });
                    continue;
                }
                Err(NotOpened::Factor(FactorError::Refused { left: on_device })) => {
                    guess = Some(UnlockError::Refused { left: on_device, attempts_left: left });
                    continue;
                }
                Err(NotOpened::Factor(why)) => {
                    hindrance.get_or_insert(UnlockError::Factor(why));
                    continue;
                }
            };
            let keys = Keys::derive(vk, slot.place.realm);
            let state = State::load(self.storage(), &keys)?;
            // A slot put back from an older copy still unwraps the key; the sealed state knows which slots there are. A lost state knows
            // nothing, and is itself reported.
            let Place { id, epoch, ends, .. } = slot.place;
            if state.as_ref().is_some_and(|state| state.slot(id).is_none_or(|held| held.epoch != epoch)) {
                guess.get_or_insert(UnlockError::WrongSecret { attempts_left: left });
                continue;
            }
            if ends.is_some_and(|ends| has_ended(ends, state.as_ref(), self.latest(at))) {
                ended = Some(UnlockError::Ended);
                continue;
            }
            self.settle((slot, opened), asking, (&keys, state), counter, at)?;
            return Ok(keys);
        }
        if guess.is_none()
            && let Some(counter) = counter
        {
            // No key was derived, or a right one: nothing was guessed.
            self.set_throttle(counter, before)?;
        }
        // Who knows a secret is told that its time is over, although it was tried on other slots too.
        Err(ended.or(guess).or(hindrance).unwrap_or(UnlockError::WrongSecret { attempts_left: left }))
    }

    /// Clears the counters, writes a slot anew whose factor wants that, and notes the day of its use: in one commit.
    fn settle(
        &self,
        (slot, opened): (&Slot, OpenedSlot),
        asking: &Asking<'_>,
        (keys, state): (&Keys, Option<State>),
        counter: Option<Counter>,
        at: &Reading,
    ) -> Result<(), StorageError> {
        let mut changes: Vec<Change> = match counter {
            // Two officers vouch that it is the owner.
            None if slot.kinds().contains(&FactorKind::Officers) => no_tries().to_vec(),
            None => Vec::new(),
            Some(Counter::Secret) => vec![meta(Counter::Secret.key(), Throttle::NEW.to_bytes())],
            // The owner is the person who has the recovery code.
            Some(Counter::Recovery) => no_tries().to_vec(),
        };
        let is_needed = !changes.is_empty();
        let mut rng = self.entropy();
        let rng: &mut dyn CryptoRng = &mut **rng;
        let mut renewed = None;
        if let Some(mut state) = state
            && state.format >= 3
            && let Some(held) = state.slots.iter_mut().find(|held| held.id == slot.place.id)
        {
            renewed = asking.renewed(slot, opened, keys.vk(), KdfCost::Floor, rng);
            if let Some(renewed) = &renewed {
                held.epoch = renewed.place.epoch;
                changes.push(slot_change(renewed));
            }
            let is_noted = held.used.is_some_and(|used| used.unix().div_euclid(DAY) == at.wall.unix().div_euclid(DAY));
            if renewed.is_some() || !is_noted {
                held.used = Some(at.wall);
                state.seq = state.seq.saturating_add(1);
                changes.push(state.to_change(keys, rng));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        if is_needed || renewed.is_some() {
            return self.commit_with_reserve(&changes);
        }
        match self.storage().commit(&changes) {
            // The day alone is not worth the reserve, nor keeping anybody out.
            Err(StorageError::Full { .. }) => Ok(()),
            done => done,
        }
    }

    pub(crate) fn slots(&self) -> Result<Slots, StorageError> {
        let mut slots = Slots { readable: Vec::new(), damaged: 0, newer: 0 };
        self.storage().scan(Space::Slot, b"", &mut |key, row| match Row::read(row) {
            Row::Slot(slot) if slot.place.id == key && slot.place.realm.vault == self.header.vault && slots.readable.len() < MAX_SLOTS => {
                slots.readable.push(slot);
            }
            Row::Newer => slots.newer += 1,
            Row::Slot(_) | Row::Damaged => slots.damaged += 1,
        })?;
        Ok(slots)
    }

    /// Nobody guesses 128 bits, so a site cannot take tries from who has lost everything else.
    fn limits(&self, counter: Counter) -> Result<Limits, StorageError> {
        Ok(match counter {
            Counter::Recovery => Limits::default(),
            Counter::Secret => Limits::of_row(self.storage().get(Space::Meta, LIMITS)?.as_deref()),
        })
    }

    fn throttle(&self, counter: Counter, limits: &Limits) -> Result<Throttle, StorageError> {
        Ok(Throttle::read(self.storage().get(Space::Meta, counter.key())?.as_deref(), limits))
    }

    fn set_throttle(&self, counter: Counter, throttle: Throttle) -> Result<(), StorageError> {
        self.commit_with_reserve(&[meta(counter.key(), throttle.to_bytes())])
    }

    /// The owner must get in to make room; the reserve is for exactly this.
    pub(crate) fn commit_with_reserve(&self, changes: &[Change]) -> Result<(), StorageError> {
        match self.storage().commit(changes) {
            Err(StorageError::Full { .. }) => {
                self.storage().release_reserve();
                self.storage().commit(changes)
            }
            done => done,
        }
    }
}

/// Returns the changes that forget wrong tries.
pub(crate) fn no_tries() -> [Change; 2] {
    [Counter::Secret, Counter::Recovery].map(|counter| meta(counter.key(), Throttle::NEW.to_bytes()))
}

/// Returns the change that makes a commit an erasure.
pub(crate) fn traces() -> Change {
    meta(TRACES, Vec::new())
}

impl Unfinished {
    /// Begins a vault in an empty storage.
    pub fn begin(host: Host, kind: &str, plan: &Plan<'_>) -> Result<Self, CreateError> {
        let is_permitted = |slot: &NewSlot<'_>| plan.rules.permit(&slot.factors.kinds()) && slot.label.len() <= MAX_LABEL;
        if !(1..=MAX_SLOTS).contains(&plan.slots.len()) || !plan.slots.iter().all(is_permitted) {
            return Err(CreateError::Forbidden);
        }
        let mut vault = Vault::without_header(host);
        // A storage with neither header nor slots is also what a creation leaves that was cut short early.
        if vault.storage().get(Space::Meta, HEADER)?.is_some() || has_slots(vault.storage())? {
            return Err(CreateError::Exists);
        }
        kind.clone_into(&mut vault.header.kind);
        rand_core::Rng::fill_bytes(vault.host.entropy.get_mut(), &mut vault.header.vault);
        let mut changes = first_commit(&vault, plan)?;
        changes.push(meta(UNFINISHED, Vec::new()));
        vault.storage().commit(&changes)?;
        Ok(Self { vault })
    }

    /// Returns what a creation left in a storage that was cut short.
    pub fn left_in(host: Host) -> Result<Option<Self>, OpenError> {
        match Vault::open_any(host) {
            Ok(vault) => Ok(if vault.is_unfinished()? { Some(Self { vault }) } else { None }),
            Err(OpenError::NotFound) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Returns the vault, to be filled.
    pub fn vault(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// Makes it count: from here on it opens, and is not made again.
    pub fn finish(self) -> Result<Vault, StorageError> {
        self.vault.storage().commit(&[Change { space: Space::Meta, key: UNFINISHED.to_vec(), value: None }])?;
        Ok(self.vault)
    }
}

fn has_slots(storage: &dyn Storage) -> Result<bool, StorageError> {
    let mut found = false;
    storage.scan(Space::Slot, b"", &mut |_, _| found = true)?;
    Ok(found)
}

fn meta(key: &[u8], value: Vec<u8>) -> Change {
    Change { space: Space::Meta, key: key.to_vec(), value: Some(value) }
}

/// Header, slots, counters and empty state in one commit: a vault is there completely or not at all.
fn first_commit(vault: &Vault, plan: &Plan<'_>) -> Result<Vec<Change>, CreateError> {
    let (header, mut rng) = (&vault.header, vault.entropy());
    let rng: &mut dyn CryptoRng = &mut **rng;
    let vk = VaultKey::fresh(&*vault.host.memory, rng)?;
    let realm = Realm { vault: header.vault, generation: 1, suite: plan.suite };
    let mut changes = vec![
        meta(HEADER, header.to_bytes()),
        meta(Counter::Secret.key(), Throttle::NEW.to_bytes()),
        meta(Counter::Recovery.key(), Throttle::NEW.to_bytes()),
    ];
    let mut state = State { rules: plan.rules.clone(), ..State::default() };
    for new in &plan.slots {
        let slot = sealed_slot(realm, new, plan.cost, vk.bytes(), rng)?;
        state.slots.push(record_of(&slot, new, plan.at));
        changes.push(slot_change(&slot));
    }
    changes.push(state.to_change(&Keys::derive(vk, realm), rng));
    Ok(changes)
}

/// Seals a slot with a name of its own.
pub(crate) fn sealed_slot(realm: Realm, new: &NewSlot<'_>, cost: KdfCost, vk: &[u8], rng: &mut dyn CryptoRng) -> Result<Slot, FactorError> {
    let mut id = [0; 8];
    rand_core::Rng::fill_bytes(rng, &mut id);
    Slot::seal(Place { realm, id, epoch: 1, ends: new.ends }, &new.factors, cost, vk, rng)
}

/// What the open vault knows about a new slot.
pub(crate) fn record_of(slot: &Slot, new: &NewSlot<'_>, at: Option<Timestamp>) -> SlotRecord {
    let Place { id, epoch, .. } = slot.place;
    SlotRecord { label: new.label.to_owned(), added: at, ..SlotRecord::of(id, epoch) }
}

pub(crate) fn slot_change(slot: &Slot) -> Change {
    Change { space: Space::Slot, key: slot.place.id.to_vec(), value: Some(slot.to_row()) }
}

/// Says whether a slot for a time has come to its end. Setting the clock back behind anything that the vault or its device has seen does
/// not help, and a lost state has seen nothing, so nobody is let in for a time then.
fn has_ended(ends: Timestamp, state: Option<&State>, latest: Timestamp) -> bool {
    state.is_none_or(|state| state.newest_use().map_or(latest, |newest| newest.max(latest)) >= ends)
}

const DAY: i64 = 86_400;

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(3).unsigned(1).bytes(&self.vault).text(&self.kind);
        to.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        from.array_of(3)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let header = Self { vault: from.bytes_array()?, kind: from.text()?.to_owned() };
        from.end().map(|()| header)
    }
}
