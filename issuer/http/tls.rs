//! TLS ended by the service itself: the certificate that it shows, and the handshake of a connection.

use crate::site_ca::der_signature;
use core::fmt;
use core::time::Duration;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer as TlsSigner, SigningKey};
use rustls::{InconsistentKeys, ServerConfig, SignatureAlgorithm, SignatureScheme};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use waypass_credential::key::Signer;
use waypass_credential::time::Timestamp;

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// The answer to a client that speaks HTTP to a service with TLS.
const PLAIN: &str = concat!(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 96\r\nConnection: close\r\n\r\n",
    r#"{"error":"tls_required","error_description":"this address speaks TLS: write https:// before it"}"#
);

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

/// What a service needs to end TLS itself.
pub struct Tls<'f> {
    /// The first that is shown.
    pub identity: Identity,
    /// Asked once a second for a newer one, and with `true` after SIGHUP.
    pub newer: &'f mut dyn FnMut(bool) -> Option<Identity>,
    /// The certificate of the site's own authority, which the page `/ca` offers (DER).
    pub authority: Option<Vec<u8>>,
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

/// The identity that new connections are shown. It changes while the service runs.
#[derive(Clone, Debug)]
pub(super) struct Shown(Arc<RwLock<Arc<CertifiedKey>>>);

impl Shown {
    pub(super) fn new(identity: &Identity) -> Self {
        Self(Arc::new(RwLock::new(identity.shown.clone())))
    }

    pub(super) fn replace(&self, identity: &Identity) {
        // The change is one step: a thread that panicked left a whole one.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity.shown.clone();
    }

    pub(super) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let mut config = versions.with_no_client_auth().with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// SIGHUP since the last look. Without it the signal would end the process.
#[derive(Clone, Default)]
pub(super) struct Hangup(Arc<AtomicBool>);

impl Hangup {
    pub(super) async fn listen(self) {
        let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
        while hangups.recv().await.is_some() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Ends the handshake of a connection in time. `None` where there is nothing to talk to: silence, garbage, a client that does not
/// believe the certificate. Somebody who speaks HTTP without TLS is told so.
pub(super) async fn accept(acceptor: TlsAcceptor, stream: TcpStream, within: Duration) -> Option<TlsStream<TcpStream>> {
    let shaking = async {
        let mut first = [0];
        match stream.peek(&mut first).await {
            Ok(1) if first == [HANDSHAKE] => acceptor.accept(stream).await.ok(),
            Ok(1) if first[0].is_ascii_uppercase() => {
                tell_plain(stream).await;
                None
            }
            _ => None,
        }
    };
    tokio::time::timeout(within, shaking).await.ok().flatten()
}

async fn tell_plain(mut stream: TcpStream) {
    // What is not read would turn the answer into a reset.
    let mut head = [0; 2048];
    if stream.read(&mut head).await.is_ok() && stream.write_all(PLAIN.as_bytes()).await.is_ok() {
        drop(stream.shutdown().await);
    }
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
