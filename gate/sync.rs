//! Synchronizing: newer trust down, the log up, each step kept before the next (trust.md "Reconnect").

use crate::error::GateError;
use crate::flags::Flag;
use crate::gate::Gate;
use crate::records::{GATE, RECEIPT};
use rand_core::CryptoRng;
use waypass_trust::audit::{Event, Flagged, Leaf, Receipt, ReceiptError};
use waypass_trust::bundle::{KeyUse, TimeNonce, TrustBundle};
use waypass_trust::status::TakenBack;
use waypass_trust::sync::{AuditHeld, Kept, Manifest, Part, Receipted};
use waypass_trust::time::{Adopted, Reading};
use waypass_vault::BeliefError;

/// Records in one upload.
const PART: u64 = 4096;
/// Flags in one upload (`schemas/audit/log.cddl`).
const MAX_FLAGGED: usize = 4096;

/// A gate while it synchronizes.
pub struct Sync<'g> {
    gate: &'g Gate<'g>,
    clock: &'g dyn Fn() -> Reading,
    rng: &'g mut dyn CryptoRng,
    /// Withdrawals that were taken back before anything newer came.
    taken_back: Vec<TakenBack>,
}

/// A person's word about the date of a bundle that they bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BundleTime {
    /// Nothing: the clocks judge it.
    Judged,
    /// It is really so late.
    Confirmed,
}

/// A question for the time that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    nonce: TimeNonce,
    asked: Reading,
}

impl Question {
    /// Draws a question that is asked at `asked`.
    pub fn draw(asked: Reading, rng: &mut dyn CryptoRng) -> Self {
        let mut nonce = TimeNonce::default();
        rng.fill_bytes(&mut nonce);
        Self { nonce, asked }
    }

    /// Returns the nonce to be answered.
    pub const fn nonce(&self) -> &TimeNonce {
        &self.nonce
    }
}

