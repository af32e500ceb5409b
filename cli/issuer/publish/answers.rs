//! Answers of a person to questions that come up while an issuer is open. Nothing stays locked while somebody thinks: the work that asks is
//! left, the question is asked with the vault parked, and the work begins again.

use crate::Run;
use crate::exit::Failure;
use crate::home::Role;
use crate::issuer::seat::seated_restored;
use crate::secret;
use crate::unlock::{self, OpenArgs};
use std::cell::RefCell;
use waypass_issuer::Issuer;

/// The questions so far, and the one that waits.
pub(in crate::issuer) struct Answers<'s> {
    run: &'s Run<'s>,
    yes: bool,
    given: RefCell<Vec<(Question, bool)>>,
    open: RefCell<Option<Question>>,
}

/// The text that is shown, and the question about it. Another showing is another question.
#[derive(Clone, PartialEq, Eq)]
struct Question {
    shown: Vec<String>,
    asks: &'static str,
}

impl<'s> Answers<'s> {
    /// Every answer is yes where `yes` was said beforehand.
    pub(in crate::issuer) const fn new(run: &'s Run<'s>, yes: bool) -> Self {
        Self { run, yes, given: RefCell::new(Vec::new()), open: RefCell::new(None) }
    }

    /// Returns the answer. Without one the question waits, and the work that needs it ends.
    pub(in crate::issuer) fn to(&self, shown: &[String], asks: &'static str) -> Result<bool, Failure> {
        let question = Question { shown: shown.to_vec(), asks };
        if self.yes {
            self.show(&question);
            return Ok(true);
        }
        let answer = self.given.borrow().iter().find(|(asked, _)| *asked == question).map(|(_, answer)| *answer);
        answer.ok_or_else(|| {
            self.open.replace(Some(question));
            Failure::usage(asks, "answer it")
        })
    }

    /// Opens the issuer and does `work`, again after each answer. `go_on` is asked about a database without its write-ahead log.
    pub(in crate::issuer) fn with<T>(
        &self,
        args: &OpenArgs,
        go_on: &mut dyn FnMut() -> Result<bool, Failure>,
        work: impl Fn(&mut Issuer<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut vault = unlock::keep(self.run, Role::Issuer, args)?;
        loop {
            let done = seated_restored(self.run, &vault, go_on, &work);
            // Nothing was changed before a question. It is asked while the vault is parked, and the work begins again with the answer.
            let Some(question) = self.open.take() else {
                unlock::tell_findings(self.run, Role::Issuer, &vault);
                return done;
            };
            let parked = vault.park();
            self.ask(question)?;
            vault = unlock::resume(self.run, Role::Issuer, parked)?;
        }
    }

    /// Shows and asks.
    fn ask(&self, question: Question) -> Result<(), Failure> {
        self.show(&question);
        let answer = secret::confirm(self.run.input.while_open(Role::Issuer), question.asks, "--yes")?;
        self.given.borrow_mut().push((question, answer));
        Ok(())
    }

    fn show(&self, question: &Question) {
        if !question.shown.is_empty() {
            self.run.out.note(question.shown.clone());
        }
    }
}
