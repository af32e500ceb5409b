//! `waypass issuer ..`: the online role.

use crate::Run;
use crate::acknowledge::{self, Acknowledged};
use crate::exit::{Exit, Failure, LIFT_THE_LIMIT, Outcome};
use crate::home::Role;
use crate::scope::Scope;
use crate::session::{self, UnlockArgs};
use crate::unlock::{self, OpenArgs};
use std::path::PathBuf;
use waypass_credential::time::Timestamp;
use waypass_issuer::Issuer;
use waypass_issuer::keys::{KeyRole, KeyUse};
use waypass_issuer::open::OpenError;
use waypass_issuer::store::StoreError;
use waypass_machine::clock;
use waypass_trust::audit::Note;
use waypass_vault::{KeyPurpose, Unlocked};

mod authority;
mod backup;
mod card;
mod ceremony;
mod change;
mod context;
mod escrow;
mod gates;
mod init;
mod issue;
mod key;
mod list;
mod log;
mod many;
mod offer;
mod publish;
mod reading;
mod refused;
mod renew;
mod seat;
mod serve;
mod settings;
mod standing;
mod tls;

/// Arguments of `issuer`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make the issuer: its keys, its settings, its first trust bundle
    Init(init::Args),
    /// Open a session: commands that need the issuer ask for no secret until it locks
    Unlock(UnlockArgs),
    /// Close the session
    Lock,
    /// Show one credential and what happened to it, or the issuer itself
    Show(list::ShowArgs),
    /// Show the settings, or change them and publish that
    Settings(Box<settings::Args>),
    /// Issue a credential, or an offer for a wallet to pick up
    Issue(Box<issue::Args>),
    /// Print cards that were issued, as PDF or PNG
    Card(card::Args),
    /// Offers that wait for their wallets
    #[command(subcommand)]
    Offer(offer::Verb),
    /// List what was issued
    List(list::ListArgs),
    /// Issue a new credential for the same person, with a new end
    Renew(renew::Args),
    /// Withdraw a credential for good
    Revoke(change::Args),
    /// Withdraw a credential for now
    Suspend(change::Args),
    /// Lift a suspension
    Reinstate(change::Args),
    /// Tell by a status message that there is something about a credential
    Message(change::MessageArgs),
    /// Sign and publish the newest lists and trust bundle
    Publish(publish::Args),
    /// Serve lists, bundle, pick-up and audit intake over HTTP until stopped
    Serve(serve::Args),
    /// The site's own certificate authority, for a service that speaks TLS itself
    #[command(subcommand)]
    Tls(tls::Verb),
    /// Take a gate into the trust bundle
    Enroll(gates::EnrollArgs),
    /// Other issuers that this site's gates and wallets believe
    #[command(subcommand)]
    Authority(authority::Verb),
    /// Names for claims that only this site has
    #[command(subcommand)]
    Context(context::Verb),
    /// Root and targets signed by several people, each on a machine of their own
    #[command(subcommand)]
    Ceremony(ceremony::Verb),
    /// Officers who let people in that have forgotten a secret, two together
    #[command(subcommand)]
    Escrow(escrow::Verb),
    /// The keys that sign credentials, lists, receipts and the bundle
    #[command(subcommand)]
    Key(key::Verb),
    /// Take a gate's log from a file; write receipts and the newest bundle
    Intake(gates::IntakeArgs),
    /// List the gates: until when each is enrolled, what it sent last, what it let in wrongly
    Gates {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Records that gates sent
    #[command(subcommand)]
    Log(log::Verb),
    /// Write everything that this office is into one sealed file
    Backup(backup::BackupArgs),
    /// Make the office of a backup, in a home that has none
    Restore(backup::RestoreArgs),
    /// Go on after looking at what was found changed on this issuer
    Acknowledge(acknowledge::Args),
    /// Factors that open this issuer
    #[command(subcommand)]
    Slot(crate::slot::Verb),
}

