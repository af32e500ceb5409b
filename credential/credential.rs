//! Credentials in every format, behind one closed enum.
//!
//! Parsing takes untrusted bytes and checks no proof. [`Credential::verify`] checks the issuer's proof and only then
//! reads the claims. `waypass-trust` decides if the issuer may be believed, and for how long.

use crate::binding::Binding;
use crate::claim_path::ClaimPath;
use crate::cose::{Parts, Sign1};
use crate::data_integrity::Suite;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::{Format, MAX_BYTES, Serialization};
use crate::json::Value;
use crate::jsonld::KnownContexts;
use crate::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use crate::key_source::{KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::role::vcdm::not_acted_on;
use crate::role::{Card, DataIntegrity, Enveloped, Holder, ProofClaim, RoleClaims, RoleCwt, SdJwtVc, document, enveloped};
use crate::sd_cwt::Typ;
use crate::sd_jwt::{SdJwt, key_binding};
use crate::time::Timestamp;
use crate::vcdm::envelope::{Content, Material};
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

mod presentation;

pub use presentation::Presentation;

/// A credential with its own bytes, as issued or as presented. Unverified.
#[derive(Clone, Debug)]
pub struct Credential(pub(crate) Form);

/// The formats, by what secures them.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// An SD-JWT VC without a key binding part.
    SdJwtVc(SdJwtVc),
    /// A VCDM 2.0 document with a Data Integrity proof.
    DataIntegrity(DataIntegrity),
    /// A VCDM 2.0 document in a JWS, an SD-JWT or a COSE_Sign1.
    Enveloped(Enveloped),
    /// An SD-CWT without a key binding token.
    SdCwt(RoleCwt),
    /// A card.
    Card(Card),
}

/// A credential whose proofs have been checked, and what it says. Only [`Credential::verify`] makes one.
#[derive(Clone, Debug)]
pub struct Verified<'c> {
    claims: &'c Value<'static>,
    role: RoleClaims,
    is_document: bool,
}

/// The claims of a credential, unverified; see [`Credential::untrusted`].
#[derive(Clone, Debug)]
pub struct Untrusted<'c> {
    /// See [`Verified::claims`].
    pub claims: &'c Value<'static>,
    /// See [`Verified::role`].
    pub role: RoleClaims,
}

/// How a role credential is issued. A [`Format`] or a [`Suite`] alone says enough.
#[derive(Clone, Copy)]
pub struct Issuance<'o> {
    /// The format.
    pub format: Format,
    /// The suite of a Data Integrity proof. Without one, it is the JCS suite of the issuer's key.
    pub suite: Option<Suite>,
    /// Others who sign a Data Integrity document as well, each under the key's own `did:key`.
    pub further: &'o [(Suite, &'o dyn Signer)],
    /// Contexts whose names the personal claims of a document may have.
    pub contexts: &'o KnownContexts,
}

/// The contexts that are compiled in, and no others.
static COMPILED_IN: KnownContexts = KnownContexts::new();

impl From<Format> for Issuance<'_> {
    fn from(format: Format) -> Self {
        Self { format, suite: None, further: &[], contexts: &COMPILED_IN }
    }
}

impl From<Suite> for Issuance<'_> {
    fn from(suite: Suite) -> Self {
        Self { suite: Some(suite), ..Self::from(Format::DataIntegrity) }
    }
}

