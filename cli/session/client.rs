//! A command that a session does: this process lends its words, its folder, its input and its person.

use super::reached;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::{Run, secret, sync};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;
use waypass_net::session::{Broken, Call, Channel, NoLink, Request, Response};

/// How long the session may take to read the words.
const PATIENCE: Duration = Duration::from_secs(5);
/// The bytes of what was fetched that one message carries.
const PIECE: usize = 32 * 1024;

/// Gives the command to the session of `role`, if there is one. Returns `None` if this process must do it by itself.
pub(super) fn call(run: &Run, role: Role) -> Result<Option<Exit>, Failure> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if words.iter().any(is_own) {
        return Ok(None);
    }
    let Some(session) = reached(&run.home.vault(role))? else { return Ok(None) };
    let folder = openat(CWD, ".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    // Without a folder to work in, relative names mean nothing there.
    let Ok(folder) = folder else { return Ok(None) };
    let call = Call {
        words: words.iter().map(|word| word.as_bytes().to_vec()).collect(),
        language: run.words.language().tag().to_owned(),
        server: run.home.server().map(str::to_owned),
        terminal: run.out.terminal(),
        mounts: super::mounts(),
    };
    let sent = session.send(&Request::Run(call), &[folder.as_fd(), std::io::stdin().as_fd()], PATIENCE);
    match sent {
        Ok(()) => follow(run, role, session),
        // A command line that is too long for a message is done here.
        Err(Broken::Malformed | Broken::Gone) => Ok(None),
        Err(why) => Err(super::silent(&why)),
    }
}

/// Returns true if the word shows what opens the vault, or names something that only this process has. Then the command is done here.
fn is_own(word: &OsString) -> bool {
    let bytes = word.as_bytes();
    let shows = |flag: &&str| bytes.strip_prefix(flag.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="));
    let names = |path: &&str| bytes.windows(path.len()).any(|part| part == path.as_bytes());
    ["--secret-file", "--secret-fd", "--key-file", "--recovery"].iter().any(shows)
        || ["/dev/fd", "/dev/std", "/dev/tty", "/proc/self", "/proc/thread-self"].iter().any(names)
}

/// Writes what the session sends, and asks what it asks, until the command has ended.
fn follow(run: &Run, role: Role, mut session: Channel) -> Result<Option<Exit>, Failure> {
    let mut body = Vec::new();
    loop {
        let response = match session.receive::<Response>(None) {
            Ok((response, _)) => response,
            Err(Broken::Gone) => {
                let what = format!("the session of this {} locked itself before the command had ended", role.folder());
                return Err(Failure::new(Exit::Locked, what, "see what was done, then run the command again"));
            }
            Err(why) => return Err(super::silent(&why)),
        };
        let answer = match response {
            Response::Write(stream, bytes) => {
                run.out.relay(stream, &bytes)?;
                continue;
            }
            Response::Say(text) => {
                // Without a terminal the question that follows fails.
                let _nobody = secret::show(&text);
                continue;
            }
            Response::Ask(question) => secret::answer(&question, Some(session.as_fd())).map_or_else(Request::NoAnswer, Request::Answer),
            Response::Piece(piece) => {
                body.extend(piece);
                continue;
            }
            Response::Fetch(errand) => match sync::errand(run, &errand, std::mem::take(&mut body)) {
                Ok((status, fetched)) => {
                    for piece in fetched.chunks(PIECE) {
                        session.send(&Request::Piece(piece.to_vec()), &[], PATIENCE).map_err(|why| super::silent(&why))?;
                    }
                    Request::Fetched(status)
                }
                Err(why) => Request::NoLink(NoLink { exit: why.exit as u8, what: why.what, next: why.next }),
            },
            Response::Ended(code) => return Ok(Some(Exit::of(code).unwrap_or(Exit::Internal))),
            Response::Locked(why) => {
                run.out.note(&why);
                return Ok(None);
            }
            Response::Standing(_) => return Err(super::silent(&Broken::Malformed)),
        };
        match session.send(&answer, &[], PATIENCE) {
            Ok(()) => {}
            // Its last words are still to be read.
            Err(Broken::Gone) => run.out.warn(&format!("the session of this {} has locked itself meanwhile", role.folder())),
            Err(why) => return Err(super::silent(&why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OsString, is_own};

    #[test]
    fn a_command_that_shows_a_factor_or_names_a_descriptor_is_done_here() {
        for word in ["--secret-file", "--secret-fd=3", "--key-file", "--recovery", "/dev/fd/63", "--request=/dev/stdin", "-o/dev/stdout"] {
            assert!(is_own(&OsString::from(word)), "{word}");
        }
        for word in ["--recovery-file", "--new-key-file", "request", "-", "/dev/shm/request", "--backup-secret-file"] {
            assert!(!is_own(&OsString::from(word)), "{word}");
        }
    }
}
