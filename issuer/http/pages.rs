//! The page of a gate, next to the documents that it fetches: in the folder `gate/` below the base path, so that a page asks for
//! `../manifest`.

use super::answer::{answer, joined};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::routing::get;
use waypass_web::{Answer, Pages};

/// Adds the folder and its files, and sends those who left out the last slash to it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(router: Router<S>, base: &str, pages: Pages) -> Router<S> {
    let folder = format!("{base}/gate/");
    let before = folder.clone();
    let file = async move |uri: Uri, asked: HeaderMap| {
        // The path as it was sent: what is escaped in it is not a name.
        let name = uri.path().strip_prefix(&before).unwrap_or_default();
        let (encodings, held) = (joined(&asked, &header::ACCEPT_ENCODING), joined(&asked, &header::IF_NONE_MATCH));
        response(pages.answer(name, Some(&encodings), Some(&held)))
    };
    let slash = async || {
        let mut response = answer(StatusCode::PERMANENT_REDIRECT, "text/plain; charset=utf-8", "no-cache", "");
        // Relative, so that it is right behind a proxy that takes the base path away.
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("gate/"));
        response
    };
    router.route(&format!("{base}/gate"), get(slash)).route(&folder, get(file.clone())).route(&format!("{folder}{{name}}"), get(file))
}

fn response(Answer { status, headers, body }: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_owner(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // All values are ours, in ASCII.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
