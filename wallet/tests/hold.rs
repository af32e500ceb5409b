use super::site::{DAY, HOUR, INDEX, Key, Site, create, holder, moment, noon, open, signed};
use crate::{Asked, CredentialId, Filter, HoldError, Standing, WalletError};
use waypass_credential::Credential;
use waypass_credential::Issuance;
use waypass_credential::data_integrity::Suite;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, Signer};
use waypass_credential::{Format, Presentation};
use waypass_machine::SystemRng;
use waypass_trust::reason::ReasonCode;
use waypass_trust::time::{Limits, Moment, Reading, TimeGuard};

const FORMATS: [Format; 6] = Format::ALL;

#[test]
fn what_is_held_is_there_after_reopening() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let mut held = Vec::new();
    for format in FORMATS {
        let bytes = site.issue(format, &key, |_| {});
        let first = wallet.hold(&bytes, Some(&bundle), &at, &mut SystemRng).expect("held");
        assert_eq!((first.id, first.already), (CredentialId::of(&bytes), false));
        // A text file ends in a line break; what is binary ends where it ends.
        let end: &[u8] = if matches!(format, Format::VcCose | Format::SdCwt) { b"" } else { b"\r\n" };
        let again = wallet.hold(&[&bytes[..], end].concat(), Some(&bundle), &at, &mut SystemRng).expect("held");
        assert_eq!((again.id, again.already), (first.id, true));
        held.push((first.id, bytes));
    }
    drop(wallet);
    let wallet = open(dir.path());
    for (id, bytes) in &held {
        let card = wallet.show(*id, Some(&bundle), &at).expect("there");
        assert_eq!((card.standing, card.issuer_name.as_str()), (Standing::InForce, "Town Hospital"));
        assert_eq!(card.seconds_left, 30 * DAY);
        assert_eq!(card.status_as_of, Some(noon()));
        assert_eq!(wallet.export(*id).expect("there"), *bytes);
        assert_eq!(wallet.find_id(&id.to_string()[..12]).expect("found"), *id);
    }
    assert!(matches!(wallet.find_id(""), Err(WalletError::NotHeld)));
    let history = wallet.history().expect("readable");
    assert_eq!(history.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), ["held"; FORMATS.len()]);
    assert_eq!(wallet.verify_history().expect("a chain").size, FORMATS.len() as u64);
}

/// Several proofs: all by keys of the bundle, or it does not come in; what is shown later is checked by the keys that it came in with.
#[test]
fn a_set_of_proofs_is_held_and_shown() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let second = Key::new(22);
    let by = |signers: &[(Suite, &dyn Signer)]| {
        let Some(((suite, issuer), further)) = signers.split_first() else { panic!("no signer") };
        let how = Issuance { further, ..(*suite).into() };
        Credential::issue(&site.claims(Format::DataIntegrity, &key), how, *issuer, &mut SystemRng).expect("issued")
    };
    let set = by(&[(Suite::EddsaRdfc2022, &site.issuer), (Suite::EddsaJcs2022, &second)]);
    let refused = wallet.hold(set.as_bytes(), Some(&site.bundle()), &at, &mut SystemRng);
    assert!(matches!(refused, Err(HoldError::Refused(why)) if why.reasons[0].code == ReasonCode::UntrustedIssuer));
    site.second = Some(second);
    let bundle = site.bundle();
    let held = wallet.hold(set.as_bytes(), Some(&bundle), &at, &mut SystemRng).expect("held");
    drop(wallet);
    let wallet = open(dir.path());
    let asked = Asked::open(&site.ask(&["surgeon"], &[]), Some(&bundle), &at).expect("a good request");
    let proposal = wallet.propose(asked.clone(), Some(&bundle), &at).expect("an answer");
    assert_eq!(proposal.card().id, held.id);
    let shown = proposal.approve(&mut SystemRng, &at).expect("shown");
    let shown = Presentation::parse(shown.as_bytes(), &KnownContexts::new()).expect("readable");
    assert!(waypass_trust::assess::assess(shown.credential(), &bundle, &at).is_ok());
    assert!(shown.verify_holder(&key, &asked.request().binding()).is_ok());
}

