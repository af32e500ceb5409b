//! DID Resolution results (DID Core 1.0 §7.1, DID Resolution 0.3 §4): a DID in, a document or an error code out.
//!
//! Nothing is fetched: documents of `did:web` come from the caller (the trust bundle, or a fetch made before).

use super::document::{DOCUMENT, DidDocument};
use super::web::WebDid;
use super::{DidError, DidUrl, web};
use crate::json::{self, Object, Value};

/// The context of a resolution result (DID Resolution §4 "DID Resolution Result").
pub(crate) const CONTEXT: &str = "https://w3id.org/did-resolution/v1";

/// A form in which a document is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Representation {
    /// `application/did` (DID 1.1): the one for both.
    Did,
    /// `application/did+json`.
    Json,
    /// `application/did+ld+json`.
    JsonLd,
}

/// The error (DID Resolution §10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorCode {
    /// The text is not a DID, or its method-specific part breaks the method's rules.
    InvalidDid,
    /// Nobody holds a document of this DID.
    NotFound,
    /// The DID is of a method that is not resolved here.
    MethodNotSupported,
    /// The caller accepts none of the forms that a document has.
    RepresentationNotSupported,
    /// The held document is not one of this DID.
    InvalidDidDocument,
}

/// The answer to one question.
#[derive(Clone, PartialEq, Debug)]
pub struct Resolution {
    /// The form of the document.
    pub representation: Representation,
    /// The document, checked to be that of the DID.
    pub document: Result<Object<'static>, ErrorCode>,
}

impl Representation {
    /// Returns the media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Did => "application/did",
            Self::Json => "application/did+json",
            Self::JsonLd => "application/did+ld+json",
        }
    }

    /// Returns the form that a caller accepts who names one media type, perhaps with parameters; no preference gets [`Self::Did`].
    pub fn accepted(accept: Option<&str>) -> Result<Self, ErrorCode> {
        let name = accept.unwrap_or("*/*").split(';').next().unwrap_or_default().trim();
        if name == "*/*" || name == "application/*" {
            return Ok(Self::Did);
        }
        let all = [Self::Did, Self::Json, Self::JsonLd];
        all.into_iter().find(|one| name.eq_ignore_ascii_case(one.media_type())).ok_or(ErrorCode::RepresentationNotSupported)
    }
}

impl ErrorCode {
    /// Returns the error, in words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidDid => "this is not a DID, or not one that its method allows",
            Self::NotFound => "nobody here has a document of this DID",
            Self::MethodNotSupported => "DIDs of this method are not resolved here",
            Self::RepresentationNotSupported => "the document has none of the forms that are accepted",
            Self::InvalidDidDocument => "the held document is not one of this DID",
        }
    }

    /// Returns the `type` of the error (DID Resolution §10).
    pub(crate) const fn problem_type(self) -> &'static str {
        match self {
            Self::InvalidDid => "https://www.w3.org/ns/did#INVALID_DID",
            Self::NotFound => "https://www.w3.org/ns/did#NOT_FOUND",
            Self::MethodNotSupported => "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED",
            Self::RepresentationNotSupported => "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED",
            Self::InvalidDidDocument => "https://www.w3.org/ns/did#INVALID_DID_DOCUMENT",
        }
    }
}

impl From<DidError> for ErrorCode {
    fn from(why: DidError) -> Self {
        match why {
            DidError::UnsupportedMethod => Self::MethodNotSupported,
            DidError::NoHost => Self::NotFound,
            DidError::Syntax | DidError::InvalidKey | DidError::NotAVerificationMethod => Self::InvalidDid,
        }
    }
}

impl Resolution {
    /// Resolves `did` for a caller who accepts one media type, or any. `held` returns the bytes of a `did:web`'s
    /// document, if there are any.
    pub fn of<'b>(did: &str, accept: Option<&str>, held: impl FnOnce(&WebDid<'_>) -> Option<&'b [u8]>) -> Self {
        match Representation::accepted(accept) {
            Ok(representation) => Self { representation, document: resolve(did, held) },
            Err(why) => Self { representation: Representation::Did, document: Err(why) },
        }
    }

    /// Returns the result object: the document, and metadata that says its form or what went wrong.
    pub fn to_json(&self) -> Object<'static> {
        let (document, metadata) = match &self.document {
            Ok(document) => (Value::Object(document.clone()), Object::new().with("contentType", self.representation.media_type())),
            // Problem details (RFC 9457), as DID Resolution has it since DID Core 1.0 had a bare word.
            Err(why) => {
                let error = Object::new().with("type", why.problem_type()).with("title", why.title());
                (Value::Null, Object::new().with("error", error))
            }
        };
        Object::new()
            .with("@context", CONTEXT)
            .with("didDocument", document)
            .with("didResolutionMetadata", metadata)
            .with("didDocumentMetadata", Object::new())
    }
}

fn resolve<'b>(did: &str, held: impl FnOnce(&WebDid<'_>) -> Option<&'b [u8]>) -> Result<Object<'static>, ErrorCode> {
    let url = DidUrl::parse(did)?;
    if url.did() != did {
        return Err(ErrorCode::InvalidDid);
    }
    if url.method() != web::METHOD {
        return Ok(url.document()?);
    }
    let bytes = held(&WebDid::parse(did)?).ok_or(ErrorCode::NotFound)?;
    let document = json::parse(bytes, DOCUMENT).map_err(|_| ErrorCode::InvalidDidDocument)?;
    DidDocument::read(document.as_object().ok_or(ErrorCode::InvalidDidDocument)?, did).map_err(|_| ErrorCode::InvalidDidDocument)?;
    match document.into_owned() {
        Value::Object(document) => Ok(document),
        _ => Err(ErrorCode::InvalidDidDocument),
    }
}

#[cfg(test)]
mod tests;
