//! Answers to requests for pages (RFC 9110), without a server: status, headers, body.

use crate::files::{Form, Pages};
use std::borrow::Cow;
use std::sync::Arc;

/// The headers of each file. A browser runs only scripts of the pages' own folder, shows them in no frame, and asks for nothing but
/// the camera and a screen that stays on.
const SAFETY: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; \
         media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types waypass",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(self), screen-wake-lock=(self), microphone=(), geolocation=()"),
];
/// The page that a folder's own address shows.
const INDEX: &str = "index.html";

/// An answer that a server sends as it is. A server leaves the body out for HEAD.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// 200, 304 or 404.
    pub status: u16,
    /// Names in lower case, with their values in ASCII.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The bytes; several answers share them.
    pub body: Arc<[u8]>,
}

impl Pages {
    /// Answers a GET or HEAD. `path` is what follows the folder's address, as it was sent: nothing, or the name of a file. All else is not
    /// found, and so are names with an escaped letter.
    ///
    /// `accept_encoding` and `if_none_match` are the headers of these names; several of one name are joined with a comma. Each answer is
    /// asked for again before it is used (`no-cache`), which costs no transfer while the tag is the same.
    pub fn answer(&self, path: &str, accept_encoding: Option<&str>, if_none_match: Option<&str>) -> Answer {
        let mut headers: Vec<_> = SAFETY.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
        headers.push(("cache-control", "no-cache".into()));
        let Some(page) = self.named(if path.is_empty() { INDEX } else { path }) else {
            headers.push(("content-type", "text/plain; charset=utf-8".into()));
            return Answer { status: 404, headers, body: b"not found\n"[..].into() };
        };
        let brotli = page.brotli.as_ref().filter(|_| accept_encoding.is_some_and(accepts_brotli));
        if page.brotli.is_some() {
            headers.push(("vary", "accept-encoding".into()));
        }
        let Form { bytes, tag } = brotli.unwrap_or(&page.plain);
        headers.push(("etag", tag.clone().into()));
        if if_none_match.is_some_and(|held| names_tag(held, tag)) {
            return Answer { status: 304, headers, body: Arc::default() };
        }
        headers.push(("content-type", page.media_type.into()));
        if brotli.is_some() {
            headers.push(("content-encoding", "br".into()));
        }
        Answer { status: 200, headers, body: bytes.clone() }
    }
}

/// Returns true if an `If-None-Match` names this entity tag, weak or strong, or any (RFC 9110 §13.1.2).
pub fn names_tag(held: &str, tag: &str) -> bool {
    held.split(',').map(str::trim).any(|held| held == "*" || held.trim_start_matches("W/") == tag)
}

/// Returns true if an `Accept-Encoding` names brotli, and does not weigh it with nothing (RFC 9110 §12.5.3).
fn accepts_brotli(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests;
