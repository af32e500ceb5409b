//! Sealing: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) or AES-256-GCM (NIST SP 800-38D), and HKDF-SHA256 (RFC 5869).
//!
//! ```text
//! XChaCha20-Poly1305   nonce (24 bytes) || ciphertext || tag (16 bytes)
//! AES-256-GCM          salt (32 bytes)  || ciphertext || tag (16 bytes),   key = HKDF(salt, subkey), nonce of zeros
//! ```
//! What makes two writes differ is random, never a counter or a revision: a restored copy of the vault would use those again. A random
//! nonce of GCM is too short for many writes, so every write has a key of its own.

use aes_gcm::Aes256Gcm;
use alloc::vec::Vec;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

pub(crate) const TAG: usize = 16;

const NONCE: usize = 24;
const SALT: usize = 32;

/// The primitives of a vault: what seals its content, and what stretches what a person knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    /// XChaCha20-Poly1305 and Argon2id: fast on every processor. 0.1.0 had no other.
    ChaCha,
    /// AES-256-GCM and Argon2id: for processors that have AES.
    Aes,
    /// AES-256-GCM and PBKDF2-HMAC-SHA256: what FIPS 140 approves. A thief guesses faster than under Argon2id.
    Fips,
}

impl Suite {
    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::ChaCha => 1,
            Self::Aes => 2,
            Self::Fips => 3,
        }
    }

    pub(crate) const fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::ChaCha),
            2 => Some(Self::Aes),
            3 => Some(Self::Fips),
            _ => None,
        }
    }

    /// The random bytes before a ciphertext.
    pub(crate) const fn head(self) -> usize {
        match self {
            Self::ChaCha => NONCE,
            Self::Aes | Self::Fips => SALT,
        }
    }

    /// Returns `head || ciphertext || tag`.
    pub(crate) fn seal(self, key: &[u8; 32], aad: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        let head = self.head();
        let mut out = Vec::with_capacity(head + plaintext.len() + TAG);
        out.resize(head, 0);
        rand_core::Rng::fill_bytes(rng, &mut out);
        out.extend_from_slice(plaintext);
        let (random, content) = out.split_at_mut(head);
        let tag = match self {
            Self::ChaCha => XChaCha20Poly1305::new(key.into()).encrypt_inout_detached(&nonce_of(random), aad, content.into()),
            Self::Aes | Self::Fips => aes(key, random).encrypt_inout_detached(&ONCE.into(), aad, content.into()),
        };
        let tag = tag.unwrap_or_else(|_| unreachable!("a plaintext has more than 64 GiB; the callers' limits are far below"));
        out.extend_from_slice(&tag);
        out
    }

    /// Returns the plaintext, or nothing: not sealed with this key and these associated data.
    pub(crate) fn open(self, key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (random, rest) = sealed.split_at_checked(self.head())?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
        let mut out = Zeroizing::new(ciphertext.to_vec());
        let (content, tag) = (out.as_mut_slice().into(), Tag::from(*tag));
        match self {
            Self::ChaCha => XChaCha20Poly1305::new(key.into()).decrypt_inout_detached(&nonce_of(random), aad, content, &tag),
            Self::Aes | Self::Fips => aes(key, random).decrypt_inout_detached(&ONCE.into(), aad, content, &tag),
        }
        .ok()?;
        Some(out)
    }
}

/// The nonce of a key that seals one thing.
const ONCE: [u8; 12] = [0; 12];

fn aes(key: &[u8; 32], salt: &[u8]) -> Aes256Gcm {
    let mut once = Zeroizing::new([0; 32]);
    derive(salt, key, b"waypass/v2/aes-256-gcm", &mut once);
    Aes256Gcm::new((&*once).into())
}

