//! One end of a connection: messages and descriptors go in and out, each within a time.

use super::MAX_DESCRIPTORS;
use super::frames::{Frames, framed};
use super::message::Message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown,
    recvmsg, sendmsg, shutdown,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use std::{fmt, io};
use waypass_credential::cbor::NotCanonical;
use zeroize::Zeroizing;

/// Why a message was not sent or did not come.
#[derive(Debug)]
pub enum Broken {
    /// The other side has gone.
    Gone,
    /// It took longer than it may.
    TooSlow,
    /// The bytes that came are not a message, are too long, or have too many descriptors with them.
    Malformed,
    /// The system's own words.
    Io(io::Error),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the other side has gone"),
            Self::TooSlow => f.write_str("the other side does not answer"),
            Self::Malformed => f.write_str("the other side does not speak this protocol"),
            Self::Io(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Broken {}

impl From<Errno> for Broken {
    fn from(why: Errno) -> Self {
        match why {
            Errno::PIPE | Errno::CONNRESET => Self::Gone,
            why => Self::Io(why.into()),
        }
    }
}

impl From<NotCanonical> for Broken {
    fn from(_: NotCanonical) -> Self {
        Self::Malformed
    }
}

/// One end of a connection.
pub struct Channel {
    stream: UnixStream,
    came: Frames,
    descriptors: Vec<OwnedFd>,
}

/// The bytes that are read at once.
const PIECE: usize = 16 * 1024;

impl Channel {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, came: Frames::default(), descriptors: Vec::new() })
    }

    /// Returns what ends a wait for the other side.
    pub fn stop(&self) -> io::Result<Stop> {
        self.stream.as_fd().try_clone_to_owned().map(Stop)
    }

    /// Sends a message, and `descriptors` with it.
    #[expect(private_bounds, reason = "the two kinds of message are closed")]
    pub fn send(&self, message: &impl Message, descriptors: &[BorrowedFd<'_>], within: Duration) -> Result<(), Broken> {
        let bytes = framed(&message.to_bytes()).map_err(|_| Broken::Malformed)?;
        let until = Instant::now() + within;
        let mut left = &bytes[..];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut along = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !along.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(Broken::Malformed);
        }
        while !left.is_empty() {
            match sendmsg(&self.stream, &[IoSlice::new(left)], &mut along, SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    left = left.get(sent..).unwrap_or_default();
                    along.clear();
                }
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, Some(until))?,
                Err(Errno::INTR) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(())
    }

    /// Waits for the next message. Returns the descriptors that came with it or before it.
    #[expect(private_bounds, reason = "the two kinds of message are closed")]
    pub fn receive<M: Message>(&mut self, within: Option<Duration>) -> Result<(M, Vec<OwnedFd>), Broken> {
        let until = within.map(|within| Instant::now() + within);
        loop {
            if let Some(message) = self.came.next().map_err(|_| Broken::Malformed)? {
                return Ok((M::parse(&message)?, std::mem::take(&mut self.descriptors)));
            }
            match self.read() {
                Ok(0) if self.came.is_in_one() => return Err(Broken::Malformed),
                Ok(0) => return Err(Broken::Gone),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::IN, until)?,
                Err(why) => return Err(why.into()),
            }
            if self.descriptors.len() > MAX_DESCRIPTORS {
                return Err(Broken::Malformed);
            }
            // One that sends a byte now and then is as slow as one that sends nothing.
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(Broken::TooSlow);
            }
        }
    }

    fn read(&mut self) -> Result<usize, Errno> {
        let mut piece = Zeroizing::new([0; PIECE]);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut along = RecvAncillaryBuffer::new(&mut space);
        let came = recvmsg(&self.stream, &mut [IoSliceMut::new(&mut piece[..])], &mut along, RecvFlags::CMSG_CLOEXEC)?;
        for message in along.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        if came.flags.contains(ReturnFlags::CTRUNC) {
            return Err(Errno::MSGSIZE);
        }
        self.came.push(piece.get(..came.bytes).unwrap_or_default());
        Ok(came.bytes)
    }

    /// Waits until `ready` is true of the connection or the other side has gone, at most until then.
    fn wait(&self, ready: PollFlags, until: Option<Instant>) -> Result<(), Broken> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(Timespec::try_from).transpose().map_err(|_| Broken::TooSlow)?;
        match poll(&mut [PollFd::new(&self.stream, ready)], left.as_ref()) {
            Ok(0) => Err(Broken::TooSlow),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(why) => Err(why.into()),
        }
    }
}

/// Ends what a connection waits for, from another thread.
pub struct Stop(OwnedFd);

impl Stop {
    /// Lets nothing more in. Messages that are written still go out.
    pub fn stop(&self) {
        // One that has gone already needs nothing.
        let _gone = shutdown(&self.0, Shutdown::Read);
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
