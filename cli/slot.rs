//! `waypass ROLE slot add|change|label|remove|list|rekey`: what opens a vault.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::factors::{self, Combination, Shown, choose_password, choose_pin, slot_name, together};
use crate::file::{self, Members};
use crate::home::Role;
use crate::scope::Scope;
use crate::secret::{self, SecretArgs};
use crate::unlock::{self, OpenArgs, Primitives};
use crate::vault::{key_file_failure, storage_failure};
use crate::{session, site_rules, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::time::Timestamp;
use waypass_machine::{CALIBRATED, SystemRng, clock, key_file};
use waypass_trust::audit::Event;
use waypass_vault::escrow::{Escrow, MAX_OWNER};
use waypass_vault::{Factor, FactorKind, Factors, HeldSlot, NewSlot, RecoveryCode, Rules, SlotInfo, Suite, Unlocked};

/// The verbs of `slot`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// What opens it; with a secret also names, days and last use
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Add a pass phrase, a PIN, a key file, a new recovery code, or several that open it together
    Add(AddArgs),
    /// Change one: the new pass phrase, PIN, key file or recovery code opens it in place of the old one
    Change(ChangeArgs),
    /// Give one a name that only the open vault tells
    Label(LabelArgs),
    /// Remove one; the last one stays
    Remove(RemoveArgs),
    /// Seal everything under a new key, because somebody may have seen the old one
    Rekey(RekeyArgs),
}

