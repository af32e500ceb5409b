//! Making an SD-JWT: salts, disclosures, digests and decoys (RFC 9901 §4.2, §9.7).

use super::digest;
use crate::base64url;
use crate::json::{self, Object, Value};
use crate::jws;
use crate::key::{SignError, Signer};
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

/// An SD-JWT in the making. Digests are sorted, which for hashes is a random order, and stand among decoys, so that
/// neither their order nor their number says anything.
pub struct Draft<'r> {
    payload: Object<'static>,
    disclosures: Vec<String>,
    rng: &'r mut dyn CryptoRng,
}

impl<'r> Draft<'r> {
    /// A draft whose `claims` are always disclosed.
    pub fn new(claims: Object<'static>, rng: &'r mut dyn CryptoRng) -> Self {
        Self { payload: claims.with("_sd_alg", "sha-256"), disclosures: Vec::new(), rng }
    }

    /// Adds the array `name`, each element behind its own disclosure.
    pub fn conceal_elements(&mut self, name: String, elements: impl IntoIterator<Item = Value<'static>>) {
        let mut digests: Vec<String> = elements.into_iter().map(|element| self.disclosure(None, element)).collect();
        self.decoys(&mut digests);
        self.payload.set(name, digests.into_iter().map(|digest| Object::new().with("...", digest)).collect::<Value<'static>>());
    }

    /// Adds `members`, each behind its own disclosure, and so on within objects.
    pub fn conceal_members(&mut self, members: Object<'static>) {
        let digests = self.members(members);
        self.payload.set("_sd", digests);
    }

    /// Signs; gives the text with all disclosures.
    pub fn sign(self, typ: &str, key_id: Option<&str>, signer: &dyn Signer) -> Result<String, SignError> {
        let mut text = jws::sign(typ, key_id, json::to_string(&Value::Object(self.payload)).as_bytes(), signer)?;
        text.push('~');
        for disclosure in self.disclosures {
            text.push_str(&disclosure);
            text.push('~');
        }
        Ok(text)
    }

    fn members(&mut self, members: Object<'static>) -> Value<'static> {
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

    /// Writes one disclosure under a fresh 128 bit salt (§9.3); gives its digest.
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
