//! A verdict on a terminal, drawn from the view that pages draw too: one big line, then who, why, how old, and what to do now.

use crate::text::Text;
use crate::tone::{Tone, banner};
use crate::words::with_times_of;
use waypass_screen::{Checked, Fact, Message, Plain, Shape, VerdictView};
use waypass_trust::reason::Level;
use waypass_words::{Piece, Words};

/// The big line fills this many columns.
const WIDTH: usize = 60;
/// Labels fill this many.
const LABEL: usize = 12;

pub(super) fn render(view: &VerdictView, words: &Words<'_>) -> Vec<Text> {
    let (mark, tone) = (mark(view.level()), tone(view.level()));
    let headline = view.headline.as_ref().map(|headline| words.text(headline)).unwrap_or_default();
    let line = format!("  {mark} {}   {headline}", words.text(&view.word));
    let mut lines = vec![Text::styled(banner(tone), format!("{line:<WIDTH$}"))];
    lines.extend(view.who.iter().map(|fact| said(fact, words)));
    lines.push(Text::default());
    lines.extend(view.checks.iter().map(|check| checked(check, words)));
    lines.push(Text::default());
    lines.extend(view.evidence.iter().map(|fact| said(fact, words)));
    let next: Vec<String> = view.next.iter().map(|next| words.text(next)).collect();
    let label = words.text(&Plain::Now.into());
    let gap = " ".repeat((LABEL + 1).saturating_sub(label.chars().count()));
    lines.push(Text::from("  ").then_in(Tone::Strong, label).then(format!("{gap}{}", next.join(" "))));
    lines
}

/// Returns the mark of a level, for those who cannot see its colour.
pub(super) fn mark(level: Level) -> &'static str {
    match Shape::from(waypass_screen::Tone::from(level)) {
        Shape::Tick => "✔",
        Shape::Triangle => "▲",
        Shape::Cross => "✖",
        Shape::QuestionMark | Shape::Frame => "?",
    }
}

pub(super) const fn tone(level: Level) -> Tone {
    match level {
        Level::Green => Tone::Green,
        Level::Amber => Tone::Amber,
        Level::Red => Tone::Red,
        Level::Grey => Tone::Grey,
    }
}

fn said(Fact { label, value }: &Fact, words: &Words<'_>) -> Text {
    let label = words.say(label);
    let width: usize = label.iter().map(|piece| piece.text.chars().count()).sum();
    let gap = " ".repeat(LABEL.saturating_sub(width) + 1);
    Text::from("  ").then_said(label).then(gap).then_said(words.say(value))
}

fn checked(check: &Checked, words: &Words<'_>) -> Text {
    let line = Text::from("  ").then_in(tone(check.level), mark(check.level)).then(" ");
    let Some(code) = check.code else { return line.then_said(words.say(&check.what)) };
    let line = line.then(words.text(&check.what).trim_end_matches('.'));
    let line = if check.detail.is_empty() { line } else { line.then(" (").then_said(detail(&check.detail, words)).then(")") };
    line.then(" ").then_in(Tone::Quiet, format!("[{}]", code.as_str()))
}

/// The fact behind a reason, as the log has it.
fn detail(detail: &str, words: &Words<'_>) -> Vec<Piece> {
    words.say(&Message::Text(with_times_of(detail, words)))
}
