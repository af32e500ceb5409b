//! The holder's key proof (OpenID4VCI 1.0 Appendix F.1): a JWT by the key the credential will be bound to.

use waypass_credential::json::{self, Limits, Value};
use waypass_credential::jws::Jws;
use waypass_credential::key::PublicKey;
use waypass_credential::time::{Timestamp, Validity};
use waypass_credential::{base64url, did};

const TYP: &str = "openid4vci-proof+jwt";
const MAX: usize = 16 * 1024;
const LIMITS: Limits = Limits { bytes: MAX, depth: 8, values: 256 };
/// How old a proof may be: as old as its nonce.
const MAX_AGE: i64 = 300;
/// How far a wallet's clock may be ahead.
const MAX_AHEAD: i64 = 60;

const CLAIMS: Invalid = Invalid("the claims are not a JSON object");
const HEADER: Invalid = Invalid("the header must have exactly one of jwk and kid");

/// A key that proved itself, and the nonce it proved itself with.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) holder: PublicKey,
    pub(super) nonce: String,
}

/// The proof does not hold, and why: nothing in it is a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Invalid(pub(super) &'static str);

/// Checks everything but whether the nonce is one of ours.
pub(super) fn verify(proof: &str, issuer: &str, at: Timestamp) -> Result<Proven, Invalid> {
    let jws = Jws::parse(proof, MAX).map_err(|_| Invalid("the proof is not a compact JWS with an alg that is taken"))?;
    let holder = key(proof)?;
    let payload =
        jws.into_verified(&holder, TYP).map_err(|_| Invalid("the signature does not hold, or typ is not openid4vci-proof+jwt"))?;
    let payload = json::parse(&payload, LIMITS).map_err(|_| CLAIMS)?;
    let claims = payload.as_object().ok_or(CLAIMS)?;
    if claims.text("aud") != Some(issuer) {
        return Err(Invalid("aud is not the identifier of this issuer"));
    }
    let issued_at = claims
        .member("iat")
        .and_then(Value::as_i64)
        .and_then(Timestamp::from_unix)
        .ok_or(Invalid("iat is missing or not whole seconds"))?;
    let expired =
        claims.member("exp").is_some_and(|exp| exp.as_i64().is_none_or(|exp| Validity::ending(Timestamp::clamped(exp)).is_over(at)));
    if issued_at.since(at) > MAX_AHEAD || at.since(issued_at) > MAX_AGE || expired {
        return Err(Invalid("iat is too long ago or ahead, or exp has passed"));
    }
    Ok(Proven { holder, nonce: claims.text("nonce").ok_or(Invalid("nonce is missing"))?.to_owned() })
}

/// Returns the key in the header: exactly one of `jwk` and `kid` (a `did:key` or `did:jwk` URL); certificates are not read.
fn key(proof: &str) -> Result<PublicKey, Invalid> {
    let header = proof.split('.').next().ok_or(HEADER)?;
    let header = base64url::decode(header).map_err(|_| HEADER)?;
    let header = json::parse(&header, LIMITS).map_err(|_| HEADER)?;
    if header.member("x5c").is_some() {
        return Err(Invalid("certificates in x5c are not read"));
    }
    match (header.member("jwk"), header.member("kid")) {
        (Some(jwk), None) => PublicKey::from_jwk(jwk).map_err(|_| Invalid("jwk is not a public key of a kind that is taken")),
        (None, Some(kid)) => did::resolve(kid.as_str().ok_or(HEADER)?).map_err(|_| Invalid("kid is not a did:key or did:jwk URL")),
        _ => Err(HEADER),
    }
}
