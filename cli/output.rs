//! The two streams: results on standard output, messages on standard error, both safe against a closed pipe. Text is made safe here and nowhere
//! else: much of it was written by strangers, and styles are added after it.
//!
//! With `--json` both streams are JSON: one document on standard output, and on standard error one line for each message, warning and error.

use crate::caller::Caller;
use crate::exit::{Failure, plain};
use crate::text::{Lines, Text, escaped, in_ascii};
use crate::tone::Tone;
use crate::words::with_local_times;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::sync::OnceLock;
use waypass_net::session::{Stream, Terminal};

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
#[derive(Clone, Copy)]
pub(crate) struct Out<'c> {
    shape: Shape,
    quiet: bool,
    verbose: bool,
    caller: Option<&'c Caller>,
}

impl<'c> Out<'c> {
    /// Returns the streams of this process, or of the one that called.
    pub(crate) const fn new(shape: Shape, quiet: bool, verbose: bool, caller: Option<&'c Caller>) -> Self {
        Self { shape, quiet, verbose, caller }
    }

    /// Returns the process that called, if it is another one.
    pub(crate) const fn caller(self) -> Option<&'c Caller> {
        self.caller
    }

    /// Returns the streams of this process, for a verb that no session does.
    pub(crate) const fn own(self) -> Out<'static> {
        Out { shape: self.shape, quiet: self.quiet, verbose: self.verbose, caller: None }
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
            let text = fitted(text.into(), self.window().map(|(columns, _)| columns)).to_string();
            self.show(&self.marks(text));
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
            self.show(&self.marks(page.to_owned()));
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
        self.show(&escaped(&text));
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
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes_by(|to| to.write_all(bytes))
    }

    /// Prints like [`Self::bytes`], piece by piece.
    pub(crate) fn bytes_by(self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
        if let Some(caller) = self.caller {
            return write(&mut ToCaller(caller)).map_err(|error| lost(&plain(&error)));
        }
        let mut out = std::io::stdout().lock();
        match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(lost(&plain(&error))),
            _ => Ok(()),
        }
    }

    /// Says that part of the result was not written, if so. A command that is otherwise done has failed then.
    pub(crate) fn loss(self) -> Option<Failure> {
        // A process that called knows by itself.
        LOST.get().filter(|_| self.caller.is_none()).map(|why| lost(why))
    }

    /// Writes what a session sends for this process.
    pub(crate) fn relay(self, stream: Stream, bytes: &[u8]) -> Result<(), Failure> {
        match stream {
            Stream::Output => return self.bytes(bytes),
            Stream::Words => result(anstream::stdout().write_all(bytes)),
            Stream::Messages => message(anstream::stderr().write_all(bytes)),
        }
        Ok(())
    }

    /// Returns what the two streams of this process are, for a session that writes to them.
    pub(crate) fn terminal(self) -> Terminal {
        let size = |size: rustix::termios::Winsize| (size.ws_col, size.ws_row);
        Terminal {
            output: tcgetwinsize(std::io::stdout()).ok().map(size),
            messages: tcgetwinsize(std::io::stderr()).ok().map(|size| size.ws_col),
            coloured: self.is_coloured(),
            marks: self.shows_marks(),
        }
    }

    /// Returns the columns and rows of the terminal that standard output is.
    pub(crate) fn window(self) -> Option<(usize, usize)> {
        let size = match self.caller {
            Some(caller) => caller.terminal().output,
            None => self.terminal().output,
        };
        size.map(|(columns, rows)| (usize::from(columns), usize::from(rows)))
    }

    /// Returns true if standard output is a terminal.
    pub(crate) fn is_terminal(self) -> bool {
        match self.caller {
            Some(caller) => caller.terminal().output.is_some(),
            None => std::io::stdout().is_terminal(),
        }
    }

    /// Returns true if somebody can look at a bar that moves while the command works.
    pub(crate) fn shows_bars(self) -> bool {
        !self.quiet && !self.is_json() && self.caller.is_none() && std::io::stderr().is_terminal()
    }

    /// Returns true if standard output shows colours.
    pub(crate) fn is_coloured(self) -> bool {
        match self.caller {
            Some(caller) => caller.terminal().coloured,
            None => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        }
    }

    /// Returns true if the character set has more than ASCII.
    pub(crate) fn shows_marks(self) -> bool {
        self.caller.map_or_else(locale_has_marks, |caller| caller.terminal().marks)
    }

    /// Our own marks as the character set can show them.
    fn marks(self, text: String) -> String {
        if self.shows_marks() { text } else { in_ascii(&text) }
    }

    /// Writes a result and ends its line.
    fn show(self, text: &str) {
        self.part(&format!("{text}\n"));
    }

    /// Writes a part of a result.
    fn part(self, text: &str) {
        match self.caller {
            Some(caller) => caller.write(Stream::Words, text.as_bytes()),
            None => result(write!(anstream::stdout(), "{text}")),
        }
    }

    /// Writes a message and ends its line.
    fn inform(self, text: &str) {
        match self.caller {
            Some(caller) => caller.write(Stream::Messages, format!("{text}\n").as_bytes()),
            None => message(writeln!(anstream::stderr(), "{text}")),
        }
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
            self.inform(&escaped(&document.to_string()));
        } else {
            let text = if level == WARNING { text.after(Text::in_tone(Tone::Amber, "warning:").then(" ")) } else { text };
            self.inform(&self.local(text));
        }
    }

    /// Prints how a command failed: what happened, then what to do next.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.is_json() {
            let document = serde_json::json!({
                "schema": "waypass.error/1", "exit": failure.exit as u8, "what": failure.what, "next": failure.next,
            });
            self.inform(&escaped(&document.to_string()));
        } else {
            let what = Text::in_tone(Tone::Red, "waypass:").then(" ").then(&*failure.what);
            self.inform(&self.local(Lines::from([what, Text::from(format!("         {}", failure.next))])));
        }
    }

    /// Returns a message with its times as people read them.
    fn local(self, text: Lines) -> String {
        let columns = match self.caller {
            Some(caller) => caller.terminal().messages,
            None => self.terminal().messages,
        };
        self.marks(with_local_times(&fitted(text, columns.map(usize::from)).to_string()))
    }
}

