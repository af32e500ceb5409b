//! Verifiable presentations in a JWS or a COSE_Sign1 (§3.1.2, §3.3.2): one enveloped credential, and the holder's answer next to
//! it, as JWT claims or as CWT claims in the protected header (RFC 9597).
//!
//! `nonce` and `aud` are the request's (OpenID4VP 1.0 §B.1.3.1.5). A CWT has the nonce's text in a byte string, as RFC 9711 §4.1
//! wants it.

use super::Enveloped;
use crate::binding::{Binding, HolderError, HolderProof};
use crate::did;
use crate::error::PresentError;
use crate::json::{Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::{RegisteredClaims, SignatureTimes};
use crate::role::presented::{method_of, require_own_contexts, shown};
use crate::time::Timestamp;
use crate::vcdm::envelope::{Content, Envelope, Material, read_url, write_url};
use crate::vcdm::member::holder;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_schemas::contexts;

/// The members of a presentation (VCDM 2.0 §4.13); `termsOfUse` is not ours to accept.
const MEMBERS: [&str; 5] = ["@context", "holder", "id", "type", "verifiableCredential"];

/// The holder's answer, read. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    envelope: Envelope,
    /// Its faults count once the signature is known to be good.
    said: Result<Said, Malformed>,
}

/// The claims of the answer.
#[derive(Clone, Debug)]
struct Said {
    claims: RegisteredClaims,
    /// The document's `holder`.
    holder: Option<String>,
}

/// Reads a compact JWS or a COSE_Sign1 around a credential that may name contexts in `known`; checks no signature.
pub(crate) fn read(envelope: Envelope, known: &KnownContexts) -> Result<(Enveloped, Answer), Malformed> {
    let mut document = envelope.document(Limits::CREDENTIAL)?;
    require_own_contexts(&document)?;
    let credential = open(shown(&document)?, known)?;
    let said = envelope.claims(&mut document).and_then(|claims| Said::read(&document, claims));
    Ok((credential, Answer { envelope, said }))
}

/// Envelopes `credential`, whose subject must be a DID of the holder's key.
pub(crate) fn present(credential: &Enveloped, binding: &Binding<'_>, at: Timestamp, signer: &dyn Signer) -> Result<Vec<u8>, PresentError> {
    let said = credential.said.as_ref().map_err(|why| *why)?;
    let subject = said.document.member("credentialSubject").and_then(|subject| subject.member("id")).and_then(Value::as_str);
    let subject = subject.ok_or(PresentError::NotTheHolder)?.to_owned();
    let key_id = method_of(&subject, signer)?;
    let material = credential.envelope.material();
    let enveloped = write_url(material, credential.as_bytes());
    let document = Object::new()
        .with("@context", Value::from_iter([contexts::CREDENTIALS_V2.id]))
        .with("type", Value::from_iter(["VerifiablePresentation"]))
        .with("holder", subject)
        .with("verifiableCredential", Value::Array([Value::Object(enveloped)].into()));
    let answer = RegisteredClaims {
        nonce: Some(binding.nonce().into_owned()),
        audience: Some(binding.audience().to_owned()),
        ..RegisteredClaims::made_at(at)
    };
    Ok(Envelope::sign(document, &answer, Content::Presentation, material, &key_id, signer)?)
}

impl Answer {
    /// Returns the nonce that it names. Unverified.
    pub(crate) fn untrusted_nonce(&self) -> Option<&str> {
        self.said.as_ref().ok()?.claims.nonce.as_deref()
    }

    /// Returns the bytes of the presentation.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// Checks that `holder` made this presentation for `binding`. The content of the presentation is looked at after its signature, so that
    /// the reason is the holder's own statement wherever possible.
    pub(crate) fn verify(&self, holder: &PublicKey, binding: &Binding<'_>) -> Result<HolderProof, HolderError> {
        self.envelope.verify(holder)?;
        let Said { claims, holder: named } = self.said.as_ref().map_err(|why| *why)?;
        for (claim, value) in [("iss", claims.issuer.as_deref()), ("holder", named.as_deref())] {
            if value.is_some_and(|value| !is_of_key(value, holder)) {
                return Err(Malformed::OutOfRange(claim).into());
            }
        }
        let answered = claims.nonce.as_deref().ok_or(Malformed::Missing("nonce"))?;
        binding.require(answered, claims.audience.as_deref().ok_or(Malformed::Missing("aud"))?)?;
        let SignatureTimes { issued_at, not_before, expires_at } = claims.times;
        Ok(HolderProof { signed_at: issued_at, not_before, expires_at })
    }
}

impl Said {
    fn read(document: &Object<'_>, claims: RegisteredClaims) -> Result<Self, Malformed> {
        if let Some((name, _)) = document.iter().find(|(name, _)| !MEMBERS.contains(name)) {
            return Err(Malformed::member(name));
        }
        Ok(Self { claims, holder: holder(document)?.map(String::from) })
    }
}

/// Returns true if `id` is a DID of `key`.
fn is_of_key(id: &str, key: &PublicKey) -> bool {
    id == did::to_did_key(key) || did::resolve(id).is_ok_and(|found| found == *key)
}

/// Reads the credential in its envelope. One in an SD-JWT answers with a KB-JWT and not with a presentation.
fn open(enveloped: &Object<'_>, known: &KnownContexts) -> Result<Enveloped, Malformed> {
    match read_url(enveloped, Content::Credential)? {
        (Material::SdJwt, _) => Err(Malformed::OutOfRange("id")),
        (Material::Jose | Material::Cose, bytes) => Enveloped::parse(&bytes, known),
    }
}
