//! Secrets come from a prompt on the terminal, a file or an open file descriptor; never from a flag or the environment.

use crate::exit::{Exit, Failure};
use crate::input::{Asks, Input};
use crate::output::Out;
use crate::words;
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_machine::SystemRng;
use waypass_net::session::{Question, Unanswered};
use waypass_vault::SecretRules;
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
    pub(crate) fn choose(&self, out: Out, input: Input, prompt: &str, rules: &SecretRules) -> Result<Secret, Failure> {
        let next = format!("choose several words, at least {} characters", rules.passphrase_characters());
        if let Some(path) = self.source() {
            let secret = not_empty(from_file(&path, out)?)?;
            return match rules.phrase_weakness(text(&secret)?) {
                None => Ok(secret),
                Some(why) => Err(Failure::usage(why, next)),
            };
        }
        let prompt = format!("{prompt} (or press Enter and get one of words): ");
        loop {
            let first = ask(input, &prompt)?;
            if first.is_empty() {
                if let Some(made) = generated(input, rules)? {
                    return Ok(made);
                }
                say(input, &format!("the rules of this site block too many words for that; {next}"))?;
                continue;
            }
            if let Some(why) = rules.phrase_weakness(text(&first)?) {
                say(input, &format!("{why}; {next}"))?;
                continue;
            }
            if *ask(input, "the same again: ")? == *first {
                return Ok(first);
            }
            say(input, "the two differ; once more")?;
        }
    }

    /// Asks for a new PIN: asked twice. The first that anybody would try are refused.
    pub(crate) fn choose_pin(&self, out: Out, input: Input, rules: &SecretRules) -> Result<Secret, Failure> {
        let next = format!("choose {} to 32 digits that are no date and no row", rules.pin_digits());
        if let Some(path) = self.source() {
            let pin = not_empty(from_file(&path, out)?)?;
            return match rules.pin_weakness(text(&pin)?) {
                None => Ok(pin),
                Some(why) => Err(Failure::usage(why, next)),
            };
        }
        loop {
            let first = ask(input, "choose a PIN: ")?;
            if let Some(why) = rules.pin_weakness(text(&first)?) {
                say(input, &format!("{why}; {next}"))?;
                continue;
            }
            if *ask(input, "the same again: ")? == *first {
                return Ok(first);
            }
            say(input, "the two differ; once more")?;
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

/// Returns the words for a question that ended without an answer.
fn not_read(input: Input, why: Unanswered) -> Failure {
    match (why, input.asks()) {
        (Unanswered::TimedOut, Asks::WhileOpen(role)) => {
            let span = words::span(i64::try_from(role.idle().as_secs()).unwrap_or(i64::MAX));
            let what = format!("nobody answered for {span}, so the {} locked itself; nothing was done", role.folder());
            Failure::new(Exit::Locked, what, "run the command again")
        }
        (Unanswered::NoTerminal, _) => Failure::new(Exit::Locked, "a secret is needed and there is no terminal to ask on", OTHERWISE),
        (Unanswered::Interrupted, _) => interrupted(),
        (Unanswered::Ended | Unanswered::TimedOut, _) => {
            Failure::new(Exit::Locked, "the input ended before a secret was typed", "run the command again and type it")
        }
    }
}

/// Returns a secret as the text it must be.
pub(crate) fn text(secret: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(secret)
        .map_err(|_| Failure::usage("the secret is not text", "use a pass phrase of letters, digits and signs (UTF-8)"))
}

/// Makes a pass phrase and goes on when the person has it: nobody will show it again. `None` if the rules leave no words to make it of.
fn generated(input: Input, rules: &SecretRules) -> Result<Option<Secret>, Failure> {
    let Some(phrase) = rules.generate(&mut SystemRng) else {
        return Ok(None);
    };
    let words = Zeroizing::new(format!("your pass phrase, shown only once:\n\n    {}\n", &*phrase));
    say(input, &words)?;
    while *ask(input, "write it down, then type it: ")? != phrase.as_bytes() {
        say(input, "that is another one; once more")?;
    }
    Ok(Some(Zeroizing::new(phrase.as_bytes().to_vec())))
}

/// Asks for a secret without showing it.
fn ask(input: Input, prompt: &str) -> Result<Secret, Failure> {
    if input.asks() == Asks::Never {
        return Err(Failure::new(Exit::Locked, "a secret is needed and --no-input forbids asking", OTHERWISE));
    }
    asked(input, Question { prompt: crate::text::safe(prompt), is_secret: true, limit: input.limit() }).map_err(|why| not_read(input, why))
}

fn asked(input: Input, question: Question) -> Result<Secret, Unanswered> {
    match input.caller() {
        Some(caller) => caller.ask(question),
        None => answer(&question, None),
    }
}

/// Asks the person at the terminal of this process. `wants` is the connection to another process that wants the answer.
pub(crate) fn answer(question: &Question, wants: Option<BorrowedFd<'_>>) -> Result<Secret, Unanswered> {
    let ask = if question.is_secret { terminal::ask } else { terminal::ask_openly };
    ask(&question.prompt, question.limit, wants)
}

/// Shows something to the person, and not to what is piped.
fn say(input: Input, text: &str) -> Result<(), Failure> {
    match input.caller() {
        Some(caller) => caller.say(text),
        None => show(text).map_err(|why| not_read(input, why))?,
    }
    Ok(())
}

/// Shows something to the person at the terminal of this process.
pub(crate) fn show(text: &str) -> Result<(), Unanswered> {
    terminal::say(text)
}

/// The other sources of a secret.
const OTHERWISE: &str = "give the secret with --secret-file FILE or --secret-fd N";

/// Asks for a code that is of no use to others, and shows what is typed. Nothing typed within `left` is no answer.
pub(crate) fn ask_openly(input: Input, prompt: &str, left: Duration) -> Result<Secret, Failure> {
    if input.asks() == Asks::Never {
        return Err(Failure::new(Exit::Locked, "an answer is needed and --no-input forbids asking", "run the command on a terminal"));
    }
    let question = Question { prompt: crate::text::safe(prompt), is_secret: false, limit: Some(left) };
    asked(input, question).map_err(|why| match why {
        Unanswered::TimedOut => {
            Failure::new(Exit::Locked, "nobody answered in time", "ask once more: nothing answers the request of before any more")
        }
        why => not_read(input, why),
    })
}

/// Asks a yes-or-no question on the terminal; anything but yes is no.
pub(crate) fn confirm(input: Input, question: &str, flag: &str) -> Result<bool, Failure> {
    let no_terminal =
        || Failure::usage(format!("`{question}` needs an answer and nobody can be asked"), format!("add {flag} if that is what you want"));
    if input.asks() == Asks::Never {
        return Err(no_terminal());
    }
    let prompt = format!("{} [y/N] ", crate::text::safe(question));
    let answer = asked(input, Question { prompt, is_secret: false, limit: input.limit() }).map_err(|why| match why {
        Unanswered::NoTerminal => no_terminal(),
        Unanswered::TimedOut => not_read(input, why),
        Unanswered::Interrupted | Unanswered::Ended => interrupted(),
    })?;
    Ok(matches!(answer.trim_ascii(), b"y" | b"Y" | b"yes" | b"Yes"))
}

/// The person answered no, so the command did not do its work: a script must see that.
pub(crate) fn declined(what: &str) -> Failure {
    Failure::new(Exit::Interrupted, what, "you answered no; run the command again if you mean yes")
}

/// Waits for Enter when a person is there.
pub(crate) fn pause(out: Out, message: &str) {
    let question = Question { prompt: format!("{} ", crate::text::safe(message)), is_secret: false, limit: None };
    // Where nobody is, nobody waits.
    drop(match out.caller() {
        Some(caller) => caller.ask(question),
        None => answer(&question, None),
    });
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
