//! The file that travels on a stick or by mail: to a device a bundle and receipts, from it audit uploads.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use waypass_credential::json::{self, JsonError, Limits, Object, Value};

use crate::bundle::MAX_BUNDLE;

const SCHEMA: &str = "waypass.parcel/1";
const BUNDLE_SCHEMA: &str = "waypass.bundle/1";
/// A bundle and as many bytes of uploads or receipts.
pub const MAX_PARCEL: usize = 2 * MAX_BUNDLE;
const LIMITS: Limits = Limits { bytes: MAX_PARCEL, ..Limits::BUNDLE };
/// Uploads or receipts in one parcel.
const MAX_ITEMS: usize = 4096;

/// A file for carrying between a server and a device; every part is signed in itself, the parcel is not.
///
/// `{"schema":"waypass.parcel/1","bundle":{..}?,"uploads":[{..}..]?,"receipts":["jws"..]?}`. A bare trust bundle is a parcel
/// with nothing else in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parcel {
    /// A trust bundle file.
    pub bundle: Option<Vec<u8>>,
    /// Audit uploads, in the order in which they must be taken.
    pub uploads: Vec<Vec<u8>>,
    /// Receipts for audit uploads.
    pub receipts: Vec<String>,
}

/// Why a file is not a parcel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadParcel {
    /// Not JSON, or beyond the limits.
    Json(JsonError),
    /// A schema other than a parcel's or a bundle's.
    Schema,
    /// This member is not as it must be, or there is no such member.
    Member,
}

impl fmt::Display for BadParcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => why.fmt(f),
            Self::Schema => f.write_str("neither a parcel nor a trust bundle"),
            Self::Member => f.write_str("the parcel has a member that is not as it must be"),
        }
    }
}

impl core::error::Error for BadParcel {}

impl Parcel {
    /// Reads untrusted bytes; what is inside is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadParcel> {
        let document = json::parse(bytes, LIMITS).map_err(BadParcel::Json)?;
        let document = document.as_object().ok_or(BadParcel::Schema)?;
        match document.text("schema") {
            Some(BUNDLE_SCHEMA) => return Ok(Self { bundle: Some(bytes.to_owned()), ..Self::default() }),
            Some(SCHEMA) => {}
            _ => return Err(BadParcel::Schema),
        }
        let mut parcel = Self::default();
        for (name, value) in document.iter() {
            match name {
                "schema" => {}
                "bundle" if value.as_object().is_some() => parcel.bundle = Some(json::to_string(value).into_bytes()),
                "uploads" => {
                    let uploads = bounded(value)?.iter();
                    let texts = uploads.map(|upload| upload.as_object().map(|_| json::to_string(upload).into_bytes()));
                    parcel.uploads = texts.collect::<Option<_>>().ok_or(BadParcel::Member)?;
                }
                "receipts" => {
                    let texts = bounded(value)?.iter().map(|receipt| receipt.as_str().map(ToOwned::to_owned));
                    parcel.receipts = texts.collect::<Option<_>>().ok_or(BadParcel::Member)?;
                }
                _ => return Err(BadParcel::Member),
            }
        }
        Ok(parcel)
    }

    /// Returns the file; fails where a bundle or upload is not the JSON object it must be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BadParcel> {
        let mut document = Object::new().with("schema", SCHEMA);
        if let Some(bundle) = &self.bundle {
            document.set("bundle", json::parse(bundle, LIMITS).map_err(BadParcel::Json)?);
        }
        if !self.uploads.is_empty() {
            let uploads = self.uploads.iter().map(|upload| json::parse(upload, LIMITS));
            document.set("uploads", Value::Array(uploads.collect::<Result<_, _>>().map_err(BadParcel::Json)?));
        }
        if !self.receipts.is_empty() {
            document.set("receipts", self.receipts.iter().map(String::as_str).collect::<Value<'_>>());
        }
        Ok(json::to_string(&Value::Object(document)).into_bytes())
    }
}

fn bounded<'v, 'a>(value: &'v Value<'a>) -> Result<&'v [Value<'a>], BadParcel> {
    value.as_array().filter(|items| items.len() <= MAX_ITEMS).ok_or(BadParcel::Member)
}

#[cfg(test)]
mod tests {
    use super::{BadParcel, Parcel};
    use alloc::{borrow::ToOwned, vec, vec::Vec};
    use proptest::prelude::*;

    #[test]
    fn carries_what_was_put_in() {
        let parcel = Parcel {
            bundle: Some(br#"{"schema":"waypass.bundle/1","root":[]}"#.to_vec()),
            uploads: vec![br#"{"schema":"waypass.audit/1"}"#.to_vec()],
            receipts: vec!["a.b.c".to_owned()],
        };
        assert_eq!(Parcel::parse(&parcel.to_bytes().expect("JSON inside")), Ok(parcel));
    }

    #[test]
    fn a_bare_bundle_is_a_parcel() {
        let bundle = br#"{ "schema": "waypass.bundle/1", "root": [] }"#;
        assert_eq!(Parcel::parse(bundle).expect("a bundle").bundle.as_deref(), Some(&bundle[..]));
    }

    #[test]
    fn strangers_are_refused() {
        for bad in [r#"{"schema":"waypass.parcel/2"}"#, "{}", "[]"] {
            assert_eq!(Parcel::parse(bad.as_bytes()), Err(BadParcel::Schema), "{bad}");
        }
        for bad in [r#""more":1"#, r#""bundle":[]"#, r#""uploads":{}"#, r#""uploads":["x"]"#, r#""receipts":[1]"#] {
            let text = alloc::format!(r#"{{"schema":"waypass.parcel/1",{bad}}}"#);
            assert_eq!(Parcel::parse(text.as_bytes()), Err(BadParcel::Member), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = Parcel::parse(&bytes);
        }
    }
}