impl Credential {
    /// Reads untrusted bytes, which may name contexts in `known` and those compiled in. Checks no proof.
    ///
    /// A JSON object is a VCDM document, a text with a `~` is an SD-JWT, what begins like a COSE_Sign1 is one, each of the kind that its
    /// header names, and everything else must be a JWS.
    pub fn parse(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge);
        }
        match Serialization::of(bytes) {
            Serialization::Json => DataIntegrity::parse(bytes, known).map(Form::DataIntegrity).map(Self),
            Serialization::SdJwt => of_sd_jwt(SdJwt::parse(core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?)?, known),
            Serialization::Jose => Enveloped::parse(bytes, known).map(Form::Enveloped).map(Self),
            Serialization::Sealed => Err(Malformed::Sealed),
            Serialization::Cose => {
                let parts = Parts::parse(bytes)?;
                match Typ::of(&parts) {
                    Some(_) => RoleCwt::of(&parts, bytes).map(Form::SdCwt).map(Self),
                    None if Card::is_meant(&parts) => Card::of(&parts, bytes).map(Form::Card).map(Self),
                    None => Enveloped::of_cose(Sign1::of(&parts, bytes)?, known).map(Form::Enveloped).map(Self),
                }
            }
        }
    }

    /// Issues `claims` under the issuer's key. `rng` gives salts and decoys.
    pub fn issue<'o>(
        claims: &RoleClaims,
        how: impl Into<Issuance<'o>>,
        signer: &dyn Signer,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, IssueError> {
        let Issuance { format, suite, further, contexts } = how.into();
        if format != Format::DataIntegrity && (suite.is_some() || !further.is_empty()) {
            return Err(IssueError::Algorithm);
        }
        match format {
            Format::SdJwtVc => SdJwtVc::issue(claims, signer, rng).map(Form::SdJwtVc).map(Self),
            Format::SdCwt => RoleCwt::issue(claims, signer, rng).map(Form::SdCwt).map(Self),
            Format::Card => Card::issue(claims, signer).map(Form::Card).map(Self),
            Format::DataIntegrity => {
                let own = (suite.unwrap_or_else(|| Suite::jcs(signer.public_key().algorithm())), signer);
                let signers: Vec<(Suite, &dyn Signer)> = core::iter::once(own).chain(further.iter().copied()).collect();
                DataIntegrity::issue(&signers, claims, contexts).map(Form::DataIntegrity).map(Self)
            }
            Format::VcSdJwt => Enveloped::issue_disclosable(claims, signer, rng, contexts).map(Form::Enveloped).map(Self),
            Format::VcJwt | Format::VcCose => Enveloped::issue(claims, format, signer, contexts).map(Form::Enveloped).map(Self),
        }
    }

    /// Returns the bytes as they were read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::SdJwtVc(credential) => credential.as_bytes(),
            Form::DataIntegrity(credential) => credential.as_bytes(),
            Form::Enveloped(credential) => credential.as_bytes(),
            Form::SdCwt(credential) => credential.as_bytes(),
            Form::Card(card) => card.as_bytes(),
        }
    }

    /// Returns which format this is.
    pub fn format(&self) -> Format {
        match &self.0 {
            Form::SdJwtVc(_) => Format::SdJwtVc,
            Form::DataIntegrity(_) => Format::DataIntegrity,
            Form::Enveloped(credential) => credential.format(),
            Form::SdCwt(_) => Format::SdCwt,
            Form::Card(_) => Format::Card,
        }
    }

    /// Returns whose key claims to have signed this. Unverified.
    pub fn key_claim(&self) -> KeyClaim<'_> {
        match &self.0 {
            Form::SdJwtVc(credential) => KeyClaim::Issuer(credential.claimed()),
            Form::DataIntegrity(credential) => KeyClaim::Issuer(credential.claimed()),
            Form::Enveloped(credential) => KeyClaim::Issuer(credential.claimed()),
            Form::SdCwt(credential) => credential.key_claim(),
            Form::Card(card) => card.key_claim(),
        }
    }

    /// Returns the URLs of the contexts it names after those of every role credential. Unverified; only a document has any.
    pub fn further_contexts(&self) -> Vec<String> {
        match &self.0 {
            Form::SdJwtVc(_) | Form::SdCwt(_) | Form::Card(_) => Vec::new(),
            Form::DataIntegrity(credential) => credential.further_contexts(),
            Form::Enveloped(credential) => credential.further_contexts(),
        }
    }

    /// Returns the suites of its proofs, the issuer's first. Unverified; only a document with a Data Integrity proof has any.
    pub fn suites(&self) -> Vec<Suite> {
        match &self.0 {
            Form::DataIntegrity(credential) => credential.suites(),
            Form::SdJwtVc(_) | Form::Enveloped(_) | Form::SdCwt(_) | Form::Card(_) => Vec::new(),
        }
    }

    /// Returns what the proofs after the issuer's say about themselves. Unverified; empty in a format that has one signature.
    pub fn further_proofs(&self) -> &[ProofClaim] {
        match &self.0 {
            Form::DataIntegrity(credential) => credential.further_proofs(),
            Form::SdJwtVc(_) | Form::Enveloped(_) | Form::SdCwt(_) | Form::Card(_) => &[],
        }
    }

    /// Checks every proof with the key that `keys` has for it, and reads the claims. Validity in time and status are not looked at.
    pub fn verify(&self, keys: &dyn KeySource) -> Result<Verified<'_>, VerifyError> {
        let (claims, role) = match &self.0 {
            Form::SdJwtVc(credential) => credential.verify(keys),
            Form::DataIntegrity(credential) => credential.verify(keys),
            Form::Enveloped(credential) => credential.verify(keys),
            Form::SdCwt(credential) => credential.verify(keys),
            Form::Card(card) => card.verify(keys),
        }?;
        Ok(Verified { claims, role, is_document: self.format().is_vcdm() })
    }

    /// Reads what the credential says, its proofs unchecked. Use it only to choose among credentials that were verified when they
    /// were stored.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        let (claims, role) = match &self.0 {
            Form::SdJwtVc(credential) => credential.said(),
            Form::DataIntegrity(credential) => credential.said(),
            Form::Enveloped(credential) => credential.said(),
            Form::SdCwt(credential) => credential.said(),
            Form::Card(card) => card.said(),
        }?;
        Ok(Untrusted { claims, role })
    }

    /// Returns the claims that the holder may show or withhold one by one. Empty where the format shows everything.
    pub fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        match &self.0 {
            Form::SdJwtVc(credential) => credential.sd_jwt().paths(),
            Form::DataIntegrity(_) | Form::Card(_) => Ok(Vec::new()),
            Form::Enveloped(credential) => credential.disclosable(),
            Form::SdCwt(credential) => credential.disclosable(),
        }
    }

    /// Makes the presentation that is bound to `binding`. It shows the claims at `disclose` with what lies above and below
    /// them, and nothing else that can be withheld. The issuer's proof is not checked again.
    ///
    /// Formats whose presentations are drawn at random take it from `rng`; none of today's does.
    pub fn present(
        &self,
        disclose: &[ClaimPath],
        binding: &Binding<'_>,
        at: Timestamp,
        holder: &dyn Signer,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Presentation, PresentError> {
        let known = match &self.0 {
            Form::SdJwtVc(_) | Form::SdCwt(_) | Form::Card(_) => &COMPILED_IN,
            Form::DataIntegrity(credential) => credential.contexts(),
            Form::Enveloped(credential) => credential.contexts(),
        };
        Ok(Presentation::parse(&self.answer(disclose, binding, at, holder)?, known)?)
    }

    /// Returns bytes of the length that the presentation would have at most: one in base58 may be shorter by some characters. Its proof is
    /// nobody's and proves nothing, so no key is needed.
    pub fn rehearse(&self, disclose: &[ClaimPath], binding: &Binding<'_>, at: Timestamp) -> Result<Vec<u8>, PresentError> {
        let holder = self.untrusted()?.role.holder.ok_or(PresentError::NotTheHolder)?;
        let key = holder.key().map_err(|_| PresentError::NotTheHolder)?;
        self.answer(disclose, binding, at, &Nobody(key.into_owned()))
    }

    fn answer(&self, disclose: &[ClaimPath], binding: &Binding<'_>, at: Timestamp, holder: &dyn Signer) -> Result<Vec<u8>, PresentError> {
        match &self.0 {
            Form::SdJwtVc(credential) => {
                let bound = credential.untrusted_holder()?;
                key_bound(credential.sd_jwt(), bound.as_ref(), disclose, binding, at, holder)
            }
            Form::SdCwt(credential) => credential.present(disclose, binding, at, holder),
            Form::Card(_) => Err(PresentError::NotTheHolder),
            Form::DataIntegrity(credential) => document::presentation::present(credential, binding, at, holder),
            Form::Enveloped(credential) => match credential.sd_jwt() {
                Some(sd_jwt) => {
                    let bound = credential.said()?.1.holder;
                    key_bound(sd_jwt, bound.as_ref(), disclose, binding, at, holder)
                }
                None => enveloped::presentation::present(credential, binding, at, holder),
            },
        }
    }
}

