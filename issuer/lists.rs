//! Status lists: which kinds this issuer keeps, who has an entry in them, and how they are signed.
//!
//! A Token Status List has all there is to say about a credential in one entry. Bitstrings have a list for each purpose, so that
//! a revocation is never in a list whose entries may be taken back.

use crate::keys::KeyUse;
use crate::office::Issuer;
use crate::store::{Entry, ListRecord, StoreError};
use core::fmt;
use rand_core::CryptoRng;
use waypass_credential::did;
use waypass_credential::key::Signer;
use waypass_credential::role::{BitstringEntry, Mechanism, StatusPurpose, StatusReference};
use waypass_credential::time::Timestamp;
use waypass_credential::vcdm::secured::Securing;
use waypass_trust::bundle::{ListKind, StatusUri};
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList, MIN_ENTRIES};
use waypass_trust::status::{Bits, ListError, StatusListBuf, StatusListToken};

mod index;

pub(crate) use index::CLOSED;

/// Why a list was not signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignListError {
    /// No active key for status lists is unlocked.
    NoKey,
    /// The list could not be made.
    List(ListError),
    /// The store failed.
    Store(StoreError),
}

/// The present content of a list.
pub(crate) enum Bitmap {
    Token(StatusListBuf),
    Bitstring(BitstringBuf, BitstringEntry),
}

