//! The credential a bitstring travels in (Bitstring Status List §2.2): its members, how it is signed and how it is read.
//!
//! `id` and `validFrom` are optional in the standard and required here: a list is known by its address, and its age is counted
//! from `validFrom` (trust.md "Status lists").

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use waypass_credential::json::{Limits, Object, Value};
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::role::{StatusPurpose, status_messages};
use waypass_credential::time::Timestamp;
use waypass_credential::vcdm::secured::{Secured, Securing, VerifiedDocument, secure};
use waypass_credential::{KeySource, VerifyError};
use waypass_schemas::contexts::{CREDENTIALS_V2, KnownContext};

use super::{Bitstring, BitstringBuf, MIN_ENTRIES, decode, encode};
use crate::{parts::MAX_LIST, status::ListError};

const CONTEXTS: [KnownContext; 1] = [CREDENTIALS_V2];
const CREDENTIAL_TYPE: &str = "BitstringStatusListCredential";
const LIST_TYPE: &str = "BitstringStatusList";
/// One long string, and at most 256 messages of three values.
pub(crate) const LIMITS: Limits = Limits { bytes: MAX_LIST, depth: 8, values: 2048 };

/// The content that an issuer signs about a bitstring: its address, its meaning, its time and its lifetime.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BitstringList {
    /// `id`: the list's URI.
    pub uri: String,
    /// `issuer`.
    pub issuer: String,
    /// `statusPurpose`: what set entries say. The credential that points to an entry says which of them the entry is about.
    pub purposes: Vec<StatusPurpose>,
    /// `statusMessages`: one text for each value, or none.
    pub messages: Vec<String>,
    /// `validFrom`: when the list was made.
    pub issued_at: Timestamp,
    /// `validUntil`, or the end of its proof where that is earlier.
    pub expires_at: Option<Timestamp>,
    /// `ttl` in milliseconds: how long to wait before asking for a newer one.
    pub ttl_milliseconds: Option<u64>,
}

impl BitstringList {
    /// Compresses and signs `list` under `key_id`; returns the credential's text.
    pub fn sign(&self, list: &BitstringBuf, by: Securing, key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let document = self.document(list)?;
        let bytes = secure(document, by, key_id, self.issued_at, signer).map_err(|_| ListError::Signer)?;
        let text = String::from_utf8(bytes).map_err(|_| ListError::Malformed)?;
        if text.len() > MAX_LIST { Err(ListError::TooLarge) } else { Ok(text) }
    }

    /// Verifies a credential's text with a key that the caller trusts for it; the bitstring may inflate to `max_bytes`.
    pub fn verify(text: &str, key: &PublicKey, max_bytes: usize) -> Result<VerifiedBitstring, ListError> {
        SignedBitstring::verify(&unverified(text)?, key)?.inflate(max_bytes)
    }

    /// Returns the credential without a proof, for a caller that signs it another way.
    pub fn document(&self, list: &BitstringBuf) -> Result<Object<'static>, ListError> {
        let list = list.as_bitstring();
        let is_message = self.purposes.contains(&StatusPurpose::Message);
        let sized = list.size() > 1 || is_message;
        if self.purposes.is_empty() || self.uri.is_empty() || (sized && self.messages.len() != 1 << list.size()) {
            return Err(ListError::Malformed);
        }
        let purposes = match self.purposes.as_slice() {
            [one] => Value::from(one.as_str()),
            several => several.iter().map(|purpose| purpose.as_str()).collect(),
        };
        let mut subject = Object::new().with("id", [&self.uri, "#list"].concat()).with("type", LIST_TYPE).with("statusPurpose", purposes);
        if sized {
            subject.set("statusSize", i64::from(list.size()));
        }
        if !self.messages.is_empty() {
            subject.set("statusMessages", status_messages::write(&self.messages));
        }
        if let Some(ttl) = self.ttl_milliseconds {
            subject.set("ttl", i64::try_from(ttl).map_err(|_| ListError::Malformed)?);
        }
        let mut document = Object::new()
            .with("@context", CONTEXTS.iter().map(|context| context.id).collect::<Value<'static>>())
            .with("id", self.uri.clone())
            .with("type", Value::from_iter(["VerifiableCredential", CREDENTIAL_TYPE]))
            .with("issuer", self.issuer.clone())
            .with("validFrom", self.issued_at.to_rfc3339());
        if let Some(end) = self.expires_at {
            document.set("validUntil", end.to_rfc3339());
        }
        Ok(document.with("credentialSubject", subject.with("encodedList", encode(list))))
    }
}

/// Decodes a credential's text. Unverified.
pub(crate) fn unverified(text: &str) -> Result<Secured, ListError> {
    Secured::parse(text.as_bytes(), LIMITS).map_err(|_| ListError::Malformed)
}

/// A list credential whose proof was checked, the bitstring still compressed.
pub(crate) struct SignedBitstring<'a> {
    pub(crate) list: BitstringList,
    /// The id of the key that signed it.
    pub(crate) key_id: Option<String>,
    pub(crate) size: u8,
    has_other_purposes: bool,
    encoded: Cow<'a, str>,
}

