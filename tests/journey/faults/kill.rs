//! `kill -9` at any moment: what was acknowledged is there, nothing is half there, and the next command works.

use super::site::{Actor, GATE, ISSUER, Site, WALLET, calm, items, number, said, text};
use crate::program::Ran;
use serde_json::Value;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::process::Output;
use std::time::{Duration, Instant};
use waypass_credential::role::StatusReference;
use waypass_issuer::store::{Documents as _, MissingLog, SqliteStore};
use waypass_machine::clock;
use waypass_trust::bundle::{Root, TrustBundle};
use waypass_trust::status::Status;
use waypass_trust::time::{Limits, TimeGuard, TimeState};

const ROUNDS: u32 = 12;
/// So many times the rounds with `WAYPASS_SLOW`, and no budget.
const SLOW: u32 = 100;
/// A round more is only begun within this time; on a slow machine there are fewer.
const BUDGET: Duration = Duration::from_secs(12);
const LEAST: u32 = 5;

/// When to strike: spread over the time a whole command takes, and a little over its end.
pub(super) struct Strikes {
    whole: Duration,
    started: Instant,
    round: u32,
    killed: u32,
}

/// A command that was killed, or had just ended.
pub(super) struct Struck {
    /// Its output until then, if it had said all of it.
    pub(super) said: Option<Value>,
    /// It ended by itself, with success.
    pub(super) ended: bool,
}

impl Strikes {
    /// Measures `line`, which must succeed.
    pub(super) fn against(site: &Site, actor: Actor, line: &str) -> Self {
        let started = Instant::now();
        site.done(actor, line);
        Self { whole: started.elapsed(), started: Instant::now(), round: 0, killed: 0 }
    }

    pub(super) fn more(&mut self) -> Option<u32> {
        let slow = std::env::var_os("WAYPASS_SLOW").is_some();
        let in_time = slow || self.round < LEAST || self.started.elapsed() < BUDGET;
        let wanted = in_time && self.round < if slow { SLOW * ROUNDS } else { ROUNDS };
        self.round += 1;
        wanted.then_some(self.round)
    }

    /// Runs `line` and kills it. The moment is random, and every part of its running time gets its share.
    pub(super) fn strike(&mut self, site: &Site, actor: Actor, line: &str) -> Struck {
        let random = std::hash::RandomState::new().build_hasher().finish() % 1000;
        // 5 is coprime to 12: early and late strikes take turns, also when there are few.
        let part = f64::from(self.round * 5 % ROUNDS) + f64::from(u32::try_from(random).unwrap_or(0)) / 1000.0;
        let delay = self.whole.mul_f64(part / f64::from(ROUNDS) * 1.15);
        let mut child = site.command(&[], actor, line).spawn().expect("the program starts");
        std::thread::sleep(delay);
        child.kill().expect("killed, or ended before");
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it is gone");
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned());
        // The machine is faster or slower than when this was measured.
        if status.code().is_some() {
            self.whole = self.whole.mul_f64(0.8);
        } else {
            self.killed += 1;
            if part * 5.0 > f64::from(ROUNDS) * 4.0 {
                self.whole = self.whole.mul_f64(1.25);
            }
        }
        let ran = Ran { code: status.code().unwrap_or(0), stdout, stderr };
        let ran = calm(ran, line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        Struck { said: serde_json::from_str(&ran.stdout).ok(), ended: status.success() }
    }
}

impl Drop for Strikes {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.killed >= 2, "only {} of {} were killed: nothing was tried", self.killed, self.round - 1);
        }
    }
}

#[test]
fn holding() {
    let site = Site::new();
    site.issue("credential-0");
    let mut strikes = Strikes::against(&site, WALLET, "wallet add credential-0");
    let mut acknowledged: BTreeSet<String> = site.held().into_iter().collect();
    while let Some(round) = strikes.more() {
        let line = format!("wallet add credential-{round}");
        site.issue(&format!("credential-{round}"));
        let struck = strikes.strike(&site, WALLET, &line);
        acknowledged.extend(struck.said.iter().map(|held| text(held, "id").to_owned()));
        let held: BTreeSet<String> = site.held().into_iter().collect();
        assert!(held.is_superset(&acknowledged), "round {round}: acknowledged and gone");

        // The next command works, and knows what is there.
        let again = site.done(WALLET, &line);
        let id = text(&again, "id").to_owned();
        assert_eq!(again.get("already"), Some(&Value::Bool(held.contains(&id))), "round {round}");
        assert!(struck.said.is_none() || held.contains(&id));
        acknowledged.insert(id);
    }
    assert_eq!(site.held().into_iter().collect::<BTreeSet<_>>(), acknowledged);
    // Each has its entry in the history, once, after the root that was pinned, and the chain is whole.
    let history = site.done(WALLET, "wallet history --verify");
    assert_eq!(number(&history, "records"), 1 + acknowledged.len() as u64);
}

