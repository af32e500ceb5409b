//! DID documents (DID Core 1.0 §5, Controlled Identifiers 1.0): which keys speak for a DID, and for what.
//!
//! Documents are read strictly and acted on narrowly: a key counts only if the document's own DID controls it and a relationship names
//! it. Members that say something else (services, other relationships) are left unread.

use super::purpose::Purpose;
use super::{DidError, DidUrl};
use crate::json::{self, JsonError, Limits, Object, Value};
use crate::key::{KeyMaterial, PublicKey};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

mod write;

pub(super) use write::{for_jwk, for_key};

/// One document: a few methods and services; the largest published ones have some 20 kB.
pub(super) const DOCUMENT: Limits = Limits { bytes: 64 * 1024, depth: 16, values: 4096 };

/// Verification methods in one document. Each costs a curve check on reading.
pub(crate) const MAX_METHODS: usize = 32;

/// `@context` starts with one of these (DID Core §6.3.1, DID 1.1 likewise).
const CONTEXTS: [&str; 2] = ["https://www.w3.org/ns/did/v1", "https://www.w3.org/ns/did/v1.1"];

/// Members that hold a private key, in each spelling that has been in use.
const PRIVATE: [&str; 6] =
    ["secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58", "privateKeyHex"];

/// A DID document as far as we act on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DidDocument {
    id: String,
    methods: Vec<VerificationMethod>,
}

/// One verification method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerificationMethod {
    id: String,
    kind: String,
    is_own: bool,
    material: Option<KeyMaterial>,
    purposes: Vec<Purpose>,
    ends: Option<Timestamp>,
}

/// Why bytes are not a DID document of the DID they should be of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentError {
    /// Not acceptable JSON.
    Json(JsonError),
    /// This member is missing or has the wrong JSON type.
    Member(&'static str),
    /// The document is of another DID.
    AnotherDid,
    /// `@context` does not start with DID Core's.
    Context,
    /// Two methods have one id.
    DuplicateMethod,
    /// A relationship names a method that the document does not have.
    DanglingReference,
    /// More than `MAX_METHODS` methods.
    TooManyMethods,
    /// The document publishes a private key: whatever it belongs to is lost.
    PrivateKey,
}

/// Why a document has no key for a purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodError {
    /// The document has no such method.
    NoSuchMethod,
    /// The method is not one for this purpose.
    WrongPurpose,
    /// Somebody else controls the method.
    ForeignController,
    /// Its key is of no kind that verifies here.
    UnsupportedKey,
    /// It was revoked or has expired.
    Ended(Timestamp),
}

impl DidDocument {
    /// Reads the document that `bytes` hold, which must be that of `did`.
    pub fn parse(bytes: &[u8], did: &str) -> Result<Self, DocumentError> {
        let document = json::parse(bytes, DOCUMENT).map_err(DocumentError::Json)?;
        Self::read(document.as_object().ok_or(DocumentError::Json(JsonError::Syntax))?, did)
    }

    /// Like [`Self::parse`], from JSON that was read already.
    pub fn read(document: &Object<'_>, did: &str) -> Result<Self, DocumentError> {
        if document.text("id").ok_or(DocumentError::Member("id"))? != did {
            return Err(DocumentError::AnotherDid);
        }
        if let Some(context) = document.member("@context") {
            let first = context.as_array().map_or(Some(context), <[_]>::first);
            first.and_then(Value::as_str).filter(|first| CONTEXTS.contains(first)).ok_or(DocumentError::Context)?;
        }
        let mut own = Self { id: did.to_owned(), methods: Vec::new() };
        for method in list(document, "verificationMethod")? {
            own.add(method.as_object().ok_or(DocumentError::Member("verificationMethod"))?, None)?;
        }
        for purpose in [Purpose::AssertionMethod, Purpose::Authentication] {
            for entry in list(document, purpose.as_str())? {
                match entry {
                    Value::String(reference) => own.refer(reference, purpose)?,
                    Value::Object(method) => own.add(method, Some(purpose))?,
                    _ => return Err(DocumentError::Member(purpose.as_str())),
                }
            }
        }
        Ok(own)
    }

