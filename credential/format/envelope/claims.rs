//! What stands beside a document in its envelope: JWT claims (RFC 7519 §4.1) or CWT claims (RFC 8392 §3.1).

use super::Content;
use crate::format::Malformed;
use crate::json::{Object, Value};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String};

/// The registered claims that we act on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::format) struct Claims {
    pub(in crate::format) issuer: Option<String>,
    pub(in crate::format) subject: Option<String>,
    /// Of a presentation: the verifier it is meant for.
    pub(in crate::format) audience: Option<String>,
    /// Of a presentation: the verifier's nonce.
    pub(in crate::format) nonce: Option<String>,
    pub(in crate::format) times: SignatureTimes,
}

/// When a signature was made and from when to when it holds. These bound what the document itself says and never extend it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::format) struct SignatureTimes {
    pub(in crate::format) issued_at: Option<Timestamp>,
    pub(in crate::format) not_before: Option<Timestamp>,
    pub(in crate::format) expires_at: Option<Timestamp>,
}

impl Claims {
    /// Claims that say only when the signature was made.
    pub(in crate::format) fn made_at(at: Timestamp) -> Self {
        Self { times: SignatureTimes { issued_at: Some(at), ..SignatureTimes::default() }, ..Self::default() }
    }

    /// Takes the JWT claims out of `document` (§3.1.3). One that is not known here stays, for the reader of the document to
    /// refuse.
    pub(super) fn take(document: &mut Object<'_>, content: Content) -> Result<Self, Malformed> {
        let mut text = |name: &'static str| document.remove(name).map(|value| one_text(value, name)).transpose();
        let (issuer, subject, id) = (text("iss")?, text("sub")?, text("jti")?);
        let (audience, nonce) = match content {
            Content::Presentation => (text("aud")?, text("nonce")?),
            // A credential that was made for one verifier is not ours to read.
            Content::Credential => (None, None),
        };
        let mut time = |name| document.remove(name).map(|value| signature_time(&value, name)).transpose();
        let times = SignatureTimes { issued_at: time("iat")?, not_before: time("nbf")?, expires_at: time("exp")? };
        let claims = Self { issuer, subject, audience, nonce, times };
        claims.require_agreement(document, content)?;
        agree(document.text("id"), id.as_deref(), "jti")?;
        Ok(claims)
    }

    /// What the document says too must be the same (§3.1.3); `vc` and `vp` belong to the data model 1.1.
    pub(super) fn require_agreement(&self, document: &Object<'_>, content: Content) -> Result<(), Malformed> {
        for name in ["vc", "vp"] {
            if document.member(name).is_some() {
                return Err(Malformed::OutOfRange(name));
            }
        }
        if content == Content::Credential && (self.audience.is_some() || self.nonce.is_some()) {
            return Err(Malformed::member(if self.audience.is_some() { "aud" } else { "nonce" }));
        }
        let id = |value: &'_ Value<'_>| value.as_str().or_else(|| value.member("id")?.as_str()).map(ToOwned::to_owned);
        agree(document.member("issuer").and_then(id).as_deref(), self.issuer.as_deref(), "iss")?;
        let subject = document.member("credentialSubject").and_then(|subject| subject.member("id")?.as_str());
        agree(subject, self.subject.as_deref(), "sub")
    }

    /// `document` with these as JWT claims.
    pub(in crate::format) fn put<'d>(&self, mut document: Object<'d>) -> Object<'d> {
        let texts = [("iss", &self.issuer), ("sub", &self.subject), ("aud", &self.audience), ("nonce", &self.nonce)];
        for (name, text) in texts {
            if let Some(text) = text {
                document.set(name, text.clone());
            }
        }
        let SignatureTimes { issued_at, not_before, expires_at } = self.times;
        for (name, time) in [("iat", issued_at), ("nbf", not_before), ("exp", expires_at)] {
            if let Some(time) = time {
                document.set(name, time.unix());
            }
        }
        document
    }
}

fn agree(said: Option<&str>, claimed: Option<&str>, name: &'static str) -> Result<(), Malformed> {
    match (said, claimed) {
        (Some(said), Some(claimed)) if said != claimed => Err(Malformed::OutOfRange(name)),
        _ => Ok(()),
    }
}

/// A text; `aud` may also be a list of one (RFC 7519 §4.1.3).
fn one_text(value: Value<'_>, name: &'static str) -> Result<String, Malformed> {
    match value {
        Value::String(text) => Ok(text.into_owned()),
        Value::Array(items) if name == "aud" => match items.as_slice() {
            [item] => item.as_str().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name)),
            _ => Err(Malformed::OutOfRange(name)),
        },
        _ => Err(Malformed::WrongType(name)),
    }
}

/// A `NumericDate` (RFC 7519 §2), or the same as a date-time text: the W3C working group's own examples and suite write that.
fn signature_time(value: &Value<'_>, name: &'static str) -> Result<Timestamp, Malformed> {
    match value {
        Value::String(text) => Timestamp::parse_rfc3339(text),
        value => Timestamp::from_unix(value.as_i64().ok_or(Malformed::WrongType(name))?),
    }
    .ok_or(Malformed::OutOfRange(name))
}
