//! Credentials and presentations in the formats we speak, behind one pair of closed enums.
//!
//! Parsing takes untrusted bytes and checks no proof. [`Credential::verify`] checks the issuer's proof and only then
//! reads the claims; [`Presentation::verify_holder`] checks that the holder of the bound key made this presentation for
//! this nonce and this audience. Whether the issuer may be believed, and for how long, is `waypass-trust`'s business.

use crate::json::{BYTE_ORDER_MARK, Value};
use crate::jsonld::KnownContexts;
use crate::key::{InvalidProof, PublicKey, SignError, Signer};
use crate::request::{ClaimPath, Nonce, Request};
use crate::role::RoleClaims;
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use core::fmt;
use envelope::{Content, Material};
use sd_jwt::SdJwt;
use serde::{Deserialize, Serialize};

pub mod data_integrity;
pub mod document;
pub mod envelope;
pub mod enveloped;
mod key_bound;
mod malformed;
pub mod sd_jwt;
pub mod sd_jwt_vc;
pub mod secured;
mod vocabulary;

pub use data_integrity::{DataIntegrity, ProofClaim};
pub use enveloped::Enveloped;
pub use key_bound::KeyBound;
pub use malformed::Malformed;
pub use sd_jwt_vc::SdJwtVc;

/// Largest credential or presentation, in bytes (threats.md A12).
pub const MAX_BYTES: usize = 64 * 1024;

/// A credential format, written as its OpenID4VP 1.0 format identifier (Appendix B).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Format {
    /// SD-JWT VC with key binding (RFC 9901, draft-ietf-oauth-sd-jwt-vc).
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// Verifiable Credentials Data Model 2.0 with a Data Integrity proof.
    #[serde(rename = "ldp_vc")]
    DataIntegrity,
    /// Verifiable Credentials Data Model 2.0 in a JWS, `vc+jwt` (Securing Verifiable Credentials using JOSE and COSE).
    #[serde(rename = "jwt_vc_json")]
    VcJwt,
    /// The same in an SD-JWT with key binding. OpenID4VP has no name for it, and its drafts once called SD-JWT VC so, which asks
    /// by `vct_values` where this has `type_values`: this is the media subtype, and the `typ` of its header.
    #[serde(rename = "vc+sd-jwt")]
    VcSdJwt,
    /// The same in a COSE_Sign1. OpenID4VP has no name for it: this is the media subtype.
    #[serde(rename = "vc+cose")]
    VcCose,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::SdJwtVc, Self::DataIntegrity, Self::VcJwt, Self::VcSdJwt, Self::VcCose];

    /// The OpenID4VP format identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::DataIntegrity => "ldp_vc",
            Self::VcJwt => "jwt_vc_json",
            Self::VcSdJwt => "vc+sd-jwt",
            Self::VcCose => "vc+cose",
        }
    }

    /// The `vct` or VC type that role credentials have in this format.
    pub const fn role_kind(self) -> &'static str {
        if self.is_vcdm() { crate::role::VC_TYPE } else { crate::role::VCT }
    }

    /// Whether it carries a VCDM document: its claims stand in `credentialSubject`, its kinds are `type`s.
    pub const fn is_vcdm(self) -> bool {
        match self {
            Self::SdJwtVc => false,
            Self::DataIntegrity | Self::VcJwt | Self::VcSdJwt | Self::VcCose => true,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A credential with its own bytes, as issued or as presented; nobody has checked its proof yet.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An SD-JWT VC without a key binding part.
    SdJwtVc(SdJwtVc),
    /// A VCDM 2.0 document with a Data Integrity proof.
    DataIntegrity(DataIntegrity),
    /// A VCDM 2.0 document in a JWS, an SD-JWT or a COSE_Sign1.
    Enveloped(Enveloped),
}

/// What an unverified credential says about who signed it: good for finding the key, for nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claimed<'a> {
    /// `iss`, or the VC's `issuer`.
    pub issuer: &'a str,
    /// The header's `kid`, or the proof's `verificationMethod`.
    pub key_id: Option<&'a str>,
}

/// Why a credential did not verify.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerifyError {
    /// The proof holds (or was not reached), but the content is not a role credential we read.
    Malformed(Malformed),
    /// The proof is not one by this key over these bytes.
    InvalidProof,
}

