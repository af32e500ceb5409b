//! Rows are ciphertext, and a search is by a tag: both by keys that come from the vault's key for this issuer.
//!
//! Each text is encrypted for its place, which is the table, the row and its revision: in another row it opens to nothing. The nonce
//! (192 bits) is a MAC over place and text, so that no nonce comes twice with two texts, whatever randomness a machine
//! has. It tells that one text was written twice to one place.

use crate::store::Tag;
use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const NONCE: usize = 24;

/// The place of a ciphertext.
pub(super) struct Place<'p> {
    pub(super) table: &'static str,
    pub(super) row: &'p [u8],
    pub(super) revision: u64,
    /// The other parts of the row, which must not be changed.
    pub(super) with: &'p [u8],
}

#[derive(Clone)]
pub(super) struct Cipher {
    texts: XChaCha20Poly1305,
    nonces: Hmac<Sha256>,
    tags: Hmac<Sha256>,
}

impl Cipher {
    pub(super) fn new(key: &Hmac<Sha256>) -> Self {
        let derived = |label: &str| {
            let mut mac = key.clone();
            mac.update(label.as_bytes());
            Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()))
        };
        let texts = XChaCha20Poly1305::new(&(*derived("waypass/v1/issuer-db/text")).into());
        // HMAC takes keys of any length (RFC 2104 §3).
        let mac = |label| <Hmac<Sha256>>::new_from_slice(&*derived(label)).unwrap_or_else(|_| std::process::abort());
        Self { texts, nonces: mac("waypass/v1/issuer-db/nonce"), tags: mac("waypass/v1/issuer-db/tag") }
    }

    /// Encrypts a text for its place.
    pub(super) fn close(&self, place: &Place<'_>, text: &[u8]) -> Vec<u8> {
        let aad = place.bytes();
        let mut mac = self.nonces.clone();
        mac.update(&aad);
        mac.update(text);
        let mut bytes = mac.finalize().into_bytes()[..NONCE].to_vec();
        let nonce = XNonce::try_from(&bytes[..]).unwrap_or_else(|_| std::process::abort());
        // A text of the store is far shorter than what the cipher takes (256 GiB).
        let sealed = self.texts.encrypt(&nonce, Payload { msg: text, aad: &aad }).unwrap_or_else(|_| std::process::abort());
        bytes.extend(sealed);
        bytes
    }

    /// Decrypts what was encrypted for this place.
    pub(super) fn open(&self, place: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        self.texts.decrypt(&nonce, Payload { msg: sealed, aad: &place.bytes() }).ok()
    }

    /// Returns the tag of a value: equal for equal values of one kind.
    pub(super) fn tag(&self, kind: &str, value: &[u8]) -> Tag {
        let bytes: [u8; 32] = framed(&self.tags, [kind.as_bytes(), value]).finalize().into_bytes().into();
        core::array::from_fn(|at| bytes[at])
    }
}

/// Authenticates parts framed by their lengths, so that no two lists of parts are one text.
pub(super) fn framed<'p>(key: &Hmac<Sha256>, parts: impl IntoIterator<Item = &'p [u8]>) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

impl Place<'_> {
    /// Framed by lengths, so that no two places are one text.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.table.as_bytes(), self.row, &self.revision.to_be_bytes(), self.with] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Cipher, Place};
    use hmac::{Hmac, KeyInit as _};

    fn cipher(key: u8) -> Cipher {
        Cipher::new(&Hmac::new_from_slice(&[key; 32]).expect("a key"))
    }

    #[test]
    fn a_ciphertext_fits_into_no_other_place() {
        let (cipher, other) = (cipher(1), cipher(2));
        let place = |table, row, revision, with| Place { table, row, revision, with };
        let bytes = cipher.close(&place("a", b"row", 7, b"with"), b"text");
        assert_eq!(cipher.open(&place("a", b"row", 7, b"with"), &bytes).as_deref(), Some(&b"text"[..]));
        let others =
            [("b", "row", 7, "with"), ("a", "rov", 7, "with"), ("a", "row", 8, "with"), ("a", "row", 7, "wit"), ("aro", "w", 7, "with")];
        for (table, row, revision, with) in others {
            assert_eq!(
                cipher.open(&place(table, row.as_bytes(), revision, with.as_bytes()), &bytes),
                None,
                "{table} {row} {revision} {with}"
            );
        }
        assert_eq!(other.open(&place("a", b"row", 7, b"with"), &bytes), None);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(cipher.open(&place("a", b"row", 7, b"with"), &changed), None, "byte {at}");
            assert_eq!(cipher.open(&place("a", b"row", 7, b"with"), &bytes[..at]), None);
        }
    }

    /// Two texts never have one nonce, in one place or in two; tags of different kinds are different.
    #[test]
    fn nonces_and_tags_differ() {
        let cipher = cipher(1);
        let place = |revision| Place { table: "a", row: b"row", revision, with: &[] };
        let nonces =
            [(1, "one"), (1, "two"), (2, "one")].map(|(revision, text)| cipher.close(&place(revision), text.as_bytes())[..24].to_vec());
        assert!(nonces[0] != nonces[1] && nonces[0] != nonces[2] && nonces[1] != nonces[2]);
        assert_eq!(cipher.tag("holder", b"x"), cipher.tag("holder", b"x"));
        assert_ne!(cipher.tag("holder", b"x"), cipher.tag("role", b"x"));
        assert_ne!(cipher.tag("holder", b"x"), cipher.tag("holderx", b""));
    }
}
