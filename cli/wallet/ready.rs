//! `waypass wallet ready`.

use super::failure;
use crate::exit::Outcome;
use crate::home::Role;
use crate::ready::{Args, Report};
use crate::vault::finding_words;
use crate::{Run, words};
use std::collections::BTreeMap;
use waypass_credential::time::Timestamp;
use waypass_wallet::{Card, Filter, Standing};

pub(super) fn run(run: &Run, args: &Args) -> Outcome {
    let open = super::look(run, &args.open)?;
    let mut report = Report::begin(run, (Role::Wallet, run.home.whose(Role::Wallet)), args, open.at.at(), open.wallet.vault())?;
    if let Some(how) = &open.tampering {
        report.already(how.to_string(), "bring the newest bundle of this site: waypass trust bundle FILE");
    } else if open.bundle.is_none() {
        report.already("it trusts no site yet, so it knows no gate", "pin one: waypass trust pin FILE --digest NUMBER");
    }
    for finding in open.wallet.vault().findings() {
        report.already(finding_words(&finding), "look at it, then go on: waypass wallet acknowledge --by NAME");
    }
    if open.at.doubt().is_some() {
        report.already(format!("the clock: {}", words::clock(open.at.confidence())), "compare it with a watch, and set it");
    }
    let listing = open.wallet.list(Filter::All, open.bundle.as_ref(), &open.at).map_err(failure)?;
    for id in &listing.unreadable {
        report.already(format!("credential {} is damaged", super::short(id)), "ask its issuer for it again");
    }
    if listing.cards.is_empty() {
        report.already("nothing is held that could be shown", "take a credential in: waypass wallet add FILE");
    }
    for (role, best) in best(&listing.cards) {
        let ask = format!("ask {} for a new one, with the line `waypass wallet key` prints", best.issuer_name);
        if ends(best).is_none() {
            report.already(format!("role {role}: {}", best.standing.words(&best.issuer_name)), ask);
            continue;
        }
        report.until(best.role.valid_until, format!("role {role} ends"), ask);
        if best.standing != Standing::InForce {
            report.note(format!("role {role}: {}", best.standing.words(&best.issuer_name)));
        }
    }
    report.told(run)
}

/// Returns for each role the credential that is good for it longest: an older one that is also held makes nothing fail.
fn best(cards: &[Card]) -> BTreeMap<&str, &Card> {
    let mut best: BTreeMap<&str, &Card> = BTreeMap::new();
    for card in cards {
        for role in &card.role.roles {
            let held = best.entry(role).or_insert(card);
            if ends(card) > ends(held) {
                *held = card;
            }
        }
    }
    best
}

/// Returns until when a gate can be expected to take it; `None` if none will now.
fn ends(card: &Card) -> Option<Timestamp> {
    card.standing.is_usable().then_some(card.role.valid_until)
}
