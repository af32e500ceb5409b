mod dates;
mod unasked;

use super::PublishError;
use crate::keys::{KeyUse, Keys};
use crate::office::Issuer;
use crate::policy::{PolicyDraft, PolicyRefused};
use crate::revoke::{Cause, Grounds};
use crate::rules::RulesError;
use crate::settings::Settings;
use crate::testing::crash::{Crash, Crashing};
use crate::testing::{Key, TestRng, at, enrolment, issuer, keys, order, reopened, seal, settings, store};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use waypass_credential::key::Signer as _;
use waypass_trust::bundle::{Root, TrustBundle};
use waypass_trust::policy::PolicyError;

const DAY: i64 = 86_400;

#[test]
fn versions_grow_and_nothing_changed_is_still_fresh() {
    let (dir, mut issuer) = issuer();
    let first = issuer.publish(at(10)).expect("published");
    assert_eq!((first.root, first.targets, first.timestamp), (1, 1, 1));
    let second = issuer.publish(at(20)).expect("published");
    assert_eq!((second.targets, second.timestamp), (1, 2), "unchanged targets are not signed again");
    assert_eq!(second.published_at, at(20));
    assert!(second.opened().lists()[0].issued_at > first.opened().lists()[0].issued_at);
    let shown = reopened(dir.path()).published().expect("read").expect("there");
    assert_eq!((shown.bundle, shown.timestamp), (second.bundle.clone(), 2));
    // As a gate: from the pinned root, then from publication to publication.
    let root = Root::open(&issuer.root().expect("read").expect("there").bytes).expect("a root");
    let mut held = TrustBundle::open(&first.bundle, &root).expect("opened");
    held.replace(TrustBundle::open(&second.bundle, &root).expect("opened")).expect("newer");
    assert!(held.replace(TrustBundle::open(&first.bundle, &root).expect("opened")).is_err());
}

#[test]
fn lists_outlive_the_longest_stale_limit() {
    let (_dir, mut issuer) = issuer();
    let published = issuer.publish(at(0)).expect("published");
    let longest = published.opened().policy().longest_stale_seconds();
    let list = &published.opened().lists()[0];
    assert!(list.expires_at.since(list.issued_at) >= i64::try_from(longest).expect("small"));
    assert_eq!(list.entries, 64);
}

#[test]
fn a_spare_list_is_announced_before_it_is_needed() {
    let (_dir, mut issuer) = issuer();
    assert_eq!(issuer.publish(at(0)).expect("published").lists.len(), 1);
    let mut rng = TestRng::new(1);
    for _ in 0..32 {
        issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(1), &mut rng).expect("issued");
    }
    let published = issuer.publish(at(2)).expect("published");
    let uris: Vec<&str> = published.lists.iter().map(|(uri, _)| uri.as_str()).collect();
    assert_eq!(uris, ["http://127.0.0.1:8240/t1/lists/1", "http://127.0.0.1:8240/t1/lists/2"]);
    assert_eq!(published.targets, 2);
}

/// The bundle says what the office decided about a gate's hours, and a new enrolment of the gate keeps it.
#[test]
fn a_gate_has_the_time_zone_that_the_office_gave_it() {
    let (_dir, mut issuer) = issuer();
    let (_, signed) = enrolment(30, at(0));
    let gate = issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let zone =
        |issuer: &mut Issuer<'_>, when| issuer.publish(at(when)).expect("published").opened().gate(&gate.id).expect("there").time_zone;
    assert_eq!(zone(&mut issuer, 0), None);
    let wrong = issuer.enroll_gate(&signed, Some("Nowhere/Town"), at(0));
    assert_eq!(wrong, Err(crate::gates::EnrolError::TimeZone("Nowhere/Town".into())));
    let before = issuer.store.register_version().expect("read");
    issuer.enroll_gate(&signed, Some("Asia/Kathmandu"), at(0)).expect("set");
    assert_eq!(issuer.store.register_version(), Ok(before + 1), "one write, so that no crash leaves a gate without its hours");
    assert_eq!(zone(&mut issuer, 1).as_deref(), Some("Asia/Kathmandu"));
    let (_, again) = enrolment(30, at(2));
    issuer.enroll_gate(&again, None, at(2)).expect("enrolled again");
    assert_eq!(zone(&mut issuer, 2).as_deref(), Some("Asia/Kathmandu"));
}