/// A credential with a claim that only the site has keeps its meaning when the bundle has moved on, through closing and opening.
#[test]
fn what_names_mean_is_kept_with_the_credential() {
    const SITE: &str = "https://north.example/contexts/site/v1";
    const DOCUMENT: &str = r#"{"@context": {"@protected": true, "qualification": "https://north.example/vocab#qualification"}}"#;
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let without = site.bundle();
    site.contexts.push((SITE, DOCUMENT));
    let bundle = site.bundle();
    let mut claims = site.claims(Format::DataIntegrity, &key);
    claims.personal = claims.personal.with("qualification", "x-ray");
    let signed =
        Credential::issue(&claims, Issuance { contexts: bundle.contexts(), ..Suite::EddsaRdfc2022.into() }, &site.issuer, &mut SystemRng)
            .expect("issued");
    let refused = wallet.hold(signed.as_bytes(), Some(&without), &at, &mut SystemRng);
    assert!(matches!(refused, Err(HoldError::Malformed(_))), "{refused:?}");
    let held = wallet.hold(signed.as_bytes(), Some(&bundle), &at, &mut SystemRng).expect("held");
    drop(wallet);
    let wallet = open(dir.path());
    assert_eq!(wallet.show(held.id, Some(&without), &at).expect("there").id, held.id);
    let asked = Asked::open(&site.ask(&["surgeon"], &[]), Some(&without), &at).expect("a good request");
    let shown = wallet.propose(asked, Some(&without), &at).expect("an answer").approve(&mut SystemRng, &at).expect("shown");
    assert!(Presentation::parse(shown.as_bytes(), &KnownContexts::new()).is_err());
    let shown = Presentation::parse(shown.as_bytes(), bundle.contexts()).expect("readable");
    let assessed = waypass_trust::assess::assess(shown.credential(), &bundle, &at).expect("believed");
    assert_eq!(assessed.role().personal.text("qualification"), Some("x-ray"));
}

/// Everything that must not come in, each with the reason a person reads.
#[test]
fn nothing_bad_comes_in() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let code = |bytes: &[u8], at: &Moment| match wallet.hold(bytes, Some(&bundle), at, &mut SystemRng) {
        Err(HoldError::Refused(refused)) => refused.reasons[0].code,
        other => panic!("{other:?}"),
    };
    for format in FORMATS {
        let good = site.issue(format, &key, |_| {});

        let stranger = Key::new(99);
        let mut claims = site.claims(format, &key);
        (claims.issuer, claims.key_id) = (stranger.did(), Some(waypass_credential::did::key_id(stranger.public_key())));
        let foreign = Credential::issue(&claims, format, &stranger, &mut SystemRng).expect("issued");
        assert_eq!(code(foreign.as_bytes(), &at), ReasonCode::UntrustedIssuer);

        // The stranger signs in the hospital's name.
        let forged = Credential::issue(&site.claims(format, &key), format, &stranger, &mut SystemRng);
        if let Ok(forged) = forged {
            let why = code(forged.as_bytes(), &at);
            assert!(matches!(why, ReasonCode::BadSignature | ReasonCode::UntrustedIssuer), "{why:?}");
        }

        assert_eq!(code(&good, &moment(noon().plus(31 * DAY))), ReasonCode::Expired);
        let mayor = site.issue(format, &key, |claims| claims.roles = vec!["mayor".into()]);
        assert_eq!(code(&mayor, &at), ReasonCode::IssuerNotAuthorised);

        // An SD-CWT begins at the latest when it is issued, and is never without a holder.
        if format == Format::SdCwt {
            continue;
        }
        let early = site.issue(format, &key, |claims| claims.valid_from = noon().plus(DAY));
        assert_eq!(code(&early, &at), ReasonCode::NotYetValid);
        let unbound = site.issue(format, &key, |claims| claims.holder = None);
        let unbound = wallet.hold(&unbound, Some(&bundle), &at, &mut SystemRng);
        assert!(matches!(unbound, Err(HoldError::NotBound | HoldError::Refused(_) | HoldError::Malformed(_))), "{unbound:?}");
        let anothers = site.issue(format, stranger.public_key(), |_| {});
        let refused = wallet.hold(&anothers, Some(&bundle), &at, &mut SystemRng);
        assert!(matches!(refused, Err(HoldError::AnotherHolder)), "{refused:?}");

        assert!(matches!(wallet.hold(&good, None, &at, &mut SystemRng), Err(HoldError::NoBundle)));
    }
    for bad in [&b""[..], b"{}", b"a.b.c~", b"\xff\xfe"] {
        assert!(matches!(wallet.hold(bad, Some(&bundle), &at, &mut SystemRng), Err(HoldError::Malformed(_))), "{bad:?}");
    }
    assert!(wallet.list(Filter::All, Some(&bundle), &at).expect("a list").cards.is_empty());
    assert!(wallet.history().expect("readable").is_empty());
}

