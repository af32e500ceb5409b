//! A service on a real socket, and a client that sends exactly what it is told.

use crate::http::{ServiceLimits, Socket, Tls, serve_until};
use crate::identity::Identity;
use crate::testing::{TestRng, at, reopened};
use core::ops::ControlFlow;
use core::time::Duration;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

pub(in crate::http) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

pub(in crate::http) struct Service {
    pub(in crate::http) address: SocketAddr,
    pub(in crate::http) clock: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(in crate::http) struct Reply {
    pub(in crate::http) status: u16,
    pub(in crate::http) headers: String,
    pub(in crate::http) body: Vec<u8>,
}

impl Reply {
    pub(in crate::http) fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    pub(in crate::http) fn json(&self) -> Value<'_> {
        json::parse(&self.body, Limits::BUNDLE).expect("JSON")
    }

    pub(in crate::http) fn text(&self, name: &str) -> String {
        self.json().member(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(in crate::http) fn error(&self) -> (u16, String) {
        // OpenID4VCI 1.0 §8.3.1: integrators of wallets read the description.
        const DESCRIBED: [&str; 8] = [
            "invalid_grant",
            "invalid_proof",
            "invalid_nonce",
            "invalid_credential_request",
            "invalid_encryption_parameters",
            "unsupported_grant_type",
            "unknown_credential_configuration",
            "unknown_credential_identifier",
        ];
        let code = self.text("error");
        assert!(!DESCRIBED.contains(&code.as_str()) || self.text("error_description").len() > 10, "{code} says nothing");
        (self.status, code)
    }
}

impl Service {
    pub(in crate::http) fn start(dir: &Path, limits: ServiceLimits) -> Self {
        Self::start_with(dir, limits, None)
    }

    /// Like [`Self::start`], with TLS where there is a certificate; the second one is shown as soon as it is asked for.
    pub(in crate::http) fn start_with(dir: &Path, limits: ServiceLimits, tls: Option<(Identity, Option<Identity>, Vec<u8>)>) -> Self {
        let dir = dir.to_owned();
        Self::running(move |listener, now, stopped| {
            let mut rng = TestRng::new(listener.local_addr().expect("an address").port().into());
            let stop = async { drop(stopped.await) };
            let clock = || {
                let wall = now();
                Reading { wall, boottime_ms: wall.since(at(0)).unsigned_abs() * 1000, boot_id: [7; 16] }
            };
            let (first, mut next, authority) = match tls {
                Some((first, next, authority)) => (Some(first), next, Some(authority)),
                None => (None, None, None),
            };
            let mut newer = move |_| next.take();
            let tls = first.map(|identity| Tls { identity, newer: &mut newer, authority });
            let socket = Socket { listener, limits, tls, pages: None };
            serve_until(&mut reopened(&dir), socket, &clock, &mut rng, &mut |_, _| ControlFlow::Continue(()), stop).expect("served");
        })
    }

    /// Does what `serve` does until it is told to stop, on a thread and a socket of its own.
    pub(in crate::http) fn running(serve: impl FnOnce(TcpListener, Clock, oneshot::Receiver<()>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address");
        let clock = Arc::new(AtomicI64::new(100));
        let (stop, stopped) = oneshot::channel();
        let seconds = clock.clone();
        let thread = std::thread::spawn(move || serve(listener, Box::new(move || at(seconds.load(Ordering::SeqCst))), stopped));
        Self { address, clock, stop: Some(stop), thread: Some(thread) }
    }

    pub(in crate::http) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("set");
        stream
    }

    pub(in crate::http) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: issuer\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            for part in [name, ": ", value, "\r\n"] {
                request.push_str(part);
            }
        }
        request.push_str("\r\n");
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("sent");
        // A service that refuses early may close before it has read everything.
        drop(stream.write_all(body));
        reply(stream)
    }

    pub(in crate::http) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub(in crate::http) fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.ask("POST", path, &[], body)
    }

    /// Waits until the service has ended by itself, after it was told to.
    pub(in crate::http) fn end(mut self) {
        self.tell();
        self.thread.take().expect("running").join().expect("ended well");
    }

    pub(in crate::http) fn tell(&mut self) {
        // Dropping the sender tells it too.
        self.stop.take();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.tell();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

pub(in crate::http) fn reply(mut stream: impl std::io::Read) -> Reply {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    // A reset after the answer is no matter.
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer");
    let headers = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, headers, body: bytes[end + 4..].to_vec() }
}
