//! Keys.

use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{KeyState, KeyUse};

/// A public key the issuer signs or signed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRow {
    /// The key as multikey text.
    pub multikey: String,
    /// Its use.
    pub key_use: KeyUse,
    /// Says how far it is believed.
    pub state: KeyState,
    /// Since when it signs.
    pub not_before: Timestamp,
    /// For a retired key: the last second at which what it signed is accepted.
    pub issued_until: Option<Timestamp>,
}
