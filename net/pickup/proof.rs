//! The key proof (OpenID4VCI 1.0 Appendix F.1): the holder's key signs the issuer's nonce.

use super::Binding;
use waypass_credential::did;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::jws;
use waypass_credential::key::{SignError, Signer};
use waypass_credential::time::Timestamp;

const TYP: &str = "openid4vci-proof+jwt";

/// Signs under `name`, which the issuer listed for the key's algorithm (§12.2.4, F.1). No `iss`: the client stays anonymous in the
/// pre-authorized code flow.
pub(super) fn sign(
    issuer: &str,
    nonce: Option<&str>,
    (binding, name): (Binding, &str),
    at: Timestamp,
    holder: &dyn Signer,
) -> Result<String, SignError> {
    let header = Object::new().with("typ", TYP);
    let header = match binding {
        Binding::Jwk => header.with("jwk", holder.public_key().to_jwk()),
        Binding::DidKey => header.with("kid", did::key_id(holder.public_key())),
    };
    let mut claims = Object::new().with("aud", issuer).with("iat", at.unix());
    if let Some(nonce) = nonce {
        claims.set("nonce", nonce);
    }
    jws::sign_named(name, &header, json::to_string(&Value::Object(claims)).as_bytes(), holder)
}