/// A credential whose issuer proof has been checked, and what it says.
#[derive(Clone, Debug)]
pub struct Verified<'a> {
    claims: Value<'a>,
    role: RoleClaims,
}

/// What a credential says whose proof nobody has checked; see [`Credential::untrusted`].
#[derive(Clone, Debug)]
pub struct Untrusted<'a> {
    /// As [`Verified::claims`].
    pub claims: Value<'a>,
    /// As [`Verified::role`].
    pub role: RoleClaims,
}

/// A credential shown by its holder for one request; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub enum Presentation {
    /// An SD-JWT, of an SD-JWT VC or of a VCDM document, with its KB-JWT.
    KeyBound(KeyBound),
    /// A verifiable presentation with one credential and an `authentication` proof.
    DataIntegrity(data_integrity::Presentation),
    /// A verifiable presentation in a JWS or a COSE_Sign1, with one credential in its own envelope.
    Enveloped(enveloped::Presentation),
}

/// Left behind by [`Presentation::verify_holder`]: the bound key answered this nonce for this audience. Whether the answer is in force
/// is for the caller to judge, who has a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct HolderProof {
    /// When the holder's device says it signed.
    pub signed_at: Option<Timestamp>,
    /// From when the answer says it holds.
    pub not_before: Option<Timestamp>,
    /// When the answer says it ends.
    pub expires_at: Option<Timestamp>,
}

/// Why a presentation is not the bound holder's answer to this request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HolderError {
    /// There is no holder proof.
    Missing,
    /// The proof answers another nonce.
    NonceMismatch,
    /// The proof is meant for another audience.
    WrongAudience,
    /// The proof is not one by the bound key over this presentation.
    InvalidProof,
    /// The proof cannot be read.
    Malformed(Malformed),
}

/// Why a presentation could not be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PresentError {
    /// The credential itself is malformed.
    Malformed(Malformed),
    /// The credential has no claim at this path.
    NoSuchClaim(ClaimPath),
    /// The credential is not bound to the signer's key.
    NotTheHolder,
    /// The key could not sign.
    Sign(SignError),
}

/// Why a credential could not be issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueError {
    /// The claims would not be accepted on reading.
    Malformed(Malformed),
    /// A personal claim has a name that the format or the role credential uses itself.
    ReservedClaim(String),
    /// The key's algorithm has no proof in this format.
    Algorithm,
    /// The key could not sign.
    Sign(SignError),
}

