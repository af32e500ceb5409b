//! ECDSA over the NIST curves (FIPS 186-5): P-256 with SHA-256 and P-384 with SHA-384.
//!
//! Points are read by the `p256` and `p384` crates. Signatures are checked by aws-lc natively, and by those crates where C is not to
//! be had (wasm).

use super::{InvalidKey, InvalidProof, Signature};
use backend::Verifier;
use core::{fmt, hash};

/// A public key on one of the curves, its point checked and, natively, parsed once. `POINT` and `COMPRESSED` are the lengths of the
/// point's two SEC 1 forms.
#[derive(Clone)]
pub(crate) struct NistKey<const POINT: usize, const COMPRESSED: usize> {
    point: [u8; POINT],
    verifier: Verifier,
}

/// A P-256 public key.
pub(crate) type P256Key = NistKey<65, 33>;

/// A P-384 public key.
pub(crate) type P384Key = NistKey<97, 49>;

impl P256Key {
    pub(super) fn from_sec1(sec1: &[u8]) -> Result<Self, InvalidKey> {
        use p256::elliptic_curve::sec1::ToSec1Point as _;
        let key = p256::PublicKey::from_sec1_bytes(sec1).map_err(|_| InvalidKey)?;
        let point = key.to_sec1_point(false).as_bytes().try_into().map_err(|_| InvalidKey)?;
        Ok(Self { verifier: Verifier::p256(&point)?, point })
    }
}

impl P384Key {
    pub(super) fn from_sec1(sec1: &[u8]) -> Result<Self, InvalidKey> {
        use p384::elliptic_curve::sec1::ToSec1Point as _;
        let key = p384::PublicKey::from_sec1_bytes(sec1).map_err(|_| InvalidKey)?;
        let point = key.to_sec1_point(false).as_bytes().try_into().map_err(|_| InvalidKey)?;
        Ok(Self { verifier: Verifier::p384(&point)?, point })
    }
}

impl<const POINT: usize, const COMPRESSED: usize> NistKey<POINT, COMPRESSED> {
    /// Returns the uncompressed SEC 1 point: 0x04, x, y.
    pub(crate) const fn point(&self) -> &[u8; POINT] {
        &self.point
    }

    /// Returns the compressed SEC 1 point: 0x02 or 0x03 for an even or odd y, then x.
    pub(crate) fn to_compressed(&self) -> [u8; COMPRESSED] {
        let mut compressed = [0; COMPRESSED];
        compressed[0] = 2 | (self.point[POINT - 1] & 1);
        compressed[1..].copy_from_slice(&self.point[1..COMPRESSED]);
        compressed
    }

    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
        self.verifier.verify(message, signature)
    }
}

#[cfg(feature = "aws-lc")]
mod backend {
    use super::{InvalidKey, InvalidProof, Signature};
    use alloc::sync::Arc;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};

    #[derive(Clone)]
    pub(super) struct Verifier(Arc<ParsedPublicKey>);

    impl Verifier {
        pub(super) fn p256(point: &[u8; 65]) -> Result<Self, InvalidKey> {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map(|key| Self(Arc::new(key))).map_err(|_| InvalidKey)
        }

        pub(super) fn p384(point: &[u8; 97]) -> Result<Self, InvalidKey> {
            ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).map(|key| Self(Arc::new(key))).map_err(|_| InvalidKey)
        }

        pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
            self.0.verify_sig(message, signature).map_err(|_| InvalidProof)
        }
    }
}

#[cfg(not(feature = "aws-lc"))]
mod backend {
    use super::{InvalidKey, InvalidProof, Signature};
    use p256::ecdsa::signature::Verifier as _;

    #[derive(Clone)]
    pub(super) enum Verifier {
        P256(p256::ecdsa::VerifyingKey),
        P384(p384::ecdsa::VerifyingKey),
    }

    impl Verifier {
        pub(super) fn p256(point: &[u8; 65]) -> Result<Self, InvalidKey> {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256).map_err(|_| InvalidKey)
        }

        pub(super) fn p384(point: &[u8; 97]) -> Result<Self, InvalidKey> {
            p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384).map_err(|_| InvalidKey)
        }

        pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
            match self {
                Self::P256(key) => p256::ecdsa::Signature::from_slice(signature).and_then(|signature| key.verify(message, &signature)),
                Self::P384(key) => p384::ecdsa::Signature::from_slice(signature).and_then(|signature| key.verify(message, &signature)),
            }
            .map_err(|_| InvalidProof)
        }
    }
}

impl<const POINT: usize, const COMPRESSED: usize> PartialEq for NistKey<POINT, COMPRESSED> {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl<const POINT: usize, const COMPRESSED: usize> Eq for NistKey<POINT, COMPRESSED> {}

impl<const POINT: usize, const COMPRESSED: usize> hash::Hash for NistKey<POINT, COMPRESSED> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.point.hash(state);
    }
}

impl<const POINT: usize, const COMPRESSED: usize> fmt::Debug for NistKey<POINT, COMPRESSED> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NistKey").field(&self.to_compressed()).finish()
    }
}
