//! DIDs, their documents, and keys.

use super::text;
use crate::guard::{require, violation};
use crate::world::at;
use std::hint::black_box;
use waypass_credential::did::resolution::Resolution;
use waypass_credential::did::{self as dids, DidDocument, Purpose, WebDid};
use waypass_credential::fuzzing;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::key::PublicKey;
use waypass_issuer::authorities;

/// A key is the same by every name it has, and a document's address leads nowhere else.
pub(super) fn did(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(key) = dids::resolve(text) {
        for name in [dids::to_did_key(&key), dids::key_id(&key)] {
            require(dids::resolve(&name).is_ok_and(|again| again == key), "a key's name leads to another key");
        }
    }
    if let Ok(web) = WebDid::parse(text) {
        let url = web.document_url();
        let scheme = url.starts_with("https://") || url.starts_with("http://");
        if !scheme || url.contains("/../") || url.contains(['\\', '@']) {
            violation("a document's address leads elsewhere", &url);
        }
    }
    black_box(Resolution::of(text, None, |_| None).to_json());
    if let Ok(key) = PublicKey::from_multikey(text) {
        require(key.to_multikey() == text, "a multikey has two spellings");
        require(PublicKey::from_jwk(&Value::Object(key.to_jwk())).is_ok_and(|again| again == key), "another key as JWK");
    }
    require(fuzzing::multikey(text).is_none_or(|again| again == text), "a multikey has two spellings");
    if let Ok(value) = json::parse(data, Limits::CREDENTIAL) {
        black_box(fuzzing::is_jwk(&value));
        if let Ok(key) = PublicKey::from_jwk(&value) {
            require(PublicKey::from_multikey(&key.to_multikey()).is_ok_and(|again| again == key), "another key as multikey");
        }
    }
}

/// A document answers for one key as it does for all, and an authority is read with it.
pub(super) fn document(data: &[u8]) {
    let named = json::parse(data, Limits::CREDENTIAL).ok().and_then(|value| Some(value.member("id")?.as_str()?.to_owned()));
    let id = named.unwrap_or_else(|| "did:web:x.example".to_owned());
    if let Ok(document) = DidDocument::parse(data, &id) {
        for purpose in [Purpose::AssertionMethod, Purpose::Authentication] {
            for (name, key) in document.keys(purpose, at(0)) {
                require(document.key(name, purpose, at(0)).is_ok_and(|one| one == key), "a key by its name is another one");
            }
        }
    }
    black_box(Resolution::of(&id, None, |_| Some(data)).to_json());
    let entry = br#"{"name":"x","types":["RoleCredential"],"roles":["a"],"sites":["b"],"max_validity_seconds":86400,"status_uris":[]}"#;
    black_box(authorities::read_with_document(entry, data, &id, &[], at(0)).is_ok());
}
