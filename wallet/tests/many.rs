//! A wallet with thousands of credentials answers like one with a few.

use super::site::{DAY, HOUR, Site, ask_by, holder, moment, noon};
use crate::records::VERIFIED;
use crate::{Asked, PresentError, Wallet};
use std::time::{Duration, Instant};
use waypass_credential::Format;
use waypass_machine::SystemRng;
use waypass_trust::bundle::TrustBundle;

/// Holds `count` credentials: everyone is staff, every hundredth a surgeon.
fn crowd(site: &Site, count: usize) -> (tempfile::TempDir, Wallet<'static>, TrustBundle) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    for number in 0..count {
        let bytes = site.issue(Format::SdJwtVc, &key, |claims| {
            claims.roles.truncate(if number % 100 == 0 { 2 } else { 1 });
            claims.valid_until = claims.valid_until.plus(-i64::try_from(number).expect("small"));
        });
        wallet.hold(&bytes, Some(&bundle), &moment(noon()), &mut SystemRng).expect("held");
    }
    (dir, wallet, bundle)
}

/// Five thousand credentials with `WAYPASS_SLOW`, otherwise a hundred. Two seconds are what a person at a gate takes for at once, on a
/// machine that does other things too.
#[test]
fn an_answer_out_of_five_thousand_is_there_at_once() {
    let site = Site::new();
    let (dir, wallet, bundle) = crowd(&site, if std::env::var_os("WAYPASS_SLOW").is_some() { 5000 } else { 100 });
    drop(wallet);
    for role in ["staff", "surgeon"] {
        let wallet = super::site::open(dir.path());
        let asked = Asked::open(&site.ask(&[role], &[]), Some(&bundle), &moment(noon())).expect("a good request");
        for what in ["first", "again"] {
            let begun = Instant::now();
            let proposal = wallet.propose(asked.clone(), Some(&bundle), &moment(noon())).expect("an answer");
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(2), "{role}, {what}: {took:?}, {} others", proposal.others().len());
        }
    }
}

/// Candidates are looked at unverified; a credential that may be shown is verified.
#[test]
fn an_answer_is_chosen_without_verifying_every_credential() {
    let site = Site::new();
    let (_dir, wallet, bundle) = crowd(&site, 40);
    let asked = Asked::open(&site.ask(&["staff"], &[]), Some(&bundle), &moment(noon())).expect("a good request");
    VERIFIED.set(0);
    let proposal = wallet.propose(asked, Some(&bundle), &moment(noon())).expect("an answer");
    assert_eq!(proposal.others().len(), 39);
    assert!(VERIFIED.get() <= 3, "{} verified", VERIFIED.get());
    assert_eq!(proposal.card().role.valid_until, noon().plus(30 * DAY), "the one that lasts longest");
}

#[test]
fn the_index_knows_every_role_of_a_credential() {
    let site = Site::new();
    let (_dir, wallet, bundle) = crowd(&site, 3);
    let key = wallet.holder_keys().expect("keys")[0].public_key.clone();
    for format in [Format::SdJwtVc, Format::DataIntegrity] {
        let bytes = site.issue(format, &key, |claims| claims.valid_until = noon().plus(HOUR));
        let id = wallet.hold(&bytes, Some(&bundle), &moment(noon()), &mut SystemRng).expect("held").id;
        let only = ask_by(&site.gate, &[format], &["director", "surgeon"], &[]);
        let asked = Asked::open(&only, Some(&bundle), &moment(noon())).expect("a good request");
        let proposal = wallet.propose_with(asked, id, Some(&bundle), &moment(noon())).expect("an answer");
        assert_eq!(proposal.card().id, id);
    }
    let asked = Asked::open(&site.ask(&["director"], &[]), Some(&bundle), &moment(noon())).expect("a good request");
    assert!(matches!(wallet.propose(asked, Some(&bundle), &moment(noon())), Err(PresentError::NothingMatches(_))));
}
