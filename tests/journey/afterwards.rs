//! The steps of a person after the verdict: confirm an amber one, and look at those whom a newer list denies.

use crate::program::Ran;
use crate::site::{Site, text};
use serde_json::Value;

pub(crate) const INNER: &str = "inner";

/// A site with a second gate, where two guards are needed, and a credential that is good there.
pub(crate) fn guarded_site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.ok(INNER, "verifier init --name Inner --site north --zone restricted-lab --key-file KEY --recovery-file inner.recovery");
    site.ok(INNER, "verifier enroll -o inner.enrolment --key-file KEY");
    site.ok("issuer", "issuer enroll inner.enrolment --key-file KEY");
    site.stick();
    site.pin(INNER);
    let holder = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    site.ok(
        "issuer",
        &format!(
            "issuer issue --holder {holder} --role staff --site north --zone restricted-lab --format sd-jwt -o credential --key-file KEY"
        ),
    );
    site.ok("ada", "wallet add credential --key-file KEY");
    site.stick();
    site.ok(INNER, "verifier sync --from stick --key-file KEY");
    // A wallet answers only gates that it knows.
    site.ok("ada", "wallet sync --from stick");
    site
}

/// The inner gate asks and decides; the verdict is amber, and its record has this number.
fn amber(site: &Site) -> u64 {
    site.ok(INNER, "verifier challenge --role staff -o request --key-file KEY");
    site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
    let ran = site.run(INNER, "verifier verify answer --key-file KEY");
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let said = ran.stderr.split("verifier confirm ").nth(1).unwrap_or_else(|| panic!("the command is named: {}", ran.stderr));
    said.split(' ').next().expect("a number").parse().expect("a number")
}

fn admitted(site: &Site) -> (u64, u64) {
    let checked = site.ok(INNER, "audit verify --key-file KEY");
    (checked["admitted"].as_u64().expect("a number"), checked["unconfirmed"].as_u64().expect("a number"))
}

fn confirm(site: &Site, seq: u64, rest: &str) -> Ran {
    site.run(INNER, &format!("verifier confirm {seq} {rest} --key-file KEY"))
}

#[test]
fn an_amber_verdict_is_an_admission_when_two_guards_confirmed_it() {
    let site = guarded_site();
    let seq = amber(&site);
    assert_eq!(admitted(&site), (0, 1));
    for refused in ["--by Bea", "--by Bea --second bea", "--second Carl --by \u{a0}"] {
        let ran = confirm(&site, seq, refused);
        assert_eq!(ran.code, 2, "{refused}: {}", ran.stderr);
    }
    assert_eq!(admitted(&site), (0, 1));
    let ran = confirm(&site, seq, "--by Bea --second Carl --reason visit");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(admitted(&site), (1, 0));
    // Once, and only what is amber.
    for again in ["--by Bea --second Carl", "--by Bea --turned-away"] {
        assert_eq!(confirm(&site, seq, again).code, 2);
    }
    assert_eq!(confirm(&site, 0, "--by Bea --second Carl").code, 2);
    assert_eq!(confirm(&site, 99, "--by Bea --second Carl").code, 2);

    // The names are in the gate, and in nothing that leaves it.
    let record = site.ok(INNER, &format!("audit show {} --key-file KEY", seq + 1));
    let said =
        (text(&record, "/event"), record["about"].as_u64(), text(&record, "/by"), text(&record, "/second"), text(&record, "/reason"));
    assert_eq!(said, ("confirmed".into(), Some(seq), "Bea".into(), "Carl".into(), "visit".into()));
    site.ok(INNER, "audit export -o log --key-file KEY");
    let checked = site.ok("elsewhere", "audit verify log");
    assert_eq!((checked["admitted"].as_u64(), checked["unconfirmed"].as_u64()), (Some(1), Some(0)));
    let log = std::fs::read_to_string(site.path("log")).expect("the log");
    let leaves: Value = serde_json::from_str(&log).expect("JSON");
    let bytes: Vec<u8> = leaves["leaves"]
        .as_array()
        .expect("leaves")
        .iter()
        .flat_map(|leaf| waypass_credential::base64url::decode(leaf.as_str().expect("text")).expect("base64url"))
        .collect();
    assert!(!bytes.windows(4).any(|part| part == b"Carl"));

    // A person who was turned away was not let in.
    let seq = amber(&site);
    assert_eq!(confirm(&site, seq, "--by Bea --turned-away").code, 0);
    assert_eq!(admitted(&site), (1, 0));

    // The office takes the log with these records.
    site.ok(INNER, "verifier sync --from stick --to outgoing --key-file KEY");
    site.ok("issuer", "issuer intake outgoing -o incoming --key-file KEY");
    let synced = site.ok(INNER, "verifier sync --from incoming --key-file KEY");
    assert_eq!(synced["receipts"], 1, "{synced}");
}