/// Arguments of `slot add`.
#[derive(clap::Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    new: NewArgs,
    /// What to call it, such as whose it is and where it lies
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `slot change`.
#[derive(clap::Args)]
pub(crate) struct ChangeArgs {
    /// Its id, as `slot list` shows it
    id: String,
    #[command(flatten)]
    new: NewArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `slot label`.
#[derive(clap::Args)]
pub(crate) struct LabelArgs {
    /// Its id, as `slot list` shows it
    id: String,
    /// What to call it
    text: String,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `slot remove`.
#[derive(clap::Args)]
pub(crate) struct RemoveArgs {
    /// Its id, as `slot list` shows it
    id: String,
    /// Do not ask when what is left would be weak
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `slot rekey`.
#[derive(clap::Args)]
pub(crate) struct RekeyArgs {
    /// The primitives from now on [default: those of today's computer]
    #[arg(long, value_name = "SUITE")]
    primitives: Option<Primitives>,
    /// Write the new recovery code to FILE instead of showing it once
    #[arg(long, value_name = "FILE")]
    recovery_file: Option<PathBuf>,
    /// Do not ask, though other slots will open nothing
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

/// The factors that are to open the vault. Without any of these a pass phrase is asked for.
#[derive(clap::Args)]
struct NewArgs {
    /// What must be shown together: passphrase, pin, key-file, recovery, officers, joined by + [default: what the options below give]
    #[arg(long, value_name = "FACTORS")]
    require: Option<Combination>,
    /// Take a pass phrase: read it from FILE, or `-` to ask on the terminal
    #[arg(id = "new_secret_file", long = "new-secret-file", value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Take a PIN: read it from FILE, or `-` to ask on the terminal
    #[arg(id = "new_pin_file", long = "new-pin-file", value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Take a key file: make FILE
    #[arg(id = "new_key_file", long = "new-key-file", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Take a new recovery code and show it once
    #[arg(id = "new_recovery", long = "new-recovery")]
    recovery: bool,
    /// Let any two officers of the site open it together, in case a secret is forgotten; they know you by NAME
    #[arg(id = "new_officers", long = "new-officers", value_name = "NAME")]
    officers: Option<String>,
    /// Let it open until then: a day of this device's time zone (2026-12-24, to its last second), or a time (2026-12-24T06:00:00Z)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
}

/// Reads when something ends.
fn moment(text: &str) -> Result<Timestamp, String> {
    let read = words::end_of_day(text).or_else(|| Timestamp::parse_rfc3339(text));
    read.ok_or_else(|| "a day is written 2026-12-24, a time 2026-12-24T06:00:00Z".to_owned())
}

impl Verb {
    /// The list needs no open vault, and a new key none that is open already.
    pub(crate) const fn scope(&self) -> Option<Scope> {
        match self {
            Self::List { .. } | Self::Rekey(_) => None,
            Self::Add(_) | Self::Change(_) | Self::Label(_) | Self::Remove(_) => Some(Scope::Slots),
        }
    }
}

pub(crate) fn run(run: &Run, role: Role, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => list(run, role, &open)?,
        Verb::Add(args) => {
            let slot = add(run, role, &args)?;
            run.out.json(&file::with(json!({ "schema": "waypass.slot/1" }), held_members(&slot)))?;
            run.out.words(&format!("{}  {} added", slot_name(&slot.info), kinds(&slot.info)));
        }
        Verb::Change(args) => {
            let slot = change(run, role, &args)?;
            run.out.json(&file::with(json!({ "schema": "waypass.slot/1" }), held_members(&slot)))?;
            run.out.words(&format!("{}  {} from now on; what it was before opens nothing", slot_name(&slot.info), kinds(&slot.info)));
        }
        Verb::Label(LabelArgs { id, text, open }) => {
            unlock::with(run, role, &open, |vault| Ok(vault.label_slot(named(vault, &id)?.info.id, &text)?))?;
            run.out.json(&json!({ "schema": "waypass.slot-labelled/1", "id": id, "label": text }))?;
            run.out.words(&format!("{id} is called {text}"));
        }
        Verb::Remove(args) => {
            remove(run, role, &args)?;
            run.out.json(&json!({ "schema": "waypass.slot-removed/1", "id": args.id }))?;
            run.out.words(&format!("{} removed", args.id));
        }
        Verb::Rekey(args) => rekey(run, role, &args)?,
    }
    Ok(Exit::Done)
}

/// It needs no secret. One that is given is tried, which says whether it still opens it, and tells more.
fn list(run: &Run, role: Role, open: &OpenArgs) -> Result<(), Failure> {
    if open.is_given() {
        let vault = unlock::keep(run, role, open)?;
        let slots = vault.slots()?;
        let items: Vec<Members> = slots.iter().map(held_members).collect();
        return run.out.list("waypass.slots/1", "slots", &items, || slots.iter().for_each(|slot| run.out.words(&told(slot))));
    }
    let status = unlock::open(run, role)?.status(&clock::read()).map_err(|error| storage_failure(&error))?;
    let items: Vec<Members> = status.slots.iter().map(members).collect();
    run.out.list("waypass.slots/1", "slots", &items, || {
        for slot in &status.slots {
            run.out.words(&format!("{}  {}{}", slot_name(slot), kinds(slot), ending(slot.ends)));
        }
    })?;
    if status.newer_slots > 0 {
        run.out.note(&format!("{} more, made by a newer version of this program; they are kept", status.newer_slots));
    }
    run.out.note("names and days are under the seal: give what opens it, and they are told");
    Ok(())
}

fn told(slot: &HeldSlot) -> String {
    let HeldSlot { info, label, added, used } = slot;
    let called = if label.is_empty() { String::new() } else { format!(" ({label})") };
    let day = |at: Option<Timestamp>, otherwise: &str| at.map_or_else(|| otherwise.to_owned(), words::when);
    let (added, used) = (day(*added, "before days were noted"), day(*used, "never"));
    format!("{}  {}{called}{}\n    added {added}; last used {used}", slot_name(info), kinds(info), ending(info.ends))
}

fn ending(ends: Option<Timestamp>) -> String {
    ends.map_or_else(String::new, |ends| format!(", until {}", words::when(ends)))
}

fn add(run: &Run, role: Role, args: &AddArgs) -> Result<HeldSlot, Failure> {
    let (mut vault, shown) = unlock::keep_shown(run, role, &args.open)?;
    let wanted = args.new.wanted(None);
    let kept = key_files(&shown);
    let chosen = chosen(run, role, &mut vault, &args.new, &wanted, &kept)?;
    let factors = args.new.completed(&chosen, kept, &wanted);
    let new = NewSlot { factors, label: &args.label, ends: args.new.until };
    let added = vault.add_slot(&new, CALIBRATED, clock::read().wall);
    unlock::tell_findings(run, role, &vault);
    let added = added?;
    changed(run, role, &vault, &format!("{} added: {}", slot_name(&added.info), kinds(&added.info)))?;
    Ok(added)
}

/// The new one is written in place of the old one, in one commit: at no time does neither of them open the vault, or both.
fn change(run: &Run, role: Role, args: &ChangeArgs) -> Result<HeldSlot, Failure> {
    let (mut vault, shown) = unlock::keep_shown(run, role, &args.open)?;
    // Before a key file is made or anybody is asked.
    let before = named(&vault, &args.id)?;
    let wanted = args.new.wanted(Some(&before.info));
    let kept = key_files(&shown);
    let chosen = chosen(run, role, &mut vault, &args.new, &wanted, &kept)?;
    let factors = args.new.completed(&chosen, kept, &wanted);
    let new = NewSlot { factors, label: &before.label, ends: args.new.until };
    let replaced = vault.replace_slot(before.info.id, &new, CALIBRATED, clock::read().wall);
    unlock::tell_findings(run, role, &vault);
    let replaced = replaced?;
    changed(run, role, &vault, &format!("{} replaced: {} by {}", args.id, kinds(&before.info), kinds(&replaced.info)))?;
    Ok(replaced)
}

/// Returns the key files among what was shown: a slot that takes one, and no new one, takes these.
fn key_files(shown: &Shown) -> Vec<&dyn Factor> {
    shown.iter().map(|factor| &**factor).filter(|factor| factor.kind() == FactorKind::KeyFile).collect()
}

impl NewArgs {
    /// Returns the factors of the new slot: what was chosen, and the key files that were shown if it takes one and no new one was made.
    fn completed<'f>(&self, chosen: &'f Shown, kept: Vec<&'f dyn Factor>, wanted: &Combination) -> Factors<'f> {
        let with_kept = wanted.has(FactorKind::KeyFile) && self.key_file.is_none();
        chosen.iter().map(|factor| &**factor).chain(kept.into_iter().filter(|_| with_kept)).collect()
    }

