//! Small readers: JSON, CBOR, texts that people type.

use crate::guard::{require, violation};
use crate::setting::{good_presentation, setting};
use crate::world::{TestRng, at};
use std::hint::black_box;
use waypass_credential::cbor::Reader;
use waypass_credential::jcs;
use waypass_credential::json::{self, JsonError, Limits};
use waypass_credential::time::Timestamp;
use waypass_credential::{Nonce, base64url, hex, jsonld};
use waypass_issuer::settings::Settings;
use waypass_trust::audit::Entry;
use waypass_trust::bundle::Floor;
use waypass_trust::time::TimeState;
use waypass_vault::RecoveryCode;
use waypass_verifier::{Challenge, DeviceState};

/// We read what serde_json reads, within our limits; writing and reading again changes nothing; JCS is idempotent.
pub(super) fn json(data: &[u8]) {
    let theirs = serde_json::from_slice::<serde_json::Value>(data);
    for limits in [Limits::CREDENTIAL, Limits::BUNDLE] {
        match json::parse(data, limits) {
            Ok(value) => {
                require(
                    theirs.is_ok() || data.starts_with(waypass_credential::fuzzing::BYTE_ORDER_MARK),
                    "we read what serde_json does not",
                );
                let written = json::to_string(&value);
                let again = json::parse(written.as_bytes(), Limits::BUNDLE);
                require(again.as_ref() == Ok(&value), "a value is another one when written again");
                let canonical = jcs::to_vec(&value);
                let again = json::parse(&canonical, Limits::BUNDLE).map(|again| jcs::to_vec(&again));
                if again.as_ref() != Ok(&canonical) {
                    violation("JCS is not idempotent", &String::from_utf8_lossy(&canonical));
                }
            }
            Err(JsonError::Syntax) => require(theirs.is_err(), "serde_json reads what we call a syntax error"),
            Err(_) => {}
        }
    }
}

/// A first byte chooses the record; what is read has one spelling.
pub(super) fn cbor(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let again = match kind {
        b'0' => {
            let state = DeviceState::from_bytes(bytes).ok();
            if let Some(state) = &state {
                decide_with(state.clone());
            }
            state.map(|state| state.to_bytes())
        }
        b'1' => Entry::from_bytes(bytes).ok().map(|entry| {
            black_box(entry.leaf().is_ok());
            entry.to_bytes()
        }),
        b'2' => waypass_trust::fuzzing::leaf(bytes),
        b'3' => {
            challenge(bytes);
            None
        }
        b'4' => TimeState::from_bytes(bytes).ok().map(|state| state.to_bytes()),
        b'5' => waypass_credential::fuzzing::envelope(bytes),
        b'6' => Floor::from_bytes(bytes).ok().map(|floor| floor.to_bytes()),
        _ => {
            items(bytes);
            None
        }
    };
    if again.as_ref().is_some_and(|again| again != bytes) {
        violation(&format!("record {} has two spellings", char::from(*kind)), &format!("{again:02x?}"));
    }
}

/// The question in a challenge is JSON, read as loosely as a stranger's. Written once, it has one spelling.
fn challenge(bytes: &[u8]) {
    let Ok(read) = Challenge::from_bytes(bytes) else { return };
    let written = read.to_bytes();
    let again = Challenge::from_bytes(&written).map(|again| again.to_bytes());
    require(again.as_ref() == Ok(&written), "a challenge is another one when written again");
}

/// A gate that remembers anything still decides.
fn decide_with(state: DeviceState) {
    let (mut checkpoint, moment) = setting().checkpoint(state);
    let (decision, commit) = checkpoint.step(good_presentation(), setting().asked(), &moment, &mut TestRng::new("salt"));
    require(!decision.reasons.is_empty(), "an answer without a reason");
    black_box((commit.state_bytes().len(), commit.entry().to_bytes().len()));
    checkpoint.committed(commit);
}

/// Reads items whose kinds the bytes themselves choose.
fn items(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    for kind in bytes.iter().take(64) {
        match kind % 6 {
            0 => drop(black_box(reader.unsigned())),
            1 => drop(black_box(reader.signed())),
            2 => drop(black_box(reader.bytes())),
            3 => drop(black_box(reader.text())),
            4 => drop(black_box(reader.array())),
            _ => drop(black_box(reader.bool())),
        }
    }
}

/// Texts with one spelling each.
pub(super) fn text(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    if let Some(time) = Timestamp::parse_rfc3339(text) {
        require(Timestamp::parse_rfc3339(&time.to_rfc3339()) == Some(time), "a time is another one when written again");
        black_box((time.plus(i64::MAX / 4), time.since(at(0))));
    }
    if let Ok(code) = RecoveryCode::parse(text) {
        require(RecoveryCode::parse(code.printed().as_str()).is_ok(), "a recovery code cannot be read as it is printed");
    }
    require(Nonce::parse(text).ok().is_none_or(|nonce| nonce.to_text() == text), "a nonce has two spellings");
    require(base64url::decode(text).ok().is_none_or(|bytes| base64url::encode(&bytes) == text), "base64url has two spellings");
    require(hex::decode::<16>(text).is_none_or(|bytes| hex::encode(&bytes) == text), "hexadecimal has two spellings");
    require(!jsonld::is_iri(text) || text.contains(':'), "an IRI without a scheme");
    black_box((
        waypass_trust::fuzzing::event(text),
        Settings::new("x", text).check().is_ok(),
        Settings::new(text, "https://x.example").check().is_ok(),
    ));
}
