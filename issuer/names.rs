//! The id under which wallets show a credential. It is not the office's own: wallets know nothing of that, and a credential has no place
//! for it.

use sha2::{Digest, Sha256};
use waypass_credential::hex;

/// The digits that wallets show, and that are enough to find a credential by.
pub(crate) const SHOWN: usize = 8;

/// Returns the digits that a wallet shows for a credential: the first of its SHA-256.
pub(crate) fn shown_id(credential: &[u8]) -> String {
    hex::encode(&Sha256::digest(credential)[..SHOWN / 2])
}
