//! Sealed signing keys: one key store for issuer, gate and holder keys.

use crate::memory::scrub_stack;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};
use p256::ecdsa::signature::Signer as _;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::hex;
use waypass_credential::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use zeroize::Zeroizing;

/// The table of keys: a table that `put`, `get` and the rest do not reach.
pub(crate) const TABLE: &str = ".keys";

/// Returns the name of the key that is the record `id` of `table`, where that is one.
pub(crate) fn id_of(table: &str, id: &[u8]) -> Option<KeyId> {
    if table == TABLE { id.try_into().ok().map(KeyId) } else { None }
}

/// Names a sealed key: the first half of the SHA-256 of its multikey text, so that a key has the same name wherever it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 16]);

/// The purpose of a key. A key has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyPurpose {
    /// Bound into a credential as `cnf`; never leaves the device, not even in a backup.
    Holder = 1,
    /// A gate's identity; never leaves the device.
    Gate = 2,
    /// Signs credentials.
    Credential = 3,
    /// Signs status lists.
    Status = 4,
    /// Signs audit receipts.
    Intake = 7,
    /// Signs the root of trust.
    Root = 8,
    /// Signs bundle targets.
    Targets = 9,
    /// Signs bundle snapshots.
    Snapshot = 10,
    /// Signs bundle timestamps.
    Timestamp = 11,
    /// Signs the TLS certificates of the site's service.
    SiteCa = 12,
}

/// A sealed key as anyone may know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// The public half.
    pub public_key: PublicKey,
    /// Its purpose.
    pub purpose: KeyPurpose,
    /// Retired keys are kept and listed, and sign no more.
    pub retired: bool,
}

/// A signer whose private key is wiped when it is dropped; it cannot outlive the unlocked vault it came from
/// (`'static` ones, from [`crate::Unlocked::service_signer`], can).
pub struct KeySigner<'u> {
    private: Private,
    public_key: PublicKey,
    scope: PhantomData<&'u ()>,
}

/// Boxed, so that moving the signer does not leave copies of the key on the stack.
enum Private {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

/// The sealed key.
pub(crate) struct StoredKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) purpose: KeyPurpose,
    pub(crate) retired: bool,
    /// 32 bytes of seed or scalar, 48 for P-384.
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

const PURPOSES: [KeyPurpose; 10] = [
    KeyPurpose::Holder,
    KeyPurpose::Gate,
    KeyPurpose::Credential,
    KeyPurpose::Status,
    KeyPurpose::Intake,
    KeyPurpose::Root,
    KeyPurpose::Targets,
    KeyPurpose::Snapshot,
    KeyPurpose::Timestamp,
    KeyPurpose::SiteCa,
];

impl KeyId {
    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the name of a key's private half, wherever that is.
    pub fn of(key: &PublicKey) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(key.to_multikey())[..16]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl KeyPurpose {
    /// Returns true if the key belongs to this device alone and stays out of backups.
    pub(crate) const fn stays_on_device(self) -> bool {
        matches!(self, Self::Holder | Self::Gate)
    }

    const fn number(self) -> u64 {
        self as u64
    }

    fn from_number(number: u64) -> Option<Self> {
        PURPOSES.into_iter().find(|purpose| purpose.number() == number)
    }
}

impl Signer for KeySigner<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        match &self.private {
            Private::Ed25519(key) => key.try_sign(message).map(|signature| signature.to_bytes().into()).map_err(|_| SignError),
            Private::P256(key) => {
                // Deterministic (RFC 6979): a signature that needs no entropy cannot be broken by bad entropy.
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(|_| SignError)?;
                Ok(Signature::Short(signature.to_bytes().into()))
            }
            Private::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(message).map_err(|_| SignError)?;
                Ok(Signature::Long(signature.to_bytes().into()))
            }
        }
    }
}

impl Drop for KeySigner<'_> {
    fn drop(&mut self) {
        scrub_stack();
    }
}