/// A list that is printed as it comes, in the same form as [`Out::list`]; the caller prints the words.
pub(crate) struct Listing<'c> {
    out: Out<'c>,
    schema: &'static str,
    name: &'static str,
    count: u64,
}

impl<'c> Listing<'c> {
    pub(crate) const fn new(out: Out<'c>, schema: &'static str, name: &'static str) -> Self {
        Self { out, schema, name, count: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Prints an item, for a program.
    pub(crate) fn item(&mut self, document: impl FnOnce() -> serde_json::Value) -> Result<(), Failure> {
        self.count += 1;
        match self.out.shape {
            Shape::Words => Ok(()),
            Shape::Json => {
                let text = serde_json::to_string_pretty(&document()).map_err(|error| unwritable(&error))?;
                let lead = if self.count == 1 { format!("{{\n  \"{}\": [", self.name) } else { ",".to_owned() };
                self.out.part(&format!("{lead}\n    {}", escaped(&text).replace('\n', "\n    ")));
                Ok(())
            }
            Shape::JsonLines => self.out.list(self.schema, self.name, &[document()], || ()),
        }
    }

    /// Prints the end of the document.
    pub(crate) fn end(self) {
        if self.out.shape == Shape::Json {
            let lead = if self.count == 0 { format!("{{\n  \"{}\": []", self.name) } else { "\n  ]".to_owned() };
            self.out.show(&format!("{lead},\n  \"schema\": \"{}\"\n}}", self.schema));
        }
    }
}

/// The standard output of the process that called.
struct ToCaller<'c>(&'c Caller);

impl Write for ToCaller<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(Stream::Output, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
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

/// Narrower than this a terminal breaks the lines itself.
const NARROWEST: usize = 20;

/// Lines that fit the terminal they go to; files and pipes have no width.
fn fitted(text: Lines, columns: Option<usize>) -> Lines {
    match columns {
        Some(columns) if columns >= NARROWEST => text.wrapped(columns),
        _ => text,
    }
}

/// Returns true if the locale has more characters than ASCII. An unnamed one is taken for UTF-8, as services and containers have it.
fn locale_has_marks() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    !matches!(named.as_deref(), Some("C" | "POSIX"))
}
