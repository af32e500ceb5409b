//! `waypass issuer key ..`: the keys that sign credentials, status lists and receipts, and their replacement.

use super::publish::{self, Publishing};
use super::seat::seated;
use super::{now, store_failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{secret, words};
use serde_json::{Value, json};
use waypass_credential::key::PublicKey;
use waypass_issuer::keys::{KeyRole, KeyState, KeyUse};
use waypass_issuer::rotate::KeyError;
use waypass_issuer::store::KeyRow;
use waypass_vault::KeyPurpose;

/// The verbs of `issuer key`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// List the keys that sign credentials, lists and receipts
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

pub(crate) fn run(session: &Session, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => list(session, &open),
        Verb::Replace(args) => replace(session, &args),
    }
}

fn list(session: &Session, open: &OpenArgs) -> Outcome {
    let rows = super::with(session, open, |issuer| issuer.keys().map_err(store_failure))?;
    let items: Vec<Value> = rows.iter().map(document).collect();
    session.out.list("waypass.key-list/1", "keys", &items, || {
        for row in &rows {
            let until = row.issued_until.map_or_else(String::new, |until| format!(" since {}", words::when(until)));
            session.out.words([
                format!("{:<10}  {}{until}", KeyRole::from(row.key_use).as_str(), state(row.state)),
                format!("            {}", row.multikey),
            ]);
        }
    })?;
    Ok(Exit::Done)
}

fn replace(session: &Session, args: &ReplaceArgs) -> Outcome {
    let question = "Shall nothing that this key ever signed be believed any more?";
    if args.stolen && !args.publishing.yes && !secret::confirm(session.input, question, "--yes")? {
        return Err(secret::declined("nothing was changed"));
    }
    let unknown = || Failure::usage("no key here is called so", "see the keys: waypass issuer key list");
    let old = PublicKey::from_multikey(&args.key).map_err(|_| unknown())?;
    let clock = args.publishing.clock(session)?;
    let (new, published) = unlock::with(session, Role::Issuer, &args.open, |vault| {
        let rows = seated(session, vault, |issuer| issuer.keys().map_err(store_failure))?;
        let row = rows.into_iter().find(|row| row.multikey == args.key).ok_or_else(unknown)?;
        let (key_use, purpose) = use_of(&row).ok_or_else(unknown)?;
        // A key that signs no more needs no successor.
        let new = if row.state == KeyState::Active { Some(vault.generate_key(old.algorithm(), purpose)?.public_key) } else { None };
        if new.is_none() && !args.stolen {
            return Err(Failure::usage(format!("the key is {} already", state(row.state)), "see the keys: waypass issuer key list"));
        }
        // Opened again, with the new key among those that may sign.
        let published = seated(session, vault, |issuer| {
            if let Some(new) = &new {
                issuer.rotate_key(key_use, new, now()).map_err(failure)?;
            }
            if args.stolen {
                issuer.give_up_key(&old).map_err(failure)?;
            }
            Ok(clock.publish(session, issuer).map_err(publish::unpublished))
        })?;
        if let Some(old) = vault.keys()?.into_iter().find(|key| key.public_key == old && !key.retired) {
            vault.retire_key(old.id)?;
        }
        Ok((new.map(|key| key.to_multikey()), published))
    })?;
    let state = if args.stolen { "compromised" } else { "retired" };
    session.out.json(&json!({ "schema": "waypass.key-change/1", "key": args.key, "state": state, "new": new }))?;
    let became = if args.stolen { "given up: nothing it ever signed is believed" } else { "retired: what it signed until now stays good" };
    session.out.words([args.key.clone(), format!("  is {became}")]);
    if let Some(new) = new {
        session.out.words(["new key".to_owned(), format!("  {new}")]);
    }
    publish::tell(session, published, publish::TARGETS_DUE, "published; devices know after their next sync")
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
