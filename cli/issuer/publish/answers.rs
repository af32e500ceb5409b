//! Answers of a person to questions that come up while an issuer is open. Nothing stays locked while somebody thinks: the work that asks is
//! left, the question is asked with the vault parked, and the work begins again.

use crate::Session;
use crate::exit::Failure;
use crate::home::Role;
use crate::secret;
use std::cell::RefCell;

/// The questions so far, and the one that waits.
pub(super) struct Answers<'s> {
    session: &'s Session,
    yes: bool,
    given: RefCell<Vec<(Question, bool)>>,
    open: RefCell<Option<Question>>,
}

/// The text that is shown, and the question about it. Another showing is another question.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Question {
    shown: Vec<String>,
    asks: &'static str,
}

impl<'s> Answers<'s> {
    /// Every answer is yes where `yes` was said beforehand.
    pub(super) const fn new(session: &'s Session, yes: bool) -> Self {
        Self { session, yes, given: RefCell::new(Vec::new()), open: RefCell::new(None) }
    }

    /// Returns the answer. Without one the question waits, and the work that needs it ends.
    pub(super) fn to(&self, shown: &[String], asks: &'static str) -> Result<bool, Failure> {
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

    /// Returns the question that ended the work.
    pub(super) fn open(&self) -> Option<Question> {
        self.open.take()
    }

    /// Shows and asks.
    pub(super) fn ask(&self, question: Question) -> Result<(), Failure> {
        self.show(&question);
        let answer = secret::confirm(self.session.input.while_open(Role::Issuer), question.asks, "--yes")?;
        self.given.borrow_mut().push((question, answer));
        Ok(())
    }

    fn show(&self, question: &Question) {
        if !question.shown.is_empty() {
            self.session.out.note(question.shown.clone());
        }
    }
}
