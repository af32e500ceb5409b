//! The engine as a page uses it: JSON in, JSON out, over rows in memory.

mod home;

use super::Home as _;
use crate::duty;
use crate::world::{DAY, TestRng, World, at};
use home::Page;
use serde_json::{Value, json};
use waypass_credential::{ClaimPath, Format};
use waypass_qr::{FrameSize, frames};
use waypass_trust::audit::{Receipt, Upload};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::sync::{AuditHeld, Manifest};

const PHRASE: &str = "tulip anchor seven lamp";

fn create(page: &mut Page) -> Value {
    page.call(&json!({ "do": "create", "name": "North door", "site": "clinic-north", "zone": "ward", "phrase": PHRASE }))
}

/// Returns a page whose gate is enrolled in the world's bundle, with the bundle.
fn enrolled(world: &World) -> (Page, TrustBundle) {
    let mut page = Page::new();
    let made = create(&mut page);
    assert_eq!(made["frame"]["stage"], "open", "{made}");
    let bundle = bundle(world, &page, 1, &[]);
    let number = world.pinned().digest().to_string();
    let pinned = page.bring(&json!({ "do": "pin", "number": number }), &bundle.to_bytes());
    assert_eq!(pinned["failed"], Value::Null, "{pinned}");
    (page, bundle)
}

fn bundle(world: &World, page: &Page, version: u64, revoked: &[(u64, u8)]) -> TrustBundle {
    let made = at(i64::try_from(version).expect("small") - 1);
    let mut targets = world.targets(version, made);
    targets.gates[0].id = page.gate();
    world.bundle(version, &targets, vec![world.list(made, 30 * DAY, revoked)])
}

/// Lets the holder of the world answer a question of this gate; returns the codes that its wallet shows.
fn answered(world: &World, page: &mut Page) -> Vec<String> {
    let Ok(question) = page.engine.wanted.question() else { panic!("a question") };
    let asked = page.engine.with_gate(|gate, home| Ok(duty::ask(gate, &question, &home.clock(), &mut *home.entropy())?.0));
    let Ok(asked) = asked else { panic!("no question") };
    let claims = World::nurse(&world.issuer, &world.holder, Format::SdJwtVc);
    let credential = World::issue(&claims, &world.issuer, Format::SdJwtVc, "ana");
    let roles = [ClaimPath::names(["roles"])];
    let binding = asked.request.binding();
    let presented = credential.present(&roles, &binding, page.now(), &world.holder, &mut TestRng::new("presented")).expect("presents");
    frames(presented.as_bytes(), FrameSize::Scan).expect("codes").iter().map(|frame| frame.text().to_owned()).collect()
}

fn scan(page: &mut Page, codes: &[String]) -> Value {
    let mut last = Value::Null;
    for code in codes {
        last = page.call(&json!({ "do": "line", "text": code }));
    }
    last
}

#[test]
fn a_new_page_has_no_gate_and_refuses_what_needs_one() {
    let mut page = Page::new();
    let looked = page.call(&json!({ "do": "look" }));
    assert_eq!((&looked["frame"]["stage"], &looked["frame"]["kind"]), (&json!("new"), &json!("locked")));
    for request in ["status", "flags", "enrolment", "give", "sync_begin"] {
        let refused = page.call(&json!({ "do": request }));
        assert_eq!(refused["failed"]["what"], "The gate is locked", "{request}: {refused}");
    }
    let refused = |page: &mut Page, member: &str, value: &str| {
        let mut request = json!({ "do": "create", "name": "North door", "site": "clinic-north", "zone": "ward", "phrase": PHRASE });
        request[member] = json!(value);
        page.call(&request)["failed"]["what"].clone()
    };
    assert_eq!(refused(&mut page, "name", " "), "A gate cannot have that name");
    assert_eq!(refused(&mut page, "site", "old yard"), "A site or zone cannot be written so");
    assert_eq!(refused(&mut page, "phrase", "12345678"), "That pass phrase is too easy to guess");
    let made = create(&mut page);
    assert_eq!(made["recovery"].as_str().expect("a code").split('-').count(), 7);
    assert_eq!((&made["frame"]["stage"], &made["frame"]["kind"]), (&json!("open"), &json!("not_ready")));
    assert_eq!(made["frame"]["gate"]["name"], "North door");
    assert_eq!(create(&mut page)["failed"]["what"], "There is a gate on this device already");
}

#[test]
fn what_is_no_request_is_answered() {
    let mut page = Page::new();
    for request in ["", "[]", "{}", r#"{"do":"fly"}"#, r#"{"do":"line"}"#, r#"{"do":"key","key":"f5"}"#, "\u{0}"] {
        let answer = page.raw(request, &[]);
        assert_eq!(answer["failed"]["what"], "That could not be done", "{request}");
        assert_eq!(answer["frame"]["stage"], "new");
    }
}

