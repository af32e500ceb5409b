//! What a role credential says, the same whichever format carries it.

use crate::format::{Credential, Format, IssueError};
use crate::json::Object;
use crate::key::{PublicKey, Signer};
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

/// The `vct` of role credentials in SD-JWT VC; never dereferenced, the document lives in `waypass-schemas`.
pub const VCT: &str = "https://waypass.example/vct/role/1";
/// The VC type of role credentials in VCDM 2.0.
pub const VC_TYPE: &str = "RoleCredential";

/// A role credential's content: read from a verified credential, or written to be signed.
#[derive(Clone, PartialEq, Debug)]
pub struct RoleClaims {
    /// `iss`, or the VC's `issuer`.
    pub issuer: String,
    /// `kid`, or the proof's `verificationMethod`.
    pub key_id: Option<String>,
    /// The `vct`, or the VC's type beside `VerifiableCredential`; see [`Format::role_kind`].
    pub kind: String,
    /// The roles (of a presentation: those disclosed).
    pub roles: Vec<String>,
    /// Sites where the roles hold; `*` is any.
    pub sites: Vec<String>,
    /// Zones within the sites; `*` is any.
    pub zones: Vec<String>,
    /// When the credential was issued.
    pub issued_at: Timestamp,
    /// From when it is valid.
    pub valid_from: Timestamp,
    /// Until when it is valid; always bounded.
    pub valid_until: Timestamp,
    /// Where its status stands.
    pub status: Option<StatusReference>,
    /// The key the credential is bound to.
    pub holder: Option<PublicKey>,
    /// All other disclosed claims.
    pub personal: Object<'static>,
}

/// An entry of a status list (Token Status List §6).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StatusReference {
    /// The list.
    pub uri: String,
    /// The entry.
    pub index: u64,
}

impl RoleClaims {
    /// Issues these claims as a credential in `format`, signed by the issuer's key; `rng` gives salts and decoys.
    pub fn sign(&self, format: Format, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Credential, IssueError> {
        let _ = (format, signer, rng);
        todo!()
    }
}