fn nonce_of(random: &[u8]) -> XNonce {
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(random);
    nonce.into()
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
pub(crate) const SUITES: [Suite; 3] = [Suite::ChaCha, Suite::Aes, Suite::Fips];

#[cfg(test)]
mod tests {
    use super::{ONCE, SUITES, Suite, aes, derive};
    use crate::testing::TestRng;
    use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn suites_are_known_by_their_numbers() {
        for (number, suite) in (1..).zip(SUITES) {
            assert_eq!((suite.number(), Suite::of(number)), (number, Some(suite)));
        }
        assert_eq!((Suite::of(0), Suite::of(4)), (None, None));
    }

    /// Another reader of our bytes: HKDF and AES-256-GCM put together by hand, from the format at the top of this file.
    #[test]
    fn the_bytes_of_aes_are_those_of_its_format() {
        let sealed = Suite::Aes.seal(&[7; 32], b"about", b"content", &mut TestRng);
        let (salt, rest) = sealed.split_at(32);
        let mut key = [0; 32];
        derive(salt, &[7; 32], b"waypass/v2/aes-256-gcm", &mut key);
        let mut content = b"content".to_vec();
        let tag = Aes256Gcm::new(&key.into()).encrypt_inout_detached(&[0; 12].into(), b"about", content.as_mut_slice().into());
        assert_eq!(rest, [&content[..], &tag.expect("short enough")].concat());
        assert_eq!(Suite::Fips.open(&[7; 32], b"about", &sealed).expect("one cipher").as_slice(), b"content");
    }

    /// NIST's test case 16 of "The Galois/Counter Mode of Operation" (appendix B): the crate is what it says.
    #[test]
    fn the_cipher_is_aes_256_gcm() {
        let hex = |text: &str| -> Vec<u8> {
            text.as_bytes().chunks(2).map(|two| u8::from_str_radix(core::str::from_utf8(two).expect("ASCII"), 16).expect("hex")).collect()
        };
        let key: [u8; 32] = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().expect("32 bytes");
        let nonce: [u8; 12] = hex("cafebabefacedbaddecaf888").try_into().expect("12 bytes");
        let mut content = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        ));
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let tag = Aes256Gcm::new(&key.into()).encrypt_inout_detached(&nonce.into(), &aad, content.as_mut_slice().into());
        assert_eq!(tag.expect("short enough").to_vec(), hex("76fc6ece0f4e1768cddf8853bb2d551b"));
        assert_eq!(content[..8], hex("522dc1f099567d07"));
    }

    #[test]
    fn no_two_writes_have_a_key_or_a_nonce_in_common() {
        for suite in SUITES {
            let [one, two] = [(); 2].map(|()| suite.seal(&[7; 32], b"", b"the same", &mut TestRng));
            assert_ne!(one[..suite.head()], two[..suite.head()], "{suite:?}");
            assert_ne!(one[suite.head()..], two[suite.head()..], "{suite:?}");
        }
        let same = |salt: &[u8]| {
            let mut content = b"the same".to_vec();
            aes(&[7; 32], salt).encrypt_inout_detached(&ONCE.into(), b"", content.as_mut_slice().into()).expect("short enough");
            content
        };
        assert_ne!(same(&[1; 32]), same(&[2; 32]), "the salt makes the key");
    }

    proptest! {
        #[test]
        fn opens_only_what_was_sealed(which in 0..3_usize, plaintext: Vec<u8>, aad: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let (suite, key) = (SUITES[which], [7; 32]);
            let mut sealed = suite.seal(&key, &aad, &plaintext, &mut TestRng);
            prop_assert_eq!(suite.open(&key, &aad, &sealed).map(|opened| opened.to_vec()), Some(plaintext));
            prop_assert!(suite.open(&[8; 32], &aad, &sealed).is_none());
            prop_assert!(suite.open(&key, &[&aad[..], b"x"].concat(), &sealed).is_none());
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(suite.open(&key, &aad, &sealed).is_none());
        }

        #[test]
        fn any_bytes_are_answered(which in 0..3_usize, bytes: Vec<u8>) {
            prop_assert!(SUITES[which].open(&[7; 32], b"", &bytes).is_none());
        }
    }
}