#[test]
fn withdrawn_and_suspended_ones_stay_outside() {
    for (value, code) in [(1, ReasonCode::Revoked), (2, ReasonCode::Suspended)] {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut site = Site::new();
        site.list.set(INDEX, value).expect("in the list");
        let (wallet, key) = holder(dir.path());
        let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
        match wallet.hold(&bytes, Some(&site.bundle()), &moment(noon()), &mut SystemRng) {
            Err(HoldError::Refused(refused)) => assert_eq!(refused.reasons[0].code, code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_changed_bit_is_held() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    for format in FORMATS {
        let good = site.issue(format, &key, |_| {});
        for bit in (0..good.len() * 8).step_by(7) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // White space at the end of a document does not belong to it.
            if bad.trim_ascii() == good.trim_ascii() {
                continue;
            }
            let held = wallet.hold(&bad, Some(&bundle), &at, &mut SystemRng);
            assert!(held.is_err(), "{format}: bit {bit}");
        }
    }
}

/// A credential is looked at again when the world has moved on.
#[test]
fn standings_say_what_happened_since() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut site = Site::new();
    let (wallet, key) = holder(dir.path());
    let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
    let id = wallet.hold(&bytes, Some(&site.bundle()), &moment(noon()), &mut SystemRng).expect("held").id;
    let standing = |bundle: Option<&_>, at: i64| wallet.show(id, bundle, &moment(noon().plus(at))).expect("there");

    let bundle = site.bundle();
    let fresh = standing(Some(&bundle), HOUR);
    assert_eq!((fresh.standing, fresh.notes), (Standing::InForce, vec![]));
    let stale = standing(Some(&bundle), 5 * DAY);
    assert_eq!(stale.standing, Standing::InForce);
    assert!(stale.notes.iter().any(|note| note.code == ReasonCode::StaleRevocations));
    assert_eq!(standing(Some(&bundle), 20 * DAY).standing, Standing::StatusUnknown);
    assert_eq!(standing(None, HOUR).standing, Standing::NoBundle);
    // With a bundle and without one it is over at the same second.
    assert_eq!(standing(None, 30 * DAY - 1).standing, Standing::NoBundle);
    assert_eq!(standing(None, 30 * DAY).standing, Standing::Expired);
    assert_ne!(standing(Some(&bundle), 30 * DAY - 1).standing, Standing::Expired);
    assert_eq!(standing(Some(&bundle), 30 * DAY).standing, Standing::Expired);
    for (value, expected, words) in
        [(1, Standing::Withdrawn, "withdrawn by Town Hospital"), (2, Standing::Suspended, "suspended by Town Hospital")]
    {
        site.list.set(INDEX, value).expect("in the list");
        let card = standing(Some(&site.bundle()), HOUR);
        assert_eq!(card.standing, expected);
        assert_eq!(card.standing.words(&card.issuer_name), words);
        assert_eq!(card.status_as_of, Some(noon()));
    }
    let mut other = Site::new();
    other.issuer = Key::new(77);
    let forgotten = standing(Some(&other.bundle()), HOUR);
    assert!(matches!(forgotten.standing, Standing::NotTrusted(_)), "{:?}", forgotten.standing);
    assert_eq!(forgotten.issuer_name, "Town Hospital");
}

#[test]
fn queries_by_tag_find_what_fits() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let hold = |format, days, roles: &[&str]| {
        let bytes = site.issue(format, &key, |claims| {
            claims.valid_until = noon().plus(days * DAY);
            claims.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        });
        wallet.hold(&bytes, Some(&bundle), &at, &mut SystemRng).expect("held").id
    };
    let (late, early) = (hold(Format::SdJwtVc, 20, &["staff", "surgeon"]), hold(Format::DataIntegrity, 10, &["staff"]));
    let ids = |filter| wallet.list(filter, Some(&bundle), &at).expect("a list").cards.iter().map(|card| card.id).collect::<Vec<_>>();
    assert_eq!(ids(Filter::All), [early, late]);
    assert_eq!(ids(Filter::Role("staff")), [early, late]);
    assert_eq!(ids(Filter::Role("surgeon")), [late]);
    assert_eq!(ids(Filter::Role("surg")), []);
    assert_eq!(ids(Filter::Format(Format::DataIntegrity)), [early]);
    assert_eq!(ids(Filter::Kind("RoleCredential")), [early]);
    assert_eq!(ids(Filter::Issuer(&site.issuer.did())), [early, late]);
}

