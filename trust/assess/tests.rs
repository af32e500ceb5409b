//! Assessments: forged pasts (threats.md A21), one issuer in another's name (A22), times, lists, clocks.

use alloc::{string::String, vec, vec::Vec};
use proptest::prelude::*;
use waypass_credential::role::StatusReference;

use super::*;
use crate::{
    bundle::{Authority, KeyUse, StaleAction, UnknownAction},
    testing::{DAY, HOUR, NOON, Site, TestKey, doubted, issue_by, moment, suspect},
    time::TOLERANCE_SECONDS,
};
use waypass_credential::data_integrity::Suite;
use waypass_credential::key::Signer;
use waypass_credential::{Format, base64url, jws};

const FORMATS: [Format; 6] = Format::ALL;

/// The codes of a refusal, or of what keeps the first role from being current; empty is green.
fn codes(credential: &Credential, bundle: &TrustBundle, at: &Moment) -> Vec<ReasonCode> {
    match assess(credential, bundle, at) {
        Err(refused) => refused.reasons.iter().map(|reason| reason.code).collect(),
        Ok(assessment) => {
            let reasons = assessment.readings().iter().flat_map(RoleReading::reasons).collect::<Vec<_>>();
            reasons.iter().chain(assessment.notes()).map(|reason| reason.code).collect()
        }
    }
}

#[test]
fn a_good_credential_is_all_it_should_be() {
    let site = Site::new();
    let bundle = site.seal();
    for format in FORMATS {
        let credential = site.issue(format, |_| ());
        let assessment = assess(&credential, &bundle, &moment(NOON.plus(HOUR))).expect("good");
        assert_eq!(assessment.role().roles, ["staff"]);
        assert_eq!(assessment.issuer(), "Town Hospital");
        assert_eq!(assessment.status(), Status::Valid);
        assert_eq!(assessment.ages(), Ages { trust: Some(HOUR), revocation: Some(HOUR), policy: Some(HOUR) });
        assert!(assessment.freshness_for("staff").is_some_and(|reading| reading.reasons().is_empty()));
        assert_eq!(assessment.freshness_for("admin"), None);
        assert_eq!(assessment.notes(), []);
    }
}

/// An SD-CWT names no issuer where that is the `did:key` of the key. A key that the bundle has for another issuer says nothing for it so.
#[test]
fn who_names_no_issuer_is_the_did_key_of_the_key_and_nobody_else() {
    let mut site = Site::new();
    let credential = site.issue(Format::SdCwt, |_| ());
    let now = moment(NOON.plus(HOUR));
    assert_eq!(codes(&credential, &site.seal(), &now), []);
    for record in site.authority().keys.iter_mut().filter(|record| record.key_use == KeyUse::Credential) {
        record.issuer = "did:web:town.example".into();
    }
    assert_eq!(codes(&credential, &site.seal(), &now), [ReasonCode::UntrustedIssuer]);
}

