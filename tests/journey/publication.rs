//! The publications of the office, and their times: many withdrawals at once and one after the other, and a clock that was wrong.

use crate::program::{Ran, finish};
use crate::site::{Site, codes, text};
use serde_json::Value;
use std::process::Command;

/// Runs a line with the clock moved by `shift`.
fn shifted(site: &Site, home: &str, shift: &str, line: &str) -> Ran {
    let key = format!("{home}.key");
    let args: Vec<&str> = line.split(' ').map(|word| if word == "KEY" { key.as_str() } else { word }).collect();
    finish(site.place.command(&["faketime", "-f", shift], home, &[&args[..], &["--json", "--no-input"]].concat()), "")
}

fn can_move_clock() -> bool {
    Command::new("faketime").args(["-f", "+1d", "true"]).status().is_ok_and(|status| status.success())
}

fn issued(site: &Site, count: usize) -> Vec<String> {
    let holder = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    (0..count).map(|number| site.issue(&holder, "sd-jwt", &format!("more-{number}"))).collect()
}

fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[test]
fn many_withdrawals_are_one_publication() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    let ids = issued(&site, 59);
    site.place.write("ids", format!("{}\n\n{}\n", site.id, ids.join("\n")));
    let before = site.ok("issuer", "issuer publish -o stick --key-file KEY");
    let done = site.ok("issuer", "issuer suspend --from ids --reason investigation --yes --key-file KEY");
    assert_eq!((done["changed"].as_array().map(Vec::len), done["refused"].as_array().map(Vec::len)), (Some(60), Some(0)), "{done}");
    assert_eq!(number(&done, "/timestamp"), number(&before, "/timestamp") + 1, "one publication");

    // By a beginning of the id; what cannot be changed so does not keep the others from it.
    let begins = &ids[0][..8];
    let some = site.run("issuer", &format!("issuer reinstate {begins} 000000000000 {} --reason cleared --key-file KEY", ids[1]));
    assert_eq!(some.code, 2, "{}", some.stderr);
    assert!(some.stderr.contains("000000000000") && some.stderr.contains("1 of 3"), "{}", some.stderr);
    let left = site.ok("issuer", "issuer list --state suspended --key-file KEY");
    assert_eq!(left["credentials"].as_array().map(Vec::len), Some(58));

    let holder = text(&site.ok("issuer", &format!("issuer show {begins} --key-file KEY")), "/holder");
    let done = site.ok("issuer", &format!("issuer revoke --holder {holder} --reason lost --yes --key-file KEY"));
    assert_eq!(done["changed"].as_array().map(Vec::len), Some(60), "{done}");
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
    let again = site.ok("issuer", &format!("issuer revoke --holder {holder} --reason lost --yes --key-file KEY"));
    assert_eq!(again["changed"].as_array().map(Vec::len), Some(0), "{again}");
}

