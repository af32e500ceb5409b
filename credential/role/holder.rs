//! The key a credential is bound to, as the credential names it.

use crate::did::{self, DidError, DidUrl};
use crate::json::Object;
use crate::key::PublicKey;
use crate::malformed::Malformed;
use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;

/// The holder's key. If a credential names it by a `did:key`, it is decoded only when it is needed: listing, issuing
/// and checking an issuer's proof do without, and decoding costs a tenth of a signature check.
#[derive(Clone, Debug)]
pub struct Holder(Form);

#[derive(Clone, Debug)]
enum Form {
    Key(PublicKey),
    /// A `did:key`, of which only the form was looked at.
    Did(String),
}

impl Holder {
    /// Returns the holder that a bare DID names: a `did:key`, or any other that holds its key and is decoded at once.
    pub(crate) fn from_did(did: &str) -> Result<Self, DidError> {
        let url = DidUrl::parse(did)?;
        if url.did() != did {
            return Err(DidError::NotAVerificationMethod);
        }
        if url.method() == did::key::METHOD { Ok(Self(Form::Did(did.to_owned()))) } else { url.resolve().map(Self::from) }
    }

    /// Returns the holder in `cnf.jwk` (RFC 7800 §3.2). Another confirmation must not pass for "bound to nobody".
    pub(super) fn of_cnf(claims: &Object<'_>) -> Result<Option<Self>, Malformed> {
        let Some(cnf) = claims.member("cnf") else { return Ok(None) };
        let jwk = cnf.member("jwk").ok_or(Malformed::Missing("jwk"))?;
        PublicKey::from_jwk(jwk).map(|key| Some(key.into())).map_err(|_| Malformed::OutOfRange("cnf"))
    }

    /// Returns the key.
    pub fn key(&self) -> Result<Cow<'_, PublicKey>, DidError> {
        match &self.0 {
            Form::Key(key) => Ok(Cow::Borrowed(key)),
            Form::Did(did) => did::resolve(did).map(Cow::Owned),
        }
    }

    /// Returns the `did:key` of the key. One key has one.
    pub fn did(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Key(key) => Cow::Owned(did::to_did_key(key)),
            Form::Did(did) => Cow::Borrowed(did),
        }
    }
}

impl From<PublicKey> for Holder {
    fn from(key: PublicKey) -> Self {
        Self(Form::Key(key))
    }
}

impl PartialEq for Holder {
    fn eq(&self, other: &Self) -> bool {
        self.did() == other.did()
    }
}

impl PartialEq<PublicKey> for Holder {
    fn eq(&self, other: &PublicKey) -> bool {
        self.key().is_ok_and(|key| *key == *other)
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;
    use crate::did::{self, DidError};
    use crate::key::Signer;
    use crate::testing::Key;

    #[test]
    fn every_spelling_is_the_same_holder() {
        for key in [Key::ed25519(1), Key::p256(2), Key::p384(3)] {
            let key = key.public_key();
            let holders = [
                Holder::from(key.clone()),
                Holder::from_did(&did::to_did_key(key)).expect("a DID"),
                Holder::from_did(&did::to_did_jwk(key)).expect("a DID"),
            ];
            for holder in &holders {
                assert_eq!(holder.key().as_deref(), Ok(key));
                assert_eq!(holder.did(), did::to_did_key(key));
                assert!(holders.iter().all(|other| other == holder) && holder == key);
            }
            assert!(holders[0] != *Key::ed25519(9).public_key());
        }
    }

    #[test]
    fn what_is_no_key_is_found_out_at_the_latest_when_it_is_needed() {
        let url = did::key_id(Key::ed25519(1).public_key());
        assert_eq!(Holder::from_did(&url).map(|_| ()), Err(DidError::NotAVerificationMethod));
        assert_eq!(Holder::from_did("did:web:north.example").map(|_| ()), Err(DidError::UnsupportedMethod));
        assert_eq!(Holder::from_did("north").map(|_| ()), Err(DidError::Syntax));
        let broken = Holder::from_did("did:key:z6Mkbroken").expect("the form of a DID");
        assert_eq!(broken.key().map(|_| ()), Err(DidError::InvalidKey));
        assert!(broken != *Key::ed25519(1).public_key());
    }
}