#[test]
fn it_is_opened_by_its_pass_phrase_and_its_recovery_code_and_by_nothing_else() {
    let mut page = Page::new();
    let recovery = create(&mut page)["recovery"].clone();
    let locked = page.call(&json!({ "do": "lock" }));
    assert_eq!((&locked["frame"]["stage"], &locked["frame"]["kind"]), (&json!("locked"), &json!("locked")));
    assert_eq!((&locked["frame"]["question"], &locked["frame"]["gate"]), (&Value::Null, &Value::Null));
    let wrong = page.call(&json!({ "do": "unlock", "phrase": "tulip anchor seven limp" }));
    assert_eq!(wrong["failed"]["what"], "That does not open this gate. Tries left: 9");
    assert_eq!(wrong["frame"]["stage"], "locked");
    let mistyped = page.call(&json!({ "do": "unlock", "phrase": "AAAA", "recovery": true }));
    assert_eq!(mistyped["failed"]["what"], "That is no recovery code");
    let opened = page.call(&json!({ "do": "unlock", "phrase": recovery, "recovery": true }));
    assert_eq!((&opened["failed"], &opened["frame"]["stage"]), (&Value::Null, &json!("open")));
    page.call(&json!({ "do": "lock" }));
    // A page that was loaded again finds the gate.
    let mut again = page.reload();
    assert_eq!(again.call(&json!({ "do": "look" }))["frame"]["stage"], "locked");
    assert_eq!(again.call(&json!({ "do": "unlock", "phrase": PHRASE }))["frame"]["stage"], "open");
    let log = again.call(&json!({ "do": "log", "count": 50 }));
    let events: Vec<&str> = log["records"].as_array().expect("records").iter().filter_map(|record| record["event"].as_str()).collect();
    assert_eq!(events, ["wrong_tries"]);
}

#[test]
fn a_creation_that_was_cut_short_begins_anew() {
    let mut page = Page::new();
    page.home().cut_after(3);
    let cut = create(&mut page);
    assert_ne!(cut["failed"], Value::Null);
    let mut page = page.reload();
    assert_eq!(page.call(&json!({ "do": "look" }))["frame"]["stage"], "new");
    assert_eq!(create(&mut page)["frame"]["stage"], "open");
}

#[test]
fn a_person_is_admitted_with_a_scan_and_a_replay_is_not() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let ready = page.call(&json!({ "do": "tick" }));
    assert_eq!((&ready["frame"]["kind"], &ready["frame"]["tone"]), (&json!("ready"), &json!("plain")), "{ready}");
    let codes = ready["frame"]["question"].as_array().expect("codes");
    assert_eq!(codes.len(), 1, "one frame each way");
    assert!(codes[0]["path"].as_str().expect("a path").starts_with('M') && codes[0]["side"].as_i64() > Some(50));

    let presented = answered(&world, &mut page);
    let verdict = scan(&mut page, &presented);
    assert_eq!((&verdict["frame"]["kind"], &verdict["frame"]["tone"]), (&json!("verdict"), &json!("green")), "{verdict}");
    assert_eq!((&verdict["frame"]["verdict"]["word"], &verdict["frame"]["shape"]), (&json!("ALLOW"), &json!("tick")));
    let sounded = verdict["frame"]["effects"].as_array().expect("effects").iter().any(|effect| effect["do"] == "sound");
    assert!(sounded, "{verdict}");
    // An effect is carried out once.
    assert_eq!(page.call(&json!({ "do": "look" }))["frame"]["effects"], json!([]));

    page.pass(20_000);
    let replay = scan(&mut page, &presented);
    assert_eq!(replay["frame"]["tone"], "red", "{replay}");
    let log = page.call(&json!({ "do": "log", "count": 2 }));
    let levels: Vec<&str> = log["records"].as_array().expect("records").iter().filter_map(|record| record["level"].as_str()).collect();
    assert_eq!(levels, ["red", "green"]);
    // Paging goes backwards and ends.
    let first = page.call(&json!({ "do": "log", "count": 50, "before": 1 }));
    assert_eq!(first["records"].as_array().expect("records").len(), 1);
}

#[test]
fn garbage_is_said_and_never_in_the_way() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let presented = answered(&world, &mut page);
    for text in ["https://parcel.example/1", "WP1:A", "WP9:ABC", "", "\u{1b}[2J"] {
        let frame = page.call(&json!({ "do": "line", "text": text }))["frame"].clone();
        assert_eq!(frame["kind"], "ready", "{text:?}: {frame}");
    }
    assert_eq!(scan(&mut page, &presented)["frame"]["tone"], "green");
}

