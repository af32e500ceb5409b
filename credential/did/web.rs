//! `did:web` (W3C CCG did:web method): the identifier says where its document lies. Nothing is fetched here.

use super::{DidError, DidUrl};
use alloc::{format, string::String};

pub(super) const METHOD: &str = "web";

/// Longest name of a host (RFC 1035 §2.3.4), and of one of its labels.
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// A `did:web` whose identifier could be turned into an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WebDid<'a> {
    did: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: Option<&'a str>,
}

impl<'a> WebDid<'a> {
    /// Reads a bare `did:web`.
    ///
    /// A name that could mean one document in two ways, or something other than a host of the DNS, is refused: upper
    /// case, ports with leading
    /// zeros, IP addresses in any spelling, and path segments that a server could read as a step up or as several.
    pub fn parse(did: &'a str) -> Result<Self, DidError> {
        let url = DidUrl::parse(did)?;
        if url.method != METHOD {
            return Err(DidError::UnsupportedMethod);
        }
        if url.did != did {
            return Err(DidError::Syntax);
        }
        let (authority, path) = match url.id.split_once(':') {
            Some((authority, path)) => (authority, Some(path)),
            None => (url.id, None),
        };
        // §2.5.2: the colon before a port is percent-encoded, to tell it from those between path segments.
        let (host, port) = match authority.split_once("%3A").or_else(|| authority.split_once("%3a")) {
            Some((host, port)) => (host, Some(decimal(port).ok_or(DidError::Syntax)?)),
            None => (authority, None),
        };
        if !is_name(host) || !path.is_none_or(|path| path.split(':').all(is_segment)) {
            return Err(DidError::Syntax);
        }
        // If a URL's last label is a number, the whole is an IPv4 address (WHATWG URL §3.5 "ends in a number").
        let last = host.rsplit('.').next().unwrap_or(host);
        let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if last.bytes().all(|b| b.is_ascii_digit()) || hexadecimal {
            return Err(DidError::NoHost);
        }
        Ok(Self { did, host, port, path })
    }

    /// Returns the host, in lower case. It may still resolve to a private address: the fetching program looks at the
    /// address, not at the name.
    #[cfg(test)]
    pub(crate) const fn host(&self) -> &'a str {
        self.host
    }

    /// Returns the port, if it is not https' own.
    #[cfg(test)]
    pub(crate) const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the address of the document (§2.5.2 "Read"): `https://host/.well-known/did.json`, or `https://host/path/did.json`.
    pub fn document_url(&self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        let path = self.path.map_or_else(|| String::from(".well-known"), |path| path.replace(':', "/"));
        format!("https://{}{port}/{path}/did.json", self.host)
    }
}

/// Reads a port as it is written: no sign, no leading zero, not zero.
fn decimal(text: &str) -> Option<u16> {
    if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// Labels of letters, digits and inner hyphens (RFC 1123 §2.1), in lower case.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= MAX_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.len() <= MAX_HOST && host.split('.').all(is_label)
}

/// Returns true for a path segment that is one segment: not empty, no dots alone, and nothing percent-encoded that a
/// server could take for a dot, a
/// slash, a backslash, a percent sign or a control character.
fn is_segment(segment: &str) -> bool {
    let harmless = |code: &str| {
        let byte = code.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_control() && !b"./\\%".contains(&byte))
    };
    !segment.is_empty() && !segment.bytes().all(|b| b == b'.') && segment.split('%').skip(1).all(harmless)
}