impl StoredKey {
    /// Makes a new key.
    pub(crate) fn generate(algorithm: Algorithm, purpose: KeyPurpose, rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Zeroizing::new(vec![0; secret_length(algorithm)]);
        loop {
            rand_core::Rng::fill_bytes(rng, &mut secret[..]);
            // All Ed25519 seeds are good; of P-256 scalars 1 in 2^32 is too large, of P-384 ones 1 in 2^194, and is drawn again
            // (FIPS 186-5 A.2.2).
            let is_good = match algorithm {
                Algorithm::EdDsa => true,
                Algorithm::Es256 => p256::SecretKey::from_slice(&secret).is_ok(),
                Algorithm::Es384 => p384::SecretKey::from_slice(&secret).is_ok(),
            };
            if is_good {
                return Self { algorithm, purpose, retired: false, secret };
            }
        }
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let algorithm = match self.algorithm {
            Algorithm::EdDsa => 1,
            Algorithm::Es256 => 2,
            Algorithm::Es384 => 3,
        };
        let mut to = Writer::with_capacity(64);
        to.array(5).unsigned(1).unsigned(algorithm).unsigned(self.purpose.number()).unsigned(self.retired.into());
        to.bytes(&self.secret[..]);
        Zeroizing::new(to.into_bytes())
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        from.array_of(5)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let algorithm = match from.unsigned()? {
            1 => Algorithm::EdDsa,
            2 => Algorithm::Es256,
            3 => Algorithm::Es384,
            _ => return Err(NotCanonical),
        };
        let purpose = KeyPurpose::from_number(from.unsigned()?).ok_or(NotCanonical)?;
        let retired = from.unsigned()? != 0;
        let secret = Zeroizing::new(from.bytes()?.to_vec());
        from.end()?;
        if secret.len() == secret_length(algorithm) { Ok(Self { algorithm, purpose, retired, secret }) } else { Err(NotCanonical) }
    }

    pub(crate) fn signer<'u>(&self) -> Option<KeySigner<'u>> {
        let (private, public_key) = match self.algorithm {
            Algorithm::EdDsa => {
                let key = Box::new(ed25519_dalek::SigningKey::from_bytes(self.secret.first_chunk()?));
                let public_key = PublicKey::ed25519(key.verifying_key().as_bytes()).ok()?;
                (Private::Ed25519(key), public_key)
            }
            Algorithm::Es256 => {
                let key = Box::new(p256::ecdsa::SigningKey::from_slice(&self.secret[..]).ok()?);
                let public_key = PublicKey::p256(&key.verifying_key().to_sec1_bytes()).ok()?;
                (Private::P256(key), public_key)
            }
            Algorithm::Es384 => {
                let key = Box::new(p384::ecdsa::SigningKey::from_slice(&self.secret[..]).ok()?);
                let public_key = PublicKey::p384(&key.verifying_key().to_sec1_bytes()).ok()?;
                (Private::P384(key), public_key)
            }
        };
        Some(KeySigner { private, public_key, scope: PhantomData })
    }

    pub(crate) fn info(&self) -> Option<KeyInfo> {
        let public_key = self.signer()?.public_key.clone();
        Some(KeyInfo { id: KeyId::of(&public_key), public_key, purpose: self.purpose, retired: self.retired })
    }
}

const fn secret_length(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 => 32,
        Algorithm::Es384 => 48,
    }
}

/// Returns a signing key that is never stored: it ends with the signer.
pub fn ephemeral_signer(algorithm: Algorithm, rng: &mut dyn CryptoRng) -> KeySigner<'static> {
    loop {
        // The generated bytes are a good key.
        if let Some(signer) = StoredKey::generate(algorithm, KeyPurpose::Credential, rng).signer() {
            scrub_stack();
            return signer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRng;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

    #[test]
    fn every_purpose_and_algorithm_survives_its_encoding() {
        for (purpose, algorithm) in PURPOSES.into_iter().flat_map(|purpose| ALGORITHMS.map(|algorithm| (purpose, algorithm))) {
            let key = StoredKey::generate(algorithm, purpose, &mut TestRng);
            let read = StoredKey::read(&key.to_bytes()).expect("reads");
            assert_eq!((read.purpose, read.algorithm, &read.secret), (purpose, algorithm, &key.secret));
        }
    }

    #[test]
    fn a_secret_of_another_algorithms_length_is_no_key() {
        for (algorithm, other) in [(Algorithm::EdDsa, 48), (Algorithm::Es256, 48), (Algorithm::Es384, 32), (Algorithm::Es384, 49)] {
            let key =
                StoredKey { secret: Zeroizing::new(vec![1; other]), ..StoredKey::generate(algorithm, KeyPurpose::Holder, &mut TestRng) };
            assert!(StoredKey::read(&key.to_bytes()).is_err(), "{algorithm:?} {other}");
        }
    }
}
