//! Transactions: what is written together becomes durable together, with one flush to disk.

use super::{Unlocked, rekey};
use crate::error::{StorageError, VaultError};
use crate::hierarchy::Keys;
use crate::keys::{self, KeyId};
use crate::state::{BUCKETS, Finding, Set, State, Sum, toggle};
use crate::storage::{Change, Space, Storage};
use crate::vault::{LIMITS, Vault, traces};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

/// This process's knowledge of the open vault.
pub(super) struct Session {
    /// The committed state.
    state: State,
    /// The buckets that were found to be what the last commit left.
    verified: [[bool; BUCKETS]; 3],
    /// The transaction under way.
    pending: Option<Pending>,
    /// True if the files still hold what an erasure was to remove.
    has_traces: bool,
}

struct Pending {
    state: State,
    changes: BTreeMap<(Space, Vec<u8>), Option<Vec<u8>>>,
    /// True if what it replaces or removes is not to stay in the files.
    erases: bool,
}

impl Session {
    /// Begins, and removes the traces of an erasure that was cut short, or that found no room for it.
    pub(super) fn begin(vault: &Vault, keys: &Keys) -> Result<Self, StorageError> {
        let mut session = Self::go_on(vault, keys)?;
        if session.has_traces {
            session.has_traces = vault.remove_traces()?;
        }
        Ok(session)
    }

    /// Like [`Self::begin`], for a vault that is closed and opened often: it leaves traces to the next beginning.
    pub(super) fn go_on(vault: &Vault, keys: &Keys) -> Result<Self, StorageError> {
        let loaded = State::load(vault.storage(), keys)?;
        let is_lost = loaded.is_none();
        let mut state = loaded.map_or_else(|| super::verify::salvage(vault, keys), Ok)?;
        if let Some(forget) = vault.missing_journal()? {
            // A program that wrote format 1 removed the log when it closed the vault.
            if state.format > 1 {
                state.note(Finding::WriteAheadLogMissing);
            }
            state.seq = state.seq.saturating_add(1);
            vault.commit_with_reserve(&[state.to_change(keys, &mut **vault.entropy()), forget])?;
        }
        let limits = state.site.as_ref().map(|site| site.limits.to_row());
        if vault.storage().get(Space::Meta, LIMITS)? != limits {
            // A lost state has lost them too, and was found already.
            if !is_lost {
                state.note(Finding::LimitsAltered);
            }
            state.seq = state.seq.saturating_add(1);
            let put_back = Change { space: Space::Meta, key: LIMITS.to_vec(), value: limits };
            vault.commit_with_reserve(&[state.to_change(keys, &mut **vault.entropy()), put_back])?;
        }
        let state = rekey::finish(vault, keys, state)?;
        let has_traces = vault.has_traces()?;
        Ok(Self { state, verified: [[false; BUCKETS]; 3], pending: None, has_traces })
    }

    fn current(&self) -> &State {
        self.pending.as_ref().map_or(&self.state, |pending| &pending.state)
    }

    fn abandon(&mut self) {
        self.pending = None;
        // A repair may have been among what was abandoned: look again.
        self.verified = [[false; BUCKETS]; 3];
    }
}

/// Ends the transaction without a commit, unless told otherwise: also when `work` panics.
struct Abandon<'s>(Option<&'s RefCell<Session>>);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            session.borrow_mut().abandon();
        }
    }
}