/// Why a document got no entry, or its entry was not set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EntryError {
    /// The settings name no `status_messages`, and an entry for messages was asked for.
    NoMessages,
    /// It is not an entry of a bitstring of this issuer that was given to a document, or a revocation cannot be taken back.
    NotOurs,
    /// The value has more bits than the list's entries.
    Value,
    /// The store failed; nothing was changed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Gives a document that this issuer keeps no record of one entry for each of `purposes`, in bitstrings.
    /// [`waypass_credential::role::credential_status`] makes the document's `credentialStatus` of them.
    pub fn allocate_status(&mut self, purposes: &[StatusPurpose], rng: &mut dyn CryptoRng) -> Result<Vec<StatusReference>, EntryError> {
        let mechanism = |purpose: &StatusPurpose| self.bitstring(*purpose).ok_or(EntryError::NoMessages);
        let mechanisms = purposes.iter().map(mechanism).collect::<Result<Vec<_>, _>>()?;
        loop {
            let drawn = self.draw(&mechanisms, 1, rng)?.pop().unwrap_or_default();
            match self.store.transact(|tx| tx.take_entries(&drawn)) {
                Ok(()) => return Ok(self.references(&drawn, &mechanisms)),
                Err(StoreError::Taken) if self.is_any_taken(&drawn)? => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Sets an entry that [`Self::allocate_status`] gave: 1 withdraws, 0 lifts a suspension, a message has a value of its own. A
    /// revocation cannot be taken back.
    pub fn set_status(&mut self, reference: &StatusReference, value: u8) -> Result<(), EntryError> {
        let list = self.list_number(&reference.uri).ok_or(EntryError::NotOurs)?;
        let index = u32::try_from(reference.index).map_err(|_| EntryError::NotOurs)?;
        let record = self.store.lists()?.into_iter().find(|record| record.id == list).ok_or(EntryError::NotOurs)?;
        let Mechanism::Bitstring(entry) = record.mechanism else { return Err(EntryError::NotOurs) };
        if u32::from(value) >> entry.size != 0 {
            return Err(EntryError::Value);
        }
        match self.store.transact(|tx| tx.set_entry(Entry { list, index }, value)) {
            Err(StoreError::Missing | StoreError::Taken) => Err(EntryError::NotOurs),
            done => Ok(done?),
        }
    }

    /// Status list number `list` as it is now, signed now: a Bitstring Status List as the JSON of its
    /// `BitstringStatusListCredential`, a Token Status List as its token. `None` if there is no such list.
    ///
    /// The lists of gates are published with the trust bundle ([`crate::publish::Publication::lists`]); this one is for
    /// callers of this issuer itself.
    pub fn status_list(&self, list: u32, at: Timestamp) -> Result<Option<String>, SignListError> {
        let Some(list) = self.store.lists()?.into_iter().find(|record| record.id == list) else { return Ok(None) };
        let signer = self.active_signer(KeyUse::Status, at)?.ok_or(SignListError::NoKey)?;
        let (bitmap, lifetime) = (self.bitmap(&list)?, self.settings.timestamp_lifetime_seconds);
        self.sign_list(&list, &bitmap, at, lifetime, signer).map(Some).map_err(SignListError::List)
    }

    /// Returns true if gates that have the last publication believe this list.
    pub fn is_announced(&self, list: u32) -> Result<bool, StoreError> {
        let uri = self.settings.list_uri(list);
        let announces = |list: &StatusUri| list.uri == uri;
        let targets = self.targets()?;
        Ok(targets.is_some_and(|(_, part)| part.authorities.iter().flat_map(|authority| &authority.status_uris).any(announces)))
    }

    /// Opens a list of every purpose that this kind has, unless there is one: the next targets announce them.
    pub fn open_lists(&mut self, kind: ListKind) -> Result<(), StoreError> {
        let held = self.store.lists()?;
        let mut wanted = self.mechanisms(kind);
        wanted.retain(|mechanism| !held.iter().any(|list| list.mechanism == *mechanism));
        self.open_all(&wanted)
    }

    /// Opens a further list of every kind whose newest is half full, so that the targets announce it before it is needed.
    pub(crate) fn open_spare_lists(&mut self) -> Result<(), StoreError> {
        let lists = self.store.lists()?;
        let mut wanted = Vec::new();
        for (at, newest) in lists.iter().enumerate() {
            let is_newest = !lists[at + 1..].iter().any(|later| later.mechanism == newest.mechanism);
            if is_newest && newest.used >= newest.capacity / 2 {
                wanted.push(newest.mechanism.clone());
            }
        }
        self.open_all(&wanted)
    }

    fn open_all(&mut self, wanted: &[Mechanism]) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<(&Mechanism, u32)> = wanted.iter().map(|mechanism| (mechanism, self.capacity(mechanism))).collect();
        self.store.transact(|tx| {
            for (mechanism, capacity) in &wanted {
                tx.open_list(mechanism, *capacity);
            }
            Ok(())
        })
    }

    /// Returns the lists in which a credential with a status of this kind has entries; the first says whether it is revoked.
    pub(crate) fn mechanisms(&self, kind: ListKind) -> Vec<Mechanism> {
        match kind {
            ListKind::Token => vec![Mechanism::TokenList],
            ListKind::Bitstring => {
                let purposes = [StatusPurpose::Revocation, StatusPurpose::Suspension, StatusPurpose::Message];
                purposes.into_iter().filter_map(|purpose| self.bitstring(purpose)).collect()
            }
        }
    }

    fn bitstring(&self, purpose: StatusPurpose) -> Option<Mechanism> {
        let (size, messages) = match purpose {
            StatusPurpose::Message => (self.settings.message_bits()?, self.settings.status_messages.clone()),
            StatusPurpose::Revocation | StatusPurpose::Suspension | StatusPurpose::Refresh => (1, Vec::new()),
        };
        Some(Mechanism::Bitstring(BitstringEntry { purpose, size, messages }))
    }

    /// Returns free entries for `count` credentials: one in a list of each kind for each, and no entry twice.
    pub(crate) fn draw(&mut self, mechanisms: &[Mechanism], count: usize, rng: &mut dyn CryptoRng) -> Result<Vec<Vec<Entry>>, StoreError> {
        let mut drawn = vec![Vec::with_capacity(mechanisms.len()); count];
        for mechanism in mechanisms {
            let capacity = self.capacity(mechanism);
            let entries = index::draw(&mut self.store, mechanism, capacity, count, rng)?;
            drawn.iter_mut().zip(entries).for_each(|(drawn, entry)| drawn.push(entry));
        }
        Ok(drawn)
    }

    pub(crate) fn references(&self, entries: &[Entry], mechanisms: &[Mechanism]) -> Vec<StatusReference> {
        let reference = |(entry, mechanism): (&Entry, &Mechanism)| StatusReference {
            uri: self.settings.list_uri(entry.list),
            index: entry.index.into(),
            mechanism: mechanism.clone(),
        };
        entries.iter().zip(mechanisms).map(reference).collect()
    }

    /// Returns true if another process drew one of the same entries in between.
    pub(crate) fn is_any_taken(&self, entries: &[Entry]) -> Result<bool, StoreError> {
        Ok(self.store.are_taken(entries)?.contains(&true))
    }

    /// Returns the message with this number in the list of messages that a credential has an entry in. The settings may name others by now.
    pub(crate) fn message(&self, id: &str, number: u8) -> Result<Option<String>, StoreError> {
        let entries = self.store.entries(id)?;
        let has_entry = |list: &ListRecord| entries.iter().any(|entry| entry.list == list.id);
        let message = |list: ListRecord| match list.mechanism {
            Mechanism::Bitstring(entry) if entry.purpose == StatusPurpose::Message => entry.messages.get(usize::from(number)).cloned(),
            Mechanism::Bitstring(_) | Mechanism::TokenList => None,
        };
        Ok(self.store.lists()?.into_iter().filter(has_entry).find_map(message))
    }

    fn capacity(&self, mechanism: &Mechanism) -> u32 {
        let least = match mechanism {
            Mechanism::TokenList => 0,
            Mechanism::Bitstring(_) => u32::try_from(MIN_ENTRIES).unwrap_or(u32::MAX),
        };
        self.settings.list_capacity.max(least)
    }

    /// Returns what a list says now.
    pub(crate) fn bitmap(&self, list: &ListRecord) -> Result<Bitmap, StoreError> {
        const OUTSIDE: StoreError = StoreError::Corrupt("an index outside its list");
        let entries = self.store.set_entries(list.id)?;
        match &list.mechanism {
            Mechanism::TokenList => {
                let mut bitmap = StatusListBuf::new(Bits::Two, list.capacity.into());
                for (index, value) in entries {
                    bitmap.set(index.into(), value).ok_or(OUTSIDE)?;
                }
                Ok(Bitmap::Token(bitmap))
            }
            Mechanism::Bitstring(entry) => {
                let size = StoreError::Corrupt("the size of a status list");
                let mut bits = BitstringBuf::new(entry.size, list.capacity.into()).ok_or(size)?;
                for (index, value) in entries {
                    bits.set(index.into(), value).ok_or(OUTSIDE)?;
                }
                Ok(Bitmap::Bitstring(bits, entry.clone()))
            }
        }
    }

    /// Signs a list, dated `issued_at`, to be used for `lifetime` seconds.
    pub(crate) fn sign_list(
        &self,
        list: &ListRecord,
        bitmap: &Bitmap,
        issued_at: Timestamp,
        lifetime: i64,
        signer: &dyn Signer,
    ) -> Result<String, ListError> {
        let uri = self.settings.list_uri(list.id);
        let (key_id, expires_at) = (did::key_id(signer.public_key()), Some(issued_at.plus(lifetime)));
        let ttl_seconds = u64::try_from(self.settings.list_ttl_seconds).ok();
        match bitmap {
            Bitmap::Token(bitmap) => {
                StatusListToken { uri, issued_at, expires_at, ttl_seconds }.sign(bitmap, self.settings.list_form, &key_id, signer)
            }
            Bitmap::Bitstring(bits, entry) => {
                let credential = BitstringList {
                    uri,
                    issuer: did::to_did_key(signer.public_key()),
                    purposes: vec![entry.purpose],
                    messages: entry.messages.clone(),
                    issued_at,
                    expires_at,
                    ttl_milliseconds: ttl_seconds.map(|seconds| seconds.saturating_mul(1000)),
                };
                credential.sign(bits, Securing::DataIntegrity, &key_id, signer)
            }
        }
    }
}

impl fmt::Display for SignListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => f.write_str("no active status key is unlocked here"),
            Self::List(why) => write!(f, "status list: {why}"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMessages => f.write_str("the settings name no status messages"),
            Self::NotOurs => f.write_str("no entry that this issuer could set so"),
            Self::Value => f.write_str("the value has more bits than the list's entries"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for SignListError {}
impl core::error::Error for EntryError {}

impl From<StoreError> for SignListError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<StoreError> for EntryError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

#[cfg(test)]
mod tests;
