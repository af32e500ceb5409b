//! VCDM documents of any type, read by their proof alone: for tools, test suites and the VC API, never for a gate.
//!
//! Nothing is said here about who may issue what: any key that a proof names may have made it. Inline contexts are read
//! too, in safe mode like the others.

use super::envelope::{Content, Envelope, Material, is_enveloped, read_url, write_url};
use super::shape::{self, Version};
use crate::data_integrity::{Options, Proof, ProofSet, Standing, Suite, create};
use crate::did::{self, DidUrl, Purpose};
use crate::error::{IssueError, VerifyError};
use crate::format::MAX_BYTES;
use crate::json::{Limits, Object, Value};
use crate::jsonld::{self, KnownContexts};
use crate::key::{PublicKey, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::RegisteredClaims;
use crate::time::{Phase, Timestamp, Validity};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;
use waypass_schemas::contexts::DATA_INTEGRITY_V2;

/// A credential or presentation whose shape and terms have been checked; of its proofs nothing is known.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    text: Object<'a>,
    /// The document with names in the place of inline contexts, if there are any.
    named: Option<Object<'a>>,
    known: KnownContexts,
    version: Version,
}

/// Why a document of any type is not verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentError {
    /// It is not a document that is read here.
    Malformed(Malformed),
    /// A proof does not hold.
    InvalidProof,
    /// A proof was made for another purpose.
    Purpose,
    /// A proof has expired.
    ProofExpired,
    /// It answers another challenge than the one asked.
    Challenge,
    /// It is meant for another domain than the one asked.
    Domain,
    /// It is not valid yet.
    NotYetValid,
    /// It has expired.
    Expired,
}

impl From<Malformed> for DocumentError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<VerifyError> for DocumentError {
    fn from(why: VerifyError) -> Self {
        match why {
            VerifyError::Malformed(why) => Self::Malformed(why),
            VerifyError::InvalidProof | VerifyError::UnknownKey => Self::InvalidProof,
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(why) => return why.fmt(f),
            Self::InvalidProof => "the proof does not hold",
            Self::Purpose => "the proof was made for another purpose",
            Self::ProofExpired => "the proof has expired",
            Self::Challenge => "the proof answers another challenge",
            Self::Domain => "the proof is meant for another domain",
            Self::NotYetValid => "it is not valid yet",
            Self::Expired => "it has expired",
        })
    }
}

impl core::error::Error for DocumentError {}

/// Names of registered claims (RFC 7519 §4.1, RFC 7800), and of the members of the data model 1.1 in a JWT.
const CLAIMS: [&str; 11] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf", "vc", "vp"];

/// The demands of a verifier on a presentation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asked<'v> {
    /// The nonce that the proof must answer.
    pub challenge: Option<&'v str>,
    /// The verifier that the proof must be meant for.
    pub domain: Option<&'v str>,
}

impl<'a> Document<'a> {
    /// Reads a credential: its shape (VCDM §4), and whether its names have a meaning. An RDFC suite reads it again as statements, in safe
    /// mode.
    pub fn credential(document: Object<'a>) -> Result<Self, Malformed> {
        let version = shape::check_credential(&document)?;
        Self::read(document, version)
    }

    /// Reads a presentation likewise; the credentials in it are read when it is verified.
    pub fn presentation(document: Object<'a>) -> Result<Self, Malformed> {
        let version = shape::check_presentation(&document)?;
        Self::read(document, version)
    }

    fn read(text: Object<'a>, version: Version) -> Result<Self, Malformed> {
        let mut known = KnownContexts::new();
        let mut adopted = text.clone();
        known.adopt(&mut adopted)?;
        let named = (adopted != text).then_some(adopted);
        let document = Self { text, named, known, version };
        document.check_terms()?;
        Ok(document)
    }

