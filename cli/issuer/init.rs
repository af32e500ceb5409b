//! `waypass issuer init`.

use super::issue::StatusArg;
use super::{database, key_use, now, publish, seat, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::seal::Kept;
use crate::unlock::{self, CreateArgs};
use serde_json::json;
use waypass_credential::did;
use waypass_credential::key::Algorithm;
use waypass_issuer::Issuer;
use waypass_issuer::ceremony::CeremonyError;
use waypass_issuer::create::CreateError;
use waypass_issuer::keys::Keys;
use waypass_issuer::settings::Settings;
use waypass_issuer::store::SqliteStore;
use waypass_vault::KeyPurpose;

/// Arguments of `issuer init`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The name people see
    #[arg(long)]
    name: String,
    /// The address everything is published under; cannot change once a credential was issued
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8240")]
    base_url: String,
    /// A role it may issue, repeatable [default: every role that the first rules speak about]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// A site it may issue for, repeatable [default: every site]
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,
    /// The longest validity of a credential
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = crate::words::parse_span)]
    max_validity: i64,
    /// How long each publication enrols the gates for [default: the longest time that the rules let a list be used, at least 7d]
    #[arg(long, value_name = "TIME", value_parser = crate::words::parse_span)]
    gate_enrolment: Option<i64>,
    /// Kind of list that statuses are in, if the credential's format has a place for it
    #[arg(long, value_name = "KIND", default_value = "token")]
    status: StatusArg,
    /// Meanings of the values of a status message, from 0 on: 2, 4, 8 .. 256 texts; with it, bitstrings carry messages too
    #[arg(long = "status-message", value_name = "TEXT")]
    status_messages: Vec<String>,
    #[command(flatten)]
    create: CreateArgs,
}

/// One key for each use; credentials can be signed with any algorithm.
const KEYS: [(KeyPurpose, Algorithm); 9] = [
    (KeyPurpose::Credential, Algorithm::EdDsa),
    (KeyPurpose::Credential, Algorithm::Es256),
    (KeyPurpose::Credential, Algorithm::Es384),
    (KeyPurpose::Status, Algorithm::EdDsa),
    (KeyPurpose::Intake, Algorithm::EdDsa),
    (KeyPurpose::Root, Algorithm::EdDsa),
    (KeyPurpose::Targets, Algorithm::EdDsa),
    (KeyPurpose::Snapshot, Algorithm::EdDsa),
    (KeyPurpose::Timestamp, Algorithm::EdDsa),
];

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let mut settings = Settings::new(&*args.name, args.base_url.trim_end_matches('/'));
    if !args.roles.is_empty() {
        settings.roles.clone_from(&args.roles);
    }
    if !args.sites.is_empty() {
        settings.sites.clone_from(&args.sites);
    }
    settings.max_validity_seconds = args.max_validity;
    settings.gate_enrolment_seconds = args.gate_enrolment;
    settings.status = args.status.into();
    settings.status_messages.clone_from(&args.status_messages);
    settings.check().map_err(|error| Failure::usage(error, "correct the option and run the command again"))?;

    let (published, root, issuer_ids) = unlock::create(run, Role::Issuer, &args.create, |vault| {
        let (mut keys, mut ids) = (Keys::new(), Vec::new());
        for (purpose, algorithm) in KEYS {
            let key = vault.generate_key(algorithm, purpose)?;
            if purpose == KeyPurpose::Credential {
                ids.push(did::to_did_key(&key.public_key));
            }
            if let Some(key_use) = key_use(purpose) {
                keys.add(key_use, vault.signer(key.id)?);
            }
        }
        let kept = Kept::begin(vault, false)?;
        let seal = kept.seal();
        let store = SqliteStore::open(&database(run), seal.missing_log()).map_err(store_failure)?;
        let issuer = Issuer::create(Box::new(store), seal, settings.clone(), keys, now());
        let mut issuer = issuer.map_err(create_failure)?;
        let published = issuer.publish(now()).map_err(publish::failure)?;
        let root = publish::root(&issuer)?;
        seat::keep(kept, vault, &issuer)?;
        Ok((published, root, ids))
    })?;
    run.out.json(&json!({
        "schema": "waypass.issuer/1", "name": settings.name, "base_url": settings.base_url, "ids": issuer_ids, "root": root.digest,
        "targets": published.targets,
    }))?;
    run.out.words([
        format!("{} is ready; its keys are sealed in {}", settings.name, run.home.vault(Role::Issuer).display()),
        format!("root of trust {}", root.digest),
        format!("devices pin this number: waypass trust pin FILE --digest {}", root.digest),
    ]);
    Ok(Exit::Done)
}

fn create_failure(error: CreateError) -> Failure {
    match error {
        CreateError::Store(why) | CreateError::Root(CeremonyError::Store(why)) => store_failure(why),
        CreateError::AlreadySetUp => Failure::usage(error, "use it, or choose another place with --home DIR"),
        CreateError::Settings(_) => Failure::usage(error, "correct the option and run `waypass issuer init` again"),
        CreateError::Root(why) => Failure::internal(why, "run the command again in a new place with --home DIR"),
    }
}
