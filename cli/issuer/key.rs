//! `waypass issuer key ..`: the keys that sign credentials, status lists and receipts, those that the root names, and their replacement.

use super::ceremony::renewed;
use super::publish::{self, Clock, Published, Publishing};
use super::seat::seated;
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{secret, words};
use serde_json::{Value, json};
use waypass_credential::key::PublicKey;
use waypass_issuer::ceremony::{CeremonyError, Quorum};
use waypass_issuer::keys::{KeyRole, KeyState, KeyUse};
use waypass_issuer::rotate::KeyError;
use waypass_issuer::store::KeyRow;
use waypass_trust::bundle::BundleError;
use waypass_vault::{KeyPurpose, Unlocked};

/// The verbs of `issuer key`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// List the keys that sign credentials, lists and receipts, and those that the root names
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Put a new key in the place of one, and publish that; what the old one signed stays good unless it was stolen
    Replace(ReplaceArgs),
}

/// Arguments of `issuer key replace`.
#[derive(clap::Args)]
pub(crate) struct ReplaceArgs {
    /// The key, as `list` shows it
    key: String,
    /// Somebody else may have it: nothing it ever signed is believed any more, and this cannot be undone
    #[arg(long)]
    stolen: bool,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => list(run, &open),
        Verb::Replace(args) => replace(run, &args),
    }
}

fn list(run: &Run, open: &OpenArgs) -> Outcome {
    let (rows, root) =
        super::with(run, open, |issuer| Ok((issuer.keys().map_err(store_failure)?, issuer.root_keys().map_err(store_failure)?)))?;
    let named = |(role, key): &(KeyRole, PublicKey)| json!({ "key": key.to_multikey(), "use": role.as_str(), "state": "active" });
    let items: Vec<Value> = rows.iter().map(document).chain(root.iter().map(named)).collect();
    run.out.list("waypass.key-list/1", "keys", &items, || {
        for row in &rows {
            let until = row.issued_until.map_or_else(String::new, |until| format!(" since {}", words::when(until)));
            run.out.words([
                format!("{:<10}  {}{until}", KeyRole::from(row.key_use).as_str(), state(row.state)),
                format!("            {}", row.multikey),
            ]);
        }
        for (role, key) in &root {
            run.out.words([format!("{:<10}  active, named in the root", role.as_str()), format!("            {}", key.to_multikey())]);
        }
    })?;
    Ok(Exit::Done)
}

fn replace(run: &Run, args: &ReplaceArgs) -> Outcome {
    let question = "Shall nothing that this key ever signed be believed any more?";
    if args.stolen && !args.publishing.yes && !secret::confirm(run.input, question, "--yes")? {
        return Err(secret::declined("nothing was changed"));
    }
    let unknown = || Failure::usage("no key here is called so", "see the keys: waypass issuer key list");
    let old = PublicKey::from_multikey(&args.key).map_err(|_| unknown())?;
    let clock = args.publishing.clock(run)?;
    let (new, is_of_root, published) = unlock::with(run, Role::Issuer, &args.open, |vault| {
        let (rows, root) =
            seated(run, vault, |issuer| Ok((issuer.keys().map_err(store_failure)?, issuer.root_keys().map_err(store_failure)?)))?;
        if let Some((role, _)) = root.iter().find(|(_, key)| *key == old) {
            let (new, published) = replace_in_root(run, vault, &clock, *role, &old)?;
            return Ok((Some(new), true, published));
        }
        let row = rows.into_iter().find(|row| row.multikey == args.key).ok_or_else(unknown)?;
        let (key_use, purpose) = use_of(&row).ok_or_else(unknown)?;
        // A key that signs no more needs no successor.
        let new = if row.state == KeyState::Active { Some(vault.generate_key(old.algorithm(), purpose)?.public_key) } else { None };
        if new.is_none() && !args.stolen {
            return Err(Failure::usage(format!("the key is {} already", state(row.state)), "see the keys: waypass issuer key list"));
        }
        // Opened again, with the new key among those that may sign.
        let published = seated(run, vault, |issuer| {
            if let Some(new) = &new {
                issuer.rotate_key(key_use, new, now()).map_err(failure)?;
            }
            if args.stolen {
                issuer.give_up_key(&old).map_err(failure)?;
            }
            Ok(clock.publish(run, issuer).map_err(publish::unpublished))
        })?;
        if let Some(old) = vault.keys()?.into_iter().find(|key| key.public_key == old && !key.retired) {
            vault.retire_key(old.id)?;
        }
        Ok((new, false, published))
    })?;
    let new = new.map(|key| key.to_multikey());
    let state = if is_of_root {
        "replaced"
    } else if args.stolen {
        "compromised"
    } else {
        "retired"
    };
    run.out.json(&json!({ "schema": "waypass.key-change/1", "key": args.key, "state": state, "new": new }))?;
    let became = if is_of_root {
        "replaced: devices that know the next root believe nothing more by it"
    } else if args.stolen {
        "given up: nothing it ever signed is believed"
    } else {
        "retired: what it signed until now stays good"
    };
    run.out.words([args.key.clone(), format!("  is {became}")]);
    if let Some(new) = new {
        run.out.words(["new key".to_owned(), format!("  {new}")]);
    }
    publish::tell(run, published, publish::TARGETS_DUE, "published; devices know after their next sync")
}

