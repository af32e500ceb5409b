//! TLS ended by the service itself: the certificate that it shows, and the handshake of a connection.

use crate::identity::{Identity, provider};
use core::time::Duration;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// The answer to a client that speaks HTTP to a service with TLS.
const PLAIN: &str = concat!(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 96\r\nConnection: close\r\n\r\n",
    r#"{"error":"tls_required","error_description":"this address speaks TLS: write https:// before it"}"#
);

/// What a service needs to end TLS itself.
pub struct Tls<'f> {
    /// The first that is shown.
    pub identity: Identity,
    /// Asked once a second for a newer one, and with `true` after SIGHUP.
    pub newer: &'f mut dyn FnMut(bool) -> Option<Identity>,
    /// The certificate of the site's own authority, which the page `/ca` offers (DER).
    pub authority: Option<Vec<u8>>,
}

/// The identity that new connections are shown. It changes while the service runs.
#[derive(Clone, Debug)]
pub(super) struct Shown(Arc<RwLock<Arc<CertifiedKey>>>);

impl Shown {
    pub(super) fn new(identity: &Identity) -> Self {
        Self(Arc::new(RwLock::new(identity.shown())))
    }

    pub(super) fn replace(&self, identity: &Identity) {
        // The change is one step: a thread that panicked left a whole one.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity.shown();
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
