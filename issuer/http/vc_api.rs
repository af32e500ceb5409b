//! The W3C VC API and the DID Resolution HTTP binding behind a socket; see [`crate::vc_api`] for what they are good for.
//!
//! ```text
//! POST /{profile}/credentials/issue      201 {"verifiableCredential"}
//! POST /credentials/verify               200 {"verified": true, "problemDetails": []}
//! POST /presentations/verify             likewise
//! POST /credentials/status               200; sets an entry of the status list
//! GET  /status/1                         the list credential
//! GET  /1.0/identifiers/{did}            a resolution result, or the bare document, as `Accept` says
//! ```

use super::answer::{Fault, answer, private};
use super::body::Buffers;
use super::counts::Metrics;
use super::peers::{Connections, Peer};
use super::{ServeError, ServiceLimits, routes, wire};
use crate::vc_api::{Checks, MAX_BODY, PROFILES, Problem, ProblemKind, VcApi};
use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use rand_core::CryptoRng;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use waypass_credential::did::resolution::{ErrorCode, Representation, Resolution};
use waypass_credential::json::{self, Object, Value};
use waypass_credential::time::Timestamp;

/// Media types that ask for a whole resolution result, and not for the bare document (DID Resolution §7.1).
const RESULTS: [&str; 5] = ["application/did-resolution", "application/ld+json", "application/json", "application/*", "*/*"];

