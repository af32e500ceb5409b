//! How a command ends: the exit code, and for a failure what happened and what to do next.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of `waypass help exit-codes`; scripts depend on every number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Done; at a gate: green.
    Done = 0,
    /// A fault in the program or the machine.
    Internal = 1,
    /// The command line, or a file it names, is wrong.
    Usage = 2,
    /// A check could not be made here and was left out.
    Skipped = 3,
    /// A person must do a named extra step.
    Amber = 10,
    /// Denied, by a gate's rules or by an issuer that was asked.
    Red = 20,
    /// Cannot be decided.
    Grey = 30,
    /// Locked: it has to be opened first.
    Locked = 40,
    /// The secret was wrong.
    WrongSecret = 41,
    /// Too many wrong secrets; wait.
    Throttled = 42,
    /// Nobody answered on the network, not as an issuer does, or not now.
    Network = 50,
    /// Recorded at the issuer, not yet published: no device knows of it.
    Unpublished = 51,
    /// Stored data was changed by something else.
    Tamper = 60,
    /// Stopped by the person at the keyboard.
    Interrupted = 130,
}

impl Exit {
    /// Returns the exit code with this number, which another process of this program ended with.
    pub(crate) fn of(code: u8) -> Option<Self> {
        let all = [
            Self::Done,
            Self::Internal,
            Self::Usage,
            Self::Skipped,
            Self::Amber,
            Self::Red,
            Self::Grey,
            Self::Locked,
            Self::WrongSecret,
            Self::Throttled,
            Self::Network,
            Self::Unpublished,
            Self::Tamper,
            Self::Interrupted,
        ];
        all.into_iter().find(|exit| *exit as u8 == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that did not do its work: what happened, and on a second line what to do next.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
    pub(crate) next: String,
}

/// The advice for files that may not grow, though there is room on the disk.
pub(crate) const LIFT_THE_LIMIT: &str = "lift the limit on the size of files (ulimit -f), then run the command again; nothing was lost";

/// The result of every verb.
pub(crate) type Outcome = Result<Exit, Failure>;

impl std::error::Error for Failure {}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self { exit, what: what.to_string(), next: next.to_string() }
    }

    /// The caller asked for something that cannot be done as asked.
    pub(crate) fn usage(what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, what, next)
    }

    /// The machine did not do what it should.
    pub(crate) fn internal(what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self::new(Exit::Internal, what, next)
    }

    /// Returns the same failure with the file that it is about. Standard input has no name.
    #[must_use]
    pub(crate) fn about(self, path: &std::path::Path) -> Self {
        if crate::stdio::is_dash(path) {
            return self;
        }
        Self { what: format!("{}: {}", path.display(), self.what), ..self }
    }

    /// Names the first of several pictures as the file that the failure is about.
    #[must_use]
    pub(crate) fn about_first(self, files: &[std::path::PathBuf]) -> Self {
        match files.first() {
            Some(file) => self.about(file),
            None => self,
        }
    }

    /// A file could not be read or written: a missing file is the caller's, a full disk is the machine's.
    pub(crate) fn file(verb: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let what = format!("cannot {verb} {}: {}", path.display(), plain(error));
        match error.kind() {
            ErrorKind::NotFound => Self::usage(what, "check the name; `-` means standard input or output"),
            ErrorKind::PermissionDenied => Self::usage(what, "check who owns the file and who may use it"),
            ErrorKind::AlreadyExists => Self::usage(what, "something else has that name; choose another"),
            ErrorKind::IsADirectory | ErrorKind::NotADirectory => Self::usage(what, "name a file, not a folder"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::internal(what, "free some space and run the command again; nothing was lost")
            }
            ErrorKind::FileTooLarge => Self::internal(what, LIFT_THE_LIMIT),
            _ => Self::internal(what, "check the disk, then run the command again"),
        }
    }
}

/// Returns the operating system's words without Rust's `(os error N)`.
pub(crate) fn plain(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::FileTooLarge {
        return "the limit on the size of files is reached".to_owned();
    }
    plain_text(&error.to_string())
}

/// Strips `(os error N)` from an error that is text already.
pub(crate) fn plain_text(text: &str) -> String {
    match text.find(" (os error") {
        Some(at) => text.get(..at).unwrap_or(text).to_lowercase(),
        None => text.to_owned(),
    }
}
