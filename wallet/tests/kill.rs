//! kill -9 in the middle of taking credentials in: what was acknowledged is there, and nothing is half there.

use super::site::{Site, holder, moment, noon, open};
use crate::{CredentialId, Filter};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use waypass_credential::Format;
use waypass_credential::key::Algorithm;
use waypass_machine::SystemRng;

/// Tells the copy of this test binary that it is the child, and where the wallet is.
const CHILD: &str = "WAYPASS_TEST_WALLET_TO_KILL";

#[test]
fn acknowledged_holds_survive_kill_9() {
    if let Some(dir) = std::env::var_os(CHILD) {
        hold_for_ever(dir.as_ref());
    }
    let dir = tempfile::tempdir().expect("temporary folder");
    drop(holder(dir.path()));
    let mut acknowledged: Vec<CredentialId> = Vec::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "tests::kill::acknowledged_holds_survive_kill_9", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ids = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("held ").and_then(|id| id.parse::<CredentialId>().ok()));
        acknowledged.extend(ids.take(round * 4));
        // SIGKILL: while the next one is being written.
        child.kill().expect("killed");
        child.wait().expect("gone");

        let wallet = open(dir.path());
        let listing = wallet.list(Filter::All, Some(&Site::new().bundle()), &moment(noon())).expect("a list");
        assert_eq!(listing.unreadable, []);
        let held: Vec<_> = listing.cards.iter().map(|card| card.id).collect();
        for id in &acknowledged {
            assert!(held.contains(id), "round {round}: {id} was acknowledged and is gone");
        }
        // Each is there with its history entry, or neither is.
        let history = wallet.history().expect("readable");
        assert_eq!(history.len(), held.len());
        assert_eq!(wallet.verify_history().expect("a chain").size, held.len() as u64);
        assert_eq!(wallet.vault().verify_all().expect("checked"), []);
    }
    assert_eq!(acknowledged.len(), 4 + 8 + 12);
}

fn hold_for_ever(dir: &std::path::Path) -> ! {
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, bundle) = (open(dir), site.bundle());
    let key = wallet.holder_key(Algorithm::EdDsa).expect("a key").public_key;
    loop {
        let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
        let held = wallet.hold(&bytes, Some(&bundle), &at, &mut SystemRng).expect("held");
        let mut out = std::io::stdout().lock();
        writeln!(out, "held {}", held.id).and_then(|()| out.flush()).expect("the parent reads");
    }
}
