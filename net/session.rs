//! The socket of a session: one process of a user holds a vault open, and that user's commands reach it.
//!
//! Commands travel over it, and keys never do. A command is a [`Call`]: the words of a command line, with the working folder and the
//! standard input of the process that was called, as open descriptors. Its output and its questions come back as [`Response`]s. Both sides
//! check with the kernel that the other one runs as the same user ([unix(7)], `SO_PEERCRED`), and each message is bounded.
//!
//! [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html

mod channel;
mod door;
mod frames;
mod message;
#[cfg(test)]
mod tests;

pub use channel::{Broken, Channel, Stop};
pub use door::{Door, NotOpened, NotReached, reach};
pub use message::{Call, Errand, NoLink, Question, Request, Response, Standing, Stream, Terminal, Unanswered};

/// Descriptors that may come with one message: a working folder and a standard input. More are refused.
const MAX_DESCRIPTORS: usize = 2;
