//! A service over HTTP.

use super::service::{Ask, Fetch, Service};
use crate::client::{self, Client, Link, Reach, address};
use crate::error::TransportError;
use reqwest::Url;

/// An issuer's service, over HTTP.
///
/// Blocking, on a small runtime of its own: call it from outside any asynchronous runtime.
pub type HttpTransport = Service<Http>;

/// A client, and the base address that it speaks to.
pub struct Http {
    client: Client,
    base: Url,
}

impl Service<Http> {
    /// Returns the service at `base`, such as `https://issuer.example/t1`.
    pub fn new(base: &str, link: &Link) -> Result<Self, TransportError> {
        let mut base = address(base)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self(Http { client: Client::new(base.scheme() == "https", Reach::Anywhere, link)?, base }))
    }
}

impl Fetch for Http {
    fn fetch(&mut self, Ask { path, what, limit, body, .. }: Ask) -> Result<Vec<u8>, TransportError> {
        let url = self.base.join(&path).map_err(|_| TransportError::Address { why: "it takes no path" })?;
        let body = body.map(|body| ("application/json", body));
        self.client.ask(&url, client::Ask { what, limit, body, bearer: None, retry: None })
    }
}