#[test]
fn what_is_not_genuine_is_not_believed_in_anything_else() {
    let site = Site::new();
    let bundle = site.seal();
    let thief = TestKey::new(90);
    for format in FORMATS {
        // The issuer's name and key id over a thief's signature; expired besides, which nobody may be told.
        let mut claims = site.claims(format);
        claims.valid_until = NOON.plus(1);
        let forged = match format {
            Format::SdJwtVc => issue_by(&thief, format, &claims),
            // A JWS under a thief's signature, or the bytes of a COSE_Sign1 with the signature of one.
            Format::VcCose | Format::SdCwt | Format::Card => {
                let mut bytes = issue_by(&site.issuer, format, &claims).as_bytes().to_vec();
                let signature = bytes.len() - 64;
                let forged = thief.sign(&bytes).expect("signs");
                bytes[signature..].copy_from_slice(&forged);
                Credential::parse(&bytes, &waypass_credential::jsonld::KnownContexts::new()).expect("parses")
            }
            Format::VcJwt => {
                let own = issue_by(&site.issuer, format, &claims);
                let payload = own.as_bytes().split(|byte| *byte == b'.').nth(1).expect("a payload");
                let payload = base64url::decode(payload).expect("base64url");
                let text = jws::sign("vc+jwt", Some(&site.issuer.kid()), &payload, &thief).expect("signs");
                Credential::parse(text.as_bytes(), &waypass_credential::jsonld::KnownContexts::new()).expect("parses")
            }
            Format::VcSdJwt => {
                let own = issue_by(&site.issuer, format, &claims).as_bytes().to_vec();
                let own = String::from_utf8(own).expect("text");
                let (jwt, disclosures) = own.split_once('~').expect("an SD-JWT");
                let payload = base64url::decode(jwt.split('.').nth(1).expect("a payload")).expect("base64url");
                let jwt = jws::sign("vc+sd-jwt", Some(&site.issuer.kid()), &payload, &thief).expect("signs");
                Credential::parse([&jwt, "~", disclosures].concat().as_bytes(), &waypass_credential::jsonld::KnownContexts::new())
                    .expect("parses")
            }
            Format::DataIntegrity => {
                // Ours signs under no foreign key id, so the names are changed afterwards.
                claims.issuer = thief.did();
                claims.key_id = Some(thief.kid());
                let own = String::from_utf8(issue_by(&thief, format, &claims).as_bytes().to_vec()).expect("JSON");
                let multikey = |key: &TestKey| key.public().to_multikey();
                Credential::parse(
                    own.replace(&multikey(&thief), &multikey(&site.issuer)).as_bytes(),
                    &waypass_credential::jsonld::KnownContexts::new(),
                )
                .expect("parses")
            }
        };
        let refused = assess(&forged, &bundle, &moment(NOON.plus(DAY))).expect_err("forged");
        assert_eq!(refused.reasons, [Reason::from(ReasonCode::BadSignature)]);
        assert_eq!(refused.issuer, None);
        assert_eq!(refused.ages.revocation, None);
        // In the thief's own name.
        claims.issuer = thief.did();
        claims.key_id = Some(thief.kid());
        assert_eq!(codes(&issue_by(&thief, format, &claims), &bundle, &moment(NOON)), [ReasonCode::UntrustedIssuer]);
        // With a key of the issuer that has another use.
        claims.issuer = site.status_key.did();
        claims.key_id = Some(site.status_key.kid());
        claims.valid_until = NOON.plus(DAY);
        let by_status_key = issue_by(&site.status_key, format, &claims);
        assert_eq!(codes(&by_status_key, &bundle, &moment(NOON)), [ReasonCode::IssuerNotAuthorised]);
    }
}

/// A21: what a key's state says about credentials of every date, however they were really made.
#[test]
fn forged_pasts() {
    use crate::bundle::KeyState::{Active, Compromised, Retired};
    let day = |days: i64| NOON.plus(days * DAY);
    let cases = [
        (Active, None, -400, Some(ReasonCode::IssuerNotAuthorised)),
        (Active, None, -10, None),
        (Active, None, 0, None),
        (Retired, Some(-5), -10, None),
        (Retired, Some(-5), -5, None),
        (Retired, Some(-5), -4, Some(ReasonCode::IssuerNotAuthorised)),
        (Retired, Some(-5), 0, Some(ReasonCode::IssuerNotAuthorised)),
        (Compromised, None, -400, Some(ReasonCode::KeyCompromised)),
        (Compromised, None, -10, Some(ReasonCode::KeyCompromised)),
        (Compromised, None, 0, Some(ReasonCode::KeyCompromised)),
    ];
    for (state, until, issued, expected) in cases {
        let mut site = Site::new();
        let record = &mut site.authority().keys[0];
        record.state = state;
        record.issued_until = until.map(day);
        site.authority().max_validity_seconds = 500 * DAY as u64;
        let bundle = site.seal();
        for format in FORMATS {
            let credential = site.issue(format, |claims| {
                claims.issued_at = day(issued);
                claims.valid_from = day(issued);
            });
            let codes = codes(&credential, &bundle, &moment(NOON));
            assert_eq!(codes.first(), expected.as_ref(), "{state:?} until {until:?}, dated {issued} in {format:?}");
        }
    }
}

