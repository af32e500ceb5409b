//! Times for people are local and name their zone, times for programs are Unix seconds, and what is over is said as over.

use super::site::{GATE, ISSUER, Site, advice};
use crate::program::{Ran, finish};
use serde_json::Value;
use std::process::Command;
use waypass_credential::time::Timestamp;

impl Site {
    /// In words, in an environment of its own, perhaps with another clock.
    fn told(&self, wrap: &[&str], line: &str, env: &[(&str, &str)]) -> Ran {
        let mut args: Vec<&str> = line.split(' ').collect();
        if line.starts_with("verifier") {
            args.extend(["--key-file", "gate.key"]);
        }
        args.push("--no-input");
        let mut command = self.place.command(wrap, GATE, &args);
        command.envs(env.iter().copied());
        finish(command, "")
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|why| panic!("{why}: {}{}", ran.stdout, ran.stderr))
}

/// `seconds` from Greenwich to the east.
fn shown(unix: i64, seconds: i64, zone: &str) -> String {
    let local = Timestamp::from_unix(unix + seconds).expect("in range").to_rfc3339();
    format!("{} {} {zone}", &local[..10], &local[11..16])
}

#[test]
fn times_are_shown_in_the_zone_of_the_machine_and_name_it() {
    let (site, _) = Site::with_credential();
    let status = json(&site.run(GATE, "verifier status"));
    let until = status["works_offline_until"].as_i64().expect("Unix seconds");
    let enrolled = status["enrolled_until"].as_i64().expect("Unix seconds");
    assert_eq!(status["decides"], true);
    // Without the system's own files, too: the zones are compiled in.
    let east = 5 * 3600 + 45 * 60;
    for (env, seconds, zone) in [
        (&[("TZ", "Asia/Kathmandu")][..], east, "+05:45"),
        (&[("TZ", "Asia/Kathmandu"), ("TZDIR", "/nowhere")], east, "+05:45"),
        (&[("TZ", "XYZ-5:45")], east, "+05:45"),
        (&[("TZ", "America/Phoenix")], -7 * 3600, "-07:00"),
        (&[("TZ", "UTC")], 0, "UTC"),
    ] {
        let told = site.told(&[], "verifier status", env);
        assert_eq!(told.code, 0, "{}", told.stderr);
        for at in [until, enrolled] {
            let at = format!("until {}", shown(at, seconds, zone));
            assert!(told.stdout.contains(&at), "{env:?}: {at} is not in\n{}", told.stdout);
        }
        let doctor = site.told(&[], "doctor", env);
        assert!(doctor.stdout.contains(&format!(" {zone}, not before")), "{env:?}: {}", doctor.stdout);
    }
    // It changes what is shown, and nothing else.
    site.ask();
    let zoned = site.told(&[], "verifier verify answer --json", &[("TZ", "Asia/Kathmandu")]);
    assert_eq!((zoned.code, &json(&zoned)["verdict"]), (0, &Value::from("allow")), "{}", zoned.stdout);
}

#[test]
fn times_in_reasons_and_errors_have_the_same_notation() {
    let site = Site::new();
    site.done(ISSUER, &format!("issuer issue --holder {} --role staff --site north --zone lab --valid 1d -o short", site.holder));
    let sized = Command::new("faketime").args(["-f", "+3d", "true"]).output();
    if !sized.is_ok_and(|output| output.status.success()) {
        println!("SKIP times in reasons: faketime is not installed");
        return;
    }
    let late = site.told(&["faketime", "-f", "+3d"], "verifier verify short", &[("TZ", "Asia/Kathmandu")]);
    assert_eq!(late.code, 20, "{}{}", late.stdout, late.stderr);
    assert!(late.stdout.contains("(ended ") && late.stdout.contains(" +05:45)"), "{}", late.stdout);
    assert!(!late.stdout.contains("Z)") && !late.stdout.contains("00Z"), "{}", late.stdout);
}

