//! JSON Web Keys (RFC 7517, RFC 7518 §6.2, RFC 8037 §2).

use super::{Algorithm, Curve, InvalidKey, PublicKey};
use crate::{base64url, json};

pub(super) fn encode(key: &PublicKey) -> json::Object<'static> {
    // Members in lexicographic order.
    match &key.0 {
        Curve::Ed25519(key) => encode_octets("Ed25519", key.as_bytes()),
        Curve::P256(key) => elliptic("P-256", key.point()),
        Curve::P384(key) => elliptic("P-384", key.point()),
    }
}

/// Returns an octet key pair (RFC 8037 §2).
pub(super) fn encode_octets(curve: &'static str, bytes: &[u8; 32]) -> json::Object<'static> {
    json::Object::new().with("crv", curve).with("kty", "OKP").with("x", base64url::encode(bytes))
}

/// RFC 7518 §6.2.1; `point` is the uncompressed one.
fn elliptic(curve: &'static str, point: &[u8]) -> json::Object<'static> {
    let (x, y) = point[1..].split_at(point.len() / 2);
    json::Object::new().with("crv", curve).with("kty", "EC").with("x", base64url::encode(x)).with("y", base64url::encode(y))
}

pub(super) fn decode(jwk: &json::Value<'_>) -> Result<PublicKey, InvalidKey> {
    let jwk = jwk.as_object().ok_or(InvalidKey)?;
    if jwk.member("d").is_some() {
        return Err(InvalidKey);
    }
    let key = match (jwk.text("kty"), jwk.text("crv")) {
        (Some("OKP"), Some("Ed25519")) => PublicKey::ed25519(&coordinate(jwk, "x")?)?,
        (Some("EC"), Some("P-256")) => {
            let mut point = [4; 65];
            point[1..33].copy_from_slice(&coordinate::<32>(jwk, "x")?);
            point[33..].copy_from_slice(&coordinate::<32>(jwk, "y")?);
            PublicKey::p256(&point)?
        }
        (Some("EC"), Some("P-384")) => {
            let mut point = [4; 97];
            point[1..49].copy_from_slice(&coordinate::<48>(jwk, "x")?);
            point[49..].copy_from_slice(&coordinate::<48>(jwk, "y")?);
            PublicKey::p384(&point)?
        }
        _ => return Err(InvalidKey),
    };
    let alg_agrees = jwk.member("alg").is_none_or(|alg| alg.as_str().is_some_and(|name| names(name, key.algorithm())));
    let use_agrees = jwk.member("use").is_none_or(|used| used.as_str() == Some("sig"));
    let ops_agree =
        jwk.member("key_ops").is_none_or(|ops| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op.as_str() == Some("verify"))));
    if alg_agrees && use_agrees && ops_agree { Ok(key) } else { Err(InvalidKey) }
}

/// Reads an X25519 key; members that make it anything but a key for agreement are refused.
pub(super) fn decode_x25519(jwk: &json::Value<'_>) -> Result<[u8; 32], InvalidKey> {
    let jwk = jwk.as_object().ok_or(InvalidKey)?;
    let is_x25519 = jwk.text("kty") == Some("OKP") && jwk.text("crv") == Some("X25519");
    let use_agrees = jwk.member("use").is_none_or(|used| used.as_str() == Some("enc"));
    let alg_agrees = jwk.member("alg").is_none_or(|alg| alg.as_str().is_some_and(|name| name.starts_with("ECDH-ES")));
    let ops_agree = jwk.member("key_ops").is_none_or(|ops| {
        ops.as_array().is_some_and(|ops| ops.iter().all(|op| op.as_str().is_some_and(|op| op == "deriveKey" || op == "deriveBits")))
    });
    if is_x25519 && use_agrees && alg_agrees && ops_agree && jwk.member("d").is_none() { coordinate(jwk, "x") } else { Err(InvalidKey) }
}

/// Reads one coordinate, of exactly the curve's length (RFC 7518 §6.2.1.2).
fn coordinate<const N: usize>(jwk: &json::Object<'_>, name: &str) -> Result<[u8; N], InvalidKey> {
    base64url::decode_array(jwk.text(name).ok_or(InvalidKey)?).map_err(|_| InvalidKey)
}

/// `Ed25519` is the fully-specified name of RFC 9864 for what JOSE first called `EdDSA`.
fn names(name: &str, algorithm: Algorithm) -> bool {
    Algorithm::from_jose_name(name) == Some(algorithm) || (name == "Ed25519" && algorithm == Algorithm::EdDsa)
}
