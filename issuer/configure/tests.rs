use super::{ConfigureError, SettingsChange};
use crate::acts::Deed;
use crate::issue::IssueError;
use crate::settings::{Settings, SettingsError};
use crate::testing::{Key, TestRng, at, issuer, moment, order, reopened};
use waypass_credential::Credential;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::Signer as _;
use waypass_trust::assess::assess;
use waypass_trust::audit::Note;
use waypass_trust::bundle::ListKind;
use waypass_trust::reason::ReasonCode;

#[test]
fn a_change_is_kept_with_who_made_it() {
    let (dir, mut issuer) = issuer();
    let before = issuer.settings().clone();
    let change = SettingsChange { name: Some("Clinic South".into()), add_roles: vec!["porter".into()], ..SettingsChange::default() };
    let after = change.apply(&before).expect("works");
    issuer.change_settings(after.clone(), "Ines", at(5)).expect("changed");
    issuer.change_settings(after.clone(), "Tom", at(6)).expect("nothing to do");
    issuer.note_findings(&["a record was damaged".into()], &Note::new("Eva", None, None).expect("a note"), at(7)).expect("kept");

    let issuer = reopened(dir.path());
    assert_eq!(issuer.settings(), &after);
    assert!(after.roles.contains(&"porter".to_owned()) && after.roles.len() == before.roles.len() + 1);
    let acts = issuer.acts().expect("read");
    let [changed, looked] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((changed.at, changed.operator.as_str()), (at(5).unix(), "Ines"));
    assert_eq!(changed.deed, Deed::Settings { before: Box::new(before), after: Box::new(after) });
    assert_eq!((looked.at, looked.operator.as_str()), (at(7).unix(), "Eva"));
    assert_eq!(looked.deed, Deed::Acknowledged { findings: vec!["a record was damaged".into()] });
}

#[test]
fn a_change_that_cannot_work_changes_nothing() {
    let (dir, mut issuer) = issuer();
    let before = issuer.settings().clone();
    let role = |name: &str| vec![name.to_owned()];
    let there = SettingsChange { add_roles: role("nurse"), ..SettingsChange::default() };
    assert_eq!(there.apply(&before), Err(ConfigureError::There { list: "role", name: "nurse".into() }));
    let missing = SettingsChange { remove_sites: role("south"), ..SettingsChange::default() };
    assert_eq!(missing.apply(&before), Err(ConfigureError::NotThere { list: "site", name: "south".into() }));
    let empty = SettingsChange { remove_sites: role("*"), ..SettingsChange::default() };
    assert_eq!(empty.apply(&before), Err(ConfigureError::Settings(SettingsError::List("sites"))));
    assert!(SettingsChange::default().is_empty() && !missing.is_empty());

    let longer = Settings { max_validity_seconds: 86_400, ..before.clone() };
    for operator in ["x".repeat(201), "two\nlines".into()] {
        assert_eq!(issuer.change_settings(longer.clone(), &operator, at(1)), Err(ConfigureError::Operator));
    }
    let never = Settings { max_validity_seconds: 0, ..before.clone() };
    assert!(matches!(issuer.change_settings(never, "Ines", at(1)), Err(ConfigureError::Settings(_))));
    let issuer = reopened(dir.path());
    assert_eq!((issuer.settings(), issuer.acts().expect("read").len()), (&before, 0));
}

/// The office names the credentials that a change withdraws, and a gate judges just so after the next publication.
#[test]
fn a_narrower_issuer_withdraws_what_it_issued() {
    let narrower: [fn(&mut Settings); 4] = [
        |settings| settings.roles.retain(|role| role != "nurse"),
        |settings| settings.sites = vec!["south".into()],
        |settings| settings.max_validity_seconds = 29 * 86_400,
        |settings| settings.sites = vec!["north".into()],
    ];
    for (number, narrow) in narrower.into_iter().enumerate() {
        let (_dir, mut issuer) = issuer();
        let issued = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
        let mut wanted = issuer.settings().clone();
        narrow(&mut wanted);
        let refused = issuer.refused_under(&wanted, at(10)).expect("read");
        assert!(issuer.refused_under(issuer.settings(), at(10)).expect("read").is_empty());
        assert!(issuer.refused_under(&wanted, at(40 * 86_400)).expect("read").is_empty(), "it is over then");
        issuer.change_settings(wanted, "Ines", at(10)).expect("changed");
        let published = issuer.publish(at(11)).expect("published");
        let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
        let judged = assess(&credential, published.opened(), &moment(at(12)));
        let codes: Vec<_> = judged.err().into_iter().flat_map(|refused| refused.reasons).map(|reason| reason.code).collect();
        let is_refused = number < 3;
        assert_eq!(codes, if is_refused { vec![ReasonCode::IssuerNotAuthorised] } else { vec![] }, "{number}");
        assert_eq!(refused.iter().map(|record| &record.id).collect::<Vec<_>>(), if is_refused { vec![&issued.record.id] } else { vec![] });
    }
}

/// A service that is at work when a command changes the settings.
#[test]
fn another_process_goes_by_the_new_settings() {
    let (dir, mut service) = issuer();
    service.publish(at(0)).expect("published");
    service.only_renews = true;
    let mut office = reopened(dir.path());
    let change = SettingsChange { remove_roles: vec!["nurse".into()], ..SettingsChange::default() };
    office.change_settings(change.apply(office.settings()).expect("works"), "Ines", at(10)).expect("changed");
    let refused = service.issue(&order(), Key::p256(9).public_key(), "ines", at(11), &mut TestRng::new(1)).map(drop);
    assert!(matches!(refused, Err(IssueError::OutsideSettings { .. })), "{refused:?}");
    let published = office.publish(at(12)).expect("published");
    // Half of the lifetime of the targets later the service renews them, as they are now.
    let renewed = service.publish_confirmed(at(60 * 86_400)).expect("published");
    assert!(renewed.targets > published.targets && !renewed.targets_due);
    assert!(!renewed.opened().authorities()[0].roles.contains(&"nurse".to_owned()));
}

#[test]
fn lists_of_a_new_kind_are_announced_with_the_next_publication() {
    let (_dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    let before = issuer.store.lists().expect("read").len();
    let messages = vec!["nothing".to_owned(), "ask at the desk".to_owned()];
    let change = SettingsChange { status: Some(ListKind::Bitstring), status_messages: Some(messages), ..SettingsChange::default() };
    issuer.change_settings(change.apply(issuer.settings()).expect("works"), "Ines", at(1)).expect("changed");
    issuer.publish(at(2)).expect("published");
    let opened: Vec<u32> = issuer.store.lists().expect("read").iter().skip(before).map(|list| list.id).collect();
    assert_eq!(opened.len(), 3, "revocations, suspensions, messages");
    assert!(opened.into_iter().all(|list| issuer.is_announced(list).expect("read")));
}

#[test]
fn the_largest_settings_can_be_opened_again() {
    let (dir, mut issuer) = issuer();
    let names = |count: usize| (0..count).map(|number| format!("{number:0>64}")).collect::<Vec<_>>();
    // Escaped, each character has six letters.
    let messages = (0..256).map(|_| "\u{1}".repeat(1024)).collect();
    let largest = Settings { roles: names(256), sites: names(256), status_messages: messages, ..issuer.settings().clone() };
    issuer.change_settings(largest.clone(), "Ines", at(1)).expect("changed");
    drop(issuer);
    assert_eq!(reopened(dir.path()).settings(), &largest);
}