#[test]
fn removing_needs_a_second_word_and_leaves_a_trace() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let id = wallet.hold(&site.issue(Format::SdJwtVc, &key, |_| {}), Some(&bundle), &at, &mut SystemRng).expect("held").id;
    let (first, second) = (wallet.removal(id, Some(&bundle), &at).expect("there"), wallet.removal(id, None, &at).expect("there"));
    assert_eq!(first.card().role.roles, ["staff", "surgeon"]);
    wallet.remove(first, &at, &mut SystemRng).expect("removed");
    assert!(matches!(wallet.show(id, None, &at), Err(WalletError::NotHeld)));
    assert!(matches!(wallet.remove(second, &at, &mut SystemRng), Err(WalletError::NotHeld)));
    let history = wallet.history().expect("readable");
    assert_eq!(history.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), ["held", "removed"]);
    assert_eq!(history[1].detail.as_ref().and_then(|detail| detail.credential), Some(id));
}

#[test]
fn what_an_entry_was_about_can_be_forgotten() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    for _ in 0..3 {
        wallet.hold(&site.issue(Format::SdJwtVc, &key, |_| {}), Some(&bundle), &at, &mut SystemRng).expect("held");
    }
    let log = || std::fs::metadata(dir.path().join("vault.db-wal")).expect("there").len();
    let before = log();
    assert!(wallet.forget(1).expect("forgotten"));
    assert!(log() < before / 4, "the commits before it are in the log");
    assert!(!wallet.forget(1).expect("nothing left"));
    let details: Vec<bool> = wallet.history().expect("readable").iter().map(|entry| entry.detail.is_some()).collect();
    assert_eq!(details, [true, false, true]);
    assert_eq!(wallet.verify_history().expect("a chain").size, 3);
}

#[test]
fn keys_are_made_once_of_each_kind() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let wallet = create(dir.path());
    let first = wallet.holder_key(Algorithm::EdDsa).expect("a key");
    assert_eq!(wallet.holder_key(Algorithm::EdDsa).expect("a key"), first);
    let other = wallet.holder_key(Algorithm::Es256).expect("a key");
    assert_ne!(other.id, first.id);
    // A P-256 holder of an SD-JWT VC.
    let (site, at) = (Site::new(), moment(noon()));
    let bytes = site.issue(Format::SdJwtVc, &other.public_key, |_| {});
    let id = wallet.hold(&bytes, Some(&site.bundle()), &at, &mut SystemRng).expect("held").id;
    assert_eq!(wallet.show(id, None, &at).expect("there").key, other.id);
}

#[test]
fn a_doubted_clock_shows() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let site = Site::new();
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
    let id = wallet.hold(&bytes, Some(&bundle), &moment(noon()), &mut SystemRng).expect("held").id;
    let good = Reading { wall: noon().plus(DAY), boottime_ms: 1_000, boot_id: [1; 16] };
    let back = Reading { wall: noon(), boottime_ms: 2_000, boot_id: [1; 16] };
    let (doubted, _) = TimeGuard::observe(&signed(noon().plus(DAY), &good), &back, &Limits::default());
    let card = wallet.show(id, Some(&bundle), &doubted).expect("there");
    assert!(card.notes.iter().any(|note| note.code == ReasonCode::ClockSuspect), "{card:?}");
}

#[test]
fn a_card_is_for_people_without_a_wallet() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let card = site.issue(Format::Card, &key, |claims| {
        claims.holder = None;
        claims.personal = waypass_credential::json::Object::new().with("card", "0123456789ab").with("name", "Ada Byron");
    });
    assert!(matches!(wallet.hold(&card, Some(&bundle), &at, &mut SystemRng), Err(HoldError::Card)));
}
