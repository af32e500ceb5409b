//! The socket's place: a name in a folder that only its owner may enter. The session listens there, and commands look for it there.

use super::channel::Channel;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsRawFd as _, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat, chmodat, flock, fstat, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Uid, geteuid};
use std::fmt;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

const SOCKET: &str = "session";
/// Locked for as long as a session lives; the system releases it when the process ends, however that is.
const LOCK: &str = "session.lock";

/// Bits that let other users in.
const OTHERS: u32 = 0o077;

/// Why no session can be opened here.
#[derive(Debug)]
pub enum NotOpened {
    /// One is open.
    Open,
    /// The folder, or what has the socket's name in it, is not this user's alone.
    Foreign,
    /// The system's own words.
    Io(io::Error),
}

/// Why a session was not reached although something is there.
#[derive(Debug)]
pub enum NotReached {
    /// The folder, the socket or the process behind it is not this user's alone.
    Foreign,
    /// The system's own words.
    Io(io::Error),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("a session is open already"),
            Self::Foreign => NotReached::Foreign.fmt(f),
            Self::Io(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for NotReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("the socket of the session, or the folder that it is in, is not this user's alone"),
            Self::Io(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NotOpened {}
impl std::error::Error for NotReached {}

impl From<Errno> for NotOpened {
    fn from(why: Errno) -> Self {
        Self::Io(why.into())
    }
}

impl From<io::Error> for NotOpened {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

impl From<Errno> for NotReached {
    fn from(why: Errno) -> Self {
        Self::Io(why.into())
    }
}

/// The place where a session listens. Dropping it takes the socket away.
pub struct Door {
    listener: UnixListener,
    folder: OwnedFd,
    _lock: OwnedFd,
}

impl Door {
    /// Begins to listen in `folder`, which is private to this user. A socket that a crash left is replaced.
    pub fn open(folder: &Path) -> Result<Self, NotOpened> {
        let folder = openat(CWD, folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        if !is_own(&fstat(&folder)?, FileType::Directory) {
            return Err(NotOpened::Foreign);
        }
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = openat(&folder, LOCK, flags, Mode::RUSR | Mode::WUSR)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(NotOpened::Open),
            locked => locked?,
        }
        match statat(&folder, SOCKET, AtFlags::SYMLINK_NOFOLLOW) {
            // Nobody listens behind it: who did had the lock.
            Ok(about) if is_owned(&about, FileType::Socket) => unlinkat(&folder, SOCKET, AtFlags::empty())?,
            Ok(_) => return Err(NotOpened::Foreign),
            Err(Errno::NOENT) => {}
            Err(why) => return Err(why.into()),
        }
        let listener = UnixListener::bind(address(&folder))?;
        chmodat(&folder, SOCKET, Mode::RUSR | Mode::WUSR, AtFlags::empty())?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, folder, _lock: lock })
    }

    /// Waits for the next command, at most for `within`. A process of another user is sent away without a word.
    pub fn accept(&self, within: Duration) -> io::Result<Option<Channel>> {
        let within = Timespec::try_from(within).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.listener, PollFlags::IN)], Some(&within)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            ready => ready?,
        };
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(why) => return Err(why),
        };
        if !may_speak(socket_peercred(&stream)?.uid, geteuid()) {
            return Ok(None);
        }
        Channel::new(stream).map(Some)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The next session replaces one that stays.
        let _stays = unlinkat(&self.folder, SOCKET, AtFlags::empty());
    }
}

/// Looks for the session of `folder`. Returns `None` if none is open.
pub fn reach(folder: &Path) -> Result<Option<Channel>, NotReached> {
    let folder = match openat(CWD, folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => return Ok(None),
        opened => opened?,
    };
    let about = match statat(&folder, SOCKET, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(None),
        about => about?,
    };
    if !is_own(&fstat(&folder)?, FileType::Directory) || !is_own(&about, FileType::Socket) {
        return Err(NotReached::Foreign);
    }
    let stream = match UnixStream::connect(address(&folder)) {
        Ok(stream) => stream,
        // A crash left it.
        Err(why) if matches!(why.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => return Ok(None),
        Err(why) => return Err(NotReached::Io(why)),
    };
    if !may_speak(socket_peercred(&stream)?.uid, geteuid()) {
        return Err(NotReached::Foreign);
    }
    Channel::new(stream).map(Some).map_err(NotReached::Io)
}

/// Returns true if processes of these two users may speak to each other. The superuser gets no exception: what it may read is not what
/// it may ask in a person's name.
fn may_speak(peer: Uid, own: Uid) -> bool {
    peer == own
}

fn is_owned(about: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(about.st_mode) == kind && about.st_uid == geteuid().as_raw()
}

/// Returns true if it is this user's, and other users may do nothing with it.
fn is_own(about: &Stat, kind: FileType) -> bool {
    is_owned(about, kind) && about.st_mode & OTHERS == 0
}

/// Returns a name of the socket that is short, wherever the folder is (`sun_path` has 108 bytes), and leads into that folder only.
fn address(folder: &OwnedFd) -> String {
    format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_user_may_speak() {
        let [root, anna, ben] = [0, 1000, 1001].map(Uid::from_raw);
        assert!(may_speak(anna, anna) && may_speak(root, root));
        assert!(!may_speak(ben, anna) && !may_speak(root, anna) && !may_speak(anna, root));
    }
}
