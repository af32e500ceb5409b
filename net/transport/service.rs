//! A server, spoken to by whatever fetches: `GET /manifest`, `/root/{n}`, `/bundle/metadata`, `/lists/{id}`, `POST /time` and `POST /audit`
//! under one base address.

use super::{Reply, Transport};
use crate::error::TransportError;
use waypass_credential::base64url;
use waypass_trust::bundle::{MAX_BUNDLE, MAX_LIST, MAX_PART, MAX_TIME_ANSWER, TimeNonce};
use waypass_trust::sync::Manifest;

/// A manifest names at most 4,096 lists.
const MAX_MANIFEST: usize = 4 * 1024 * 1024;
/// A receipt answers at most as many flags as an upload carries.
const MAX_RECEIPT: usize = 1024 * 1024;
/// Longest identifier of a list in a path.
const MAX_LIST_ID: usize = 128;

/// A request to an issuer's service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The address below the base, without a slash at its beginning.
    pub path: String,
    /// Its name in messages.
    pub what: &'static str,
    /// Most bytes of an answer.
    pub limit: usize,
    /// The JSON of a POST; `None` for a GET.
    pub body: Option<Vec<u8>>,
    /// True if the same address is asked again, for the next piece.
    pub repeats: bool,
}

/// Fetches what is asked from one service.
pub trait Fetch {
    /// Returns the body of a 2xx answer, of at most [`Ask::limit`] bytes.
    fn fetch(&mut self, ask: Ask) -> Result<Vec<u8>, TransportError>;
}

/// An issuer's service. All that comes is signed, so plain http is enough where only reading matters; over https nobody sees who syncs.
#[derive(Debug)]
pub struct Service<F>(pub(super) F);

impl<F: Fetch> Service<F> {
    fn take(&mut self, path: impl Into<String>, what: &'static str, limit: usize) -> Result<Vec<u8>, TransportError> {
        self.0.fetch(Ask { path: path.into(), what, limit, body: None, repeats: false })
    }
}

impl<F: Fetch> Transport for Service<F> {
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError> {
        let what = "the manifest";
        let bytes = self.take("manifest", what, MAX_MANIFEST)?;
        Manifest::parse(&bytes).map(Some).map_err(|_| TransportError::BadAnswer { what })
    }

    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError> {
        self.take(format!("root/{version}"), "the root", MAX_PART)
    }

    /// A service of 0.1.0 has no answer, and one whose own clock waits for a person gives none.
    fn time(&mut self, question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError> {
        let question = format!(r#"{{"nonce":"{}"}}"#, base64url::encode(question));
        let body = Some(question.into_bytes());
        match self.0.fetch(Ask { path: "time".to_owned(), what: "the time", limit: MAX_TIME_ANSWER, body, repeats: false }) {
            Err(TransportError::Refused { status: 404 | 405 | 503, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    fn metadata(&mut self) -> Result<Vec<u8>, TransportError> {
        self.take("bundle/metadata", "the bundle", MAX_BUNDLE)
    }

    /// Only the last part of the URI is used: a list's name never decides which host is asked.
    fn list(&mut self, uri: &str) -> Result<Vec<u8>, TransportError> {
        let what = "the status list";
        let id = uri.rsplit_once('/').map_or(uri, |(_, id)| id);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if id.is_empty() || id.len() > MAX_LIST_ID || !id.bytes().all(plain) {
            return Err(TransportError::Address { why: "the status list's URI does not end in a plain name" });
        }
        self.take(format!("lists/{id}"), what, MAX_LIST)
    }

    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError> {
        let what = "the receipt";
        let body = Some(upload.to_vec());
        let receipt = self.0.fetch(Ask { path: "audit".to_owned(), what, limit: MAX_RECEIPT, body, repeats: true })?;
        String::from_utf8(receipt).map(|text| Reply::Receipt(text.trim().to_owned())).map_err(|_| TransportError::BadAnswer { what })
    }

    fn receipts(&mut self) -> Result<Vec<String>, TransportError> {
        Ok(Vec::new())
    }
}
