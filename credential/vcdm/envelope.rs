//! The envelope around a VCDM 2.0 document of any type (Securing Verifiable Credentials using JOSE and COSE): a signature over the
//! bytes of the document, which is the payload as it is, or in an SD-JWT the payload once what is disclosed is in its place.
//!
//! The media type in the header is pinned, and the claims next to the document must agree with it.

use crate::claim_path::ClaimPath;
use crate::cose;
use crate::did;
use crate::error::{IssueError, VerifyError};
use crate::format::Serialization;
use crate::json::{self, Limits, Object, Value};
use crate::jws::{self, Header, Jws};
use crate::key::{InvalidProof, PublicKey, SignError, Signature, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::RegisteredClaims;
use crate::sd_jwt::{Draft, SdJwt};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use rand_core::CryptoRng;

mod claims;
mod data_url;

pub use data_url::enveloped_credentials;
pub(crate) use data_url::{is_enveloped, read as read_url, write as write_url};

/// The content of the envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// A verifiable credential.
    Credential,
    /// A verifiable presentation.
    Presentation,
}

/// The kind of the envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Material {
    /// A compact JWS (§3.1).
    Jose,
    /// An SD-JWT without key binding (§3.2).
    SdJwt,
    /// A tagged COSE_Sign1 (§3.3).
    Cose,
}

impl Content {
    /// Returns the `typ` of an envelope, without `application/` (§3.1.1, §3.1.2, §3.2.1, §3.2.2, §3.3.1, §3.3.2).
    pub(crate) const fn typ(self, material: Material) -> &'static str {
        match (self, material) {
            (Self::Credential, Material::Jose) => "vc+jwt",
            (Self::Presentation, Material::Jose) => "vp+jwt",
            (Self::Credential, Material::SdJwt) => "vc+sd-jwt",
            (Self::Presentation, Material::SdJwt) => "vp+sd-jwt",
            (Self::Credential, Material::Cose) => "vc+cose",
            (Self::Presentation, Material::Cose) => "vp+cose",
        }
    }

    /// Returns the one content type that a header may name.
    const fn content_type(self) -> &'static str {
        match self {
            Self::Credential => "vc",
            Self::Presentation => "vp",
        }
    }
}

impl Material {
    /// Returns what `bytes` are made of.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match Serialization::of(bytes) {
            Serialization::Cose => Self::Cose,
            Serialization::SdJwt => Self::SdJwt,
            Serialization::Jose | Serialization::Json | Serialization::Sealed => Self::Jose,
        }
    }
}

/// An unverified document in its envelope.
#[derive(Clone, Debug)]
pub struct Envelope {
    content: Content,
    form: Box<Form>,
}

#[derive(Clone, Debug)]
enum Form {
    Jose { text: String, signing_input: usize, header: Header, payload: Vec<u8>, signature: Signature },
    SdJwt(SdJwt),
    Cose(cose::Sign1),
}

