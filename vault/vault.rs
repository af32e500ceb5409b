//! A locked vault: create, open, unlock.
//!
//! Table names, record ids, record sizes, and which records of a table share a tag's value can be read without the key; use random ids.
//! Replacing everything by an older copy of itself cannot be noticed without hardware that counts.

#[cfg(test)]
mod tests;

use crate::error::{CreateError, OpenError, StorageError, UnlockError};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, RecoveryCode};
use crate::hierarchy::{Keys, VaultKey};
use crate::host::Host;
use crate::memory::SecretMemory;
use crate::slot::{MAX_SLOTS, NotOpened, Place, Slot, SlotInfo};
use crate::state::State;
use crate::storage::{Change, Closed, Space, Storage};
use crate::throttle::{Answer, Throttle};
use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::time::Reading;

const HEADER: &[u8] = b"header";
/// There while the vault is being made.
const UNFINISHED: &[u8] = b"unfinished";
/// There from an opening that found no journal until the vault is unlocked, when its state says whether there should have been one.
const JOURNAL_MISSING: &[u8] = b"log-missing";

/// A vault that is open for this program alone. Locked until [`Vault::unlock`].
pub struct Vault {
    pub(crate) host: Opened,
    pub(crate) header: Header,
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
    /// Wrong tries since a password last opened it. A counter that cannot be read counts as nine.
    pub wrong_tries: u32,
    /// Wrong tries since the recovery code last opened it.
    pub wrong_recovery_tries: u32,
    /// Seconds until the next try with a password is taken; 0 means now.
    pub wait_seconds: u64,
    /// The slots; what opens the vault.
    pub slots: Vec<SlotInfo>,
    /// Slots that are damaged on disk.
    pub damaged_slots: usize,
}

/// The counters of failed tries; a failure with one does not use up the other. Key files have none: nobody guesses 256 bits, and a
/// lockout would only let a saboteur shut an unattended gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counter {
    Recovery,
    Password,
}

impl Counter {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::Recovery => b"tries/recovery",
            Self::Password => b"tries/password",
        }
    }

    fn of(factors: &[FactorKind]) -> Option<Self> {
        if factors.contains(&FactorKind::Recovery) {
            Some(Self::Recovery)
        } else {
            factors.contains(&FactorKind::Password).then_some(Self::Password)
        }
    }
}

impl Vault {
    /// Creates a vault in an empty storage, with a slot for `primary` and one for the recovery code that is returned.
    pub fn create(host: Host, kind: &str, primary: &dyn Factor, kdf: KdfCost) -> Result<(Self, RecoveryCode), CreateError> {
        let (unfinished, recovery) = Unfinished::begin(host, kind, primary, kdf)?;
        Ok((unfinished.finish()?, recovery))
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
        Self { host, header: Header { vault: [0; 16], kind: String::new() } }
    }

    fn is_unfinished(&self) -> Result<bool, StorageError> {
        Ok(self.storage().get(Space::Meta, UNFINISHED)?.is_some())
    }

    /// Returns a change if the journal was missing at an opening since the vault was last unlocked: the one that forgets it.
    pub(crate) fn missing_journal(&self) -> Result<Option<Change>, StorageError> {
        let found = self.storage().get(Space::Meta, JOURNAL_MISSING)?;
        Ok(found.map(|_| Change { space: Space::Meta, key: JOURNAL_MISSING.to_vec(), value: None }))
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

    /// Returns the vault's public status.
    pub fn status(&self, at: &Reading) -> Result<VaultStatus, StorageError> {
        let (slots, damaged_slots) = self.slots()?;
        let (password, recovery) = (self.throttle(Counter::Password)?, self.throttle(Counter::Recovery)?);
        Ok(VaultStatus {
            kind: self.header.kind.clone(),
            attempts_left: password.attempts_left(),
            recovery_attempts_left: recovery.attempts_left(),
            wrong_tries: password.wrong_tries(),
            wrong_recovery_tries: recovery.wrong_tries(),
            wait_seconds: if let Answer::Wait { seconds } = password.answer(at) { seconds } else { 0 },
            slots: slots.iter().map(Slot::info).collect(),
            damaged_slots,
        })
    }

    /// Returns the kind that the vault was created as: `wallet`, `issuer`, `gate`.
    pub fn kind(&self) -> &str {
        &self.header.kind
    }

    /// Returns the keys that the factors shown open. A try that could be a guess is counted durably before it is made.
    pub(crate) fn keys(&self, factors: &Factors<'_>, at: &Reading) -> Result<Keys, UnlockError> {
        let shown = factors.kinds();
        let (mut slots, damaged) = self.slots()?;
        slots.retain(|slot| slot.info().factors.iter().all(|kind| shown.contains(kind)));
        if slots.is_empty() {
            return Err(if damaged > 0 { UnlockError::Damaged } else { UnlockError::NoSlot });
        }
        let mut refusal = None;
        // Cheapest first: key files need no slow function and are not counted, the recovery code needs no slow function.
        for counter in [None, Some(Counter::Recovery), Some(Counter::Password)] {
            let mut slots = slots.iter().filter(|slot| Counter::of(&slot.info().factors) == counter).peekable();
            if slots.peek().is_none() {
                continue;
            }
            match self.try_slots(slots, factors, counter, at) {
                Ok(keys) => return Ok(keys),
                Err(why @ (UnlockError::WrongSecret { .. } | UnlockError::Throttled { .. } | UnlockError::LockedOut)) => {
                    refusal = Some(why);
                }
                Err(why) => return Err(why),
            }
        }
        Err(refusal.unwrap_or(UnlockError::NoSlot))
    }

    fn try_slots<'s>(
        &self,
        slots: impl Iterator<Item = &'s Slot>,
        factors: &Factors<'_>,
        counter: Option<Counter>,
        at: &Reading,
    ) -> Result<Keys, UnlockError> {
        let before = self.throttle(counter.unwrap_or(Counter::Password))?;
        if let Some(counter) = counter {
            match before.answer(at) {
                Answer::Try => self.set_throttle(&[(counter, before.counted(at))])?,
                Answer::Wait { seconds } => return Err(UnlockError::Throttled { seconds }),
                Answer::LockedOut => return Err(UnlockError::LockedOut),
            }
        }
        for slot in slots {
            let mut vk = VaultKey::zeroed(&*self.host.memory).map_err(UnlockError::Factor)?;
            match slot.open(factors, vk.bytes_mut()) {
                Ok(()) => {}
                Err(NotOpened::WrongSecret) => continue,
                Err(NotOpened::Factor(why)) => {
                    // No key was derived, so nothing was guessed.
                    if let Some(counter) = counter {
                        self.set_throttle(&[(counter, before)])?;
                    }
                    return Err(UnlockError::Factor(why));
                }
            }
            let keys = Keys::derive(vk, &self.header.vault, slot.generation);
            if !self.knows(slot, &keys)? {
                continue;
            }
            match counter {
                Some(Counter::Password) => self.set_throttle(&[(Counter::Password, Throttle::NEW)])?,
                // The owner is the person who has the recovery code.
                Some(Counter::Recovery) => {
                    self.set_throttle(&[(Counter::Recovery, Throttle::NEW), (Counter::Password, Throttle::NEW)])?;
                }
                None => {}
            }
            return Ok(keys);
        }
        let left = if counter.is_some() { before.attempts_left().saturating_sub(1) } else { before.attempts_left() };
        Err(UnlockError::WrongSecret { attempts_left: left })
    }

