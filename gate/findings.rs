//! Changes from outside, and what follows from them: the gate decides about nobody until a person has looked.

use crate::error::GateError;
use crate::gate::Gate;
use crate::index;
use crate::records::{CHALLENGES, GATE, LOG, STATE};
use rand_core::CryptoRng;
use waypass_trust::audit::{Chain, Draft, Entry, Event, Leaf, Salts};
use waypass_trust::time::Reading;
use waypass_vault::{Finding, VaultError};
use waypass_verifier::DeviceState;

/// The findings that a person has looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// The findings, a line each.
    pub findings: Vec<String>,
    /// True if the state was lost and begins anew.
    pub new_state: bool,
}

impl Gate<'_> {
    /// Returns what is wrong with this gate, a line each; empty if nothing is.
    ///
    /// An index that was made again is not a finding here: nothing was lost by it.
    pub fn tampering(&self) -> Result<Vec<String>, GateError> {
        let mut found: Vec<String> = self
            .vault
            .findings()
            .into_iter()
            .filter(|finding| *finding != Finding::IndexRebuilt)
            .map(|finding| finding.to_string())
            .collect();
        match self.state() {
            Ok(_) => {}
            Err(GateError::Tampered(more)) => found.extend(more),
            Err(why) => return Err(why),
        }
        found.dedup();
        Ok(found)
    }

    pub(crate) fn refuse_when_tampered(&self) -> Result<(), GateError> {
        let found = self.tampering()?;
        if found.is_empty() { Ok(()) } else { Err(GateError::Tampered(found)) }
    }

    /// Returns what the gate must not forget. A lost one is not replaced: without it the gate does not know which answers it has seen and
    /// where its log ends.
    pub(crate) fn state(&self) -> Result<DeviceState, GateError> {
        let state = self.stored_state()?.ok_or_else(|| tampered("the state of this gate was deleted or damaged"))?;
        // The sizes first, though the end alone proves as much: a person learns how many records are missing.
        let (covered, recorded) = (state.chain.size(), self.vault.log_len(LOG));
        if covered != recorded {
            return Err(tampered(&format!("the state of this gate covers {covered} records and its log has {recorded}")));
        }
        match self.vault.last_entry(LOG) {
            Ok(None) if recorded == 0 => Ok(state),
            Ok(Some(entry)) if Entry::from_bytes(&entry).is_ok_and(|entry| Leaf::hash(entry.leaf_bytes()) == state.chain.head()) => {
                Ok(state)
            }
            Ok(_) => Err(tampered("the log of this gate does not end where its state says")),
            Err(VaultError::LogDamaged { seq }) => Err(tampered(&format!("record {seq} of the log was deleted or damaged"))),
            Err(why) => Err(why.into()),
        }
    }

    /// Returns the state as it is stored, whatever the log says; `None` if it is missing or unreadable.
    pub(crate) fn stored_state(&self) -> Result<Option<DeviceState>, GateError> {
        match self.vault.get(GATE, STATE) {
            Ok(bytes) => Ok(bytes.and_then(|bytes| DeviceState::from_bytes(&bytes).ok())),
            Err(VaultError::Quarantined) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    /// Goes on after a person has looked: writes down what was found and who looked, and forgets the findings.
    ///
    /// A lost state begins anew at the end of the log, without any open challenge, so that no answer counts twice.
    /// Missing records stay missing, and `audit verify` goes on to say so.
    pub fn acknowledge(&self, by: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Acknowledged, GateError> {
        // Everything is looked at now, so that nothing is found a second time.
        self.vault.verify_all()?;
        let findings = self.tampering()?;
        if !findings.is_empty() {
            // Numbers of a log that was cut off are given again: the index must not know the old ones.
            self.index_log()?;
        }
        let whole = self.state().is_ok();
        let mut state = match self.state() {
            Ok(state) => state,
            Err(GateError::Tampered(_)) => self.state_again()?,
            Err(why) => return Err(why),
        };
        let bundle = self.belief.bundle().ok().flatten();
        let at = Self::moment(&mut state, bundle.as_ref(), reading);
        let bundle_version = bundle.map_or(0, |bundle| bundle.versions().targets);
        let mut entries = Vec::new();
        let mut append = |actor: &str, event: Event, subject: &str| {
            let draft = Draft { at: &at, actor, event, subject, outcome: None, bundle_version, status: None };
            entries.push(state.chain.append(draft, Salts::random(rng)));
        };
        for finding in &findings {
            append(&self.identity.id, Event::Found, finding);
        }
        append(by, Event::Acknowledged, &format!("{} finding(s)", findings.len()));
        self.vault.batch(|batch| -> Result<(), VaultError> {
            if !whole {
                for id in self.vault.ids(CHALLENGES)? {
                    batch.remove(CHALLENGES, &id)?;
                }
            }
            for entry in &entries {
                index::append(batch, entry)?;
            }
            batch.put(GATE, STATE, &state.to_bytes(), &[])?;
            self.vault.acknowledge_findings()
        })?;
        Ok(Acknowledged { findings, new_state: !whole })
    }

    /// Makes a state again that fits the log: what it remembers is kept where it can be read, and the chain goes on from the last record
    /// that can be read.
    fn state_again(&self) -> Result<DeviceState, GateError> {
        let stored = self.stored_state()?;
        let recorded = self.vault.log_len(LOG);
        let mut state = stored.clone().unwrap_or_else(|| DeviceState::new(&self.identity.id));
        let fits = stored.is_some_and(|state| state.chain.size() == recorded);
        if !fits {
            let last = recorded.checked_sub(1).map(|seq| self.entry(seq)).transpose().ok().flatten();
            let head = last.map_or([0; 32], |entry| Leaf::hash(entry.leaf_bytes()));
            state.chain = Chain::resume(&self.identity.id, recorded, head);
        }
        Ok(state)
    }
}

fn tampered(what: &str) -> GateError {
    GateError::Tampered(vec![what.to_owned()])
}

#[cfg(test)]
mod tests;
