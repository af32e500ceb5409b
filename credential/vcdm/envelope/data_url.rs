//! A credential or presentation in its envelope as a data URL (VCDM 2.0 §4.13.1 and §4.13.2, RFC 2397), which is how JSON holds it.

use super::{Content, Envelope, Material};
use crate::format::MAX_BYTES;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::vcdm::member::only;
use alloc::{borrow::Cow, string::String, vec::Vec};
use base64_simd::{STANDARD, STANDARD_NO_PAD};
use waypass_schemas::contexts;

/// The members of an enveloped document.
const MEMBERS: [&str; 3] = ["@context", "id", "type"];
/// Most credentials in one presentation: each has a signature to check (threats.md A12).
const MAX_CREDENTIALS: usize = 16;

/// Returns the enveloped credential that holds a credential in its envelope.
pub(crate) fn write(material: Material, bytes: &[u8]) -> Object<'static> {
    let mut url = prefix(Content::Credential, material);
    match material {
        Material::Cose => {
            STANDARD.encode_append(bytes, &mut url);
        }
        Material::Jose | Material::SdJwt => url.push_str(&String::from_utf8_lossy(bytes)),
    }
    let context = Value::from_iter([contexts::CREDENTIALS_V2.id]);
    Object::new().with("@context", context).with("id", url).with("type", type_of(Content::Credential))
}

/// Returns true if `object` says of itself that it is such content in an envelope.
pub(crate) fn is_enveloped(object: &Object<'_>, content: Content) -> bool {
    let types = object.member("type").map(Value::one_or_more);
    types.unwrap_or_default().iter().any(|kind| kind.as_str() == Some(type_of(content)))
}

/// Returns the content of an enveloped document, and the format that its URL names.
pub(crate) fn read<'v>(enveloped: &'v Object<'_>, content: Content) -> Result<(Material, Cow<'v, [u8]>), Malformed> {
    if let Some((name, _)) = enveloped.iter().find(|(name, _)| !MEMBERS.contains(name)) {
        return Err(Malformed::member(name));
    }
    // Contexts after the base one add names, and there is no other member that could have one of them.
    let [base, further @ ..] = enveloped.member("@context").ok_or(Malformed::Missing("@context"))?.one_or_more() else {
        return Err(Malformed::Context);
    };
    if base.as_str() != Some(contexts::CREDENTIALS_V2.id) || further.iter().any(|context| context.as_str().is_none()) {
        return Err(Malformed::Context);
    }
    if only(enveloped, "type")?.as_str() != Some(type_of(content)) {
        return Err(Malformed::OutOfRange("type"));
    }
    let url = enveloped.text("id").ok_or(Malformed::Missing("id"))?;
    let found = [Material::Jose, Material::SdJwt, Material::Cose]
        .into_iter()
        .find_map(|material| Some((material, url.strip_prefix(prefix(content, material).as_str())?)));
    let (material, text) = found.ok_or(Malformed::OutOfRange("id"))?;
    let bytes = match material {
        Material::Jose | Material::SdJwt => Cow::Borrowed(text.as_bytes()),
        Material::Cose => {
            // The W3C suite's own leave the padding out.
            let bytes = STANDARD.decode_to_vec(text).or_else(|_| STANDARD_NO_PAD.decode_to_vec(text));
            Cow::Owned(bytes.map_err(|_| Malformed::Serialization)?)
        }
    };
    // The media type in the URL must match the bytes.
    if Material::of(&bytes) == material { Ok((material, bytes)) } else { Err(Malformed::OutOfRange("id")) }
}

const fn type_of(content: Content) -> &'static str {
    match content {
        Content::Credential => "EnvelopedVerifiableCredential",
        Content::Presentation => "EnvelopedVerifiablePresentation",
    }
}

/// Returns how the URL begins. A compact JWS and an SD-JWT need no escapes, COSE is in base64 (Securing Verifiable
/// Credentials using JOSE and
/// COSE §3.3.1).
fn prefix(content: Content, material: Material) -> String {
    let encoding = if material == Material::Cose { ";base64" } else { "" };
    ["data:application/", content.typ(material), encoding, ","].concat()
}

/// Returns the credentials that a presentation holds, each read by itself from its own envelope and not yet checked.
pub fn enveloped_credentials(presentation: &Object<'_>) -> Result<Vec<Result<Envelope, Malformed>>, Malformed> {
    let held = presentation.member("verifiableCredential").ok_or(Malformed::Missing("verifiableCredential"))?;
    let held = held.one_or_more();
    if held.len() > MAX_CREDENTIALS {
        return Err(Malformed::OutOfRange("verifiableCredential"));
    }
    let open = |enveloped: &Value<'_>| {
        let enveloped = enveloped.as_object().ok_or(Malformed::WrongType("verifiableCredential"))?;
        Envelope::parse(&read(enveloped, Content::Credential)?.1, Content::Credential, MAX_BYTES)
    };
    Ok(held.iter().map(open).collect())
}
