//! Questions whose answer nobody should see: the terminal shows nothing while it is typed, and is as before however that ends.

use super::patience::Patient;
use super::{MAX_SECRET, Secret};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;
use zeroize::Zeroizing;

/// Why nothing was read.
#[derive(Clone, Copy)]
pub(super) enum NotRead {
    /// There is no terminal.
    NoTerminal,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the terminal was closed.
    Ended,
    /// Nobody typed anything for as long as the vault may stay open.
    Unanswered,
}

impl From<io::Error> for NotRead {
    fn from(_: io::Error) -> Self {
        Self::NoTerminal
    }
}

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const CTRL_BACKSLASH: u8 = 0x1c;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];

/// Returns the terminal of this process.
pub(super) fn open() -> Result<File, NotRead> {
    Ok(File::options().read(true).write(true).open("/dev/tty")?)
}

/// Writes to the person, and to nothing that is piped.
pub(super) fn say(text: &str) -> Result<(), NotRead> {
    let mut tty = open()?;
    writeln!(tty, "{text}")?;
    Ok(tty.flush()?)
}

/// Asks, and reads a line that is not shown. Ctrl-C arrives as a letter and not as a signal, so that it cannot end the process with the
/// terminal still silent.
pub(super) fn ask(prompt: &str, limit: Option<Duration>) -> Result<Secret, NotRead> {
    let mut tty = open()?;
    write!(tty, "{prompt}").and_then(|()| tty.flush())?;
    let read = {
        let _silent = Silent::make(&tty)?;
        read_line(&mut Patient::new(&tty, limit))
    };
    // The line break that was not shown.
    writeln!(tty)?;
    read
}

/// A terminal that shows nothing, until this is dropped.
struct Silent<'t> {
    tty: &'t File,
    before: Termios,
}

impl<'t> Silent<'t> {
    fn make(tty: &'t File) -> Result<Self, NotRead> {
        let before = tcgetattr(tty).map_err(io::Error::from)?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(tty, OptionalActions::Now, &silent).map_err(io::Error::from)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

fn read_line(from: &mut impl Read) -> Result<Secret, NotRead> {
    // One allocation that never grows, so that no copy is left behind in freed memory.
    let most = usize::try_from(MAX_SECRET).unwrap_or(0);
    let mut line: Secret = Zeroizing::new(Vec::with_capacity(most));
    let mut byte = Zeroizing::new([0]);
    loop {
        match from.read(&mut byte[..]) {
            Ok(0) => return Err(NotRead::Ended),
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) if why.kind() == io::ErrorKind::TimedOut => return Err(NotRead::Unanswered),
            Err(_) => return Err(NotRead::Ended),
        }
        match byte[0] {
            b'\n' | b'\r' => return Ok(line),
            CTRL_C | CTRL_BACKSLASH => return Err(NotRead::Interrupted),
            CTRL_D if line.is_empty() => return Err(NotRead::Ended),
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
            Err(NotRead::Interrupted) => Err("interrupted"),
            Err(NotRead::Ended | NotRead::NoTerminal | NotRead::Unanswered) => Err("ended"),
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
