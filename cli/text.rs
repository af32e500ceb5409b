//! Text on its way to a terminal. A line is one line whatever is in it: a stranger's text neither moves the cursor, nor changes colours, nor
//! turns the order of what follows, nor begins a line of its own.

use crate::tone::{Tone, paint};
use anstyle::Style;
use std::fmt;
use waypass_words::Piece;

/// One line: pieces of text, each in a style.
#[derive(Clone, Default, Debug)]
pub(crate) struct Text(Vec<Run>);

/// A piece of a line.
#[derive(Clone, Debug)]
struct Run {
    style: Style,
    text: String,
    /// True if it has a direction of its own (Unicode UAX #9 §2.4), which must not turn its neighbours.
    isolated: bool,
}

impl Run {
    fn of(style: Style, text: impl Into<String>) -> Self {
        Self { style, text: text.into(), isolated: false }
    }
}

/// Lines of text, one below the other.
#[derive(Clone, Default, Debug)]
pub(crate) struct Lines(Vec<Text>);

impl Text {
    /// Begins with text in a tone.
    pub(crate) fn in_tone(tone: Tone, text: impl Into<String>) -> Self {
        Self::styled(paint(tone), text)
    }

    /// Begins with text in a style.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self(vec![Run::of(style, text)])
    }

    /// Adds plain text.
    pub(crate) fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::of(Style::new(), text));
        self
    }

    /// Adds text of a language, in its pieces.
    pub(crate) fn then_said(mut self, pieces: Vec<Piece>) -> Self {
        self.0.extend(pieces.into_iter().map(|piece| Run { style: Style::new(), text: piece.text, isolated: piece.isolated }));
        self
    }

    /// Adds text in a tone.
    pub(crate) fn then_in(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push(Run::of(paint(tone), text));
        self
    }
}

impl Lines {
    /// Returns the lines with `lead` before the first.
    pub(crate) fn after(mut self, lead: Text) -> Self {
        match self.0.first_mut() {
            Some(first) => first.0.splice(0..0, lead.0).for_each(drop),
            None => self.0.push(lead),
        }
        self
    }

    /// Returns the text without its styles, for a program.
    pub(crate) fn plain(&self) -> String {
        let line = |line: &Text| line.0.iter().map(|run| run.text.as_str()).collect::<String>();
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Lines {
    /// Returns the lines broken at spaces, so that none is wider than `columns`. A word that is wider stays whole: it
    /// is copied more often than read.
    pub(crate) fn wrapped(&self, columns: usize) -> Self {
        Self(self.0.iter().flat_map(|line| line.wrapped(columns)).collect())
    }
}

impl Text {
    fn wrapped(&self, columns: usize) -> Vec<Self> {
        let mut rest: Vec<Cell> = self.0.iter().flat_map(|run| run.text.chars().map(move |c| (run.style, run.isolated, c))).collect();
        if rest.len() <= columns {
            return vec![self.clone()];
        }
        let is_space = |&(_, _, c): &Cell| c == ' ';
        rest.truncate(rest.iter().rposition(|cell| !is_space(cell)).map_or(0, |last| last + 1));
        // A continued line is further to the right than its beginning.
        let indent = (rest.iter().take_while(|cell| is_space(cell)).count() + 2).min(columns / 2);
        let mut lines = Vec::new();
        while rest.len() > columns {
            let first = rest.iter().position(|cell| !is_space(cell)).unwrap_or(0);
            let before = rest[..=columns].iter().rposition(is_space).filter(|at| *at > first);
            let Some(at) = before.or_else(|| (columns..rest.len()).find(|at| is_space(&rest[*at]))) else { break };
            let after = rest.split_off(at);
            lines.push(Self::of(&rest));
            rest = std::iter::repeat_n((Style::new(), false, ' '), indent).chain(after.into_iter().skip_while(is_space)).collect();
        }
        lines.push(Self::of(&rest));
        lines
    }

    fn of(cells: &[Cell]) -> Self {
        let runs = cells.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        Self(runs.map(|run| Run { style: run[0].0, isolated: run[0].1, text: run.iter().map(|(_, _, c)| c).collect() }).collect())
    }
}

/// A character, its style, and true if it is isolated.
type Cell = (Style, bool, char);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Run { style, text, isolated }| {
            let (open, close) = if *isolated { ("\u{2068}", "\u{2069}") } else { ("", "") };
            write!(f, "{style}{open}{}{close}{style:#}", safe(text))
        })
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, line)| if at == 0 { line.fmt(f) } else { write!(f, "\n{line}") })
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::default().then(text)
    }
}

