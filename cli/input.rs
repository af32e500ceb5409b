//! The input of a command: standard input, and the answers of a person. In a session both are those of the process that called.

use crate::caller::Caller;
use crate::home::Role;
use std::io::BufRead;
use std::time::Duration;

/// The source that a command reads from, and how the person may be asked.
#[derive(Clone, Copy)]
pub(crate) struct Input<'c> {
    asks: Asks,
    caller: Option<&'c Caller>,
}

/// How a person may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asks {
    /// On the terminal, when there is one.
    Terminal,
    /// On the terminal, while the vault of this role is open. It locks itself when nobody answers.
    WhileOpen(Role),
    /// `--no-input`: a question is a failure.
    Never,
}

impl<'c> Input<'c> {
    /// Returns the input of this process, or of the one that called.
    pub(crate) const fn new(asks: Asks, caller: Option<&'c Caller>) -> Self {
        Self { asks, caller }
    }

    /// Returns how to ask while the vault of `role` is open.
    pub(crate) const fn while_open(self, role: Role) -> Self {
        match self.asks {
            Asks::Never => self,
            Asks::Terminal | Asks::WhileOpen(_) => Self { asks: Asks::WhileOpen(role), ..self },
        }
    }

    /// Returns how the person may be asked.
    pub(crate) const fn asks(self) -> Asks {
        self.asks
    }

    /// Returns the process that called, if it is another one.
    pub(crate) const fn caller(self) -> Option<&'c Caller> {
        self.caller
    }

    /// Returns how long a question waits for a key to be pressed.
    pub(crate) const fn limit(self) -> Option<Duration> {
        match self.asks {
            Asks::WhileOpen(role) => Some(role.idle()),
            Asks::Terminal | Asks::Never => None,
        }
    }

    /// Returns standard input.
    pub(crate) fn stdin(self) -> Box<dyn BufRead + 'c> {
        match self.caller {
            Some(caller) => Box::new(caller.stdin()),
            None => Box::new(std::io::stdin().lock()),
        }
    }
}
