//! A server: `GET /manifest`, `/root/{n}`, `/bundle/metadata`, `/lists/{id}`, `POST /time` and `POST /audit` under one base address.

use super::{Reply, Transport};
use crate::client::{Ask, Client, Link, Reach, address};
use crate::error::TransportError;
use reqwest::Url;
use waypass_credential::base64url;
use waypass_trust::bundle::{MAX_BUNDLE, MAX_LIST, MAX_PART, MAX_TIME_ANSWER, TimeNonce};
use waypass_trust::sync::Manifest;

/// A manifest names at most 4,096 lists.
const MAX_MANIFEST: usize = 4 * 1024 * 1024;
/// A receipt answers at most as many flags as an upload carries.
const MAX_RECEIPT: usize = 1024 * 1024;
/// Longest identifier of a list in a path.
const MAX_LIST_ID: usize = 128;

/// An issuer's service. All that comes is signed, so plain http is enough where only reading matters; over https nobody sees who syncs.
///
/// Blocking, on a small runtime of its own: call it from outside any asynchronous runtime.
pub struct HttpTransport {
    client: Client,
    base: Url,
}

impl HttpTransport {
    /// Returns the service at `base`, such as `https://issuer.example/t1`.
    pub fn new(base: &str, link: &Link) -> Result<Self, TransportError> {
        let mut base = address(base)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { client: Client::new(base.scheme() == "https", Reach::Anywhere, link)?, base })
    }

    fn take(&self, path: &str, what: &'static str, limit: usize) -> Result<Vec<u8>, TransportError> {
        self.ask(path, what, limit, None)
    }

    fn ask(&self, path: &str, what: &'static str, limit: usize, body: Option<(&'static str, Vec<u8>)>) -> Result<Vec<u8>, TransportError> {
        let url = self.base.join(path).map_err(|_| TransportError::Address { why: "it takes no path" })?;
        self.client.ask(&url, Ask { what, limit, body, bearer: None, retry: None })
    }
}

impl Transport for HttpTransport {
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError> {
        let what = "the manifest";
        let bytes = self.take("manifest", what, MAX_MANIFEST)?;
        Manifest::parse(&bytes).map(Some).map_err(|_| TransportError::BadAnswer { what })
    }

    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError> {
        self.take(&format!("root/{version}"), "the root", MAX_PART)
    }

    /// A service of 0.1.0 has no answer, and one whose own clock waits for a person gives none.
    fn time(&mut self, question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError> {
        let question = format!(r#"{{"nonce":"{}"}}"#, base64url::encode(question));
        match self.ask("time", "the time", MAX_TIME_ANSWER, Some(("application/json", question.into_bytes()))) {
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
        self.take(&format!("lists/{id}"), what, MAX_LIST)
    }

    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError> {
        let what = "the receipt";
        let receipt = self.ask("audit", what, MAX_RECEIPT, Some(("application/json", upload.to_vec())))?;
        String::from_utf8(receipt).map(|text| Reply::Receipt(text.trim().to_owned())).map_err(|_| TransportError::BadAnswer { what })
    }

    fn receipts(&mut self) -> Result<Vec<String>, TransportError> {
        Ok(Vec::new())
    }
}