/// A22: the hospital and the port, each only for its own.
#[test]
fn one_issuer_in_anothers_name() {
    let mut site = Site::new();
    let (port, port_status) = (TestKey::new(80), TestKey::new(81));
    let hospital = site.targets.authorities[0].clone();
    site.targets.authorities.push(Authority {
        name: "Port".into(),
        keys: vec![port.record(crate::bundle::KeyUse::Credential), port_status.record(crate::bundle::KeyUse::Status)],
        roles: vec!["docker".into()],
        sites: vec!["harbour".into()],
        max_validity_seconds: DAY as u64,
        status_uris: Vec::new(),
        ..hospital
    });
    let bundle = site.seal();
    let by_port = |format: Format, role: &str, at_site: &str, days: i64| {
        let mut claims = site.claims(format);
        claims.issuer = port.did();
        claims.key_id = Some(port.kid());
        claims.roles = vec![role.into()];
        claims.sites = vec![at_site.into()];
        claims.valid_until = NOON.plus(days * DAY);
        claims.status.clear();
        codes(&issue_by(&port, format, &claims), &bundle, &moment(NOON))
    };
    let unauthorised = [ReasonCode::IssuerNotAuthorised];
    for format in FORMATS {
        assert_eq!(by_port(format, "staff", "harbour", 1), unauthorised, "another's role");
        assert_eq!(by_port(format, "docker", "clinic", 1), unauthorised, "another's site");
        assert_eq!(by_port(format, "docker", "*", 1), unauthorised, "every site");
        assert_eq!(by_port(format, "docker", "harbour", 2), unauthorised, "too long");
        assert_eq!(by_port(format, "staff", "clinic", 2).len(), 3, "every complaint is named");
        // Its own role and site, with nothing that tells whether it was withdrawn.
        assert_eq!(by_port(format, "docker", "harbour", 1), [ReasonCode::StatusUnknown]);
        // Its own role and site, and the hospital's list.
        let mut claims = site.claims(format);
        (claims.issuer, claims.key_id) = (port.did(), Some(port.kid()));
        (claims.roles, claims.sites) = (vec!["docker".into()], vec!["harbour".into()]);
        claims.valid_until = NOON.plus(DAY);
        assert_eq!(codes(&issue_by(&port, format, &claims), &bundle, &moment(NOON)), unauthorised, "another's list");
    }
}

#[test]
fn types_and_roles_outside_the_entry_are_refused() {
    let mut site = Site::new();
    site.authority().types = vec!["https://other.example/vct".into()];
    for format in FORMATS {
        assert_eq!(codes(&site.issue(format, |_| ()), &site.seal(), &moment(NOON)), [ReasonCode::IssuerNotAuthorised]);
    }
    let site = Site::new();
    let two = site.issue(Format::DataIntegrity, |claims| claims.roles.push("director".into()));
    assert_eq!(codes(&two, &site.seal(), &moment(NOON)), [ReasonCode::IssuerNotAuthorised], "one good role does not carry another");
}

#[test]
fn an_issuer_for_every_site_may_name_any() {
    let mut site = Site::new();
    site.authority().sites = vec!["*".into()];
    for named in ["*", "clinic", "harbour"] {
        let credential = site.issue(Format::SdJwtVc, |claims| claims.sites = vec![named.into()]);
        assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), []);
    }
}

#[test]
fn a_credential_that_names_no_site_needs_an_issuer_for_every_site() {
    let mut site = Site::new();
    let nowhere = site.issue(Format::DataIntegrity, |claims| claims.sites.clear());
    assert_eq!(codes(&nowhere, &site.seal(), &moment(NOON)), [ReasonCode::IssuerNotAuthorised]);
    site.authority().sites = vec!["*".into()];
    assert_eq!(codes(&nowhere, &site.seal(), &moment(NOON)), []);
}

