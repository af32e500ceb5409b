//! The question, where wallets find it: a file, pictures, or codes on the terminal.

use super::Args;
use crate::exit::Failure;
use crate::file::{self, Readers};
use crate::output::Out;
use crate::qr;
use waypass_gate::Carrier;

/// Returns the carrier of the questions: a file alone needs no code.
pub(super) fn carrier(out: Out, args: &Args) -> Carrier {
    if args.codes.is_none() && !draws(out, args) { Carrier::File } else { Carrier::Code }
}

/// Returns true if the question is drawn on the terminal.
fn draws(out: Out, args: &Args) -> bool {
    args.codes.draws() || (out.is_terminal() && !out.is_json())
}

/// The codes of the question on the terminal, one after another if it needs several.
#[derive(Default)]
pub(super) struct Codes {
    drawings: Vec<String>,
    turn: usize,
}

impl Codes {
    /// Writes the question to its file and its pictures, and draws it if a terminal shows it.
    pub(super) fn show(&mut self, out: Out, args: &Args, question: &[u8]) -> Result<(), Failure> {
        if let Some(path) = &args.output {
            file::deliver(out.without_notes(), path, question, Readers::All)?;
        }
        args.codes.pictures(out.without_notes(), question)?;
        self.drawings = if draws(out, args) { qr::drawings(out, question)? } else { Vec::new() };
        self.turn = 0;
        Ok(())
    }

    /// Takes the codes off the terminal.
    pub(super) fn hide(&mut self) {
        self.drawings.clear();
    }

    /// Returns the code that is shown now.
    pub(super) fn now(&self) -> Option<&str> {
        let count = self.drawings.len().max(1);
        self.drawings.get(self.turn % count).map(String::as_str)
    }

    /// Returns true if there are several codes, and goes on to the next one.
    pub(super) fn turn(&mut self) -> bool {
        self.turn = self.turn.wrapping_add(1);
        self.drawings.len() > 1
    }
}
