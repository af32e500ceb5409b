//! The names that a site's authority vouches for.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use rustls::pki_types::DnsName;

/// A host of the site by name or by address. A name covers the names below it too (RFC 5280 §4.2.1.10).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SiteName {
    /// A host name in small letters.
    Host(String),
    /// One address.
    Address(IpAddr),
}

/// A text that cannot be a name of the site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAName {
    /// It is neither a host name nor an address.
    Syntax,
    /// It has one part, and so would cover a whole domain of the Internet such as `com`.
    TopLevel,
}

impl FromStr for SiteName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            return Ok(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        let of_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        if DnsName::try_from(name.as_str()).is_err() || !name.bytes().all(of_host) || name.ends_with('.') {
            return Err(NotAName::Syntax);
        }
        if !name.contains('.') && name != "localhost" {
            return Err(NotAName::TopLevel);
        }
        Ok(Self::Host(name))
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "this is neither the name of a host nor an address",
            Self::TopLevel => "this name has one part, and would cover every name that ends with it",
        })
    }
}

impl core::error::Error for NotAName {}
