//! The joint over which a synchronization runs: a server, or a file that somebody carries.

use crate::error::TransportError;
use waypass_trust::bundle::TimeNonce;
use waypass_trust::sync::Manifest;

mod file;
mod http;

pub use file::FileTransport;
#[cfg(test)]
pub(crate) use file::{read_parcel, write_parcel};
pub use http::HttpTransport;

/// Where newer data comes from and the audit log goes to. What it brings is bytes that nobody has believed yet.
pub trait Transport {
    /// What is offered; `None` where nothing is (a file that only takes).
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError>;
    /// The envelope of this version of the root.
    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError>;
    /// The answer to a question for the time; `None` from a side that gives none.
    fn time(&mut self, question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError>;
    /// The bundle file without its status lists.
    fn metadata(&mut self) -> Result<Vec<u8>, TransportError>;
    /// The token of the status list with this URI.
    fn list(&mut self, uri: &str) -> Result<Vec<u8>, TransportError>;
    /// Sends one audit upload.
    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError>;
    /// Receipts for earlier uploads that came along.
    fn receipts(&mut self) -> Result<Vec<String>, TransportError>;
}

/// What became of an upload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// It arrived; this receipt says how far.
    Receipt(String),
    /// It is on its way; the receipt comes another day.
    Carried,
    /// There is nowhere to send it this time.
    Kept,
}
