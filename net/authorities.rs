//! Certificate authorities that vouch for https servers besides those that the machine knows: a site's own.

use core::fmt;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Certificate authorities that a person added.
#[derive(Clone, Default, Debug)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// A file that holds no certificate, or one that cannot be an authority's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnAuthority;

impl Authorities {
    /// Reads a file with certificates in PEM, or with one in DER.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAnAuthority> {
        let read: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(bytes).collect();
        let found = match read {
            Ok(found) if !found.is_empty() => found,
            _ => vec![CertificateDer::from(bytes.to_vec())],
        };
        let mut authorities = Self::default();
        found.iter().try_for_each(|certificate| authorities.add(certificate))?;
        Ok(authorities)
    }

    /// Adds a certificate (DER).
    pub fn add(&mut self, certificate: &[u8]) -> Result<(), NotAnAuthority> {
        let certificate = CertificateDer::from(certificate.to_vec());
        RootCertStore::empty().add(certificate.clone()).map_err(|_| NotAnAuthority)?;
        self.0.push(certificate);
        Ok(())
    }

    /// Returns the certificates (DER).
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl fmt::Display for NotAnAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it holds no certificate of an authority")
    }
}

impl core::error::Error for NotAnAuthority {}
