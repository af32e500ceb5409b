//! Questions whose answer nobody should see: the terminal shows nothing while it is typed, and is as before however that ends.

use super::patience::Patient;
use super::{MAX_SECRET, Secret};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::fd::BorrowedFd;
use std::time::Duration;
use waypass_net::session::Unanswered;
use zeroize::Zeroizing;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const CTRL_BACKSLASH: u8 = 0x1c;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];

/// Returns the terminal of this process.
fn open() -> Result<File, Unanswered> {
    File::options().read(true).write(true).open("/dev/tty").map_err(gone)
}

fn gone(_: io::Error) -> Unanswered {
    Unanswered::NoTerminal
}

/// Writes to the person, and to nothing that is piped.
pub(super) fn say(text: &str) -> Result<(), Unanswered> {
    let mut tty = open()?;
    writeln!(tty, "{text}").and_then(|()| tty.flush()).map_err(gone)
}

/// The longest answer that is shown.
const MAX_ANSWER: u64 = 64;

/// Asks, and reads a line that is shown.
pub(super) fn ask_openly(prompt: &str, limit: Option<Duration>, wants: Option<BorrowedFd<'_>>) -> Result<Secret, Unanswered> {
    let mut tty = open()?;
    write!(tty, "{prompt}").and_then(|()| tty.flush()).map_err(gone)?;
    let mut answer: Secret = Zeroizing::new(Vec::new());
    let typed = Patient::new(tty, limit, wants).take(MAX_ANSWER);
    BufReader::new(typed).read_until(b'\n', &mut answer).map_err(|why| match why.kind() {
        io::ErrorKind::TimedOut => Unanswered::TimedOut,
        _ => Unanswered::Interrupted,
    })?;
    Ok(answer)
}

/// Asks, and reads a line that is not shown. Ctrl-C arrives as a letter and not as a signal, so that it cannot end the process with the
/// terminal still silent.
pub(super) fn ask(prompt: &str, limit: Option<Duration>, wants: Option<BorrowedFd<'_>>) -> Result<Secret, Unanswered> {
    let mut tty = open()?;
    write!(tty, "{prompt}").and_then(|()| tty.flush()).map_err(gone)?;
    let read = {
        let _silent = Silent::make(&tty)?;
        read_line(&mut Patient::new(&tty, limit, wants))
    };
    // The line break that was not shown.
    writeln!(tty).map_err(gone)?;
    read
}

/// A terminal that shows nothing, until this is dropped.
struct Silent<'t> {
    tty: &'t File,
    before: Termios,
}

impl<'t> Silent<'t> {
    fn make(tty: &'t File) -> Result<Self, Unanswered> {
        let before = tcgetattr(tty).map_err(|why| gone(why.into()))?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(tty, OptionalActions::Now, &silent).map_err(|why| gone(why.into()))?;
        Ok(Self { tty, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

fn read_line(from: &mut impl Read) -> Result<Secret, Unanswered> {
    // One allocation that never grows, so that no copy is left behind in freed memory.
    let most = usize::try_from(MAX_SECRET).unwrap_or(0);
    let mut line: Secret = Zeroizing::new(Vec::with_capacity(most));
    let mut byte = Zeroizing::new([0]);
    loop {
        match from.read(&mut byte[..]) {
            Ok(0) => return Err(Unanswered::Ended),
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) if why.kind() == io::ErrorKind::ConnectionAborted => return Err(Unanswered::Interrupted),
            Err(why) if why.kind() == io::ErrorKind::TimedOut => return Err(Unanswered::TimedOut),
            Err(_) => return Err(Unanswered::Ended),
        }
        match byte[0] {
            b'\n' | b'\r' => return Ok(line),
            CTRL_C | CTRL_BACKSLASH => return Err(Unanswered::Interrupted),
            CTRL_D if line.is_empty() => return Err(Unanswered::Ended),
            CTRL_D => return Ok(line),
            CTRL_U => line.clear(),
            byte if BACKSPACES.contains(&byte) => {
                // One letter: what continues a UTF-8 sequence goes with its start.
                while line.pop().is_some_and(|last| last & 0xc0 == 0x80) {}
            }
            letter if letter >= b' ' && line.len() < most => line.push(letter),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Result<Vec<u8>, &'static str> {
        match read_line(&mut &keys[..]) {
            Ok(line) => Ok(line.to_vec()),
            Err(Unanswered::Interrupted) => Err("interrupted"),
            Err(Unanswered::Ended | Unanswered::NoTerminal | Unanswered::TimedOut) => Err("ended"),
        }
    }

    #[test]
    fn keys_do_what_they_do_on_every_terminal() {
        assert_eq!(typed(b"tulip\n"), Ok(b"tulip".to_vec()));
        assert_eq!(typed("tulpe\u{308}\x7f\x7fip\r".as_bytes()), Ok(b"tulpip".to_vec()));
        assert_eq!(typed("gr\u{fc}\x08u\n".as_bytes()), Ok(b"gru".to_vec()));
        assert_eq!(typed(b"wrong\x15right\n"), Ok(b"right".to_vec()));
        assert_eq!(typed(b"\x7f\x7fa\n"), Ok(b"a".to_vec()));
        assert_eq!(typed(b"tul\x03ip\n"), Err("interrupted"));
        assert_eq!(typed(b"\x04"), Err("ended"));
        assert_eq!(typed(b"tulip"), Err("ended"));
        assert_eq!(typed(&[&[b'x'; 5000][..], b"\n"].concat()).map(|line| line.len()), Ok(1024));
    }
}
