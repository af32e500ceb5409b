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

    /// Asks the service in the name of a page whose engine reads the answer: a GET, or a POST of the JSON in `body`. Returns the status
    /// of HTTP and the body, of at most `limit` bytes.
    pub fn relay(&self, path: &str, body: Option<Vec<u8>>, limit: usize) -> Result<(u16, Vec<u8>), TransportError> {
        let Http { client, base } = &self.0;
        let url = below(base, path)?;
        let body = body.map(|body| ("application/json", body));
        client.answer(&url, client::Ask { what: "what the page asked for", limit, body, bearer: None, retry: None })
    }
}

impl Fetch for Http {
    fn fetch(&mut self, Ask { path, what, limit, body, .. }: Ask) -> Result<Vec<u8>, TransportError> {
        let url = below(&self.base, &path)?;
        let body = body.map(|body| ("application/json", body));
        self.client.ask(&url, client::Ask { what, limit, body, bearer: None, retry: None })
    }
}

fn below(base: &Url, path: &str) -> Result<Url, TransportError> {
    base.join(path).map_err(|_| TransportError::Address { why: "it takes no path" })
}
