//! Keys that something is sealed to, so that only their owner can read it: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and ChaCha20-Poly1305.

use crate::base64url;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type Aead = hpke::aead::ChaCha20Poly1305;

/// An X25519 public key (RFC 7748) that something can be sealed to. As text it is base64url.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recipient(pub [u8; 32]);

/// The secret half of a [`Recipient`]. Zeroized when dropped.
pub struct RecipientSecret(Zeroizing<[u8; 32]>);

/// What was sealed cannot be opened with this key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOpened;

/// The key cannot be sealed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotSealed;

/// The public half of the key that one sealing is made with (`enc` in RFC 9180).
pub type Encapsulated = [u8; 32];

/// Bytes that both sides know and nobody else (RFC 9180 §5.3).
pub type Exported = Zeroizing<[u8; 16]>;

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is not sealed to this question")
    }
}

impl core::error::Error for NotOpened {}

impl fmt::Display for NotSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the question names no key that an answer can be sealed to; ask the gate for a new one")
    }
}

impl core::error::Error for NotSealed {}

impl fmt::Debug for RecipientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientSecret")
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = base64url::decode(&String::deserialize(from)?).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a key to seal to is 32 bytes in base64url"))
    }
}

impl Recipient {
    /// Seals `plaintext`, and authenticates `aad` and `info` with it. Returns the encapsulated key and the ciphertext.
    pub fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        mut rng: &mut dyn CryptoRng,
    ) -> Result<(Encapsulated, Vec<u8>), NotSealed> {
        let sealed = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(&OpModeS::Base, &self.key()?, info, plaintext, aad, &mut rng);
        let (encapsulated, ciphertext) = sealed.map_err(|_| NotSealed)?;
        Ok((encapsulated.to_bytes().into(), ciphertext))
    }

    /// Agrees on bytes for each context, which only the owner of this key can find out from the encapsulated key (RFC 9180 §5.3).
    pub fn export(
        &self,
        info: &[u8],
        contexts: &[Vec<u8>],
        mut rng: &mut dyn CryptoRng,
    ) -> Result<(Encapsulated, Vec<Exported>), NotSealed> {
        let begun = hpke::setup_sender_with_rng::<Aead, Kdf, Kem>(&OpModeS::Base, &self.key()?, info, &mut rng);
        let (encapsulated, sender) = begun.map_err(|_| NotSealed)?;
        let one = |context: &Vec<u8>| {
            let mut exported = Exported::default();
            sender.export(context, exported.as_mut()).map(|()| exported).map_err(|_| NotSealed)
        };
        let exported = contexts.iter().map(one).collect::<Result<_, _>>()?;
        Ok((encapsulated.to_bytes().into(), exported))
    }

    fn key(&self) -> Result<<Kem as hpke::Kem>::PublicKey, NotSealed> {
        <Kem as hpke::Kem>::PublicKey::from_bytes(&self.0).map_err(|_| NotSealed)
    }
}

impl RecipientSecret {
    /// Draws a new key.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// Takes the bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes, for a store that keeps them encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// Returns the public half.
    pub fn recipient(&self) -> Recipient {
        let public = self.key().map(|key| <Kem as hpke::Kem>::sk_to_pk(&key).to_bytes());
        Recipient(public.map_or([0; 32], Into::into))
    }

    /// Opens what [`Recipient::seal`] sealed.
    pub fn open(&self, from: &Encapsulated, info: &[u8], aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let opened = self.key().and_then(|key| {
            let from = <Kem as hpke::Kem>::EncappedKey::from_bytes(from)?;
            hpke::single_shot_open::<Aead, Kdf, Kem>(&OpModeR::Base, &key, &from, info, ciphertext, aad)
        });
        opened.map_err(|_| NotOpened)
    }

    /// Returns the bytes of [`Recipient::export`]. Any key returns some: what is done with them shows whether it was the right one.
    pub fn export(&self, from: &Encapsulated, info: &[u8], context: &[u8]) -> Result<Exported, NotOpened> {
        let exported = self.key().and_then(|key| {
            let from = <Kem as hpke::Kem>::EncappedKey::from_bytes(from)?;
            let receiver = hpke::setup_receiver::<Aead, Kdf, Kem>(&OpModeR::Base, &key, &from, info)?;
            let mut exported = Exported::default();
            receiver.export(context, exported.as_mut()).map(|()| exported)
        });
        exported.map_err(|_| NotOpened)
    }

    fn key(&self) -> Result<<Kem as hpke::Kem>::PrivateKey, hpke::HpkeError> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(self.0.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::{NotOpened, NotSealed, Recipient, RecipientSecret};
    use crate::testing::TestRng;

    const OWNER: u64 = 1;
    const STRANGER: u64 = 2;

    fn secret(whose: u64) -> RecipientSecret {
        RecipientSecret::random(&mut TestRng(whose))
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_as_it_was_meant() {
        let (owner, stranger) = (secret(OWNER), secret(STRANGER));
        let (from, sealed) = owner.recipient().seal(b"info", b"aad", b"share", &mut TestRng(3)).expect("sealed");
        assert_eq!(owner.open(&from, b"info", b"aad", &sealed).as_deref(), Ok(&b"share"[..]));
        assert_eq!(stranger.open(&from, b"info", b"aad", &sealed), Err(NotOpened));
        assert_eq!(owner.open(&from, b"other", b"aad", &sealed), Err(NotOpened));
        assert_eq!(owner.open(&from, b"info", b"other", &sealed), Err(NotOpened));
        assert_eq!(Recipient([0; 32]).seal(b"", b"", b"", &mut TestRng(3)), Err(NotSealed));
    }

    #[test]
    fn both_sides_export_the_same_and_nobody_else_does() {
        let (owner, stranger) = (secret(OWNER), secret(STRANGER));
        let contexts = [b"one".to_vec(), b"two".to_vec()];
        let (from, both) = owner.recipient().export(b"info", &contexts, &mut TestRng(4)).expect("exported");
        let [exported, second] = <[_; 2]>::try_from(both).expect("two");
        assert_eq!(owner.export(&from, b"info", b"one"), Ok(exported.clone()));
        assert_eq!(owner.export(&from, b"info", b"two"), Ok(second));
        for other in [stranger.export(&from, b"info", b"one"), owner.export(&from, b"info", b"two"), owner.export(&from, b"else", b"one")] {
            assert!(other.is_ok_and(|other| other != exported));
        }
    }

    #[test]
    fn a_key_is_text_of_32_bytes() {
        let key = secret(OWNER).recipient();
        let text = serde_json::to_string(&key).expect("written");
        assert_eq!(serde_json::from_str::<Recipient>(&text).expect("read"), key);
        for wrong in ["\"\"", "\"AAAA\"", "7", "\"!\""] {
            assert!(serde_json::from_str::<Recipient>(wrong).is_err(), "{wrong}");
        }
    }
}
