//! `waypass verifier sync`: newer trust down, the log up, in trust.md's order; each step kept before the next.

use super::aside;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::gate::{self, failure};
use crate::home::Role;
use crate::sync::{self, SyncArgs};
use crate::unlock::{self, OpenArgs};
use crate::{belief, flag};
use std::cell::RefCell;
use std::path::PathBuf;
use waypass_gate::{Aside, Flag, Gate, GateError, Question, Sync};
use waypass_machine::{SystemRng, clock};
use waypass_trust::bundle::TimeNonce;
use waypass_trust::status::TakenBack;
use waypass_trust::sync::{AuditHeld, Device, Kept, Manifest, Part, Receipted};
use waypass_vault::{Finding, Parked};

/// Arguments of `verifier sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
    /// Put the log into FILE, to be carried to the issuer
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let mut transport = sync::transport(run, args.place.from.as_deref(), args.to.as_deref())?;
    let vault = unlock::keep(run, Role::Verifier, &args.open)?;
    // A gate without its record or its bundle is said before anybody is asked for anything.
    gate::opened(run, &vault)?;
    let mut device =
        Between { run, vault: RefCell::new(Some(vault.park())), planned: RefCell::default(), told: RefCell::default(), question: None };
    let outcome = sync::run(run, &mut device, &mut *transport, |failure| failure)?;
    let Ended { flagged, taken_back, aside } = device.end(!outcome.steps.is_empty())?;
    let documents: Vec<_> = flagged.iter().map(flag::document).collect();
    sync::tell(run, &outcome, &documents, &aside.as_ref().map_or(serde_json::Value::Null, aside::document))?;
    flag::warn_of(run, &flagged);
    super::status::warn_of_taken_back(run, &taken_back);
    let Some(aside) = aside else { return Ok(Exit::Done) };
    run.out.warn(&aside::words(&aside));
    run.out.note(aside::NEXT);
    Ok(Exit::Grey)
}

/// The result of a synchronization.
struct Ended {
    flagged: Vec<Flag>,
    taken_back: Vec<TakenBack>,
    aside: Option<Aside>,
}

/// A gate that has its vault open for each step of a synchronization, and not between two: what a slow or silent server keeps waiting is
/// this command, and not the people at the gate. Every step reads again what it needs.
struct Between<'s> {
    run: &'s Run<'s>,
    /// `None` while a step is at work, and after one that failed.
    vault: RefCell<Option<Parked<'static>>>,
    /// The bundle that was held when the server was asked.
    planned: RefCell<Manifest>,
    /// Findings the person has been told.
    told: RefCell<Vec<Finding>>,
    /// The question for the time that the server was asked.
    question: Option<Question>,
}

impl Between<'_> {
    /// Does `step` with the vault open.
    fn open<T>(&self, step: impl FnOnce(Sync<'_>) -> Result<T, GateError>) -> Result<T, Failure> {
        let parked = self.vault.take().ok_or_else(|| Failure::internal("an earlier step failed", "run the command again"))?;
        let vault = unlock::resume(self.run, Role::Verifier, parked)?;
        let done = match Gate::open(&vault, belief::store(self.run)) {
            Ok(gate) => step(gate.sync(&clock::read, &mut SystemRng)),
            Err(why) => Err(why),
        };
        for finding in vault.findings() {
            if !self.told.borrow().contains(&finding) {
                self.run.out.warn(&crate::vault::finding_words(&finding));
                self.told.borrow_mut().push(finding);
            }
        }
        self.vault.replace(Some(vault.park()));
        done.map_err(failure)
    }

    /// Does a step that takes something. The held bundle may have become newer while the server was waited for; then what came is behind,
    /// and that is nobody's attack.
    fn take<T>(&mut self, step: impl FnOnce(&mut Sync<'_>) -> Result<T, GateError>) -> Result<T, Failure> {
        let planned = self.planned.borrow().clone();
        let mut moved_on = false;
        let taken = self.open(|mut sync| {
            let taken = step(&mut sync);
            if taken.is_err() {
                moved_on = sync.held().is_ok_and(|held| trust_of(&held) != trust_of(&planned));
            }
            let taken = taken?;
            sync.note_taken_back()?;
            Ok((taken, sync.held()?))
        });
        match taken {
            Ok((taken, now)) => {
                self.planned.replace(now);
                Ok(taken)
            }
            Err(_) if moved_on => Err(Failure::internal(
                "another command changed what this gate believes while the server was waited for; that was kept",
                "run the command again",
            )),
            Err(why) => Err(why),
        }
    }

    /// Ends the synchronization: the open flags, what the newest lists take back, and what waits.
    fn end(self, something_taken: bool) -> Result<Ended, Failure> {
        self.open(|sync| {
            let gate = sync.gate();
            let flagged = sync.end(something_taken)?;
            Ok(Ended { flagged, taken_back: gate.taken_back()?, aside: gate.settle_aside(&clock::read())? })
        })
    }
}

/// Returns the part of a manifest that a synchronization changes: the log grows meanwhile.
fn trust_of(manifest: &Manifest) -> Manifest {
    let mut trust = manifest.clone();
    trust.audit = AuditHeld::default();
    trust
}

impl Device for Between<'_> {
    type Error = Failure;

    fn held(&self) -> Result<Manifest, Failure> {
        let held = self.open(|sync| sync.held())?;
        self.planned.replace(held.clone());
        Ok(held)
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), Failure> {
        self.take(|sync| sync.apply_root(envelope))
    }

    fn ask_time(&mut self) -> Result<Option<TimeNonce>, Failure> {
        let question = Question::draw(clock::read(), &mut SystemRng);
        self.question = Some(question);
        Ok(Some(*question.nonce()))
    }

    fn apply_time(&mut self, answer: &[u8]) -> Result<(), Failure> {
        let Some(question) = self.question.take() else { return Ok(()) };
        self.open(|mut sync| sync.take_time(&question, answer))
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, Failure> {
        self.take(|sync| sync.apply_bundle(metadata))
    }

    fn apply_list_aside(&mut self, token: &[u8]) -> Result<(), Failure> {
        self.take(|sync| sync.apply_list_aside(token))
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), Failure> {
        self.take(|sync| sync.apply_list(token))
    }

    fn apply_policies(&mut self) -> Result<(), Failure> {
        self.take(|sync| sync.apply_policies())
    }

    fn upload(&mut self, from: u64) -> Result<Option<Part>, Failure> {
        self.take(|sync| sync.upload(from))
    }

    fn receipt(&mut self, receipt: &str) -> Result<Receipted, Failure> {
        self.take(|sync| sync.receipt(receipt))
    }
}