impl Args {
    /// Returns what the command does with the office. `None` if it needs no open one, or stays and opens it for itself.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match &self.verb {
            Verb::Init(_) | Verb::Unlock(_) | Verb::Lock | Verb::Serve(_) | Verb::Restore(_) => None,
            Verb::Show(_) | Verb::List(_) | Verb::Card(_) | Verb::Gates { .. } => Some(Scope::Read),
            Verb::Settings(_)
            | Verb::Issue(_)
            | Verb::Offer(_)
            | Verb::Renew(_)
            | Verb::Revoke(_)
            | Verb::Suspend(_)
            | Verb::Reinstate(_)
            | Verb::Message(_)
            | Verb::Publish(_)
            | Verb::Enroll(_)
            | Verb::Authority(_)
            | Verb::Context(_)
            | Verb::Intake(_)
            | Verb::Acknowledge(_) => Some(Scope::Records),
            Verb::Tls(_) | Verb::Key(_) | Verb::Backup(_) => Some(Scope::Keys),
            Verb::Log(verb) => Some(verb.scope()),
            Verb::Ceremony(verb) => verb.scope(),
            Verb::Escrow(verb) => Some(verb.scope()),
            Verb::Slot(verb) => verb.scope(),
        }
    }
}

pub(crate) fn run(run: &Run, args: Args) -> Outcome {
    use waypass_issuer::revoke::Change;
    match args.verb {
        Verb::Init(args) => init::run(run, &args),
        Verb::Unlock(args) => session::unlock(run, Role::Issuer, &args),
        Verb::Lock => session::lock(run, Role::Issuer),
        Verb::Show(args) => list::show(run, &args),
        Verb::Settings(args) => settings::run(run, &args),
        Verb::Issue(args) => issue::run(run, &args),
        Verb::Card(args) => card::run(run, &args),
        Verb::Offer(verb) => offer::run(run, verb),
        Verb::List(args) => list::list(run, &args),
        Verb::Renew(args) => renew::run(run, &args),
        Verb::Revoke(args) => change::run(run, Change::Revoke, &args),
        Verb::Suspend(args) => change::run(run, Change::Suspend, &args),
        Verb::Reinstate(args) => change::run(run, Change::Reinstate, &args),
        Verb::Message(args) => change::message(run, &args),
        Verb::Publish(args) => publish::run(run, &args),
        Verb::Serve(args) => serve::run(run, &args),
        Verb::Tls(verb) => tls::run(run, verb),
        Verb::Enroll(args) => gates::enroll(run, &args),
        Verb::Intake(args) => gates::intake(run, &args),
        Verb::Gates { open } => log::gates(run, &open),
        Verb::Log(verb) => log::run(run, verb),
        Verb::Ceremony(verb) => ceremony::run(run, verb),
        Verb::Escrow(verb) => escrow::run(run, verb),
        Verb::Authority(verb) => authority::run(run, verb),
        Verb::Key(verb) => key::run(run, verb),
        Verb::Context(verb) => context::run(run, verb),
        Verb::Backup(args) => backup::backup(run, &args),
        Verb::Restore(args) => backup::restore(run, &args),
        Verb::Acknowledge(args) => acknowledge::run(run, &args, |open, looked| acknowledge(run, open, looked)),
        Verb::Slot(verb) => crate::slot::run(run, Role::Issuer, verb),
    }
}