/// Replaces a key that the root names, if enough of its keys are in this vault to sign the next root.
fn replace_in_root(
    run: &Run,
    vault: &Unlocked<'_>,
    clock: &Clock,
    role: KeyRole,
    old: &PublicKey,
) -> Result<(PublicKey, Published), Failure> {
    let purpose = match role {
        KeyRole::Root => KeyPurpose::Root,
        KeyRole::Targets => KeyPurpose::Targets,
        KeyRole::Snapshot => KeyPurpose::Snapshot,
        KeyRole::Timestamp => KeyPurpose::Timestamp,
        KeyRole::Record(_) => return Err(Failure::internal("the root names a key of another kind", "run `waypass doctor`")),
    };
    if !vault.keys()?.iter().any(|key| key.public_key == *old && !key.retired) {
        return Err(elsewhere(role));
    }
    let named = Quorum { keys: vec![old.clone()], threshold: 1 };
    let new = renewed(vault, purpose, &named)?.keys.pop().ok_or_else(|| elsewhere(role))?;
    // Opened again, with the new key among those that may sign.
    let published = seated(run, vault, |issuer| {
        issuer.replace_root_key(old, &new, now()).map_err(|error| match error {
            CeremonyError::Refused(BundleError::Threshold { .. }) | CeremonyError::TargetsLeftBehind | CeremonyError::NoKey(_) => {
                elsewhere(role)
            }
            other => publish::ceremony_failure(&other),
        })?;
        Ok(clock.publish(run, issuer).map_err(publish::unpublished))
    })?;
    if let Some(held) = vault.keys()?.into_iter().find(|key| key.public_key == *old && !key.retired) {
        vault.retire_key(held.id)?;
    }
    Ok((new, published))
}

/// The keys that must sign the next root are in the vaults of officers.
fn elsewhere(role: KeyRole) -> Failure {
    let prepare = match role {
        KeyRole::Root => "--key MULTIKEY --threshold K",
        KeyRole::Targets => "--targets-key MULTIKEY --targets-threshold K",
        _ => "--new-online-keys",
    };
    Failure::usage(
        format!("keys that must sign for another {role} key are not in this vault; nothing was changed"),
        format!("have the officers sign: waypass issuer ceremony prepare root {prepare} -o PAPER"),
    )
}

fn use_of(row: &KeyRow) -> Option<(KeyUse, KeyPurpose)> {
    match row.key_use {
        KeyUse::Credential => Some((KeyUse::Credential, KeyPurpose::Credential)),
        KeyUse::Status => Some((KeyUse::Status, KeyPurpose::Status)),
        KeyUse::Intake => Some((KeyUse::Intake, KeyPurpose::Intake)),
        KeyUse::Lease | KeyUse::Time => None,
    }
}

const fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Retired => "retired",
        KeyState::Compromised => "compromised",
    }
}

fn document(row: &KeyRow) -> Value {
    json!({
        "key": row.multikey, "use": row.key_use, "state": row.state, "not_before": row.not_before.unix(),
        "issued_until": row.issued_until.map(waypass_credential::time::Timestamp::unix),
    })
}

fn failure(error: KeyError) -> Failure {
    match error {
        KeyError::Store(why) => store_failure(why),
        KeyError::Registered | KeyError::Unknown | KeyError::Compromised => Failure::usage(error, "see the keys: waypass issuer key list"),
    }
}