impl Envelope {
    /// Reads an envelope of at most `max_bytes` with the `typ` of `content`, and its content type or none.
    pub fn parse(bytes: &[u8], content: Content, max_bytes: usize) -> Result<Self, Malformed> {
        if bytes.len() > max_bytes {
            return Err(Malformed::TooLarge);
        }
        let text = || core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization);
        match Material::of(bytes) {
            Material::Cose => {
                return Self::of_cose(cose::Sign1::parse(bytes)?, content);
            }
            Material::SdJwt => return Self::of_sd_jwt(SdJwt::parse(text()?)?, content),
            Material::Jose => {}
        }
        let text = text()?;
        let (header, payload, signature) = Jws::parse(text, max_bytes)?.into_parts();
        require_types(header.typ.as_deref(), header.content_type.as_deref(), content, Material::Jose)?;
        let signing_input = text.rfind('.').unwrap_or(text.len());
        Ok(Self { content, form: Box::new(Form::Jose { text: text.into(), signing_input, header, payload, signature }) })
    }

    /// Reads an SD-JWT as an envelope.
    pub(crate) fn of_sd_jwt(sd_jwt: SdJwt, content: Content) -> Result<Self, Malformed> {
        require_types(sd_jwt.header().typ.as_deref(), sd_jwt.header().content_type.as_deref(), content, Material::SdJwt)?;
        Ok(Self { content, form: Box::new(Form::SdJwt(sd_jwt)) })
    }

    /// Reads a COSE_Sign1 as an envelope.
    pub(crate) fn of_cose(message: cose::Sign1, content: Content) -> Result<Self, Malformed> {
        require_types(message.typ.as_deref(), message.content_type.as_deref(), content, Material::Cose)?;
        Ok(Self { content, form: Box::new(Form::Cose(message)) })
    }

    /// Signs a document of any type under `key_id`, with what it says in the open, as a JWS or in COSE. In an SD-JWT
    /// the claims at `conceal` are behind disclosures; other envelopes have none, and then `conceal` must be empty.
    pub fn seal(
        document: Object<'static>,
        content: Content,
        material: Material,
        key_id: &str,
        conceal: &[ClaimPath],
        signer: &dyn Signer,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, IssueError> {
        if material == Material::SdJwt {
            let mut draft = Draft::new(document, rng);
            for path in conceal {
                draft.conceal(path).ok_or(Malformed::OutOfRange("path"))?;
            }
            return Ok(draft.sign_with_header(&header(content, material, key_id), signer)?.into_bytes());
        }
        if !conceal.is_empty() {
            return Err(Malformed::NotSelective.into());
        }
        Ok(Self::sign(document, &RegisteredClaims::default(), content, material, key_id, signer)?)
    }

    /// Signs `document` under `key_id`, with `claims` next to it; nothing in it can be withheld.
    pub(crate) fn sign(
        document: Object<'_>,
        claims: &RegisteredClaims,
        content: Content,
        material: Material,
        key_id: &str,
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, SignError> {
        match material {
            Material::Jose | Material::SdJwt => {
                let payload = json::to_string(&Value::Object(claims.put(document)));
                let mut text = jws::sign_with_header(&header(content, material, key_id), payload.as_bytes(), signer)?;
                if material == Material::SdJwt {
                    text.push('~');
                }
                Ok(text.into_bytes())
            }
            Material::Cose => {
                let payload = json::to_string(&Value::Object(document));
                let types = cose::Types { typ: content.typ(material), content_type: content.content_type() };
                cose::sign(payload.as_bytes(), types, key_id, claims, signer)
            }
        }
    }

    /// Returns its kind.
    pub fn material(&self) -> Material {
        match &*self.form {
            Form::Jose { .. } => Material::Jose,
            Form::SdJwt(_) => Material::SdJwt,
            Form::Cose(_) => Material::Cose,
        }
    }

    /// Returns the bytes as they were read.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &*self.form {
            Form::Jose { text, .. } => text.as_bytes(),
            Form::SdJwt(sd_jwt) => sd_jwt.as_str().as_bytes(),
            Form::Cose(message) => message.as_bytes(),
        }
    }

    /// Returns the SD-JWT, where it is one.
    pub(crate) fn sd_jwt(&self) -> Option<&SdJwt> {
        if let Form::SdJwt(sd_jwt) = &*self.form { Some(sd_jwt) } else { None }
    }

    /// Returns the header's `kid`. Unverified: use it only to look up the key.
    pub(crate) fn key_id(&self) -> Option<&str> {
        match &*self.form {
            Form::Jose { header, .. } => header.key_id.as_deref(),
            Form::SdJwt(sd_jwt) => sd_jwt.header().key_id.as_deref(),
            Form::Cose(message) => message.key_id.as_deref(),
        }
    }

    /// Returns the document with what is disclosed in its place (RFC 9901 §7.1 steps 3 to 5), and with the claims that a JWT
    /// carries in it. Its signature is not checked. A JWS or COSE is read within `limits`.
    pub(crate) fn document(&self, limits: Limits) -> Result<Object<'_>, Malformed> {
        let payload = match &*self.form {
            Form::Jose { payload, .. } => payload,
            Form::SdJwt(sd_jwt) => return Ok(sd_jwt.disclose(sd_jwt.payload()?)?.into_claims()),
            Form::Cose(message) => &message.payload,
        };
        match json::parse(payload, limits)? {
            Value::Object(object) => Ok(object),
            _ => Err(Malformed::Serialization),
        }
    }

    /// Checks the signature, that the key signs with the algorithm of the header, and the media type.
    pub(crate) fn verify(&self, key: &PublicKey) -> Result<(), InvalidProof> {
        match &*self.form {
            Form::Jose { text, signing_input, header, signature, .. } => {
                header.check(key, self.content.typ(Material::Jose), &text[..*signing_input], signature)
            }
            Form::SdJwt(sd_jwt) => sd_jwt.check(key, self.content.typ(Material::SdJwt)),
            Form::Cose(message) => message.verify(key),
        }
    }

    /// Checks the signature and returns the document, without the claims that a JWT carries in it: what they repeat must agree with it
    /// (§3.1.3). Dates are not looked at.
    pub fn open(&self, key: &PublicKey, limits: Limits) -> Result<Object<'_>, VerifyError> {
        self.verify(key)?;
        let mut document = self.document(limits)?;
        self.claims(&mut document)?;
        Ok(document)
    }

    /// Returns the claims next to `document`: taken out of it in a JWS (§3.1.3), from the protected header in COSE. A claim
    /// that repeats the document must agree with it.
    pub(crate) fn claims(&self, document: &mut Object<'_>) -> Result<RegisteredClaims, Malformed> {
        match &*self.form {
            Form::Jose { .. } | Form::SdJwt(_) => claims::take(document, self.content),
            Form::Cose(message) => {
                claims::require_agreement(&message.claims, document, self.content)?;
                Ok(message.claims.clone())
            }
        }
    }

    /// Returns the key id, a relative DID URL in it resolved against `issuer`. Unverified.
    pub(crate) fn key_id_under(&self, issuer: &str) -> Option<String> {
        self.key_id().map(|kid| did::absolute(kid, issuer))
    }
}

/// Returns the JOSE header of an envelope.
pub(crate) fn header(content: Content, material: Material, key_id: &str) -> Object<'static> {
    Object::new().with("typ", content.typ(material)).with("cty", content.content_type()).with("kid", key_id.to_owned())
}

/// Checks the media types that a header names, pinned (RFC 8725 §3.11).
fn require_types(typ: Option<&str>, content_type: Option<&str>, content: Content, material: Material) -> Result<(), Malformed> {
    if typ != Some(content.typ(material)) {
        return Err(Malformed::OutOfRange("typ"));
    }
    if content_type.is_some_and(|found| found != content.content_type()) {
        return Err(Malformed::OutOfRange("cty"));
    }
    Ok(())
}