/// Reads the open flags as the numbers of their records.
fn flagged(value: &Value) -> Vec<u64> {
    value["flagged"].as_array().expect("flagged").iter().map(|flag| flag["seq"].as_u64().expect("a number")).collect()
}

/// A person asks to be forgotten: nothing of this gate names them any more, what was decided stays, and nobody vanishes from under a flag.
#[test]
fn an_erased_person_is_in_no_record_and_the_chain_still_holds() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    let records = || {
        let listed = site.ok("gate", "audit list --key-file KEY");
        listed["records"].as_array().expect("records").iter().map(|record| record["seq"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    let shown = |seq: u64| site.ok("gate", &format!("audit show {seq} --key-file KEY"));
    let decided = records().into_iter().find(|seq| shown(*seq)["event"] == "decided").expect("a decision");
    let person = shown(decided)["subject"].as_str().expect("a person").to_owned();
    let erase = |who: &str| site.run("gate", &format!("audit erase {who} --by Bea --yes --key-file KEY"));

    site.stick();
    assert_eq!(site.run("gate", "verifier sync --from stick --key-file KEY").code, 0);
    let refused = erase(&person);
    assert_eq!((refused.code, refused.stderr.contains("is flagged")), (2, true), "{}", refused.stderr);
    site.ok("gate", "audit acknowledge --all --by Bea --key-file KEY");

    assert_eq!(erase("did:example:nobody").code, 2);
    let gate = shown(decided)["actor"].as_str().expect("the gate").to_owned();
    assert_eq!(erase(&gate).code, 2, "the gate is no person");
    let before = site.ok("gate", "audit verify --key-file KEY");
    let erased = erase(&person);
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    let named = |who: &str| records().into_iter().filter(|seq| shown(*seq).to_string().contains(who)).count();
    assert_eq!(named(&person), 0);
    assert_eq!(shown(decided)["level"], "green", "what was decided stays");
    assert!(shown(decided).get("status").is_none());
    assert_eq!(erase(&person).code, 2, "there is nothing left");

    // A guard is a person too.
    assert_ne!(named("Bea"), 0);
    assert_eq!(site.run("gate", "audit erase Bea --by Cy --yes --key-file KEY").code, 0);
    assert_eq!(named("Bea"), 0);

    let after = site.ok("gate", "audit verify --key-file KEY");
    assert_eq!(after["admitted"], before["admitted"]);
    assert_eq!(after["records"].as_u64(), before["records"].as_u64().map(|records| records + 2));
    site.ok("gate", "verifier sync --from stick --to outgoing --key-file KEY");
    site.ok("issuer", "issuer intake outgoing -o incoming --key-file KEY");
    assert_eq!(site.ok("gate", "verifier sync --from incoming --key-file KEY")["receipts"], 1);
}

/// The owner of a gate sees later that others tried, and who may open it since when.
#[test]
fn a_gates_log_tells_who_tried_to_open_it_and_what_opens_it_now() {
    let site = Site::new(&[], "sd-jwt");
    let records = || {
        let listed = site.ok("gate", "audit list --key-file KEY");
        let seqs: Vec<u64> =
            listed["records"].as_array().expect("records").iter().map(|record| record["seq"].as_u64().expect("a number")).collect();
        let shown = seqs.into_iter().map(|seq| site.ok("gate", &format!("audit show {seq} --key-file KEY")));
        let told = |record: Value| (record["event"].as_str().unwrap_or_default().to_owned(), record["subject"].to_string());
        shown.map(told).filter(|(event, _)| ["factors_changed", "wrong_tries", "locked_out"].contains(&event.as_str())).collect::<Vec<_>>()
    };
    std::fs::write(site.path("pass"), "seven otters under a bridge").expect("written");
    std::fs::write(site.path("wrong"), "eight otters under a bridge").expect("written");
    let added = site.ok("gate", "verifier slot add --new-secret-file pass --key-file KEY");
    let id = added["id"].as_str().expect("an id").to_owned();
    for _ in 0..2 {
        assert_eq!(site.run("gate", "verifier status --secret-file wrong").code, 41);
    }
    // A key file clears no counter, so the tries are told when somebody opens the gate with the pass phrase.
    assert_eq!(records(), [("factors_changed".to_owned(), format!("\"{id} added: pass phrase\""))]);
    site.run("gate", "verifier status --secret-file pass");
    site.run("gate", "verifier status --secret-file pass");
    let told = records();
    assert_eq!(told[1..], [("wrong_tries".to_owned(), "\"2 wrong tries\"".to_owned())]);
    site.ok("gate", &format!("verifier slot change {id} --new-secret-file wrong --key-file KEY"));
    assert_eq!(records()[2], ("factors_changed".to_owned(), format!("\"{id} replaced: pass phrase by pass phrase\"")));
    assert_eq!(site.run("gate", "verifier status --secret-file pass").code, 41, "the old one is gone");
    site.ok("gate", "verifier status --secret-file wrong");
    site.run("gate", &format!("verifier slot remove {id} --key-file KEY"));
    assert_eq!(records().last(), Some(&("factors_changed".to_owned(), format!("\"{id} removed: pass phrase\""))));
    site.ok("gate", "audit verify --key-file KEY");
}

/// Newcomer's story: the stick goes one way only, and the gate itself names whom it let in.
/// `trust bundle` is another way to the same knowledge, and says the same.
#[test]
fn a_bundle_from_a_file_names_who_was_let_in_meanwhile() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    site.stick();
    let ran = site.run("gate", "trust bundle stick --key-file KEY");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("let somebody in before this gate had the list").count(), 1, "{}", ran.stderr);
    assert_eq!(flagged(&serde_json::from_str(&ran.stdout).expect("JSON")).len(), 1, "{}", ran.stdout);
    site.ok("gate", "audit acknowledge --all --by Bea --key-file KEY");
    let again = site.run("gate", "trust bundle stick --key-file KEY");
    assert!(again.code == 0 && !again.stderr.contains("let somebody in"), "{}", again.stderr);
}

