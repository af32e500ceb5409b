//! Which path leads where.

use super::answer::{Fault, private, published};
use super::counts::Metrics;
use super::peers::Peer;
use super::service::Service;
use super::shown::Published;
use super::{audit, authority, metadata, metrics, pages, pickup, time};
use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, MatchedPath, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;
use waypass_credential::json::Object;
use waypass_web::Pages;

pub(super) fn router(base: &str, service: Service, timeout: Duration, certificate: Option<&[u8]>, pages: Option<Pages>) -> Router {
    let counted = service.metrics.clone();
    let mut router = Router::new();
    for (name, document) in
        [("openid-credential-issuer", get(metadata::issuer)), ("oauth-authorization-server", get(metadata::authorization_server))]
    {
        // OpenID4VCI 1.0 §12.2.2 and RFC 8414 §3.1 put the well-known part before the path; some wallets put it after.
        router = router.route(&format!("/.well-known/{name}{base}"), document.clone());
        if !base.is_empty() {
            router = router.route(&format!("{base}/.well-known/{name}"), document);
        }
    }
    if !base.is_empty() {
        router = router.route("/health", get(health)).route("/healthz", get(health));
    }
    // Never under the base path: a proxy that passes on the base path alone keeps the numbers inside.
    router = router.route("/metrics", get(metrics::metrics));
    if let Some(certificate) = certificate {
        router = authority::routes(router, certificate);
    }
    if let Some(pages) = pages {
        router = pages::routes(router, base, pages);
    }
    let under = |path: &str| format!("{base}{path}");
    router
        .route(&under("/health"), get(health))
        .route(&under("/healthz"), get(health))
        .route(&under("/manifest"), get(manifest))
        .route(&under("/bundle"), get(bundle))
        .route(&under("/bundle/metadata"), get(bundle_metadata))
        .route(&under("/root/{version}"), get(root))
        .route(&under("/lists/{id}"), get(list))
        .route(&under("/time"), post(time::time))
        .route(&under("/audit"), post(audit::intake))
        .route(&under("/token"), post(pickup::token))
        .route(&under("/nonce"), post(pickup::nonce))
        .route(&under("/credential"), post(pickup::credential))
        .fallback(async || Fault::Named(StatusCode::NOT_FOUND, "not_found"))
        .method_not_allowed_fallback(async || Fault::Named(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"))
        .layer(middleware::from_fn(move |request, next| bounded(timeout, counted.clone(), request, next)))
        .with_state(service)
}

/// Bounds a request's time, counts it and writes its line in the log: the route's pattern, never the path itself.
pub(super) async fn bounded(timeout: Duration, metrics: Metrics, request: Request, next: Next) -> Response<Body> {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let response = match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::Named(StatusCode::REQUEST_TIMEOUT, "timeout").into_response(),
    };
    metrics.count(&route, response.status(), began.elapsed());
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    // An unknown method is text of the sender's choice.
    let method = if method.as_str().len() <= 7 && method.as_str().bytes().all(|b| b.is_ascii_uppercase()) { method.as_str() } else { "-" };
    tracing::info!(event = "request", method, route, status = response.status().as_u16(), millis);
    response
}

async fn health(State(service): State<Service>, Extension(peer): Extension<Peer>) -> Result<Response<Body>, Fault> {
    let alive = service.desk.ask(peer, |counter, _| counter.issuer.published_version().is_ok()).await?;
    let Some(published) = service.board.read().filter(|_| alive) else { return Err(Fault::Unavailable) };
    let timestamp = i64::try_from(published.timestamp).unwrap_or(i64::MAX);
    // Lists and bundle grow old, though what is served is whole.
    let (code, status) = if service.board.is_waiting() { (StatusCode::SERVICE_UNAVAILABLE, "waiting") } else { (StatusCode::OK, "ok") };
    Ok(private(code, Object::new().with("status", status).with("timestamp", timestamp).with("published_at", published.at.unix())))
}

fn shown(service: &Service) -> Result<Arc<Published>, Fault> {
    service.board.read().ok_or(Fault::Unavailable)
}

async fn manifest(State(service): State<Service>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    Ok(published(&headers, &shown(&service)?.manifest, "application/json", "no-cache"))
}

async fn bundle(State(service): State<Service>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    Ok(published(&headers, &shown(&service)?.bundle, "application/json", "no-cache"))
}

async fn bundle_metadata(State(service): State<Service>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    Ok(published(&headers, &shown(&service)?.metadata, "application/json", "no-cache"))
}

async fn root(State(service): State<Service>, Path(version): Path<String>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    let shown = shown(&service)?;
    let root = version.parse().ok().and_then(|version: u64| shown.roots.get(&version));
    let root = root.ok_or(Fault::Named(StatusCode::NOT_FOUND, "not_found"))?;
    // A version never changes.
    Ok(published(&headers, root, "application/json", "public, max-age=86400, immutable"))
}

async fn list(State(service): State<Service>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    let shown = shown(&service)?;
    let list = shown.lists.get(&id).ok_or(Fault::Named(StatusCode::NOT_FOUND, "not_found"))?;
    let kind = match list.bytes.first() {
        Some(b'{') => credential_type(&headers),
        Some(0xd2) => "application/statuslist+cwt",
        _ => "application/statuslist+jwt",
    };
    let mut response = published(&headers, list, kind, &service.list_cache);
    if list.bytes.first() == Some(&b'{') {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    }
    Ok(response)
}

/// Returns the media type of a VCDM document (VCDM 2.0 §6.1), or that of all JSON for those who ask for JSON and do not know the first.
fn credential_type(asked: &HeaderMap) -> &'static str {
    let names = |kind: &str| {
        let values = asked.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|range| range.split(';').next().unwrap_or_default().trim() == kind)
    };
    if names("application/json") && !names("application/vc") { "application/json" } else { "application/vc" }
}
