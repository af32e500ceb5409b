//! The output of the demo: numbered acts, commands, expectations that are counted, at most 80 columns.

use crate::output::Out;
use crate::text::Text;
use crate::tone::Tone;
use std::time::Instant;

/// The width a terminal has when nobody chose one.
const WIDTH: usize = 80;

/// Prints and counts.
pub(super) struct Stage {
    out: Out<'static>,
    began: Instant,
    acts: usize,
    met: usize,
    expected: usize,
    left_out: Vec<String>,
    missed: Vec<String>,
}

impl Stage {
    pub(super) fn new(out: Out<'static>) -> Self {
        Self { out, began: Instant::now(), acts: 0, met: 0, expected: 0, left_out: Vec::new(), missed: Vec::new() }
    }

    /// Begins a new act: one of the verbs and what happens.
    pub(super) fn act(&mut self, verb: &str, about: &str) {
        self.acts += 1;
        self.out.words([Text::default(), Text::in_tone(Tone::Strong, format!("{:>2}  {verb:<9}", self.acts)).then(format!(" {about}"))]);
    }

    /// Prints a person's step, as a command line without the folders and secret files of the demo.
    pub(super) fn command(&self, who: &str, line: &str) {
        for (number, part) in wrap(line, WIDTH - 16).iter().enumerate() {
            let lead = if number == 0 { format!("{who:>7} $") } else { format!("{:>9}", "") };
            self.out.words(Text::from("    ").then_in(Tone::Quiet, format!("{lead} {part}")));
        }
    }

    /// Prints a fact.
    pub(super) fn say(&self, text: &str) {
        for part in wrap(text, WIDTH - 6) {
            self.out.words(&format!("      {part}"));
        }
    }

    /// Prints a screen that somebody sees on a device of their own, line for line.
    pub(super) fn screen(&self, text: &str) {
        for line in text.lines() {
            let indent: String = line.chars().take_while(|c| *c == ' ').collect();
            for part in wrap(line.trim_start(), WIDTH - 10 - indent.len()) {
                self.out.words(Text::from("      ").then_in(Tone::Quiet, "│ ").then(format!("{indent}{part}")));
            }
        }
    }

    /// Counts an expectation, met or not.
    pub(super) fn expect(&mut self, what: &str, met: bool, otherwise: &str) {
        self.expected += 1;
        let (mark, tone) = if met { ("✔", Tone::Green) } else { ("✖", Tone::Red) };
        let text = if met { what.to_owned() } else { format!("{what}; instead: {otherwise}") };
        for (number, part) in wrap(&text, WIDTH - 8).iter().enumerate() {
            let mark = if number == 0 { mark } else { " " };
            self.out.words(Text::from("      ").then_in(tone, mark).then(format!(" {part}")));
        }
        if met {
            self.met += 1;
        } else {
            self.missed.push(what.to_owned());
        }
    }

    /// Prints a step this machine cannot do: said, and not counted as met.
    pub(super) fn leave_out(&mut self, what: &str, why: &str) {
        const LEAD: &str = "left out:";
        for part in wrap(&format!("{LEAD} {what}, because {why}"), WIDTH - 6) {
            let line = Text::from("      ");
            self.out.words(match part.strip_prefix(LEAD) {
                Some(rest) => line.then_in(Tone::Amber, LEAD).then(rest),
                None => line.then(part),
            });
        }
        self.left_out.push(what.to_owned());
    }

    /// Prints the one-screen summary; returns whether everything expected came true.
    pub(super) fn end(&self, rows: &[(&str, String)]) -> bool {
        self.out.words([String::new(), "─".repeat(WIDTH)]);
        for (verb, text) in rows {
            for (number, part) in wrap(text, WIDTH - 13).iter().enumerate() {
                let verb = if number == 0 { verb } else { "" };
                self.out.words(Text::from("  ").then_in(Tone::Strong, format!("{verb:<10}")).then(format!(" {part}")));
            }
        }
        self.out.words(&"─".repeat(WIDTH));
        for what in &self.missed {
            self.out.words(&format!("  not met: {what}"));
        }
        for what in &self.left_out {
            self.out.words(&format!("  left out: {what}"));
        }
        let all = self.met == self.expected;
        let tone = if all { Tone::Green } else { Tone::Red };
        let met = format!("{} of {} expectations met", self.met, self.expected);
        self.out.words(Text::from("  ").then_in(tone, met).then(format!(" in {} s", self.began.elapsed().as_secs())));
        all
    }

    /// Returns true if nothing was left out.
    pub(super) fn is_whole(&self) -> bool {
        self.left_out.is_empty()
    }

    /// Returns the summary for a program.
    pub(super) fn document(&self) -> serde_json::Value {
        serde_json::json!({ "schema": "waypass.demo/1", "met": self.met, "expected": self.expected, "missed": self.missed, "left_out": self.left_out })
    }
}

/// Breaks at spaces; a word longer than the line stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensibilities are", 7), ["incomprehensibilities", "are"]);
    }
}
