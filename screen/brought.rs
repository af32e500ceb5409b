//! The content of a code or a file, as far as nobody needs to be judged for it.

use waypass_credential::request::Request;

/// Something that was brought to a gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brought<'b> {
    /// Something to decide about.
    Answer(&'b [u8]),
    /// Nothing.
    Empty,
    /// More bytes than an answer has.
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// A gate's question, and not an answer to one.
    Question,
    /// A text of another system.
    Foreign,
}

impl<'b> Brought<'b> {
    /// Returns what the text of a code is that is in no frame of ours. An address, a number of a parcel or the access to a network is
    /// foreign; what begins as a presentation does is taken for one.
    pub fn of_text(text: &'b str) -> Self {
        let text = text.trim();
        let is_jose = text.starts_with("ey") && text.contains('.');
        let is_document = text.starts_with('{') && text.contains("\"@context\"");
        if text.is_empty() || is_jose || is_document { Self::of(text.as_bytes()) } else { Self::Foreign }
    }

    /// Returns what bytes are. Only an answer gets a verdict and an entry in the log: the others are mistakes of the guard, or a
    /// wallet's wrong screen, and say nothing about a person.
    pub fn of(bytes: &'b [u8]) -> Self {
        let answer = waypass_credential::from_file(bytes);
        if answer.is_empty() {
            return Self::Empty;
        }
        if answer.len() > waypass_credential::MAX_BYTES {
            return Self::TooLong { bytes: answer.len() };
        }
        if Request::open(answer).is_ok() {
            return Self::Question;
        }
        Self::Answer(answer)
    }
}
