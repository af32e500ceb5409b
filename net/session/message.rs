//! The messages, and their bytes: an array in deterministic CBOR (RFC 8949 §4.2.1) that begins with the number of its kind.

use std::time::Duration;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::Zeroizing;

/// Words that a command line may have.
const MAX_WORDS: usize = 1024;
/// The longest name of a language or a server.
const MAX_NAME: usize = 4096;

/// A message that a command sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Do this command. A working folder and a standard input come with it.
    Run(Call),
    /// The answer that the person typed.
    Answer(Zeroizing<Vec<u8>>),
    /// The person was not asked, or did not answer.
    NoAnswer(Unanswered),
    /// A piece of what was fetched.
    Piece(Vec<u8>),
    /// All of it has come, with this status of HTTP.
    Fetched(u16),
    /// Nothing was fetched.
    NoLink(NoLink),
    /// Wipe the keys and end.
    Lock,
    /// Say how the session stands.
    Status,
}

/// A message that the session sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// Write this.
    Write(Stream, Vec<u8>),
    /// Ask the person, and send the answer.
    Ask(Question),
    /// Show this to the person, and not to what is piped.
    Say(String),
    /// A piece of what is to be sent with the next errand.
    Piece(Vec<u8>),
    /// Fetch this: the process with the keys speaks to no server.
    Fetch(Errand),
    /// The command has ended with this exit code.
    Ended(u8),
    /// The vault is locked, for this reason: the command may open it by itself.
    Locked(String),
    /// How the session stands.
    Standing(Standing),
}

/// A command, and what it needs of the process that was called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The words of the command line, without the name of the program.
    pub words: Vec<Vec<u8>>,
    /// The language of verdicts.
    pub language: String,
    /// The place where it synchronizes when it is not told.
    pub server: Option<String>,
    /// The streams that it writes to.
    pub terminal: Terminal,
    /// The number of its mount namespace: with another one, names mean other files.
    pub mounts: u64,
}

/// The two streams of a command.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// Columns and rows, where standard output is a terminal.
    pub output: Option<(u16, u16)>,
    /// Columns, where standard error is a terminal.
    pub messages: Option<u16>,
    /// Standard output shows colours.
    pub coloured: bool,
    /// The character set has more than ASCII.
    pub marks: bool,
}

/// The stream that something is to be written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output, as it is.
    Output,
    /// Standard output; its styles are left out where nothing shows them.
    Words,
    /// Standard error; its styles are left out where nothing shows them.
    Messages,
}

/// Something that the caller fetches over its link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Errand {
    /// The address of the service.
    pub base: String,
    /// The address below it.
    pub path: String,
    /// A POST of the pieces that were sent before; else a GET.
    pub has_body: bool,
    /// Most bytes of an answer.
    pub limit: u64,
}

/// How a caller's link failed, in the words for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoLink {
    /// The exit code of a command that fails so.
    pub exit: u8,
    /// The failure.
    pub what: String,
    /// The next step.
    pub next: String,
}

/// A question to the person in front of the command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The question.
    pub prompt: String,
    /// The answer is not shown while it is typed.
    pub is_secret: bool,
    /// How long it waits for a key to be pressed.
    pub limit: Option<Duration>,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unanswered {
    /// There is no terminal.
    NoTerminal,
    /// Ctrl-C.
    Interrupted,
    /// The input ended.
    Ended,
    /// Nobody pressed a key in time.
    TimedOut,
}

/// How a session stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The names of its scopes.
    pub scopes: Vec<String>,
    /// The keys are in memory. A gate's session that opens itself again may hold none.
    pub is_open: bool,
    /// Seconds until it locks if nobody uses it.
    pub idle_seconds: u64,
    /// Seconds until it locks however it is used.
    pub whole_seconds: u64,
    /// The key file opens it again when it is needed.
    pub opens_itself: bool,
    /// The person whose wallet it is, on a device that several share.
    pub user: Option<String>,
}

/// A message of one of the two sides.
pub(super) trait Message: Sized {
    /// Writes it.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>>;
    /// Reads it. Every other spelling is refused.
    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical>;
}

fn written(len: usize, kind: u64, write: impl FnOnce(&mut Writer)) -> Zeroizing<Vec<u8>> {
    // Enough for an answer, which then has no copy in memory that was given back.
    let mut writer = Writer::with_capacity(2048);
    writer.array(len).unsigned(kind);
    write(&mut writer);
    Zeroizing::new(writer.into_bytes())
}

impl Message for Request {
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Run(call) => written(6, 0, |to| call.write(to)),
            Self::Answer(text) => written(2, 1, |to| {
                to.bytes(text);
            }),
            Self::NoAnswer(why) => written(2, 2, |to| {
                to.unsigned(*why as u64);
            }),
            Self::Lock => written(1, 3, |_| ()),
            Self::Status => written(1, 4, |_| ()),
            Self::Piece(bytes) => written(2, 5, |to| {
                to.bytes(bytes);
            }),
            Self::Fetched(status) => written(2, 6, |to| {
                to.unsigned(u64::from(*status));
            }),
            Self::NoLink(NoLink { exit, what, next }) => written(4, 7, |to| {
                to.unsigned(u64::from(*exit)).text(what).text(next);
            }),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        let message = match (from.array()?, from.unsigned()?) {
            (6, 0) => Self::Run(Call::read(&mut from)?),
            (2, 1) => Self::Answer(Zeroizing::new(from.bytes()?.to_vec())),
            (2, 2) => Self::NoAnswer(match from.unsigned()? {
                0 => Unanswered::NoTerminal,
                1 => Unanswered::Interrupted,
                2 => Unanswered::Ended,
                3 => Unanswered::TimedOut,
                _ => return Err(NotCanonical),
            }),
            (1, 3) => Self::Lock,
            (1, 4) => Self::Status,
            (2, 5) => Self::Piece(from.bytes()?.to_vec()),
            (2, 6) => Self::Fetched(u16::try_from(from.unsigned()?).map_err(|_| NotCanonical)?),
            (4, 7) => Self::NoLink(NoLink { exit: small(&mut from)?, what: from.text()?.to_owned(), next: from.text()?.to_owned() }),
            _ => return Err(NotCanonical),
        };
        from.end()?;
        Ok(message)
    }
}