/// Exactly one of the two opens the vault, whenever the power fails.
#[test]
fn changing_what_opens_it() {
    let site = Site::new();
    let listed = site.done(WALLET, "wallet slot list");
    let [slot] = &items(&listed, "slots").iter().filter(|slot| text(slot, "factors") == "key file").collect::<Vec<_>>()[..] else {
        panic!("one key file: {listed}")
    };
    let key = site.place.path("wallet.key");
    let change = format!("wallet slot change {} --new-key-file", text(slot, "id"));
    let take_over = |name: &str| std::fs::rename(site.place.path(name), &key).expect("renamed");
    let mut strikes = Strikes::against(&site, WALLET, &format!("{change} key-0"));
    take_over("key-0");
    while let Some(round) = strikes.more() {
        let name = format!("key-{round}");
        let struck = strikes.strike(&site, WALLET, &format!("{change} {name}"));
        let old = site.run(WALLET, "wallet status").code == 0;
        assert!(struck.said.is_none() || !old, "round {round}: acknowledged, and the old one still opens it");
        if !old {
            take_over(&name);
        }
        site.done(WALLET, "wallet status");
        // A vault that was begun and not done opens nothing and is in nobody's way.
        if old && site.place.path(&name).exists() {
            std::fs::rename(site.place.path(&name), site.place.path("unused")).expect("renamed");
            assert_ne!(site.look(WALLET, "wallet status --key-file unused").code, 0, "round {round}: both open it");
        }
    }
}

#[test]
fn withdrawing() {
    let site = Site::new();
    let first = site.issue("credential");
    let mut strikes = Strikes::against(&site, ISSUER, &format!("issuer revoke {first} --reason lost"));
    while let Some(round) = strikes.more() {
        let id = site.issue("credential");
        let line = format!("issuer revoke {id} --reason lost");
        let struck = strikes.strike(&site, ISSUER, &line);

        // Fully there, with its event, or not at all.
        let shown = site.done(ISSUER, &format!("issuer show {id}"));
        let events: Vec<&str> = items(&shown, "history").iter().map(|event| text(event, "to")).collect();
        let revoked = text(&shown, "state") == "revoked";
        assert_eq!(events, if revoked { vec!["valid", "revoked"] } else { vec!["valid"] }, "round {round}");
        let acknowledged = struck.said.is_some();
        assert!(revoked || !acknowledged, "round {round}: acknowledged and gone");
        let entry = (number(&shown, "list"), number(&shown, "index"));
        assert!(is_published(&site, entry) || !acknowledged, "round {round}: acknowledged and not published");

        // The same command again completes what was begun, publication included.
        let again = site.run(ISSUER, &line);
        assert_eq!(again.code, if revoked { 2 } else { 0 }, "round {round}: {}", again.stderr);
        assert!(is_published(&site, entry), "round {round}: withdrawn, and gates will not hear of it");
    }
}

/// The thing that is made, by which command, and a command that needs it.
const ROLES: [(Actor, &str, &str); 3] = [
    (ISSUER, "issuer init --name North --site north", "issuer list"),
    (WALLET, "wallet init", "wallet list"),
    (GATE, "verifier init --name Door --site north --zone lab", "audit list"),
];

#[test]
fn making_an_issuer() {
    making(ROLES[0]);
}

#[test]
fn making_a_wallet() {
    making(ROLES[1]);
}

#[test]
fn making_a_gate() {
    making(ROLES[2]);
}

/// Whenever it was cut short, the same command does it again; and what counts as made has its recovery code and its key file.
fn making((actor, init, uses): (Actor, &str, &str)) {
    let site = Site { place: crate::program::Place::new(), holder: String::new() };
    let line = |name: &str| format!("{init} --recovery-file {name}.code --home {name}");
    let key = site.place.path(&format!("{actor}.key"));
    let mut strikes = Strikes::against(&site, actor, &line("first"));
    while let Some(round) = strikes.more() {
        let name = format!("home-{round}");
        // Every home has a key file of its own.
        std::fs::remove_file(&key).expect("there");
        let struck = strikes.strike(&site, actor, &line(&name));
        let opens = site.run(actor, &format!("{uses} --home {name}"));
        if opens.code == 0 {
            assert!(site.place.path(&format!("{name}.code")).exists(), "round {round}: it counts as made, and no code opens it");
            assert_eq!(site.run(actor, &line(&name)).code, 2, "round {round}: made over another");
        } else {
            assert!(struck.said.is_none(), "round {round}: acknowledged and gone: {}", opens.stderr);
            assert_eq!(opens.code, 2, "round {round}: {}", opens.stderr);
            site.done(actor, &line(&name));
            site.done(actor, &format!("{uses} --home {name}"));
        }
        assert!(site.place.path(&format!("{name}.code")).exists());
    }
}

