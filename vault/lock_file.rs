//! One process at a time: an advisory lock (`flock`) on a file that says who holds it. The kernel lets go of it when the process dies.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};
use std::{fmt, path::Path, thread};

/// Who holds the lock file of a vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockHolder {
    /// The process id; 0 when it is not known.
    pub pid: u32,
    /// The command it runs, as it wrote it into the lock file.
    pub command: String,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 { f.write_str("another process") } else { write!(f, "process {} ({})", self.pid, self.command) }
    }
}

pub(crate) struct LockFile {
    _held: File,
}

pub(crate) enum NotLocked {
    Busy(LockHolder),
    Io(io::Error),
}

/// How often a waiting process looks again.
const POLL: Duration = Duration::from_millis(20);

impl LockFile {
    /// Takes the lock, waiting up to `wait`; `waiting` is told once who has it.
    pub(crate) fn take(path: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, NotLocked> {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = options.map_err(NotLocked::Io)?;
        let started = Instant::now();
        let mut told = false;
        while let Err(why) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if why != rustix::io::Errno::WOULDBLOCK && why != rustix::io::Errno::INTR {
                return Err(NotLocked::Io(why.into()));
            }
            let holder = read_holder(&mut file);
            if started.elapsed() >= wait {
                return Err(NotLocked::Busy(holder));
            }
            if !told {
                waiting(&holder);
                told = true;
            }
            thread::sleep(POLL);
        }
        // Courtesy for the next one; the lock holds without it, also on a full disk.
        let _ = write_holder(&mut file);
        Ok(Self { _held: file })
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let command = std::env::args_os().next().unwrap_or_default();
    let command = Path::new(&command).file_name().unwrap_or_default().to_string_lossy().into_owned();
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(format!("{}\n{}\n", std::process::id(), command).as_bytes())
}

/// The file may be half written: whatever is missing is unknown.
fn read_holder(file: &mut File) -> LockHolder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| io::Read::by_ref(file).take(4096).read_to_string(&mut text));
    let mut lines = if read.is_ok() { text.lines() } else { "".lines() };
    let pid = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let command = lines.next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(64).collect();
    LockHolder { pid, command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_waits() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("lock");
        let first = LockFile::take(&path, Duration::ZERO, &mut |_| ()).ok().expect("free");
        let Err(NotLocked::Busy(holder)) = LockFile::take(&path, Duration::ZERO, &mut |_| ()) else { panic!("took a held lock") };
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.command.is_empty());
        let mut told = 0;
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(60));
                drop(first);
            });
            let taken = LockFile::take(&path, Duration::from_secs(5), &mut |_| told += 1);
            assert!(taken.is_ok());
        });
        assert_eq!(told, 1);
    }
}
