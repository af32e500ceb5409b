//! A credential in its envelope as a data URL (VCDM 2.0 §4.13.1, RFC 2397), which is how a presentation holds it.

use super::{Content, Envelope, Material};
use crate::format::data_integrity::only;
use crate::format::{MAX_BYTES, Malformed};
use crate::json::{Object, Value};
use alloc::{borrow::Cow, string::String, vec::Vec};
use base64_simd::{STANDARD, STANDARD_NO_PAD};
use waypass_schemas::contexts;

/// A compact JWS and an SD-JWT need no escapes, COSE is in base64 (Securing Verifiable Credentials using JOSE and COSE §3.3.1).
const PREFIXES: [(Material, &str); 3] = [
    (Material::Jose, "data:application/vc+jwt,"),
    (Material::SdJwt, "data:application/vc+sd-jwt,"),
    (Material::Cose, "data:application/vc+cose;base64,"),
];
/// The members of an enveloped credential.
const MEMBERS: [&str; 3] = ["@context", "id", "type"];
const TYPE: &str = "EnvelopedVerifiableCredential";
/// Most credentials in one presentation: each has a signature to check (threats.md A12).
const MAX_CREDENTIALS: usize = 16;

/// The enveloped credential that holds a credential in its envelope.
pub(in crate::format) fn write(material: Material, bytes: &[u8]) -> Object<'static> {
    let prefix = PREFIXES.iter().find(|(found, _)| *found == material).map_or("", |(_, prefix)| prefix);
    let mut url = String::from(prefix);
    match material {
        Material::Cose => {
            STANDARD.encode_append(bytes, &mut url);
        }
        Material::Jose | Material::SdJwt => url.push_str(&String::from_utf8_lossy(bytes)),
    }
    let context = Value::from_iter([contexts::CREDENTIALS_V2.id]);
    Object::new().with("@context", context).with("id", url).with("type", TYPE)
}

/// What an enveloped credential holds, and what its URL says it is made of.
pub(in crate::format) fn read<'v>(enveloped: &'v Object<'_>) -> Result<(Material, Cow<'v, [u8]>), Malformed> {
    if enveloped.iter().any(|(name, _)| !MEMBERS.contains(&name)) {
        return Err(Malformed::UndefinedTerm);
    }
    if only(enveloped, "@context")?.as_str() != Some(contexts::CREDENTIALS_V2.id) {
        return Err(Malformed::Context);
    }
    if only(enveloped, "type")?.as_str() != Some(TYPE) {
        return Err(Malformed::OutOfRange("type"));
    }
    let url = enveloped.text("id").ok_or(Malformed::Missing("id"))?;
    let (material, text) =
        PREFIXES.iter().find_map(|(material, prefix)| Some((*material, url.strip_prefix(prefix)?))).ok_or(Malformed::OutOfRange("id"))?;
    let bytes = match material {
        Material::Jose | Material::SdJwt => Cow::Borrowed(text.as_bytes()),
        Material::Cose => {
            // The W3C suite's own leave the padding out.
            let bytes = STANDARD.decode_to_vec(text).or_else(|_| STANDARD_NO_PAD.decode_to_vec(text));
            Cow::Owned(bytes.map_err(|_| Malformed::Serialization)?)
        }
    };
    // What the URL calls it is what it is.
    if Material::of(&bytes) == material { Ok((material, bytes)) } else { Err(Malformed::OutOfRange("id")) }
}

/// The credentials that a presentation holds, each read by itself from its own envelope and not yet checked.
pub fn enveloped_credentials(presentation: &Object<'_>) -> Result<Vec<Result<Envelope, Malformed>>, Malformed> {
    let held = presentation.member("verifiableCredential").ok_or(Malformed::Missing("verifiableCredential"))?;
    let held = match held {
        Value::Array(items) if items.len() <= MAX_CREDENTIALS => items.as_slice(),
        Value::Array(_) => return Err(Malformed::OutOfRange("verifiableCredential")),
        one => core::slice::from_ref(one),
    };
    let open = |enveloped: &Value<'_>| {
        let enveloped = enveloped.as_object().ok_or(Malformed::WrongType("verifiableCredential"))?;
        Envelope::parse(&read(enveloped)?.1, Content::Credential, MAX_BYTES)
    };
    Ok(held.iter().map(open).collect())
}
