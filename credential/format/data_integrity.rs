//! Role credentials as Verifiable Credentials Data Model 2.0 documents with a Data Integrity proof, or a set or chain of them:
//! `eddsa-jcs-2022` or `eddsa-rdfc-2022` by Ed25519 keys, `ecdsa-jcs-2019` or `ecdsa-rdfc-2019` by P-256 and P-384 keys.
//!
//! JCS signs the text of a document, not its meaning, and RDF canonicalization the meaning but not the text. Neither is
//! enough alone, so the names are nailed down as well: `@context` must be exactly the list of contexts known by digest, perhaps with
//! others after it that the trust bundle carries, and every member must be one that they define and that we act on (threats.md A14).

use super::vocabulary::{contexts_for, further_contexts, require_terms, role_contexts};
use super::{Claimed, IssueError, MAX_BYTES, Malformed, PresentError, Untrusted, Verified, VerifyError};
use crate::canon::jcs;
use crate::did::{self, DidUrl};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::proof::{CreateError, MAX_PROOFS, Options, Proof, ProofError, Purpose, Suite, create};
use crate::request::Request;
use crate::role::{RoleClaims, VC_TYPE, vcdm};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec::Vec};

mod presentation;
mod proofs;

pub use super::vocabulary::PERSONAL_CLAIMS;
pub use presentation::Presentation;
pub use proofs::ProofClaim;

use proofs::Proofs;

/// A VCDM 2.0 credential; nobody has checked its proof yet.
///
/// What must hold before a key can be looked for has been checked: size, JSON, contexts, and a proof of the right suite and
/// purpose by a method of the issuer.
#[derive(Clone, Debug)]
pub struct DataIntegrity {
    bytes: Vec<u8>,
    issuer: String,
    proofs: Proofs,
    /// Those it was read with, where it names others than those compiled in.
    contexts: KnownContexts,
}

impl DataIntegrity {
    /// Reads a credential under the contexts that are compiled in; checks no proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// The same for a credential that may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        Self::read(bytes.to_vec(), &object(bytes)?, known)
    }

    /// Reads the document that `bytes` hold.
    fn read(bytes: Vec<u8>, document: &Object<'_>, known: &KnownContexts) -> Result<Self, Malformed> {
        let further = role_contexts(document, known)?;
        let issuer = issuer(document)?;
        let proofs = Proofs::read(document, issuer, known)?;
        let contexts = if further.is_some() { known.clone() } else { KnownContexts::new() };
        Ok(Self { issuer: issuer.to_owned(), proofs, contexts, bytes })
    }

    /// The document as it was read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The URLs of the contexts it names beside those of every role credential.
    pub fn further_contexts(&self) -> Vec<String> {
        object(&self.bytes).map_or_else(|_| Vec::new(), |document| further_contexts(&document))
    }

    /// The suites of its proofs, the issuer's first.
    pub fn suites(&self) -> Vec<Suite> {
        core::iter::once(&self.proofs.issuers).chain(&self.proofs.further).map(|claim| claim.suite).collect()
    }

    /// `issuer` and the `verificationMethod` of its proof, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: Some(&self.proofs.issuers.key_id) }
    }

    /// What its other proofs say about themselves, unverified; none where there is one proof.
    pub fn further_proofs(&self) -> &[ProofClaim] {
        &self.proofs.further
    }

    /// Checks the issuer's proof, then reads the role. A proof that expires before the document bounds the validity.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        self.verify_all(&[issuer])
    }

    /// The same for a credential with several proofs, all of which must hold: the issuer's key, then one for each of
    /// [`Self::further_proofs`].
    pub fn verify_all(&self, keys: &[&PublicKey]) -> Result<Verified<'_>, VerifyError> {
        self.proofs.verify(&self.bytes, &self.contexts, keys)?;
        let Untrusted { claims, role } = self.untrusted()?;
        Ok(Verified::new(claims, role))
    }

    /// What it says, its proof unchecked.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        let mut document = object(&self.bytes)?;
        require_terms(&document, role_contexts(&document, &self.contexts)?.as_ref())?;
        let ProofClaim { key_id, created, .. } = &self.proofs.issuers;
        let mut role = vcdm::read(&document, Some(key_id), Some(*created))?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        role.valid_until = self.proofs.expires().map_or(role.valid_until, |expires| expires.min(role.valid_until));
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
        Self::sign_set(&[(suite, signer)], claims, &KnownContexts::new())
    }

    /// The same with one proof by each of `signers`: the issuer's key first, under which the claims are issued; the others sign under
    /// their own `did:key`. At most [`MAX_PROOFS`]. Personal claims may have names that `known` carries.
    pub fn sign_set(signers: &[(Suite, &dyn Signer)], claims: &RoleClaims, known: &KnownContexts) -> Result<Self, IssueError> {
        let ((_, issuer), 1..=MAX_PROOFS) = (signers.first().ok_or(IssueError::Algorithm)?, signers.len()) else {
            return Err(Malformed::OutOfRange("proof").into());
        };
        let (document, key_id) = draft(claims, *issuer, known)?;
        let mut proofs = Vec::with_capacity(signers.len());
        for (n, (suite, signer)) in signers.iter().enumerate() {
            let own = did::key_id(signer.public_key());
            let options = Options {
                verification_method: if n == 0 { &key_id } else { &own },
                purpose: Purpose::AssertionMethod,
                created: Some(claims.issued_at),
                expires: None,
                challenge: None,
                domain: None,
            };
            proofs.push(Value::Object(create(*suite, &document, &options, known, *signer)?));
        }
        let proof = if proofs.len() == 1 { proofs.remove(0) } else { Value::Array(proofs) };
        let document = document.with("proof", proof);
        let bytes = jcs::to_vec(&Value::Object(document.clone()));
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge.into());
        }
        Ok(Self::read(bytes, &document, known)?)
    }

    /// Shows the credential, bound to the request's nonce and gate.
    pub fn present(&self, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Presentation, PresentError> {
        Presentation::create(self, request, at, holder)
    }
}

/// The document that says `claims`, without a proof, and the verification method it will be signed under: the signer's own `did:key`
/// where the claims name none.
pub(in crate::format) fn draft(
    claims: &RoleClaims,
    signer: &dyn Signer,
    known: &KnownContexts,
) -> Result<(Object<'static>, String), IssueError> {
    if claims.kind != VC_TYPE {
        return Err(Malformed::OutOfRange("type").into());
    }
    let document = vcdm::document(claims, contexts_for(&claims.personal, known))?;
    require_terms(&document, role_contexts(&document, known)?.as_ref())?;
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
    document.member("proof").map_or(Ok(()), |own| require_all_contexts(document, own)).map(|()| proof)
}

/// See [`read_proof`]; `proof` is one of the document's.
fn require_all_contexts(document: &Object<'_>, proof: &Value<'_>) -> Result<(), Malformed> {
    let context = proof.member("@context");
    if context.is_some() && context != document.member("@context") { Err(Malformed::Context) } else { Ok(()) }
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

impl From<ProofError> for Malformed {
    fn from(why: ProofError) -> Self {
        match why {
            ProofError::Missing(name) => Self::Missing(name),
            ProofError::WrongType(name) => Self::WrongType(name),
            ProofError::OutOfRange(name) => Self::OutOfRange(name),
            ProofError::Unsupported | ProofError::PreviousProof => Self::Proof,
            ProofError::Context => Self::Context,
            ProofError::Member(name) => Self::Member(name),
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
