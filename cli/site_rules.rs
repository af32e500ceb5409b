//! What the site of this device asks of those who open a vault, in words, and what follows if a vault opens otherwise.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::{factors, gate, holder, words};
use waypass_machine::clock;
use waypass_vault::{Forbidden, Rules, SecretRules, SlotInfo, Unlocked};

/// Refuses to work with a vault that opens in a way that its site forbids, once the time for that is over; before that, says so.
pub(crate) fn keep_to(run: &Run, role: Role, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let now = clock::read().wall;
    if vault.forbidden(now)?.is_some_and(|found| found.is_over) {
        // The site may have changed its mind since.
        learn(run, role, vault);
    }
    let Some(found) = vault.forbidden(now)? else { return Ok(()) };
    let (what, next) = said(role, vault, &found);
    if found.is_over {
        return Err(Failure::new(Exit::Locked, what, next));
    }
    run.out.warn(&format!("{what}; that ends {}", words::relative(found.until, now)));
    run.out.note(&next);
    Ok(())
}

/// Takes over what the newest bundle here asks. What is wrong with it is said by whoever decides by it.
pub(crate) fn learn(run: &Run, role: Role, vault: &Unlocked<'_>) {
    match role {
        Role::Wallet => drop(holder::known(run, vault)),
        Role::Verifier => drop(gate::opened(run, vault).map(|gate| gate.bundle().map(drop))),
        Role::Issuer => {}
    }
}

/// Says which way to open the vault is forbidden, and what to do.
pub(crate) fn said(role: Role, vault: &Unlocked<'_>, found: &Forbidden) -> (String, String) {
    let verb = format!("waypass {} slot", role.folder());
    let way = |slot: &SlotInfo| format!("{} ({})", factors::kinds(&slot.factors), factors::slot_name(slot));
    let ways = found.slots.iter().map(way).collect::<Vec<_>>().join(", or with ");
    let what = format!("the rules of this site do not let a {} open with {ways}", role.folder());
    let rules = vault.site_rules().map(|site| combinations(&site.rules)).unwrap_or_default();
    (what, format!("replace it: {verb} change ID --require FACTORS, or remove it: {verb} remove ID; they let it open with {rules}"))
}

/// Says which combinations rules permit.
pub(crate) fn combinations(rules: &Rules) -> String {
    rules.combinations().iter().map(|kinds| factors::kinds(kinds)).collect::<Vec<_>>().join(", or with ")
}

/// Returns what new secrets of a vault must be like.
pub(crate) fn secrets(vault: &Unlocked<'_>) -> SecretRules {
    vault.site_rules().map(|site| site.secrets).unwrap_or_default()
}
