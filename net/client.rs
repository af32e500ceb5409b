//! The one HTTP client: no redirects, no proxies from the environment, every answer bounded while it arrives.

use crate::authorities::Authorities;
use crate::error::TransportError;
use crate::public::{NotPublic, PublicOnly, is_public};
use crate::refusal::{ERROR_BODY, refused};
use core::error::Error as _;
use core::net::IpAddr;
use core::time::Duration;
use reqwest::{Certificate, Method, RequestBuilder, Response, Url, redirect};
use rustls::CertificateError;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// Time to connect, name lookup included.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence within an answer.
const SILENCE: Duration = Duration::from_secs(20);
/// Longest exchange in all: 16 MiB over a slow link.
const TOTAL: Duration = Duration::from_mins(5);

/// How long to wait for the other side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// To connect, name lookup included.
    pub connect: Duration,
    /// Longest silence within an answer.
    pub silence: Duration,
    /// The whole exchange.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: CONNECT, silence: SILENCE, total: TOTAL }
    }
}

/// How this device connects.
#[derive(Clone, Default, Debug)]
pub struct Link {
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Who vouches for servers, besides the authorities that the machine knows.
    pub authorities: Authorities,
}

pub(crate) struct Client {
    runtime: Runtime,
    /// Connects to wherever `reach` lets it.
    far: reqwest::Client,
    reach: Reach,
    /// Connects to the exceptions of `reach`.
    near: reqwest::Client,
}

/// Which machines may be connected to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Every one: the person who set this device up named the address.
    Anywhere,
    /// Those of the public Internet, and these hosts with these ports: the address comes from somebody else, who could make this
    /// device speak to a machine of its own network.
    PublicAnd(Vec<String>),
}

impl Reach {
    /// Returns the reach that leads to the public Internet and to the servers of `addresses`.
    pub fn public_and<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        Self::PublicAnd(addresses.into_iter().filter_map(|text| Url::parse(text).ok()).map(|url| authority(&url)).collect())
    }
}

/// A request, and the answers that it allows.
pub(crate) struct Ask<'a> {
    /// In the words of error messages.
    pub(crate) what: &'static str,
    /// Most bytes of the answer.
    pub(crate) limit: usize,
    /// Media type and content of a POST.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// A bearer token.
    pub(crate) bearer: Option<&'a str>,
    /// The key by which this same request may be made again.
    pub(crate) retry: Option<&'a str>,
}

impl Client {
    /// `tls` is whether any address will be https: without it a device needs no certificate store.
    pub(crate) fn new(tls: bool, reach: Reach, link: &Link) -> Result<Self, TransportError> {
        let timeouts = link.timeouts;
        let own = || link.authorities.certificates().map(Certificate::from_der).collect::<Result<Vec<_>, _>>();
        let own = own().map_err(|_| TransportError::NoClient)?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|_| TransportError::NoClient)?;
        let builder = || {
            let client = reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .user_agent(concat!("waypass/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeouts.connect)
                .read_timeout(timeouts.silence)
                .timeout(timeouts.total);
            match (tls, own.is_empty()) {
                (false, _) => client.tls_certs_only([]),
                (true, true) => client,
                (true, false) => client.tls_certs_merge(own.clone()),
            }
        };
        let near = builder().build().map_err(|_| TransportError::NoClient)?;
        let far = match reach {
            Reach::Anywhere => near.clone(),
            Reach::PublicAnd(_) => builder().dns_resolver(Arc::new(PublicOnly)).build().map_err(|_| TransportError::NoClient)?,
        };
        Ok(Self { runtime, far, reach, near })
    }

    /// Returns the client that may connect to `url`. A resolver guards names; an address that is there as a number is looked at here.
    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        match &self.reach {
            Reach::PublicAnd(own) if own.contains(&authority(url)) => Ok(&self.near),
            Reach::PublicAnd(_) if literal(url).is_some_and(|address| !is_public(address)) => {
                Err(TransportError::NotPublic { host: host(url) })
            }
            Reach::PublicAnd(_) | Reach::Anywhere => Ok(&self.far),
        }
    }

    /// Sends, and returns the body of a 2xx answer.
    pub(crate) fn ask(&self, url: &Url, ask: Ask<'_>) -> Result<Vec<u8>, TransportError> {
        let what = ask.what;
        match self.answer(url, ask)? {
            (200..=299, body) => Ok(body),
            (status, said) => Err(refused(what, status, &said)),
        }
    }

