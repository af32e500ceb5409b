//! Two roles and two processes on one trust folder, killed at any moment: never a false alarm, never a step back, nothing lost.

use super::site::{Site, number, said, text};
use crate::program::{Ran, copy, ended, finish};
use serde_json::Value;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The device with both roles.
const BOTH: &str = "both";
const STICKS: usize = 5;
const ROUNDS: u32 = 10;
/// As many kills as the slow suite makes.
const SLOW_ROUNDS: u32 = 10_000;

fn random(below: usize) -> usize {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    usize::try_from(bits % u64::try_from(below.max(1)).expect("small")).expect("small")
}

fn command(site: &Site, line: &str) -> Command {
    let mut args: Vec<&str> = line.split(' ').collect();
    args.extend(["--no-input", "--json"]);
    let mut command = site.place.command(&[], BOTH, &args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(site: &Site, line: &str) -> Ran {
    finish(command(site, line), "")
}

fn timestamp(site: &Site) -> u64 {
    number(said(&run(site, "trust list").stdout).get("versions").unwrap_or(&Value::Null), "timestamp")
}

#[test]
fn two_roles_that_are_killed_share_one_trust_folder() {
    let site = Site::new();
    let root = text(&site.done("issuer", "issuer show"), "root").to_owned();
    assert_eq!(run(&site, "verifier init --name Both --site north --zone lab --key-file b.key --recovery-file b.code").code, 0);
    assert_eq!(run(&site, "wallet init --key-file w.key --recovery-file w.code").code, 0);
    assert_eq!(run(&site, "verifier enroll -o both.enrolment --key-file b.key").code, 0);
    site.done("issuer", "issuer enroll both.enrolment");
    // The device as it was after each of these sticks.
    for stick in 0..STICKS {
        site.done("issuer", &format!("issuer publish -o stick-{stick}"));
        let line = if stick == 0 {
            format!("trust pin stick-0 --digest {root} --key-file b.key --key-file w.key")
        } else {
            format!("verifier sync --from stick-{stick} --key-file b.key")
        };
        let ran = run(&site, &line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        copy(&site.place.path(BOTH), &site.place.path(&format!("after-{stick}")));
    }
    let started = Instant::now();
    assert_eq!(run(&site, "verifier status --key-file b.key").code, 0);
    let whole = started.elapsed() * 2;
    let rounds = if std::env::var_os("WAYPASS_SLOW").is_some() { SLOW_ROUNDS } else { ROUNDS };
    for round in 0..rounds {
        let before = random(STICKS - 1);
        copy(&site.place.path(&format!("after-{before}")), &site.place.path(BOTH));
        let held = timestamp(&site);
        let later = || before + 1 + random(STICKS - 1 - before);
        let lines = [
            format!("verifier sync --from stick-{} --key-file b.key", later()),
            [format!("wallet sync --from stick-{}", later()), "wallet list --key-file w.key".to_owned()][random(2)].clone(),
        ];
        let children: Vec<_> = lines.iter().map(|line| command(&site, line).spawn().expect("the program starts")).collect();
        std::thread::sleep(Duration::from_micros(u64::try_from(random(whole.as_micros().try_into().expect("short"))).expect("short")));
        for mut child in children {
            drop(child.kill());
            drop(ended(child));
        }
        // The file is at or above what was held, and each role believes it.
        let found = timestamp(&site);
        assert!(found >= held, "round {round}: {found} after {held}");
        let gate = run(&site, "verifier status --key-file b.key");
        assert_eq!(gate.code, 0, "round {round}: a false alarm: {}{}", gate.stdout, gate.stderr);
        let wallet = run(&site, "wallet list --key-file w.key");
        assert!(wallet.code == 0 && !wallet.stderr.contains("trust bundle"), "round {round}: {}", wallet.stderr);
        assert_eq!(timestamp(&site), found, "round {round}");
        // Belief never goes back.
        let bundle = site.place.path(BOTH).join("trust/bundle.json");
        fs::copy(site.place.path(&format!("after-{before}")).join("trust/bundle.json"), &bundle).expect("put back");
        let expected = if found > held { 60 } else { 0 };
        assert_eq!(run(&site, "verifier status --key-file b.key").code, expected, "round {round}: an older bundle put back");
        // The way back, for both roles.
        let last = format!("trust bundle stick-{} --key-file b.key --key-file w.key", STICKS - 1);
        assert_eq!(run(&site, &last).code, 0, "round {round}");
        assert_eq!(run(&site, "verifier status --key-file b.key").code, 0, "round {round}");
    }
    println!("{rounds} rounds of kills on one trust folder");
}
