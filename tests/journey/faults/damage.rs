//! Damaged files: noticed or without effect, never believed, never a panic; and the undamaged file works again afterwards.

use super::site::{GATE, ISSUER, Site, WALLET, advice, items, number, said, text};
use crate::program::Ran;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use waypass_credential::base64url;
use waypass_credential::did;
use waypass_credential::key::Algorithm;
use waypass_machine::{SystemRng, clock};
use waypass_vault::{Factors, KdfCost, KeyInfo, Password, RecoveryCode, VaultError};
use waypass_wallet::Wallet;

/// A file that is damaged and put back.
struct Victim {
    path: PathBuf,
    whole: Vec<u8>,
    /// A vault's log stays, empty, when the vault is closed.
    keeps_log: bool,
}

impl Victim {
    fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_path_buf();
        let whole = fs::read(&path).expect("the file is there");
        let mut victim = Self { path, whole, keeps_log: false };
        let log = fs::metadata(victim.beside("-wal")).ok();
        victim.keeps_log = log.is_some();
        assert!(log.is_none_or(|log| log.len() == 0), "the database is not all of it");
        victim
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    /// Positions in the part of the file that says something, a prime apart, about `wanted` of them.
    fn positions(&self, wanted: usize) -> Vec<usize> {
        let used: Vec<usize> = (0..self.whole.len()).filter(|at| self.whole[*at] != 0).collect();
        let prime = |n: &usize| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
        let stride = (used.len() / wanted).max(2);
        used.into_iter().step_by((stride..=2 * stride + 2).find(prime).expect("there is always a prime")).collect()
    }

    /// One bit changed at each of `at`.
    fn flip(&self, at: &[usize]) {
        let mut bytes = self.whole.clone();
        for at in at {
            bytes[*at] ^= 1 << (at % 8);
        }
        fs::write(&self.path, bytes).expect("written");
    }

    fn mend(&self) {
        fs::write(&self.path, &self.whole).expect("written");
        for ending in ["-shm", "-journal"] {
            drop(fs::remove_file(self.beside(ending)));
        }
        if self.keeps_log {
            fs::write(self.beside("-wal"), []).expect("written");
        } else {
            drop(fs::remove_file(self.beside("-wal")));
        }
    }

    /// Damages about `wanted` positions one after the other and looks at each; then everything is as before.
    fn each(&self, wanted: usize, mut look: impl FnMut(usize)) -> usize {
        let positions = self.positions(wanted);
        for at in &positions {
            self.flip(&[*at]);
            look(*at);
            self.mend();
        }
        positions.len()
    }

    /// Returns the position of `bytes` in the file.
    fn find(&self, bytes: &[u8]) -> Vec<usize> {
        self.whole.windows(bytes.len()).enumerate().filter(|(_, window)| *window == bytes).map(|(at, _)| at).collect()
    }
}

/// A refusal in words: an exit code with a meaning, what happened, what to do.
fn refused(ran: &Ran, at: usize) {
    let (what, next) = advice(ran);
    assert!([1, 2, 20, 30, 40, 41, 60].contains(&ran.code), "byte {at}: exit {}: {}", ran.code, ran.stderr);
    assert!(!what.is_empty() && !next.is_empty(), "byte {at}: {}", ran.stderr);
}

/// Either the same answer as before, or the damage is told.
fn noticed(ran: &Ran, before: &Value, at: usize, essence: impl Fn(&Value) -> Value) -> bool {
    if ran.code != 0 {
        refused(ran, at);
        return true;
    }
    let told = ran.stderr.contains("\"level\":\"warning\"");
    assert!(told || essence(&said(&ran.stdout)) == essence(before), "byte {at}: altered and believed: {}", ran.stdout);
    told
}

/// The listing, without what changes with the time of day.
fn cards(list: &Value) -> Value {
    let card = |card: &Value| json!([card.get("id"), card.get("roles"), card.get("sites"), card.get("standing"), card.get("valid_until")]);
    items(list, "credentials").iter().map(card).collect()
}

#[test]
fn a_wallet() {
    let (site, _) = Site::with_credential();
    let before = site.done(WALLET, "wallet list");
    let victim = Victim::new(site.vault(WALLET));
    let mut found = 0;
    let tried = victim.each(150, |at| found += usize::from(noticed(&site.run(WALLET, "wallet list"), &before, at, cards)));
    assert!(found * 4 > tried, "{found} of {tried} noticed: the positions say nothing");
    assert_eq!(cards(&site.done(WALLET, "wallet list")), cards(&before));
    site.done(WALLET, "wallet history --verify");
}