/// Opens the issuer with its keys, does `work`, and locks again.
fn with<T>(run: &Run, args: &OpenArgs, work: impl FnOnce(&mut Issuer<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    unlock::with(run, Role::Issuer, args, |vault| seat::seated(run, vault, work))
}

/// Lets the office go on after somebody looked at what its vault found. The history of the office says who.
fn acknowledge(run: &Run, args: &OpenArgs, looked: &Note) -> Result<Acknowledged, Failure> {
    let vault = unlock::keep(run, Role::Issuer, args)?;
    let findings: Vec<String> = vault.verify_all()?.iter().map(ToString::to_string).collect();
    // An officer's vault has no office whose history could say so.
    if !findings.is_empty() && database(run).exists() {
        seat::seated(run, &vault, |issuer| issuer.note_findings(&findings, looked, now()).map_err(store_failure))?;
    }
    vault.acknowledge_findings()?;
    Ok(Acknowledged { findings, new_state: false, note: "" })
}

/// Returns the vault's keys that an issuer signs with.
fn key_uses(vault: &Unlocked<'_>) -> Result<Vec<(KeyRole, waypass_vault::KeyId)>, Failure> {
    let keys = vault.keys()?;
    Ok(keys.into_iter().filter(|key| !key.retired).filter_map(|key| Some((key_use(key.purpose)?, key.id))).collect())
}

const fn key_use(purpose: KeyPurpose) -> Option<KeyRole> {
    match purpose {
        KeyPurpose::Credential => Some(KeyRole::Record(KeyUse::Credential)),
        KeyPurpose::Status => Some(KeyRole::Record(KeyUse::Status)),
        KeyPurpose::Intake => Some(KeyRole::Record(KeyUse::Intake)),
        KeyPurpose::Root => Some(KeyRole::Root),
        KeyPurpose::Targets => Some(KeyRole::Targets),
        KeyPurpose::Snapshot => Some(KeyRole::Snapshot),
        KeyPurpose::Timestamp => Some(KeyRole::Timestamp),
        KeyPurpose::Holder | KeyPurpose::Gate | KeyPurpose::SiteCa => None,
    }
}

fn database(run: &Run) -> PathBuf {
    run.home.vault(Role::Issuer).join("issuer.db")
}

fn now() -> Timestamp {
    clock::read().wall
}

/// Returns the name for the history: the flag, else the person who is logged in.
fn operator(flag: Option<&str>) -> String {
    flag.map(str::to_owned).or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "operator".to_owned())
}

fn open_failure(error: &OpenError) -> Failure {
    match error {
        OpenError::NotSetUp => {
            Failure::usage(error, "make one with `waypass issuer init`; next to an officer's keys, in another place (--home DIR)")
        }
        OpenError::Settings(_) => Failure::usage(error, "correct the option and run `waypass issuer init` again"),
        OpenError::Store(why) => store_failure(why.clone()),
        OpenError::Damaged => {
            Failure::new(Exit::Tamper, error, "stop the service, keep the file and restore a copy of the issuer's folder")
        }
    }
}

fn store_failure(error: StoreError) -> Failure {
    match error {
        StoreError::Busy => Failure::internal(error, "let the other command end, then run this one again"),
        StoreError::Full => Failure::internal(error, "free some space on that disk, then run the command again"),
        StoreError::FileLimit => Failure::internal(error, LIFT_THE_LIMIT),
        StoreError::Newer { .. } => Failure::internal(error, "install the newer version of waypass; nothing was changed"),
        StoreError::Corrupt(_) => {
            Failure::new(Exit::Tamper, error, "stop the service, keep the file and restore a copy of the issuer's folder")
        }
        StoreError::LogMissing => Failure::new(
            Exit::Tamper,
            error,
            "nothing was signed and nothing published; put issuer.db-wal back from where the folder was copied; if it is lost: \
             waypass issuer publish --restored, which asks",
        ),
        StoreError::Tampered(_) => Failure::new(
            Exit::Tamper,
            error,
            "nothing was signed and nothing published; stop the service, keep the file as evidence, and restore a copy of the whole folder",
        ),
        StoreError::Missing => Failure::usage(error, "see what there is: waypass issuer list"),
        StoreError::Taken | StoreError::Changed | StoreError::Overtaken => Failure::internal(error, "run the command again"),
        StoreError::Database(_) => Failure::internal(error, "check the disk, then run the command again"),
    }
}
