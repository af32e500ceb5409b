//! A server whose certificate nobody vouches for, on this machine.

use super::{Ask, Client, Link, Reach};
use crate::authorities::{Authorities, NotAnAuthority};
use crate::error::TransportError;
use reqwest::Url;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::net::TcpListener;
use std::sync::Arc;
use waypass_credential::base64url;

/// A certificate for this machine that is signed by its own key, until 2126.
const CERTIFICATE: &str = concat!(
    "MIIBwzCCAWigAwIBAgIURnxRN-JhX30b2dEpcp3L5VdQqJYwCgYIKoZIzj0EAwIwKTEnMCUGA1UEAwweYW4gYXV0aG9yaXR5IHRoYXQgbm9ib2R5IGtub3dz",
    "MCAXDTI2MTEzMDAwMjc0OFoYDzIxMjYxMTA2MDAyNzQ4WjApMScwJQYDVQQDDB5hbiBhdXRob3JpdHkgdGhhdCBub2JvZHkga25vd3MwWTATBgcqhkjOPQIB",
    "BggqhkjOPQMBBwNCAAT6caGUoCoRCKIpmZTeOog95QDLypCetGC5tpvyCC0DoLIpvcuHyYsoOXX79qY8CvLBGSn658I26ZwGpX8e_dxVo2wwajAdBgNVHQ4E",
    "FgQUQ59F8UFc6pz_OBFEVEgIsVdDTBQwHwYDVR0jBBgwFoAUQ59F8UFc6pz_OBFEVEgIsVdDTBQwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR_AAABMAwGA1Ud",
    "EwEB_wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAMBurP1aRnp2pb1yxWzolVHNyyn__WSTtXS8If6ADYNqAiEAuTzfOkyF37ssyXHBwlec-",
    "Bapyqhwff70RzA4qy9X2ZA",
);
/// That key (PKCS #8), made for this test.
const KEY: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6NuigxvK0wPC15SPGhUCahwUfRN_ShY3Ke2nYF-",
    "_kNShRANCAAT6caGUoCoRCKIpmZTeOog95QDLypCetGC5tpvyCC0DoLIpvcuHyYsoOXX79qY8CvLBGSn658I26ZwGpX8e_dxV",
);

/// Serves TLS until the test process ends; gives the port.
fn serve() -> u16 {
    let certificate = CertificateDer::from(base64url::decode(CERTIFICATE).expect("base64url"));
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(base64url::decode(KEY).expect("base64url")));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a certificate with its key"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The client hangs up in the middle, which is what the test is about.
            let _ = ServerConnection::new(Arc::clone(&config)).map(|mut tls| tls.complete_io(&mut stream));
        }
    });
    port
}

/// It is not unreachable, and trying again later would not help.
#[test]
fn an_unknown_authority_is_said_as_such() {
    let Ok(client) = Client::new(true, Reach::Anywhere, &Link::default()) else {
        println!("SKIP certificates: this machine has no certificate store");
        return;
    };
    let url = Url::parse(&format!("https://localhost:{}/", serve())).expect("a URL");
    let failed =
        client.ask(&url, Ask { what: "anything", limit: 100, body: None, bearer: None, retry: None }).expect_err("nobody vouches for it");
    assert!(matches!(failed, TransportError::Certificate { .. }), "{failed}");
    assert!(failed.to_string().ends_with("is signed by an authority that this machine does not know"), "{failed}");

    // A person who added the authority is past that, up to the answer that this server does not give.
    let authorities = Authorities::read(&base64url::decode(CERTIFICATE).expect("base64url")).expect("an authority");
    let client = Client::new(true, Reach::Anywhere, &Link { authorities, ..Link::default() }).expect("a client");
    let failed =
        client.ask(&url, Ask { what: "anything", limit: 100, body: None, bearer: None, retry: None }).expect_err("it says nothing");
    assert!(!matches!(failed, TransportError::Certificate { .. }), "{failed}");
}

#[test]
fn only_certificates_are_authorities() {
    for bytes in [&b""[..], b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Authorities::read(bytes).map(drop), Err(NotAnAuthority));
    }
}