#[test]
fn a_gate_that_can_no_longer_decide_says_so() {
    let site = Site::new();
    let sized = Command::new("faketime").args(["-f", "+16d", "true"]).output();
    if !sized.is_ok_and(|output| output.status.success()) {
        println!("SKIP a gate that can no longer decide: faketime is not installed");
        return;
    }
    assert_eq!(site.told(&[], "doctor", &[]).code, 0);
    let later = ["faketime", "-f", "+16d"];
    let told = site.told(&later, "verifier status", &[]);
    assert_eq!(told.code, 30, "{}{}", told.stdout, told.stderr);
    assert!(told.stdout.contains("ENDED ") && told.stdout.contains(" days ago ("), "{}", told.stdout);
    assert!(!told.stdout.contains("works for every role"), "{}", told.stdout);
    let status = json(&site.told(&later, "verifier status --json", &[]));
    assert_eq!(status["decides"], false, "{status}");
    let doctor = site.told(&later, "doctor", &[]);
    assert_eq!(doctor.code, 1, "{}", doctor.stdout);
    assert!(doctor.stdout.contains("ENDED ") && doctor.stdout.contains("can decide about nobody"), "{}", doctor.stdout);
}

/// Either this clock is slow or somebody signs with a wrong date. Until that is known the bundle waits, and its withdrawals do not.
#[test]
fn a_bundle_from_the_future_waits_and_what_it_withdraws_counts() {
    let (site, id) = Site::with_credential();
    let sized = Command::new("faketime").args(["-f", "+10d", "true"]).output();
    if !sized.is_ok_and(|output| output.status.success()) {
        println!("SKIP a bundle from the future: faketime is not installed");
        return;
    }
    let later = ["faketime", "-f", "+10d"];
    site.ask();
    let revoked = site.wrapped(&later, ISSUER, &format!("issuer revoke {id} --reason lost --yes"));
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    let ahead = site.wrapped(&later, ISSUER, "issuer publish -o ahead --yes");
    assert_eq!(ahead.code, 0, "{}", ahead.stderr);

    let synced = site.run(GATE, "verifier sync --from ahead");
    assert_eq!(synced.code, 30, "{}", synced.stderr);
    let said = json(&synced);
    assert!(said["kept_aside"]["ahead_seconds"].as_i64().is_some_and(|ahead| ahead > 9 * 86_400), "{said}");
    assert_eq!(said["steps"], Value::Array(Vec::new()), "{said}");
    assert!(synced.stderr.contains("is kept aside") && synced.stderr.contains("compare the clock"), "{}", synced.stderr);
    let status = site.done(GATE, "verifier status");
    assert!(status["kept_aside"]["signed_at"].is_i64() && status["trust_age_seconds"].as_i64().is_some_and(|age| age < 3600), "{status}");
    assert_eq!(status["decides"], true, "the gate goes on with what it had: {status}");

    // At once, and again after a second synchronization of the same.
    assert_eq!(site.run(GATE, "verifier sync --from ahead").code, 30);
    let verdict = site.run(GATE, "verifier verify answer");
    assert_eq!((verdict.code, &json(&verdict)["reasons"][0]["code"]), (20, &Value::from("revoked")), "{}", verdict.stdout);
    let log = site.done(GATE, "audit list").to_string();
    assert_eq!(log.matches("trust_changed").count(), 2, "pinned, and kept aside once: {log}");

    // On a device whose clock says the same it is taken by itself.
    let status = json(&site.wrapped(&later, GATE, "verifier status"));
    assert_eq!(status["kept_aside"], Value::Null, "{status}");
    assert!(status["trust_age_seconds"].as_i64().is_some_and(|age| age < 3600), "{status}");
    let again = site.wrapped(&later, GATE, "verifier sync --from ahead");
    assert_eq!(again.code, 0, "{}", again.stderr);
}

