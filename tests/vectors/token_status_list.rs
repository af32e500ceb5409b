//! Token Status List (draft-ietf-oauth-status-list): the encodings and the JWT of the draft.

use super::suite::{Suite, hex, run, text};
use crate::status::{Bits, HARD_CAP, ListError, StatusListBuf, StatusListToken, TokenForm, VerifiedList};
use ed25519_dalek::Signer as _;
use serde_json::Value;
use std::prelude::rust_2024::*;
use std::{format, vec};
use waypass_credential::{
    base64url, json,
    key::{PublicKey, SignError, Signature, Signer},
    time::Timestamp,
};

#[test]
fn token_status_list() {
    run("token-status-list", "token-status-list", |suite| {
        for file in suite.names("") {
            match file.as_str() {
                "status-list-token.jwt.txt" => jwt(suite, &file),
                "status-list-token.cwt.hex.txt" => cwt(suite, &file),
                _ => encoding(suite, &file),
            }
        }
    });
}

/// The vectors hold compressed lists outside any token, and a list is read from a verified token only: sign one around it.
struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Key {
    fn new() -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a key");
        Self(secret, public)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn read(status_list: &Value, max_bytes: usize) -> Result<VerifiedList, ListError> {
    let key = Key::new();
    let payload = serde_json::json!({ "sub": "https://example.com/statuslists/1", "iat": 1, "status_list": status_list });
    let text = waypass_credential::jws::sign("statuslist+jwt", None, payload.to_string().as_bytes(), &key).expect("signs");
    StatusListToken::verify(&text, key.public_key(), max_bytes)
}

fn encoding(suite: &mut Suite, file: &str) {
    let vector = suite.json(file);
    let bits = Bits::new(u8::try_from(vector["bits"].as_u64().expect("bits")).expect("small")).expect("known bits");
    let list = read(&vector["json"], HARD_CAP).expect("reads");
    if let Some(bytes) = vector["byte_array_hex"].as_str() {
        suite.equal(format!("{file}: bytes"), list.list().as_bytes().to_vec(), hex(bytes));
        suite.equal(format!("{file}: one byte less"), read(&vector["json"], hex(bytes).len() - 1), Err(ListError::TooLarge));
        // The CBOR form ends in the compressed list, which is the same list.
        let compressed = base64url::decode(text(&vector["json"]["lst"])).expect("base64url");
        suite.case(format!("{file}: same in CBOR"), hex(text(&vector["cbor_hex"])).ends_with(&compressed));
        return;
    }
    let entries = vector["size_entries"].as_u64().expect("a size");
    let statuses = vector["statuses"].as_object().expect("statuses");
    suite.equal(format!("{file}: size"), list.list().len(), entries);
    let mut written = StatusListBuf::new(bits, entries);
    for (index, value) in statuses {
        let (index, value) = (index.parse().expect("an index"), u8::try_from(value.as_u64().expect("a value")).expect("small"));
        suite.equal(format!("{file}: entry {index}"), list.list().get(index), Some(value));
        written.set(index, value).expect("fits");
    }
    // Every entry that is not named is zero.
    suite.case(format!("{file}: whole list"), written.as_list().as_bytes() == list.list().as_bytes());
    suite.equal(format!("{file}: outside"), list.list().get(entries), None);
    let token = StatusListToken { uri: "u".into(), issued_at: second(1), expires_at: None, ttl_seconds: None };
    let again = token.sign(&written, TokenForm::Cwt, "k", &Key::new()).expect("signs");
    let again = StatusListToken::verify(&again, Key::new().public_key(), HARD_CAP).expect("verifies");
    suite.case(format!("{file}: written and read"), again.list().as_bytes() == list.list().as_bytes());
}

fn jwt(suite: &mut Suite, file: &str) {
    let text = suite.text(file);
    example(suite, file, &text, &text.replacen("eyJleHAi", "eyJleHAj", 1));
}

fn cwt(suite: &mut Suite, file: &str) {
    let bytes = hex(suite.text(file).trim());
    let mut altered = bytes.clone();
    let at = altered.len() - 70;
    altered[at] ^= 1;
    example(suite, file, &base64url::encode(&bytes), &base64url::encode(&altered));
}

/// Reads the token of the draft, which says the same in both forms.
fn example(suite: &mut Suite, file: &str, text: &str, altered: &str) {
    // The public half of the example key "12" that the draft's repository signs its examples with (src/util.py).
    let jwk = br#"{"kty":"EC","crv":"P-256","x":"I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo","y":"6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M"}"#;
    let key = PublicKey::from_jwk(&json::parse(jwk, json::Limits::CREDENTIAL).expect("JSON")).expect("a key");
    let verified = StatusListToken::verify(text, &key, 2).expect("verifies");
    let expected = StatusListToken {
        uri: "https://example.com/statuslists/1".into(),
        issued_at: second(1_686_920_170),
        expires_at: Some(second(2_291_720_170)),
        ttl_seconds: Some(43_200),
    };
    suite.equal(format!("{file}: claims"), verified.token.clone(), expected);
    suite.equal(format!("{file}: list"), verified.list().as_bytes().to_vec(), vec![0xb9, 0xa3]);
    suite.equal(format!("{file}: one byte less"), StatusListToken::verify(text, &key, 1), Err(ListError::TooLarge));
    suite.equal(format!("{file}: another key"), StatusListToken::verify(text, Key::new().public_key(), 2), Err(ListError::InvalidProof));
    suite.equal(format!("{file}: altered"), StatusListToken::verify(altered, &key, 2), Err(ListError::InvalidProof));
}

fn second(unix: i64) -> Timestamp {
    Timestamp::from_unix(unix).expect("in range")
}