impl<'a> SignedBitstring<'a> {
    /// Checks the proof, then reads the members; those that are not ours are left alone.
    pub(crate) fn verify(secured: &'a Secured, keys: &dyn KeySource) -> Result<Self, ListError> {
        let verified = secured.verify(keys, &CONTEXTS).map_err(|why| match why {
            VerifyError::InvalidProof => ListError::InvalidProof,
            VerifyError::UnknownKey => ListError::UntrustedSigner,
            VerifyError::Malformed(_) => ListError::Malformed,
        })?;
        Self::read(verified).ok_or(ListError::Malformed)
    }

    fn read(verified: VerifiedDocument<'a>) -> Option<Self> {
        let VerifiedDocument { mut document, issuer, key_id, not_before, expires_at, .. } = verified;
        let types = texts(document.member("type")?)?;
        let is_list = types.contains(&CREDENTIAL_TYPE) && types.contains(&"VerifiableCredential");
        let date = |name| document.member(name).map(|date| date.as_str().and_then(Timestamp::parse_rfc3339));
        let issued_at = date("validFrom")??;
        let valid_until = match date("validUntil") {
            None => None,
            Some(end) => Some(end?),
        };
        let expires_at = valid_until.into_iter().chain(expires_at).min();
        // Its age counts from `validFrom`: a signature that begins later would make the list older than it is allowed to be used.
        if !is_list || expires_at.is_some_and(|end| end < issued_at) || not_before.is_some_and(|begin| begin > issued_at) {
            return None;
        }
        let uri = document.text("id").filter(|uri| !uri.is_empty())?.to_string();

        let subject = match document.remove("credentialSubject") {
            Some(Value::Array(mut subjects)) if subjects.len() == 1 => subjects.pop(),
            subject => subject,
        };
        let Some(Value::Object(mut subject)) = subject else { return None };
        if !texts(subject.member("type")?)?.contains(&LIST_TYPE) {
            return None;
        }
        let named = texts(subject.member("statusPurpose")?).filter(|named| !named.is_empty())?;
        let purposes: Vec<StatusPurpose> = named.iter().filter_map(|purpose| StatusPurpose::parse(purpose)).collect();
        let has_other_purposes = purposes.len() < named.len();
        let size = match subject.member("statusSize") {
            // §2.2: a list of messages says how large they are.
            None if purposes.contains(&StatusPurpose::Message) => return None,
            None => 1,
            Some(size) => u8::try_from(size.as_i64()?).ok()?,
        };
        Bitstring::new(size, &[])?;
        let messages = match subject.member("statusMessages").or_else(|| subject.member("statusMessage")) {
            None => Vec::new(),
            Some(messages) => status_messages::read(messages, size).ok()?,
        };
        let ttl_milliseconds = match subject.member("ttl") {
            None => None,
            Some(ttl) => Some(u64::try_from(ttl.as_i64()?).ok()?),
        };
        let Some(Value::String(encoded)) = subject.remove("encodedList") else { return None };
        let list = BitstringList { uri, issuer, purposes, messages, issued_at, expires_at, ttl_milliseconds };
        Some(Self { list, key_id, size, has_other_purposes, encoded })
    }

    /// Inflates the bitstring to at most `max_bytes`.
    pub(crate) fn inflate(self, max_bytes: usize) -> Result<VerifiedBitstring, ListError> {
        let bytes = decode(&self.encoded, max_bytes)?;
        let Self { list, size, has_other_purposes, .. } = self;
        if Bitstring::new(size, &bytes).is_none_or(|bits| bits.len() < MIN_ENTRIES) {
            return Err(ListError::TooShort);
        }
        Ok(VerifiedBitstring { list, has_other_purposes, size, bytes })
    }
}

/// A list whose proof was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedBitstring {
    /// Its own description.
    pub list: BitstringList,
    has_other_purposes: bool,
    size: u8,
    bytes: Vec<u8>,
}

impl VerifiedBitstring {
    /// Returns the value of an entry; `None` outside the list.
    pub fn get(&self, index: u64) -> Option<u8> {
        self.bitstring().get(index)
    }

    /// Returns the bits.
    pub(crate) fn bitstring(&self) -> Bitstring<'_> {
        Bitstring { size: self.size, bytes: &self.bytes }
    }

    /// Returns true if an entry of it, once set, may be taken back: then a cleared entry alone proves nothing.
    pub(crate) fn is_partly_reversible(&self) -> bool {
        let reversible = |purpose: &StatusPurpose| matches!(purpose, StatusPurpose::Suspension | StatusPurpose::Message);
        self.has_other_purposes || self.list.purposes.iter().any(reversible)
    }
}

/// Returns one text, or a list of texts.
fn texts<'v>(value: &'v Value<'_>) -> Option<Vec<&'v str>> {
    match value {
        Value::String(text) => Some([text.as_ref()].into()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
