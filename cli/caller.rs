//! The process that called a command which a session does for it: its output goes there, and its person is asked there.
//!
//! The command's output is kept until it ends or asks. So it never waits for a reader while it has the vault.

use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use waypass_net::session::{Channel, Errand, NoLink, Question, Request, Response, Stream, Terminal, Unanswered};
use zeroize::Zeroizing;

/// How long the caller may take to read a piece of the output. It has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(10);
/// The bytes of output that one message carries.
const PIECE: usize = 32 * 1024;
/// The output that is kept: more than the largest file that a command writes. The rest of a longer one waits for the reader.
const KEPT: usize = 32 * 1024 * 1024;

/// The other end of a command.
pub(crate) struct Caller {
    channel: Mutex<Channel>,
    stdin: Mutex<BufReader<Typed>>,
    terminal: Terminal,
    kept: Mutex<Vec<(Stream, Vec<u8>)>>,
    gone: AtomicBool,
    /// How its link failed last.
    no_link: Mutex<Option<NoLink>>,
}

impl Caller {
    /// Begins with nothing written.
    pub(crate) fn new(channel: Channel, stdin: OwnedFd, terminal: Terminal) -> io::Result<Self> {
        let watch = channel.as_fd().try_clone_to_owned()?;
        let stdin = Mutex::new(BufReader::new(Typed { from: File::from(stdin), watch }));
        Ok(Self {
            channel: Mutex::new(channel),
            stdin,
            terminal,
            kept: Mutex::default(),
            gone: AtomicBool::new(false),
            no_link: Mutex::default(),
        })
    }

    /// Returns what its two streams are.
    pub(crate) const fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Writes to one of its streams.
    pub(crate) fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut kept = lock(&self.kept);
        match kept.last_mut() {
            Some((last, before)) if *last == stream => before.extend_from_slice(bytes),
            _ => kept.push((stream, bytes.to_vec())),
        }
        if kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > KEPT {
            drop(kept);
            self.flush();
        }
    }

    /// Sends what was written.
    pub(crate) fn flush(&self) {
        for (stream, bytes) in std::mem::take(&mut *lock(&self.kept)) {
            let mut left = &bytes[..];
            while !left.is_empty() {
                let (piece, rest) = left.split_at(piece(left));
                left = rest;
                self.send(&Response::Write(stream, piece.to_vec()));
            }
        }
    }

    /// Asks its person. A caller that goes away meanwhile has interrupted the command.
    pub(crate) fn ask(&self, question: Question) -> Result<Zeroizing<Vec<u8>>, Unanswered> {
        self.flush();
        self.send(&Response::Ask(question));
        if self.is_gone() {
            return Err(Unanswered::Interrupted);
        }
        // It waits as long as the session does: that ends the process, and the keys with it.
        match lock(&self.channel).receive::<Request>(None) {
            Ok((Request::Answer(answer), _)) => Ok(answer),
            Ok((Request::NoAnswer(why), _)) => Err(why),
            Ok(_) | Err(_) => {
                self.gone.store(true, Ordering::Relaxed);
                Err(Unanswered::Interrupted)
            }
        }
    }

    /// Lets it fetch something. Returns the status and the body; `None` if its link failed.
    pub(crate) fn fetch(&self, errand: Errand, body: Option<&[u8]>) -> Option<(u16, Vec<u8>)> {
        self.flush();
        for piece in body.unwrap_or_default().chunks(PIECE) {
            self.send(&Response::Piece(piece.to_vec()));
        }
        let most = usize::try_from(errand.limit).unwrap_or(usize::MAX);
        self.send(&Response::Fetch(errand));
        let mut fetched = Vec::new();
        while !self.is_gone() {
            match lock(&self.channel).receive::<Request>(None) {
                Ok((Request::Piece(piece), _)) if fetched.len() + piece.len() <= most => fetched.extend(piece),
                Ok((Request::Fetched(status), _)) => return Some((status, fetched)),
                Ok((Request::NoLink(why), _)) => {
                    *lock(&self.no_link) = Some(why);
                    return None;
                }
                Ok(_) | Err(_) => self.gone.store(true, Ordering::Relaxed),
            }
        }
        None
    }

    /// Returns how its link failed, once.
    pub(crate) fn no_link(&self) -> Option<NoLink> {
        lock(&self.no_link).take()
    }

    /// Shows something to its person.
    pub(crate) fn say(&self, text: &str) {
        self.flush();
        self.send(&Response::Say(text.to_owned()));
    }

    /// Says that the command has ended.
    pub(crate) fn end(&self, exit: u8) {
        self.flush();
        self.send(&Response::Ended(exit));
    }

    /// Returns its standard input.
    pub(crate) fn stdin(&self) -> impl BufRead + '_ {
        Held(lock(&self.stdin))
    }

    fn send(&self, response: &Response) {
        if !self.is_gone() && lock(&self.channel).send(response, &[], PATIENCE).is_err() {
            self.gone.store(true, Ordering::Relaxed);
        }
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// Returns how much of the output goes with the next message. It ends with a line where it can, so that no character and no style is cut.
fn piece(left: &[u8]) -> usize {
    if left.len() <= PIECE {
        return left.len();
    }
    left[..PIECE].iter().rposition(|byte| *byte == b'\n').map_or(PIECE, |at| at + 1)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard input of the caller, which ends when the caller does: what is typed afterwards is not for us.
struct Typed {
    from: File,
    watch: OwnedFd,
}

impl Read for Typed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut ends = [PollFd::new(&self.from, PollFlags::IN), PollFd::new(&self.watch, PollFlags::IN)];
        while let Err(why) = poll(&mut ends, None) {
            if why != rustix::io::Errno::INTR {
                return Err(why.into());
            }
        }
        // Until its command ends a caller sends nothing that it was not asked for.
        if !ends[1].revents().is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.from.read(into)
    }
}

/// The input, for one reader at a time.
struct Held<'c>(MutexGuard<'c, BufReader<Typed>>);

impl Read for Held<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl BufRead for Held<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, piece};

    #[test]
    fn output_is_cut_between_lines() {
        assert_eq!(piece(b"one\ntwo"), 7);
        let long = [vec![b'x'; PIECE - 5], b"\nsecond line".to_vec()].concat();
        assert_eq!(piece(&long), PIECE - 4);
        assert_eq!(piece(&vec![b'x'; 2 * PIECE]), PIECE);
    }
}
