//! Secrets come from a prompt on the terminal, a file or an open file descriptor; never from a flag or the environment.

use crate::exit::{Exit, Failure};
use crate::output::Out;
use clap::Args;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// No pass phrase a person types is longer.
const MAX_SECRET: u64 = 1024;

/// Where the secret of this command comes from.
#[derive(Args, Clone, Debug)]
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
    /// The secret of something that exists: asked once.
    pub(crate) fn read(&self, out: Out, input: Input, prompt: &str) -> Result<Secret, Failure> {
        match self.source() {
            Some(path) => from_file(&path, out),
            None => ask(input, prompt),
        }
    }

    /// A new secret: asked twice, because nobody sees what was typed.
    pub(crate) fn choose(&self, out: Out, input: Input, prompt: &str) -> Result<Secret, Failure> {
        if let Some(path) = self.source() {
            return from_file(&path, out);
        }
        let first = ask(input, prompt)?;
        if *ask(input, "the same again: ")? == *first {
            return Ok(first);
        }
        Err(Failure::usage("the two secrets differ", "run the command again and type the same secret twice"))
    }

    fn source(&self) -> Option<PathBuf> {
        self.secret_file.clone().or_else(|| self.secret_fd.map(|number| PathBuf::from(format!("/dev/fd/{number}"))))
    }
}

/// Whether the person may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// On the terminal, when there is one.
    Terminal,
    /// `--no-input`: a question is a failure.
    Never,
}

/// Asks for a secret on the terminal without showing it.
fn ask(input: Input, prompt: &str) -> Result<Secret, Failure> {
    const NEXT: &str = "give the secret with --secret-file FILE or --secret-fd N";
    if input == Input::Never {
        return Err(Failure::new(Exit::Locked, "a secret is needed and --no-input forbids asking", NEXT));
    }
    match rpassword::prompt_password(prompt) {
        Ok(text) => not_empty(Zeroizing::new(text.into_bytes())),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(interrupted()),
        Err(_) => Err(Failure::new(Exit::Locked, "a secret is needed and there is no terminal to ask on", NEXT)),
    }
}

/// A yes-or-no question on the terminal; anything but yes is no.
pub(crate) fn confirm(input: Input, question: &str, flag: &str) -> Result<bool, Failure> {
    use std::io::{BufRead, BufReader, Write};
    let no_terminal =
        || Failure::usage(format!("`{question}` needs an answer and nobody can be asked"), format!("add {flag} if that is what you want"));
    if input == Input::Never {
        return Err(no_terminal());
    }
    let mut tty = File::options().read(true).write(true).open("/dev/tty").map_err(|_| no_terminal())?;
    write!(tty, "{question} [y/N] ").and_then(|()| tty.flush()).map_err(|_| no_terminal())?;
    let mut answer = String::new();
    BufReader::new(tty.take(64)).read_line(&mut answer).map_err(|_| interrupted())?;
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
        && write!(tty, "{message} ").is_ok()
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
    not_empty(bytes)
}

fn not_empty(secret: Secret) -> Result<Secret, Failure> {
    if secret.is_empty() {
        return Err(Failure::usage("the secret is empty", "give a secret of at least one character"));
    }
    Ok(secret)
}
