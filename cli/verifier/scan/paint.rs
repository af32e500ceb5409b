//! The look of a checkpoint on a terminal, and the lines that it writes to a pipe.

use crate::output::Out;
use crate::text::Text;
use crate::tone::Tone;
use crate::verifier::verdict;
use waypass_screen::{Action, Key, Kind, Message, View};
use waypass_words::Words;

/// Draws views. On a terminal each takes the place of the one before it; otherwise verdicts and notices are written one below the other.
pub(super) struct Painter {
    out: Out<'static>,
    words: Words<'static>,
    is_screen: bool,
    last: Option<View>,
}

impl Painter {
    pub(super) fn new(out: Out<'static>, words: Words<'static>) -> Self {
        Self { out, words, is_screen: out.is_terminal() && !out.is_json(), last: None }
    }

    /// Draws `view`, with the code of the question where there is one.
    pub(super) fn draw(&mut self, view: View, code: Option<&str>, anew: bool) {
        let before = self.last.replace(view);
        let Some(view) = &self.last else { return };
        if self.is_screen {
            if anew || before.as_ref() != Some(view) {
                self.screen(view, code);
            }
            return;
        }
        if let Some(notice) =
            view.notice.as_ref().filter(|notice| before.as_ref().and_then(|before| before.notice.as_ref()) != Some(*notice))
        {
            self.out.note(Text::default().then_said(self.words.say(notice)));
        }
        let is_new = before.is_none_or(|before| (before.kind, &before.title) != (view.kind, &view.title));
        match view.kind {
            // What is drawn already; and verdicts, which are the result and not a message.
            _ if !is_new => {}
            Kind::Verdict | Kind::Deciding | Kind::Settling | Kind::Starting => {}
            Kind::NotReady | Kind::Trapped | Kind::Locked => self.out.warn(self.said(view)),
            Kind::Ready | Kind::Gathering | Kind::Confirming => self.out.note(self.said(view)),
        }
    }

    /// Writes a verdict where no screen shows it.
    pub(super) fn verdict(&self, view: &waypass_screen::VerdictView) {
        if !self.is_screen {
            self.out.words(verdict::render(view, &self.words));
        }
    }

    fn said(&self, view: &View) -> Text {
        let mut text = Text::default().then_said(self.words.say(&view.title));
        for advice in &view.advice {
            text = text.then(". ").then_said(self.words.say(advice));
        }
        text
    }

    fn screen(&self, view: &View, code: Option<&str>) {
        // Clears, and begins at the top.
        drop(self.out.bytes(b"\x1b[2J\x1b[H"));
        match (&view.verdict, code) {
            (Some(shown), _) => self.out.words(verdict::render(shown, &self.words)),
            (None, Some(code)) => drop(self.out.bytes(code.as_bytes())),
            (None, None) => {}
        }
        let mut lines = Vec::new();
        if view.kind != Kind::Verdict {
            lines.push(Text::in_tone(tone(view.tone), "").then_said(self.words.say(&view.title)));
            lines.extend(view.advice.iter().map(|advice| Text::default().then_said(self.words.say(advice))));
        }
        lines.extend(view.notice.iter().map(|notice| Text::in_tone(Tone::Amber, "! ").then_said(self.words.say(notice))));
        lines.push(Text::in_tone(tone(view.banner.tone), "").then_said(self.words.say(&Message::Row(view.banner.messages.clone()))));
        lines.push(Text::default().then_said(self.words.say(&Message::Shift(view.counters))));
        lines.push(self.actions(&view.actions));
        self.out.words(lines);
    }

    fn actions(&self, actions: &[Action]) -> Text {
        let mut text = Text::default();
        for action in actions {
            text = text.then_in(Tone::Strong, format!("[{}] ", name(action.key))).then_said(self.words.say(&action.label)).then("  ");
        }
        text
    }
}

/// Returns the name of a key, which is also the line that presses it; an empty line is Enter.
pub(super) const fn name(key: Key) -> &'static str {
    match key {
        Key::Enter => "Enter",
        Key::Escape => "x",
        Key::Confirm => "c",
        Key::TurnAway => "t",
        Key::Sync => "s",
    }
}

const fn tone(tone: waypass_screen::Tone) -> Tone {
    match tone {
        waypass_screen::Tone::Plain => Tone::Strong,
        waypass_screen::Tone::Green => Tone::Green,
        waypass_screen::Tone::Amber => Tone::Amber,
        waypass_screen::Tone::Red => Tone::Red,
        waypass_screen::Tone::Grey => Tone::Grey,
    }
}