/// Signs with the largest bytes there are, for a length.
struct Nobody(PublicKey);

impl Signer for Nobody {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok(if self.0.algorithm() == Algorithm::Es384 { Signature::Long([0xff; 96]) } else { Signature::Short([0xff; 64]) })
    }
}

impl Verified<'_> {
    /// Returns the disclosed claims: an SD-JWT's payload without the machinery of selective disclosure, an SD-CWT's by the names of an
    /// SD-JWT VC, or the VCDM document without its proof.
    pub const fn claims(&self) -> &Value<'static> {
        self.claims
    }

    /// Returns the members of the document that are read past: they say more and restrict nothing. Empty in an SD-JWT VC,
    /// an SD-CWT and a card, all of whose other claims are personal ones.
    pub fn not_acted_on(&self) -> Vec<&'static str> {
        match (self.is_document, self.claims.as_object()) {
            (true, Some(document)) => not_acted_on(document),
            _ => Vec::new(),
        }
    }

    /// Returns what the credential says, read strictly.
    pub const fn role(&self) -> &RoleClaims {
        &self.role
    }
}

/// Reads an SD-JWT of the kind that its header names.
fn of_sd_jwt(sd_jwt: SdJwt, known: &KnownContexts) -> Result<Credential, Malformed> {
    if sd_jwt.header().typ.as_deref() == Some(Content::Credential.typ(Material::SdJwt)) {
        Enveloped::of_sd_jwt(sd_jwt, known).map(Form::Enveloped).map(Credential)
    } else {
        SdJwtVc::of_sd_jwt(sd_jwt).map(Form::SdJwtVc).map(Credential)
    }
}

/// Shows the claims at `disclose`, with a KB-JWT by the key that the issuer bound.
fn key_bound(
    sd_jwt: &SdJwt,
    bound: Option<&Holder>,
    disclose: &[ClaimPath],
    binding: &Binding<'_>,
    at: Timestamp,
    holder: &dyn Signer,
) -> Result<Vec<u8>, PresentError> {
    if bound.is_none_or(|bound| bound != holder.public_key()) {
        return Err(PresentError::NotTheHolder);
    }
    let mut text = sd_jwt.with_only(disclose)?;
    text.push_str(&key_binding::sign(&text, binding, at, holder)?);
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests;