    /// Returns the DID.
    #[cfg(test)]
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns all methods, in the document's order; those embedded in a relationship come last.
    pub fn methods(&self) -> &[VerificationMethod] {
        &self.methods
    }

    /// Returns the key of `method`, an absolute DID URL, if it may be used for `purpose` at `at`.
    pub fn key(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<&PublicKey, MethodError> {
        let method = self.methods.iter().find(|own| own.id == method).ok_or(MethodError::NoSuchMethod)?;
        method.key(purpose, at)
    }

    /// Returns every key that may be used for `purpose` at `at`, with the URL of its method.
    pub fn keys(&self, purpose: Purpose, at: Timestamp) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.methods.iter().filter_map(move |method| Some((method.id.as_str(), method.key(purpose, at).ok()?)))
    }

    /// Returns every method of this DID for `purpose` whose key is of a kind that does not verify here.
    pub fn unsupported(&self, purpose: Purpose) -> impl Iterator<Item = &VerificationMethod> {
        self.methods.iter().filter(move |method| {
            method.is_own
                && method.purposes.contains(&purpose)
                && method.material.as_ref().and_then(KeyMaterial::verification_key).is_none()
        })
    }

    fn add(&mut self, method: &Object<'_>, purpose: Option<Purpose>) -> Result<(), DocumentError> {
        if self.methods.len() == MAX_METHODS {
            return Err(DocumentError::TooManyMethods);
        }
        let method = VerificationMethod::read(method, &self.id, purpose)?;
        if self.methods.iter().any(|other| other.id == method.id) {
            return Err(DocumentError::DuplicateMethod);
        }
        self.methods.push(method);
        Ok(())
    }

    fn refer(&mut self, reference: &str, purpose: Purpose) -> Result<(), DocumentError> {
        let id = absolute(reference, &self.id).ok_or(DocumentError::Member(purpose.as_str()))?;
        match self.methods.iter_mut().find(|method| method.id == id) {
            Some(method) if method.purposes.contains(&purpose) => Ok(()),
            Some(method) => {
                method.purposes.push(purpose);
                Ok(())
            }
            // Another DID's method may be named (DID Core §5.3.2); its document would have to be asked, and nothing is fetched here.
            None if DidUrl::parse(&id).is_ok_and(|url| url.did() != self.id) => Ok(()),
            None => Err(DocumentError::DanglingReference),
        }
    }
}

impl VerificationMethod {
    fn read(method: &Object<'_>, did: &str, purpose: Option<Purpose>) -> Result<Self, DocumentError> {
        const KEY: DocumentError = DocumentError::Member("publicKeyMultibase");
        let text = |name| method.text(name).ok_or(DocumentError::Member(name));
        if PRIVATE.iter().any(|name| method.member(name).is_some()) {
            return Err(DocumentError::PrivateKey);
        }
        let (jwk, multibase) = (method.member("publicKeyJwk"), method.member("publicKeyMultibase"));
        if jwk.is_some_and(|jwk| jwk.member("d").is_some()) {
            return Err(DocumentError::PrivateKey);
        }
        // Two keys in one method (DID Core §5.2.1 forbids it) would leave open which of them is meant.
        if jwk.is_some() && multibase.is_some() {
            return Err(KEY);
        }
        // A key of another kind, or on another curve, is somebody's business but not ours.
        let kind = text("type")?;
        let material = match kind {
            "Multikey" => KeyMaterial::from_multikey(multibase.and_then(Value::as_str).ok_or(KEY)?).ok(),
            "JsonWebKey" | "JsonWebKey2020" => {
                let jwk = jwk.filter(|jwk| jwk.as_object().is_some()).ok_or(DocumentError::Member("publicKeyJwk"))?;
                KeyMaterial::from_jwk(jwk).ok()
            }
            _ => None,
        };
        let ends = [time(method, "expires")?, time(method, "revoked")?].into_iter().flatten().min();
        let id = absolute(text("id")?, did).ok_or(DocumentError::Member("id"))?;
        let is_own = text("controller")? == did && DidUrl::parse(&id).is_ok_and(|url| url.did() == did);
        Ok(Self { id, kind: kind.to_owned(), is_own, material, purposes: purpose.into_iter().collect(), ends })
    }