/// A gate without a time zone cannot evaluate a rule about local hours: the office is told when it enrols one.
#[test]
fn a_rule_that_closes_a_gate_without_hours_is_named() {
    let (_dir, mut issuer) = issuer();
    let initial = PolicyDraft::initial().expect("built in");
    let night = "@id(\"night\") forbid(principal, action, resource) when { context.hour_local >= 20 };";
    issuer.set_policy(&PolicyDraft { cedar: format!("{}\n{night}", initial.cedar), ..initial.clone() }).expect("set");
    let enrol = |issuer: &mut Issuer<'_>, number: u8, zone: Option<&str>| {
        let (_, signed) = enrolment(number, at(0));
        let gate = issuer.enroll_gate(&signed, zone, at(0)).expect("enrolled");
        issuer.rule_without_hours(&gate)
    };
    assert_eq!(enrol(&mut issuer, 30, None).as_deref(), Some("night"));
    assert_eq!(enrol(&mut issuer, 30, Some("Asia/Kathmandu")), None);
    issuer.set_policy(&initial).expect("set");
    assert_eq!(enrol(&mut issuer, 31, None), None);
}

/// If the targets key is at hand, it signs enrolments anew when half of their time is over.
#[test]
fn enrolments_last_as_long_as_lists_may_be_used_and_are_renewed() {
    let (_dir, mut issuer) = issuer();
    let (_, signed) = enrolment(30, at(0));
    let gate = issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let first = issuer.publish(at(0)).expect("published");
    let longest = i64::try_from(first.opened().policy().longest_stale_seconds()).expect("small");
    assert!(longest >= 7 * DAY && first.roles_beyond_enrolment.is_empty());
    let entry = first.opened().gate(&gate.id).expect("in the bundle");
    assert_eq!((entry.name.as_str(), entry.not_after), ("Gate 30", at(longest)));
    assert_eq!(issuer.publish(at(5 * DAY)).expect("published").targets, first.targets);
    let renewed = issuer.publish(at(8 * DAY)).expect("published");
    assert!(renewed.targets > first.targets);
    assert_eq!(renewed.opened().gate(&gate.id).expect("there").not_after, at(8 * DAY + longest));
    issuer.revoke_gate(&gate.id, "stolen", at(8 * DAY)).expect("ended");
    assert!(issuer.publish(at(8 * DAY + 1)).expect("published").opened().gate(&gate.id).is_none());
}

#[test]
fn a_site_sets_how_long_an_enrolment_lasts() {
    let (_dir, mut issuer) = issuer();
    let (_, signed) = enrolment(30, at(0));
    let gate = issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    issuer.publish(at(0)).expect("published");
    let short = Settings { gate_enrolment_seconds: Some(3 * DAY), ..issuer.settings().clone() };
    issuer.change_settings(short.clone()).expect("set");
    let published = issuer.publish(at(1)).expect("published");
    assert_eq!(published.opened().gate(&gate.id).expect("there").not_after, at(1 + 3 * DAY));
    let limits = &published.opened().policy().limits;
    let longer: Vec<&String> = limits.iter().filter(|limit| limit.stale_seconds > 3 * 86_400).map(|limit| &limit.role).collect();
    assert!(!longer.is_empty() && published.roles_beyond_enrolment.iter().eq(longer), "{:?}", published.roles_beyond_enrolment);
    assert_eq!(issuer.publish(at(1)).expect("unchanged").roles_beyond_enrolment, published.roles_beyond_enrolment);
    assert!(issuer.change_settings(Settings { gate_enrolment_seconds: Some(DAY - 1), ..short }).is_err());
}

