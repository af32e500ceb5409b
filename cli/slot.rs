//! `waypass ROLE slot add|remove|list`: what opens a vault.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members};
use crate::home::Role;
use crate::secret::SecretArgs;
use crate::unlock::{self, OpenArgs};
use crate::vault::{key_file_failure, storage_failure};
use serde_json::json;
use std::path::PathBuf;
use waypass_machine::{CALIBRATED, SystemRng, clock, key_file};
use waypass_vault::{Factor, FactorKind, Factors, Password, RecoveryCode, SlotInfo, Unlocked};

/// The verbs of `slot`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Factors that open it
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Add a pass phrase, a key file or a new recovery code
    Add(AddArgs),
    /// Remove one; the last one stays
    Remove {
        /// Its name, as `slot list` shows it
        id: String,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `slot add`.
#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// Add a pass phrase: read it from FILE, or `-` to ask on the terminal
    #[arg(long, value_name = "FILE", group = "what")]
    new_secret_file: Option<PathBuf>,
    /// Add a key file: make FILE
    #[arg(long, value_name = "FILE", group = "what")]
    new_key_file: Option<PathBuf>,
    /// Add a new recovery code and show it once
    #[arg(long, group = "what")]
    new_recovery: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, role: Role, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => {
            // It needs no secret. One that is named is tried, which says whether it still opens it.
            if open.is_given() {
                drop(unlock::keep(session, role, &open)?);
            }
            let slots = unlock::open(session, role)?.status(&clock::read()).map_err(|error| storage_failure(&error))?.slots;
            let items: Vec<Members> = slots.iter().map(members).collect();
            session.out.list("waypass.slots/1", "slots", &items, || {
                for slot in &slots {
                    session.out.words(&format!("{}  {}", name(slot), kinds(slot)));
                }
            })?;
        }
        Verb::Add(args) => {
            let slot = add(session, role, &args)?;
            session.out.json(&file::with(json!({ "schema": "waypass.slot/1" }), members(&slot)))?;
            session.out.words(&format!("{}  {} added", name(&slot), kinds(&slot)));
        }
        Verb::Remove { id, open } => {
            unlock::with(session, role, &open, |vault| {
                let slots = vault.slots()?;
                let slot = slots
                    .iter()
                    .find(|slot| name(slot) == id)
                    .ok_or_else(|| Failure::usage("there is no such slot", "the list names them: slot list"))?;
                vault.remove_slot(slot.id)?;
                changed(session, role, vault, &format!("{id} removed: {}", kinds(slot)))
            })?;
            session.out.json(&json!({ "schema": "waypass.slot-removed/1", "id": id }))?;
            session.out.words(&format!("{id} removed"));
        }
    }
    Ok(Exit::Done)
}

fn add(session: &Session, role: Role, args: &AddArgs) -> Result<SlotInfo, Failure> {
    let mut vault = unlock::keep(session, role, &args.open)?;
    let factor: Box<dyn Factor> = if let Some(path) = &args.new_key_file {
        Box::new(key_file::create(path).map_err(|error| key_file_failure(&error))?)
    } else if args.new_recovery {
        let code = RecoveryCode::generate(&mut SystemRng);
        session.out.warn(["write this recovery code down now, it is shown only once:", "", &format!("    {}", &*code.printed()), ""]);
        Box::new(code)
    } else {
        let file = args.new_secret_file.clone().filter(|path| !crate::stdio::is_dash(path));
        let secret = SecretArgs { secret_file: file, secret_fd: None };
        let choose = || secret.choose(session.out, session.input, "choose the new pass phrase");
        Box::new(Password::new(crate::secret::text(&unlock::aside(session, role, &mut vault, choose)??)?))
    };
    let added = vault.add_slot(&Factors::one(&*factor), CALIBRATED);
    unlock::tell_findings(session, &vault);
    let added = added?;
    changed(session, role, &vault, &format!("{} added: {}", name(&added), kinds(&added)))?;
    Ok(added)
}

/// Lets a gate write down what opens it now.
fn changed(session: &Session, role: Role, vault: &Unlocked<'_>, what: &str) -> Result<(), Failure> {
    if role != Role::Verifier {
        return Ok(());
    }
    let gate = crate::gate::opened(session, vault)?;
    gate.factors_changed(what, &clock::read(), &mut SystemRng).map_err(crate::gate::failure)
}

pub(crate) fn name(slot: &SlotInfo) -> String {
    format!("{:016x}", u64::from_be_bytes(slot.id))
}

pub(crate) fn kinds(slot: &SlotInfo) -> String {
    let word = |kind: &FactorKind| match kind {
        FactorKind::Password => "pass phrase",
        FactorKind::Recovery => "recovery code",
        FactorKind::KeyFile => "key file",
    };
    slot.factors.iter().map(word).collect::<Vec<_>>().join(" and ")
}

fn members(slot: &SlotInfo) -> Members {
    [("id", json!(name(slot))), ("factors", json!(kinds(slot))), ("epoch", json!(slot.epoch))]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}