/// A damaged key is told at once, also when the vault came upon it while it looked for something else in the same bucket of rows.
#[test]
fn a_holder_key() {
    let (site, _) = Site::with_credential();
    let vault = waypass_machine::open(site.vault(WALLET).parent().expect("a folder")).expect("opens");
    let key = waypass_machine::key_file::read(&site.place.path("wallet.key")).expect("read");
    let unlocked = vault.into_unlocked(&Factors::one(&key), &clock::read()).map_err(|(_, why)| why).expect("unlocks");
    let wallet = Wallet::new(unlocked);
    // One of so many shares the bucket of the first record that every command reads: one bucket in 32 is as good as any other.
    let keys: Vec<KeyInfo> = wallet
        .vault()
        .batch(|_| (0..400).map(|_| wallet.create_holder_key(Algorithm::EdDsa)).collect::<Result<_, VaultError>>())
        .expect("keys");
    drop(wallet);
    let victim = Victim::new(site.vault(WALLET));
    let time = victim.find(b"\x06devicetime")[0];
    let row = |key: &KeyInfo| [&[victim.whole[time - 1], 5][..], b".keys", key.id.as_bytes()].concat();
    let key = keys.iter().find(|key| !victim.find(&row(key)).is_empty()).expect("a key in the bucket");
    let row = row(key);
    let issue = format!("issuer issue --holder {} --role staff --site north --zone lab -o bound", did::to_did_key(&key.public_key));
    site.done(ISSUER, &issue);
    let id = text(&site.done(WALLET, "wallet add bound"), "id").to_owned();

    let victim = Victim::new(site.vault(WALLET));
    for into in [row.len(), row.len() + 8, row.len() + 40, row.len() + 80, 1, 3, 10] {
        let mut lost = 0;
        // A copy that an earlier page left behind says nothing; what was written over it belongs to something else.
        for at in victim.find(&row).into_iter().map(|at| at + into) {
            let look = |line: &str| {
                victim.flip(&[at]);
                let ran = site.run(WALLET, line);
                victim.mend();
                ran
            };
            let told = [look("wallet list"), look(&format!("wallet show {id}"))].map(|ran| key_is_told_as_lost(&ran, &id, at));
            if told == [true, true] {
                lost += 1;
                site.done(GATE, "verifier challenge --role staff -o request");
                let ran = look(&format!("wallet present --request request --credential {id} --yes -o answer"));
                assert_eq!(ran.code, 60, "byte {at}: {}", ran.stderr);
                refused(&ran, at);
            }
        }
        assert!(lost >= 1, "{into} bytes into the row: no damage");
    }
    let ran = site.run(WALLET, "wallet list");
    assert!(!ran.stderr.contains("\"level\":\"warning\""), "{}", ran.stderr);
}

/// Returns true if `ran` shows the credential as one whose key was lost, in the right words.
fn key_is_told_as_lost(ran: &Ran, id: &str, at: usize) -> bool {
    if ran.code != 0 {
        refused(ran, at);
        return false;
    }
    let shown = said(&ran.stdout);
    let card = items(&shown, "credentials").iter().find(|card| text(card, "id") == id).unwrap_or(&shown);
    if text(card, "standing") == "in_force" {
        return false;
    }
    if text(card, "standing") == "key_altered" {
        // Another row of the key's bucket was damaged: the key can be read, and nothing is shown with it.
        assert!(ran.stderr.contains("\"level\":\"warning\""), "byte {at}: {}", ran.stderr);
        return false;
    }
    assert_eq!(text(card, "standing"), "key_lost", "byte {at}: {}", ran.stdout);
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("\"level\":\"warning\"")).collect();
    let found = |line: &&str| line.contains("from outside") || line.contains("a key of this device was damaged");
    assert!(warnings.iter().any(found), "byte {at}: {}", ran.stderr);
    let card = warnings.iter().find(|line| line.contains(&id[..8])).unwrap_or_else(|| panic!("byte {at}: {}", ran.stderr));
    assert!(card.contains("damaged or removed on this device") && card.contains("waypass wallet key"), "{card}");
    true
}

/// A gate with some records, and an answer that is used up.
fn gate() -> Site {
    let (site, _) = Site::with_credential();
    site.ask();
    site.done(GATE, "verifier verify answer");
    for _ in 0..4 {
        assert_eq!(site.run(GATE, "verifier verify answer").code, 20);
    }
    site
}

