//! A server for tests: raw sockets, one thread, answers from a closure.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The requests to the server.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Its behaviour.
pub(crate) enum Answer {
    /// Answers.
    Is(u16, Vec<u8>),
    /// Answers in this coding.
    Encoded(&'static str, Vec<u8>),
    /// Points elsewhere.
    Moved(String),
    /// Says how long the answer is, and sends less.
    Cut(Vec<u8>),
    /// Announces this many bytes, and sends none.
    Announces(u64),
    /// Sends chunks for ever.
    Floods,
    /// Says nothing.
    Hangs,
    /// Hangs up.
    HangsUp,
}

pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Answer {
    Answer::Is(200, body.into())
}

pub(crate) struct Server {
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Serves until the test process ends; one connection for each request.
    pub(crate) fn start(answer: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(request) = read(&stream) {
                    log.lock().expect("not poisoned").push(request.clone());
                    // The client may hang up first, which is its right.
                    let _ = write(stream, answer(&request));
                }
            }
        });
        Self { base, seen }
    }

    /// `METHOD /path` of everything that was asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").iter().map(|r| format!("{} {}", r.method, r.path)).collect()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut request = Request { method, path, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn write(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    let head = |status: u16, length: u64| format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    match answer {
        Answer::Is(status, body) => {
            stream.write_all(head(status, body.len() as u64).as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Encoded(coding, body) => {
            let head = head(200, body.len() as u64).replace("Connection", &format!("Content-Encoding: {coding}\r\nConnection"));
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Moved(to) => stream.write_all(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes()),
        Answer::Cut(body) => {
            stream.write_all(head(200, body.len() as u64 + 1).as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Announces(length) => stream.write_all(head(200, length).as_bytes()),
        Answer::Floods => {
            stream.write_all(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk)?;
            }
        }
        Answer::Hangs => {
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(30));
                drop(stream);
            });
            Ok(())
        }
        Answer::HangsUp => Ok(()),
    }
}
