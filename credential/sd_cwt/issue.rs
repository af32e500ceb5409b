//! Making an SD-CWT: salts, disclosures and digests (draft-ietf-spice-sd-cwt-08 §6).

use super::{REDACTED_ELEMENT, REDACTED_KEYS, Typ, digest, write};
use crate::cbor::{Item, Label, Map, Writer};
use crate::cose::{label, to_be_signed};
use crate::key::{SignError, Signer};
use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use rand_core::CryptoRng;

/// An SD-CWT in the making. Digests are sorted, which for hashes is a random order. There are no decoys: each costs a twelfth of the
/// code that an answer must fit into.
pub(crate) struct Draft<'c, 'r> {
    claims: Map<'c>,
    disclosures: Vec<Vec<u8>>,
    rng: &'r mut dyn CryptoRng,
}

impl<'c, 'r> Draft<'c, 'r> {
    /// Returns a draft without claims.
    pub(crate) fn new(rng: &'r mut dyn CryptoRng) -> Self {
        Self { claims: Map::default(), disclosures: Vec::new(), rng }
    }

    /// Adds a claim that is always disclosed, unless there are digests in it.
    pub(crate) fn set(&mut self, label: i64, item: Item<'c>) {
        self.claims.0.push((Label::Integer(label), item));
    }

    /// Adds `claims`, each behind its own disclosure, and so on within maps.
    pub(crate) fn conceal(&mut self, claims: Map<'c>) {
        if !claims.0.is_empty() {
            let digests = self.entries(claims);
            self.claims.0.push(digests);
        }
    }

    /// Returns the array that takes the place of `elements`, each behind its own disclosure.
    pub(crate) fn elements(&mut self, elements: impl IntoIterator<Item = Item<'c>>) -> Item<'c> {
        let digests = elements.into_iter().map(|element| self.disclosure(&element, None)).collect();
        let tagged = sorted(digests).map(|digest| Item::Tag(REDACTED_ELEMENT, Box::new(digest)));
        Item::Array(tagged.collect())
    }

    /// Signs; returns the bytes with all disclosures.
    pub(crate) fn sign(self, key_id: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        let mut header = Writer::with_capacity(64);
        header.map(3).signed(label::ALG).signed(signer.public_key().algorithm().cose_id());
        header.signed(label::KID).bytes(key_id).signed(label::TYP).signed(Typ::SdCwt.content_format());
        let mut payload = Writer::with_capacity(512);
        self.claims.write(&mut payload);
        let (protected, payload) = (header.into_bytes(), payload.into_bytes());
        let signature = signer.sign(&to_be_signed(&protected, &payload))?;
        Ok(write(&protected, &[], self.disclosures.iter().map(Vec::as_slice), &payload, &signature))
    }

    /// Returns the entry of a map that takes the place of `claims`.
    fn entries(&mut self, claims: Map<'c>) -> (Label<'c>, Item<'c>) {
        let mut digests = Vec::with_capacity(claims.0.len());
        for (label, item) in claims.0 {
            let item = match item {
                Item::Map(map) if !map.0.is_empty() => Item::Map(Map([self.entries(map)].into())),
                other => other,
            };
            digests.push(self.disclosure(&item, Some(&label)));
        }
        (Label::Simple(REDACTED_KEYS), Item::Array(sorted(digests).collect()))
    }

    /// Writes one disclosure under a fresh salt of 128 bits; returns its digest.
    fn disclosure(&mut self, item: &Item<'_>, label: Option<&Label<'_>>) -> [u8; 32] {
        let mut salt = [0; 16];
        self.rng.fill_bytes(&mut salt);
        let mut content = Writer::with_capacity(64);
        content.array(2 + usize::from(label.is_some())).bytes(&salt);
        item.write(&mut content);
        if let Some(label) = label {
            label.write(&mut content);
        }
        let mut disclosure = Writer::with_capacity(64);
        disclosure.bytes(&content.into_bytes());
        let disclosure = disclosure.into_bytes();
        let digest = digest(&disclosure);
        self.disclosures.push(disclosure);
        digest
    }
}

fn sorted<'c>(mut digests: Vec<[u8; 32]>) -> impl Iterator<Item = Item<'c>> {
    digests.sort_unstable();
    digests.into_iter().map(|digest| Item::Bytes(Cow::Owned(digest.to_vec())))
}
