//! `waypass ROLE slot add|replace|remove|list`: what opens a vault.

use crate::Run;
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
    /// Change one: the new pass phrase, key file or recovery code opens it in place of the old one
    Replace(ReplaceArgs),
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
    #[command(flatten)]
    new: NewArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `slot replace`.
#[derive(clap::Args)]
pub(crate) struct ReplaceArgs {
    /// Its name, as `slot list` shows it
    id: String,
    #[command(flatten)]
    new: NewArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// The factors that are to open the vault. Without any of these a pass phrase is asked for.
#[derive(clap::Args)]
struct NewArgs {
    /// Take a pass phrase: read it from FILE, or `-` to ask on the terminal
    #[arg(id = "new_secret_file", long = "new-secret-file", value_name = "FILE", group = "what")]
    secret_file: Option<PathBuf>,
    /// Take a key file: make FILE
    #[arg(id = "new_key_file", long = "new-key-file", value_name = "FILE", group = "what")]
    key_file: Option<PathBuf>,
    /// Take a new recovery code and show it once
    #[arg(id = "new_recovery", long = "new-recovery", group = "what")]
    recovery: bool,
}

pub(crate) fn run(run: &Run, role: Role, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => {
            // It needs no secret. One that is named is tried, which says whether it still opens it.
            if open.is_given() {
                drop(unlock::keep(run, role, &open)?);
            }
            let slots = unlock::open(run, role)?.status(&clock::read()).map_err(|error| storage_failure(&error))?.slots;
            let items: Vec<Members> = slots.iter().map(members).collect();
            run.out.list("waypass.slots/1", "slots", &items, || {
                for slot in &slots {
                    run.out.words(&format!("{}  {}", name(slot), kinds(slot)));
                }
            })?;
        }
        Verb::Add(args) => {
            let slot = add(run, role, &args)?;
            run.out.json(&file::with(json!({ "schema": "waypass.slot/1" }), members(&slot)))?;
            run.out.words(&format!("{}  {} added", name(&slot), kinds(&slot)));
        }
        Verb::Replace(args) => {
            let slot = replace(run, role, &args)?;
            run.out.json(&file::with(json!({ "schema": "waypass.slot/1" }), members(&slot)))?;
            run.out.words(&format!("{}  {} from now on; what it was before opens nothing", name(&slot), kinds(&slot)));
        }
        Verb::Remove { id, open } => {
            unlock::with(run, role, &open, |vault| {
                let slot = named(vault, &id)?;
                vault.remove_slot(slot.id)?;
                changed(run, role, vault, &format!("{id} removed: {}", kinds(&slot)))
            })?;
            run.out.json(&json!({ "schema": "waypass.slot-removed/1", "id": id }))?;
            run.out.words(&format!("{id} removed"));
        }
    }
    Ok(Exit::Done)
}

fn add(run: &Run, role: Role, args: &AddArgs) -> Result<SlotInfo, Failure> {
    let mut vault = unlock::keep(run, role, &args.open)?;
    let factor = chosen(run, role, &mut vault, &args.new)?;
    let added = vault.add_slot(&Factors::one(&*factor), CALIBRATED);
    unlock::tell_findings(run, role, &vault);
    let added = added?;
    changed(run, role, &vault, &format!("{} added: {}", name(&added), kinds(&added)))?;
    Ok(added)
}

/// The new one is written in place of the old one, in one commit: at no time does neither of them open the vault, or both.
fn replace(run: &Run, role: Role, args: &ReplaceArgs) -> Result<SlotInfo, Failure> {
    let mut vault = unlock::keep(run, role, &args.open)?;
    // Before a key file is made or anybody is asked.
    let before = named(&vault, &args.id)?;
    let factor = chosen(run, role, &mut vault, &args.new)?;
    let replaced = vault.replace_slot(before.id, &Factors::one(&*factor), CALIBRATED);
    unlock::tell_findings(run, role, &vault);
    let replaced = replaced?;
    changed(run, role, &vault, &format!("{} replaced: {} by {}", args.id, kinds(&before), kinds(&replaced)))?;
    Ok(replaced)
}

/// Makes or asks for what is to open the vault. A key file is on the disk before it counts.
fn chosen(run: &Run, role: Role, vault: &mut Unlocked<'_>, new: &NewArgs) -> Result<Box<dyn Factor>, Failure> {
    if let Some(path) = &new.key_file {
        return Ok(Box::new(key_file::create(path).map_err(|error| key_file_failure(&error))?));
    }
    if new.recovery {
        let code = RecoveryCode::generate(&mut SystemRng);
        run.out.warn(["write this recovery code down now, it is shown only once:", "", &format!("    {}", &*code.printed()), ""]);
        return Ok(Box::new(code));
    }
    let file = new.secret_file.clone().filter(|path| !crate::stdio::is_dash(path));
    let secret = SecretArgs { secret_file: file, secret_fd: None };
    let choose = || secret.choose(run.out, run.input.while_open(role), "choose the new pass phrase");
    Ok(Box::new(Password::new(crate::secret::text(&unlock::aside(run, role, vault, choose)??)?)))
}

fn named(vault: &Unlocked<'_>, id: &str) -> Result<SlotInfo, Failure> {
    let found = vault.slots()?.into_iter().find(|slot| name(slot) == id);
    found.ok_or_else(|| Failure::usage("there is no such slot", "the list names them: slot list"))
}

/// Lets a gate write down what opens it now.
fn changed(run: &Run, role: Role, vault: &Unlocked<'_>, what: &str) -> Result<(), Failure> {
    if role != Role::Verifier {
        return Ok(());
    }
    let gate = crate::gate::opened(run, vault)?;
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