impl<'g> Gate<'g> {
    /// Begins a synchronization; `clock` returns a reading whenever a step needs one.
    pub fn sync(&'g self, clock: &'g dyn Fn() -> Reading, rng: &'g mut dyn CryptoRng) -> Sync<'g> {
        // An unreadable store has no contradictions to compare with; every one that is there afterwards is new.
        Sync { gate: self, clock, rng, taken_back: self.taken_back().unwrap_or_default() }
    }

    /// Returns the final revocations that the newest lists take back. They stay revoked here.
    pub fn taken_back(&self) -> Result<Vec<TakenBack>, GateError> {
        Ok(self.belief.bundle()?.map(|bundle| bundle.taken_back()).unwrap_or_default())
    }

    /// Takes the bundle's timestamp as signed time: the lower bound of the gate's clock rises.
    pub fn learn_time(&self, reading: &Reading) -> Result<(), GateError> {
        let Some(bundle) = self.belief.bundle()? else { return Ok(()) };
        let mut state = self.state()?;
        // One that is too far ahead was pinned by a person with the vault's factors: until the clock agrees it is doubted.
        let _adopted = state.learn_time(&bundle, reading);
        self.keep_state(&state)
    }

    /// Notes that a person changed what this gate believes, and learns the time of what was brought. A gate whose state is damaged only
    /// learns it when a person has looked.
    pub fn trust_changed(&self, what: &str, time: BundleTime, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        let Ok(mut state) = self.state() else { return Ok(()) };
        if let Some(bundle) = self.belief.bundle()? {
            match (state.learn_time(&bundle, reading), time) {
                (Adopted::Aside(aside), BundleTime::Confirmed) => state.time = aside.confirmed(),
                // Until the clock agrees it is doubted.
                (Adopted::Aside(_), BundleTime::Judged) | (Adopted::Newer | Adopted::Known, _) => {}
            }
            self.keep_state(&state)?;
        }
        self.settle_aside(reading)?;
        self.compare_lists()?;
        self.record(Event::TrustChanged, what, reading, rng)
    }

    /// Returns how far the newest receipt covers the log.
    fn receipted(&self) -> Result<u64, GateError> {
        let (Some(text), Some(bundle)) = (self.receipt()?, self.belief.bundle()?) else { return Ok(0) };
        Ok(self.open_receipt(&text, &bundle).map_or(0, |receipt| receipt.chain.size()))
    }

    /// Returns the newest receipt for the log, as it came.
    fn receipt(&self) -> Result<Option<String>, GateError> {
        Ok(self.vault.get(GATE, RECEIPT)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn open_receipt(&self, text: &str, bundle: &TrustBundle) -> Result<Receipt, ReceiptError> {
        let kid = Receipt::claimed_key_id(text).ok_or(ReceiptError::Malformed)?;
        let record = bundle
            .keys_for_use(KeyUse::Intake)
            .map(|(_, record)| record)
            .find(|record| record.kid == kid)
            .ok_or(ReceiptError::InvalidProof)?;
        let hash_at = |seq| self.entry(seq).ok().map(|entry| Leaf::hash(entry.leaf_bytes()));
        let receipt = Receipt::open(text, &record.key, &self.identity.id, &hash_at)?;
        // A key that is no longer believed, or was not in use when it signed, proves nothing.
        if record.covers(receipt.stored_at) { Ok(receipt) } else { Err(ReceiptError::InvalidProof) }
    }

    /// Returns the open flags about which the issuer is asked: those without an answer first.
    fn to_ask_about(&self, size: u64) -> Result<Vec<Flagged>, GateError> {
        self.compare_lists()?;
        let mut open = self.flags()?;
        open.sort_by_key(|flag| flag.answer.is_some());
        Ok(open.into_iter().map(|flag| flag.admission).filter(|admission| admission.seq < size).take(MAX_FLAGGED).collect())
    }
}

impl<'g> Sync<'g> {
    /// Returns the gate that synchronizes.
    pub const fn gate(&self) -> &'g Gate<'g> {
        self.gate
    }

    /// Ends the synchronization: notes in the log that something was taken, and what newer lists take back. Returns the open flags.
    pub fn end(mut self, something_taken: bool) -> Result<Vec<Flag>, GateError> {
        let reading = (self.clock)();
        self.gate.learn_time(&reading)?;
        self.gate.settle_aside(&reading)?;
        self.gate.compare_lists()?;
        if something_taken {
            self.gate.record(Event::Synced, &self.gate.identity.id, &reading, self.rng)?;
            self.note_taken_back()?;
        }
        self.gate.flags()
    }

    /// Notes in the log which final revocations the newest lists take back since this synchronization began.
    pub fn note_taken_back(&mut self) -> Result<(), GateError> {
        let reading = (self.clock)();
        let now = self.gate.taken_back()?;
        let mut new = now.iter().filter(|found| !self.taken_back.contains(found));
        new.try_for_each(|found| self.gate.record(Event::TakenBack, &found.to_string(), &reading, self.rng))
    }

    /// Takes the answer to `question`, signed by the timestamp role of the newest root. One that is too far ahead of a clock that is not
    /// known to be wrong changes nothing: the bundle waits for a person then.
    pub fn take_time(&mut self, question: &Question, answer: &[u8]) -> Result<(), GateError> {
        let root = self.gate.belief.root()?.ok_or(BeliefError::NotPinned)?;
        let signed = root.open_time_answer(answer, &question.nonce).map_err(BeliefError::from)?;
        let mut state = self.gate.state()?;
        match state.learn_answer(&signed, &question.asked, &(self.clock)()) {
            Adopted::Aside(_) => Ok(()),
            Adopted::Newer | Adopted::Known => self.gate.keep_state(&state),
        }
    }
}

/// The steps of a synchronization, as `waypass_trust::sync::Device` names them. Each verifies first, and returns when it is durable.
impl Sync<'_> {
    /// Returns what this gate holds now.
    pub fn held(&self) -> Result<Manifest, GateError> {
        let gate = self.gate;
        let root = gate.belief.root()?.ok_or(BeliefError::NotPinned)?;
        let audit = AuditHeld { size: gate.state()?.chain.size(), receipted: gate.receipted()? };
        let mut manifest = Manifest::of(gate.belief.bundle()?.as_ref(), audit);
        manifest.root = root.version();
        Ok(manifest)
    }

    /// Takes the next root.
    pub fn apply_root(&mut self, envelope: &[u8]) -> Result<(), GateError> {
        Ok(self.gate.belief.step_root(envelope)?)
    }

    /// Takes a bundle file without lists, or keeps it aside.
    pub fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, GateError> {
        let reading = (self.clock)();
        let newer = self.gate.belief.open(metadata)?;
        if let Adopted::Aside(_) = self.gate.state()?.learn_time(&newer, &reading) {
            // It takes every check but that of its date.
            if let Some(mut held) = self.gate.belief.bundle()? {
                held.replace(newer.clone()).map_err(BeliefError::from)?;
            }
            return self.gate.keep_aside(newer, &reading, self.rng).map(|()| Kept::Aside);
        }
        self.gate.belief.take(metadata)?;
        self.gate.learn_time(&reading).map(|()| Kept::Believed)
    }

    /// Takes a status list of the bundle that is kept aside.
    pub fn apply_list_aside(&mut self, token: &[u8]) -> Result<(), GateError> {
        self.gate.keep_list_aside(token.trim_ascii())
    }

    /// Takes a status list.
    pub fn apply_list(&mut self, token: &[u8]) -> Result<(), GateError> {
        self.gate.belief.take_list(token.trim_ascii())?;
        Ok(())
    }

    /// Puts the rules of the bundle to use.
    pub fn apply_policies(&self) -> Result<(), GateError> {
        // The rules came with the bundle; here they must prove usable before anybody stands at the gate.
        let bundle = self.gate.bundle()?;
        self.gate.policy(&bundle)?.map(drop).map_err(GateError::Policy)
    }

    /// Returns the records from `from` on, as many as one upload takes; `None` if nothing is left.
    pub fn upload(&mut self, from: u64) -> Result<Option<Part>, GateError> {
        let gate = self.gate;
        let size = gate.state()?.chain.size();
        let next = size.min(from.saturating_add(PART));
        if from >= next {
            return Ok(None);
        }
        let reading = (self.clock)();
        let (entries, chain) = gate.part(from, next)?;
        let flagged = if next == size { gate.to_ask_about(next)? } else { Vec::new() };
        Ok(Some(Part { bytes: gate.sign_upload(&entries, &chain, flagged, &reading)?, next }))
    }

    /// Takes a receipt, one it has already too.
    pub fn receipt(&mut self, receipt: &str) -> Result<Receipted, GateError> {
        let bundle = self.gate.bundle()?;
        match self.gate.open_receipt(receipt, &bundle) {
            Ok(opened) => {
                if opened.chain.size() >= self.gate.receipted()? {
                    self.gate.vault.put(GATE, RECEIPT, receipt.as_bytes(), &[])?;
                }
                self.gate.answered(&opened.flagged)?;
                Ok(Receipted::Taken)
            }
            Err(ReceiptError::WrongDevice) => Ok(Receipted::AnotherDevice),
            Err(why) => Err(GateError::Receipt(why)),
        }
    }
}

#[cfg(test)]
mod tests;
