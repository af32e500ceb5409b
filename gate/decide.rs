//! Deciding: one presentation, one decision, stored before anybody can see it.

use crate::error::GateError;
use crate::gate::Gate;
use crate::index::append;
use crate::records::{GATE, STATE};
use rand_core::CryptoRng;
use waypass_trust::audit::{Event, Note};
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::time::Reading;
use waypass_vault::{BeliefError, VaultError};
use waypass_verifier::{Checkpoint, Commit, Decision, DeviceState};

/// As what the device decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As a gate of the site: it may admit.
    Gate,
    /// As a peer: it says what it knows, and admits nobody.
    Peer,
}

/// A decision that may be shown: it is in the log, or it admits nobody. Only [`Gate::decide`] makes one.
#[derive(Debug)]
#[must_use]
pub struct Recorded {
    decision: Decision,
    seq: Option<u64>,
}

impl Recorded {
    /// Returns the decision.
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Returns the number of its record; `None` if the gate could not decide or record.
    pub const fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn cannot(reason: impl Into<Reason>) -> Self {
        Self { decision: Decision::cannot(reason), seq: None }
    }
}

impl Gate<'_> {
    /// Decides about what was presented, and commits before it returns. Everything a stranger brings gets a decision; an error is the
    /// machine's.
    ///
    /// `accepted` are the amber reasons on which a door without a person opens. If it does, the same commit says so: it is an admission.
    pub fn decide(
        &self,
        presentation: &[u8],
        mode: Mode,
        accepted: &[ReasonCode],
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Result<Recorded, GateError> {
        let bundle = match self.deciding_at(reading) {
            Ok(Some(bundle)) => bundle,
            Ok(None) => return Ok(Recorded::cannot(ReasonCode::NoBundle)),
            Err(GateError::Belief(BeliefError::Tampered(how))) => {
                return Ok(Recorded::cannot(Reason::new(ReasonCode::TrustTampered, how.to_string())));
            }
            Err(GateError::Tampered(found)) => return Ok(tampered(&found)),
            Err(why) => return Err(why),
        };
        let policy = match self.policy(&bundle)? {
            Ok(policy) => policy,
            Err(why) => return Ok(Recorded::cannot(Reason::new(ReasonCode::PolicyError, why.to_string()))),
        };
        let mut state = match self.state() {
            Ok(state) => state,
            Err(GateError::Tampered(found)) => return Ok(tampered(&found)),
            Err(why) => return Err(why),
        };
        // Nothing new, unless the clock was wrong when the bundle came.
        let _adopted = state.learn_time(&bundle, reading);
        let mut checkpoint = Checkpoint::new(self.identity.clone(), &bundle, &policy, state);
        if mode == Mode::Peer {
            checkpoint = checkpoint.as_peer();
        }
        let at = checkpoint.observe(reading);
        self.refuse_when_forbidden(&at)?;
        let asked = self.challenges()?;
        // Everything that the decision rests on has been read by now, so what is wrong with it has been found.
        let found = self.tampering()?;
        if !found.is_empty() {
            return Ok(tampered(&found));
        }
        let (decision, commit) = checkpoint.step(presentation, asked, &at, rng);
        let by_itself = mode == Mode::Gate && decision.level() == Level::Amber && decision.opens(accepted);
        let stored = if by_itself { self.commit_opened(&commit, &decision, reading, rng) } else { self.commit(&commit) };
        Ok(match stored {
            Ok(()) => Recorded { decision, seq: Some(commit.seq()) },
            Err(why) => Recorded::cannot(Reason::new(ReasonCode::StorageFailed, why.to_string())),
        })
    }

    /// Makes a decision durable: the log entry and the new state, together or not at all. The state remembers the nonce, so the
    /// challenge is used up. It stays for some minutes, to tell a replay from an answer to something else.
    fn commit(&self, commit: &Commit) -> Result<(), GateError> {
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            append(batch, commit.entry())?;
            batch.put(GATE, STATE, &commit.state_bytes(), &[])
        })?)
    }

    /// Like [`Self::commit`], with the record that a door without a person opened on an amber decision.
    fn commit_opened(&self, commit: &Commit, decision: &Decision, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        let codes: Vec<&str> = decision.reasons.iter().map(|reason| reason.code.as_str()).collect();
        let note = Note::new("the door, without a person", None, Some(&format!("accepted: {}", codes.join(", "))))?;
        let mut state = DeviceState::from_bytes(&commit.state_bytes()).map_err(|_| GateError::Record { seq: commit.seq() })?;
        let said = self.remark(&mut state, Event::Confirmed, commit.entry(), note, reading, rng)?;
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            append(batch, commit.entry())?;
            append(batch, &said)?;
            batch.put(GATE, STATE, &state.to_bytes(), &[])
        })?)
    }
}

fn tampered(found: &[String]) -> Recorded {
    Recorded::cannot(Reason::new(ReasonCode::DeviceTampered, found.join("; ")))
}
