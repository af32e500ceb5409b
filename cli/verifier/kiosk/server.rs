//! The service on the loopback address: pages for everybody on this machine, the gate for the page of this start.
//!
//! A page of another site can make a browser send requests here, also under a name that it points at 127.0.0.1. So the host must be this
//! address, the origin this page, and what asks the gate has the token.

use super::desk::Calls;
use super::office::{self, Office};
use super::token::Token;
use super::wire::{pack, unpack};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use std::net::TcpListener;
use std::sync::Arc;
use std::{io, thread};
use waypass_trust::sync::MAX_PARCEL;
use waypass_web::{Answer, Pages};

/// The largest file that a person brings, and a request.
const MOST: usize = MAX_PARCEL + 128 * 1024;

/// The parts of the service.
pub(super) struct Server {
    pub(super) pages: Option<Pages>,
    pub(super) office: Office,
    pub(super) token: Token,
    pub(super) calls: Calls,
}

struct Site {
    server: Server,
    /// The host that a request names.
    host: String,
}

impl Server {
    /// Begins to serve on threads of its own.
    pub(super) fn start(self, listener: TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let site = Arc::new(Site { host: listener.local_addr()?.to_string(), server: self });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { tokio::net::TcpListener::from_std(listener) })?;
        let router = Router::new().fallback(answer).with_state(site);
        thread::spawn(move || runtime.block_on(async { axum::serve(listener, router).await }));
        Ok(())
    }
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    match site.answered(request).await {
        Ok(response) => response,
        Err(refused) => said(refused, "text/plain; charset=utf-8", format!("{refused}\n").into()),
    }
}

impl Site {
    async fn answered(&self, request: Request) -> Result<Response<Body>, StatusCode> {
        self.is_own(request.headers())?;
        let name = request.uri().path().trim_start_matches('/').to_owned();
        let posts = *request.method() == Method::POST;
        let is_call = posts && name == "engine";
        if !is_call && !office::is_asked(&name, posts) {
            return self.page(&request, &name);
        }
        let authorization = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        if !self.server.token.is_shown(authorization) {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let body = axum::body::to_bytes(request.into_body(), MOST).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        if is_call { self.call(&body).await } else { self.relay(name, posts.then(|| body.into())).await }
    }

    /// Refuses what a page of another site made the browser send.
    fn is_own(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let is = |name: HeaderName, own: &str| headers.get(name).map(|value| value.as_bytes() == own.as_bytes());
        if is(header::HOST, &self.host) != Some(true) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        if is(header::ORIGIN, &format!("http://{}", self.host)) == Some(false) {
            return Err(StatusCode::FORBIDDEN);
        }
        Ok(())
    }

    async fn call(&self, body: &[u8]) -> Result<Response<Body>, StatusCode> {
        let (request, bytes) = unpack(body).ok_or(StatusCode::BAD_REQUEST)?;
        let answer = self.server.calls.ask(request, bytes.to_vec()).await.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let body = pack(&answer).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        Ok(said(StatusCode::OK, "application/octet-stream", body.into()))
    }

    async fn relay(&self, path: String, body: Option<Vec<u8>>) -> Result<Response<Body>, StatusCode> {
        let (status, body) = self.server.office.ask(path, body).await.ok_or(StatusCode::BAD_GATEWAY)?;
        let status = StatusCode::from_u16(status).map_err(|_| StatusCode::BAD_GATEWAY)?;
        Ok(said(status, "application/octet-stream", body.into()))
    }

    fn page(&self, request: &Request, name: &str) -> Result<Response<Body>, StatusCode> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        let pages = self.server.pages.as_ref().ok_or(StatusCode::NOT_FOUND)?;
        let asked = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let Answer { status, headers, body } = pages.answer(name, asked(header::ACCEPT_ENCODING), asked(header::IF_NONE_MATCH));
        let mut response = Response::new(Body::from(Bytes::from_owner(body)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in headers {
            // All values are ours, in ASCII.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}

/// Returns an answer that no cache keeps and no browser takes for something else.
fn said(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
