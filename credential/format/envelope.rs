//! The envelope around a VCDM 2.0 document (Securing Verifiable Credentials using JOSE and COSE): a signature over the bytes of
//! the document, which is the payload as it is.
//!
//! The media type in the header is pinned, and what else claims to be said beside the document must agree with it.

use super::Malformed;
use crate::json::{self, JsonError, Object, Value};
use crate::jws::{self, Header, Jws};
use crate::key::{InvalidProof, PublicKey, SignError, Signature, Signer};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use serde::Deserialize;

mod claims;
mod cose;

pub(super) use claims::{Claims, SignatureTimes};

/// What is in the envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    Credential,
    Presentation,
}

/// What the envelope is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Material {
    /// A compact JWS (§3.1).
    Jose,
    /// A tagged COSE_Sign1 (§3.3).
    Cose,
}

impl Content {
    /// The `typ` of an envelope, without `application/` (§3.1.1, §3.1.2, §3.3.1, §3.3.2).
    pub(super) const fn typ(self, material: Material) -> &'static str {
        match (self, material) {
            (Self::Credential, Material::Jose) => "vc+jwt",
            (Self::Presentation, Material::Jose) => "vp+jwt",
            (Self::Credential, Material::Cose) => "vc+cose",
            (Self::Presentation, Material::Cose) => "vp+cose",
        }
    }

    /// The one content type that a header may name.
    const fn content_type(self) -> &'static str {
        match self {
            Self::Credential => "vc",
            Self::Presentation => "vp",
        }
    }
}

impl Material {
    /// By the first byte: that of a tagged COSE_Sign1 stands in no text.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.first() == Some(&cose::FIRST_BYTE) { Self::Cose } else { Self::Jose }
    }
}

/// A document in its envelope; nobody has checked the signature yet.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    content: Content,
    form: Box<Form>,
}

#[derive(Clone, Debug)]
enum Form {
    Jose { text: String, signing_input: usize, header: Header, payload: Vec<u8>, signature: Signature },
    Cose(cose::Sign1),
}

impl Envelope {
    /// Reads an envelope of at most `max_bytes` with the `typ` of `content`, and its content type or none.
    pub(super) fn parse(bytes: &[u8], content: Content, max_bytes: usize) -> Result<Self, Malformed> {
        if bytes.len() > max_bytes {
            return Err(Malformed::TooLarge);
        }
        if Material::of(bytes) == Material::Cose {
            let message = cose::Sign1::parse(bytes)?;
            require_types(message.typ.as_deref(), message.content_type.as_deref(), content, Material::Cose)?;
            return Ok(Self { content, form: Box::new(Form::Cose(message)) });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?;
        let (header, payload, signature) = Jws::parse(text, max_bytes)?.into_parts();
        require_types(header.typ.as_deref(), header.content_type.as_deref(), content, Material::Jose)?;
        let signing_input = text.rfind('.').unwrap_or(text.len());
        Ok(Self { content, form: Box::new(Form::Jose { text: text.into(), signing_input, header, payload, signature }) })
    }

    /// Signs `document` under `key_id`, with `claims` beside it.
    pub(super) fn sign(
        document: Object<'_>,
        claims: &Claims,
        content: Content,
        material: Material,
        key_id: &str,
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, SignError> {
        match material {
            Material::Jose => {
                let payload = json::to_string(&Value::Object(claims.put(document)));
                let header = Object::new().with("typ", content.typ(material)).with("cty", content.content_type()).with("kid", key_id);
                jws::sign_with_header(&header, payload.as_bytes(), signer).map(String::into_bytes)
            }
            Material::Cose => {
                let payload = json::to_string(&Value::Object(document));
                cose::sign(payload.as_bytes(), content, key_id, claims, signer)
            }
        }
    }

    pub(super) fn material(&self) -> Material {
        match &*self.form {
            Form::Jose { .. } => Material::Jose,
            Form::Cose(_) => Material::Cose,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match &*self.form {
            Form::Jose { text, .. } => text.as_bytes(),
            Form::Cose(message) => message.as_bytes(),
        }
    }

    /// The header's `kid`, unverified.
    pub(super) fn key_id(&self) -> Option<&str> {
        match &*self.form {
            Form::Jose { header, .. } => header.key_id.as_deref(),
            Form::Cose(message) => message.key_id.as_deref(),
        }
    }

    /// The document, unverified: good for finding the key, for nothing else.
    pub(super) fn untrusted(&self) -> &[u8] {
        match &*self.form {
            Form::Jose { payload, .. } => payload,
            Form::Cose(message) => &message.payload,
        }
    }

    /// Checks the signature; gives the document.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<&[u8], InvalidProof> {
        match &*self.form {
            Form::Jose { text, signing_input, header, signature, .. } => {
                header.check(key, self.content.typ(Material::Jose), &text[..*signing_input], signature)?;
            }
            Form::Cose(message) => message.verify(key)?,
        }
        Ok(self.untrusted())
    }

    /// What is said beside `document`: taken out of it in a JWS (§3.1.3), from the protected header in COSE. What repeats the
    /// document must agree with it.
    pub(super) fn claims(&self, document: &mut Object<'_>) -> Result<Claims, Malformed> {
        match &*self.form {
            Form::Jose { .. } => Claims::take(document, self.content),
            Form::Cose(message) => {
                message.claims.require_agreement(document, self.content)?;
                Ok(message.claims.clone())
            }
        }
    }

    /// Issuer and key of the credential inside, unverified. A relative DID URL in `kid` is relative to the issuer.
    pub(super) fn signer(&self) -> Result<(String, Option<String>), Malformed> {
        #[derive(Deserialize)]
        struct Document {
            issuer: Option<Issuer>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Issuer {
            Id(String),
            Object { id: String },
        }
        let read: Document = serde_json::from_slice(self.untrusted()).map_err(|_| Malformed::Json(JsonError::Syntax))?;
        let issuer = match read.issuer.ok_or(Malformed::Missing("issuer"))? {
            Issuer::Id(id) | Issuer::Object { id } => id,
        };
        let key_id = self.key_id().map(|kid| if kid.starts_with('#') { [&issuer, kid].concat() } else { kid.to_owned() });
        Ok((issuer, key_id))
    }
}

/// The media types that a header names, pinned (RFC 8725 §3.11).
fn require_types(typ: Option<&str>, content_type: Option<&str>, content: Content, material: Material) -> Result<(), Malformed> {
    if typ != Some(content.typ(material)) {
        return Err(Malformed::OutOfRange("typ"));
    }
    if content_type.is_some_and(|found| found != content.content_type()) {
        return Err(Malformed::OutOfRange("cty"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
