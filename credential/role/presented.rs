//! The parts of a verifiable presentation (VCDM 2.0 §4.13) of one role credential that do not depend on how it is signed.

use crate::did::DidUrl;
use crate::error::PresentError;
use crate::json::Object;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::vcdm::member::{only, require_contexts};
use crate::vcdm::shape::is_url;
use alloc::string::String;
use waypass_schemas::contexts::ROLE_CREDENTIAL;

/// Checks `@context`. The credential brings its own contexts; around it, the base context says all, and ours may follow it.
pub(super) fn require_own_contexts(document: &Object<'_>) -> Result<(), Malformed> {
    require_contexts(document, &ROLE_CREDENTIAL[..1]).or_else(|_| require_contexts(document, &ROLE_CREDENTIAL))
}

/// Checks `type` and `id`; returns the one credential shown.
pub(super) fn shown<'v, 'a>(document: &'v Object<'a>) -> Result<&'v Object<'a>, Malformed> {
    if only(document, "type")?.as_str() != Some("VerifiablePresentation") {
        return Err(Malformed::OutOfRange("type"));
    }
    if document.member("id").is_some_and(|id| !id.as_str().is_some_and(is_url)) {
        return Err(Malformed::OutOfRange("id"));
    }
    only(document, "verifiableCredential")?.as_object().ok_or(Malformed::WrongType("verifiableCredential"))
}

/// Returns the verification method of the key of `signer`, which must be that of the subject's DID.
pub(super) fn method_of(subject: &str, signer: &dyn Signer) -> Result<String, PresentError> {
    let url = DidUrl::parse(subject).map_err(|_| PresentError::NotTheHolder)?;
    if !url.resolve().is_ok_and(|key| key == *signer.public_key()) {
        return Err(PresentError::NotTheHolder);
    }
    url.verification_method().ok_or(PresentError::NotTheHolder)
}
