//! Making an SD-JWT: salts, disclosures, digests and decoys (RFC 9901 §4.2, §9.7).

use super::digest;
use crate::base64url;
use crate::claim_path::{ClaimPath, PathStep};
use crate::json::{self, Object, Value};
use crate::jws;
use crate::key::{SignError, Signer};
use alloc::{string::String, vec::Vec};
use core::mem;
use rand_core::CryptoRng;

/// An SD-JWT in the making. Digests are sorted, which for hashes is a random order, and are mixed with decoys, so that
/// neither their order nor their number says anything.
pub(crate) struct Draft<'r> {
    payload: Object<'static>,
    disclosures: Vec<String>,
    rng: &'r mut dyn CryptoRng,
}

impl<'r> Draft<'r> {
    /// Returns a draft whose `claims` are always disclosed.
    pub(crate) fn new(claims: Object<'static>, rng: &'r mut dyn CryptoRng) -> Self {
        Self { payload: claims.with("_sd_alg", "sha-256"), disclosures: Vec::new(), rng }
    }

    /// Adds the array `name`, each element behind its own disclosure.
    pub(crate) fn conceal_elements(&mut self, name: String, elements: impl IntoIterator<Item = Value<'static>>) {
        let elements = self.elements(elements);
        self.payload.set(name, elements);
    }

    /// Adds `members`, each behind its own disclosure, and so on within objects.
    pub(crate) fn conceal_members(&mut self, members: Object<'static>) {
        let digests = self.members(members);
        self.payload.set("_sd", digests);
    }

    /// Adds a member that is always disclosed, unless there are digests in it.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Value<'static>>) {
        self.payload.set(name, value);
    }

    /// Puts the claim at `path` behind a disclosure of its own, in its place: `None`, and nothing changed, if there is
    /// no such claim or it is in one that is concealed already.
    pub(crate) fn conceal(&mut self, path: &ClaimPath) -> Option<()> {
        let (last, above) = path.steps().split_last()?;
        let mut payload = Value::Object(mem::take(&mut self.payload));
        let taken = parent(&mut payload, above).and_then(|parent| take(parent, last));
        let place = taken.map(|(name, value)| self.disclosure(name, value)).map(|digest| {
            if let Some(parent) = parent(&mut payload, above) {
                put(parent, last, digest);
            }
        });
        if let Value::Object(payload) = payload {
            self.payload = payload;
        }
        place
    }

    /// Signs; returns the text with all disclosures.
    pub(crate) fn sign(self, typ: &str, key_id: Option<&str>, signer: &dyn Signer) -> Result<String, SignError> {
        let mut header = Object::new().with("alg", signer.public_key().algorithm().jose_name()).with("typ", typ);
        if let Some(key_id) = key_id {
            header.set("kid", key_id);
        }
        self.sign_with_header(&header, signer)
    }

    /// Like [`Self::sign`], but under a header that carries more; `alg` is set from the key.
    pub(crate) fn sign_with_header(self, header: &Object<'_>, signer: &dyn Signer) -> Result<String, SignError> {
        let mut text = jws::sign_with_header(header, json::to_string(&Value::Object(self.payload)).as_bytes(), signer)?;
        text.push('~');
        for disclosure in self.disclosures {
            text.push_str(&disclosure);
            text.push('~');
        }
        Ok(text)
    }

    /// `elements`, each behind its own disclosure, as the array to put in their place.
    pub(crate) fn elements(&mut self, elements: impl IntoIterator<Item = Value<'static>>) -> Value<'static> {
        let mut digests: Vec<String> = elements.into_iter().map(|element| self.disclosure(None, element)).collect();
        self.decoys(&mut digests);
        digests.into_iter().map(|digest| Object::new().with("...", digest)).collect()
    }

    /// `members`, each behind its own disclosure, and so on within objects, as the `_sd` to put in their place.
    pub(crate) fn members(&mut self, members: Object<'static>) -> Value<'static> {
        let mut digests = Vec::with_capacity(members.len() + 4);
        for (name, value) in members {
            let value = match value {
                Value::Object(object) if !object.is_empty() => Value::Object(Object::new().with("_sd", self.members(object))),
                other => other,
            };
            digests.push(self.disclosure(Some(name.into_owned()), value));
        }
        self.decoys(&mut digests);
        digests.into_iter().collect()
    }

    /// Writes one disclosure under a fresh 128 bit salt (§9.3); returns its digest.
    fn disclosure(&mut self, name: Option<String>, value: Value<'static>) -> String {
        let mut salt = [0; 16];
        self.rng.fill_bytes(&mut salt);
        let mut parts = alloc::vec![Value::from(base64url::encode(&salt))];
        parts.extend(name.map(Value::from));
        parts.push(value);
        let text = base64url::encode(json::to_string(&Value::Array(parts)).as_bytes());
        let digest = digest(&text);
        self.disclosures.push(text);
        digest.into_iter().map(char::from).collect()
    }

    /// Adds one to four digests that belong to nothing (§4.2.5).
    fn decoys(&mut self, digests: &mut Vec<String>) {
        for _ in 0..=self.rng.next_u32() % 4 {
            let mut random = [0; 32];
            self.rng.fill_bytes(&mut random);
            digests.push(digest(&base64url::encode(&random)).into_iter().map(char::from).collect());
        }
        digests.sort_unstable();
    }
}

/// Returns the value at `path`.
fn parent<'v>(payload: &'v mut Value<'static>, path: &[PathStep]) -> Option<&'v mut Value<'static>> {
    path.iter().try_fold(payload, |value, step| match (value, step) {
        (Value::Object(object), PathStep::Name(name)) => {
            object.members_mut().iter_mut().find(|(found, _)| found == name).map(|(_, value)| value)
        }
        (Value::Array(items), PathStep::Index(at)) => items.get_mut(*at),
        _ => None,
    })
}

/// Takes a member out of its object, or the value of an element; one that is concealed already stays.
fn take(parent: &mut Value<'static>, step: &PathStep) -> Option<(Option<String>, Value<'static>)> {
    match (parent, step) {
        (Value::Object(object), PathStep::Name(name)) if name != "_sd" && name != "..." => {
            object.remove(name).map(|value| (Some(name.clone()), value))
        }
        (Value::Array(items), PathStep::Index(at)) => {
            let element = items.get_mut(*at).filter(|element| element.member("...").is_none())?;
            Some((None, mem::replace(element, Value::Null)))
        }
        _ => None,
    }
}

/// Puts a digest where [`take`] took the claim. Digests in `_sd` are sorted, which for hashes is a random order.
fn put(parent: &mut Value<'static>, step: &PathStep, digest: String) {
    match (parent, step) {
        (Value::Object(object), _) => {
            let mut digests = match object.remove("_sd") {
                Some(Value::Array(digests)) => digests,
                _ => Vec::new(),
            };
            digests.push(digest.into());
            digests.sort_unstable_by(|a, b| a.as_str().cmp(&b.as_str()));
            object.set("_sd", Value::Array(digests));
        }
        (Value::Array(items), PathStep::Index(at)) => {
            if let Some(element) = items.get_mut(*at) {
                *element = Object::new().with("...", digest).into();
            }
        }
        _ => {}
    }
}
