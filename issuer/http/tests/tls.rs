//! The service ends TLS itself.

use super::raw::{Reply, Service, reply};
use super::{issuer, limits};
use crate::http::ServiceLimits;
use crate::identity::{Identity, IdentityError};
use crate::site_ca::SiteCa;
use crate::testing::{Key, TestRng, at};
use core::time::Duration;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;
use waypass_credential::time::Timestamp;

/// Certificates are compared with the true clock by the client.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::clamped(i64::try_from(since.as_secs()).expect("a time"))
}

fn authority(key: u8) -> SiteCa {
    SiteCa::make("Clinic", &["localhost".parse().expect("a name")], &Key::p256(key), now(), &mut TestRng::new(1)).expect("made")
}

fn server(ca: &SiteCa, key: u8) -> Identity {
    ca.issue(&Key::p256(1), Key::p256(key), now(), &mut TestRng::new(u64::from(key))).expect("issued")
}

fn start(limits: ServiceLimits, next: Option<Identity>, ca: &SiteCa) -> (tempfile::TempDir, Service) {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let service = Service::start_with(dir.path(), limits, Some((server(ca, 2), next, ca.certificate().to_vec())));
    (dir, service)
}

fn connected(service: &Service, ca: &SiteCa) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca.certificate())).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").expect("a name")).expect("a client");
    StreamOwned::new(client, service.connect())
}

fn get(service: &Service, ca: &SiteCa, path: &str) -> Reply {
    let mut stream = connected(service, ca);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    reply(stream)
}

#[test]
fn the_service_speaks_tls_and_offers_its_authority() {
    let ca = authority(1);
    let (_dir, service) = start(limits(), None, &ca);
    assert_eq!(get(&service, &ca, "/t1/manifest").status, 200);
    let file = get(&service, &ca, "/ca.crt");
    assert_eq!((file.header("content-type"), &file.body[..]), (Some("application/x-x509-ca-cert"), ca.certificate()));
    let page = get(&service, &ca, "/ca");
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    let page = String::from_utf8(page.body).expect("text");
    assert!(page.contains(':') && !page.contains("{fingerprint}"), "{page}");
    // Another authority of the same name.
    let mut foreign = connected(&service, &authority(5));
    assert!(foreign.write_all(b"GET / HTTP/1.1\r\n\r\n").and_then(|()| foreign.flush()).is_err());
    service.end();
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections() {
    let ca = authority(1);
    let (_dir, service) = start(limits(), Some(server(&ca, 3)), &ca);
    let shown = || {
        let mut stream = connected(&service, &ca);
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut first = [0; 1];
        stream.read_exact(&mut first).expect("answered");
        stream.conn.peer_certificates().and_then(|chain| chain.first()).map(|first| first.to_vec()).expect("a certificate")
    };
    let (first, until) = (shown(), Instant::now() + Duration::from_secs(20));
    while shown() == first {
        assert!(Instant::now() < until, "the certificate stays");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Silence and garbage hold a connection for as long as a header may take, and nobody else up.
#[test]
fn a_client_that_shakes_no_hand_is_cut_off() {
    let ca = authority(1);
    let short = ServiceLimits { header_timeout: Duration::from_millis(700), ..limits() };
    let (_dir, service) = start(short, None, &ca);
    let begun = Instant::now();
    let mut silent = service.connect();
    let mut half = service.connect();
    half.write_all(&[22, 3, 1, 2, 0, 1]).expect("sent");
    let mut garbage = service.connect();
    garbage.write_all(&[0, 1, 2, 3]).expect("sent");
    let mut bad = service.connect();
    bad.write_all(&[22; 600]).expect("sent");
    assert_eq!(get(&service, &ca, "/health").status, 200);
    for stream in [&mut garbage, &mut bad, &mut silent, &mut half] {
        let mut rest = Vec::new();
        // A reset ends it too.
        drop(stream.read_to_end(&mut rest));
        assert!(rest.len() < 16, "{rest:?}");
    }
    let took = begun.elapsed();
    assert!((Duration::from_millis(600)..Duration::from_secs(20)).contains(&took), "{took:?}");
}

/// Handshakes have places: one host with silent connections keeps nobody out.
#[test]
fn handshakes_count_as_connections() {
    let ca = authority(1);
    let (_dir, service) = start(ServiceLimits { connections: 4, header_timeout: Duration::from_mins(1), ..limits() }, None, &ca);
    let _silent: Vec<TcpStream> = (0..8).map(|_| service.connect()).collect();
    let page = get(&service, &ca, "/metrics");
    let text = String::from_utf8(page.body).expect("text");
    let open = text.lines().find(|line| line.starts_with("waypass_connections ")).expect("counted");
    assert_eq!(open, "waypass_connections 4");
}

#[test]
fn plain_http_is_told_to_use_tls() {
    let ca = authority(1);
    let (_dir, service) = start(limits(), None, &ca);
    let answer = service.get("/t1/manifest");
    assert_eq!((answer.status, answer.text("error")), (400, "tls_required".to_owned()));
    assert!(!answer.headers.contains("manifest"));
}

#[test]
fn files_that_do_not_fit_together_are_named() {
    let ca = authority(1);
    let pem = ca.pem();
    // A key of PKCS #8 that is not the authority's.
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6NuigxvK0wPC15SP\n\
        GhUCahwUfRN/ShY3Ke2nYF+/kNShRANCAAT6caGUoCoRCKIpmZTeOog95QDLypCe\n\
        tGC5tpvyCC0DoLIpvcuHyYsoOXX79qY8CvLBGSn658I26ZwGpX8e/dxV\n\
        -----END PRIVATE KEY-----\n";
    let read = |chain: &str, key: &str| Identity::from_pem(chain.as_bytes(), key.as_bytes()).map(drop);
    assert_eq!(read(&pem, key), Err(IdentityError::OtherKey));
    assert_eq!(read("", key), Err(IdentityError::NotACertificate));
    assert_eq!(read(&pem, &pem), Err(IdentityError::NotAKey));
}