#[test]
fn policies_are_validated_before_anybody_signs() {
    let (_dir, mut issuer) = issuer();
    let initial = issuer.policy().expect("the initial one");
    initial.check().expect("compiles");
    let with = |cedar: &str| PolicyDraft { cedar: cedar.into(), ..initial.clone() };
    for bad in ["permit(principal", "permit(principal, action == Action::\"fly\", resource);"] {
        assert!(matches!(issuer.set_policy(&with(bad)), Err(RulesError::Refused(PolicyRefused::Rules(_)))), "{bad}");
    }
    let deep = format!("permit(principal, action, resource) when {{ {}true{} }};", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(issuer.set_policy(&with(&deep)), Err(PolicyRefused::Rules(PolicyError::TooDeep { line: 1 }).into()));
    let odd = "@id(\"odd\") permit(principal, action, resource) when { 9223372036854775807 + context.hour_utc > 0 };";
    let refused = issuer.set_policy(&with(odd));
    assert!(
        matches!(&refused, Err(RulesError::Refused(PolicyRefused::Rules(PolicyError::Fails { rule, .. }))) if rule == "odd"),
        "{refused:?}"
    );
    let mut unlimited = initial.clone();
    unlimited.limits.retain(|limit| limit.role != "*");
    assert_eq!(issuer.set_policy(&unlimited), Err(PolicyRefused::NoDefaultLimit.into()));
    let mut unnameable = initial.clone();
    unnameable.limits[0].role = "ward nurse".into();
    assert_eq!(issuer.set_policy(&unnameable), Err(PolicyRefused::Role("ward nurse".into()).into()));
    assert!(PolicyDraft::parse(br#"{"cedar":"","cedar":""}"#).is_err());
    let first = issuer.publish(at(0)).expect("published");
    let changed = with("@id(\"all\") permit(principal, action == Action::\"admit\", resource);");
    issuer.set_policy(&changed).expect("set");
    let second = issuer.publish(at(1)).expect("published");
    assert_eq!(second.opened().policy().cedar, changed.cedar);
    assert!(second.opened().versions().policy > first.opened().versions().policy);
}

#[test]
fn without_root_targets_or_status_key_nothing_is_published() {
    let dir = tempfile::tempdir().expect("a folder");
    let some = Keys::new().with(KeyUse::Credential, Key::ed25519(1)).with(KeyUse::Status, Key::ed25519(3));
    let mut issuer = Issuer::create(Box::new(store(dir.path())), seal(), settings(), some, at(0)).expect("set up");
    assert_eq!(issuer.publish(at(0)).map(drop), Err(PublishError::NoRoot));

    let (dir, issuer) = crate::testing::issuer();
    drop(issuer);
    let mut locked = Issuer::open(Box::new(store(dir.path())), seal(), Keys::new()).expect("opened");
    assert_eq!(locked.publish(at(0)).map(drop), Err(PublishError::NoTargets));
    drop(locked);
    reopened(dir.path()).publish(at(0)).expect("published");
    let mut locked = Issuer::open(Box::new(store(dir.path())), seal(), Keys::new()).expect("opened");
    assert_eq!(locked.publish(at(1)).map(drop), Err(PublishError::NoKey(KeyUse::Status.into())));
    assert_eq!(locked.published().expect("read").expect("there").timestamp, 1);
}

/// The process dies at every write in turn, and just after every commit. Whatever was handed out stays the newest, and no
/// version comes twice.
#[test]
fn a_crash_between_any_two_steps_costs_a_number_and_nothing_else() {
    for after in [false, true] {
        for step in 0..14 {
            let (dir, mut issuer) = issuer();
            let handed_out = issuer.publish(at(10)).expect("published");
            drop(issuer);
            let crash = Crash::new(step, after);
            let failing = Crashing::new(store(dir.path()), crash.clone());
            let mut dying = Issuer::open(Box::new(failing), seal(), keys()).expect("opened");
            // A change, so that targets are signed too.
            let (_, signed) = enrolment(30, at(11));
            let enrolled = dying.enroll_gate(&signed, None, at(11));
            let published = enrolled.is_ok().then(|| dying.publish(at(12)));
            drop(dying);
            let mut issuer = reopened(dir.path());
            let shown = issuer.published().expect("read").expect("there");
            assert!(shown.timestamp >= handed_out.timestamp);
            if let Some(Ok(published)) = &published {
                assert_eq!(shown.timestamp, published.timestamp);
            }
            let next = issuer.publish(at(13)).expect("published");
            assert!(next.timestamp > shown.timestamp && next.targets >= shown.targets, "step {step}, after {after}");
            let mut held = shown.opened().clone();
            held.replace(next.opened().clone()).expect("a gate goes on");
        }
    }
}

/// Runs in a process of its own, started and killed by the next test.
#[test]
#[ignore = "the child of `kill_nine_loses_nothing_acknowledged`"]
fn child_that_works_until_killed() {
    let Some(dir) = std::env::var_os("WAYPASS_TEST_ISSUER") else { return };
    let mut issuer = reopened(dir.as_ref());
    let mut rng = TestRng::new(u64::from(std::process::id()));
    let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() };
    let begun = issuer.published().expect("read").map_or(0, |last| last.published_at.since(at(0)));
    for i in begun + 1.. {
        let id = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(i), &mut rng).expect("issued").record.id;
        issuer.revoke(&id, &grounds, at(i)).expect("revoked");
        println!("REVOKED {id}");
        let published = issuer.publish(at(i)).expect("published");
        println!("PUBLISHED {} {}", published.timestamp, published.targets);
    }
}

#[test]
fn kill_nine_loses_nothing_acknowledged() {
    let (dir, issuer) = issuer();
    drop(issuer);
    let (mut newest, mut revoked) = ((0, 0), Vec::new());
    for round in 0..4_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "publish::tests::child_that_works_until_killed", "--ignored", "--nocapture"])
            .env("WAYPASS_TEST_ISSUER", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut seen = 0;
        for line in lines.by_ref() {
            take(&line, &mut newest, &mut revoked);
            seen += 1;
            if seen > 6 + round * 3 {
                break;
            }
        }
        std::thread::sleep(core::time::Duration::from_millis(round * 7));
        child.kill().expect("killed");
        // Its words before it died were acknowledged too.
        lines.for_each(|line| take(&line, &mut newest, &mut revoked));
        child.wait().expect("gone");
        let issuer = reopened(dir.path());
        let shown = issuer.published().expect("read").expect("there");
        assert!((shown.timestamp, shown.targets) >= newest);
        for id in &revoked {
            let record = issuer.credential(id).expect("read").expect("there");
            assert_eq!((record.state, issuer.history(id).expect("read").len()), (crate::store::State::Revoked, 2));
        }
    }
    assert!(revoked.len() > 8);
    let next = reopened(dir.path()).publish(at(100_000)).expect("published");
    assert!(next.timestamp > newest.0);
}

fn take(line: &str, newest: &mut (u64, u64), revoked: &mut Vec<String>) {
    // The test harness writes into the same stream.
    if let Some((_, id)) = line.split_once("REVOKED ") {
        revoked.push(id.to_owned());
    }
    if let Some((timestamp, targets)) = line.split_once("PUBLISHED ").and_then(|(_, numbers)| numbers.split_once(' ')) {
        let number = |text: &str| text.parse().expect("a number");
        let said = (number(timestamp), number(targets));
        assert!(said.0 > newest.0, "version {} came twice", said.0);
        *newest = said;
    }
}
