//! A gate's question, before anything is looked for: who it is, and whether the question is still good.

use core::fmt;
use waypass_credential::request::{Request, RequestError};
use waypass_credential::time::{Timestamp, Validity};
use waypass_trust::bundle::{Gate, TrustBundle};
use waypass_trust::time::{Moment, TOLERANCE_SECONDS};

/// A request whose signature holds and whose time is now.
#[derive(Clone, Debug)]
pub struct Asked {
    request: Request,
    asker: Asker,
    codes: Option<CountCodes>,
}

/// Returns how many QR codes a payload needs.
pub type CountCodes = fn(&[u8]) -> usize;

/// The asker.
#[derive(Clone, PartialEq, Debug)]
pub enum Asker {
    /// A gate enrolled in the trust bundle.
    Known(Gate),
    /// A gate whose enrolment in the bundle has ended.
    Lapsed(Gate),
    /// Not in the bundle: an unknown person.
    Unknown,
    /// There is no bundle to look in.
    NoBundle,
}

/// Why a request is not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AskError {
    /// Not a request, or its signature does not hold.
    Request(RequestError),
    /// It has expired.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// It was made in the future: one of the two clocks is wrong.
    Ahead {
        /// By how many seconds.
        seconds: i64,
    },
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(why) => why.fmt(f),
            Self::Expired { at } => write!(f, "the request ended {at}; ask the gate for a new one"),
            Self::Ahead { seconds } => {
                write!(f, "the request was made {seconds} seconds in the future: compare the gate's clock and yours")
            }
        }
    }
}

impl core::error::Error for AskError {}

impl Asked {
    /// Reads a request as it was scanned: the signature must be the asking gate's, and its time must not be over.
    pub fn open(signed: &(impl AsRef<[u8]> + ?Sized), bundle: Option<&TrustBundle>, at: &Moment) -> Result<Self, AskError> {
        let request = Request::open(signed).map_err(AskError::Request)?;
        if Validity::ending(request.expires_at).is_over(at.at()) {
            return Err(AskError::Expired { at: request.expires_at });
        }
        let ahead = request.issued_at.since(at.at());
        if ahead > TOLERANCE_SECONDS {
            return Err(AskError::Ahead { seconds: ahead });
        }
        let asker = match bundle.map(|bundle| bundle.gate(&request.client_id)) {
            None => Asker::NoBundle,
            Some(None) => Asker::Unknown,
            Some(Some(gate)) if Validity::ending(gate.not_after).is_over(at.at()) => Asker::Lapsed(gate),
            Some(Some(gate)) => Asker::Known(gate),
        };
        Ok(Self { request, asker, codes: None })
    }

    /// The answer will be shown as QR codes: the fewer it needs by `count`, the better a credential answers.
    #[must_use]
    pub fn answered_in_codes(self, count: CountCodes) -> Self {
        Self { codes: Some(count), ..self }
    }

    /// Returns how the codes of an answer are counted, if it is shown as codes.
    pub(crate) const fn codes(&self) -> Option<CountCodes> {
        self.codes
    }

    /// Returns the question.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the asker.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Returns the gate, where the bundle knows one: its enrolment may have ended.
    pub fn gate(&self) -> Option<&Gate> {
        match &self.asker {
            Asker::Known(gate) | Asker::Lapsed(gate) => Some(gate),
            Asker::Unknown | Asker::NoBundle => None,
        }
    }

    /// Returns true if an enrolled gate asks. Everybody else is answered only if the holder says so ([`crate::Proposal::to_unknown`]).
    pub const fn is_enrolled(&self) -> bool {
        matches!(self.asker, Asker::Known(_))
    }

    /// Returns the asker in words: the gate's name, or what it is not.
    pub fn asker_name(&self) -> &str {
        match &self.asker {
            Asker::Known(gate) | Asker::Lapsed(gate) => &gate.name,
            Asker::Unknown | Asker::NoBundle => "unknown person",
        }
    }
}
