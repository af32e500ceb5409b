//! A service on a real socket, and a client that sends exactly what it is told.

use crate::http::{ServiceLimits, serve_until};
use crate::testing::{TestRng, at, reopened};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use waypass_credential::json::{self, Limits, Value};

pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) clock: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    pub(super) fn json(&self) -> Value<'_> {
        json::parse(&self.body, Limits::BUNDLE).expect("JSON")
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.json().member(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(super) fn error(&self) -> (u16, String) {
        (self.status, self.text("error"))
    }
}

impl Service {
    pub(super) fn start(dir: &Path, limits: ServiceLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address");
        let clock = Arc::new(AtomicI64::new(100));
        let (stop, stopped) = oneshot::channel();
        let (dir, seconds) = (dir.to_owned(), clock.clone());
        let thread = std::thread::spawn(move || {
            let mut issuer = reopened(&dir);
            let now = move || at(seconds.load(Ordering::SeqCst));
            let stop = async { drop(stopped.await) };
            serve_until(&mut issuer, listener, limits, &now, &mut TestRng::new(address.port().into()), stop).expect("served");
        });
        Self { address, clock, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("set");
        stream
    }

    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
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

    pub(super) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub(super) fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.ask("POST", path, &[], body)
    }

    /// Waits until the service has ended by itself, after it was told to.
    pub(super) fn end(mut self) {
        self.tell();
        self.thread.take().expect("running").join().expect("ended well");
    }

    pub(super) fn tell(&mut self) {
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

pub(super) fn reply(mut stream: TcpStream) -> Reply {
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