    /// Returns its URL, absolute.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns its `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns its key, if it is of a kind that we read.
    #[cfg(test)]
    pub(crate) const fn material(&self) -> Option<&KeyMaterial> {
        self.material.as_ref()
    }

    fn key(&self, purpose: Purpose, at: Timestamp) -> Result<&PublicKey, MethodError> {
        if !self.is_own {
            return Err(MethodError::ForeignController);
        }
        if !self.purposes.contains(&purpose) {
            return Err(MethodError::WrongPurpose);
        }
        if let Some(ends) = self.ends.filter(|ends| *ends <= at) {
            return Err(MethodError::Ended(ends));
        }
        self.material.as_ref().and_then(KeyMaterial::verification_key).ok_or(MethodError::UnsupportedKey)
    }
}

/// Returns the array `name`; a document without it has none.
fn list<'v, 'a>(document: &'v Object<'a>, name: &'static str) -> Result<&'v [Value<'a>], DocumentError> {
    document.member(name).map_or(Ok(&[][..]), |value| value.as_array().ok_or(DocumentError::Member(name)))
}

/// Returns a method's URL; one without a DID is relative to the document's (DID Core §3.2.2). It is more than a DID alone.
fn absolute(reference: &str, did: &str) -> Option<String> {
    let absolute = if reference.starts_with(['#', '/', '?']) { format!("{did}{reference}") } else { reference.to_owned() };
    let names_a_method = DidUrl::parse(&absolute).ok()?.did() != absolute && !absolute.ends_with('#');
    names_a_method.then_some(absolute)
}

fn time(method: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>, DocumentError> {
    let Some(value) = method.member(name) else { return Ok(None) };
    value.as_str().and_then(Timestamp::parse_rfc3339).map(Some).ok_or(DocumentError::Member(name))
}

impl DidUrl<'_> {
    /// Returns the document of this DID, whose key is in the identifier (`did:key`, `did:jwk`). The DID must be bare.
    pub(crate) fn document(&self) -> Result<Object<'static>, DidError> {
        if !self.path_and_query.is_empty() || self.fragment.is_some() {
            return Err(DidError::Syntax);
        }
        match self.method {
            super::key::METHOD => for_key(self.did, self.id),
            super::jwk::METHOD => for_jwk(self.did, self.id),
            _ => Err(DidError::UnsupportedMethod),
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "the DID document: {why}"),
            Self::Member(name) => write!(f, "the DID document's {name} is missing or has the wrong type"),
            Self::AnotherDid => f.write_str("the DID document is of another DID"),
            Self::Context => f.write_str("the DID document's context is not that of DID documents"),
            Self::DuplicateMethod => f.write_str("the DID document has two verification methods of one id"),
            Self::DanglingReference => f.write_str("the DID document names a verification method that it does not have"),
            Self::TooManyMethods => write!(f, "the DID document has more than {MAX_METHODS} verification methods"),
            Self::PrivateKey => f.write_str("the DID document publishes a private key"),
        }
    }
}

impl fmt::Display for MethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchMethod => f.write_str("the DID document has no such verification method"),
            Self::WrongPurpose => f.write_str("the verification method is for another purpose"),
            Self::ForeignController => f.write_str("the verification method is controlled by somebody else"),
            Self::UnsupportedKey => f.write_str("the verification method's key is of no supported kind"),
            Self::Ended(at) => write!(f, "the verification method ended at {}", at.to_rfc3339()),
        }
    }
}

impl core::error::Error for DocumentError {}
impl core::error::Error for MethodError {}

#[cfg(test)]
mod tests;