#[test]
fn a_gate() {
    let site = gate();
    let records = site.records();
    let before = site.done(GATE, "audit verify");
    let victim = Victim::new(site.vault(GATE));
    let mut found = 0;
    let tried = victim.each(150, |at| found += usize::from(noticed(&site.run(GATE, "audit verify"), &before, at, Value::clone)));
    assert!(found * 4 > tried, "{found} of {tried} noticed: the positions say nothing");

    // A record of the log, in its row: named.
    let row = [&[5][..], b"audit", &1_u64.to_be_bytes()].concat();
    let named = victim.find(&row).into_iter().filter(|at| {
        victim.flip(&[at + row.len() + 10]);
        let ran = site.run(GATE, "audit verify");
        victim.mend();
        ran.code == 60 && advice(&ran).0.starts_with("record 1 of the log is the first bad one")
    });
    assert!(named.count() >= 1, "the damaged record is not named");

    // The name of the record that keeps what the gate has seen: then it is lost, and a gate without it decides about nobody.
    let key = b"\x04gatestate";
    let places: Vec<usize> = victim.find(key).into_iter().map(|at| at + key.len() - 1).collect();
    assert!(!places.is_empty());
    let variants = places.iter().map(|at| vec![*at]).chain([places.clone()]);
    let mut lost = 0;
    for variant in variants {
        victim.flip(&variant);
        for _ in 0..2 {
            let ran = site.run(GATE, "verifier challenge --role staff -o request");
            if ran.code == 0 {
                assert_eq!(site.records(), records, "{variant:?}: the gate began anew");
            } else {
                refused(&ran, variant[0]);
                lost += 1;
            }
        }
        victim.mend();
    }
    assert!(lost >= 2, "it was never lost, or found again");
    assert_eq!(site.records(), records);
}

#[test]
fn an_issuer() {
    let (site, id) = Site::with_credential();
    let victim = Victim::new(site.vault(ISSUER).with_file_name("issuer.db"));
    victim.each(100, |at| {
        let ran = site.run(ISSUER, "issuer list");
        if ran.code != 0 {
            refused(&ran, at);
        }
    });
    let list = site.done(ISSUER, "issuer list");
    assert!(items(&list, "credentials").iter().any(|one| text(one, "id") == id), "{list}");
    // The keys are in a vault like every other.
    let victim = Victim::new(site.vault(ISSUER));
    victim.each(40, |at| {
        noticed(&site.run(ISSUER, "issuer list"), &list, at, Value::clone);
    });
    site.done(ISSUER, "issuer publish -o stick");
}

#[test]
fn a_trust_bundle() {
    let site = Site::new();
    let believed = |site: &Site| said(&site.look(GATE, "trust list").stdout);
    let before = believed(&site);
    for (name, wanted) in [("bundle.json", 150), ("root.json", 30)] {
        let victim = Victim::new(site.place.path("gate/trust").join(name));
        victim.each(wanted, |at| {
            let ran = site.look(GATE, "trust list");
            refused(&ran, at);
            assert_eq!(ran.code, 60, "byte {at} of {name}: {}", ran.stderr);
            let aside = victim.path.with_extension("json.bad");
            assert!(aside.exists(), "byte {at} of {name}: not kept as evidence: {}", ran.stderr);
            fs::remove_file(aside).expect("removed");
        });
        assert_eq!(believed(&site), before);
    }

    // A bundle that is damaged on its way in is refused, and what is held stays.
    let stick = Victim::new(site.place.path("stick"));
    stick.each(30, |at| {
        refused(&site.run(GATE, "trust bundle stick"), at);
        assert_eq!(believed(&site), before, "byte {at} of the stick: something else is believed");
        let ran = site.run(GATE, "verifier sync --from stick");
        // Sync takes nothing that is not offered as newer.
        assert!(ran.code != 0 || items(&said(&ran.stdout), "steps").is_empty(), "byte {at}: {}", ran.stdout);
    });
    assert_eq!(believed(&site), before);
    assert_eq!(site.run(GATE, "trust bundle stick").code, 0);
}