/// As a script does it that knows no better.
#[test]
fn withdrawals_in_a_row_are_published_with_the_clocks_time() {
    let site = Site::new(&[], "sd-jwt");
    let ids = issued(&site, 5);
    let mut newest = 0;
    for id in &ids {
        let done = site.ok("issuer", &format!("issuer revoke {id} --reason lost --key-file KEY"));
        let published = site.ok("issuer", "issuer publish --key-file KEY");
        assert!(number(&published, "/timestamp") >= number(&done, "/timestamp"));
        let (at, now) = (number(&published, "/published_at"), i64::try_from(now()).expect("small"));
        assert!(newest < at && at <= now, "{newest} {at} {now}");
        newest = at;
    }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// One publication from the future, and the way back: docs/src/howto/future-publication.md.
#[test]
fn one_publication_from_the_future_is_overcome() {
    if !can_move_clock() {
        println!("SKIP one_publication_from_the_future_is_overcome: faketime is not installed");
        return;
    }
    let site = Site::new(&[], "sd-jwt");
    let publish = "issuer publish -o future --key-file KEY";
    let asked = shifted(&site, "issuer", "+300d", publish);
    assert_eq!(asked.code, 51, "{}{}", asked.stdout, asked.stderr);
    assert!(!site.path("future").exists() && asked.stderr.contains("days after the last publication"), "{}", asked.stderr);
    let meant = shifted(&site, "issuer", "+300d", &format!("{publish} --yes"));
    assert_eq!(meant.code, 0, "{}", meant.stderr);
    // A gate with a right clock does not take it; one whose clock is wrong too does.
    let sync = "verifier sync --from future --key-file KEY";
    assert_eq!(site.run("gate", sync).code, 30);
    let fooled = shifted(&site, "gate", "+300d", sync);
    assert_eq!(fooled.code, 0, "{}", fooled.stderr);

    // The withdrawal is on record, and nobody is told to set a right clock.
    let revoke = format!("issuer revoke {} --reason lost --key-file KEY", site.id);
    let recorded = site.run("issuer", &revoke);
    assert_eq!(recorded.code, 51, "{}{}", recorded.stdout, recorded.stderr);
    assert!(recorded.stdout.contains("revoked") && recorded.stderr.contains("recorded, not yet published"), "{}", recorded.stderr);
    assert!(!recorded.stderr.contains("set ") && recorded.stderr.contains("later"), "{}", recorded.stderr);
    let record = site.ok("issuer", &format!("issuer show {} --key-file KEY", site.id));
    assert_eq!(text(&record, "/state"), "revoked");

    let listed = site.ok("issuer", "issuer key list --key-file KEY");
    let keys = listed["keys"].as_array().expect("keys");
    let status = keys.iter().find(|key| key["use"] == "status").map(|key| text(key, "/key")).expect("a key for lists");
    let replaced = site.run("issuer", &format!("issuer key replace {status} --key-file KEY"));
    assert_eq!(replaced.code, 51, "{}{}", replaced.stdout, replaced.stderr);
    let prepared = site.ok("issuer", "issuer ceremony prepare root --new-online-keys -o root --key-file KEY");
    // Prepared once more, the same keys are named: none is left behind.
    let again = std::fs::read_to_string(site.path("root")).expect("the paper");
    site.ok("issuer", "issuer ceremony prepare root --new-online-keys -o root --key-file KEY");
    assert_eq!(online(&again), online(&std::fs::read_to_string(site.path("root")).expect("the paper")), "{prepared}");
    site.ok("issuer", "issuer ceremony sign root --yes -o root --key-file KEY");
    site.ok("issuer", "issuer ceremony assemble root --key-file KEY");
    let back = site.ok("issuer", "issuer publish --yes -o stick --key-file KEY");
    assert!((number(&back, "/published_at") - i64::try_from(now()).expect("small")).abs() < 60, "{back}");

    // The gate that took the future takes the present again, and nothing of the future is left in its bundle.
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    let trusted = site.ok("gate", "trust list");
    assert_eq!(number(&trusted, "/versions/timestamp"), number(&back, "/timestamp"), "{trusted}");
    assert_eq!((&trusted["root"]["version"], &trusted["issued_at"]), (&2.into(), &back["published_at"]), "{trusted}");
    let lists = trusted["lists"].as_array().expect("lists");
    assert!(lists.iter().all(|list| list["issued_at"] == back["published_at"]), "{trusted}");
    site.ok("issuer", "issuer publish -o stick --key-file KEY");
    site.ok("gate", "verifier sync --from stick --key-file KEY");
}

/// The roles of a root that officers are asked to sign.
fn online(paper: &str) -> Value {
    let paper: Value = serde_json::from_str(paper).expect("a paper");
    let payload = waypass_credential::base64url::decode(text(&paper, "/envelope/payload")).expect("a payload");
    let part: Value = serde_json::from_slice(&payload).expect("a root");
    part["roles"].clone()
}

/// Enrolments in one command: all in one publication, and a wrong file changes nothing.
#[test]
fn gates_are_enrolled_together() {
    let site = Site::new(&[], "sd-jwt");
    for door in ["east", "west"] {
        site.ok(door, &format!("verifier init --name {door} --site north --zone yard --key-file KEY --recovery-file {door}.recovery"));
        site.ok(door, &format!("verifier enroll -o {door}.enrolment --key-file KEY"));
    }
    site.place.write("wrong", "not an enrolment");
    assert_eq!(site.run("issuer", "issuer enroll east.enrolment wrong --key-file KEY").code, 2);
    let gates = |site: &Site| site.ok("issuer", "issuer show --key-file KEY")["gates"].as_array().map(Vec::len);
    assert_eq!(gates(&site), Some(1), "the first of two files was not taken in");
    let done = site.ok("issuer", "issuer enroll east.enrolment west.enrolment --key-file KEY");
    assert_eq!((done["gates"].as_array().map(Vec::len), gates(&site)), (Some(2), Some(3)), "{done}");
}

/// Somebody passes with a lost credential before the gate has heard of it: the office sees that, and whose it was.
#[test]
fn the_office_reads_what_gates_sent() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("ada", "wallet sync --from stick");
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0, "the gate cannot know yet");
    site.ok("gate", "verifier sync --from stick --to log --key-file KEY");
    site.ok("issuer", "issuer intake log -o back --key-file KEY");

    let gates = site.ok("issuer", "issuer gates --key-file KEY");
    let gate = &gates["gates"][0];
    assert_eq!((&gate["name"], &gate["flags"], &gate["ended"]), (&"Lab-door".into(), &1.into(), &Value::Null), "{gates}");
    assert!(number(gate, "/enrolled_until") > i64::try_from(now()).expect("small"), "{gates}");
    let flagged = site.ok("issuer", "issuer log list --flagged --key-file KEY");
    let records = flagged["records"].as_array().expect("records");
    assert_eq!(records.len(), 1, "{flagged}");
    let shown = site.ok("issuer", &format!("issuer log show Lab-door {} --key-file KEY", number(&records[0], "/seq")));
    assert_eq!(text(&shown, "/credential"), site.id, "{shown}");
    assert_eq!(shown["flag"]["acknowledged"], Value::Null, "{shown}");
    // Somebody looks; the flag stays with that name, and is counted no more.
    let seq = number(&records[0], "/seq");
    let acknowledge = |which: &str| site.run("issuer", &format!("issuer log acknowledge {which} --by Ines --note seen --key-file KEY"));
    assert_eq!(acknowledge("Lab-door 0").code, 2, "a record without a flag");
    let done = site.ok("issuer", &format!("issuer log acknowledge Lab-door {seq} --by Ines --note seen --key-file KEY"));
    assert_eq!((&done["records"][0]["gate"], &done["records"][0]["seq"]), (&"Lab-door".into(), &seq.into()), "{done}");
    assert_eq!(acknowledge(&format!("Lab-door {seq}")).code, 2, "acknowledged twice");
    let none = site.ok("issuer", "issuer log acknowledge --all --by Ines --key-file KEY");
    assert_eq!(none["records"].as_array().map(Vec::len), Some(0), "{none}");
    assert_eq!(site.ok("issuer", "issuer gates --key-file KEY")["gates"][0]["flags"], 0);
    let flagged = site.ok("issuer", "issuer log list --flagged --key-file KEY");
    let looked = &flagged["records"][0]["flag"]["acknowledged"];
    assert_eq!((&looked["by"], &looked["note"]), (&"Ines".into(), &"seen".into()), "{flagged}");
    site.ok("issuer", "issuer log export --csv --verdict green -o log.csv --key-file KEY");
    let table = std::fs::read_to_string(site.path("log.csv")).expect("written");
    assert!(table.starts_with("gate,gate_id,seq,at,") && table.lines().count() == 2 && table.contains("Lab-door,did:key:"), "{table}");
    assert_eq!(site.run("issuer", "issuer log list --gate Nowhere --key-file KEY").code, 2);
}