    /// Returns the document as a JSON-LD processor reads it.
    fn named(&self) -> &Object<'a> {
        self.named.as_ref().unwrap_or(&self.text)
    }

    fn check_terms(&self) -> Result<(), Malformed> {
        let contexts = self.known.list(self.named()).map_err(Malformed::JsonLd)?;
        jsonld::check_names(self.named(), &contexts).map_err(Malformed::JsonLd)
    }

    /// Returns the document with a proof in `suite`. One of version 1.1 gets the context that defines the proof's
    /// terms, if it has not got it
    /// (VC Data Integrity §2.4.1).
    pub fn secure(mut self, suite: Suite, options: &Options<'_>, signer: &dyn Signer) -> Result<Object<'a>, IssueError> {
        if self.text.member("proof").is_some() {
            return Err(IssueError::Malformed(Malformed::Proof));
        }
        if self.version == Version::V1_1 {
            [Some(&mut self.text), self.named.as_mut()].into_iter().flatten().for_each(define_proof);
        }
        let read = if suite.reads_meaning() { self.named() } else { &self.text };
        let proof = create(suite, read, options, &self.known, signer)?;
        self.text.set("proof", proof);
        Ok(self.text)
    }

    /// Returns the document in a JWS, as the envelope that VCDM 2.0 §4.13.1 describes.
    pub fn envelop(self, key_id: &str, signer: &dyn Signer) -> Result<Object<'static>, IssueError> {
        if self.version != Version::V2_0 || self.text.member("proof").is_some() {
            return Err(IssueError::Malformed(Malformed::Proof));
        }
        // The claims of the envelope are members of the same object: these would be taken for them.
        if let Some(name) = CLAIMS.into_iter().find(|name| self.text.member(name).is_some()) {
            return Err(IssueError::Malformed(Malformed::member(name)));
        }
        let jws = Envelope::sign(self.text, &RegisteredClaims::default(), Content::Credential, Material::Jose, key_id, signer)?;
        // A body may be nested deeper than an envelope's document. A document that would not be read again is not returned.
        Envelope::parse(&jws, Content::Credential, MAX_BYTES)?.document(Limits::CREDENTIAL)?;
        Ok(write_url(Material::Jose, &jws))
    }

    /// Checks that every proof is for `purpose`, has not expired at `at`, answers what was asked, and holds with the key it names,
    /// a `did:key` or `did:jwk`.
    fn verify_proofs(&self, purpose: Purpose, asked: Asked<'_>, at: Timestamp) -> Result<(), DocumentError> {
        let text = ProofSet::read(&self.text).map_err(Malformed::from)?;
        let named = self.named.as_ref().map(ProofSet::read).transpose().map_err(Malformed::from)?;
        // JCS signs the text with its inline contexts, RDFC what a processor makes of them.
        let set = match &named {
            Some(named) if text.proofs().all(|proof| proof.suite.reads_meaning()) => named,
            Some(_) if text.proofs().any(|proof| proof.suite.reads_meaning()) => return Err(Malformed::Context.into()),
            _ => &text,
        };
        // A suite that we do not have is one that we cannot check.
        if !set.is_readable() {
            return Err(Malformed::Proof.into());
        }
        let mut keys: Vec<(String, PublicKey)> = Vec::new();
        for Proof { options, .. } in set.proofs() {
            if options.purpose != purpose {
                return Err(DocumentError::Purpose);
            }
            if Validity::new(None, options.expires).is_over(at) {
                return Err(DocumentError::ProofExpired);
            }
            asked.require(options.challenge, options.domain)?;
            let method = options.verification_method;
            let key = DidUrl::parse(method).ok().filter(|url| url.fragment().is_some()).and_then(|url| url.resolve().ok());
            keys.push((method.into(), key.ok_or(Malformed::OutOfRange("verificationMethod"))?));
        }
        let standing = |options: &Options<'_>| {
            let known = keys.iter().find(|(method, _)| method == options.verification_method);
            known.map_or(Standing::Unknown, |(_, key)| Standing::Issuer(key))
        };
        set.verify(&self.known, standing).map_err(VerifyError::from)?;
        Ok(())
    }
}

impl Asked<'_> {
    /// Checks that nonce and audience of an answer are those asked for (VC Data Integrity §4.4). Only what was asked is compared.
    fn require(self, challenge: Option<&str>, domain: Option<&str>) -> Result<(), DocumentError> {
        let agrees = |asked: Option<&str>, found| asked.is_none() || asked == found;
        if !agrees(self.challenge, challenge) {
            return Err(DocumentError::Challenge);
        }
        if agrees(self.domain, domain) { Ok(()) } else { Err(DocumentError::Domain) }
    }
}

