//! The peer's keys and the public keys it is told, as JWK and as `did:key`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use num_bigint::BigUint;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// The multicodec prefixes of Ed25519 and compressed P-256 keys.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];

/// A public key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Public {
    algorithm: Algorithm,
    /// 32 bytes of Ed25519, or the x and y of P-256.
    bytes: Vec<u8>,
}

/// A signing key of the peer, new in every run.
pub struct Key {
    pkcs8: Vec<u8>,
    public: Public,
}

impl Key {
    /// A new key for this algorithm.
    pub fn new(algorithm: Algorithm) -> Self {
        let rng = SystemRandom::new();
        let (pkcs8, bytes) = match algorithm {
            Algorithm::EdDSA => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&rng).expect("entropy");
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a new key");
                (pkcs8, pair.public_key().as_ref().to_vec())
            }
            Algorithm::ES256 => {
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).expect("entropy");
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng).expect("a new key");
                (pkcs8, pair.public_key().as_ref()[1..].to_vec())
            }
            other => panic!("no test uses {other:?}"),
        };
        Self { pkcs8: pkcs8.as_ref().to_vec(), public: Public { algorithm, bytes } }
    }

    /// Returns the public half.
    pub const fn public(&self) -> &Public {
        &self.public
    }

    /// The key as the peer's JOSE library signs with it.
    pub fn encoding(&self) -> EncodingKey {
        match self.public.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(&self.pkcs8),
            _ => EncodingKey::from_ec_der(&self.pkcs8),
        }
    }
}

impl Public {
    /// Reads the key of a `did:key`, with or without a fragment, or a Multikey text.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix("did:key:").unwrap_or(text);
        let multikey = text.split_once('#').map_or(text, |(key, _)| key);
        let bytes = bs58::decode(multikey.strip_prefix('z').expect("base58-btc")).into_vec().expect("base58");
        match bytes.split_at(2) {
            (prefix, key) if prefix == ED25519 => Self { algorithm: Algorithm::EdDSA, bytes: key.to_vec() },
            (prefix, point) if prefix == P256 => Self { algorithm: Algorithm::ES256, bytes: decompressed(point) },
            _ => panic!("neither Ed25519 nor P-256: {text}"),
        }
    }

    /// Its one algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the Multikey text.
    pub fn multikey(&self) -> String {
        let mut bytes = Vec::from(if self.algorithm == Algorithm::EdDSA { ED25519 } else { P256 });
        if self.algorithm == Algorithm::EdDSA {
            bytes.extend(&self.bytes);
        } else {
            bytes.push(2 | (self.bytes[63] & 1));
            bytes.extend(&self.bytes[..32]);
        }
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// The `did:key`.
    pub fn did(&self) -> String {
        format!("did:key:{}", self.multikey())
    }

    /// The DID URL of the key.
    pub fn kid(&self) -> String {
        let multikey = self.multikey();
        format!("did:key:{multikey}#{multikey}")
    }

    /// The JWK, public members only.
    pub fn jwk(&self) -> Jwk {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk: Value = match self.algorithm {
            Algorithm::EdDSA => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&self.bytes) }),
            _ => json!({ "kty": "EC", "crv": "P-256", "x": text(&self.bytes[..32]), "y": text(&self.bytes[32..]) }),
        };
        serde_json::from_value(jwk).expect("a JWK")
    }

    /// The key as the peer's JOSE library verifies with it.
    pub fn decoding(&self) -> DecodingKey {
        DecodingKey::from_jwk(&self.jwk()).expect("a key")
    }

    /// The key as ring takes it.
    pub fn raw(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::EdDSA => self.bytes.clone(),
            _ => [&[4], self.bytes.as_slice()].concat(),
        }
    }
}

/// x and y of a compressed point: y² = x³ - 3x + b, and p ≡ 3 (mod 4) (SEC 1 §2.3.4).
fn decompressed(point: &[u8]) -> Vec<u8> {
    let number = |hex: &[u8]| BigUint::parse_bytes(hex, 16).expect("a number");
    let p = number(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let b = number(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
    let x = BigUint::from_bytes_be(&point[1..]);
    let square = (x.modpow(&BigUint::from(3_u8), &p) + (&p - BigUint::from(3_u8)) * &x + b) % &p;
    let root = square.modpow(&((&p + 1_u8) >> 2), &p);
    assert_eq!(root.modpow(&BigUint::from(2_u8), &p), square, "a point of the curve");
    let y = if root.bit(0) == (point[0] == 3) { root } else { &p - root };
    let mut bytes = point[1..].to_vec();
    let y = y.to_bytes_be();
    bytes.resize(64 - y.len(), 0);
    bytes.extend(y);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Key, Public};
    use jsonwebtoken::Algorithm;

    #[test]
    fn did_key_round_trips() {
        for algorithm in [Algorithm::EdDSA, Algorithm::ES256] {
            for _ in 0..8 {
                let key = Key::new(algorithm);
                assert_eq!(&Public::parse(&key.public().kid()), key.public());
            }
        }
    }
}
