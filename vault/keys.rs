//! Sealed signing keys: one key store for issuer, gate and holder keys.

use crate::error::VaultError;
use crate::memory::scrub_stack;
use crate::unlocked::Unlocked;
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

/// Where keys are kept: a table that `put`, `get` and the rest do not reach.
pub(crate) const TABLE: &str = ".keys";

/// The name of the key that is the record `id` of `table`, where that is one.
pub(crate) fn id_of(table: &str, id: &[u8]) -> Option<KeyId> {
    if table == TABLE { id.try_into().ok().map(KeyId) } else { None }
}

/// Names a sealed key: the first half of the SHA-256 of its multikey text, so that a key has the same name wherever it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 16]);

/// What a key is for. A key has one purpose.
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
}

/// A sealed key as anyone may know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// The public half.
    pub public_key: PublicKey,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Retired keys are kept and listed, and sign no more.
    pub retired: bool,
}

/// A signer whose private key is wiped when it is dropped; it cannot outlive the unlocked vault it came from
/// (`'static` ones, from [`Unlocked::service_signer`], can).
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

/// What is sealed.
pub(crate) struct StoredKey {
    algorithm: Algorithm,
    pub(crate) purpose: KeyPurpose,
    retired: bool,
    /// 32 bytes of seed or scalar, 48 for P-384.
    secret: Zeroizing<Vec<u8>>,
}

const PURPOSES: [KeyPurpose; 9] = [
    KeyPurpose::Holder,
    KeyPurpose::Gate,
    KeyPurpose::Credential,
    KeyPurpose::Status,
    KeyPurpose::Intake,
    KeyPurpose::Root,
    KeyPurpose::Targets,
    KeyPurpose::Snapshot,
    KeyPurpose::Timestamp,
];

impl KeyId {
    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name of a key's private half, wherever that is.
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
    /// Whether the key belongs to this device alone and stays out of backups.
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
    /// A new key.
    fn generate(algorithm: Algorithm, purpose: KeyPurpose, rng: &mut dyn CryptoRng) -> Self {
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

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
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

    fn signer<'u>(&self) -> Option<KeySigner<'u>> {
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

/// A signing key that is never stored: it ends with the signer.
pub fn ephemeral_signer(algorithm: Algorithm, rng: &mut dyn CryptoRng) -> KeySigner<'static> {
    loop {
        // What was generated is a good key.
        if let Some(signer) = StoredKey::generate(algorithm, KeyPurpose::Credential, rng).signer() {
            scrub_stack();
            return signer;
        }
    }
}

impl Unlocked<'_> {
    /// Makes and seals a signing key.
    pub fn generate_key(&self, algorithm: Algorithm, purpose: KeyPurpose) -> Result<KeyInfo, VaultError> {
        let key = StoredKey::generate(algorithm, purpose, &mut **self.entropy());
        let info = key.info().ok_or(VaultError::NoSuchKey)?;
        self.put_record(TABLE, info.id.as_bytes(), &key.to_bytes(), &[])?;
        scrub_stack();
        Ok(info)
    }

    /// All keys, retired ones too, ordered by id. A damaged one is set aside like any record and found in the findings.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, VaultError> {
        let mut keys = Vec::new();
        for id in self.record_ids(TABLE)? {
            match self.record(TABLE, &id) {
                Ok(record) => keys.extend(record.and_then(|record| StoredKey::read(&record.content).ok()?.info())),
                Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(keys)
    }

    /// A signer for a key that is not retired; it ends with the unlocked vault.
    pub fn signer(&self, id: KeyId) -> Result<KeySigner<'_>, VaultError> {
        self.service_signer(id)
    }

    /// A signer that outlives the unlocked vault, for a service: whoever holds it holds an open key.
    pub fn service_signer(&self, id: KeyId) -> Result<KeySigner<'static>, VaultError> {
        let key = self.stored_key(id)?;
        if key.retired {
            return Err(VaultError::NoSuchKey);
        }
        let signer = key.signer().ok_or(VaultError::NoSuchKey);
        scrub_stack();
        signer
    }

    /// The key signs no more; it stays listed.
    pub fn retire_key(&self, id: KeyId) -> Result<(), VaultError> {
        let key = StoredKey { retired: true, ..self.stored_key(id)? };
        self.put_record(TABLE, id.as_bytes(), &key.to_bytes(), &[])
    }

    fn stored_key(&self, id: KeyId) -> Result<StoredKey, VaultError> {
        let record = self.record(TABLE, id.as_bytes())?.ok_or(VaultError::NoSuchKey)?;
        StoredKey::read(&record.content).map_err(|NotCanonical| VaultError::NoSuchKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRng;
    use crate::unlocked::tests::Fixture;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

    #[test]
    fn keys_sign_until_they_are_retired() {
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        for algorithm in ALGORITHMS {
            let info = unlocked.generate_key(algorithm, KeyPurpose::Credential).expect("generated");
            assert_eq!(info.public_key.algorithm(), algorithm);
            let signer = unlocked.signer(info.id).expect("signer");
            let signature = signer.sign(b"message").expect("signs");
            assert!(info.public_key.verify(b"message", &signature).is_ok());
            assert!(info.public_key.verify(b"massage", &signature).is_err());
            assert_eq!(signer.public_key(), &info.public_key);
            assert!(unlocked.keys().expect("listed").contains(&info));

            unlocked.retire_key(info.id).expect("retired");
            assert!(matches!(unlocked.signer(info.id), Err(VaultError::NoSuchKey)));
            assert!(unlocked.keys().expect("listed").contains(&KeyInfo { retired: true, ..info.clone() }));
        }
    }

    #[test]
    fn private_keys_are_not_reached_as_records() {
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        let info = unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Holder).expect("generated");
        assert!(matches!(unlocked.get(TABLE, info.id.as_bytes()), Err(VaultError::Reserved)));
        assert!(matches!(unlocked.put(TABLE, b"x", b"x", &[]), Err(VaultError::Reserved)));
        assert!(matches!(unlocked.remove(TABLE, info.id.as_bytes()), Err(VaultError::Reserved)));
    }

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
