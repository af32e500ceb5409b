//! Sealing: XChaCha20-Poly1305 with a random nonce (draft-irtf-cfrg-xchacha-03) and HKDF-SHA256 (RFC 5869).
//!
//! Nonces are random and 192 bits long, never counters or revisions: a restored copy of the vault would use those again.

use alloc::vec::Vec;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;

/// The bytes that sealing adds to a plaintext: the nonce before it and the tag after it.
pub(crate) const OVERHEAD: usize = NONCE + TAG;

/// `nonce || ciphertext || tag`.
pub(crate) fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut out = Vec::with_capacity(plaintext.len() + OVERHEAD);
    let mut nonce = [0; NONCE];
    rand_core::Rng::fill_bytes(rng, &mut nonce);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plaintext);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(nonce), aad, out[NONCE..].as_mut().into())
        .unwrap_or_else(|_| unreachable!("a plaintext has more than 256 GiB; the callers' limits are far below"));
    out.extend_from_slice(&tag);
    out
}

/// Returns the plaintext, or nothing: not sealed with this key and these associated data.
pub(crate) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
    let mut out = Zeroizing::new(ciphertext.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), aad, out.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    Some(out)
}

/// HKDF-SHA256 into 32 bytes.
pub(crate) fn derive(salt: &[u8], secret: &[u8], info: &[u8], to: &mut [u8; 32]) {
    let done = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, to);
    done.unwrap_or_else(|_| unreachable!("32 bytes are more than 8160"));
}

/// HMAC-SHA256 under one key, the key schedule done once; the parts are framed by their lengths.
#[derive(Clone)]
pub(crate) struct Prf(Hmac<Sha256>);

impl Prf {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
        Self(mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length (RFC 2104 §3)")))
    }

    pub(crate) fn of(&self, domain: u8, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&[domain]);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::{open, seal};
    use crate::testing::TestRng;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn opens_only_what_was_sealed(plaintext: Vec<u8>, aad: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let key = [7; 32];
            let mut sealed = seal(&key, &aad, &plaintext, &mut TestRng);
            prop_assert_eq!(open(&key, &aad, &sealed).map(|opened| opened.to_vec()), Some(plaintext));
            prop_assert!(open(&[8; 32], &aad, &sealed).is_none());
            prop_assert!(open(&key, &[&aad[..], b"x"].concat(), &sealed).is_none());
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(open(&key, &aad, &sealed).is_none());
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            prop_assert!(open(&[7; 32], b"", &bytes).is_none());
        }
    }
}