/// Checks a credential of any type by its own proofs, or by the envelope it is in. Returns the document that they secure. Its validity
/// and its status are not looked at: see [`require_validity`].
pub fn verify_credential(credential: &Object<'_>, asked: Asked<'_>, at: Timestamp) -> Result<Object<'static>, DocumentError> {
    if is_enveloped(credential, Content::Credential) {
        let envelope = sealed(credential, Content::Credential)?;
        let document = open(&envelope, Content::Credential, asked, at)?;
        return Ok(Document::credential(document)?.text.into_owned());
    }
    let document = Document::credential(credential.clone())?;
    document.verify_proofs(Purpose::AssertionMethod, asked, at)?;
    Ok(document.text.into_owned())
}

/// Checks a presentation of any type by its own proofs or its envelope, and then every credential in it. Returns the documents of the
/// credentials, of which validity and status are not looked at.
pub fn verify_presentation(presentation: &Object<'_>, asked: Asked<'_>, at: Timestamp) -> Result<Vec<Object<'static>>, DocumentError> {
    let verify_all = |presentation: &Object<'_>| {
        let credentials = shape::credentials(presentation)?.into_iter();
        credentials.map(|credential| verify_credential(credential, Asked::default(), at)).collect()
    };
    if is_enveloped(presentation, Content::Presentation) {
        let envelope = sealed(presentation, Content::Presentation)?;
        verify_all(&Document::presentation(open(&envelope, Content::Presentation, asked, at)?)?.text)
    } else {
        Document::presentation(presentation.clone())?.verify_proofs(Purpose::Authentication, asked, at)?;
        verify_all(presentation)
    }
}

/// Checks that a verified document is valid at `at` (VCDM 2.0 §4.9; 1.1 §4.6 and §4.7). A document without dates always is.
pub fn require_validity(document: &Object<'_>, at: Timestamp) -> Result<(), DocumentError> {
    let date = |name: &'static str| match document.member(name) {
        None => Ok(None),
        Some(value) => value.as_str().and_then(Timestamp::parse_rfc3339).map(Some).ok_or(Malformed::OutOfRange(name)),
    };
    for (begin, end) in [("validFrom", "validUntil"), ("issuanceDate", "expirationDate")] {
        require_within(Validity::new(date(begin)?, date(end)?), at)?;
    }
    Ok(())
}

fn require_within(validity: Validity, at: Timestamp) -> Result<(), DocumentError> {
    match validity.at(at) {
        Phase::Before => Err(DocumentError::NotYetValid),
        Phase::Within => Ok(()),
        Phase::Over => Err(DocumentError::Expired),
    }
}

/// Returns the envelope in a `data:` URL.
fn sealed(enveloped: &Object<'_>, content: Content) -> Result<Envelope, Malformed> {
    Envelope::parse(&read_url(enveloped, content)?.1, content, MAX_BYTES)
}

/// Opens an envelope: its signature holds with the key it names, within its own times, and it answers what was asked. Returns the
/// document, without the claims next to it. A proof inside is one that nobody would check.
fn open<'e>(envelope: &'e Envelope, content: Content, asked: Asked<'_>, at: Timestamp) -> Result<Object<'e>, DocumentError> {
    let key = did::resolve(envelope.key_id().ok_or(Malformed::Missing("kid"))?).map_err(|_| Malformed::OutOfRange("kid"))?;
    envelope.verify(&key).map_err(VerifyError::from)?;
    let mut document = envelope.document(Limits::CREDENTIAL)?;
    let claims = envelope.claims(&mut document)?;
    require_within(Validity::new(claims.times.not_before, claims.times.expires_at), at)?;
    if content == Content::Presentation {
        asked.require(claims.nonce.as_deref(), claims.audience.as_deref())?;
    }
    if document.member("proof").is_some() { Err(Malformed::Proof.into()) } else { Ok(document) }
}

fn define_proof(document: &mut Object<'_>) {
    let contexts = match document.remove("@context") {
        Some(Value::Array(contexts)) => contexts,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let is_defined = contexts.iter().any(|context| context.as_str() == Some(DATA_INTEGRITY_V2));
    let added = (!is_defined).then(|| Value::from(DATA_INTEGRITY_V2));
    document.members_mut().insert(0, ("@context".into(), Value::Array(contexts.into_iter().chain(added).collect())));
}

#[cfg(test)]
mod tests;
