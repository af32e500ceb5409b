//! What a role credential says, the same whichever format carries it.

use crate::format::{Credential, DataIntegrity, Enveloped, Format, IssueError, Malformed, SdJwtVc};
use crate::json::Object;
use crate::jsonld::KnownContexts;
use crate::key::Signer;
use crate::proof::Suite;
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

mod holder;
pub(crate) mod read;
mod status;
pub mod status_messages;
pub(crate) mod vcdm;

pub use holder::Holder;
pub use status::{BitstringEntry, MAX_ENTRY_BITS, Mechanism, StatusPurpose, StatusReference, credential_status};

#[cfg(test)]
pub(crate) mod tests;

/// The `vct` of role credentials in SD-JWT VC; never dereferenced, the document lives in `waypass-schemas`.
pub const VCT: &str = "https://waypass.example/vct/role/1";
/// The VC type of role credentials in VCDM 2.0.
pub const VC_TYPE: &str = "RoleCredential";

/// Most roles in one credential.
pub const MAX_ROLES: usize = 32;
/// Most sites, and most zones, in one credential.
pub const MAX_SCOPES: usize = 64;
/// The longest name of a role, site or zone, in characters.
pub const MAX_NAME: usize = 64;
/// The longest identifier (issuer, key, type, list), in bytes.
pub const MAX_IDENTIFIER: usize = 1024;

/// A role credential's content: read from a verified credential, or written to be signed.
#[derive(Clone, PartialEq, Debug)]
pub struct RoleClaims {
    /// `iss`, or the VC's `issuer`.
    pub issuer: String,
    /// `kid`, or the proof's `verificationMethod`.
    pub key_id: Option<String>,
    /// The `vct`, or the VC's type beside `VerifiableCredential`; see [`Format::role_kind`].
    pub kind: String,
    /// The roles (of a presentation: those disclosed). A set: reading gives them in ascending order.
    pub roles: Vec<String>,
    /// Sites where the roles hold; `*` is any.
    pub sites: Vec<String>,
    /// Zones within the sites; `*` is any.
    pub zones: Vec<String>,
    /// When the credential was issued.
    pub issued_at: Timestamp,
    /// From when it is valid.
    pub valid_from: Timestamp,
    /// Until when it is valid; always bounded, always after `valid_from`.
    pub valid_until: Timestamp,
    /// Where its status stands; none for a credential whose status nobody keeps. SD-JWT VC has room for one, of a token list.
    pub status: Vec<StatusReference>,
    /// The key the credential is bound to.
    pub holder: Option<Holder>,
    /// All other disclosed claims. Reading gives them in ascending order of their names.
    pub personal: Object<'static>,
}

impl RoleClaims {
    /// Issues these claims as a credential in `format`, signed by the issuer's key; `rng` gives salts and decoys.
    pub fn sign(&self, format: Format, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Credential, IssueError> {
        self.sign_under(&KnownContexts::new(), format, signer, rng)
    }

    /// As [`Self::sign`]; in a document, personal claims may have names that contexts in `known` define.
    pub fn sign_under(
        &self,
        known: &KnownContexts,
        format: Format,
        signer: &dyn Signer,
        rng: &mut dyn CryptoRng,
    ) -> Result<Credential, IssueError> {
        match format {
            Format::SdJwtVc => SdJwtVc::sign(self, signer, rng).map(Credential::SdJwtVc),
            Format::DataIntegrity => self.sign_set(known, &[(Suite::jcs(signer.public_key().algorithm()), signer)]),
            Format::VcSdJwt => Enveloped::sign_disclosable(self, signer, rng, known).map(Credential::Enveloped),
            Format::VcJwt | Format::VcCose => Enveloped::sign(self, format, signer, known).map(Credential::Enveloped),
        }
    }

    /// Issues these claims as a VCDM document in `suite`, which must take the issuer's key; [`Self::sign`] takes a JCS suite.
    pub fn sign_in(&self, suite: Suite, signer: &dyn Signer) -> Result<Credential, IssueError> {
        self.sign_set(&KnownContexts::new(), &[(suite, signer)])
    }

    /// Issues these claims as a VCDM document with one proof by each of `signers`, each in a suite that takes its key: the issuer's
    /// first, the others under their own `did:key`.
    pub fn sign_set(&self, known: &KnownContexts, signers: &[(Suite, &dyn Signer)]) -> Result<Credential, IssueError> {
        DataIntegrity::sign_set(signers, self, known).map(Credential::DataIntegrity)
    }

    /// The bounds every role credential keeps, on issuing as on reading. Names of roles, sites and zones are identifiers,
    /// not words for people: ASCII letters, digits and `-_.:/`, or `*` alone for any site or zone.
    pub fn check(&self) -> Result<(), Malformed> {
        let identifier = |text: &str| !text.is_empty() && text.len() <= MAX_IDENTIFIER;
        let checks = [
            ("issuer", identifier(&self.issuer)),
            ("key id", self.key_id.as_deref().is_none_or(identifier)),
            ("type", identifier(&self.kind)),
            ("roles", self.roles.len() <= MAX_ROLES && self.roles.iter().all(|role| is_name(role)) && are_distinct(&self.roles)),
            ("sites", are_scopes(&self.sites)),
            ("zones", are_scopes(&self.zones)),
            ("validity", self.valid_from < self.valid_until && self.issued_at < self.valid_until),
            ("status", self.status.len() <= status::MAX_ENTRIES && self.status.iter().all(StatusReference::is_in_bounds)),
        ];
        match checks.iter().find(|(_, holds)| !holds) {
            None => Ok(()),
            Some((what, _)) => Err(Malformed::OutOfRange(what)),
        }
    }

    /// These claims if they keep the bounds.
    pub(crate) fn checked(self) -> Result<Self, Malformed> {
        self.check().map(|()| self)
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

fn are_scopes(names: &[String]) -> bool {
    names.len() <= MAX_SCOPES && names.iter().all(|name| name == "*" || is_name(name)) && are_distinct(names)
}

/// At most [`MAX_SCOPES`] of them.
fn are_distinct(names: &[String]) -> bool {
    names.iter().enumerate().all(|(at, name)| !names[..at].contains(name))
}