#[test]
fn an_engine_that_stopped_is_grey_and_asks_anew() {
    let world = World::default();
    let (page, _) = enrolled(&world);
    let mut page = page.reload();
    page.call(&json!({ "do": "unlock", "phrase": PHRASE }));
    let trapped = page.call(&json!({ "do": "trapped" }));
    assert_eq!((&trapped["frame"]["kind"], &trapped["frame"]["tone"]), (&json!("trapped"), &json!("grey")));
    let presented = answered(&world, &mut page);
    assert_eq!(scan(&mut page, &presented)["frame"]["tone"], "green");
}

#[test]
fn a_decision_that_cannot_be_written_down_is_grey() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let presented = answered(&world, &mut page);
    page.home().cut_after(0);
    let verdict = scan(&mut page, &presented);
    assert_eq!((&verdict["frame"]["tone"], &verdict["frame"]["verdict"]["word"]), (&json!("grey"), &json!("CANNOT CHECK")), "{verdict}");
}

/// An older copy of the rows that somebody put there meanwhile is not gone on with.
#[test]
fn rows_that_were_put_back_lock_the_gate() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let copy = page.home().copy();
    let presented = answered(&world, &mut page);
    assert_eq!(scan(&mut page, &presented)["frame"]["tone"], "green");
    page.home().put_back(&copy);
    let refused = page.call(&json!({ "do": "status" }));
    assert_eq!(refused["failed"]["what"], "Something was changed on this gate");
    assert_eq!(refused["frame"]["stage"], "locked");
    // A scan finds it too, and shows nothing green.
    let (mut page, _) = enrolled(&world);
    let copy = page.home().copy();
    let presented = answered(&world, &mut page);
    page.home().put_back(&copy);
    let frame = scan(&mut page, &presented)["frame"].clone();
    assert_eq!((&frame["stage"], &frame["kind"]), (&json!("locked"), &json!("locked")), "{frame}");
}

/// A disk that was pulled out, or a vault that another program holds.
#[test]
fn rows_that_are_gone_make_a_verdict_grey() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let presented = answered(&world, &mut page);
    page.home().pull_out(true);
    let verdict = scan(&mut page, &presented);
    assert_eq!((&verdict["frame"]["kind"], &verdict["frame"]["tone"]), (&json!("verdict"), &json!("grey")), "{verdict}");
    assert_eq!(verdict["frame"]["notice"], "Another program of this device is using the gate");
    page.home().pull_out(false);
    page.pass(20_000);
    assert_eq!(page.call(&json!({ "do": "tick" }))["frame"]["kind"], "ready");
    // Nothing was decided, so the same answer still counts.
    assert_eq!(scan(&mut page, &presented)["frame"]["verdict"]["level"], "green");
}

#[test]
fn a_gate_that_nobody_uses_locks_itself() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    page.pass(14 * 60_000);
    assert_eq!(page.call(&json!({ "do": "tick" }))["frame"]["stage"], "open");
    page.call(&json!({ "do": "line", "text": "https://parcel.example/1" }));
    page.pass(14 * 60_000);
    assert_eq!(page.call(&json!({ "do": "tick" }))["frame"]["stage"], "open", "somebody used it");
    page.pass(2 * 60_000);
    // A tablet that slept locks before it does what it is asked.
    let slept = page.call(&json!({ "do": "status" }));
    assert_eq!((&slept["frame"]["stage"], &slept["failed"]["what"]), (&json!("locked"), &json!("The gate is locked")));
    assert_eq!(slept["frame"]["question"], Value::Null);
}

#[test]
fn what_is_asked_is_kept_with_the_gate() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let asked = page.call(&json!({ "do": "ask_for", "roles": ["doctor"], "claims": ["given_name"], "purpose": "Ward round" }));
    assert_eq!(asked["failed"], Value::Null);
    let mut page = page.reload();
    page.call(&json!({ "do": "unlock", "phrase": PHRASE }));
    assert_eq!(page.engine.wanted.purpose, "Ward round");
    let asks = page.call(&json!({ "do": "status" }))["asks"].clone();
    assert_eq!(asks, json!({ "roles": ["doctor"], "claims": ["given_name"], "purpose": "Ward round" }));
    let refused = page.call(&json!({ "do": "ask_for", "roles": [], "claims": [""], "purpose": "x" }));
    assert_eq!(refused["failed"]["what"], "That question cannot be asked");
}