#[test]
fn a_one_way_stick_flags_who_was_let_in_meanwhile_until_somebody_looks() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    let listed = || flagged(&site.ok("gate", "audit list --flagged --key-file KEY"));
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!(exit, 0, "{verdict}");
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    assert!(listed().is_empty());

    site.stick();
    let ran = site.run("gate", "verifier sync --from stick --key-file KEY");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let synced: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let open = flagged(&synced);
    assert_eq!(open.len(), 2, "{synced}");
    assert_eq!(ran.stderr.matches("let somebody in before this gate had the list").count(), 2, "{}", ran.stderr);
    assert_eq!(listed(), open);
    assert_eq!(site.ok("gate", "verifier status --key-file KEY")["open_flags"], 2);

    // Told again at each sync while it is open, and not after somebody looked.
    assert_eq!(flagged(&site.ok("gate", "verifier sync --from stick --key-file KEY")), open);
    site.ok("gate", &format!("audit acknowledge {} --by Bea --key-file KEY", open[0]));
    assert_eq!(listed(), open[1..]);
    let again = site.run("gate", &format!("audit acknowledge {} --by Bea --key-file KEY", open[0]));
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert_eq!(flagged(&site.ok("gate", "verifier sync --from stick --key-file KEY")), open[1..]);
    site.ok("gate", "audit acknowledge --all --by Bea --key-file KEY");
    site.stick();
    assert!(flagged(&site.ok("gate", "verifier sync --from stick --key-file KEY")).is_empty());
    assert!(listed().is_empty());
    let records = site.ok("gate", "audit list --key-file KEY")["records"].as_array().expect("records").clone();
    let looked: Vec<u64> =
        records.iter().filter(|record| record["event"] == "acknowledged").filter_map(|record| record["about"].as_u64()).collect();
    assert_eq!(looked, open);
    site.ok("gate", "audit verify --key-file KEY");
}

/// An amber that nobody confirmed let nobody in, so no list flags it; one that is confirmed after the list came is flagged at once.
#[test]
fn only_admissions_are_flagged_whenever_they_are_confirmed() {
    let site = guarded_site();
    let (confirmed, turned_away, late) = (amber(&site), amber(&site), amber(&site));
    assert_eq!(confirm(&site, confirmed, "--by Bea --second Carl").code, 0);
    assert_eq!(confirm(&site, turned_away, "--by Bea --turned-away").code, 0);
    let listed = site.ok("issuer", "issuer list --key-file KEY");
    for credential in listed["credentials"].as_array().expect("credentials") {
        site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", text(credential, "/id")));
    }
    site.stick();
    assert_eq!(flagged(&site.ok(INNER, "verifier sync --from stick --key-file KEY")), [confirmed]);
    let ran = confirm(&site, late, "--by Bea --second Carl");
    assert!(ran.code == 0 && ran.stderr.contains("denies this credential"), "{}", ran.stderr);
    assert_eq!(flagged(&site.ok(INNER, "audit list --flagged --key-file KEY")), [confirmed, late]);
}

/// The index that finds the admissions is edited by somebody with the file and without the key.
#[test]
fn deleted_rows_of_the_index_hide_no_admission() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    let vault = site.path("gate").join("verifier/vault.db");
    rusqlite::Connection::open(&vault).expect("opens").execute_batch("DELETE FROM log_tag").expect("deleted");
    site.stick();
    assert_eq!(flagged(&site.ok("gate", "verifier sync --from stick --key-file KEY")).len(), 1);
}
