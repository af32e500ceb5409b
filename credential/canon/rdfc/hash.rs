//! The hash inside the algorithm (§4.1) and its digests.

use crate::hex;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256, Sha384};

/// The hash that RDFC-1.0 runs with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum HashAlgorithm {
    /// SHA-256, the default (§4.1).
    #[default]
    Sha256,
    /// SHA-384, which the suites with P-384 keys take (Data Integrity ECDSA Cryptosuites 1.0 §3.2.3).
    Sha384,
}

/// A digest; shorter ones are filled with zeros. Its order is the code point order of its lower-case hexadecimal digits, which
/// is what the algorithm sorts by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Digest([u8; 48]);

impl HashAlgorithm {
    /// Returns the digest of `data`.
    pub(super) fn digest(self, data: &[u8]) -> Digest {
        let mut digest = [0; 48];
        match self {
            Self::Sha256 => digest[..32].copy_from_slice(&Sha256::digest(data)),
            Self::Sha384 => digest.copy_from_slice(&Sha384::digest(data)),
        }
        Digest(digest)
    }

    /// Appends `digest`, one of this algorithm, in lower-case hexadecimal.
    pub(super) fn write_hex(self, digest: &Digest, out: &mut Vec<u8>) {
        let length = match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        };
        out.extend(digest.0[..length].iter().flat_map(|byte| hex::digits(*byte)));
    }
}

impl Digest {
    /// Not a digest of anything.
    pub(super) const ZERO: Self = Self([0; 48]);
}
