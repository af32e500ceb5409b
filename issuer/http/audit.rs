//! `POST /audit`: a gate's log comes in, a signed receipt goes back.

use super::answer::{Fault, answer};
use super::peers::Peer;
use super::service::Service;
use crate::intake::IntakeError;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Response, StatusCode};

/// An upload of 4,096 records of the usual 350 bytes has 2 MB; larger logs go up in several.
const MAX_UPLOAD: usize = 8 * 1024 * 1024;

pub(super) async fn intake(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    // Read first: a slow sender keeps nobody waiting at the desk.
    let upload = service.buffers.read(peer, &headers, body, MAX_UPLOAD).await?;
    match service.desk.ask(peer, move |counter, at| counter.issuer.intake(&upload, at)).await? {
        Ok(receipt) => Ok(answer(StatusCode::OK, "application/jwt", "no-store", receipt)),
        Err(IntakeError::Invalid(_)) => Err(Fault::bad("invalid_upload")),
        Err(IntakeError::NotEnrolled) => Err(Fault::Named(StatusCode::FORBIDDEN, "not_enrolled")),
        Err(IntakeError::Gap { expected }) => Err(Fault::Numbered(StatusCode::CONFLICT, "gap", "expected_seq", expected)),
        Err(IntakeError::Fork { seq }) => {
            tracing::warn!(event = "audit_fork", seq);
            Err(Fault::Numbered(StatusCode::CONFLICT, "fork", "seq", seq))
        }
        Err(IntakeError::NoKey | IntakeError::Sign) => Err(Fault::Unavailable),
        Err(IntakeError::Store(why)) => {
            tracing::error!(event = "store", why = %why);
            Err(Fault::Unavailable)
        }
    }
}
