//! From a message to its text.

use crate::language::{Direction, Language};
use crate::piece::Piece;
use crate::table::Part;
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use waypass_credential::time::Timestamp;
use waypass_screen::{Message, Plain, Value};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The words of one language, in one time zone.
#[derive(Clone, Copy)]
pub struct Words<'z> {
    language: Language,
    offset: &'z dyn Fn(Timestamp) -> i32,
}

impl core::fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl<'z> Words<'z> {
    /// Takes the language, and how many seconds the local time is ahead of UTC at a time.
    pub const fn new(language: Language, offset: &'z dyn Fn(Timestamp) -> i32) -> Self {
        Self { language, offset }
    }

    /// Returns the language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Returns the text of a message. What is isolated is between marks of Unicode.
    pub fn text(&self, message: &Message) -> String {
        self.say(message).iter().map(ToString::to_string).collect()
    }

    /// Returns the text of a message in pieces, for a shell that marks what is isolated in its own way.
    pub fn say(&self, message: &Message) -> Vec<Piece> {
        let mut out = Vec::new();
        self.put(message, &mut out);
        out
    }

    fn put(&self, message: &Message, out: &mut Vec<Piece>) {
        let is_reversed = self.language.direction() == Direction::RightToLeft;
        match message {
            Message::Text(text) => out.push(Piece::foreign(text, is_reversed)),
            Message::Date(at) => {
                let date: String = self.date(*at).iter().map(|piece| piece.text.as_str()).collect();
                out.push(Piece { text: date, isolated: is_reversed });
            }
            Message::Span(seconds) => self.span(*seconds, out),
            Message::Row(items) => self.row(items, out),
            Message::List(items) => match items.as_slice() {
                [] => self.put(&Plain::Nothing.into(), out),
                [one] => self.put(one, out),
                [most @ .., last] => {
                    let arguments = [("most", Value::Message(Message::Row(most.to_vec()))), ("last", Value::Message(last.clone()))];
                    self.fill(("list-and", ""), &arguments, out);
                }
            },
            sentence => {
                if let Some(key) = sentence.key() {
                    self.fill(key, &sentence.arguments(), out);
                }
            }
        }
    }

    fn row(&self, items: &[Message], out: &mut Vec<Piece>) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.fill(("list-comma", ""), &[], out);
            }
            self.put(item, out);
        }
    }

    /// Puts a length of time in its largest fitting unit: `40 s`, `5 min`, `2 h`, `3 days`.
    fn span(&self, seconds: i64, out: &mut Vec<Piece>) {
        let seconds = seconds.max(0);
        let (id, number) = match seconds {
            ..=119 => ("span-seconds", seconds),
            120..=7_199 => ("span-minutes", seconds / MINUTE),
            7_200..=172_799 => ("span-hours", seconds / HOUR),
            _ => ("span-days", seconds / DAY),
        };
        self.fill((id, ""), &[("n", Value::Number(number))], out);
    }

    /// Returns a date and time, with the zone.
    fn date(&self, at: Timestamp) -> Vec<Piece> {
        let offset = (self.offset)(at);
        // `2026-11-20T14:05:00Z`, of the local time.
        let local = at.plus(offset.into()).to_rfc3339();
        let field = |from: usize, to: usize| Value::Text(local.get(from..to).unwrap_or_default().into());
        let zone = if offset == 0 {
            "UTC".into()
        } else {
            let minutes = offset.unsigned_abs() / 60;
            format!("{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
        };
        let arguments = [
            ("year", field(0, 4)),
            ("month", field(5, 7)),
            ("day", field(8, 10)),
            ("hour", field(11, 13)),
            ("minute", field(14, 16)),
            ("zone", Value::Text(zone)),
        ];
        let mut out = vec![];
        self.fill(("date", ""), &arguments, &mut out);
        out
    }

    fn fill(&self, key: (&str, &str), arguments: &[(&str, Value)], out: &mut Vec<Piece>) {
        let table = self.language.table();
        match table.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => self.parts(table[at].1, arguments, out),
            // Cannot be: a test compares every key with the tables. An id is still better than nothing.
            Err(_) => out.push(Piece::ours(key.0)),
        }
    }

    fn parts(&self, parts: &[Part], arguments: &[(&str, Value)], out: &mut Vec<Piece>) {
        let argument = |name: &str| arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        for part in parts {
            match part {
                Part::Text(text) => out.push(Piece::ours(text)),
                Part::Argument(name) => match argument(name) {
                    Some(Value::Message(message)) => self.put(message, out),
                    Some(Value::Number(number)) => out.push(Piece::ours(&number.to_string())),
                    Some(Value::Text(text)) => out.push(Piece::foreign(text, self.language.direction() == Direction::RightToLeft)),
                    None => {}
                },
                Part::Choice { by, cases, other } => {
                    let number = if let Some(Value::Number(number)) = argument(by) { *number } else { 0 };
                    let category = self.language.category(number);
                    let case = cases.iter().find(|(known, _)| *known == category).map_or(*other, |(_, parts)| parts);
                    self.parts(case, arguments, out);
                }
            }
        }
    }
}