#[test]
fn validity_begins_two_minutes_before_and_is_over_at_its_end() {
    let site = Site::new();
    let bundle = site.seal();
    let credential = site.issue(Format::SdJwtVc, |claims| {
        claims.valid_from = NOON.plus(HOUR);
        claims.valid_until = NOON.plus(DAY);
    });
    let first = |seconds: i64| codes(&credential, &bundle, &moment(NOON.plus(seconds))).first().copied();
    assert_eq!(first(HOUR - TOLERANCE_SECONDS - 1), Some(ReasonCode::NotYetValid));
    assert_eq!(first(HOUR - TOLERANCE_SECONDS), None);
    assert_eq!(first(DAY - HOUR), None);
    assert_eq!(first(DAY - HOUR + 1), Some(ReasonCode::ExpiresSoon));
    assert_eq!(first(DAY - 1), Some(ReasonCode::ExpiresSoon));
    assert_eq!(first(DAY), Some(ReasonCode::Expired));
}

#[test]
fn a_short_visit_is_not_always_about_to_end() {
    let site = Site::new();
    let credential = site.issue(Format::SdJwtVc, |claims| claims.valid_until = NOON.plus(HOUR));
    let bundle = site.seal();
    assert_eq!(codes(&credential, &bundle, &moment(NOON)), []);
    assert_eq!(codes(&credential, &bundle, &moment(NOON.plus(HOUR * 9 / 10 + 1))), [ReasonCode::ExpiresSoon]);
}

#[test]
fn status_decides_and_all_reasons_are_given() {
    let mut site = Site::new();
    let credential = site.issue(Format::SdJwtVc, |_| ());
    site.set_status(7, 1);
    let bundle = site.seal();
    assert_eq!(codes(&credential, &bundle, &moment(NOON)), [ReasonCode::Revoked]);
    let late = assess(&credential, &bundle, &moment(NOON.plus(31 * DAY))).expect_err("revoked");
    assert_eq!(late.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>(), [ReasonCode::Expired, ReasonCode::Revoked]);
    assert_eq!(late.issuer.as_deref(), Some("Town Hospital"));
    assert_eq!(late.ages.revocation, Some(31 * DAY));
    site.set_status(7, 2);
    assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), [ReasonCode::Suspended]);
    site.set_status(7, 0);
    assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), []);
    let outside = site.issue(Format::SdJwtVc, |claims| claims.status[0].index = 64);
    assert_eq!(codes(&outside, &site.seal(), &moment(NOON)), [ReasonCode::Malformed]);
    let without = site.issue(Format::SdJwtVc, |claims| claims.status.clear());
    assert_eq!(codes(&without, &site.seal(), &moment(NOON)), [ReasonCode::StatusUnknown]);
    let elsewhere = site.issue(Format::SdJwtVc, |claims| {
        claims.status = vec![StatusReference::token("https://issuer.example/status/9", 7)];
    });
    assert_eq!(codes(&elsewhere, &site.seal(), &moment(NOON)), [ReasonCode::IssuerNotAuthorised]);
    let bare = TrustBundle::open(&site.seal().to_bytes_with_lists(|_| false), &site.pinned()).expect("opens");
    assert_eq!(codes(&credential, &bare, &moment(NOON)), [ReasonCode::StatusUnknown], "announced and not held");
}