impl Unlocked<'_> {
    pub(super) fn is_in_transaction(&self) -> bool {
        self.session.borrow().pending.is_some()
    }

    /// Runs `work` in the transaction under way or in one of its own.
    pub(crate) fn transaction<T, E: From<VaultError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        {
            let mut session = self.session.borrow_mut();
            if session.pending.is_some() {
                drop(session);
                return work();
            }
            let state = session.state.clone();
            session.pending = Some(Pending { state, changes: BTreeMap::new(), erases: false });
        }
        let mut abandon = Abandon(Some(&self.session));
        let out = work()?;
        self.commit().map_err(VaultError::Storage)?;
        abandon.0 = None;
        Ok(out)
    }

    fn commit(&self) -> Result<(), StorageError> {
        let mut session = self.session.borrow_mut();
        let Some(Pending { mut state, changes, erases }) = session.pending.take() else { return Ok(()) };
        if changes.is_empty() && state == session.state {
            return Ok(());
        }
        state.seq = state.seq.saturating_add(1);
        let mut changes: Vec<Change> = changes.into_iter().map(|((space, key), value)| Change { space, key, value }).collect();
        changes.push(state.to_change(&self.keys, &mut **self.entropy()));
        if erases {
            changes.push(traces());
        }
        self.storage().commit(&changes)?;
        session.state = state;
        if erases {
            session.has_traces = self.vault().remove_traces()?;
        }
        Ok(())
    }

    /// Like [`Batch::leave_no_trace`](super::Batch::leave_no_trace), for the transaction under way.
    pub(super) fn leave_no_trace(&self) {
        self.with_pending(|pending| pending.erases = true);
    }

    /// Returns true if the files still hold, sealed, what an erasure was to remove from them.
    pub fn has_traces(&self) -> bool {
        self.session.borrow().has_traces
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        self.vault().storage()
    }

    /// Reads through the transaction under way.
    pub(super) fn row(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(pending) = &self.session.borrow().pending
            && let Some(value) = pending.changes.get(&(space, key.to_vec()))
        {
            return Ok(value.clone());
        }
        self.storage().get(space, key)
    }

    /// The keys with this prefix, through the transaction under way.
    pub(super) fn row_keys(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), StorageError> {
        let session = self.session.borrow();
        let Some(pending) = &session.pending else {
            return self.storage().scan(space, prefix, &mut |key, _| visit(key));
        };
        self.storage().scan(space, prefix, &mut |key, _| {
            if !pending.changes.contains_key(&(space, key.to_vec())) {
                visit(key);
            }
        })?;
        let from = (space, prefix.to_vec());
        let written = pending.changes.range(from..).take_while(|((at, key), _)| *at == space && key.starts_with(prefix));
        written.filter(|(_, value)| value.is_some()).for_each(|((_, key), _)| visit(key));
        Ok(())
    }

    /// Adds a change to the transaction under way.
    pub(super) fn change(&self, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.with_pending(|pending| pending.changes.insert((space, key), value));
    }

    /// Changes the state of the transaction under way.
    pub(super) fn change_state(&self, change: impl FnOnce(&mut State)) {
        self.with_pending(|pending| change(&mut pending.state));
    }

    pub(super) fn toggle(&self, set: Set, bucket: usize, term: &Sum) {
        self.change_state(|state| toggle(state.sum(set, bucket), term));
    }

    fn with_pending<T>(&self, change: impl FnOnce(&mut Pending) -> T) -> Option<T> {
        let mut session = self.session.borrow_mut();
        debug_assert!(session.pending.is_some(), "a change outside a transaction");
        session.pending.as_mut().map(change)
    }

    /// Reads the state as the transaction under way sees it.
    pub(super) fn state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(self.session.borrow().current())
    }

    /// Reads the state as committed.
    pub(super) fn committed<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.session.borrow().state)
    }

    pub(super) fn is_verified(&self, set: Set, bucket: usize) -> bool {
        self.session.borrow().verified[set as usize][bucket]
    }

    pub(super) fn set_verified(&self, set: Set, bucket: usize) {
        self.session.borrow_mut().verified[set as usize][bucket] = true;
    }

    /// Counts commits.
    #[cfg(test)]
    pub(crate) fn state_seq(&self) -> u64 {
        self.committed(|state| state.seq)
    }

    /// Returns the faults of the content, as far as it was read.
    pub fn findings(&self) -> Vec<Finding> {
        self.state(|state| state.findings.clone())
    }

    /// Returns the keys that a finding concerns and that can still be read: each may have been put back from an older copy.
    ///
    /// A key that was deleted or damaged is not among them, because it is not among [`Self::keys`] either. Checks every part of the vault
    /// that can have keys first, so that nothing is found only afterwards.
    pub fn altered_keys(&self) -> Result<Vec<KeyId>, VaultError> {
        self.record_ids(keys::TABLE)?;
        Ok(self.state(|state| state.altered_keys().to_vec()))
    }

    /// Forgets the findings: someone has seen them.
    pub fn acknowledge_findings(&self) -> Result<(), VaultError> {
        self.transaction(|| {
            self.change_state(|state| state.findings.clear());
            Ok(())
        })
    }
}
