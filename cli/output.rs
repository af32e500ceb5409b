//! The two streams: results on standard output, messages on standard error, both safe against a closed pipe. Text is made safe here and nowhere
//! else: much of it was written by strangers, and styles are added after it.
//!
//! With `--json` both streams are JSON: one document on standard output, and on standard error one line for each message, warning and error.

use crate::exit::{Failure, plain};
use crate::text::{Lines, Text, escaped, in_ascii};
use crate::tone::Tone;
use crate::words::with_local_times;
use rustix::termios::{Winsize, tcgetwinsize};
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// The content of standard output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Words for a person.
    Words,
    /// One JSON document.
    Json,
    /// One JSON document a line, for lists.
    JsonLines,
}

/// The streams that a command writes to. A reader that has gone away never changes the exit code; a result that could not be written does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    shape: Shape,
    quiet: bool,
    verbose: bool,
}

impl Out {
    pub(crate) const fn new(shape: Shape, quiet: bool, verbose: bool) -> Self {
        Self { shape, quiet, verbose }
    }

    /// Returns true if messages were asked away.
    pub(crate) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Returns the streams without messages, for what is written again and again.
    pub(crate) const fn without_notes(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// Returns true if standard output carries JSON.
    pub(crate) fn is_json(self) -> bool {
        self.shape != Shape::Words
    }

    /// Prints the result in words; nothing when JSON was asked for.
    pub(crate) fn words(self, text: impl Into<Lines>) {
        if self.shape == Shape::Words {
            let text = fitted(text.into(), tcgetwinsize(std::io::stdout())).to_string();
            result(writeln!(anstream::stdout(), "{}", marks(text)));
        }
    }

    /// Prints the words about a result that went to `path`: on standard output, unless the result itself is there.
    pub(crate) fn delivered(self, path: &std::path::Path, text: impl Into<Lines>) {
        match self.shape {
            Shape::Words if crate::stdio::is_dash(path) => self.note(text),
            _ => self.words(text),
        }
    }

    /// Prints a page that this program's own sources hold, with the styles in it; nothing when JSON was asked for.
    pub(crate) fn page(self, page: &str) {
        if self.shape == Shape::Words {
            result(writeln!(anstream::stdout(), "{}", marks(page.to_owned())));
        }
    }

    /// Prints the result as one JSON document; nothing when words were asked for.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.shape {
            Shape::Words => return Ok(()),
            Shape::Json => serde_json::to_string_pretty(value),
            Shape::JsonLines => serde_json::to_string(value),
        }
        .map_err(|error| unwritable(&error))?;
        result(writeln!(anstream::stdout(), "{}", escaped(&text)));
        Ok(())
    }

    /// Prints one of many results as one line of JSON; nothing when words were asked for.
    pub(crate) fn json_line(self, value: &impl Serialize) -> Result<(), Failure> {
        let shape = if self.is_json() { Shape::JsonLines } else { Shape::Words };
        Self { shape, ..self }.json(value)
    }

    /// Prints a list: words, one document `{schema, ITEMS: [..]}`, or with `--jsonl` one document an item, which names the schema too.
    pub(crate) fn list<T: Serialize>(self, schema: &str, name: &str, items: &[T], words: impl FnOnce()) -> Result<(), Failure> {
        match self.shape {
            Shape::Words => words(),
            Shape::Json => self.json(&serde_json::json!({ "schema": schema, name: items }))?,
            Shape::JsonLines => items.iter().try_for_each(|item| {
                let mut item = serde_json::to_value(item).map_err(|error| unwritable(&error))?;
                if let Some(members) = item.as_object_mut() {
                    members.entry("schema").or_insert_with(|| schema.into());
                }
                self.json(&item)
            })?,
        }
        Ok(())
    }

    /// Prints a result as it is, such as a file asked for with `-`. With `--json` the caller puts it into its document instead.
    #[expect(clippy::unused_self, reason = "every write to standard output goes through the one place that knows about closed pipes")]
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(lost(&plain(&error))),
            _ => Ok(()),
        }
    }

    /// Says that part of the result was not written, if so. A command that is otherwise done has failed then.
    #[expect(clippy::unused_self, reason = "there is one standard output, and this is its state")]
    pub(crate) fn loss(self) -> Option<Failure> {
        LOST.get().map(|why| lost(why))
    }

    /// Prints a message to the person: what was done, what to know.
    pub(crate) fn note(self, text: impl Into<Lines>) {
        if !self.quiet {
            self.tell("note", text.into());
        }
    }

    /// Prints a message only `-v` shows.
    pub(crate) fn detail(self, text: impl Into<Lines>) {
        if self.verbose && !self.quiet {
            self.tell("detail", text.into());
        }
    }

    /// Prints a message that `-q` does not silence: a warning about safety.
    pub(crate) fn warn(self, text: impl Into<Lines>) {
        self.tell(WARNING, text.into());
    }

    /// Words for a person; a line of JSON for a program.
    fn tell(self, level: &str, text: Lines) {
        if self.is_json() {
            let document = serde_json::json!({ "schema": "waypass.message/1", "level": level, "text": text.plain() });
            message(writeln!(std::io::stderr(), "{}", escaped(&document.to_string())));
        } else {
            let text = if level == WARNING { text.after(Text::in_tone(Tone::Amber, "warning:").then(" ")) } else { text };
            message(writeln!(anstream::stderr(), "{}", local(text)));
        }
    }

    /// Prints how a command failed: what happened, then what to do next.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.is_json() {
            let document = serde_json::json!({
                "schema": "waypass.error/1", "exit": failure.exit as u8, "what": failure.what, "next": failure.next,
            });
            message(writeln!(std::io::stderr(), "{}", escaped(&document.to_string())));
        } else {
            let what = Text::in_tone(Tone::Red, "waypass:").then(" ").then(&*failure.what);
            message(writeln!(anstream::stderr(), "{}", local(Lines::from([what, Text::from(format!("         {}", failure.next))]))));
        }
    }
}

/// The level of a message that `-q` does not silence.
const WARNING: &str = "warning";

/// Why the first piece of the result was not written. The writer of words has no use for the error; the command's end has.
static LOST: OnceLock<String> = OnceLock::new();

/// A reader that closed its end wants no more; a full disk behind `>` loses the result.
fn result(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| plain(&error));
    }
}

/// A failure to write a message has nowhere to be told.
fn message(written: std::io::Result<()>) {
    drop(written);
}

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::internal(format!("cannot write the result as JSON: {error}"), "run it again without --json")
}

fn lost(why: &str) -> Failure {
    Failure::internal(
        format!("cannot write to standard output: {why}"),
        "what the command did stays done; make room, then ask for the result again",
    )
}

/// Returns a message with its times as people read them.
fn local(text: Lines) -> String {
    marks(with_local_times(&fitted(text, tcgetwinsize(std::io::stderr())).to_string()))
}

/// Narrower than this a terminal breaks the lines itself.
const NARROWEST: usize = 20;

/// Lines that fit the terminal they go to; files and pipes have no width.
fn fitted(text: Lines, window: rustix::io::Result<Winsize>) -> Lines {
    match window.map(|size| usize::from(size.ws_col)) {
        Ok(columns) if columns >= NARROWEST => text.wrapped(columns),
        _ => text,
    }
}

/// Our own marks as the locale can show them.
fn marks(text: String) -> String {
    if shows_marks() { text } else { in_ascii(&text) }
}

/// Returns true if the locale has more characters than ASCII. An unnamed one is taken for UTF-8, as services and containers have it.
pub(crate) fn shows_marks() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    !matches!(named.as_deref(), Some("C" | "POSIX"))
}