    /// A slot put back from an older copy still unwraps the key; the sealed state knows which slots there are. A lost state knows nothing,
    /// and is itself reported.
    fn knows(&self, slot: &Slot, keys: &Keys) -> Result<bool, StorageError> {
        Ok(State::load(self.storage(), &self.header.vault, keys)?.is_none_or(|state| state.slots.contains(&(slot.id, slot.epoch))))
    }

    /// Returns the readable slots, and how many are not.
    pub(crate) fn slots(&self) -> Result<(Vec<Slot>, usize), StorageError> {
        let (mut slots, mut damaged) = (Vec::new(), 0);
        self.storage().scan(Space::Slot, b"", &mut |key, row| match Slot::from_row(row) {
            Some(slot) if slot.id == key && slot.vault == self.header.vault && slots.len() < MAX_SLOTS => slots.push(slot),
            _ => damaged += 1,
        })?;
        Ok((slots, damaged))
    }

    fn throttle(&self, counter: Counter) -> Result<Throttle, StorageError> {
        Ok(Throttle::read(self.storage().get(Space::Meta, counter.key())?.as_deref()))
    }

    fn set_throttle(&self, counters: &[(Counter, Throttle)]) -> Result<(), StorageError> {
        let changes: Vec<Change> = counters.iter().map(|(counter, throttle)| meta(counter.key(), throttle.to_bytes())).collect();
        self.commit_with_reserve(&changes)
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

impl Unfinished {
    /// Begins a vault in an empty storage, with a slot for `primary` and one for the recovery code that is returned.
    pub fn begin(host: Host, kind: &str, primary: &dyn Factor, kdf: KdfCost) -> Result<(Self, RecoveryCode), CreateError> {
        let mut vault = Vault::without_header(host);
        // A storage with neither header nor slots is also what a creation leaves that was cut short early.
        if vault.storage().get(Space::Meta, HEADER)?.is_some() || has_slots(vault.storage())? {
            return Err(CreateError::Exists);
        }
        let recovery = RecoveryCode::generate(&mut **vault.entropy());
        kind.clone_into(&mut vault.header.kind);
        rand_core::Rng::fill_bytes(vault.host.entropy.get_mut(), &mut vault.header.vault);
        let mut changes = first_commit(&vault, &[primary, &recovery], kdf)?;
        changes.push(meta(UNFINISHED, Vec::new()));
        vault.storage().commit(&changes)?;
        Ok((Self { vault }, recovery))
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
fn first_commit(vault: &Vault, factors: &[&dyn Factor], kdf: KdfCost) -> Result<Vec<Change>, CreateError> {
    let (header, mut rng) = (&vault.header, vault.entropy());
    let rng: &mut dyn CryptoRng = &mut **rng;
    let mut vk = VaultKey::zeroed(&*vault.host.memory)?;
    rand_core::Rng::fill_bytes(rng, vk.bytes_mut());
    let mut changes = vec![
        meta(HEADER, header.to_bytes()),
        meta(Counter::Password.key(), Throttle::NEW.to_bytes()),
        meta(Counter::Recovery.key(), Throttle::NEW.to_bytes()),
    ];
    let mut state = State::default();
    for factor in factors {
        let mut id = [0; 8];
        rand_core::Rng::fill_bytes(rng, &mut id);
        let place = Place { vault: header.vault, id, epoch: 1, generation: 1 };
        let slot = Slot::seal(&place, &Factors::one(*factor), kdf, vk.bytes(), rng)?;
        state.slots.push((slot.id, slot.epoch));
        changes.push(Change { space: Space::Slot, key: slot.id.to_vec(), value: Some(slot.to_row()) });
    }
    changes.push(state.to_change(&header.vault, &Keys::derive(vk, &header.vault, 1), rng));
    Ok(changes)
}

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