impl From<Text> for Lines {
    fn from(line: Text) -> Self {
        Self(vec![line])
    }
}

impl From<&str> for Lines {
    fn from(line: &str) -> Self {
        Text::from(line).into()
    }
}

impl From<&String> for Lines {
    fn from(line: &String) -> Self {
        Text::from(line).into()
    }
}

impl<T: Into<Text>> From<Vec<T>> for Lines {
    fn from(lines: Vec<T>) -> Self {
        Self(lines.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Text>, const N: usize> From<[T; N]> for Lines {
    fn from(lines: [T; N]) -> Self {
        Self(lines.into_iter().map(Into::into).collect())
    }
}

/// Makes characters visible that a terminal would act on.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Writes our own marks and lines in characters that every terminal has.
pub(crate) fn in_ascii(text: &str) -> String {
    let plain = |c| match c {
        '✔' => '+',
        '▲' => '!',
        '✖' => 'x',
        '·' | '─' => '-',
        '│' => '|',
        c => c,
    };
    text.chars().map(plain).collect()
}

/// Writes such characters in a JSON text as `\u202e`, which says the same to every parser. Its line breaks stay: inside a string JSON has none.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) && c != '\n' {
            let escape = format!("\\u{:04x}", u32::from(c));
            out.push_str(&escape);
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters (U+0000-U+001F, U+007F-U+009F), line and paragraph separators, and what reorders its neighbours (Unicode UAX #9 §2).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Lines, Text, escaped, safe};
    use crate::tone::Tone;

    #[test]
    fn a_stranger_cannot_move_the_cursor_or_the_text() {
        assert_eq!(
            safe("ok\u{1b}[2J\u{202e}x\u{9b}31m\u{7f}\r\nALLOW\u{2028}"),
            "ok\u{fffd}[2J\u{fffd}x\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}ALLOW\u{fffd}"
        );
        let lines = Lines::from([Text::in_tone(Tone::Red, "DENY\u{1b}[0m").then(" a\nb"), Text::from("c")]).to_string();
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(lines.matches("\u{1b}[0m").count(), 1, "the style's own end, and no other: {lines:?}");
    }

    #[test]
    fn lines_break_at_spaces_and_words_stay_whole() {
        let shown = |text: &str, columns: usize| Lines::from(text).wrapped(columns).to_string();
        assert_eq!(shown("one two three", 13), "one two three");
        assert_eq!(shown("  one two three", 9), "  one two\n    three");
        assert_eq!(shown("did:key:z6MkhaXgBZDvotDkL5257 is his", 12), "did:key:z6MkhaXgBZDvotDkL5257\n  is his");
        assert_eq!(shown("  ✖ DENY   Withdrawn          ", 20), "  ✖ DENY   Withdrawn");
        let styled = Lines::from(Text::in_tone(Tone::Red, "one two").then(" three")).wrapped(8).to_string();
        assert_eq!(styled.lines().count(), 2, "{styled:?}");
        assert!(styled.lines().all(|line| line.chars().count() > 3), "{styled:?}");
    }

    #[test]
    fn an_isolated_piece_is_isolated_on_each_line_and_cannot_end_it() {
        let words = waypass_words::Words::new(waypass_words::Language::Arabic, &|_| 0);
        let said = Text::from("  ").then_said(words.say(&waypass_screen::Message::Text("one two\u{2069} three".into())));
        assert_eq!(Lines::from(said.clone()).to_string(), "  \u{2068}one two\u{fffd} three\u{2069}");
        assert_eq!(Lines::from(said).wrapped(11).to_string(), "  \u{2068}one two\u{fffd}\u{2069}\n    \u{2068}three\u{2069}");
    }

    #[test]
    fn json_says_the_same_without_them() {
        let value = serde_json::json!({ "iss": "good\u{202e}gpj.live", "note": "\u{9b}31m\u{7f}\n", "list": [1, 2] });
        let text = serde_json::to_string_pretty(&value).expect("written");
        assert_eq!(escaped(&text).matches(char::is_control).count(), text.matches('\n').count());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped(&text)).expect("still JSON"), value);
    }
}
