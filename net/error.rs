//! Why an exchange did not work.

use core::fmt;
use std::io;
use std::path::PathBuf;

/// Why a transport did not do what it was asked.
#[derive(Debug)]
pub enum TransportError {
    /// The address cannot be used.
    Address {
        /// Why not.
        why: &'static str,
    },
    /// No connection, or it broke: the other side may be gone.
    Unreachable {
        /// Host and port.
        host: String,
    },
    /// The other side did not prove that it is the host: another may be answering.
    Certificate {
        /// Host and port.
        host: String,
        /// The fault of its certificate.
        fault: &'static str,
    },
    /// The name leads to this machine or a network of its own, and must not: somebody else chose it.
    NotPublic {
        /// Host and port.
        host: String,
    },
    /// The other side did not answer in time.
    TimedOut {
        /// Host and port.
        host: String,
    },
    /// This machine cannot make connections (no certificates, no sockets).
    NoClient,
    /// The other side answered and refused.
    Refused {
        /// The address that was asked for.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// The error code of its answer, if it had one.
        code: Option<String>,
        /// Its own words about it (RFC 6749 §5.2 `error_description`).
        said: Option<String>,
    },
    /// The answer is larger than allowed.
    TooLarge {
        /// The address that was asked for.
        what: &'static str,
        /// The most bytes that are taken.
        limit: usize,
    },
    /// The answer came compressed, although plain bytes were asked for.
    Encoded {
        /// The address that was asked for.
        what: &'static str,
    },
    /// The answer is not what was asked for.
    BadAnswer {
        /// The address that was asked for.
        what: &'static str,
    },
    /// It is still to be fetched: the run goes on afterwards.
    NotYet,
    /// The file does not hold what is needed.
    NotInFile {
        /// The host that was looked for.
        what: &'static str,
    },
    /// The operating system refused a file.
    File {
        /// Which file.
        path: PathBuf,
        /// Its own words.
        source: io::Error,
    },
}

impl TransportError {
    /// Returns true if an issuer answered and said no, with a code of its own. The link works, and the same request gets the same
    /// answer. A server that is busy or broken has not said no (RFC 9110 §15.5.9 and §15.6, RFC 8470 §5.2, RFC 6585 §4), and a page
    /// without a code may be anybody's.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=499, code: Some(_), .. }) && !self.is_temporary()
    }

    fn is_temporary(&self) -> bool {
        matches!(self, Self::Refused { status: 408 | 425 | 429, .. })
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { why } => write!(f, "the address cannot be used: {why}"),
            Self::Unreachable { host } => write!(f, "{host} cannot be reached"),
            Self::NotPublic { host } => write!(f, "{host} is not on the public Internet"),
            Self::TimedOut { host } => write!(f, "{host} does not answer"),
            Self::NoClient => f.write_str("this machine cannot make connections: no certificate store or no sockets"),
            Self::Certificate { host, fault } => write!(f, "the certificate of {host} is not accepted: {fault}"),
            Self::Refused { what, status, code, said } => {
                write!(f, "the server refused {what}")?;
                if let Some(said) = code.iter().chain(said).map(String::as_str).reduce(|_, said| said) {
                    write!(f, ": {said}")?;
                }
                match (code, said) {
                    (Some(code), Some(_)) => write!(f, " ({code}, status {status})"),
                    _ => write!(f, " (status {status})"),
                }
            }
            Self::TooLarge { what, limit } => write!(f, "{what} is larger than {limit} bytes"),
            Self::Encoded { what } => write!(f, "{what} came compressed, although the request asked for plain bytes"),
            Self::BadAnswer { what } => write!(f, "what came is not {what}"),
            Self::NotYet => f.write_str("it is still to be fetched"),
            Self::NotInFile { what } => write!(f, "the file holds no {what}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::File { source, .. } = self { Some(source) } else { None }
    }
}
