//! Answers: JSON, errors as OpenID4VCI names them, and published bytes with their entity tags.

use super::desk::Closed;
use super::shown::Shown;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use waypass_credential::json::{self, Object, Value};
use waypass_web::names_tag;

/// The obstacle to an answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// An error of the protocol: status and code.
    Named(StatusCode, &'static str),
    /// Like `Named`, with words for the developer of a wallet (RFC 6749 §5.2, OpenID4VCI 1.0 §8.3.1.2).
    Described(StatusCode, &'static str, &'static str),
    /// As `Named`, with one member more.
    Numbered(StatusCode, &'static str, &'static str, u64),
    /// No valid access token (RFC 6750 §3).
    Unauthorized(&'static str),
    /// The issuer cannot answer now.
    Unavailable,
}

impl Fault {
    /// 400 with an error code.
    pub(super) const fn bad(code: &'static str) -> Self {
        Self::Named(StatusCode::BAD_REQUEST, code)
    }

    /// 400 with an error code and what it is about.
    pub(super) const fn because(code: &'static str, description: &'static str) -> Self {
        Self::Described(StatusCode::BAD_REQUEST, code, description)
    }
}

impl From<Closed> for Fault {
    fn from(Closed: Closed) -> Self {
        Self::Unavailable
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        let error = |code: &'static str| Object::new().with("error", code);
        match self {
            Self::Named(status, code) => private(status, error(code)),
            Self::Described(status, code, words) => private(status, error(code).with("error_description", words)),
            Self::Numbered(status, code, name, number) => {
                private(status, error(code).with(name, i64::try_from(number).unwrap_or(i64::MAX)))
            }
            Self::Unauthorized(code) => {
                let mut response = private(StatusCode::UNAUTHORIZED, error(code));
                let challenge = if code == "invalid_token" { "Bearer error=\"invalid_token\"" } else { "Bearer" };
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                response
            }
            Self::Unavailable => {
                let mut response = private(StatusCode::SERVICE_UNAVAILABLE, error("temporarily_unavailable"));
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
                response
            }
        }
    }
}

/// Returns a JSON answer that nobody may keep.
pub(super) fn private(status: StatusCode, object: Object<'_>) -> Response<Body> {
    answer(status, "application/json", "no-store", json::to_string(&Value::Object(object)))
}

/// Returns a JSON answer that is equal for everybody.
pub(super) fn public(object: Object<'_>) -> Response<Body> {
    answer(StatusCode::OK, "application/json", "public, max-age=300", json::to_string(&Value::Object(object)))
}

pub(super) fn answer(status: StatusCode, kind: &'static str, cache: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns the values of a header that may be there several times, as one (RFC 9110 §5.3).
pub(super) fn joined(asked: &HeaderMap, name: &HeaderName) -> String {
    asked.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ")
}

/// Published bytes, or 304 where the asker has them (RFC 9110 §13.1.2).
pub(super) fn published(asked: &HeaderMap, shown: &Shown, kind: &'static str, cache: &str) -> Response<Body> {
    let same = names_tag(&joined(asked, &header::IF_NONE_MATCH), &shown.tag);
    let mut response = if same {
        answer(StatusCode::NOT_MODIFIED, kind, "no-cache", Body::empty())
    } else {
        answer(StatusCode::OK, kind, "no-cache", shown.bytes.clone())
    };
    let headers = response.headers_mut();
    // Tags are hexadecimal and cache texts ours: both are header text.
    if let (Ok(tag), Ok(cache)) = (HeaderValue::from_str(&shown.tag), HeaderValue::from_str(cache)) {
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, cache);
    }
    response
}
