//! Messages in a stream of bytes: the length in four bytes, big-endian, then that many bytes. Pure: it reads and writes no socket.

use zeroize::Zeroizing;

/// The longest message. A command line is shorter, and an output is sent in pieces.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;

const HEAD: usize = 4;

/// A message was announced that is longer than [`MAX_MESSAGE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TooLong;

/// Returns a message with its length before it. It may be a secret, so it is wiped.
pub(super) fn framed(message: &[u8]) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let length = u32::try_from(message.len()).ok().filter(|_| message.len() <= MAX_MESSAGE).ok_or(TooLong)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD + message.len()));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(message);
    Ok(bytes)
}

/// Puts messages together from pieces that came. It never holds more than one message and what came with its end.
#[derive(Default)]
pub(super) struct Frames {
    /// Begins with the length of the next message. A secret may be among it.
    came: Zeroizing<Vec<u8>>,
}

impl Frames {
    /// Takes what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let whole = self.came.len() + bytes.len();
        if whole > self.came.capacity() {
            // One allocation that does not grow, so that no copy is left behind in freed memory.
            let mut more = Zeroizing::new(Vec::with_capacity(whole.max(HEAD + MAX_MESSAGE)));
            more.extend_from_slice(&self.came);
            self.came = more;
        }
        self.came.extend_from_slice(bytes);
    }

    /// Returns the next message, once all of it has come.
    pub(super) fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, TooLong> {
        let Some((head, rest)) = self.came.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*head)).map_err(|_| TooLong)?;
        if length > MAX_MESSAGE {
            return Err(TooLong);
        }
        let Some(message) = rest.get(..length) else { return Ok(None) };
        let message = Zeroizing::new(message.to_vec());
        let mut left = Zeroizing::new(Vec::with_capacity(self.came.capacity()));
        left.extend_from_slice(&rest[length..]);
        self.came = left;
        Ok(Some(message))
    }

    /// Returns true if a message has begun to come.
    pub(super) fn is_in_one(&self) -> bool {
        !self.came.is_empty()
    }
}
