//! Keys, randomness and a request for unit tests: fixed, so that a failure repeats.

use crate::binding::Nonce;
use crate::credential::Credential;
use crate::did;
use crate::format::Format;
use crate::key::{PublicKey, SignError, Signature, Signer};
use crate::key_source::{Claimed, KeyClaim};
use crate::request::{Query, Request};
use crate::time::Timestamp;
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// The moment of the tests: the gate asks and the holder answers.
pub(crate) const AT: Timestamp = match Timestamp::from_unix(1_795_000_600) {
    Some(at) => at,
    None => panic!("in range"),
};

/// The gate's request for a nurse, in `format`.
pub(crate) fn request(format: Format) -> Request {
    Request {
        client_id: did::to_did_key(Key::gate().public_key()),
        nonce: Nonce([9; 16]),
        issued_at: AT,
        expires_at: AT.plus(60),
        purpose: "ward 3".into(),
        query: Query::for_role(&[format], &["nurse"], &[]).expect("a query"),
        code: None,
    }
}

/// The issuer and the key id that `credential` names.
pub(crate) fn claimed(credential: &Credential) -> Claimed<'_> {
    match credential.key_claim() {
        KeyClaim::Issuer(claimed) => claimed,
        other => panic!("by no key id: {other:?}"),
    }
}

/// A signing key made from one byte.
pub(crate) struct Key {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl Key {
    pub(crate) fn ed25519(seed: u8) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a good key");
        Self { secret: Secret::Ed25519(secret), public }
    }

    pub(crate) fn p256(seed: u8) -> Self {
        let secret = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).expect("a scalar in range");
        let public = PublicKey::p256(&secret.verifying_key().to_sec1_bytes()).expect("a good key");
        Self { secret: Secret::P256(secret), public }
    }

    pub(crate) fn p384(seed: u8) -> Self {
        let secret = p384::ecdsa::SigningKey::from_slice(&[seed; 48]).expect("a scalar in range");
        let public = PublicKey::p384(&secret.verifying_key().to_sec1_bytes()).expect("a good key");
        Self { secret: Secret::P384(secret), public }
    }

    /// The issuer of the test credentials.
    pub(crate) fn issuer() -> Self {
        Self::ed25519(1)
    }

    /// Their holder.
    pub(crate) fn holder() -> Self {
        Self::p256(2)
    }

    /// The gate that asks.
    pub(crate) fn gate() -> Self {
        Self::ed25519(3)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        use p256::ecdsa::signature::Signer as _;
        Ok(match &self.secret {
            Secret::Ed25519(secret) => Signature::Short(secret.sign(message).to_bytes()),
            Secret::P256(secret) => {
                let signature: p256::ecdsa::Signature = secret.sign(message);
                Signature::Short(signature.to_bytes().into())
            }
            Secret::P384(secret) => {
                let signature: p384::ecdsa::Signature = secret.sign(message);
                Signature::Long(signature.to_bytes().into())
            }
        })
    }
}

/// SplitMix64: anything but random.
pub(crate) struct TestRng(pub(crate) u64);

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(word ^ (word >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}