    /// Sends, and returns the status and the body of whatever answer comes.
    pub(crate) fn answer(&self, url: &Url, ask: Ask<'_>) -> Result<(u16, Vec<u8>), TransportError> {
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.client_for(url)?.request(method, url.clone());
        // Without this a proxy may compress as it likes (RFC 9110 §12.5.3), and nothing here inflates.
        request = request.header(reqwest::header::ACCEPT_ENCODING, "identity");
        if let Some((kind, body)) = ask.body {
            // The nonce endpoint is asked with nothing at all (OpenID4VCI 1.0 §7.1).
            if !body.is_empty() {
                request = request.header(reqwest::header::CONTENT_TYPE, kind);
            }
            request = request.body(body);
        }
        if let Some(token) = ask.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(key) = ask.retry {
            request = request.header("idempotency-key", format!("\"{key}\""));
        }
        self.runtime.block_on(exchange(request, url, ask.what, ask.limit))
    }
}

async fn exchange(request: RequestBuilder, url: &Url, what: &'static str, limit: usize) -> Result<(u16, Vec<u8>), TransportError> {
    let mut response = request.send().await.map_err(|why| broken(url, &why))?;
    let status = response.status();
    if status.is_success() {
        return Ok((status.as_u16(), body(&mut response, url, what, limit).await?));
    }
    // The text of an error is a courtesy: if it cannot be read, the status alone is told.
    let said = body(&mut response, url, what, ERROR_BODY).await.unwrap_or_default();
    Ok((status.as_u16(), said))
}

async fn body(response: &mut Response, url: &Url, what: &'static str, limit: usize) -> Result<Vec<u8>, TransportError> {
    let too_large = || TransportError::TooLarge { what, limit };
    let encodings = response.headers().get_all(reqwest::header::CONTENT_ENCODING);
    if encodings.iter().any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Err(TransportError::Encoded { what });
    }
    if response.content_length().is_some_and(|announced| announced > limit as u64) {
        return Err(too_large());
    }
    let mut whole = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|why| broken(url, &why))? {
        if whole.len() + chunk.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

fn broken(url: &Url, why: &reqwest::Error) -> TransportError {
    let host = host(url);
    if is_not_public(why) {
        return TransportError::NotPublic { host };
    }
    if let Some(fault) = certificate_fault(why) {
        return TransportError::Certificate { host, fault };
    }
    if why.is_timeout() { TransportError::TimedOut { host } } else { TransportError::Unreachable { host } }
}

/// Returns true if the guard over addresses is the cause at the bottom.
fn is_not_public(why: &reqwest::Error) -> bool {
    causes(why).any(<dyn core::error::Error>::is::<NotPublic>)
}

/// Returns the fault of the certificate, if that is the cause at the bottom.
fn certificate_fault(why: &reqwest::Error) -> Option<&'static str> {
    let tls = causes(why).find_map(|cause| tls_error(cause.downcast_ref()?))?;
    let rustls::Error::InvalidCertificate(fault) = tls else { return None };
    Some(match fault {
        CertificateError::UnknownIssuer => "it is signed by an authority that this machine does not know",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has ended, or this machine's clock is ahead",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is behind"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is made for another name",
        CertificateError::Revoked => "it was withdrawn",
        _ => "it cannot be checked",
    })
}

/// Errors of TLS travel inside of I/O errors, one within the other, which name the cause of what is in them and not the thing itself.
fn tls_error(why: &std::io::Error) -> Option<&rustls::Error> {
    let inner = why.get_ref()?;
    inner.downcast_ref().or_else(|| tls_error(inner.downcast_ref()?))
}

fn causes(why: &reqwest::Error) -> impl Iterator<Item = &(dyn core::error::Error + 'static)> {
    let mut next = why.source();
    core::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// Host and port, without user, path and query: those may be secret.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Host and port, the port in every case.
fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Reads an address that must be `http` or `https` with a host, without user, query or fragment.
pub(crate) fn address(text: &str) -> Result<Url, TransportError> {
    let bad = |why| TransportError::Address { why };
    if text.len() > 2048 {
        return Err(bad("it is too long"));
    }
    let url = Url::parse(text).map_err(|_| bad("it is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad("it must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("user, query and fragment have no place in it"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
