//! A certificate with its key, as a service with TLS shows them.

use core::fmt;
use p256::ecdsa;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer as TlsSigner, SigningKey};
use rustls::{InconsistentKeys, SignatureAlgorithm, SignatureScheme};
use std::sync::Arc;
use waypass_credential::key::{Signature, Signer};
use waypass_credential::time::Timestamp;

/// A certificate with its key, as the service shows them.
#[derive(Clone, Debug)]
pub struct Identity {
    shown: Arc<CertifiedKey>,
    /// From and until when it need not be replaced.
    fresh: (Timestamp, Timestamp),
}

/// Why a certificate and a key cannot be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdentityError {
    /// The first file holds no certificate in PEM.
    NotACertificate,
    /// The second file holds no private key in PEM that TLS can use.
    NotAKey,
    /// The key does not belong to the certificate.
    OtherKey,
}

impl Identity {
    /// Reads a chain of certificates, the server's own first, and the key of the first (PEM).
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(IdentityError::NotACertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NotAKey)?;
        let shown = CertifiedKey::from_der(chain, key, &provider()).map_err(|why| match why {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => IdentityError::OtherKey,
            rustls::Error::InvalidCertificate(_) => IdentityError::NotACertificate,
            _ => IdentityError::NotAKey,
        })?;
        Ok(Self { shown: Arc::new(shown), fresh: (Timestamp::clamped(i64::MIN), Timestamp::clamped(i64::MAX)) })
    }

    /// Returns the identity of a certificate (DER) whose P-256 key is `signer`.
    pub(crate) fn signing(certificate: Vec<u8>, signer: impl Signer + Send + Sync + 'static, fresh: (Timestamp, Timestamp)) -> Self {
        let key = Arc::new(P256Key(Arc::new(signer)));
        Self { shown: Arc::new(CertifiedKey::new(vec![certificate.into()], key)), fresh }
    }

    /// Returns what rustls shows.
    pub(crate) fn shown(&self) -> Arc<CertifiedKey> {
        self.shown.clone()
    }

    /// Returns the server's own certificate (DER).
    pub fn certificate(&self) -> &[u8] {
        self.shown.cert.first().map_or(&[], |first| first.as_ref())
    }

    /// Returns true if it is time for a new one. A clock that was set back counts too: the certificate would begin in the future.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now < self.fresh.0 || now >= self.fresh.1
    }
}

/// A P-256 key that signs handshakes where it is.
#[derive(Clone)]
struct P256Key(Arc<dyn Signer + Send + Sync>);

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("P256Key").field(self.0.public_key()).finish()
    }
}

impl SigningKey for P256Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn TlsSigner>> {
        offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256).then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl TlsSigner for P256Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        der_signature(&*self.0, message).ok_or_else(|| rustls::Error::General("the key did not sign".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

/// Signs, and returns the signature in the encoding of TLS and certificates (RFC 3279 §2.2.3).
pub(crate) fn der_signature(signer: &dyn Signer, message: &[u8]) -> Option<Vec<u8>> {
    let Signature::Short(signature) = signer.sign(message).ok()? else { return None };
    Some(ecdsa::Signature::from_slice(&signature).ok()?.to_der().as_bytes().to_vec())
}

/// Returns the cryptography of the client's TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotACertificate => "it holds no certificate in PEM",
            Self::NotAKey => "it holds no private key in PEM that TLS can use",
            Self::OtherKey => "the key does not belong to the certificate",
        })
    }
}

impl core::error::Error for IdentityError {}