/// Returns true if the issuer's last publication says that the credential at this entry is revoked.
fn is_published(site: &Site, (list, index): (u64, u64)) -> bool {
    let store = SqliteStore::open(&site.vault(ISSUER).with_file_name("issuer.db"), MissingLog::Refused).expect("the issuer's file opens");
    let document = |name: &str| store.document(name).expect("readable").expect("there");
    let bundle = TrustBundle::open(&document("bundle"), &Root::open(&document("root/1")).expect("a root")).expect("published");
    let uri = format!("http://127.0.0.1:8240/lists/{list}");
    let (at, _) = TimeGuard::observe(&TimeState::default(), &clock::read(), &Limits::default());
    let [authority] = bundle.authorities() else { panic!("one issuer") };
    bundle.status(authority, &[StatusReference::token(uri, index)], &at).status == Status::Revoked
}

#[test]
fn synchronizing() {
    let site = Site::new();
    site.done(ISSUER, "issuer publish -o stick");
    let mut strikes = Strikes::against(&site, GATE, "verifier sync --from stick");
    let timestamp = |site: &Site| {
        let believed = site.look(GATE, "trust list");
        assert_eq!(believed.code, 0, "{}", believed.stderr);
        number(said(&believed.stdout).get("versions").unwrap_or(&Value::Null), "timestamp")
    };
    let mut newest = timestamp(&site);
    while let Some(round) = strikes.more() {
        // Within one second there is nothing newer to publish.
        let published = loop {
            let published = number(&site.done(ISSUER, "issuer publish -o stick"), "timestamp");
            if published > newest {
                break published;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let struck = strikes.strike(&site, GATE, "verifier sync --from stick");
        // The old bundle or the new one, never a half, never an older one.
        let found = timestamp(&site);
        assert!(
            found == published || (found == newest && struck.said.is_none()),
            "round {round}: {found} between {newest} and {published}"
        );
        let records = site.records();
        site.done(GATE, "verifier sync --from stick");
        assert_eq!(timestamp(&site), published, "round {round}: not continued");
        assert!(site.records() >= records);
        newest = published;
    }
}

#[test]
fn deciding() {
    let (site, _) = Site::with_credential();
    site.ask();
    let mut strikes = Strikes::against(&site, GATE, "verifier verify answer");
    let mut records = site.records();
    while let Some(round) = strikes.more() {
        site.ask();
        let struck = strikes.strike(&site, GATE, "verifier verify answer");
        let recorded = site.records() - records;
        assert!(recorded <= 1, "round {round}");
        if let Some(verdict) = &struck.said {
            assert_eq!(text(verdict, "verdict"), "allow", "round {round}: {verdict}");
            assert_eq!(recorded, 1, "round {round}: a verdict was shown and not recorded");
        }
        // The answer is used up exactly if the decision is in the log.
        let again = site.run(GATE, "verifier verify answer");
        let expected = if recorded == 1 { (20, "deny") } else { (0, "allow") };
        assert_eq!((again.code, text(&said(&again.stdout), "verdict")), expected, "round {round}: {}{}", again.stdout, again.stderr);
        records += recorded + 1;
        assert_eq!(site.records(), records, "round {round}");
    }
}

#[test]
fn taking_a_log_in() {
    let site = Site::new();
    let grow = |site: &Site| {
        // Nothing answers this gate, and it says so in its log.
        assert_eq!(site.run(GATE, "verifier verify stick").code, 20);
        site.done(GATE, "verifier sync --to log");
    };
    grow(&site);
    let mut strikes = Strikes::against(&site, ISSUER, "issuer intake log -o receipt");
    while let Some(round) = strikes.more() {
        grow(&site);
        let (line, receipt) = (format!("issuer intake log -o receipt-{round}"), site.place.path(&format!("receipt-{round}")));
        let struck = strikes.strike(&site, ISSUER, &line);
        assert!(receipt.exists() || !struck.ended, "round {round}: acknowledged without a receipt");
        if receipt.exists() {
            // Whole, and what it confirms is kept.
            let taken = site.done(GATE, &format!("verifier sync --from receipt-{round}"));
            assert_eq!(number(&taken, "receipts"), 1, "round {round}: {taken}");
        }
        // Repeated, it is the same log and no fork.
        let again = site.run(ISSUER, &line);
        assert_eq!(again.code, 0, "round {round}: {}", again.stderr);
        let taken = site.done(GATE, &format!("verifier sync --from receipt-{round}"));
        assert_eq!(number(&taken, "receipts"), 1, "round {round}: {taken}");
    }
    site.records();
}
