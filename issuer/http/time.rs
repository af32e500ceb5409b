//! `POST /time`: what time it is, signed over the asker's own nonce (`schemas/trust/sync.cddl`).

use super::answer::{Fault, answer};
use super::peers::Peer;
use super::service::Service;
use crate::publish::PublishError;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Response, StatusCode};
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Value};
use waypass_trust::bundle::TimeNonce;

/// A nonce takes 60 bytes.
const QUESTION: Limits = Limits { bytes: 256, depth: 2, values: 8 };

/// Answers by the time that this service publishes at. While a person must confirm its clock it gives no answer.
pub(super) async fn time(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    let question = service.buffers.read(peer, &headers, body, QUESTION.bytes).await?;
    let nonce = nonce(&question).ok_or(Fault::bad("invalid_question"))?;
    if service.board.is_waiting() {
        return Err(Fault::Unavailable);
    }
    let signed = service
        .desk
        .ask(peer, move |counter, _| {
            let at = counter.pace.at((counter.clock)());
            counter.issuer.answer_time(&nonce, at)
        })
        .await?;
    match signed {
        Ok(signed) => Ok(answer(StatusCode::OK, "application/json", "no-store", signed)),
        Err(PublishError::NoRoot | PublishError::NoKey(_)) => Err(Fault::Unavailable),
        Err(why) => {
            tracing::error!(event = "time", why = %why);
            Err(Fault::Unavailable)
        }
    }
}

fn nonce(question: &[u8]) -> Option<TimeNonce> {
    let parsed = json::parse(question, QUESTION).ok()?;
    let nonce = parsed.member("nonce").and_then(Value::as_str)?;
    base64url::decode(nonce).ok()?.try_into().ok()
}