/// The state that every handler has.
struct Shared {
    api: VcApi,
    buffers: Buffers,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

/// Serves until SIGTERM or ctrl-c, then drains.
pub fn serve_vc_api(
    api: VcApi,
    listener: TcpListener,
    limits: ServiceLimits,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Box<dyn CryptoRng + Send>,
) -> Result<(), ServeError> {
    serve_until(api, listener, limits, clock, rng, wire::signalled())
}

/// Serves until `stop` is ready, then drains.
pub(super) fn serve_until(
    api: VcApi,
    listener: TcpListener,
    limits: ServiceLimits,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Box<dyn CryptoRng + Send>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(super::WORKERS).enable_all().build().map_err(ServeError::Io)?;
    let shared = Arc::new(Shared { api, buffers: Buffers::default(), clock, rng: Mutex::new(rng) });
    let (timeout, metrics) = (limits.request_timeout, Metrics::default());
    let router = Router::new()
        .route("/{profile}/credentials/issue", post(issue))
        .route("/credentials/verify", verification(VcApi::verify_credential))
        .route("/presentations/verify", verification(VcApi::verify_presentation))
        .route("/credentials/status", post(set_status))
        .route("/status/1", get(status_list))
        .route("/1.0/identifiers/{did}", get(resolve))
        .fallback(async || Fault::Named(StatusCode::NOT_FOUND, "not_found"))
        .method_not_allowed_fallback(async || Fault::Named(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"))
        .layer(middleware::from_fn(move |request, next| routes::bounded(timeout, metrics.clone(), request, next)))
        .with_state(shared);
    tracing::info!(event = "serving_vc_api");
    let served =
        runtime.block_on(wire::run(listener, None, router, Connections::new(limits.connections), limits, stop)).map_err(ServeError::Io);
    runtime.shutdown_timeout(core::time::Duration::from_secs(1));
    served
}

async fn issue(
    State(shared): State<Arc<Shared>>,
    Path(profile): Path<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    let Some(profile) = PROFILES.iter().find(|known| known.name == profile) else {
        return Err(Fault::Named(StatusCode::NOT_FOUND, "not_found"));
    };
    let body = shared.buffers.read(peer, &headers, body, MAX_BODY).await?;
    let at = (shared.clock)();
    let mut rng = shared.rng.lock().unwrap_or_else(PoisonError::into_inner);
    match shared.api.issue(profile, &body, at, &mut **rng) {
        Ok(issued) => Ok(private(StatusCode::CREATED, issued)),
        Err(problem) => Ok(told(problem, Object::new())),
    }
}

/// Answers with what `check` says of a body.
fn verification(check: fn(&VcApi, &[u8], Timestamp) -> Result<Checks, Problem>) -> MethodRouter<Arc<Shared>> {
    post(move |State(shared): State<Arc<Shared>>, Extension(peer): Extension<Peer>, headers: HeaderMap, body: Body| async move {
        let body = shared.buffers.read(peer, &headers, body, MAX_BODY).await?;
        Ok::<_, Fault>(verified(check(&shared.api, &body, (shared.clock)())))
    })
}

async fn set_status(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    let body = shared.buffers.read(peer, &headers, body, MAX_BODY).await?;
    Ok(shared.api.set_status(&body).map_or_else(|problem| told(problem, Object::new()), |()| private(StatusCode::OK, Object::new())))
}

async fn status_list(State(shared): State<Arc<Shared>>) -> Response<Body> {
    match shared.api.status_list((shared.clock)()) {
        Ok(list) => answer(StatusCode::OK, "application/json", "no-cache", list),
        Err(problem) => told(problem, Object::new()),
    }
}

/// Serves the DID Resolution HTTP(S) binding (DID Resolution §7.1). Nothing is fetched: `did:web` is not found here.
async fn resolve(Path(did): Path<String>, headers: HeaderMap) -> Response<Body> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let mut names = accept.split(',').map(|item| item.split(';').next().unwrap_or_default().trim());
    let wanted =
        names.find_map(|name| if RESULTS.contains(&name) { Some(None) } else { Representation::accepted(Some(name)).ok().map(Some) });
    let Some(form) = wanted else {
        let resolution = Resolution { representation: Representation::Did, document: Err(ErrorCode::RepresentationNotSupported) };
        return resolved(StatusCode::NOT_ACCEPTABLE, "application/did-resolution", resolution.to_json());
    };
    let resolution = Resolution::of(&did, form.map(Representation::media_type), |_| None);
    match (&resolution.document, form) {
        (Ok(document), Some(form)) => resolved(StatusCode::OK, form.media_type(), document.clone()),
        (Ok(_), None) => resolved(StatusCode::OK, "application/did-resolution", resolution.to_json()),
        (Err(why), _) => resolved(status_of(*why), "application/did-resolution", resolution.to_json()),
    }
}

/// DID Resolution §7.1, the table of HTTP status codes.
const fn status_of(why: ErrorCode) -> StatusCode {
    match why {
        ErrorCode::InvalidDid => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::RepresentationNotSupported => StatusCode::NOT_ACCEPTABLE,
        ErrorCode::MethodNotSupported => StatusCode::NOT_IMPLEMENTED,
        ErrorCode::InvalidDidDocument => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn resolved(status: StatusCode, kind: &'static str, object: Object<'_>) -> Response<Body> {
    answer(status, kind, "no-cache", json::to_string(&Value::Object(object)))
}

fn verified(checked: Result<Checks, Problem>) -> Response<Body> {
    match checked {
        Ok(checks) => private(
            StatusCode::OK,
            Object::new()
                .with("verified", true)
                .with("checks", checks.names().into_iter().collect::<Value<'static>>())
                .with("problemDetails", Value::Array(Vec::new())),
        ),
        Err(problem) => told(problem, Object::new().with("verified", false)),
    }
}

/// Returns the errors, next to the rest of the answer.
fn told(problem: Problem, object: Object<'static>) -> Response<Body> {
    let status = match problem.kind {
        ProblemKind::Parsing
        | ProblemKind::MalformedValue
        | ProblemKind::Proof
        | ProblemKind::Challenge
        | ProblemKind::Domain
        | ProblemKind::Validity => StatusCode::BAD_REQUEST,
        ProblemKind::Cryptographic | ProblemKind::Status | ProblemKind::UnknownStatus => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Unavailable => return Fault::Unavailable.into_response(),
    };
    private(status, object.with("problemDetails", Value::from_iter([problem.to_json()])))
}

#[cfg(test)]
mod tests;