/// A revocation list in addition to the token list: both are asked.
#[test]
fn several_status_entries_decide_together() {
    use crate::{
        bundle::{ListKind, StatusUri},
        status::bitstring::{BitstringBuf, BitstringList, MIN_ENTRIES},
    };
    use waypass_credential::role::StatusPurpose;
    use waypass_credential::vcdm::secured::Securing;

    let uri = "https://issuer.example/bits/1";
    let mut site = Site::new();
    site.authority().status_uris.push(StatusUri {
        uri: uri.into(),
        max_entries: MIN_ENTRIES,
        bits: 1,
        irrevocable: false,
        kind: ListKind::Bitstring,
    });
    let mut bits = BitstringBuf::new(1, MIN_ENTRIES).expect("a list");
    bits.set(1, 1).expect("in the list");
    let list = BitstringList {
        uri: uri.into(),
        issuer: site.status_key.did(),
        purposes: vec![StatusPurpose::Revocation, StatusPurpose::Refresh],
        messages: Vec::new(),
        issued_at: NOON.plus(-HOUR),
        expires_at: Some(NOON.plus(14 * DAY)),
        ttl_milliseconds: None,
    };
    let mut draft = site.draft();
    draft.lists.push(list.sign(&bits, Securing::DataIntegrity, &site.status_key.kid(), &site.status_key).expect("signs"));
    let bundle = draft.seal(&[&site.snapshot_key], &[&site.timestamp_key]).expect("seals");

    let at = moment(NOON);
    let with =
        |index, purpose| site.issue(Format::DataIntegrity, |claims| claims.status.push(StatusReference::bitstring(uri, index, purpose)));
    let good = with(0, StatusPurpose::Revocation);
    let assessment = assess(&good, &bundle, &at).expect("in force");
    assert_eq!(assessment.ages().revocation, Some(HOUR), "as old as the older list");
    assert_eq!(codes(&with(1, StatusPurpose::Revocation), &bundle, &at), [ReasonCode::Revoked]);
    let refresh = with(1, StatusPurpose::Refresh);
    assert!(assess(&refresh, &bundle, &at).is_ok(), "in force");
    let refused = assess(&with(1, StatusPurpose::Suspension), &bundle, &at).expect_err("not for this purpose");
    assert_eq!(refused.reasons, [Reason::new(ReasonCode::Malformed, "its list has no entry 7 or 1 for suspension")]);
    assert_eq!(codes(&with(MIN_ENTRIES, StatusPurpose::Revocation), &bundle, &at), [ReasonCode::Malformed]);
}

/// trust.md's table of default limits, at its edges.
#[test]
fn every_role_has_limits_of_its_own() {
    let site = Site::new();
    let bundle = site.seal();
    let roles: [String; 4] = ["admin".into(), "staff".into(), "visitor".into(), "medical".into()];
    let credential = site.issue(Format::DataIntegrity, |claims| claims.roles = roles.to_vec());
    let at = |hours: i64, role: &str| {
        let assessment = assess(&credential, &bundle, &moment(NOON.plus(hours * HOUR + i64::from(hours > 24)))).expect("in force");
        assessment.freshness_for(role).expect("disclosed").revocation
    };
    let stale = |freshness| match freshness {
        Freshness::Stale { action, .. } => Some(action),
        _ => None,
    };
    let gone = |freshness| match freshness {
        Freshness::TooOld { action, .. } | Freshness::Unknown { action, .. } => Some(action),
        _ => None,
    };
    assert!(roles.iter().all(|role| matches!(at(24, role), Freshness::Current { .. })));
    assert_eq!(gone(at(25, "admin")), Some(UnknownAction::Deny));
    assert!(matches!(at(25, "staff"), Freshness::Current { .. }));
    assert_eq!(stale(at(25, "medical")), Some(StaleAction::Override));
    assert_eq!(stale(at(72, "staff")), Some(StaleAction::TwoPerson));
    assert!(matches!(at(72, "visitor"), Freshness::Current { .. }));
    assert_eq!(gone(at(168, "staff")), Some(UnknownAction::Deny));
    assert_eq!(stale(at(168, "visitor")), Some(StaleAction::Override));
    // One second after 14 days the list has ended too.
    assert_eq!(gone(at(336, "visitor")), Some(UnknownAction::Escort));
    assert_eq!(gone(at(336, "medical")), Some(UnknownAction::BreakGlass));
    assert!(matches!(at(336, "medical"), Freshness::Unknown { why: Why::ListExpired, .. }));
}

#[test]
fn stale_and_old_data_have_their_codes() {
    let site = Site::new();
    let (credential, bundle) = (site.issue(Format::SdJwtVc, |_| ()), site.seal());
    let at = |days: i64| codes(&credential, &bundle, &moment(NOON.plus(days * DAY)));
    assert_eq!(at(3), []);
    assert_eq!(at(4), [ReasonCode::StaleRevocations, ReasonCode::StaleTrust]);
    assert_eq!(at(8), [ReasonCode::DataTooOld, ReasonCode::DataTooOld]);
    assert_eq!(at(15), [ReasonCode::StatusUnknown, ReasonCode::DataTooOld]);
}

