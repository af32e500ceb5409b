//! The Key Binding JWT (RFC 9901 §4.3, §7.3): the holder's answer to one verifier.

use super::digest;
use crate::binding::{Binding, HolderError, HolderProof};
use crate::json::{self, Limits, Object, Value};
use crate::jws::{self, Header, Jws};
use crate::key::{PublicKey, SignError, Signature, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::{audience, numeric_date, text};
use crate::time::Timestamp;
use alloc::string::String;

/// The `typ` of a KB-JWT.
pub(crate) const TYP: &str = "kb+jwt";
/// A KB-JWT is some 400 bytes.
const LIMITS: Limits = Limits { bytes: 8 * 1024, depth: 8, values: 256 };

/// A KB-JWT, read. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct KeyBinding {
    /// The length of the text that is signed.
    signing_input: usize,
    header: Header,
    signature: Signature,
    said: Result<Said, Malformed>,
}

/// The claims of a KB-JWT.
#[derive(Clone, Debug)]
struct Said {
    sd_hash: String,
    nonce: String,
    audience: String,
    proof: HolderProof,
}

/// Signs the KB-JWT that binds `sd_jwt` (up to and including its last `~`) to `binding`.
pub(crate) fn sign(sd_jwt: &str, binding: &Binding<'_>, at: Timestamp, holder: &dyn Signer) -> Result<String, SignError> {
    let claims = Object::new()
        .with("iat", at.unix())
        .with("aud", binding.audience())
        .with("nonce", binding.nonce().into_owned())
        .with("sd_hash", digest(sd_jwt).into_iter().map(char::from).collect::<String>());
    jws::sign(TYP, None, json::to_string(&Value::Object(claims)).as_bytes(), holder)
}

impl KeyBinding {
    /// Reads `kb_jwt`; checks no signature. Text that is not there is [`HolderError::Missing`].
    pub(crate) fn parse(kb_jwt: &str) -> Result<Self, HolderError> {
        if kb_jwt.is_empty() {
            return Err(HolderError::Missing);
        }
        let signing_input = kb_jwt.rfind('.').unwrap_or(kb_jwt.len());
        let (header, payload, signature) = Jws::parse(kb_jwt, LIMITS.bytes).map_err(Malformed::from)?.into_parts();
        Ok(Self { signing_input, header, signature, said: Said::read(&payload) })
    }

    /// Returns the nonce that it names. Unverified: use it only to look up the challenge.
    pub(crate) fn untrusted_nonce(&self) -> Option<&str> {
        Some(&self.said.as_ref().ok()?.nonce)
    }

    /// Checks that `kb_jwt`, from which this was read, signs `sd_jwt` by the key of `holder` for `binding` (§7.3 step 5). The caller
    /// judges whether it is in force. The binding is compared after the signature, so that the reason is the holder's own
    /// statement wherever possible.
    pub(crate) fn verify(&self, sd_jwt: &str, kb_jwt: &str, holder: &PublicKey, binding: &Binding<'_>) -> Result<HolderProof, HolderError> {
        let signed = kb_jwt.get(..self.signing_input).ok_or(HolderError::InvalidProof)?;
        self.header.check(holder, TYP, signed, &self.signature)?;
        let said = self.said.as_ref().map_err(|why| *why)?;
        if said.sd_hash.as_bytes() != digest(sd_jwt) {
            return Err(HolderError::InvalidProof);
        }
        binding.require(&said.nonce, &said.audience)?;
        Ok(said.proof)
    }
}

impl Said {
    fn read(payload: &[u8]) -> Result<Self, Malformed> {
        let payload = json::parse(payload, LIMITS)?;
        let member = |name: &'static str| payload.member(name).ok_or(Malformed::Missing(name));
        let time = |name: &'static str| payload.member(name).map(|value| numeric_date(value, name)).transpose();
        let issued_at = time("iat")?.ok_or(Malformed::Missing("iat"))?;
        Ok(Self {
            proof: HolderProof { signed_at: Some(issued_at), not_before: time("nbf")?, expires_at: time("exp")? },
            sd_hash: text(member("sd_hash")?, "sd_hash")?,
            nonce: text(member("nonce")?, "nonce")?,
            audience: audience(member("aud")?)?,
        })
    }
}
