//! One host that takes what it can get, and another one that must be served all the same.

use super::*;
use core::net::{Ipv4Addr, SocketAddr};
use std::net::TcpStream;

/// A connection from another address of this machine.
fn from(service: &Service, last: u8) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))).expect("loopback is a whole network");
        socket.connect(service.address).await.expect("connected")
    });
    let stream = stream.into_std().expect("a blocking one");
    stream.set_nonblocking(false).expect("set");
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("set");
    stream
}

/// How long another host waits for an answer, and the answer.
fn honest(service: &Service, request: &str) -> (Duration, Reply) {
    let began = Instant::now();
    let mut stream = from(service, 2);
    stream.write_all(request.as_bytes()).expect("sent");
    (began.elapsed(), reply(stream))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: issuer\r\nConnection: close\r\n\r\n")
}

/// Ten times the second that is promised, on a machine that does other things too.
const SOON: Duration = Duration::from_secs(10);
/// As many as the evidence page used; more than there are places.
const CROWD: usize = 300;

#[test]
fn three_hundred_connections_of_one_host_keep_nobody_out() {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    // The crowd sends just enough to stay: here that costs it nothing for a minute.
    let service = Service::start(dir.path(), ServiceLimits { header_timeout: Duration::from_mins(1), ..limits() });
    let mut crowd: Vec<TcpStream> = (0..CROWD).map(|_| from(&service, 1)).collect();
    let mut kept = 0;
    for stream in &mut crowd {
        if stream.write_all(b"GET /t1/manifest HTTP/1.1\r\nHost: issuer\r\n\r\n").is_ok() {
            kept += 1;
        }
    }
    assert!(kept > 200, "only {kept} connections of the crowd were taken");
    for _ in 0..4 {
        let (_, reply) = honest(&service, &get("/t1/bundle"));
        assert_eq!(reply.status, 200);
    }
    let (waited, metrics) = honest(&service, &get("/metrics"));
    assert!(waited < SOON, "{waited:?}");
    let text = String::from_utf8(metrics.body).expect("text");
    let number = |name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(&format!("waypass_{name} "))).expect(name);
        line.split(' ').nth(1).and_then(|value| value.parse().ok()).expect("a number")
    };
    assert!(number("connections_evicted_total") >= (CROWD - limits().connections) as u64, "{text}");
    assert!(number("connections") <= limits().connections as u64, "{text}");
    assert_eq!(number("published_version"), 1);
    assert!(text.contains("waypass_requests_total{route=\"/t1/bundle\",status=\"200\"} 4"), "{text}");
}

#[test]
fn slow_bodies_of_one_host_keep_no_upload_waiting() {
    let (_dir, service) = service();
    let slow: Vec<TcpStream> = (0..CROWD)
        .map(|_| {
            let mut stream = from(&service, 1);
            drop(stream.write_all(b"POST /t1/audit HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n "));
            stream
        })
        .collect();
    let began = Instant::now();
    for _ in 0..3 {
        let upload = "POST /t1/audit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        let (_, reply) = honest(&service, upload);
        assert_eq!(reply.error(), (400, "invalid_upload".into()));
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // A body is cut off after 20 seconds: had the uploads waited for the slow ones, three would not have fitted into that.
    drop(slow);
}

/// Memory is taken as bytes arrive; a sender that takes too much is told to come back.
#[test]
fn bodies_of_one_host_take_half_of_the_memory_at_most() {
    let (_dir, service) = service();
    let part = vec![b' '; 7_900_000];
    let fifth = || {
        let mut slow: Vec<TcpStream> = Vec::new();
        for _ in 0..6 {
            let mut stream = from(&service, 1);
            stream.write_all(b"POST /t1/audit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8000000\r\n\r\n").expect("sent");
            if stream.write_all(&part).is_err() || slow.len() == 4 {
                return (reply(stream), slow);
            }
            slow.push(stream);
        }
        panic!("the fifth is too much");
    };
    // If a busy machine sends so slowly that time runs out first, nothing was said about memory.
    let (refused, _slow) = (0..5).map(|_| fifth()).find(|(reply, _)| reply.error().0 != 408).expect("sent in time");
    assert_eq!((refused.error(), refused.header("retry-after")), ((503, "temporarily_unavailable".into()), Some("2")));
    let upload = "POST /t1/audit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    assert_eq!(honest(&service, upload).1.error(), (400, "invalid_upload".into()));
}

#[test]
fn health_and_numbers_tell_nothing_about_anybody() {
    let (dir, service) = service();
    let (code, _) = offered(dir.path(), &order(), false, 1);
    exchange(&service, &code, "");
    service.get("/t1/secret-path?secret-query=1");
    service.ask("SECRETMETHOD", "/t1/bundle", &[], b"");
    for path in ["/healthz", "/t1/healthz", "/health"] {
        assert_eq!((service.get(path).status, service.get(path).text("status")), (200, "ok".into()), "{path}");
    }
    assert_eq!(service.get("/t1/metrics").status, 404, "a proxy that passes on the base path shows no numbers");
    let metrics = service.get("/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(metrics.body).expect("text");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("waypass_") && value.parse::<f64>().is_ok(), "{line}");
    }
    for secret in [code.as_str(), "secret", "SECRET", "127.0.0.1", "did:key", "Quisenberry"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