#[test]
fn a_clock_that_only_signed_time_carries_is_said_and_judges() {
    let site = Site::new();
    let bundle = site.seal();
    let credential = site.issue(Format::SdJwtVc, |_| ());
    let at = suspect(NOON.plus(HOUR));
    assert_eq!((at.confidence().as_str(), at.at()), ("suspect", NOON.plus(HOUR)));
    let assessed = assess(&credential, &bundle, &at).expect("in force");
    assert!(assessed.readings().iter().all(|reading| reading.reasons().is_empty()), "{assessed:?}");
    assert_eq!(assessed.notes().iter().map(|note| note.code).collect::<Vec<_>>(), [ReasonCode::ClockSuspect]);
}

#[test]
fn a_doubted_clock_knows_no_freshness() {
    let mut site = Site::new();
    let bundle = site.seal();
    for format in FORMATS {
        let credential = site.issue(format, |_| ());
        let at = doubted(NOON.plus(HOUR));
        assert_eq!(codes(&credential, &bundle, &at), [ReasonCode::StatusUnknown, ReasonCode::ClockSuspect]);
        let assessment = assess(&credential, &bundle, &at).expect("in force as far as known");
        assert_eq!(assessment.status(), Status::Unknown(Why::ClockDoubt));
        assert_eq!(assessment.ages(), Ages::default());
        // An SD-CWT begins at the latest when it is issued.
        if format == Format::SdCwt {
            continue;
        }
        // From beyond the signed time only a doubted clock could say that it has begun.
        let ahead = site.issue(format, |claims| {
            claims.valid_from = NOON.plus(2 * HOUR);
        });
        assert_eq!(codes(&ahead, &bundle, &at), [ReasonCode::ClockUnusable]);
    }
    // A credential, a list or a bundle from the future doubts the clock all the same.
    let early = moment(NOON.plus(-HOUR));
    let credential = site.issue(Format::SdJwtVc, |claims| claims.valid_from = NOON.plus(-DAY));
    assert!(!codes(&credential, &bundle, &early).is_empty());
    site.set_status(7, 1);
    let codes = codes(&credential, &site.seal(), &early);
    assert_eq!(codes.first(), Some(&ReasonCode::Revoked), "denials need no clock");
}

#[test]
fn a_key_id_may_be_missing_only_where_it_is_needless() {
    let mut site = Site::new();
    let credential = site.issue(Format::SdJwtVc, |claims| claims.key_id = None);
    assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), []);
    let mut second = TestKey::new(85).record(crate::bundle::KeyUse::Credential);
    second.issuer = site.issuer.did();
    site.authority().keys.push(second);
    assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), [ReasonCode::UntrustedIssuer]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Every flipped bit of a credential is refused. The header that holds the disclosures of an SD-CWT is not under the issuer's signature:
    /// a flipped bit there may also withhold them.
    #[test]
    fn damage_is_refused(at: prop::sample::Index, bit in 0_u8..8) {
        let site = Site::new();
        let bundle = site.seal();
        for format in FORMATS {
            let mut bytes = site.issue(format, |_| ()).as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let parsed = Credential::parse(&bytes, &waypass_credential::jsonld::KnownContexts::new());
            let believed = parsed.ok().and_then(|credential| Some(assess(&credential, &bundle, &moment(NOON)).ok()?.role().roles.clone()));
            let refused = believed.is_none_or(|roles| format == Format::SdCwt && roles.is_empty());
            prop_assert!(refused, "{format:?} byte {at} bit {bit}");
        }
    }
}

/// A set by the issuer's key and those given, in the JCS suite.
fn set(site: &Site, others: &[&TestKey]) -> Credential {
    let keys = core::iter::once(&site.issuer).chain(others.iter().copied());
    let signers: Vec<(Suite, &dyn Signer)> = keys.map(|key| (Suite::EddsaJcs2022, key as &dyn Signer)).collect();
    let Some(((suite, issuer), further)) = signers.split_first() else { panic!("no signer") };
    let how = waypass_credential::Issuance { further, ..(*suite).into() };
    Credential::issue(&site.claims(Format::DataIntegrity), how, *issuer, &mut crate::testing::Counter(7)).expect("issues")
}