impl Credential {
    /// Reads untrusted bytes: a JSON object is a VCDM document, what begins with CBOR tag 18 a
    /// COSE_Sign1, a text with a `~` an SD-JWT of the kind that its header names, everything else must be a JWS. Documents name the contexts
    /// compiled in and no others.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// As [`Self::parse`], for documents that may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        match detect(bytes)? {
            Serialization::Json => DataIntegrity::parse_in(bytes, known).map(Self::DataIntegrity),
            Serialization::Enveloped(Material::SdJwt) => selective(bytes, known),
            Serialization::Enveloped(Material::Jose | Material::Cose) => Enveloped::parse_in(bytes, known).map(Self::Enveloped),
        }
    }

    /// The bytes as they were read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::SdJwtVc(credential) => credential.as_bytes(),
            Self::DataIntegrity(credential) => credential.as_bytes(),
            Self::Enveloped(credential) => credential.as_bytes(),
        }
    }

    /// Which format this is.
    pub fn format(&self) -> Format {
        match self {
            Self::SdJwtVc(_) => Format::SdJwtVc,
            Self::DataIntegrity(_) => Format::DataIntegrity,
            Self::Enveloped(credential) => credential.format(),
        }
    }

    /// Who claims to have signed this; unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        match self {
            Self::SdJwtVc(credential) => credential.claimed(),
            Self::DataIntegrity(credential) => credential.claimed(),
            Self::Enveloped(credential) => credential.claimed(),
        }
    }

    /// The URLs of the contexts it names beside those of every role credential, unverified; only a document can.
    pub fn further_contexts(&self) -> Vec<String> {
        match self {
            Self::SdJwtVc(_) => Vec::new(),
            Self::DataIntegrity(credential) => credential.further_contexts(),
            Self::Enveloped(credential) => credential.further_contexts(),
        }
    }

    /// What the proofs besides the issuer's say about themselves, unverified; none in a format that has one signature.
    pub fn further_proofs(&self) -> &[ProofClaim] {
        match self {
            Self::DataIntegrity(credential) => credential.further_proofs(),
            Self::SdJwtVc(_) | Self::Enveloped(_) => &[],
        }
    }

    /// Checks the issuer's proof with `issuer` and reads the claims. Validity in time and status are not looked at. A credential with
    /// further proofs needs their keys too: [`Self::verify_all`].
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        match self {
            Self::SdJwtVc(credential) => credential.verify(issuer),
            Self::DataIntegrity(credential) => credential.verify(issuer),
            Self::Enveloped(credential) => credential.verify(issuer),
        }
    }

    /// Checks every proof and reads the claims: `keys` are the issuer's and one for each of [`Self::further_proofs`], in their order.
    pub fn verify_all(&self, keys: &[&PublicKey]) -> Result<Verified<'_>, VerifyError> {
        match (self, keys) {
            (Self::DataIntegrity(credential), keys) => credential.verify_all(keys),
            (Self::SdJwtVc(_) | Self::Enveloped(_), [issuer]) => self.verify(issuer),
            (Self::SdJwtVc(_) | Self::Enveloped(_), _) => Err(VerifyError::InvalidProof),
        }
    }

    /// What the credential says, its proof unchecked: good for choosing among credentials that were verified when they were
    /// stored, for nothing else.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        match self {
            Self::SdJwtVc(credential) => credential.untrusted(),
            Self::DataIntegrity(credential) => credential.untrusted(),
            Self::Enveloped(credential) => credential.untrusted(),
        }
    }

    /// The claims the holder may show or withhold one by one; none where the format shows everything.
    pub fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        match self {
            Self::SdJwtVc(credential) => credential.disclosable(),
            Self::DataIntegrity(_) => Ok(Vec::new()),
            Self::Enveloped(credential) => credential.disclosable(),
        }
    }

    /// Makes the presentation that answers `request`, showing the claims at `disclose` with what lies above and below
    /// them, and nothing else that can be withheld. The issuer's proof is not checked again.
    pub fn present(
        &self,
        disclose: &[ClaimPath],
        request: &Request,
        at: Timestamp,
        holder: &dyn Signer,
    ) -> Result<Presentation, PresentError> {
        match self {
            Self::SdJwtVc(credential) => credential.present(disclose, request, at, holder).map(Presentation::KeyBound),
            Self::DataIntegrity(credential) => credential.present(request, at, holder).map(Presentation::DataIntegrity),
            Self::Enveloped(credential) => credential.present(disclose, request, at, holder),
        }
    }
}

impl<'a> Verified<'a> {
    pub(crate) const fn new(claims: Value<'a>, role: RoleClaims) -> Self {
        Self { claims, role }
    }

    /// The disclosed claims: an SD-JWT's payload without the machinery of selective disclosure, or the VCDM document
    /// without its proof.
    pub const fn claims(&self) -> &Value<'a> {
        &self.claims
    }

    /// What the credential says, read strictly.
    pub const fn role(&self) -> &RoleClaims {
        &self.role
    }
}

