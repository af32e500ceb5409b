//! The page from which a device takes the site's own certificate authority. It is served over TLS that the device does not believe yet,
//! so it asks a person to compare the fingerprint with what the office reads out.

use super::answer::answer;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("authority.html");

/// Adds `/ca` and `/ca.crt`, at the root: what a person types in.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(router: Router<S>, certificate: &[u8]) -> Router<S> {
    let page = PAGE.replace("{fingerprint}", &fingerprint(certificate));
    let certificate = certificate.to_vec();
    let page = async move || {
        let mut response = answer(StatusCode::OK, "text/html; charset=utf-8", "no-store", page);
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    };
    let file = async move || answer(StatusCode::OK, "application/x-x509-ca-cert", "no-store", certificate);
    router.route("/ca", get(page)).route("/ca.crt", get(file))
}

/// Returns the SHA-256 of a certificate as browsers and phones show it.
fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.chunks(16).map(|line| line.join(":")).collect::<Vec<_>>().join("<br>")
}