/// Every proof is by a key that the bundle has, and that could make it; one that is not spoils the rest.
#[test]
fn every_proof_needs_a_key_of_the_bundle() {
    use crate::bundle::KeyState::{Active, Compromised, Retired};
    let (second, stranger) = (TestKey::new(50), TestKey::new(91));
    let with_second = |change: &dyn Fn(&mut crate::bundle::KeyRecord)| {
        let mut site = Site::new();
        let mut record = second.record(KeyUse::Credential);
        change(&mut record);
        site.authority().keys.push(record);
        let credential = set(&site, &[&second]);
        codes(&credential, &site.seal(), &moment(NOON))
    };
    assert_eq!(with_second(&|record| assert_eq!(record.state, Active)), []);
    assert_eq!(with_second(&|record| record.state = Compromised), [ReasonCode::KeyCompromised]);
    assert_eq!(with_second(&|record| record.key_use = KeyUse::Status), [ReasonCode::IssuerNotAuthorised]);
    assert_eq!(with_second(&|record| record.not_before = NOON.plus(1)), [ReasonCode::IssuerNotAuthorised]);
    let retired = |until| {
        with_second(&|record| {
            record.state = Retired;
            record.issued_until = Some(until);
        })
    };
    assert_eq!(retired(NOON), []);
    assert_eq!(retired(NOON.plus(-1)), [ReasonCode::IssuerNotAuthorised]);
    // The issuer's own key is no better for a good one next to it.
    let mut site = Site::new();
    site.authority().keys.push(second.record(KeyUse::Credential));
    site.authority().keys[0].state = Compromised;
    assert_eq!(codes(&set(&site, &[&second]), &site.seal(), &moment(NOON)), [ReasonCode::KeyCompromised]);
    let site = Site::new();
    for others in [vec![&stranger], vec![&site.status_key, &stranger]] {
        assert_eq!(codes(&set(&site, &others), &site.seal(), &moment(NOON)), [ReasonCode::UntrustedIssuer]);
        assert!(keys(&set(&site, &others), &site.seal()).is_none());
    }
}

/// Another authority's proof is checked like any, and gives the issuer no right that it has not.
#[test]
fn another_authoritys_proof_adds_no_right() {
    let other = TestKey::new(50);
    let mut site = Site::new();
    let entry = Authority {
        name: "Harbour".into(),
        keys: vec![other.record(KeyUse::Credential)],
        status_uris: Vec::new(),
        ..site.authority().clone()
    };
    site.targets.authorities.push(entry);
    let credential = set(&site, &[&other]);
    let bundle = site.seal();
    let assessed = assess(&credential, &bundle, &moment(NOON)).expect("both hold");
    assert_eq!((assessed.issuer(), &assessed.role().issuer), ("Town Hospital", &site.issuer.did()));
    assert_eq!(
        keys(&credential, &bundle).map(|keys| keys.into_iter().cloned().collect()),
        Some(vec![site.issuer.public(), other.public()])
    );
    // A claim that only the other may assert.
    site.authority().roles = vec!["visitor".into()];
    assert_eq!(codes(&credential, &site.seal(), &moment(NOON)), [ReasonCode::IssuerNotAuthorised]);
    // A proof of the other's that does not hold.
    let text = String::from_utf8(credential.as_bytes().to_vec()).expect("JSON");
    let at = text.rfind("2026-11-20T00:00:00Z\",\"cryptosuite").expect("the second proof's date");
    let spoilt = [&text[..at], "2026-11-20T00:00:01Z", &text[at + 20..]].concat();
    let spoilt = Credential::parse(spoilt.as_bytes(), &waypass_credential::jsonld::KnownContexts::new()).expect("parses");
    assert_eq!(codes(&spoilt, &bundle, &moment(NOON)), [ReasonCode::BadSignature]);
}
