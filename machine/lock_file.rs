//! One process at a time: an advisory lock (`flock`) on a file that says who holds it. The kernel releases it when the process
//! dies.

use crate::private::unlink_foreign;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::{Duration, Instant};
use std::{fmt, path::Path, thread};

/// Names the holder of a vault's lock file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockHolder {
    /// The process id; 0 when it is not known.
    pub pid: u32,
    /// The command it runs, as it wrote it into the lock file.
    pub command: String,
}

impl LockHolder {
    /// A process that does not say who it is.
    pub(crate) const UNKNOWN: Self = Self { pid: 0, command: String::new() };
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 { f.write_str("another process") } else { write!(f, "process {} ({})", self.pid, self.command) }
    }
}

pub(crate) struct LockFile {
    _held: File,
    removed_link: bool,
}

pub(crate) enum NotLocked {
    Busy(LockHolder),
    Io(io::Error),
}

/// How often a waiting process looks again.
const POLL: Duration = Duration::from_millis(20);

/// How often the file may be replaced between opening and locking it.
const REPLACED: u32 = 100;

impl LockFile {
    /// Takes the lock, waiting up to `wait`; `waiting` is told once who has it. A lock on a file that somebody removed or replaced
    /// meanwhile keeps nobody out, so what was locked is compared with what the path names now. A link is removed, never followed.
    pub(crate) fn take(path: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, NotLocked> {
        let started = Instant::now();
        let mut told = false;
        let mut removed_link = false;
        for _ in 0..REPLACED {
            removed_link |= unlink_foreign(path).map_err(NotLocked::Io)?;
            let mut file = open(path).map_err(NotLocked::Io)?;
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
            if is_at(&file, path).map_err(NotLocked::Io)? {
                // Courtesy for the next one; the lock holds without it, also on a full disk.
                let _ = write_holder(&mut file);
                return Ok(Self { _held: file, removed_link });
            }
        }
        Err(NotLocked::Io(io::Error::other("something keeps replacing the lock file")))
    }

    /// Returns true if the path was a link to another file, which was removed.
    pub(crate) const fn removed_link(&self) -> bool {
        self.removed_link
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    let flags = i32::try_from(flags).map_err(io::Error::other)?;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

/// Returns true if the path names this open file, and nothing else does.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(there) => Ok(held.nlink() == 1 && (held.dev(), held.ino()) == (there.dev(), there.ino())),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
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
    #[test]
    fn a_lock_on_a_file_that_was_removed_meanwhile_is_not_a_lock() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("lock");
        let first = LockFile::take(&path, Duration::ZERO, &mut |_| ()).ok().expect("free");
        thread::scope(|scope| {
            let (waits, waited) = std::sync::mpsc::channel();
            let (path, dir) = (&path, dir.path());
            let waiter = scope.spawn(move || LockFile::take(path, Duration::from_millis(600), &mut |_| waits.send(()).expect("told")));
            waited.recv().expect("it waits for the first");
            std::fs::remove_file(path).expect("removed");
            let second = LockFile::take(&dir.join("lock"), Duration::ZERO, &mut |_| ()).ok().expect("a new file");
            drop(first);
            // The waiter gets the lock of the removed file, notices, and waits for the one that counts.
            let answer = waiter.join().expect("ended");
            assert!(matches!(answer, Err(NotLocked::Busy(_))), "two processes have the lock");
            drop(second);
        });
        assert!(LockFile::take(&path, Duration::ZERO, &mut |_| ()).is_ok());
    }

    #[test]
    fn a_link_is_removed_and_what_it_leads_to_is_untouched() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (path, victim) = (dir.path().join("lock"), dir.path().join("victim"));
        for link in [|from: &Path, to: &Path| std::os::unix::fs::symlink(from, to), |from: &Path, to: &Path| std::fs::hard_link(from, to)] {
            std::fs::write(&victim, "content").expect("written");
            let _ = std::fs::remove_file(&path);
            link(&victim, &path).expect("linked");
            let lock = LockFile::take(&path, Duration::ZERO, &mut |_| ()).ok().expect("free");
            assert!(lock.removed_link());
            assert_eq!(std::fs::read(&victim).expect("there"), b"content");
        }
    }
}