#[test]
fn the_wrong_number_pins_nothing() {
    let world = World::default();
    let mut page = Page::new();
    create(&mut page);
    let bundle = bundle(&world, &page, 1, &[]).to_bytes();
    let right = world.pinned().digest().to_string();
    let wrong = right.replace(&right[..2], if right.starts_with("00") { "11" } else { "00" });
    for number in ["", "12", &wrong] {
        let refused = page.bring(&json!({ "do": "pin", "number": number }), &bundle);
        assert_eq!(refused["failed"]["what"], "The number is not that of this file", "{number}");
    }
    assert_eq!(page.bring(&json!({ "do": "take" }), &bundle)["failed"]["what"], "This gate has no data of the site yet");
    assert_eq!(page.bring(&json!({ "do": "pin", "number": right }), b"{}")["failed"]["what"], "That file is not from the office");
}

#[test]
fn a_gate_decides_no_more_when_its_site_forbids_how_it_opens() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let mut targets = world.targets(2, at(0));
    targets.gates[0].id = page.gate();
    let rules = json!({ "gates": { "combinations": [["key-file"]], "permanent": false, "grace_seconds": DAY } });
    targets.policy.unlocking = serde_json::from_value(rules).expect("sound rules");
    let newer = world.bundle(2, &targets, vec![world.list(at(0), 30 * DAY, &[])]);
    assert_eq!(page.bring(&json!({ "do": "take" }), &newer.to_bytes())["failed"], Value::Null);
    let opens = |page: &mut Page| {
        page.call(&json!({ "do": "lock" }));
        page.call(&json!({ "do": "unlock", "phrase": PHRASE }))
    };
    assert_eq!(opens(&mut page)["failed"], Value::Null, "there is a day to set it up anew");
    let codes = answered(&world, &mut page);
    page.pass(25 * 3_600_000);
    let opened = opens(&mut page);
    let rules = "The rules of this site do not let a gate open like this any more";
    assert_eq!((&opened["failed"], &opened["frame"]["title"]), (&Value::Null, &json!(rules)), "{opened}");
    assert_eq!(scan(&mut page, &codes)["frame"]["tone"], "grey");
    // It takes news, and gives its log away.
    let (mut milder, from) = (targets.clone(), at(25 * 3600));
    (milder.version, milder.policy.unlocking) = (3, None);
    let milder = world.bundle(3, &milder, vec![world.list(from, 30 * DAY, &[])]);
    assert_eq!(page.bring(&json!({ "do": "take" }), &milder.to_bytes())["failed"], Value::Null);
    assert_ne!(page.call(&json!({ "do": "look" }))["frame"]["title"], rules);
}

#[test]
fn the_office_enrols_what_the_page_shows() {
    let mut page = Page::new();
    create(&mut page);
    let (reply, file) = page.with_file(&json!({ "do": "enrolment" }));
    let text = String::from_utf8(file.expect("a file")).expect("text");
    let enrolment = waypass_trust::enrolment::Enrolment::open(&text).expect("signed by the gate");
    assert_eq!((enrolment.id, enrolment.name.as_str()), (page.gate(), "North door"));
    assert!(!reply["enrolment"]["codes"].as_array().expect("codes").is_empty());
}