#[test]
fn an_exported_log() {
    let site = gate();
    site.done(GATE, "audit export -o log");
    let verify = |site: &Site| site.look(GATE, "audit verify log");
    let victim = Victim::new(site.place.path("log"));
    victim.each(120, |at| refused(&verify(&site), at));
    assert_eq!(verify(&site).code, 0);

    // Records taken out, put in, moved, cut off, altered: the first that does not belong is named.
    let document: Value = serde_json::from_slice(&victim.whole).expect("JSON");
    let leaves = items(&document, "leaves").to_vec();
    let last = leaves.len() - 1;
    assert!(last >= 4);
    let edit = |edit: &dyn Fn(&mut Vec<Value>)| {
        let mut edited = leaves.clone();
        edit(&mut edited);
        edited
    };
    let altered = |leaf: &Value| {
        let mut bytes = base64url::decode(leaf.as_str().expect("text")).expect("base64url");
        // The level of the decision is near the end; any byte would do.
        let at = bytes.len() - 2;
        bytes[at] ^= 1;
        Value::from(base64url::encode(&bytes))
    };
    let cases = [
        ("one deleted", edit(&|leaves| drop(leaves.remove(1))), 1..=1),
        ("the first deleted", edit(&|leaves| drop(leaves.remove(0))), 0..=0),
        ("two exchanged", edit(&|leaves| leaves.swap(1, 2)), 1..=1),
        ("one doubled", edit(&|leaves| leaves.insert(2, leaves[2].clone())), 3..=3),
        ("the last cut off", edit(&|leaves| leaves.truncate(last)), last..=last),
        ("all but one cut off", edit(&|leaves| leaves.truncate(1)), 1..=1),
        // It no longer reads as a record, or the one after it no longer follows.
        ("one altered", edit(&|leaves| leaves[2] = altered(&leaves[2])), 2..=3),
        ("the last altered", edit(&|leaves| leaves[last] = altered(&leaves[last])), last..=last + 1),
    ];
    for (what, leaves, bad) in cases {
        let mut edited = document.clone();
        edited["leaves"] = leaves.into();
        fs::write(&victim.path, edited.to_string()).expect("written");
        let ran = verify(&site);
        let said = advice(&ran).0;
        let named = said.split_once("record ").and_then(|(_, rest)| rest.split(':').next()).and_then(|seq| seq.parse::<usize>().ok());
        assert_eq!(ran.code, 60, "{what}: {said}");
        assert!(named.is_some_and(|seq| bad.contains(&seq)), "{what}: {said}");
    }
}

#[test]
fn a_log_on_its_way() {
    let site = gate();
    site.done(GATE, "verifier sync --to log");
    site.done(ISSUER, "issuer intake log -o receipt");
    site.done(GATE, "verifier sync --from receipt");
    // It sends those records again, and more: what differs from those held must not be taken for a second log of this gate.
    assert_eq!(site.run(GATE, "verifier verify answer").code, 20);
    site.done(GATE, "audit export -o log");
    let victim = Victim::new(site.place.path("log"));
    victim.each(80, |at| refused(&site.run(ISSUER, "issuer intake log -o receipt"), at));
    assert_eq!(site.run(ISSUER, "issuer intake log -o receipt").code, 0, "the gate was blamed for damage on the way");

    let victim = Victim::new(site.place.path("receipt"));
    let [from] = victim.find(b"\"receipts\"")[..] else { panic!("one list of receipts") };
    victim.each(80, |at| {
        let ran = site.run(GATE, "verifier sync --from receipt");
        // Before that stands the bundle, which this gate has already.
        assert!(at < from || ran.code != 0 || number(&said(&ran.stdout), "receipts") == 0, "byte {at}: {}", ran.stdout);
    });
    assert_eq!(number(&site.done(GATE, "verifier sync --from receipt"), "receipts"), 1);
    site.records();
}

#[test]
fn a_backup() {
    const SPARE: &str = "spare";
    let (site, _) = Site::with_credential();
    let code = RecoveryCode::generate(&mut SystemRng);
    site.place.write("code", code.printed().as_str());
    site.place.write("phrase", "ten grey geese");
    {
        // By the library, because the command makes the slow function as slow as this machine allows.
        let vault = waypass_machine::open(site.vault(WALLET).parent().expect("a folder")).expect("opens");
        let key = waypass_machine::key_file::read(&site.place.path("wallet.key")).expect("read");
        let unlocked = vault.into_unlocked(&Factors::one(&key), &clock::read()).map_err(|(_, why)| why).expect("unlocks");
        let phrase = Password::new("ten grey geese");
        let backup = Wallet::new(unlocked).backup(&Factors::one(&code).and(&phrase), KdfCost::Floor).expect("backed up");
        fs::write(site.place.path("backup"), backup).expect("written");
    }
    site.done(SPARE, "wallet init --recovery-file spare.code");
    let restore = "wallet restore backup --backup-secret-file phrase --backup-recovery-file code";
    let victim = Victim::new(site.place.path("backup"));
    victim.each(24, |at| refused(&site.run(SPARE, restore), at));
    for keep in [0, 16, victim.whole.len() / 2, victim.whole.len() - 1] {
        fs::write(&victim.path, &victim.whole[..keep]).expect("written");
        refused(&site.run(SPARE, restore), keep);
    }
    victim.mend();
    let restored = site.done(SPARE, restore);
    assert_eq!((number(&restored, "credentials"), items(&restored, "reissue").len()), (1, 1), "{restored}");
    let list = site.done(SPARE, "wallet list");
    assert_eq!(items(&list, "credentials").len(), 1, "{list}");
}
