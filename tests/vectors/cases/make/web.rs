//! An issuer that is a `did:web`: its keys are in the bundle, taken from its document by the office that believes it.

use super::{Arrival, Case, Maker};
use crate::world::{DAY, ENTRIES, TestKey, TestRng, World, at};
use waypass_credential::role::StatusReference;
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{Authority, KeyRecord, KeyState, KeyUse, ListKind, StatusUri};
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken, TokenForm};

const DID: &str = "did:web:harbour.example:staff";
const LIST: &str = "https://harbour.example/lists/1";

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("did-web-issuer", "The issuer is a did:web whose key the bundle has.", Format::DataIntegrity, "key-1", KeyState::Active),
        case("did-web-issuer-sd-jwt", "The same in an SD-JWT VC.", Format::SdJwtVc, "key-1", KeyState::Active),
        case(
            "did-web-issuer-newer-key",
            "The issuer has a newer key in its document; the bundle does not have it yet, and a gate asks nobody.",
            Format::DataIntegrity,
            "key-2",
            KeyState::Active,
        ),
        case(
            "did-web-issuer-stolen-key",
            "The document may still name the key: the bundle says that it was stolen.",
            Format::DataIntegrity,
            "key-1",
            KeyState::Compromised,
        ),
    ]
}

/// A nurse's credential under the method `fragment`, at a gate whose bundle has `key-1` in this state.
fn case(name: &'static str, says: &'static str, format: Format, fragment: &str, state: KeyState) -> Case {
    let mut maker = Maker::new(name, says);
    let (key, lists) = (TestKey::ed25519("harbour"), TestKey::ed25519("harbour's lists"));
    let mut targets = maker.world.targets(1, at(0));
    targets.authorities.push(Authority {
        name: "Harbour".into(),
        keys: vec![
            KeyRecord { kid: format!("{DID}#key-1"), state, ..World::record(&key, DID, KeyUse::Credential) },
            KeyRecord { kid: format!("{DID}#lists"), ..World::record(&lists, DID, KeyUse::Status) },
        ],
        types: targets.authorities[0].types.clone(),
        roles: vec!["nurse".into(), "staff".into()],
        sites: vec!["clinic-north".into()],
        max_validity_seconds: 366 * DAY.unsigned_abs(),
        status_uris: vec![StatusUri { uri: LIST.into(), max_entries: ENTRIES, bits: 2, irrevocable: false, kind: ListKind::Token }],
    });
    let token = StatusListToken { uri: LIST.into(), issued_at: at(0), expires_at: Some(at(30 * DAY)), ttl_seconds: None };
    let token = token.sign(&StatusListBuf::new(Bits::Two, ENTRIES), TokenForm::Jwt, &format!("{DID}#lists"), &lists).expect("a list");
    let bundle = maker.world.bundle(1, &targets, vec![maker.world.list(at(0), 30 * DAY, &[]), token]);
    maker = maker.install(&bundle, Arrival::Taken);
    let mut claims = World::nurse(&key, &maker.world.holder, format);
    claims.issuer = DID.into();
    claims.key_id = Some(format!("{DID}#{fragment}"));
    claims.status = vec![StatusReference::token(LIST, 7)];
    let credential = Credential::issue(&claims, format, &key, &mut TestRng::new(name)).expect("a credential");
    let (level, reasons): (_, &[_]) = match (fragment, state) {
        ("key-1", KeyState::Active) => ("green", &["ok"]),
        ("key-1", _) => ("red", &["key_compromised"]),
        _ => ("red", &["untrusted_issuer"]),
    };
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder);
    maker.present(answer, level, reasons).done()
}
