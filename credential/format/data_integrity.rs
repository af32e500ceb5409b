//! Role credentials as Verifiable Credentials Data Model 2.0 documents with one Data Integrity proof: `eddsa-jcs-2022` or
//! `eddsa-rdfc-2022` by Ed25519 keys, `ecdsa-jcs-2019` or `ecdsa-rdfc-2019` by P-256 and P-384 keys.
//!
//! JCS signs the text of a document, not its meaning, and RDF canonicalization the meaning but not the text. Neither is
//! enough alone, so the names are nailed down as well: `@context` must be exactly the list of contexts known by digest, and
//! every member must be one that they define and that we act on (threats.md A14).

use super::{Claimed, IssueError, MAX_BYTES, Malformed, PresentError, Untrusted, Verified, VerifyError};
use crate::canon::jcs;
use crate::did::{self, DidUrl};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::proof::{CreateError, Options, Proof, ProofError, Purpose, Seal, Suite, create};
use crate::request::Request;
use crate::role::{RoleClaims, VC_TYPE, vcdm};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_schemas::contexts::{self, KnownContext};

mod presentation;

pub use presentation::Presentation;

/// Role documents name contexts that are compiled in, and no others.
const CONTEXTS: KnownContexts = KnownContexts::new();

/// The personal claims that the role context defines. SD-JWT VC may carry others, a VCDM document may not.
pub const PERSONAL_CLAIMS: [&str; 8] =
    ["given_name", "family_name", "birthdate", "email", "phone", "organization", "staff_id", "photo_sha256"];

/// A VCDM 2.0 credential; nobody has checked its proof yet.
///
/// What must hold before a key can be looked for has been checked: size, JSON, contexts, and a proof of the right suite and
/// purpose by a method of the issuer.
#[derive(Clone, Debug)]
pub struct DataIntegrity {
    bytes: Vec<u8>,
    issuer: String,
    key_id: String,
    created: Timestamp,
    expires: Option<Timestamp>,
    suite: Suite,
    seal: Seal,
}

impl DataIntegrity {
    /// Reads a credential; checks no proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::read(bytes.to_vec(), &object(bytes)?)
    }

    /// Reads the document that `bytes` hold.
    fn read(bytes: Vec<u8>, document: &Object<'_>) -> Result<Self, Malformed> {
        require_contexts(document, &contexts::ROLE_CREDENTIAL)?;
        let issuer = issuer(document)?;
        let proof = read_proof(document, Purpose::AssertionMethod)?;
        let options = proof.options;
        // A proof made for one verifier (`challenge`, `domain`) does not make a credential.
        if options.challenge.is_some() || options.domain.is_some() {
            return Err(Malformed::Proof);
        }
        require_controller(options.verification_method, issuer)?;
        Ok(Self {
            issuer: issuer.to_owned(),
            key_id: options.verification_method.to_owned(),
            created: options.created.ok_or(Malformed::Missing("created"))?,
            expires: options.expires,
            suite: proof.suite,
            seal: proof.seal(&CONTEXTS)?,
            bytes,
        })
    }

    /// The document as it was read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The suite of the issuer's proof.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// `issuer` and `verificationMethod`, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: Some(&self.key_id) }
    }

    /// Checks the issuer's proof, then reads the role. A proof that expires before the document bounds the validity.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        self.seal.verify(issuer)?;
        let Untrusted { claims, role } = self.untrusted()?;
        Ok(Verified::new(claims, role))
    }

    /// What it says, its proof unchecked.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        let mut document = object(&self.bytes)?;
        require_terms(&document)?;
        let mut role = vcdm::read(&document, Some(&self.key_id), Some(self.created))?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        role.valid_until = self.expires.map_or(role.valid_until, |expires| expires.min(role.valid_until));
        document.remove("proof");
        Ok(Untrusted { claims: Value::Object(document), role: role.checked()? })
    }

    /// Issues `claims` as a document in canonical form, in the JCS suite of the signer's key. Claims without `key_id` are signed under
    /// the signer's `did:key`.
    pub fn sign(claims: &RoleClaims, signer: &dyn Signer) -> Result<Self, IssueError> {
        Self::sign_in(Suite::jcs(signer.public_key().algorithm()), claims, signer)
    }

    /// The same in `suite`, which must take the signer's key.
    pub fn sign_in(suite: Suite, claims: &RoleClaims, signer: &dyn Signer) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer)?;
        let options = Options {
            verification_method: &key_id,
            purpose: Purpose::AssertionMethod,
            created: Some(claims.issued_at),
            expires: None,
            challenge: None,
            domain: None,
        };
        let proof = create(suite, &document, &options, &CONTEXTS, signer)?;
        let document = document.with("proof", proof);
        let bytes = jcs::to_vec(&Value::Object(document.clone()));
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge.into());
        }
        Ok(Self::read(bytes, &document)?)
    }

    /// Shows the credential, bound to the request's nonce and gate.
    pub fn present(&self, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Presentation, PresentError> {
        Presentation::create(self, request, at, holder)
    }
}

/// The document that says `claims`, without a proof, and the verification method it will be signed under: the signer's own `did:key`
/// where the claims name none.
pub(in crate::format) fn draft(claims: &RoleClaims, signer: &dyn Signer) -> Result<(Object<'static>, String), IssueError> {
    if claims.kind != VC_TYPE {
        return Err(Malformed::OutOfRange("type").into());
    }
    let document = vcdm::document(claims)?;
    require_terms(&document)?;
    let key_id = claims.key_id.clone().unwrap_or_else(|| did::key_id(signer.public_key()));
    require_controller(&key_id, &claims.issuer)?;
    if did::resolve(&key_id).is_ok_and(|key| key != *signer.public_key()) {
        return Err(Malformed::OutOfRange("key id").into());
    }
    Ok((document, key_id))
}

