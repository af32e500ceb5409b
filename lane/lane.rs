//! The screen of one lane with its scanner: what happened goes in, and what is left to do comes out.

use std::collections::VecDeque;
use waypass_qr::{FrameError, Scan, Scanner};
use waypass_screen::{Abilities, Checkpoint, Effect, Event, Fault, Now, View};

/// A checkpoint with its scanner. What it asks of the gate waits until the shell has the gate open.
#[derive(Debug)]
pub struct Lane {
    checkpoint: Checkpoint,
    view: View,
    scanner: Scanner,
    due: VecDeque<Effect>,
}

impl Lane {
    /// Begins. The first thing that is due is to read the facts about the gate.
    pub fn new(abilities: Abilities, now: &Now) -> Self {
        let mut checkpoint = Checkpoint::new(abilities);
        let (view, _) = checkpoint.update(Event::Tick, now);
        Self { checkpoint, view, scanner: Scanner::new(), due: VecDeque::from([Effect::Refresh]) }
    }

    /// Returns what is drawn.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Takes what happened. Returns what the shell does; what needs the gate waits in [`Self::next_for_gate`].
    pub fn report(&mut self, event: Event, now: &Now) -> Vec<Effect> {
        let (view, effects) = self.checkpoint.update(event, now);
        self.view = view;
        let mut shell = Vec::new();
        for effect in effects {
            match effect {
                Effect::Refresh | Effect::Ask | Effect::Decide { .. } | Effect::Settle(_) => self.due.push_back(effect),
                Effect::Forget => self.scanner.forget(),
                effect => shell.push(effect),
            }
        }
        shell
    }

    /// Takes the text of one code, as a scanner typed it. Returns what the shell does.
    pub fn line(&mut self, line: &[u8], now: &Now) -> Vec<Effect> {
        let event = match self.scanner.line(line) {
            Scan::Whole(payload) => Event::Scanned(payload),
            Scan::Piece(progress) => Event::Piece { have: progress.have, count: progress.count },
            Scan::Plain(text) => Event::Read(text),
            Scan::Unreadable(FrameError::UnknownVersion) => Event::Unreadable(Fault::Newer),
            Scan::Unreadable(_) => Event::Unreadable(Fault::Damaged),
            Scan::Nothing => return Vec::new(),
        };
        self.report(event, now)
    }

    /// Returns the next thing that needs the gate, and takes it off the list.
    pub fn next_for_gate(&mut self) -> Option<Effect> {
        self.due.pop_front()
    }

    /// Returns true if nothing needs the gate.
    pub fn is_idle(&self) -> bool {
        self.due.is_empty()
    }
}
