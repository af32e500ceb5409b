//! The joint over which a synchronization runs: a server, or a file that somebody carries.

use crate::error::TransportError;
use waypass_trust::bundle::TimeNonce;
use waypass_trust::sync::Manifest;

#[cfg(feature = "session")]
mod errand;
mod file;
#[cfg(feature = "http")]
mod http;
mod parcel;
mod relay;
mod service;

#[cfg(feature = "session")]
pub use errand::{ErrandTransport, Runner};
pub use file::FileTransport;
#[cfg(feature = "http")]
pub use http::HttpTransport;
pub use parcel::ParcelTransport;
pub use relay::RelayTransport;
pub use service::Ask;

/// Brings newer data and takes the audit log. The data are unverified bytes.
pub trait Transport {
    /// Returns the offer; `None` if nothing is offered (a file that only takes).
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError>;
    /// Returns the envelope of this version of the root.
    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError>;
    /// Returns the answer to a question for the time; `None` from a side that gives none.
    fn time(&mut self, question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError>;
    /// Returns the bundle file without its status lists.
    fn metadata(&mut self) -> Result<Vec<u8>, TransportError>;
    /// Returns the token of the status list with this URI.
    fn list(&mut self, uri: &str) -> Result<Vec<u8>, TransportError>;
    /// Sends one audit upload.
    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError>;
    /// Receipts for earlier uploads that came along.
    fn receipts(&mut self) -> Result<Vec<String>, TransportError>;
}

/// The outcome of an upload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// It arrived; this receipt says how far.
    Receipt(String),
    /// It is on its way; the receipt comes another day.
    Carried,
    /// There is nowhere to send it this time.
    Kept,
}
