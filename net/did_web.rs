//! Fetching the document of a `did:web` (W3C CCG did:web method §2.5.2), for a machine that is online.
//!
//! An attacker who chooses the DID chooses where this machine connects to. So the name must lead to an address of the
//! public Internet, and it is
//! the address that is looked at, not the name: what was looked at is what is connected to, without another lookup between (a
//! name that changes its address in between gains nothing). Redirects and proxies are not followed.

use crate::client::{Ask, Client, Link, Reach};
use crate::error::TransportError;
use reqwest::Url;
use waypass_credential::did::WebDid;

/// A document has a few keys and services.
pub(crate) const MAX_DOCUMENT: usize = 64 * 1024;

/// Returns the bytes at the address of `did`; whether they are its document is for `DidDocument` to say.
pub fn fetch(did: &WebDid<'_>, link: &Link) -> Result<Vec<u8>, TransportError> {
    let url = Url::parse(&did.document_url()).map_err(|_| TransportError::Address { why: "the DID gives no URL" })?;
    let client = Client::new(true, Reach::PublicAnd(Vec::new()), link)?;
    client.ask(&url, Ask { what: "the DID document", limit: MAX_DOCUMENT, body: None, bearer: None, retry: None })
}

#[cfg(test)]
mod tests;
