//! By which clock something is published: this machine's, after a person has confirmed it where it is far from the last publication.

use super::super::{database, now, reading};
use crate::Run;
use crate::exit::{Exit, Failure};
use crate::{secret, words};
use std::time::Duration;
use waypass_issuer::Issuer;
use waypass_issuer::publish::{self, ClockDoubt, Publication, PublishError};
use waypass_issuer::store::SqliteStore;

/// How often the clock is looked at while a second passes, and how long that is done.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 500;
/// Publications of other processes that may come in between.
const TRIES: u32 = 8;

/// The rule when a person is asked before something is published.
#[derive(clap::Args)]
pub(crate) struct Publishing {
    /// Do not ask, not even about a clock that is before the last publication or more than a week after it
    #[arg(long)]
    pub(crate) yes: bool,
}

/// This machine's clock, as far as it was confirmed.
pub(in crate::issuer) struct Clock {
    pub(in crate::issuer) is_doubted: bool,
    pub(in crate::issuer) is_confirmed: bool,
    /// True if `--yes` answers every question.
    yes: bool,
}

impl Publishing {
    /// Asks about the clock where that is needed. It is done before a vault is opened, so that nothing is locked while a person thinks.
    /// Without an answer the work goes on, and its publication is refused.
    pub(in crate::issuer) fn clock(&self, run: &Run) -> Result<Clock, Failure> {
        let Some(doubt) = doubt(run) else { return Ok(Clock { is_doubted: false, is_confirmed: false, yes: self.yes }) };
        let is_confirmed = self.yes || answered(secret::confirm(run.input, &question(&doubt), "--yes"))?;
        if let (true, ClockDoubt::Behind { last, .. }) = (is_confirmed, &doubt) {
            run.out.warn(&format!(
                "devices that took the publication of {} refuse earlier ones until new keys sign: waypass issuer ceremony prepare root \
                 --new-online-keys",
                words::when(*last)
            ));
        }
        Ok(Clock { is_doubted: true, is_confirmed, yes: self.yes })
    }
}

impl Clock {
    /// Publishes. If this second is used, it waits for the next one; if another process was quicker, it tries again. A
    /// question that was not asked yet is shown first.
    pub(in crate::issuer) fn publish(&self, run: &Run, issuer: &mut Issuer<'_>) -> Result<Publication, PublishError> {
        if let Some(change) = issuer.unasked().filter(|_| issuer.signs_targets().unwrap_or(true)) {
            run.out.note("this was recorded before the upgrade from 0.1.0, nobody published it, and it would be published too:");
            run.out.note(reading::difference(&change.before, &change.after));
            // Otherwise `issuer publish` asks, with nothing locked.
            if self.yes {
                issuer.confirm_unasked()?;
            }
        }
        let (mut looks, mut tries) = (LOOKS, TRIES);
        loop {
            let at = now();
            let done = if self.is_confirmed { issuer.publish_confirmed(at) } else { issuer.publish(at) };
            match done {
                Err(PublishError::TooSoon { next }) if looks > 0 => {
                    while looks > 0 && now() < next {
                        looks -= 1;
                        std::thread::sleep(LOOK);
                    }
                }
                Err(PublishError::Overtaken) if tries > 0 => tries -= 1,
                done => return done,
            }
        }
    }
}

/// Returns the open questions. A store that cannot be read has its own words when it is opened.
fn doubt(run: &Run) -> Option<ClockDoubt> {
    let path = database(run);
    let store = path.exists().then(|| SqliteStore::peek(&path).ok()).flatten()?;
    publish::clock_doubt(&store, now()).ok().flatten()
}

fn question(doubt: &ClockDoubt) -> String {
    match doubt {
        ClockDoubt::Behind { now, last } => format!(
            "It is {} by this machine's clock, and the last publication was made later, at {}. Publish with the time of this clock?",
            words::when(*now),
            words::when(*last)
        ),
        ClockDoubt::Ahead { now, last } => format!(
            "It is {} by this machine's clock, {} after the last publication at {}. Publish with the time of this clock?",
            words::when(*now),
            words::span(now.since(*last)),
            words::when(*last)
        ),
    }
}

/// No terminal is no answer; a person who stops the command stops it.
fn answered(answer: Result<bool, Failure>) -> Result<bool, Failure> {
    match answer {
        Err(failure) if failure.exit == Exit::Usage => Ok(false),
        answer => answer,
    }
}
