//! Log, receipt and withdrawal carried by hand: a gate without any network learns whom it should not have let in.

use super::site::{GATE, ISSUER, Site, items, number, reasons, text};
use serde_json::Value;

#[test]
fn an_admission_after_the_withdrawal_is_flagged_through_files_only() {
    let (site, id) = Site::with_credential();
    site.ask();
    let before = site.done(GATE, "verifier verify answer");
    assert_eq!(text(&before, "verdict"), "allow");

    // Withdrawn at the issuer; the gate cannot know, and opens. A second between them, so that the times can be told apart.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.done(ISSUER, &format!("issuer revoke {id} --reason lost"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.ask();
    let late = site.done(GATE, "verifier verify answer");
    assert_eq!(text(&late, "verdict"), "allow");

    // Down: the list. Up: the log.
    site.done(ISSUER, "issuer publish -o stick");
    let synced = site.done(GATE, "verifier sync --from stick --to log");
    assert_eq!(number(&synced, "uploads"), 1, "{synced}");
    let open = items(&synced, "flagged");
    assert_eq!(open.len(), 2, "the gate would refuse both now, and only the issuer knows since when: {synced}");
    assert!(open.iter().all(|flag| flag["already_revoked"].is_null()), "{synced}");
    let taken = site.run(ISSUER, "issuer intake log -o receipt");
    assert_eq!(taken.code, 0, "{}", taken.stderr);

    // Down again: the receipt, with the answer about both admissions.
    let told = site.run(GATE, "verifier sync --from receipt");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let answer = super::site::said(&told.stdout);
    assert_eq!(number(&answer, "receipts"), 1, "{answer}");
    let [flagged] = items(&answer, "flagged") else { panic!("one of two admissions came after the withdrawal: {answer}") };
    assert!(told.stderr.contains("had been withdrawn"), "{}", told.stderr);

    // It names the record of the second admission, and nobody gets in any more.
    let record = site.done(GATE, &format!("audit show {}", number(flagged, "seq")));
    assert_eq!(text(&record, "level"), "green", "{record}");
    let log = site.done(GATE, "audit list");
    let admitted: Vec<u64> =
        items(&log, "records").iter().filter(|record| text(record, "level") == "green").map(|record| number(record, "seq")).collect();
    assert_eq!(admitted.last(), Some(&number(flagged, "seq")));
    assert_eq!(admitted.len(), 2);
    site.ask();
    let red = site.run(GATE, "verifier verify answer");
    assert_eq!(red.code, 20, "{}", red.stdout);
    assert_eq!(reasons(&super::site::said(&red.stdout)), ["revoked"]);
    site.records();
}

/// The thief of an intake key could make a gate believe that its log is safe at the office.
#[test]
fn a_receipt_by_a_stolen_key_is_refused() {
    let (site, _) = Site::with_credential();
    site.ask();
    site.run(GATE, "verifier verify answer");
    site.done(ISSUER, "issuer publish -o stick");
    site.done(GATE, "verifier sync --from stick --to log");
    site.done(ISSUER, "issuer intake log -o receipt");

    // Stolen, and replaced. The gate hears of it before the receipt arrives.
    let keys = site.done(ISSUER, "issuer key list");
    let key = items(&keys, "keys").iter().find(|key| text(key, "use") == "intake").map(|key| text(key, "key").to_owned());
    site.done(ISSUER, &format!("issuer key replace {} --stolen --yes", key.expect("an intake key")));
    site.done(ISSUER, "issuer publish -o stick");
    site.done(GATE, "verifier sync --from stick");
    // The bundle that came with the receipt is older by now, and would be refused first.
    let mut parcel = json(&site, "receipt");
    parcel["bundle"] = json(&site, "stick");
    std::fs::write(site.place.path("receipt"), parcel.to_string()).expect("written");
    let refused = site.run(GATE, "verifier sync --from receipt");
    assert_eq!(refused.code, 60, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("the receipt is not signed by the intake key"), "{}", refused.stderr);

    // The gate still sends every record, and the new key's receipt is one.
    assert_eq!(number(&site.done(GATE, "verifier sync --to again"), "uploads"), 1);
    site.done(ISSUER, "issuer intake again -o good");
    assert_eq!(number(&site.done(GATE, "verifier sync --from good"), "receipts"), 1);
}

fn json(site: &Site, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(site.place.path(name)).expect("a file")).expect("JSON")
}