/// The one value of `name`, alone or as a list of one.
pub(in crate::format) fn only<'v, 'a>(document: &'v Object<'a>, name: &'static str) -> Result<&'v Value<'a>, Malformed> {
    match document.member(name).ok_or(Malformed::Missing(name))? {
        Value::Array(items) => match items.as_slice() {
            [item] => Ok(item),
            _ => Err(Malformed::OutOfRange(name)),
        },
        value => Ok(value),
    }
}

/// One JSON object within the limits of a credential.
pub(in crate::format) fn object(bytes: &[u8]) -> Result<Object<'_>, Malformed> {
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::TooLarge);
    }
    match json::parse(bytes, Limits::CREDENTIAL)? {
        Value::Object(object) => Ok(object),
        _ => Err(Malformed::Serialization),
    }
}

/// `@context` is the list of exactly these, by name and in this order; an inline context is none of them.
pub(in crate::format) fn require_contexts(document: &Object<'_>, known: &[KnownContext]) -> Result<(), Malformed> {
    let listed = document.member("@context").and_then(Value::as_array).ok_or(Malformed::Context)?;
    let ids = known.iter().map(|context| context.id);
    if listed.len() == known.len() && listed.iter().map(Value::as_str).eq(ids.map(Some)) { Ok(()) } else { Err(Malformed::Context) }
}

/// `issuer`, or its `id` (VCDM 2.0 §4.7).
pub(in crate::format) fn issuer<'v>(document: &'v Object<'_>) -> Result<&'v str, Malformed> {
    let issuer = document.member("issuer").ok_or(Malformed::Missing("issuer"))?;
    issuer.as_str().or_else(|| issuer.member("id")?.as_str()).ok_or(Malformed::WrongType("issuer"))
}

/// The one proof of `document`, for `purpose`. A proof with contexts of its own must have all of the document's: those
/// appended later would be unsigned (vc-di-eddsa §3.3.2 step 4 allows them).
pub(in crate::format) fn read_proof<'v, 'a>(document: &'v Object<'a>, purpose: Purpose) -> Result<Proof<'v, 'a>, Malformed> {
    let proof = Proof::read(document)?;
    if proof.options.purpose != purpose {
        return Err(Malformed::Proof);
    }
    let context = document.member("proof").and_then(|proof| proof.member("@context"));
    if context.is_some() && context != document.member("@context") { Err(Malformed::Context) } else { Ok(proof) }
}

/// The key must be one of the issuer's (VC Data Integrity §4.6): for a DID, the DID in `verificationMethod`; for other
/// issuers the trust bundle's key record binds the two.
pub(in crate::format) fn require_controller(verification_method: &str, issuer: &str) -> Result<(), Malformed> {
    const WRONG: Malformed = Malformed::OutOfRange("verificationMethod");
    if !issuer.starts_with("did:") {
        return Ok(());
    }
    let method = DidUrl::parse(verification_method).map_err(|_| WRONG)?;
    let is_own = match method.method() {
        "key" | "jwk" => method.is_verification_method_of(issuer),
        _ => method.did() == issuer && method.fragment().is_some(),
    };
    if is_own { Ok(()) } else { Err(WRONG) }
}

/// Terms that no known context defines are errors under JCS too, and so are values that their definition does not allow.
/// The members of the document itself and of its status are [`vcdm::read`]'s to refuse.
pub(in crate::format) fn require_terms(document: &Object<'_>) -> Result<(), Malformed> {
    if let Some(Value::Object(issuer)) = document.member("issuer") {
        texts_only(issuer, &["id", "name", "description"])?;
    }
    if let Some(id) = document.member("id") {
        id.as_str().filter(|id| is_url(id)).ok_or(Malformed::OutOfRange("id"))?;
    }
    if !is_url(issuer(document)?) {
        return Err(Malformed::OutOfRange("issuer"));
    }
    let Some(Value::Object(subject)) = document.member("credentialSubject") else { return Ok(()) };
    for (name, value) in subject.iter().filter(|(name, _)| !["id", "roles", "sites", "zones"].contains(name)) {
        let name = PERSONAL_CLAIMS.iter().find(|known| **known == name).ok_or(Malformed::UndefinedTerm)?;
        value.as_str().ok_or(Malformed::WrongType(name))?;
    }
    Ok(())
}

fn texts_only(object: &Object<'_>, names: &[&'static str]) -> Result<(), Malformed> {
    object.iter().try_for_each(|(name, value)| {
        let name = names.iter().find(|known| **known == name).ok_or(Malformed::UndefinedTerm)?;
        value.as_str().map(|_| ()).ok_or(Malformed::WrongType(name))
    })
}

/// A URL as VCDM 2.0 uses the word (§4.4): a scheme, a colon, and no character that RFC 3986 does not have.
pub(in crate::format) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&b))
}

impl From<ProofError> for Malformed {
    fn from(why: ProofError) -> Self {
        match why {
            ProofError::Missing(name) => Self::Missing(name),
            ProofError::WrongType(name) => Self::WrongType(name),
            ProofError::OutOfRange(name) => Self::OutOfRange(name),
            ProofError::Unsupported | ProofError::PreviousProof => Self::Proof,
            ProofError::Context => Self::Context,
            ProofError::UndefinedTerm => Self::UndefinedTerm,
            ProofError::JsonLd(why) => Self::JsonLd(why),
            ProofError::Rdfc(why) => Self::Rdfc(why),
        }
    }
}

impl From<CreateError> for IssueError {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Algorithm => Self::Algorithm,
            CreateError::Document(why) => Self::Malformed(why.into()),
            CreateError::Sign(why) => Self::Sign(why),
        }
    }
}

#[cfg(test)]
mod tests;
