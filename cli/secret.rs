//! Secrets come from a prompt on the terminal, a file or an open file descriptor; never from a flag or the environment.

use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::output::Out;
use crate::words;
use clap::Args;
use patience::Patient;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::NotRead;
use waypass_machine::SystemRng;
use waypass_vault::Pin;
use waypass_vault::phrase::{self, LEAST, weakness};
use zeroize::{Zeroize, Zeroizing};

mod patience;
mod terminal;

/// No pass phrase a person types is longer.
const MAX_SECRET: u64 = 1024;

/// The source of this command's secret.
#[derive(Args, Clone, Default, Debug)]
pub(crate) struct SecretArgs {
    /// Read the secret from the first line of FILE instead of asking on the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "secret_fd")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Read the secret from the open file descriptor N
    #[arg(long, value_name = "N")]
    pub(crate) secret_fd: Option<u32>,
}

/// A secret; wiped when dropped.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

impl SecretArgs {
    /// Asks for the secret of something that exists: asked once.
    pub(crate) fn read(&self, out: Out, input: Input, prompt: &str) -> Result<Secret, Failure> {
        match self.source() {
            Some(path) => not_empty(from_file(&path, out)?),
            None => not_empty(ask(input, prompt)?),
        }
    }

    /// Asks for a new pass phrase: asked twice, because nobody sees what was typed. The weakest are refused, and
    /// nothing typed makes one of words.
    pub(crate) fn choose(&self, out: Out, input: Input, prompt: &str) -> Result<Secret, Failure> {
        if let Some(path) = self.source() {
            let secret = not_empty(from_file(&path, out)?)?;
            return match weakness(text(&secret)?) {
                None => Ok(secret),
                Some(why) => Err(Failure::usage(why, format!("choose several words, at least {LEAST} characters"))),
            };
        }
        let prompt = format!("{prompt} (or press Enter and get one of words): ");
        loop {
            let first = ask(input, &prompt)?;
            if first.is_empty() {
                return generated(input);
            }
            if let Some(why) = weakness(text(&first)?) {
                terminal::say(&format!("{why}; choose several words, at least {LEAST} characters")).map_err(|why| input.not_read(why))?;
                continue;
            }
            if *ask(input, "the same again: ")? == *first {
                return Ok(first);
            }
            terminal::say("the two differ; once more").map_err(|why| input.not_read(why))?;
        }
    }

    /// Asks for a new PIN: asked twice. The first that anybody would try are refused.
    pub(crate) fn choose_pin(&self, out: Out, input: Input) -> Result<Secret, Failure> {
        const NEXT: &str = "choose 6 to 32 digits that are no date and no row";
        if let Some(path) = self.source() {
            let pin = not_empty(from_file(&path, out)?)?;
            return match Pin::weakness(text(&pin)?) {
                None => Ok(pin),
                Some(why) => Err(Failure::usage(why, NEXT)),
            };
        }
        loop {
            let first = ask(input, "choose a PIN: ")?;
            if let Some(why) = Pin::weakness(text(&first)?) {
                terminal::say(&format!("{why}; {NEXT}")).map_err(|why| input.not_read(why))?;
                continue;
            }
            if *ask(input, "the same again: ")? == *first {
                return Ok(first);
            }
            terminal::say("the two differ; once more").map_err(|why| input.not_read(why))?;
        }
    }

    /// Returns true if the secret comes from somewhere else than a person who is asked.
    pub(crate) const fn is_given(&self) -> bool {
        self.secret_file.is_some() || self.secret_fd.is_some()
    }

    fn source(&self) -> Option<PathBuf> {
        self.secret_file.clone().or_else(|| self.secret_fd.map(|number| PathBuf::from(format!("/dev/fd/{number}"))))
    }
}

/// True if the person may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// On the terminal, when there is one.
    Terminal,
    /// On the terminal, while the vault of this role is open. It locks itself when nobody answers.
    WhileOpen(Role),
    /// `--no-input`: a question is a failure.
    Never,
}

impl Input {
    /// Returns how to ask while the vault of `role` is open.
    pub(crate) const fn while_open(self, role: Role) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::Terminal | Self::WhileOpen(_) => Self::WhileOpen(role),
        }
    }

    const fn limit(self) -> Option<Duration> {
        match self {
            Self::WhileOpen(role) => Some(role.idle()),
            Self::Terminal | Self::Never => None,
        }
    }

    /// Returns the words for a question that ended without an answer.
    fn not_read(self, why: NotRead) -> Failure {
        match (why, self) {
            (NotRead::Unanswered, Self::WhileOpen(role)) => {
                let span = words::span(i64::try_from(role.idle().as_secs()).unwrap_or(i64::MAX));
                let what = format!("nobody answered for {span}, so the {} locked itself; nothing was done", role.folder());
                Failure::new(Exit::Locked, what, "run the command again")
            }
            (NotRead::NoTerminal, _) => Failure::new(Exit::Locked, "a secret is needed and there is no terminal to ask on", OTHERWISE),
            (NotRead::Interrupted, _) => interrupted(),
            (NotRead::Ended | NotRead::Unanswered, _) => {
                Failure::new(Exit::Locked, "the input ended before a secret was typed", "run the command again and type it")
            }
        }
    }
}