    /// Returns what the new slot takes. A part of the slot of before that is given anew leaves the other parts wanted.
    fn wanted(&self, before: Option<&SlotInfo>) -> Combination {
        if let Some(wanted) = &self.require {
            return wanted.clone();
        }
        let given = [
            (FactorKind::Password, self.secret_file.is_some()),
            (FactorKind::Recovery, self.recovery),
            (FactorKind::KeyFile, self.key_file.is_some()),
            (FactorKind::Pin, self.pin_file.is_some()),
            (FactorKind::Officers, self.officers.is_some()),
        ];
        let mut given: Vec<FactorKind> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(kind, _)| kind).collect();
        match before {
            Some(before) if given.iter().all(|kind| before.factors.contains(kind)) => return Combination::from(before),
            _ if given.is_empty() => given.push(FactorKind::Password),
            _ => {}
        }
        Combination::of(given)
    }
}

/// Makes or asks for what is to open the vault. A key file is on the disk before it counts; `kept` are those that were shown.
fn chosen(
    run: &Run,
    role: Role,
    vault: &mut Unlocked<'_>,
    new: &NewArgs,
    wanted: &Combination,
    kept: &[&dyn Factor],
) -> Result<Shown, Failure> {
    if !Rules::default().permit(wanted.kinds()) {
        return Err(Failure::usage(factors::WEAK_PIN, "give both: --new-pin-file FILE --new-key-file FILE"));
    }
    if wanted.is_typed_twice() {
        return Err(Failure::usage(factors::TYPED_TWICE, "name one of them, and a key file with it"));
    }
    learn(run, role, vault);
    permitted(role, vault, wanted.kinds())?;
    let secrets = site_rules::secrets(vault);
    if new.until.is_some_and(|end| end <= clock::read().wall) {
        return Err(Failure::usage("the time that --until names is over", "name one that is to come"));
    }
    if wanted.has(FactorKind::KeyFile) && new.key_file.is_none() && kept.is_empty() {
        return Err(Failure::usage("a key file is to open it, and nobody said which", "make one: --new-key-file FILE"));
    }
    let asked = |path: &Option<PathBuf>| path.clone().filter(|path| !crate::stdio::is_dash(path));
    let input = run.input.while_open(role);
    let mut chosen: Shown = Vec::new();
    if wanted.has(FactorKind::Password) {
        let source = SecretArgs { secret_file: asked(&new.secret_file), secret_fd: None };
        let choose = || choose_password(run, &source, input, "choose the new pass phrase", &secrets);
        chosen.push(unlock::aside(run, role, vault, choose)??);
    }
    if wanted.has(FactorKind::Pin) {
        chosen.push(unlock::aside(run, role, vault, || choose_pin(run, asked(&new.pin_file), input, &secrets))??);
    }
    if let Some(path) = new.key_file.as_ref().filter(|_| wanted.has(FactorKind::KeyFile)) {
        unlock::check_place(run, path, wanted.kinds().len() > 1)?;
        chosen.push(Box::new(key_file::create(path).map_err(|error| key_file_failure(&error))?));
    }
    if wanted.has(FactorKind::Officers) {
        let next = "say by which name the officers know you: --new-officers NAME";
        let owner = new.officers.as_deref().ok_or_else(|| Failure::usage("officers are to open it, and for nobody in particular", next))?;
        chosen.push(Box::new(officers(run, vault, owner)?));
    }
    if wanted.has(FactorKind::Recovery) {
        let code = RecoveryCode::generate(&mut SystemRng);
        unlock::show_recovery_code(run, &code, wanted.has(FactorKind::KeyFile));
        chosen.push(Box::new(code));
    }
    Ok(chosen)
}

/// Returns the officers whom the site names, and says who can open the vault from now on.
fn officers(run: &Run, vault: &Unlocked<'_>, owner: &str) -> Result<Escrow, Failure> {
    if !(1..=MAX_OWNER).contains(&owner.len()) {
        return Err(Failure::usage(format!("a name has 1 to {MAX_OWNER} bytes"), "shorten it"));
    }
    let officers = vault.site_rules().map(|site| site.officers).unwrap_or_default();
    let names: Vec<String> = officers.iter().map(|officer| officer.name.clone()).collect();
    let escrow = Escrow::new(officers, owner)
        .ok_or_else(|| Failure::usage("the rules of this site name no officers who could let anybody in", "choose another factor"))?;
    run.out.warn(&format!("any two of {} can open this together, without you", words::list(&names)));
    Ok(escrow)
}

/// Takes over what the newest bundle here asks. What is wrong with it is said by the command that decides by it.
fn learn(run: &Run, role: Role, vault: &Unlocked<'_>) {
    match role {
        Role::Wallet => drop(crate::holder::known(run, vault)),
        Role::Verifier => drop(crate::gate::opened(run, vault).map(|gate| gate.bundle().map(drop))),
        Role::Issuer => {}
    }
}

/// Refuses what the rules forbid, before a key file is made or anybody is asked.
fn permitted(role: Role, vault: &Unlocked<'_>, kinds: &[FactorKind]) -> Result<(), Failure> {
    if vault.permits(kinds) {
        return Ok(());
    }
    let what = format!("{} may not open this {}", factors::kinds(kinds), role.folder());
    let site = vault.site_rules().map(|site| site.rules).filter(|rules| !rules.combinations().is_empty());
    let next = match site {
        Some(rules) => format!("the rules of this site permit {}: --require", site_rules::combinations(&rules)),
        None => format!("it was made to open with {} only: --require", site_rules::combinations(&vault.rules())),
    };
    Err(Failure::usage(what, next))
}

fn remove(run: &Run, role: Role, args: &RemoveArgs) -> Result<(), Failure> {
    let mut vault = unlock::keep(run, role, &args.open)?;
    let slot = named(&vault, &args.id)?;
    let rest: Vec<SlotInfo> = vault.slots()?.into_iter().map(|held| held.info).filter(|held| held.id != slot.info.id).collect();
    if let Some(what) = weakness(&rest)
        && !args.yes
    {
        let question = format!("{what}. Remove it all the same?");
        let input = run.input.while_open(role);
        if !unlock::aside(run, role, &mut vault, || secret::confirm(input, &question, "--yes"))?? {
            return Err(secret::declined("nothing was removed"));
        }
    }
    let done = vault.remove_slot(slot.info.id);
    unlock::tell_findings(run, role, &vault);
    done?;
    changed(run, role, &vault, &format!("{} removed: {}", args.id, kinds(&slot.info)))
}

/// Says what would be weak about a vault that only these slots open.
fn weakness(slots: &[SlotInfo]) -> Option<String> {
    let has_recovery = slots.iter().any(|slot| slot.factors.contains(&FactorKind::Recovery));
    match slots {
        [] => None,
        [only] if only.factors == [FactorKind::Password] => {
            Some("a pass phrase alone will open it, and nothing if it is forgotten".to_owned())
        }
        _ if !has_recovery => Some("no recovery code will open it any more".to_owned()),
        _ => None,
    }
}

/// What was shown opens it from now on, and a new recovery code; nobody can write another slot without its secrets.
fn rekey(run: &Run, role: Role, args: &RekeyArgs) -> Result<(), Failure> {
    if session::standing(run, role)?.is_some() {
        let next = format!("close it first: waypass {} lock", role.folder());
        return Err(Failure::usage("a session is open, with the key that is to open nothing", next));
    }
    let (mut vault, shown) = unlock::keep_showing(run, role, &args.open)?;
    learn(run, role, &vault);
    permitted(role, &vault, &together(&shown).kinds())?;
    let key_file = shown.iter().map(|factor| &**factor).find(|factor| factor.kind() == FactorKind::KeyFile);
    let spare = spare(&vault, key_file.is_some())?;
    let (gone, is_recovery) = (vault.slots()?.len(), together(&shown).kinds().contains(&FactorKind::Recovery));
    if !args.yes {
        let question = format!(
            "Everything in this {} is sealed anew. Of {gone} ways to open it, what you showed stays, and a new recovery code is made; \
             whatever else opened it must be added again. Go on?",
            role.folder()
        );
        let input = run.input.while_open(role);
        if !unlock::aside(run, role, &mut vault, || secret::confirm(input, &question, "--yes"))?? {
            return Err(secret::declined("nothing was changed"));
        }
    }
    let code = RecoveryCode::generate(&mut SystemRng);
    let mut slots = Vec::new();
    if let Some(needs_key_file) = spare {
        let factors = std::iter::once(&code as &dyn Factor).chain(key_file.filter(|_| needs_key_file)).collect();
        slots.push(NewSlot::of(factors));
        // On paper before it counts.
        match &args.recovery_file {
            Some(path) => unlock::write_recovery_code(run, path, &code)?,
            None => unlock::show_recovery_code(run, &code, needs_key_file),
        }
    }
    if !is_recovery || slots.is_empty() {
        slots.push(NewSlot::of(together(&shown)));
    }
    let suite: Suite = args.primitives.map_or_else(waypass_machine::suite, Primitives::suite);
    let done = vault.rekey(&slots, suite, CALIBRATED, clock::read().wall);
    unlock::tell_findings(run, role, &vault);
    done?;
    changed(run, role, &vault, "everything sealed under a new key")?;
    run.out.json(&json!({ "schema": "waypass.rekeyed/1", "slots": vault.slots()?.len() }))?;
    run.out.words("everything is sealed under a new key; an older copy of this still opens with what opened it then");
    Ok(())
}

/// Says whether the new recovery code needs the key file with it: as the old one did, else as the rules permit. `None` if they permit none.
fn spare(vault: &Unlocked<'_>, has_key_file: bool) -> Result<Option<bool>, Failure> {
    let before = vault.slots()?.into_iter().map(|held| held.info.factors).find(|kinds| kinds.contains(&FactorKind::Recovery));
    let wanted = before.map(|kinds| kinds.contains(&FactorKind::KeyFile));
    let permits = |needs_key_file: &bool| {
        let kinds: &[FactorKind] = if *needs_key_file { &[FactorKind::Recovery, FactorKind::KeyFile] } else { &[FactorKind::Recovery] };
        vault.permits(kinds)
    };
    let chosen = wanted.into_iter().chain([false, true]).find(permits);
    if chosen == Some(true) && !has_key_file && wanted.is_none() {
        return Ok(None);
    }
    if chosen == Some(true) && !has_key_file {
        return Err(Failure::usage("the recovery code of this needs a key file with it", "show that too: --key-file FILE"));
    }
    Ok(chosen)
}

fn named(vault: &Unlocked<'_>, id: &str) -> Result<HeldSlot, Failure> {
    let found = vault.slots()?.into_iter().find(|slot| slot_name(&slot.info) == id);
    found.ok_or_else(|| Failure::usage("there is no such slot", "the list names them: slot list"))
}

/// Lets a gate or a wallet write down what opens it now.
fn changed(run: &Run, role: Role, vault: &Unlocked<'_>, what: &str) -> Result<(), Failure> {
    match role {
        Role::Issuer => Ok(()),
        Role::Wallet => {
            crate::holder::note(run, vault, Event::FactorsChanged, what);
            Ok(())
        }
        Role::Verifier => {
            let gate = crate::gate::opened(run, vault)?;
            gate.factors_changed(what, &clock::read(), &mut SystemRng).map_err(crate::gate::failure)
        }
    }
}

pub(crate) fn kinds(slot: &SlotInfo) -> String {
    factors::kinds(&slot.factors)
}

fn members(slot: &SlotInfo) -> Members {
    let ends = slot.ends.map(Timestamp::unix);
    [("id", json!(slot_name(slot))), ("factors", json!(kinds(slot))), ("epoch", json!(slot.epoch)), ("ends", json!(ends))]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn held_members(slot: &HeldSlot) -> Members {
    let mut all = members(&slot.info);
    let moment = |at: Option<Timestamp>| json!(at.map(Timestamp::unix));
    all.extend(
        [("label", json!(slot.label)), ("added", moment(slot.added)), ("used", moment(slot.used))]
            .map(|(name, value)| (name.to_owned(), value)),
    );
    all
}
