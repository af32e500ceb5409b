//! Erasing a person from the log: the records and their chain stay, and say no more whom they are about.

use crate::error::GateError;
use crate::gate::Gate;
use crate::index::{append, replace};
use crate::records::{GATE, STATE};
use rand_core::CryptoRng;
use waypass_trust::audit::{Entry, Event, Note};
use waypass_trust::time::Reading;
use waypass_vault::VaultError;

#[cfg(test)]
mod tests;

/// Records whose subject is a person.
const ABOUT_PEOPLE: [Event; 6] =
    [Event::Decided, Event::Checked, Event::Confirmed, Event::TurnedAway, Event::Acknowledged, Event::BreakGlass];

impl Gate<'_> {
    /// Erases the salts and names of a person, a holder or a guard, and returns the numbers of the records; empty where none names them.
    ///
    /// The decision and its time stay. A flagged admission is looked at first: a person must not vanish from under a finding. What the
    /// records said before is removed from the vault's files as well.
    pub fn erase(&self, person: &str, by: &Note, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Vec<u64>, GateError> {
        if person == self.identity.id {
            return Err(GateError::NoPerson);
        }
        let mut state = self.state()?;
        let mut found = Vec::new();
        for seq in 0..self.records() {
            let entry = self.entry(seq)?;
            if is_about(&entry, person) {
                found.push((seq, entry));
            }
        }
        let flagged = self.flags()?;
        if let Some(seq) = flagged.iter().map(|flag| flag.admission.seq).find(|seq| found.iter().any(|(of, _)| of == seq)) {
            return Err(GateError::Flagged { seq });
        }
        self.refuse_when_tampered()?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let subject = format!("{} record(s)", found.len());
        let said = self.entry_about(&mut state, by.by(), Event::Erased, &subject, reading, rng);
        self.vault.batch(|batch| -> Result<(), VaultError> {
            batch.leave_no_trace();
            for (seq, entry) in &found {
                let mut left = entry.clone();
                left.forget();
                replace(batch, *seq, entry, &left)?;
            }
            append(batch, &said)?;
            batch.put(GATE, STATE, &state.to_bytes(), &[])
        })?;
        Ok(found.into_iter().map(|(seq, _)| seq).collect())
    }
}

fn is_about(entry: &Entry, person: &str) -> bool {
    let (Some(opening), Ok(leaf)) = (entry.opening(), entry.leaf()) else { return false };
    let said_by = opening.note.as_ref().is_some_and(|note| note.by() == person || note.second() == Some(person));
    said_by || opening.actor == person || (opening.subject == person && ABOUT_PEOPLE.contains(&leaf.event))
}
