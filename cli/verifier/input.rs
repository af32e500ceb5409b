//! Everything that comes in: the lines of a scanner, the keys of a guard, and signals, each from a thread of its own.
//!
//! A stranger wrote what a scanner types. It is a code and never a key, so that no code can confirm a verdict.

use crate::exit::{Failure, plain};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A code has 4,296 characters at most (ISO/IEC 18004, version 40-L); an answer that is typed as it is may be longer.
const LONGEST: usize = waypass_credential::MAX_BYTES + 2;
/// Lines that may wait for the gate.
const WAITING: usize = 64;
/// A scanner that was unplugged is looked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// Something that came in.
#[derive(Debug)]
pub(super) enum Input {
    /// A line of the scanner.
    Line(Vec<u8>),
    /// A line of the guard.
    Typed(String),
    /// The scanner is there, or there again.
    Here,
    /// The scanner is gone, and why.
    Gone(String),
    /// Nothing more will come.
    Ended,
    /// SIGTERM: a service manager ends it.
    Terminated,
    /// SIGINT: the person at the keyboard ends it.
    Interrupted,
    /// The door's command did not do its work.
    DoorFailed,
}

/// Begins to listen. Without a device the scanner is on standard input.
pub(super) fn listen(device: Option<&Path>) -> Result<(Receiver<Input>, SyncSender<Input>), Failure> {
    let (to, from) = sync_channel(WAITING);
    signals(to.clone());
    match device {
        None => {
            let to = to.clone();
            thread::spawn(move || {
                lines(&mut std::io::stdin().lock(), &mut |line| to.send(Input::Line(line)).is_ok());
                drop(to.send(Input::Ended));
            });
        }
        Some(path) => {
            plug(path, to.clone())?;
            if std::io::stdin().is_terminal() {
                let to = to.clone();
                thread::spawn(move || {
                    let typed = |line: Vec<u8>| Input::Typed(String::from_utf8_lossy(&line).into_owned());
                    keys(&mut std::io::stdin().lock(), &mut |line| to.send(typed(line)).is_ok());
                    drop(to.send(Input::Ended));
                });
            }
        }
    }
    Ok((from, to))
}

/// Begins to listen to signals, and to a scanner on a line of its own if there is one.
pub(super) fn listen_aside(device: Option<&Path>) -> Result<(Receiver<Input>, SyncSender<Input>), Failure> {
    let (to, from) = sync_channel(WAITING);
    signals(to.clone());
    device.map_or(Ok(()), |path| plug(path, to.clone()))?;
    Ok((from, to))
}

/// Begins to read a scanner. A name that is wrong is said at once; a scanner that is unplugged later is waited for.
fn plug(path: &Path, codes: SyncSender<Input>) -> Result<(), Failure> {
    std::fs::metadata(path).map_err(|error| Failure::file("read codes from", path, &error))?;
    let path = path.to_owned();
    thread::spawn(move || scanner(&path, &codes));
    Ok(())
}

/// Reads a scanner until it is gone, and waits until it is back. A regular file has an end and is not read twice.
fn scanner(path: &PathBuf, to: &SyncSender<Input>) {
    loop {
        let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
        let why = match File::open(path) {
            Ok(file) => {
                raw(&file);
                drop(to.send(Input::Here));
                lines(&mut BufReader::new(file), &mut |line| to.send(Input::Line(line)).is_ok()).unwrap_or_else(|| "it ended".to_owned())
            }
            Err(error) => plain(&error),
        };
        if is_file {
            drop(to.send(Input::Ended));
            return;
        }
        if to.send(Input::Gone(why)).is_err() {
            return;
        }
        thread::sleep(AGAIN);
    }
}

/// Takes a serial line as bytes: no echo back to the scanner, no signal out of a code. The speed stays as the system has set it.
fn raw(file: &File) {
    if let Ok(mut settings) = tcgetattr(file) {
        settings.make_raw();
        let _not_a_line = tcsetattr(file, OptionalActions::Now, &settings);
    }
}

/// Reads lines that end in CR or LF, without empty ones: scanners end a code with either or both. The rest of a line that is too long is
/// dropped. Returns why the input failed; `None` at its end.
fn lines(input: &mut impl BufRead, take: &mut dyn FnMut(Vec<u8>) -> bool) -> Option<String> {
    read(input, &mut |line| line.is_empty() || take(line))
}

/// Reads the lines of a person, where an empty one is the Enter key.
fn keys(input: &mut impl BufRead, take: &mut dyn FnMut(Vec<u8>) -> bool) {
    drop(read(input, take));
}

fn read(input: &mut impl BufRead, take: &mut dyn FnMut(Vec<u8>) -> bool) -> Option<String> {
    let mut line = Vec::new();
    let mut bytes = input.bytes();
    loop {
        match bytes.next() {
            None => {
                if !line.is_empty() {
                    take(line);
                }
                return None;
            }
            Some(Err(error)) => return Some(plain(&error)),
            Some(Ok(b'\n' | b'\r')) => {
                if !take(std::mem::take(&mut line)) {
                    return None;
                }
            }
            Some(Ok(byte)) if line.len() < LONGEST => line.push(byte),
            Some(Ok(_)) => {}
        }
    }
}

/// Reports the signals that end a service or a command. What is being decided is decided and written down first.
fn signals(to: SyncSender<Input>) {
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        let ended = runtime.block_on(async {
            let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return None };
            tokio::select! {
                _ = term.recv() => Some(Input::Terminated),
                _ = int.recv() => Some(Input::Interrupted),
            }
        });
        if let Some(ended) = ended {
            drop(to.send(ended));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, lines};

    #[test]
    fn scanners_end_a_code_as_they_like() {
        let mut found = Vec::new();
        let long = [vec![b'x'; LONGEST + 5], b"\nlast".to_vec()].concat();
        let input = [b"one\r\ntwo\rthree\n\n\r\n".to_vec(), long].concat();
        assert_eq!(lines(&mut input.as_slice(), &mut |line| (found.push(line), true).1), None);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 5, LONGEST, 4]);
    }
}
