//! A person's word about an amber verdict, field by field.

use crate::message::{Message, Plain};
use alloc::string::String;

/// The longest field, in characters. The log takes less; it says so when it refuses.
const LONGEST: usize = 300;

/// A person's word about an amber verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// The record of the verdict.
    pub seq: u64,
    /// True if the step was done; false if the person did not go in.
    pub admitted: bool,
    /// The person who says so.
    pub by: String,
    /// The second person.
    pub second: Option<String>,
    /// Why old data was overridden, or the glass broken.
    pub reason: Option<String>,
    asked: [bool; 2],
}

impl Form {
    /// Returns an empty form. A person who is turned away needs neither a second guard nor a reason.
    pub(super) const fn new(seq: u64, admitted: bool, second: bool, reason: bool) -> Self {
        Self { seq, admitted, by: String::new(), second: None, reason: None, asked: [admitted && second, admitted && reason] }
    }

    /// Returns the question for the next field; `None` when nothing is missing.
    pub(super) fn question(&self) -> Option<Message> {
        let [second, reason] = self.asked;
        Some(Message::from(match self {
            Self { by, .. } if by.is_empty() => Plain::AskBy,
            Self { second: None, .. } if second => Plain::AskSecond,
            Self { reason: None, .. } if reason => Plain::AskReason,
            _ => return None,
        }))
    }

    /// Returns true if the next field is the second person's and names the first one again.
    pub(super) fn is_same_person(&self, typed: &str) -> bool {
        let asks_second = self.asked[0] && !self.by.is_empty() && self.second.is_none();
        asks_second && typed.trim().to_lowercase() == self.by.to_lowercase()
    }

    /// Fills in the next field; an empty text fills nothing.
    pub(super) fn fill(&mut self, typed: &str) {
        let text: String = typed.trim().chars().take(LONGEST).collect();
        let [second, reason] = self.asked;
        if text.is_empty() {
        } else if self.by.is_empty() {
            self.by = text;
        } else if second && self.second.is_none() {
            self.second = Some(text);
        } else if reason && self.reason.is_none() {
            self.reason = Some(text);
        }
    }
}