/// A service that the page fetches from, as `issuer serve` is one.
fn served(world: &World, bundle: &TrustBundle, ask: &Value, body: &[u8]) -> (u16, Vec<u8>) {
    match ask["path"].as_str().expect("a path") {
        "manifest" => (200, Manifest::of(Some(bundle), AuditHeld::default()).to_bytes()),
        "bundle/metadata" => (200, bundle.to_bytes_with_lists(|_| false)),
        "lists/1" => {
            let file: Value = serde_json::from_slice(&bundle.to_bytes()).expect("JSON");
            (200, file["lists"][0].as_str().expect("a list").to_owned().into_bytes())
        }
        "time" => (404, br#"{"error":"not_found"}"#.to_vec()),
        "audit" => {
            let upload = Upload::parse(body).expect("an upload");
            let head = waypass_trust::audit::Head::open(upload.head()).expect("a head");
            let receipt = Receipt { chain: head.chain, stored_at: at(0), flagged: Vec::new() };
            (200, receipt.sign(&world.intake.key_id(), &world.intake).expect("signed").into_bytes())
        }
        other => panic!("{other} was asked for"),
    }
}

fn synchronise(world: &World, page: &mut Page, bundle: &TrustBundle) -> (Value, Vec<String>) {
    let mut fetched = Vec::new();
    let (mut reply, mut body) = page.with_file(&json!({ "do": "sync_begin" }));
    while let Some(ask) = reply.get("ask").cloned() {
        fetched.push(ask["path"].as_str().expect("a path").to_owned());
        assert!(fetched.len() < 12, "it comes to no end: {fetched:?}");
        let (status, answer) = served(world, bundle, &ask, body.as_deref().unwrap_or_default());
        (reply, body) = page.with_both(&json!({ "do": "sync_answer", "status": status }), &answer);
    }
    (reply, fetched)
}

#[test]
fn a_synchronization_brings_the_withdrawal_and_flags_who_went_in_before() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let presented = answered(&world, &mut page);
    assert_eq!(scan(&mut page, &presented)["frame"]["tone"], "green");
    page.pass(5 * 60_000);
    let newer = bundle(&world, &page, 2, &[(7, 1)]);
    let (reply, fetched) = synchronise(&world, &mut page, &newer);
    assert_eq!(reply["failed"], Value::Null, "{reply} {fetched:?}");
    assert_eq!(fetched, ["manifest", "time", "bundle/metadata", "lists/1", "audit"]);
    assert_eq!(reply["failed"], Value::Null, "{reply}");
    let lines = reply["synced"].as_array().expect("lines");
    assert_eq!((&lines[0], &lines[1]), (&json!("Synchronised"), &json!("1 admission to look at")));
    let flags = page.call(&json!({ "do": "flags" }))["flags"].clone();
    assert_eq!(flags.as_array().expect("flags").len(), 1);
    let done = page.call(&json!({ "do": "acknowledge_flag", "seq": flags[0]["seq"], "by": "Ines" }));
    assert_eq!(done["failed"], Value::Null);
    assert_eq!(page.call(&json!({ "do": "flags" }))["flags"], json!([]));

    page.call(&json!({ "do": "key", "key": "enter" }));
    let presented = answered(&world, &mut page);
    let verdict = scan(&mut page, &presented);
    assert_eq!((&verdict["frame"]["tone"], &verdict["frame"]["verdict"]["headline"]), (&json!("red"), &json!("Withdrawn")), "{verdict}");
}

#[test]
fn without_a_link_the_gate_goes_on() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let begun = page.call(&json!({ "do": "sync_begin" }));
    assert_eq!((&begun["ask"]["method"], &begun["ask"]["path"]), (&json!("GET"), &json!("manifest")));
    let failed = page.call(&json!({ "do": "sync_answer", "status": 0 }));
    assert_eq!(failed["failed"]["what"], "The office cannot be reached");
    assert_eq!(failed["frame"]["kind"], "ready");
    let presented = answered(&world, &mut page);
    assert_eq!(scan(&mut page, &presented)["frame"]["tone"], "green");
    // An answer that nobody waits for changes nothing.
    assert_ne!(page.call(&json!({ "do": "sync_answer", "status": 200 }))["failed"], Value::Null);
}

#[test]
fn files_carry_both_ways() {
    let world = World::default();
    let (mut page, _) = enrolled(&world);
    let (given, file) = page.with_file(&json!({ "do": "give" }));
    assert_eq!(given["file"], "waypass-log.json");
    assert_eq!(waypass_trust::sync::Parcel::parse(&file.expect("a file")).expect("a parcel").uploads.len(), 1);
    let newer = bundle(&world, &page, 2, &[(7, 1)]);
    let taken = page.bring(&json!({ "do": "take" }), &newer.to_bytes());
    assert_eq!(taken["synced"][0], "Synchronised", "{taken}");
    let older = bundle(&world, &page, 1, &[]);
    assert_eq!(page.bring(&json!({ "do": "take" }), &older.to_bytes())["failed"]["what"], "What came is not believed");
    assert_eq!(page.bring(&json!({ "do": "take" }), b"not a parcel")["failed"]["what"], "That file is not from the office");
}

#[test]
fn every_language_has_the_same_frame_and_arabic_runs_from_the_right() {
    let mut page = Page::new();
    create(&mut page);
    for (tag, lang, dir) in [("de-AT", "de", "ltr"), ("fr", "fr", "ltr"), ("ar-EG", "ar", "rtl"), ("en", "en", "ltr"), ("xx", "en", "ltr")]
    {
        let frame = page.call(&json!({ "do": "language", "tag": tag }))["frame"].clone();
        assert_eq!((&frame["lang"], &frame["dir"]), (&json!(lang), &json!(dir)));
        assert!(!frame["title"].as_str().expect("a title").is_empty());
    }
    let status = page.call(&json!({ "do": "status" }))["status"].clone();
    assert!(status["facts"].as_array().expect("facts").len() >= 4, "{status}");
    assert!(page.call(&json!({ "do": "words" }))["words"].is_object());
}
