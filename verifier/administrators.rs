//! Who may administer a device: people who show the role that its site names for that.
//!
//! One is enough whose standing the office confirmed just now. Without a link to the office two must agree: one may have been dismissed an
//! hour ago, and this device would not know.

use crate::challenge::Challenge;
use crate::decision::{Age, Verdict};
use crate::verify::Checkpoint;
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::Format;
use waypass_credential::request::{Query, QueryError, Request};
use waypass_trust::reason::Reason;
use waypass_trust::time::Reading;

/// What the office said at most so long ago counts as said just now.
const JUST_NOW_SECONDS: i64 = 600;

/// The people who have shown the role, one after the other. Each answers a question of their own.
#[derive(Debug)]
pub struct Administrators<'t> {
    checkpoint: Checkpoint<'t>,
    role: String,
    shown: Vec<String>,
}

/// What an answer has changed.
#[derive(Debug)]
#[must_use]
pub enum Shown {
    /// It may be done. The DIDs of those who agreed.
    Enough(Vec<String>),
    /// Somebody else must agree too, since nothing new is known from the office.
    OneMore,
    /// This person has agreed already.
    Again,
    /// It is a card: nobody signs for it.
    Card,
    /// The credential is not good, or nobody can tell now.
    Refused(Vec<Reason>),
}

impl<'t> Administrators<'t> {
    /// Begins before anybody showed `role`. It is checked as a peer checks: such a device is no gate of the site.
    pub fn new(checkpoint: Checkpoint<'t>, role: &str) -> Self {
        Self { checkpoint: checkpoint.as_peer(), role: role.to_owned(), shown: Vec::new() }
    }

    /// Asks the next person.
    pub fn ask(
        &mut self,
        formats: &[Format],
        purpose: &str,
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Challenge, Request), QueryError> {
        let query = Query::for_role(formats, &[&self.role], &[])?;
        let at = self.checkpoint.observe(reading);
        Ok(self.checkpoint.ask(query, purpose, &at, rng))
    }

    /// Takes the answer to `asked`.
    pub fn answered(&mut self, presentation: &[u8], asked: Challenge, reading: &Reading, rng: &mut dyn CryptoRng) -> Shown {
        let at = self.checkpoint.observe(reading);
        let (decision, commit) = self.checkpoint.step(presentation, asked, &at, rng);
        let Verdict::Caution(..) = &decision.verdict else { return Shown::Refused(decision.reasons) };
        // The marks of a peer say that the role was asked for and shown. Cards answer no question.
        let is_card = decision.evidence.who.as_ref().is_none_or(|who| who.format == Format::Card);
        let subject = commit.entry().opening().map(|opening| opening.subject.clone());
        let Some(subject) = subject.filter(|_| !is_card) else { return Shown::Card };
        self.checkpoint.committed(commit);
        if self.shown.contains(&subject) {
            return Shown::Again;
        }
        self.shown.push(subject);
        let is_new = |age: Option<Age>| age.and_then(|age| age.seconds).is_some_and(|seconds| seconds <= JUST_NOW_SECONDS);
        let is_confirmed = is_new(decision.evidence.revocation) && is_new(decision.evidence.trust);
        if is_confirmed || self.shown.len() > 1 { Shown::Enough(self.shown.clone()) } else { Shown::OneMore }
    }
}
