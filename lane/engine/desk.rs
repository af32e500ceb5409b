//! The effects of the lane that need the gate.

use super::refusal::Refusal;
use super::{Engine, Home};
use crate::duty::{self, Question};
use waypass_gate::{Gate, GateError};
use waypass_qr::{FrameSize, Outline, frames};
use waypass_screen::{Effect, Event, Form, Problem};
use waypass_vault::{StorageError, VaultError};

impl<H: Home> Engine<H> {
    pub(super) fn do_with_gate(&mut self, effect: Effect) {
        let done = match effect {
            Effect::Refresh => self.refresh(),
            Effect::Ask => self.ask(),
            Effect::Decide { ticket, answer } => self.decide(ticket, &answer),
            Effect::Settle(form) => self.settle(&form),
            _ => return,
        };
        let Err(refusal) = done else { return };
        if refusal.locks() {
            self.lock();
        }
        if refusal.is_busy() {
            self.report(Event::Busy);
        }
    }

    pub(super) fn refresh(&mut self) -> Result<(), Refusal> {
        let read = self.with_gate(|gate, home| Ok(duty::refresh(gate, &home.clock())?));
        self.report(read.as_ref().map_or(Event::StorageFailed, |readiness| Event::Started(*readiness)));
        read.map(drop)
    }

    fn ask(&mut self) -> Result<(), Refusal> {
        let question = self.wanted.question()?;
        let asked = self.with_gate(|gate, home| Ok(made(gate, &question, home)));
        match asked {
            Ok(Ok((codes, seconds))) => {
                self.codes = codes;
                self.report(Event::Asked { seconds });
            }
            Ok(Err(problem)) => self.report(Event::NotAsked(problem)),
            Err(refusal) => {
                self.report(Event::NotAsked(Problem::Other));
                return Err(refusal);
            }
        }
        // A synchronization may have brought something meanwhile.
        self.refresh()
    }

    fn decide(&mut self, ticket: u64, answer: &[u8]) -> Result<(), Refusal> {
        let decided = self.with_gate(|gate, home| {
            let (_, shown) = duty::decide(gate, answer, &[], &home.clock(), &mut *home.entropy())?;
            Ok(shown)
        });
        match decided {
            Ok(shown) => {
                self.report(Event::Decided { ticket, shown });
                Ok(())
            }
            // What is not written down does not count: grey.
            Err(refusal) => {
                self.report(Event::StorageFailed);
                Err(refusal)
            }
        }
    }

    fn settle(&mut self, form: &Form) -> Result<(), Refusal> {
        let settled = self.with_gate(|gate, home| Ok(duty::settle(gate, form, &home.clock(), &mut *home.entropy())?));
        self.report(match &settled {
            Ok(settled) => Event::Settled { flagged: settled.flag.is_some() },
            Err(_) => Event::NotSettled(Problem::Other),
        });
        settled.map(drop)
    }
}

/// Makes a question, and draws it.
fn made(gate: &Gate<'_>, question: &Question, home: &dyn Home) -> Result<(Vec<Outline>, u64), Problem> {
    let (asked, seconds) = duty::ask(gate, question, &home.clock(), &mut *home.entropy()).map_err(|why| problem(&why))?;
    Ok((drawn(&asked.bytes).ok_or(Problem::Other)?, seconds))
}

/// Draws a payload as the codes that it needs.
pub(super) fn drawn(payload: &[u8]) -> Option<Vec<Outline>> {
    let frames = frames(payload, FrameSize::Scan).ok()?;
    frames.iter().map(|frame| Outline::of(frame.text()).ok()).collect()
}

const fn problem(why: &GateError) -> Problem {
    match why {
        GateError::Vault(VaultError::Storage(StorageError::Full { .. } | StorageError::Io { .. } | StorageError::Poisoned)) => {
            Problem::Storage
        }
        _ => Problem::Other,
    }
}
