//! ECDSA with P-256 and SHA-256 (FIPS 186-5): aws-lc natively, the `p256` crate where C is not to be had (wasm).

use super::{InvalidKey, InvalidProof, Signature};
use core::{fmt, hash};
use p256::elliptic_curve::sec1::ToSec1Point;

/// A P-256 public key, its point checked and, natively, parsed once.
#[derive(Clone)]
pub struct P256Key {
    point: [u8; 65],
    compressed: [u8; 33],
    verifier: backend::Verifier,
}

impl P256Key {
    pub(super) fn from_sec1(sec1: &[u8]) -> Result<Self, InvalidKey> {
        let key = p256::PublicKey::from_sec1_bytes(sec1).map_err(|_| InvalidKey)?;
        let point: [u8; 65] = key.to_sec1_point(false).as_bytes().try_into().map_err(|_| InvalidKey)?;
        let compressed = key.to_sec1_point(true).as_bytes().try_into().map_err(|_| InvalidKey)?;
        let verifier = backend::Verifier::new(&point)?;
        Ok(Self { point, compressed, verifier })
    }

    /// The uncompressed SEC 1 point: 0x04, x, y.
    pub fn point(&self) -> &[u8; 65] {
        &self.point
    }

    /// The compressed SEC 1 point.
    pub fn to_compressed(&self) -> [u8; 33] {
        self.compressed
    }

    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
        self.verifier.verify(message, signature)
    }
}

#[cfg(feature = "aws-lc")]
mod backend {
    use super::{InvalidKey, InvalidProof, Signature};
    use alloc::sync::Arc;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};

    #[derive(Clone)]
    pub(super) struct Verifier(Arc<ParsedPublicKey>);

    impl Verifier {
        pub(super) fn new(point: &[u8; 65]) -> Result<Self, InvalidKey> {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map(|key| Self(Arc::new(key))).map_err(|_| InvalidKey)
        }

        pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
            self.0.verify_sig(message, signature).map_err(|_| InvalidProof)
        }
    }
}

#[cfg(not(feature = "aws-lc"))]
mod backend {
    use super::{InvalidKey, InvalidProof, Signature};
    use p256::ecdsa::{VerifyingKey, signature::Verifier as _};

    #[derive(Clone)]
    pub(super) struct Verifier(VerifyingKey);

    impl Verifier {
        pub(super) fn new(point: &[u8; 65]) -> Result<Self, InvalidKey> {
            VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| InvalidKey)
        }

        pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
            let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| InvalidProof)?;
            self.0.verify(message, &signature).map_err(|_| InvalidProof)
        }
    }
}

impl PartialEq for P256Key {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for P256Key {}

impl hash::Hash for P256Key {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.point.hash(state);
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("P256Key").field(&self.compressed).finish()
    }
}