/// The clock cannot be set, and it is really so late: a person says so.
#[test]
fn a_person_confirms_the_date_of_a_bundle_that_waits() {
    let (site, _) = Site::with_credential();
    let sized = Command::new("faketime").args(["-f", "+10d", "true"]).output();
    if !sized.is_ok_and(|output| output.status.success()) {
        println!("SKIP confirming a bundle: faketime is not installed");
        return;
    }
    let none = site.run(GATE, "verifier clock confirm --kept-aside --by Ada --yes");
    assert_eq!((none.code, advice(&none).0.as_str()), (2, "no bundle is kept aside"));
    assert_eq!(site.wrapped(&["faketime", "-f", "+10d"], ISSUER, "issuer publish -o ahead --yes").code, 0);
    // Brought with the vault's factors it is asked about, too.
    let brought = site.run(GATE, "trust bundle ahead");
    assert_eq!((brought.code, advice(&brought).1.contains("--yes")), (2, true), "{}", brought.stderr);
    assert_eq!(site.run(GATE, "verifier sync --from ahead").code, 30);
    // Without an answer nothing is taken.
    assert_eq!(site.run(GATE, "verifier clock confirm --kept-aside --by Ada").code, 2);
    assert!(site.done(GATE, "verifier status")["kept_aside"].is_object());
    let taken = site.done(GATE, "verifier clock confirm --kept-aside --by Ada --yes");
    assert!(taken["taken"]["signed_at"].is_i64(), "{taken}");
    let status = site.done(GATE, "verifier status");
    assert_eq!((&status["kept_aside"], &status["clock"]), (&Value::Null, &Value::from("suspect")), "{status}");
    let log = site.done(GATE, "audit list").to_string();
    assert!(log.contains("clock_confirmed"), "{log}");
}

/// The clock ran ahead at one start, which a bundle will not reach for long: a person's word ends the doubt, and no more.
#[test]
fn a_person_confirms_a_clock_and_verdicts_are_amber_until_signed_time_reaches_it() {
    let (site, _) = Site::with_credential();
    let sized = Command::new("faketime").args(["-f", "+1h", "true"]).output();
    if !sized.is_ok_and(|output| output.status.success()) {
        println!("SKIP confirming a clock: faketime is not installed");
        return;
    }
    let ahead = ["faketime", "-f", "+1h"];
    let status = json(&site.wrapped(&ahead, GATE, "verifier status"));
    assert_eq!((&status["clock"], &status["decides"]), (&Value::from("doubt"), &Value::from(false)));
    // Without an answer it is not confirmed, and without a name neither.
    assert_eq!(site.wrapped(&ahead, GATE, "verifier clock confirm --by Ada").code, 2);
    let confirmed = site.wrapped(&ahead, GATE, "verifier clock confirm --by Ada --yes");
    assert_eq!(confirmed.code, 0, "{}", confirmed.stderr);
    let asked = site.wrapped(&ahead, GATE, "verifier challenge --role staff -o request");
    let shown = site.wrapped(&ahead, "wallet", "wallet present --request request --yes -o answer");
    assert_eq!((asked.code, shown.code), (0, 0), "{}{}", asked.stderr, shown.stderr);
    let verdict = site.wrapped(&ahead, GATE, "verifier verify answer");
    assert_eq!((verdict.code, &json(&verdict)["reasons"][0]["code"]), (10, &Value::from("clock_suspect")), "{}", verdict.stdout);
    let log = site.done(GATE, "audit list").to_string();
    assert!(log.contains("clock_confirmed"), "{log}");
    // A clock behind what is proven is wrong, whatever a person says.
    let behind = site.wrapped(&["faketime", "-f", "-1d"], GATE, "verifier clock confirm --by Ada --yes");
    let (what, next) = advice(&behind);
    assert_eq!(behind.code, 2, "{what}");
    assert!(what.contains("or later") && next.contains("set the clock"), "{what}; {next}");
}
