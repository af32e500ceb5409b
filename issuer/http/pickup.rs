//! Token, nonce and credential endpoints (OpenID4VCI 1.0 §6, §7, §8) for the pre-authorized code flow.

use super::answer::{Fault, private};
use super::peers::Peer;
use super::service::Service;
use crate::offer::GrantError;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Object, Value};

mod form;
mod proof;

const MAX_FORM: usize = 16 * 1024;
const CREDENTIAL_REQUEST: Limits = Limits { bytes: 64 * 1024, depth: 12, values: 1024 };

const USED_NONCE: Fault = Fault::because("invalid_nonce", "the nonce is not one of this issuer's, was used or has ended");

/// `POST /token`.
pub(super) async fn token(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    let body = service.buffers.read(peer, &headers, body, MAX_FORM).await?;
    let form = form::parse(&body).ok_or(Fault::because("invalid_request", "the body is not a form in which each name appears once"))?;
    match form.one("grant_type") {
        Some(crate::offer::GRANT) => {}
        Some(_) => return Err(Fault::because("unsupported_grant_type", "only the pre-authorized code grant is taken")),
        None => return Err(Fault::because("invalid_request", "grant_type is missing")),
    }
    let retry = retry_key(&headers);
    let code = form.one("pre-authorized_code");
    let code = code.ok_or(Fault::because("invalid_request", "pre-authorized_code is missing"))?.to_owned();
    let tx_code = form.one("tx_code").map(ToOwned::to_owned);
    let wants_identifiers = form.one("authorization_details").is_some();
    let exchanged = service
        .desk
        .ask(peer, move |counter, at| {
            let token = counter.issuer.exchange(&code, tx_code.as_deref(), retry.as_deref(), at, counter.rng)?;
            let configuration = counter.issuer.granted(&token.token, at)?;
            Ok((token, configuration))
        })
        .await?;
    let (token, configuration) = exchanged.map_err(|why: GrantError| match why {
        GrantError::TxCode => Fault::because("invalid_request", "tx_code is missing, or was sent where none is asked for"),
        GrantError::Store(why) => unavailable(&why),
        _ => Fault::because("invalid_grant", "the code is unknown, used or ended, or the tx_code is wrong"),
    })?;
    let mut answer = Object::new().with("access_token", token.token).with("token_type", "bearer").with("expires_in", token.expires_in);
    if wants_identifiers {
        // §6.2: what was asked for in authorization_details is answered with the identifiers it may be asked by.
        let detail = Object::new()
            .with("type", "openid_credential")
            .with("credential_configuration_id", configuration)
            .with("credential_identifiers", [configuration].into_iter().collect::<Value<'_>>());
        answer.set("authorization_details", [detail].into_iter().collect::<Value<'_>>());
    }
    Ok(private(StatusCode::OK, answer))
}

/// `POST /nonce`. Costs no write: a caller without an offer leaves nothing behind.
pub(super) async fn nonce(State(service): State<Service>, Extension(peer): Extension<Peer>) -> Result<Response<Body>, Fault> {
    let nonces = service.nonces.clone();
    let nonce = service.desk.ask(peer, move |counter, at| nonces.fresh(at, counter.rng)).await?;
    Ok(private(StatusCode::OK, Object::new().with("c_nonce", nonce)))
}

/// `POST /credential`.
pub(super) async fn credential(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Fault> {
    let token = bearer(&headers)?;
    let body = service.buffers.read(peer, &headers, body, CREDENTIAL_REQUEST.bytes).await?;
    let Request { configuration, identifier, proof } = Request::parse(&body)?;
    let (nonces, base) = (service.nonces.clone(), service.base_url.clone());
    service
        .desk
        .ask(peer, move |counter, at| {
            let granted = counter.issuer.granted(&token, at).map_err(|why| grant_fault(&why))?;
            match (configuration.as_deref(), identifier.as_deref()) {
                (Some(asked), _) if asked != granted => {
                    return Err(Fault::because("unknown_credential_configuration", "the offer is for another configuration"));
                }
                (None, Some(asked)) if asked != granted => {
                    return Err(Fault::because("unknown_credential_identifier", "the offer is for another credential"));
                }
                _ => {}
            }
            let proven = proof::verify(&proof, &base, at).map_err(|proof::Invalid(why)| Fault::because("invalid_proof", why))?;
            let nonce_until = nonces.check(&proven.nonce, at).ok_or(USED_NONCE)?;
            let credential = counter
                .issuer
                .pick_up(&token, &proven.nonce, nonce_until, &proven.holder, at, counter.rng)
                .map_err(|why| grant_fault(&why))?;
            tracing::info!(event = "picked_up");
            credential_answer(&credential)
        })
        .await?
}

fn credential_answer(credential: &[u8]) -> Result<Response<Body>, Fault> {
    let value = match std::str::from_utf8(credential) {
        // An `ldp_vc` is a JSON object in the answer, an SD-JWT a string (OpenID4VCI 1.0 Appendix A).
        Ok(text) if text.starts_with('{') => json::parse(credential, Limits::CREDENTIAL).map_err(|_| Fault::Unavailable)?,
        Ok(text) => Value::from(text),
        // One of CBOR is a string of base64url (appendix A.2.4).
        Err(_) => Value::from(base64url::encode(credential)),
    };
    let credentials = [Object::new().with("credential", value)].into_iter().collect::<Value<'_>>();
    Ok(private(StatusCode::OK, Object::new().with("credentials", credentials)))
}

/// The content of a credential request; both names may be absent only one at a time.
struct Request {
    configuration: Option<String>,
    identifier: Option<String>,
    proof: String,
}

impl Request {
    fn parse(body: &[u8]) -> Result<Self, Fault> {
        let request =
            json::parse(body, CREDENTIAL_REQUEST).map_err(|_| Fault::because("invalid_credential_request", "the body is not JSON"))?;
        let request = request.as_object().ok_or(Fault::because("invalid_credential_request", "the body is not a JSON object"))?;
        if request.member("credential_response_encryption").is_some() {
            return Err(Fault::because("invalid_encryption_parameters", "answers are not encrypted here"));
        }
        let text = |name: &str| request.text(name).map(ToOwned::to_owned);
        let (configuration, identifier) = (text("credential_configuration_id"), text("credential_identifier"));
        if configuration.is_some() == identifier.is_some() {
            return Err(Fault::because(
                "invalid_credential_request",
                "exactly one of credential_configuration_id and credential_identifier is needed",
            ));
        }
        // §8.2: one proof type, one proof for each copy; an offer is for one credential.
        let proofs = request.member("proofs").and_then(Value::as_object).filter(|proofs| proofs.len() == 1);
        let proofs = proofs.and_then(|proofs| proofs.member("jwt")).and_then(Value::as_array);
        let Some([Value::String(proof)]) = proofs else {
            return Err(Fault::because("invalid_proof", "proofs must have the one member jwt with one proof in it"));
        };
        Ok(Self { configuration, identifier, proof: proof.clone().into_owned() })
    }
}

/// Returns the key by which a wallet may repeat its request (`Idempotency-Key`, a quoted string of RFC 8941); without one it may not.
fn retry_key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?.trim().strip_prefix('"')?.strip_suffix('"')?;
    key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)).then(|| key.to_owned())
}

fn bearer(headers: &HeaderMap) -> Result<String, Fault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or(Fault::Unauthorized("missing_token"))?;
    let (scheme, token) = value.split_once(' ').ok_or(Fault::Unauthorized("missing_token"))?;
    if !scheme.eq_ignore_ascii_case("bearer") || values.next().is_some() {
        return Err(Fault::Unauthorized("missing_token"));
    }
    Ok(token.trim().to_owned())
}

fn grant_fault(why: &GrantError) -> Fault {
    match why {
        GrantError::Void | GrantError::TxCode => Fault::Unauthorized("invalid_token"),
        GrantError::NonceUsed => USED_NONCE,
        GrantError::Issue(why) => {
            tracing::warn!(event = "not_issued", why = %why);
            Fault::because("credential_request_denied", "the credential cannot be issued; ask the issuer's operator")
        }
        GrantError::Store(why) => unavailable(why),
    }
}

fn unavailable(why: &crate::store::StoreError) -> Fault {
    tracing::error!(event = "store", why = %why);
    Fault::Unavailable
}