impl Message for Response {
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Write(stream, bytes) => written(3, 0, |to| {
                to.unsigned(*stream as u64).bytes(bytes);
            }),
            Self::Ask(Question { prompt, is_secret, limit }) => written(4, 1, |to| {
                let seconds = limit.map(|limit| limit.as_secs());
                to.text(prompt).bool(*is_secret).option(seconds, |to, seconds| {
                    to.unsigned(seconds);
                });
            }),
            Self::Say(text) => written(2, 2, |to| {
                to.text(text);
            }),
            Self::Ended(code) => written(2, 3, |to| {
                to.unsigned(u64::from(*code));
            }),
            Self::Locked(why) => written(2, 4, |to| {
                to.text(why);
            }),
            Self::Standing(standing) => written(7, 5, |to| standing.write(to)),
            Self::Piece(bytes) => written(2, 6, |to| {
                to.bytes(bytes);
            }),
            Self::Fetch(Errand { base, path, has_body, limit }) => written(5, 7, |to| {
                to.text(base).text(path).bool(*has_body).unsigned(*limit);
            }),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        let message = match (from.array()?, from.unsigned()?) {
            (3, 0) => {
                let stream = match from.unsigned()? {
                    0 => Stream::Output,
                    1 => Stream::Words,
                    2 => Stream::Messages,
                    _ => return Err(NotCanonical),
                };
                Self::Write(stream, from.bytes()?.to_vec())
            }
            (4, 1) => Self::Ask(Question {
                prompt: from.text()?.to_owned(),
                is_secret: from.bool()?,
                limit: from.option(|from| from.unsigned().map(Duration::from_secs))?,
            }),
            (2, 2) => Self::Say(from.text()?.to_owned()),
            (2, 3) => Self::Ended(small(&mut from)?),
            (2, 4) => Self::Locked(from.text()?.to_owned()),
            (7, 5) => Self::Standing(Standing::read(&mut from)?),
            (2, 6) => Self::Piece(from.bytes()?.to_vec()),
            (5, 7) => Self::Fetch(Errand {
                base: from.string(MAX_NAME)?,
                path: from.string(MAX_NAME)?,
                has_body: from.bool()?,
                limit: from.unsigned()?,
            }),
            _ => return Err(NotCanonical),
        };
        from.end()?;
        Ok(message)
    }
}

fn small(from: &mut Reader<'_>) -> Result<u8, NotCanonical> {
    u8::try_from(from.unsigned()?).map_err(|_| NotCanonical)
}

impl Call {
    fn write(&self, to: &mut Writer) {
        to.array(self.words.len());
        for word in &self.words {
            to.bytes(word);
        }
        to.text(&self.language).option(self.server.as_deref(), |to, server| {
            to.text(server);
        });
        let Terminal { output, messages, coloured, marks } = self.terminal;
        let (columns, rows) = output.unzip();
        to.array(5);
        for size in [columns, rows, messages] {
            to.option(size, |to, size| {
                to.unsigned(u64::from(size));
            });
        }
        to.bool(coloured).bool(marks).unsigned(self.mounts);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let words = (0..from.array_up_to(MAX_WORDS)?).map(|_| from.bytes().map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
        let language = from.string(MAX_NAME)?;
        let server = from.option(|from| from.string(MAX_NAME))?;
        from.array_of(5)?;
        let mut size = || from.option(|from| u16::try_from(from.unsigned()?).map_err(|_| NotCanonical));
        let output = match (size()?, size()?) {
            (Some(columns), Some(rows)) => Some((columns, rows)),
            (None, None) => None,
            _ => return Err(NotCanonical),
        };
        let messages = size()?;
        let terminal = Terminal { output, messages, coloured: from.bool()?, marks: from.bool()? };
        Ok(Self { words, language, server, terminal, mounts: from.unsigned()? })
    }
}

impl Standing {
    fn write(&self, to: &mut Writer) {
        to.array(self.scopes.len());
        for scope in &self.scopes {
            to.text(scope);
        }
        to.bool(self.is_open).unsigned(self.idle_seconds).unsigned(self.whole_seconds).bool(self.opens_itself);
        to.option(self.user.as_deref(), |to, user| {
            to.text(user);
        });
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let scopes = (0..from.array_up_to(MAX_WORDS)?).map(|_| from.string(MAX_NAME)).collect::<Result<_, _>>()?;
        Ok(Self {
            scopes,
            is_open: from.bool()?,
            idle_seconds: from.unsigned()?,
            whole_seconds: from.unsigned()?,
            opens_itself: from.bool()?,
            user: from.option(|from| from.string(MAX_NAME))?,
        })
    }
}
