//! The key binding token (draft-ietf-spice-sd-cwt-08 §8.1, §9): the holder's answer to one verifier, with the SD-CWT in its header.

use super::times::{read_times, require_ordered, require_within};
use super::{Protected, Typ, parameter, read_claims};
use crate::base64url;
use crate::binding::{Binding, HolderError, HolderProof};
use crate::cbor::{Item, Label, Map, Writer};
use crate::cose::{self, Parts, claim, label};
use crate::error::PresentError;
use crate::key::{PublicKey, Signature, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::SignatureTimes;
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use sha2::{Digest, Sha256};

/// The verifier's nonce in a CWT (RFC 9200 §5.8).
const CNONCE: i64 = 39;
/// Of a token, nobody's text may be longer.
const MAX_AUDIENCE: usize = 1024;

/// A key binding token, read. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct KeyBinding {
    protected: Vec<u8>,
    algorithm: i64,
    payload: Vec<u8>,
    signature: Signature,
    /// Its faults count once the signature is known to be good.
    said: Result<Said, Malformed>,
}

/// The claims of a token.
#[derive(Clone, Debug)]
struct Said {
    /// The nonce in base64url, as a challenge spells it.
    nonce: String,
    audience: String,
    times: SignatureTimes,
}

/// Returns the short form of the verifier's name: the first 8 bytes of its SHA-256, in base64url. A token that carries it instead of a
/// `did:key` is 45 bytes shorter, which decides if it fits into one code. The digest of a question fixes the name already: then it is
/// empty.
pub(crate) fn short_audience(binding: &Binding<'_>) -> String {
    match binding {
        Binding::Question { .. } => String::new(),
        Binding::Challenge { audience, .. } => base64url::encode(&Sha256::digest(audience)[..8]),
    }
}

/// Signs the token that binds `sd_cwt` to `binding`, whose nonce must be base64url.
pub(crate) fn sign(sd_cwt: &[u8], binding: &Binding<'_>, at: Timestamp, holder: &dyn Signer) -> Result<Vec<u8>, PresentError> {
    let nonce = base64url::decode(binding.nonce().as_ref()).map_err(|_| Malformed::OutOfRange("cnonce"))?;
    let mut header = Writer::with_capacity(sd_cwt.len() + 32);
    header.map(3).signed(label::ALG).signed(holder.public_key().algorithm().cose_id()).signed(parameter::KCWT);
    header.encoded(sd_cwt);
    header.signed(label::TYP).signed(Typ::KeyBinding.content_format());
    let mut payload = Writer::with_capacity(64);
    payload.map(3).signed(claim::AUD).text(&short_audience(binding)).signed(claim::IAT).signed(at.unix()).signed(CNONCE).bytes(&nonce);
    Ok(cose::sign_parts(&header.into_bytes(), &payload.into_bytes(), holder)?)
}

impl KeyBinding {
    /// Reads the token whose parts these are; checks no signature. Returns the bytes of the SD-CWT too.
    pub(crate) fn of<'m>(parts: &Parts<'m>) -> Result<(&'m [u8], Self), Malformed> {
        let sd_cwt = parts.parameter(parameter::KCWT).ok_or(Malformed::Missing("kcwt"))?.rest();
        let Protected { algorithm, .. } = Protected::read(parts)?;
        let decides = |label| matches!(label, label::ALG | label::CRIT | label::TYP | label::CWT_CLAIMS | parameter::KCWT);
        if parts.unprotected.iter().filter_map(cose::Parameter::label).any(decides) {
            return Err(Malformed::Unprotected);
        }
        let said = read_claims(parts.payload).and_then(|claims| Said::read(&claims));
        let (protected, payload) = (parts.protected.to_vec(), parts.payload.to_vec());
        Ok((sd_cwt, Self { protected, algorithm, payload, signature: parts.signature, said }))
    }

    /// Returns the nonce that it names. Unverified: use it only to look up the challenge.
    pub(crate) fn untrusted_nonce(&self) -> Option<&str> {
        Some(&self.said.as_ref().ok()?.nonce)
    }

    /// Checks that the key of `holder` signed this for `binding`, and that its times fit into those of the SD-CWT, `of`. The caller
    /// judges whether it is in force. The binding is compared after the signature, so that the reason is the holder's own statement
    /// wherever possible.
    pub(crate) fn verify(&self, holder: &PublicKey, binding: &Binding<'_>, of: SignatureTimes) -> Result<HolderProof, HolderError> {
        cose::verify(holder, self.algorithm, &self.protected, &self.payload, &self.signature)?;
        let said = self.said.as_ref().map_err(|why| *why)?;
        // An answer names the verifier in full or in short.
        let meant_for = if said.audience == short_audience(binding) { binding.audience() } else { said.audience.as_str() };
        binding.require(&said.nonce, meant_for)?;
        require_within(said.times, of)?;
        Ok(HolderProof { signed_at: said.times.issued_at, not_before: said.times.not_before, expires_at: said.times.expires_at })
    }
}

impl Said {
    fn read(claims: &Map<'_>) -> Result<Self, Malformed> {
        if claims.0.iter().any(|(label, _)| matches!(label, Label::Simple(_))) {
            return Err(Malformed::ClaimName);
        }
        // §8.1: both follow from the SD-CWT.
        for (label, name) in [(claim::ISS, "iss"), (claim::SUB, "sub")] {
            if claims.at(label).is_some() {
                return Err(Malformed::OutOfRange(name));
            }
        }
        let nonce = claims.at(CNONCE).ok_or(Malformed::Missing("cnonce"))?.as_bytes().ok_or(Malformed::WrongType("cnonce"))?;
        let times = read_times(claims)?;
        times.issued_at.ok_or(Malformed::Missing("iat"))?;
        require_ordered(times)?;
        Ok(Self { nonce: base64url::encode(nonce), audience: audience(claims)?, times })
    }
}

/// Reads `aud`: a text, or a list of one (RFC 8392 §3.1.3).
fn audience(claims: &Map<'_>) -> Result<String, Malformed> {
    let audience = match claims.at(claim::AUD).ok_or(Malformed::Missing("aud"))? {
        Item::Array(items) => match items.as_slice() {
            [item] => item,
            _ => return Err(Malformed::OutOfRange("aud")),
        },
        item => item,
    };
    let text = audience.as_text().ok_or(Malformed::WrongType("aud"))?;
    if text.len() <= MAX_AUDIENCE { Ok(text.to_owned()) } else { Err(Malformed::OutOfRange("aud")) }
}
