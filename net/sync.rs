//! Runs a synchronization: makes a plan, takes its steps one after the other over a [`Transport`], and has the device commit each before
//! the next begins (trust.md "Reconnect").
//!
//! Nothing is remembered between runs: an interrupted one is continued by planning again from what the device holds then.

use crate::error::TransportError;
use crate::transport::{Reply, Transport};
use core::fmt;
use waypass_trust::sync::{Device, Kept, Manifest, Plan, Receipted, Refused, Step};

/// Root versions taken in one run, as many as one bundle update may carry.
const MAX_ROOT_STEPS: u64 = 32;
/// Uploads in one run: 4,096 records each, sixteen million in all.
const MAX_UPLOADS: usize = 4096;

/// The step of a run, for a progress display.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event<'e> {
    /// The plan is made; these steps follow.
    Planned(&'e [Step]),
    /// A step begins.
    Begun(&'e Step),
    /// A step's result is durable.
    Committed(&'e Step),
    /// A receipt was taken.
    Receipted,
}

/// The results of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The steps taken, in order.
    pub steps: Vec<Step>,
    /// True if the device's question for the time was answered.
    pub answered: bool,
    /// The outcome for the bundle; `None` if none was newer. The lists of one that was kept aside are kept with it.
    pub bundle: Option<Kept>,
    /// Audit uploads that were sent.
    pub uploads: usize,
    /// Receipts taken.
    pub receipts: usize,
    /// True if uploads are on their way in a file and wait for their receipts.
    pub carried: bool,
    /// True if records remain that there was nowhere to send to.
    pub kept: bool,
}

/// Why a run ended early. Earlier commits stay; running again continues from there.
#[derive(Debug)]
pub enum SyncError<E> {
    /// The link failed.
    Transport {
        /// During which step; `None` before the plan was made.
        step: Option<Step>,
        /// How.
        source: TransportError,
    },
    /// The device did not take what came, or could not keep it.
    Device {
        /// During which step; `None` outside the plan.
        step: Option<Step>,
        /// Why.
        source: E,
    },
    /// The offer is older than what is held, or contradicts it.
    Offer(Refused),
    /// More root versions lie between than one update may take.
    TooManyRoots {
        /// The version held.
        held: u64,
        /// The version offered.
        offered: u64,
    },
    /// The device's audit log does not advance, or is longer than one run sends.
    Upload {
        /// The place in it.
        from: u64,
    },
}

impl<E: fmt::Display> fmt::Display for SyncError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let during = |f: &mut fmt::Formatter<'_>, step: &Option<Step>| match step {
            None => Ok(()),
            Some(Step::Root(version)) => write!(f, "root {version}: "),
            Some(Step::Bundle) => f.write_str("bundle: "),
            Some(Step::Denials(uri)) => write!(f, "status list {uri}: "),
            Some(Step::Policies) => f.write_str("policies: "),
            Some(Step::AuditUpload(_)) => f.write_str("audit upload: "),
        };
        match self {
            Self::Transport { step, source } => during(f, step).and_then(|()| source.fmt(f)),
            Self::Device { step, source } => during(f, step).and_then(|()| source.fmt(f)),
            Self::Offer(why) => why.fmt(f),
            Self::TooManyRoots { held, offered } => {
                write!(f, "root {offered} is offered and {held} is held: more than {MAX_ROOT_STEPS} versions lie between")
            }
            Self::Upload { from } => write!(f, "the audit log does not advance beyond record {from}"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for SyncError<E> {}

/// Catches `device` up with what `transport` offers, and sends what `device` has to send.
pub fn run<D: Device>(
    device: &mut D,
    transport: &mut dyn Transport,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<Outcome, SyncError<D::Error>> {
    let held = device.held().map_err(|source| SyncError::Device { step: None, source })?;
    let offered = transport.manifest().map_err(|source| SyncError::Transport { step: None, source })?;
    // If nothing is offered, only the upload remains.
    let mut plan = Plan::new(&held, offered.as_ref().unwrap_or(&held)).map_err(SyncError::Offer)?;
    progress(&Event::Planned(plan.remaining()));
    let mut outcome = Outcome::default();
    let (mut receipts_taken, mut asked) = (false, false);
    while let Some(step) = plan.next().cloned() {
        // A new root may say who signs time, and the time says whether the bundle is from the future.
        if !matches!(step, Step::Root(_)) && !asked {
            asked = true;
            outcome.answered = ask_time(device, transport)?;
        }
        if matches!(step, Step::AuditUpload(_)) && !receipts_taken {
            receipts_taken = true;
            take_receipts(device, transport, progress, &mut outcome)?;
        }
        progress(&Event::Begun(&step));
        let kept = take(&step, &held, device, transport, progress, &mut outcome)?;
        plan.committed();
        if step == Step::Bundle {
            outcome.bundle = Some(kept);
        }
        if kept == Kept::Believed {
            progress(&Event::Committed(&step));
            outcome.steps.push(step);
        }
    }
    if !asked {
        outcome.answered = ask_time(device, transport)?;
    }
    if !receipts_taken {
        take_receipts(device, transport, progress, &mut outcome)?;
    }
    Ok(outcome)
}

fn take<D: Device>(
    step: &Step,
    held: &Manifest,
    device: &mut D,
    transport: &mut dyn Transport,
    progress: &mut dyn FnMut(&Event<'_>),
    outcome: &mut Outcome,
) -> Result<Kept, SyncError<D::Error>> {
    let link = |source| SyncError::Transport { step: Some(step.clone()), source };
    let refused = |source| SyncError::Device { step: Some(step.clone()), source };
    let believed = |()| Kept::Believed;
    match step {
        Step::Root(offered) => {
            if offered - held.root > MAX_ROOT_STEPS {
                return Err(SyncError::TooManyRoots { held: held.root, offered: *offered });
            }
            for version in held.root + 1..=*offered {
                device.apply_root(&transport.root(version).map_err(link)?).map_err(refused)?;
            }
            Ok(Kept::Believed)
        }
        Step::Bundle => device.apply_bundle(&transport.metadata().map_err(link)?).map_err(refused),
        Step::Denials(uri) => {
            let token = transport.list(uri).map_err(link)?;
            if outcome.bundle == Some(Kept::Aside) {
                return device.apply_list_aside(&token).map(|()| Kept::Aside).map_err(refused);
            }
            device.apply_list(uri, &token).map(believed).map_err(refused)
        }
        // The rules of a bundle that is kept aside are not in use.
        Step::Policies if outcome.bundle == Some(Kept::Aside) => Ok(Kept::Aside),
        Step::Policies => device.apply_policies().map(believed).map_err(refused),
        Step::AuditUpload(_) => send(device, transport, progress, outcome, link, refused).map(believed),
    }
}

/// Asks for the time, where the device wants to know. Returns true if there was an answer.
fn ask_time<D: Device>(device: &mut D, transport: &mut dyn Transport) -> Result<bool, SyncError<D::Error>> {
    let refused = |source| SyncError::Device { step: None, source };
    let Some(question) = device.ask_time().map_err(refused)? else { return Ok(false) };
    let answer = transport.time(&question).map_err(|source| SyncError::Transport { step: None, source })?;
    let Some(answer) = answer else { return Ok(false) };
    device.apply_time(&answer).map(|()| true).map_err(refused)
}

/// Sends what no receipt covers yet: asked for anew, since a receipt may have come in this very run.
fn send<D: Device>(
    device: &mut D,
    transport: &mut dyn Transport,
    progress: &mut dyn FnMut(&Event<'_>),
    outcome: &mut Outcome,
    link: impl Fn(TransportError) -> SyncError<D::Error>,
    refused: impl Fn(D::Error) -> SyncError<D::Error>,
) -> Result<(), SyncError<D::Error>> {
    let mut from = device.held().map_err(&refused)?.audit.receipted;
    for _ in 0..MAX_UPLOADS {
        let Some(part) = device.upload(from).map_err(&refused)? else {
            return Ok(());
        };
        if part.next <= from {
            return Err(SyncError::Upload { from });
        }
        match transport.upload(&part.bytes).map_err(&link)? {
            Reply::Receipt(receipt) => {
                if device.receipt(&receipt).map_err(&refused)? == Receipted::Taken {
                    outcome.receipts += 1;
                    progress(&Event::Receipted);
                }
            }
            Reply::Carried => outcome.carried = true,
            Reply::Kept => {
                outcome.kept = true;
                return Ok(());
            }
        }
        outcome.uploads += 1;
        from = part.next;
    }
    Err(SyncError::Upload { from })
}

/// Receipts that came along are checked under the intake key of the bundle, which has just been brought up to date.
fn take_receipts<D: Device>(
    device: &mut D,
    transport: &mut dyn Transport,
    progress: &mut dyn FnMut(&Event<'_>),
    outcome: &mut Outcome,
) -> Result<(), SyncError<D::Error>> {
    for receipt in transport.receipts().map_err(|source| SyncError::Transport { step: None, source })? {
        if device.receipt(&receipt).map_err(|source| SyncError::Device { step: None, source })? == Receipted::Taken {
            outcome.receipts += 1;
            progress(&Event::Receipted);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
