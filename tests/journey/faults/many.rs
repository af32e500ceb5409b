//! Issuing to many people, killed at any moment and run again: each person has one credential and one file.

use super::kill::Strikes;
use super::site::{ISSUER, Site, items, number, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use waypass_credential::Credential;
use waypass_credential::did;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::PublicKey;

/// Two transactions.
const PEOPLE: u32 = 600;

fn table() -> String {
    let mut table = String::from("holder,zone,label,claim:given_name\n");
    for number in 0..PEOPLE {
        let mut seed = [7; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let key = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        writeln!(table, "{},lab,Person {number},Ada {number}", did::to_did_key(&key)).expect("a line");
    }
    table
}

/// Each line of the result: id, status, file.
fn result(site: &Site, folder: &str) -> Vec<[String; 3]> {
    let text = std::fs::read_to_string(site.place.path(folder).join("result.csv")).expect("a result");
    let cells = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [cells[2], cells[1], cells[3]].map(str::to_owned)
    };
    text.lines().skip(1).map(cells).collect()
}

#[test]
fn each_person_is_issued_to_once() {
    let site = Site::new();
    site.place.write("people.csv", table());
    let line = |round: u32| format!("issuer issue --from people.csv --role staff --site north --run r{round} -o folder-{round} --yes");
    let mut strikes = Strikes::against(&site, ISSUER, &line(0));
    let mut runs = 1;
    while let Some(round) = strikes.more() {
        let struck = strikes.strike(&site, ISSUER, &line(round));
        let folder = format!("folder-{round}");
        if let Some(said) = &struck.said {
            assert_eq!((number(said, "issued"), result(&site, &folder).len()), (PEOPLE.into(), PEOPLE as usize), "round {round}");
        }
        let again = site.done(ISSUER, &line(round));
        assert_eq!(number(&again, "issued") + number(&again, "before"), u64::from(PEOPLE), "round {round}");
        assert!(!struck.ended || number(&again, "issued") == 0, "round {round}");
        let lines = result(&site, &folder);
        assert_eq!(lines.iter().map(|[id, ..]| id).collect::<BTreeSet<_>>().len(), PEOPLE as usize);
        let mut entries = BTreeSet::new();
        for [_, status, file] in &lines {
            assert_eq!(status, "issued");
            let bytes = std::fs::read(site.place.path(&folder).join(file)).expect("a file");
            let credential = Credential::parse(&bytes, &KnownContexts::new()).expect("a whole credential");
            let status = credential.untrusted().expect("readable").role.status.clone();
            entries.insert((status[0].uri.clone(), status[0].index));
        }
        assert_eq!(entries.len(), PEOPLE as usize, "round {round}");
        let files = std::fs::read_dir(site.place.path(&folder)).expect("listed").count();
        assert_eq!(files, PEOPLE as usize + 1, "round {round}: nothing half is left");
        runs += 1;
    }
    let listed = site.done(ISSUER, "issuer list");
    let mut held: BTreeMap<&str, u32> = BTreeMap::new();
    for credential in items(&listed, "credentials").iter().filter(|credential| text(credential, "label").starts_with("Person")) {
        *held.entry(text(credential, "holder")).or_default() += 1;
    }
    assert_eq!(held.len(), PEOPLE as usize);
    assert!(held.values().all(|count| *count == runs), "{runs} runs: {held:?}");
}
