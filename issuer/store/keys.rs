//! Keys.

use waypass_credential::time::Timestamp;

/// A public key the issuer signs or signed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRow {
    /// The key as multikey text.
    pub multikey: String,
    /// [`crate::keys::KeyUse`] as text.
    pub key_use: String,
    /// `active`, `retired` or `compromised`.
    pub state: String,
    /// Since when it signs.
    pub not_before: Timestamp,
    /// For a retired key: the last second at which what it signed is accepted.
    pub issued_until: Option<Timestamp>,
}
