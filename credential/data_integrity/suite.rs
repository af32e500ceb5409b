//! The cryptosuites: what each signs with, over what, and how that is written.

use crate::base58;
use crate::key::{Algorithm, Signature};
use core::fmt;

/// A cryptosuite of Data Integrity EdDSA or ECDSA Cryptosuites 1.0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Suite {
    /// `eddsa-jcs-2022` (vc-di-eddsa §3.3): JCS, SHA-256, Ed25519.
    EddsaJcs2022,
    /// `ecdsa-jcs-2019` (vc-di-ecdsa §3.3): JCS, then SHA-256 and P-256 or SHA-384 and P-384.
    EcdsaJcs2019,
    /// `eddsa-rdfc-2022` (vc-di-eddsa §3.2): RDFC-1.0, SHA-256, Ed25519.
    EddsaRdfc2022,
    /// `ecdsa-rdfc-2019` (vc-di-ecdsa §3.2): RDFC-1.0, then SHA-256 and P-256 or SHA-384, also within RDFC-1.0, and P-384.
    EcdsaRdfc2019,
}

/// How a suite makes one text of a document, whatever its spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transformation {
    /// The JSON Canonicalization Scheme (RFC 8785).
    Jcs,
    /// RDF Dataset Canonicalization.
    Rdfc,
}

/// A row of the table below.
struct Row {
    name: &'static str,
    transformation: Transformation,
    /// The algorithm that it signs with. No two of one suite make signatures of one length: that tells them apart before the key is known.
    algorithms: &'static [Algorithm],
}

impl Suite {
    /// Every suite.
    pub const ALL: [Self; 4] = [Self::EddsaJcs2022, Self::EcdsaJcs2019, Self::EddsaRdfc2022, Self::EcdsaRdfc2019];

    const fn row(self) -> Row {
        const EDDSA: &[Algorithm] = &[Algorithm::EdDsa];
        const ECDSA: &[Algorithm] = &[Algorithm::Es256, Algorithm::Es384];
        match self {
            Self::EddsaJcs2022 => Row { name: "eddsa-jcs-2022", transformation: Transformation::Jcs, algorithms: EDDSA },
            Self::EcdsaJcs2019 => Row { name: "ecdsa-jcs-2019", transformation: Transformation::Jcs, algorithms: ECDSA },
            Self::EddsaRdfc2022 => Row { name: "eddsa-rdfc-2022", transformation: Transformation::Rdfc, algorithms: EDDSA },
            Self::EcdsaRdfc2019 => Row { name: "ecdsa-rdfc-2019", transformation: Transformation::Rdfc, algorithms: ECDSA },
        }
    }

    /// Returns the text in `cryptosuite`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the suite of this name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// Returns the suite that signs with `algorithm` over canonical JSON.
    pub const fn jcs(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EddsaJcs2022,
            Algorithm::Es256 | Algorithm::Es384 => Self::EcdsaJcs2019,
        }
    }

    /// Returns the suite that signs with `algorithm` over canonical statements.
    pub const fn rdfc(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EddsaRdfc2022,
            Algorithm::Es256 | Algorithm::Es384 => Self::EcdsaRdfc2019,
        }
    }

    /// Returns the suite that signs with `algorithm` over the same canonical form as this one.
    #[must_use]
    pub(crate) const fn with_algorithm(self, algorithm: Algorithm) -> Self {
        match self.transformation() {
            Transformation::Jcs => Self::jcs(algorithm),
            Transformation::Rdfc => Self::rdfc(algorithm),
        }
    }

    /// Returns true if the suite signs with `algorithm`.
    pub fn takes(self, algorithm: Algorithm) -> bool {
        self.row().algorithms.contains(&algorithm)
    }

    /// Returns true if the suite signs what a document means, as statements, and not its text.
    pub(crate) fn reads_meaning(self) -> bool {
        self.transformation() == Transformation::Rdfc
    }

    pub(super) const fn transformation(self) -> Transformation {
        self.row().transformation
    }

    /// Reads a `proofValue`: multibase base58-btc of exactly as many bytes as one of the suite's algorithms makes, and that
    /// algorithm. Each signature has one such text.
    pub(super) fn decode(self, proof_value: &str) -> Option<(Algorithm, Signature)> {
        let digits = proof_value.strip_prefix('z')?;
        // 64 bytes have at most 88 digits, and 96 bytes at least 96.
        let signature =
            if digits.len() <= 88 { base58::decode(digits).map(Signature::Short) } else { base58::decode(digits).map(Signature::Long) }?;
        let algorithm = self.row().algorithms.iter().find(|algorithm| algorithm.signature_length() == signature.len())?;
        Some((*algorithm, signature))
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Suite;
    use crate::key::Algorithm;

    #[test]
    fn a_signatures_length_names_its_algorithm() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_name(suite.name()), Some(suite));
            for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
                let text = |bytes: &[u8]| multibase::encode(multibase::Base::Base58Btc, bytes);
                // The shortest and the longest text that so many bytes have.
                for byte in [0, 0xff] {
                    let bytes = alloc::vec![byte; algorithm.signature_length()];
                    let read = suite.decode(&text(&bytes));
                    if suite.takes(algorithm) {
                        let (named, signature) = read.expect("a signature");
                        assert_eq!((named, signature.as_bytes()), (algorithm, &bytes[..]));
                    } else {
                        assert!(read.is_none_or(|(named, _)| named != algorithm));
                    }
                    assert_eq!(suite.decode(&text(&bytes[1..])), None);
                    assert_eq!(suite.decode(&text(&bytes).replacen('z', "u", 1)), None);
                }
            }
        }
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
            for suite in Suite::ALL {
                let own = suite.with_algorithm(algorithm);
                assert!(own.takes(algorithm));
                assert_eq!(own.transformation(), suite.transformation());
            }
        }
        for name in ["", "ecdsa-jcs-2019 ", "ECDSA-JCS-2019", "ecdsa-sd-2023", "bbs-2023"] {
            assert_eq!(Suite::from_name(name), None, "{name}");
        }
    }
}
