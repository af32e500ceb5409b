//! CBOR Web Tokens (RFC 8392) in a COSE_Sign1, for what is no credential, such as status lists.

use crate::cbor::{Item, Label, Map, Writer};
use crate::cose::{self, Sign1, label};
use crate::key::{InvalidProof, PublicKey, SignError, Signer};
use crate::malformed::Malformed;
use alloc::{borrow::Cow, vec::Vec};

/// Deepest nesting of claims.
const MAX_DEPTH: usize = 8;

/// A token, unverified.
#[derive(Clone, Debug)]
pub struct Cwt(Sign1);

/// The claims of a token, by their numbers.
#[derive(Clone, Debug)]
pub struct Claims<'m>(Map<'m>);

/// The map that a claim is, whose members have names.
#[derive(Clone, Copy, Debug)]
pub struct Members<'m>(&'m Map<'m>);

impl Cwt {
    /// Reads a token of at most `most` bytes, with or without the tag of a COSE_Sign1; checks no signature.
    pub fn parse(bytes: &[u8], most: usize) -> Result<Self, Malformed> {
        if bytes.len() > most { Err(Malformed::TooLarge) } else { Sign1::parse(bytes).map(Self) }
    }

    /// Returns `kid`, a text. Unverified: use it only to look up the key.
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id.as_deref()
    }

    /// Reads the claims, whose keys may come in any order. Unverified.
    pub fn untrusted(&self) -> Result<Claims<'_>, Malformed> {
        Ok(Claims(Map::parse(&self.0.payload, MAX_DEPTH)?))
    }

    /// Checks the signature and the type of the header (RFC 9596), without `application/`.
    pub fn verify(&self, key: &PublicKey, typ: &str) -> Result<(), InvalidProof> {
        if self.0.typ.as_deref() == Some(typ) { self.0.verify(key) } else { Err(InvalidProof) }
    }
}

impl Claims<'_> {
    /// Returns a claim that is a text.
    pub fn text(&self, label: i64) -> Result<Option<&str>, Malformed> {
        self.0.at(label).map(|item| item.as_text().ok_or(WRONG)).transpose()
    }

    /// Returns a claim that is an integer.
    pub fn integer(&self, label: i64) -> Result<Option<i64>, Malformed> {
        self.0.at(label).map(|item| item.as_integer().ok_or(WRONG)).transpose()
    }

    /// Returns a claim that is a map.
    pub fn members(&self, label: i64) -> Result<Option<Members<'_>>, Malformed> {
        self.0.at(label).map(|item| item.as_map().map(Members).ok_or(WRONG)).transpose()
    }
}

impl<'m> Members<'m> {
    /// Returns a member that is an integer.
    pub fn integer(self, name: &str) -> Result<Option<i64>, Malformed> {
        self.get(name).map(|item| item.as_integer().ok_or(WRONG)).transpose()
    }

    /// Returns a member that is a byte string.
    pub fn bytes(self, name: &str) -> Result<Option<&'m [u8]>, Malformed> {
        self.get(name).map(|item| item.as_bytes().ok_or(WRONG)).transpose()
    }

    fn get(self, name: &str) -> Option<&'m Item<'m>> {
        self.0.get(&Label::Text(Cow::Borrowed(name)))
    }
}

const WRONG: Malformed = Malformed::WrongType("claim");

/// Signs claims, a CBOR map, under the type `typ` without `application/`.
pub fn sign(typ: &str, key_id: &str, claims: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let mut header = Writer::with_capacity(96);
    header.map(3).signed(label::ALG).signed(signer.public_key().algorithm().cose_id());
    header.signed(label::KID).bytes(key_id.as_bytes()).signed(label::TYP).text(&["application/", typ].concat());
    cose::sign_parts(&header.into_bytes(), claims, signer)
}