/// Returns a secret as the text it must be.
pub(crate) fn text(secret: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(secret)
        .map_err(|_| Failure::usage("the secret is not text", "use a pass phrase of letters, digits and signs (UTF-8)"))
}

/// Makes a pass phrase and goes on when the person has it: nobody will show it again.
fn generated(input: Input) -> Result<Secret, Failure> {
    let phrase = phrase::generate(&mut SystemRng);
    let words = Zeroizing::new(format!("your pass phrase, shown only once:\n\n    {}\n", &*phrase));
    terminal::say(&words).map_err(|why| input.not_read(why))?;
    while *ask(input, "write it down, then type it: ")? != phrase.as_bytes() {
        terminal::say("that is another one; once more").map_err(|why| input.not_read(why))?;
    }
    Ok(Zeroizing::new(phrase.as_bytes().to_vec()))
}

/// Asks for a secret on the terminal without showing it.
fn ask(input: Input, prompt: &str) -> Result<Secret, Failure> {
    if input == Input::Never {
        return Err(Failure::new(Exit::Locked, "a secret is needed and --no-input forbids asking", OTHERWISE));
    }
    terminal::ask(&crate::text::safe(prompt), input.limit()).map_err(|why| input.not_read(why))
}

/// The other sources of a secret.
const OTHERWISE: &str = "give the secret with --secret-file FILE or --secret-fd N";

/// Asks a yes-or-no question on the terminal; anything but yes is no.
pub(crate) fn confirm(input: Input, question: &str, flag: &str) -> Result<bool, Failure> {
    use std::io::{BufRead, BufReader, Write};
    let no_terminal =
        || Failure::usage(format!("`{question}` needs an answer and nobody can be asked"), format!("add {flag} if that is what you want"));
    if input == Input::Never {
        return Err(no_terminal());
    }
    let mut tty = File::options().read(true).write(true).open("/dev/tty").map_err(|_| no_terminal())?;
    write!(tty, "{} [y/N] ", crate::text::safe(question)).and_then(|()| tty.flush()).map_err(|_| no_terminal())?;
    let mut answer = String::new();
    let typed = Patient::new(tty, input.limit()).take(64);
    BufReader::new(typed).read_line(&mut answer).map_err(|why| match why.kind() {
        std::io::ErrorKind::TimedOut => input.not_read(NotRead::Unanswered),
        _ => interrupted(),
    })?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// The person answered no, so the command did not do its work: a script must see that.
pub(crate) fn declined(what: &str) -> Failure {
    Failure::new(Exit::Interrupted, what, "you answered no; run the command again if you mean yes")
}

/// Waits for Enter when a person is there.
pub(crate) fn pause(message: &str) {
    use std::io::{BufRead, BufReader, Write};
    if let Ok(mut tty) = File::options().read(true).write(true).open("/dev/tty")
        && write!(tty, "{} ", crate::text::safe(message)).is_ok()
    {
        drop(BufReader::new(tty.take(64)).read_line(&mut String::new()));
    }
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted", "nothing was changed")
}

fn from_file(path: &Path, out: Out) -> Result<Secret, Failure> {
    let file = File::open(path).map_err(|error| Failure::file("read the secret from", path, &error))?;
    let about = file.metadata().map_err(|error| Failure::file("read the secret from", path, &error))?;
    if about.is_file() && about.mode() & 0o077 != 0 {
        out.warn(&format!("others on this machine may read {}; run `chmod 600` on it", path.display()));
    }
    // Read into one allocation that never grows, so that no copy is left behind in freed memory.
    let mut bytes: Secret = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_SECRET).unwrap_or(0) + 2));
    file.take(MAX_SECRET + 1).read_to_end(&mut bytes).map_err(|error| Failure::file("read the secret from", path, &error))?;
    if bytes.len() as u64 > MAX_SECRET {
        return Err(Failure::usage(
            format!("the secret in {} is longer than {MAX_SECRET} bytes", path.display()),
            "put the secret alone on the first line",
        ));
    }
    if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        if let Some(rest) = bytes.get_mut(end..) {
            rest.zeroize();
        }
        bytes.truncate(end);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(bytes)
}

fn not_empty(secret: Secret) -> Result<Secret, Failure> {
    if secret.is_empty() {
        return Err(Failure::usage("the secret is empty", "give a secret of at least one character"));
    }
    Ok(secret)
}
