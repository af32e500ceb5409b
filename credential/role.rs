//! The claims of a role credential, alike in every format.

use crate::format::Format;
use crate::json::Object;
use crate::malformed::Malformed;
use crate::time::{Timestamp, Validity};
use alloc::{string::String, vec::Vec};

pub(crate) mod card;
pub(crate) mod document;
pub(crate) mod enveloped;
mod holder;
mod names;
mod presented;
mod read;
pub(crate) mod sd_cwt;
pub(crate) mod sd_jwt_vc;
mod status;
pub(crate) mod vcdm;
mod vocabulary;

pub use card::CARD;
pub(crate) use card::Card;
pub(crate) use document::DataIntegrity;
pub use document::ProofClaim;
pub(crate) use enveloped::Enveloped;
pub use holder::Holder;
pub use names::{NAME_RULE, Scope, is_name};
pub(crate) use sd_cwt::RoleCwt;
pub(crate) use sd_jwt_vc::SdJwtVc;
pub use status::{
    BitstringEntry, MAX_ENTRY_BITS, Mechanism, StatusPurpose, StatusReference, credential_status, messages as status_messages,
};

#[cfg(test)]
pub(crate) mod tests;

/// The `vct` of role credentials in SD-JWT VC and SD-CWT; never dereferenced, the document lives in `waypass-schemas`.
pub const VCT: &str = "https://waypass.example/vct/role/1";
/// The VC type of role credentials in VCDM 2.0.
pub const VC_TYPE: &str = "RoleCredential";

/// Most roles in one credential.
pub const MAX_ROLES: usize = 32;
/// Most sites, and most zones, in one credential.
pub const MAX_SCOPES: usize = 64;
/// The longest identifier (issuer, key, type, list), in bytes.
pub const MAX_IDENTIFIER: usize = 1024;

/// A role credential's content: read from a verified credential, or written to be signed.
#[derive(Clone, PartialEq, Debug)]
pub struct RoleClaims {
    /// `iss`, or the VC's `issuer`.
    pub issuer: String,
    /// `kid`, or the proof's `verificationMethod`.
    pub key_id: Option<String>,
    /// The `vct`, the VC's type besides `VerifiableCredential`, or [`CARD`]; see [`kind_in`].
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
    /// The end of its validity; always bounded, always after `valid_from`.
    pub valid_until: Timestamp,
    /// The entries of its status; empty for a credential whose status nobody keeps. SD-JWT VC and SD-CWT have room
    /// for one, of a token list.
    pub status: Vec<StatusReference>,
    /// The key the credential is bound to; a card is bound to none.
    pub holder: Option<Holder>,
    /// All other disclosed claims. Reading gives them in ascending order of their names.
    pub personal: Object<'static>,
}

/// Returns the `vct` or VC type that role credentials have in `format`; for a card its type.
pub const fn kind_in(format: Format) -> &'static str {
    match format {
        Format::Card => CARD,
        format if format.is_vcdm() => VC_TYPE,
        _ => VCT,
    }
}

impl RoleClaims {
    /// Returns the time in which the credential is valid.
    pub const fn validity(&self) -> Validity {
        Validity::new(Some(self.valid_from), Some(self.valid_until))
    }

    /// Checks the bounds every role credential keeps, on issuing as on reading. Names of roles keep the bounds
    /// of [`is_name`], and those of sites and zones the bounds of a [`Scope`].
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

    /// Returns these claims if they keep the bounds.
    pub(crate) fn checked(self) -> Result<Self, Malformed> {
        self.check().map(|()| self)
    }
}

fn are_scopes(names: &[String]) -> bool {
    names.len() <= MAX_SCOPES && names.iter().all(|name| Scope::of(name).is_in_bounds()) && are_distinct(names)
}

/// At most [`MAX_SCOPES`] of them.
fn are_distinct(names: &[String]) -> bool {
    names.iter().enumerate().all(|(at, name)| !names[..at].contains(name))
}
