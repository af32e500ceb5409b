//! What the site of this device asks of those who open a vault, in words, and what follows if a vault opens otherwise.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::{factors, words};
use waypass_credential::time::Timestamp;
use waypass_vault::{FactorKind, Forbidden, Rules, SecretRules, SlotInfo, Unlocked};

/// Refuses to work with a wallet that opens in a way that its site forbids, once the time for that is over; before that, says so.
pub(crate) fn keep_to(run: &Run, vault: &Unlocked<'_>, at: Timestamp) -> Result<(), Failure> {
    // Nothing opens the wallet of a guest a second time.
    if run.held.is_some_and(|held| held.guest().is_some()) {
        return Ok(());
    }
    match vault.forbidden(at)? {
        None => Ok(()),
        Some(found) if found.is_over => Err(refused(Role::Wallet, &found)),
        // A session has said so when it was opened.
        Some(_) if run.held.is_some() => Ok(()),
        Some(found) => {
            warn(run, Role::Wallet, &found, at);
            Ok(())
        }
    }
}

/// Says that a vault opens in a way that its site forbids.
pub(crate) fn warn(run: &Run, role: Role, found: &Forbidden, at: Timestamp) {
    let (what, next) = said(role, found);
    let when = words::relative(found.until, at);
    run.out.warn(&if found.is_over { format!("{what}, since {}", words::when(found.until)) } else { format!("{what}; that ends {when}") });
    run.out.note(&next);
}

/// Returns the words for a vault that works no more as it opens.
pub(crate) fn refused(role: Role, found: &Forbidden) -> Failure {
    let (what, next) = said(role, found);
    let since = words::when(found.until);
    Failure::new(Exit::Locked, format!("{what}, since {since}"), format!("{next}; if the clock of this device is wrong, set it"))
}

/// Says which way to open a vault is forbidden, and what to do.
pub(crate) fn said(role: Role, found: &Forbidden) -> (String, String) {
    let verb = format!("waypass {} slot", role.folder());
    let way = |slot: &SlotInfo| format!("{} ({})", factors::kinds(&slot.factors), factors::slot_name(slot));
    let ways = found.slots.iter().map(way).collect::<Vec<_>>().join(", or with ");
    let id = found.slots.first().map(factors::slot_name).unwrap_or_default();
    let what = format!("the rules of this site do not let a {} open with {ways}", role.folder());
    let remove = format!("or remove it: {verb} remove {id}");
    let next = match &found.slots[..] {
        [slot, ..] if slot.factors.contains(&FactorKind::Officers) && found.rules.permit(&slot.factors) => {
            return (
                format!("{} ({id}) opens this, and the officers are others by now", factors::kinds(&slot.factors)),
                format!("make it anew: {verb} change {id} --new-officers NAME, {remove}"),
            );
        }
        _ => format!("replace it: {verb} change {id} --require FACTORS, {remove}; the rules permit {}", combinations(&found.rules)),
    };
    (what, next)
}

/// Says which combinations rules permit.
pub(crate) fn combinations(rules: &Rules) -> String {
    rules.combinations().iter().map(|kinds| factors::kinds(kinds)).collect::<Vec<_>>().join(", or ")
}

/// Returns what new secrets of a vault must be like.
pub(crate) fn secrets(vault: &Unlocked<'_>) -> SecretRules {
    vault.site_rules().map(|site| site.secrets).unwrap_or_default()
}
