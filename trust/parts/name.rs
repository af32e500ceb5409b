//! The names of the parts, for errors.

use alloc::string::String;
use core::fmt;

/// Which part of a bundle is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartName {
    /// The file as a whole.
    File,
    /// The root of trust.
    Root,
    /// The timestamp.
    Timestamp,
    /// The snapshot.
    Snapshot,
    /// Issuers, gates and policy.
    Targets,
    /// The status list with this URI.
    List(String),
    /// The answer to a question for the time.
    TimeAnswer,
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("bundle file"),
            Self::Root => f.write_str("root"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Snapshot => f.write_str("snapshot"),
            Self::Targets => f.write_str("targets"),
            Self::List(uri) => write!(f, "status list {uri}"),
            Self::TimeAnswer => f.write_str("time answer"),
        }
    }
}