impl Presentation {
    /// Reads untrusted bytes: a JSON object is a verifiable presentation, what begins with CBOR tag 18 a
    /// COSE_Sign1, a text with a `~` an SD-JWT, everything else must be a JWS. Documents name the contexts compiled in and no others.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// As [`Self::parse`], for a credential that may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        match detect(bytes)? {
            Serialization::Json => data_integrity::Presentation::parse_in(bytes, known).map(Self::DataIntegrity),
            Serialization::Enveloped(Material::SdJwt) => KeyBound::parse_in(bytes, known).map(Self::KeyBound),
            Serialization::Enveloped(Material::Jose | Material::Cose) => {
                enveloped::Presentation::parse_in(bytes, known).map(Self::Enveloped)
            }
        }
    }

    /// The bytes as they were read or made.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::KeyBound(presentation) => presentation.as_bytes(),
            Self::DataIntegrity(presentation) => presentation.as_bytes(),
            Self::Enveloped(presentation) => presentation.as_bytes(),
        }
    }

    /// The one credential shown.
    pub const fn credential(&self) -> &Credential {
        match self {
            Self::KeyBound(presentation) => presentation.credential(),
            Self::DataIntegrity(presentation) => presentation.credential(),
            Self::Enveloped(presentation) => presentation.credential(),
        }
    }

    /// The nonce that the holder's proof names, the proof unchecked: good for finding the challenge that is answered, for nothing
    /// else.
    pub fn untrusted_nonce(&self) -> Option<Nonce> {
        match self {
            Self::KeyBound(presentation) => presentation.untrusted_nonce(),
            Self::DataIntegrity(presentation) => presentation.untrusted_nonce(),
            Self::Enveloped(presentation) => presentation.untrusted_nonce(),
        }
    }

    /// Checks that `holder` (the key the issuer bound, [`RoleClaims::holder`]) made this presentation for `nonce` and
    /// `audience`.
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        match self {
            Self::KeyBound(presentation) => presentation.verify_holder(holder, nonce, audience),
            Self::DataIntegrity(presentation) => presentation.verify_holder(holder, nonce, audience),
            Self::Enveloped(presentation) => presentation.verify_holder(holder, nonce, audience),
        }
    }
}

/// A credential or presentation out of a file: a text may begin with a byte order mark and end in line breaks, which are not part of it,
/// while COSE is binary and is taken whole.
pub fn from_file(bytes: &[u8]) -> &[u8] {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if Material::of(bytes) == Material::Cose { bytes } else { text.trim_ascii() }
}

/// What the bytes are written in.
enum Serialization {
    Json,
    Enveloped(Material),
}

fn detect(bytes: &[u8]) -> Result<Serialization, Malformed> {
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::TooLarge);
    }
    match bytes.trim_ascii_start().first() {
        Some(b'{') => Ok(Serialization::Json),
        _ => Ok(Serialization::Enveloped(Material::of(bytes))),
    }
}

/// An SD-JWT is of the kind that its header names.
fn selective(bytes: &[u8], known: &KnownContexts) -> Result<Credential, Malformed> {
    let sd_jwt = SdJwt::parse(core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?)?;
    if sd_jwt.header().typ.as_deref() == Some(Content::Credential.typ(Material::SdJwt)) {
        Enveloped::of_sd_jwt(sd_jwt, known).map(Credential::Enveloped)
    } else {
        SdJwtVc::of_sd_jwt(sd_jwt).map(Credential::SdJwtVc)
    }
}

impl From<Enveloped> for Credential {
    fn from(credential: Enveloped) -> Self {
        Self::Enveloped(credential)
    }
}

impl From<Malformed> for VerifyError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<InvalidProof> for VerifyError {
    fn from(InvalidProof: InvalidProof) -> Self {
        Self::InvalidProof
    }
}

impl From<Malformed> for HolderError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<InvalidProof> for HolderError {
    fn from(InvalidProof: InvalidProof) -> Self {
        Self::InvalidProof
    }
}

impl From<Malformed> for PresentError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<SignError> for PresentError {
    fn from(why: SignError) -> Self {
        Self::Sign(why)
    }
}

impl From<Malformed> for IssueError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<SignError> for IssueError {
    fn from(why: SignError) -> Self {
        Self::Sign(why)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::InvalidProof => InvalidProof.fmt(f),
        }
    }
}

impl fmt::Display for HolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the holder has not signed this presentation"),
            Self::NonceMismatch => f.write_str("the holder answered another question"),
            Self::WrongAudience => f.write_str("the presentation is meant for another checkpoint"),
            Self::InvalidProof => f.write_str("the holder's proof is not valid"),
            Self::Malformed(why) => write!(f, "holder proof: {why}"),
        }
    }
}

impl fmt::Display for PresentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::NoSuchClaim(path) => write!(f, "the credential has no claim {path}"),
            Self::NotTheHolder => f.write_str("the credential is bound to another key"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::ReservedClaim(name) => write!(f, "the claim name {name:?} is reserved"),
            Self::Algorithm => f.write_str("the format has no proof for this kind of key"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for VerifyError {}
impl core::error::Error for HolderError {}
impl core::error::Error for PresentError {}
impl core::error::Error for IssueError {}

#[cfg(test)]
mod tests;
