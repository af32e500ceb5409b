//! Credentials that a pick-up left undecided: told after every `wallet add` and `wallet list`, removed by `wallet remove`.

use super::{Open, failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::{secret, words};
use serde_json::json;
use waypass_wallet::{Aside, Kept};

/// Warns of everything that is kept aside.
pub(super) fn tell(run: &Run, open: &Open) -> Result<(), Failure> {
    for aside in open.wallet.aside().map_err(failure)? {
        let id = super::short(&aside.id);
        run.out.warn(&match aside.kept {
            Kept::Credential => format!("{}; `waypass wallet add` tries again, `waypass wallet remove {id}` gives it up", what(&aside)),
            Kept::Unfinished => format!("{}; `waypass wallet add` goes on with it, `waypass wallet remove {id}` gives it up", what(&aside)),
        });
    }
    Ok(())
}

fn what(aside: &Aside) -> String {
    let (from, since) = (&aside.from, words::when(aside.since));
    match aside.kept {
        Kept::Credential => format!("a credential from {from} is kept aside since {since} and not taken in"),
        Kept::Unfinished => format!("picking up from {from} was cut off on {since}"),
    }
}

/// Removes one thing that is kept aside.
pub(super) fn remove(run: &Run, open: &Open, beginning: &str, yes: bool) -> Outcome {
    let aside = open.wallet.find_aside(beginning).map_err(failure)?;
    if !yes && !secret::confirm(run.input.while_open(Role::Wallet), &format!("{}. Remove it for good?", what(&aside)), "--yes")? {
        return Err(secret::declined("nothing was removed"));
    }
    open.wallet.discard(aside.id).map_err(failure)?;
    run.out.json(&json!({ "schema": "waypass.removed/1", "id": aside.id.to_string() }))?;
    run.out.words(&format!("removed {}", super::short(&aside.id)));
    Ok(Exit::Done)
}
