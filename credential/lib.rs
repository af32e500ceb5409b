//! Reads and makes credentials: bytes to types, proofs, keys and DIDs.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Verification and canonicalization happen here; signing
//! only through the [`key::Signer`] joint, whose software implementation is in `waypass-vault`.
//!
//! The floors, each of which imports only floors below it:
//!
//! | floor | modules |
//! |---|---|
//! | roof | [`Credential`], [`Presentation`], [`request`] |
//! | models: claims to meaning | [`vcdm`], [`role`] |
//! | codecs: bytes to claims | `sd_jwt`, `sd_cwt`, [`data_integrity`], [`sealed`], [`cwt`], `cose` |
//! | statements | `canon`, [`jsonld`] |
//! | keys | [`key`], [`jws`], [`did`] |
//! | bytes | [`json`], [`cbor`], [`base64url`], [`time`] |
//!
//! ```
//! use waypass_credential::jsonld::KnownContexts;
//! use waypass_credential::{Credential, KeyClaim, did};
//!
//! # let case: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/waypass/admit-sd-jwt-vc.json"))?;
//! # let shown = case["steps"][2]["presentation"].as_str().ok_or("no presentation")?;
//! # let bytes = shown[..=shown.rfind('~').ok_or("no SD-JWT")?].as_bytes();
//! // A credential as its holder keeps it. The bytes say which of the formats it is.
//! let credential = Credential::parse(bytes, &KnownContexts::new())?;
//! // Unverified: use it only to look up the key. A device takes the key from its trust bundle.
//! let KeyClaim::Issuer(claimed) = credential.key_claim() else { return Err("an SD-JWT VC names its issuer".into()) };
//! let key = did::resolve(claimed.issuer)?;
//!
//! let verified = credential.verify(&key)?;
//! assert_eq!(verified.role().roles, ["nurse"]);
//! assert_eq!(verified.role().sites, ["clinic-north"]);
//!
//! let another = did::resolve("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")?;
//! assert!(credential.verify(&another).is_err());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

#[cfg(test)]
extern crate std;

mod base58;
pub mod base64url;
mod binding;
mod canon;
pub mod cbor;
mod claim_path;
mod cose;
mod credential;
pub mod cwt;
pub mod data_integrity;
pub mod did;
mod digests;
mod error;
mod format;
pub mod hex;
pub mod json;
pub mod jsonld;
pub mod jws;
pub mod key;
mod key_source;
mod malformed;
pub mod recipient;
mod registered_claims;
pub mod request;
pub mod role;
mod sd_cwt;
mod sd_jwt;
pub mod sealed;
pub mod time;
pub mod vcdm;

pub use binding::{Binding, HolderError, HolderProof, Nonce};
pub use canon::jcs;
pub use claim_path::{ClaimPath, PathStep};
pub use credential::{Credential, Issuance, Presentation, Untrusted, Verified};
pub use error::{IssueError, PresentError, VerifyError};
pub use format::{Format, MAX_BYTES, from_file};
pub use key_source::{Claimed, KeyClaim, KeySource};
pub use malformed::Malformed;

/// Doors for the fuzzer (tests/fuzz), which no other build has.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::canon::rdf::{Dataset, Literal, Node, Quad, Term};
    use crate::canon::rdfc::{HashAlgorithm, canonicalize};
    use crate::claim_path::ClaimPath;
    use crate::data_integrity::{Options, Suite, create};
    use crate::did::{DidUrl, Purpose};
    use crate::json::{Limits, Object, Value};
    use crate::jsonld::{self, KnownContexts};
    use crate::key::{KeyMaterial, Signer};
    use crate::time::Timestamp;
    use crate::vcdm::envelope::{Content, Envelope};
    use alloc::{string::String, vec::Vec};

    /// The mark before a text.
    pub const BYTE_ORDER_MARK: &[u8] = crate::json::BYTE_ORDER_MARK;

    /// Most bytes of a signed request.
    pub const MOST_REQUEST: usize = crate::request::MAX_BYTES;
    /// The `typ` of a signed request.
    pub const REQUEST: &str = crate::request::TYP;

    /// Returns the contexts that a document carries, and the document as it is read with them.
    pub fn adopted<'a>(document: &Object<'a>) -> Option<(KnownContexts, Object<'a>)> {
        let (mut known, mut adopted) = (KnownContexts::new(), document.clone());
        known.adopt(&mut adopted).ok().map(|()| (known, adopted))
    }

    /// Returns the canonical statements of a document, of all of it or without one member.
    pub fn statements(document: &Object<'_>, known: &KnownContexts, without: Option<&str>) -> Option<Vec<u8>> {
        let contexts = known.list(document).ok()?;
        let dataset = match without {
            Some(member) => jsonld::to_rdf_without(document, &contexts, member),
            None => jsonld::to_rdf(document, &contexts),
        };
        canonical(&dataset.ok()?).ok()
    }

    /// Returns the canonical form of a graph of `blanks` blank nodes: subject, predicate, object (a blank node or a text), and graph.
    pub fn graph<'q>(
        blanks: u32,
        quads: impl Iterator<Item = (u32, &'q str, Result<u32, String>, Option<u32>)>,
    ) -> Result<Vec<u8>, crate::Malformed> {
        let mut set = Dataset::default();
        for _ in 0..blanks {
            set.fresh_blank();
        }
        for (subject, predicate, object, graph) in quads {
            let object = object.map_or_else(|text| Term::Literal(Literal::plain(text)), Term::Blank);
            set.push(Quad { subject: Node::Blank(subject), predicate: predicate.into(), object, graph: graph.map(Node::Blank) });
        }
        canonical(&set).map_err(crate::Malformed::Rdfc)
    }

    fn canonical(set: &Dataset<'_>) -> Result<Vec<u8>, crate::canon::rdfc::RdfcError> {
        let mut out = Vec::new();
        canonicalize(set, HashAlgorithm::Sha256, &mut out).map(|()| out)
    }

    /// Signs a document of any content, and returns the proof.
    pub fn proof(
        suite: Suite,
        document: &Object<'_>,
        key_id: &str,
        at: Timestamp,
        known: &KnownContexts,
        signer: &dyn Signer,
    ) -> Option<Object<'static>> {
        let options = Options {
            verification_method: key_id,
            purpose: Purpose::AssertionMethod,
            created: Some(at),
            expires: None,
            challenge: None,
            domain: None,
        };
        create(suite, document, &options, known, signer).ok()
    }

    /// Reads an enveloped credential and what is in it; returns its bytes.
    pub fn envelope(bytes: &[u8]) -> Option<Vec<u8>> {
        let envelope = Envelope::parse(bytes, Content::Credential, 65536).ok()?;
        let _ = envelope.document(Limits::CREDENTIAL);
        Some(envelope.as_bytes().to_vec())
    }

    /// Reads key material of any kind and writes it again.
    pub fn multikey(text: &str) -> Option<String> {
        KeyMaterial::from_multikey(text).ok().map(|material| material.to_multikey())
    }

    /// Returns true if key material of any kind can be read from a JWK.
    pub fn is_jwk(value: &Value<'_>) -> bool {
        KeyMaterial::from_jwk(value).is_ok()
    }

    /// Returns the document of a `did:key` or `did:jwk`.
    pub fn did_document(did: &str) -> Option<Object<'static>> {
        DidUrl::parse(did).ok()?.document().ok()
    }

    /// Returns true if `path` leads to something in `claims`.
    pub fn leads_somewhere(path: &ClaimPath, claims: &Value<'_>) -> bool {
        !path.select(claims).is_empty()
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "../tests/vectors/codecs.rs"]
mod vectors;
