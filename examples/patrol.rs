//! A river patrol whose gate synced two days ago: who passes, who needs a second ranger, and what comes out when a stick arrives.
//!
//! `cargo run --profile ci --example patrol`. Three days pass at once, because time is an argument.

#[path = "cast/cast.rs"]
mod cast;

use cast::{Done, Gate, ONLINE, Person, hour, keys, moment, vault};
use waypass_issuer::Issuer;
use waypass_issuer::keys::KeyRole;
use waypass_issuer::policy::PolicyDraft;
use waypass_issuer::revoke::{Cause, Grounds};
use waypass_issuer::sealed::Seal;
use waypass_issuer::settings::Settings;
use waypass_issuer::store::{MissingLog, SqliteStore};
use waypass_machine::SystemRng;
use waypass_trust::audit::{Event, FlagAnswer, Leaf, Note, Receipt, Remark, Salts, Upload, flag};
use waypass_trust::bundle;
use waypass_trust::time::{Limits, Reading, TimeGuard};
use waypass_vault::KeyPurpose;

/// Rangers need a list of today, or for three days more a second ranger. Anglers may wait longer, and go escorted when
/// nobody can tell. A gate may be restarted twice before signed time must confirm its clock.
const RULES: &str = r#"{
  "schema": "waypass.policy/1",
  "cedar": "@id(\"own-river\") permit (principal, action == Action::\"admit\", resource) when { context.sites.contains(resource.site) };",
  "limits": [
    { "role": "ranger", "fresh_seconds": 86400, "stale_seconds": 345600, "stale": "two_person", "unknown": "deny" },
    { "role": "*", "fresh_seconds": 259200, "stale_seconds": 604800, "stale": "override", "unknown": "escort" }
  ],
  "unattended_ok": [], "max_boots_without_signed_time": 2, "max_decisions_without_signed_time": 1000
}"#;

fn main() -> Done<()> {
    let folder = tempfile::tempdir()?;
    let (office, device) = (vault(folder.path(), "issuer")?, vault(folder.path(), "gate")?);
    let signing = [(KeyRole::Root, KeyPurpose::Root), (KeyRole::Targets, KeyPurpose::Targets)];
    let keys = keys(&office, &[&ONLINE[..], &signing].concat())?;
    let settings = Settings { roles: vec!["ranger".into(), "angler".into()], ..Settings::new("River Office", "https://river.example") };
    let seal = Seal::new(&Seal::new_key(&mut SystemRng), None);
    let mut issuer =
        Issuer::create(Box::new(SqliteStore::open(&folder.path().join("db"), MissingLog::Accepted)?), seal, settings, keys, hour(0).wall)?;
    issuer.set_policy(&PolicyDraft::parse(RULES.as_bytes())?)?;

    let name = ("Boat 3", "river");
    issuer.enroll_gate(&Gate::enrolment(&device, name, hour(0))?, None, hour(0).wall)?;
    let mut boat = Gate::new(&device, name, &["ranger", "angler"], issuer.publish(hour(0).wall)?.opened().clone())?;
    boat.synchronise(issuer.publish(hour(1).wall)?.opened(), hour(1))?;
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|name| Person::new(folder.path(), name));
    let (ana, ben, cleo) = (ana?, ben?, cleo?);
    ana.enlist(&mut issuer, "ranger", "river", &boat.bundle, hour(1))?;
    let bens = ben.enlist(&mut issuer, "angler", "river", &boat.bundle, hour(1))?.record.id;
    let cleos = cleo.enlist(&mut issuer, "angler", "river", &boat.bundle, hour(1))?.record.id;
    let lost = Grounds { cause: Cause::Lost, note: String::new(), operator: "office".into() };

    println!("Day 2, no link since day 0. Ben's permit was withdrawn yesterday, and the boat cannot know.");
    issuer.revoke(&bens, &lost, hour(24).wall)?;
    boat.meet(&ana, hour(48), "caution: stale_revocations, two_person, stale_trust")?;
    boat.meet(&ben, hour(48), "allow: ok")?;
    boat.meet(&cleo, hour(48), "allow: ok")?;

    println!("Day 3. Three batteries later nothing signed has confirmed the clock. Cleo's permit was withdrawn overnight.");
    issuer.revoke(&cleos, &lost, hour(60).wall)?;
    let restarted = |boot: u8, hours: i64| Reading { boot_id: [boot; 16], boottime_ms: hour(hours - 70).boottime_ms, ..hour(hours) };
    for boot in 1..=3 {
        boat.state.time = TimeGuard::observe(&boat.state.time, &restarted(boot, 71), &Limits::default()).1;
    }
    boat.meet(&cleo, restarted(3, 72), "caution: clock_suspect, escort")?;
    escorted(&mut boat, restarted(3, 72))?;
    boat.meet(&ana, restarted(3, 72), "cannot_check: status_unknown, clock_suspect")?;

    println!("A stick arrives.");
    boat.synchronise(issuer.publish(hour(73).wall)?.opened(), restarted(3, 74))?;
    boat.meet(&ben, restarted(3, 74), "deny: revoked")?;
    boat.meet(&ana, restarted(3, 74), "allow: ok")?;

    println!("The log goes back on the stick. The office answers about those let in whose permit is withdrawn now.");
    let answers = report(&mut issuer, &boat, restarted(3, 75))?;
    for answer in &answers {
        println!(
            "  record {}: the permit was {}",
            answer.seq,
            if answer.already_revoked { "withdrawn already" } else { "still good then" }
        );
    }
    let found: Vec<_> = answers.iter().map(|answer| (answer.seq, answer.already_revoked)).collect();
    assert_eq!(found, [(1, true), (2, false), (3, true)], "Ben, Cleo before and Cleo after her withdrawal");
    Ok(())
}

/// Ranger Tom goes with the person: an amber verdict is an admission only when somebody says so.
fn escorted(boat: &mut Gate<'_>, at: Reading) -> Done<()> {
    let amber = boat.log.last().ok_or("nothing was decided")?;
    let subject = &amber.opening().ok_or("nobody was there")?.subject;
    let remark = Remark {
        at: &moment(at),
        event: Event::Confirmed,
        about: amber.leaf()?.seq,
        subject,
        note: Note::new("Tom", None, None)?,
        bundle_version: boat.bundle.versions().targets,
    };
    let said = boat.state.chain.append_about(remark, Salts::random(&mut SystemRng));
    boat.log.push(said);
    Ok(())
}

/// Sends the log with the admissions that a newer list shows as withdrawn, and reads the office's signed answer.
fn report(issuer: &mut Issuer<'_>, boat: &Gate<'_>, at: Reading) -> Done<Vec<FlagAnswer>> {
    let flagged = flag(&boat.log, &boat.bundle, &moment(at));
    let upload = Upload::sign(&boat.log, &boat.state.chain, at.wall, flagged, &boat.key)?;
    let receipt = issuer.intake(&upload.to_bytes(), at.wall)?;
    let (_, intake) = boat.bundle.keys_for_use(bundle::KeyUse::Intake).next().ok_or("the bundle has no intake key")?;
    let ours = |seq: u64| boat.log.get(usize::try_from(seq).ok()?).map(|entry| Leaf::hash(entry.leaf_bytes()));
    Ok(Receipt::open(&receipt, &intake.key, &boat.identity.id, &ours)?.flagged)
}
