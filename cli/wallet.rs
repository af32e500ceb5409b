//! `waypass wallet ..`: the holder's device. Each command opens, works and locks.

use crate::Run;
use crate::acknowledge::{self, Acknowledged};
use crate::exit::{Failure, Outcome};
use crate::holder::{Known, failure, known};
use crate::home::Role;
use crate::output::Out;
use crate::scope::Scope;
use crate::session::{self, UnlockArgs};
use crate::unlock::{self, OpenArgs};
use crate::user::{self, Use};
use crate::{belief, site_rules};
use waypass_machine::SystemRng;
use waypass_trust::audit::Note;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::{Limits, Moment, TimeGuard, TimeState};
use waypass_vault::{BeliefError, Finding, Tampering, Unlocked};
use waypass_wallet::{CredentialId, Wallet};

mod add;
mod admin;
mod aside;
mod backup;
mod clock;
mod history;
mod init;
mod list;
mod pickup;
mod present;
mod ready;
mod refusal;
mod sync;

/// Arguments of `wallet`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make the wallet and its first key
    Init(init::Args),
    /// Open a session: commands that need the wallet ask for no secret until it locks
    Unlock(UnlockArgs),
    /// Close the session
    Lock,
    /// Show who has a wallet on this device, as far as they want to be seen; needs no secret
    Users(user::Args),
    /// Factors that open it, tries left, session, and age of its knowledge; needs no secret
    Status(init::StatusArgs),
    /// Say what fails first without a link, when, and what to do now
    Ready(crate::ready::Args),
    /// Print the wallet's DID, which an issuer binds credentials to
    Key(init::KeyArgs),
    /// Check a credential and take it in, from a file, a QR picture or an issuer's offer
    Add(add::Args),
    /// List what is held, and what it is worth now
    List(list::ListArgs),
    /// Show one credential with everything in it
    Show(list::ShowArgs),
    /// Answer a gate's challenge: see what would be shown, and agree or not
    Present(present::Args),
    /// Credentials taken in, shown to whom, and removed
    History(history::Args),
    /// Remove a credential for good
    Remove(add::RemoveArgs),
    /// Go on after looking at what was found changed on this wallet
    Acknowledge(acknowledge::Args),
    /// Factors that open this wallet
    #[command(subcommand)]
    Slot(crate::slot::Verb),
    /// Write an encrypted copy of the credentials
    Backup(backup::BackupArgs),
    /// Take a backup in
    Restore(backup::RestoreArgs),
    /// Settle doubt about this device's clock
    #[command(subcommand)]
    Clock(clock::Verb),
    /// Administrators of the site keep the wallets of a shared device, and read nothing in them
    #[command(subcommand)]
    Admin(admin::Verb),
    /// Fetch what is newer about issuers, gates and withdrawals
    Sync(sync::Args),
}

impl Args {
    /// Returns what the command does with the wallet. `None` if it needs no open one; a synchronization puts what came into the trust folder.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match &self.verb {
            Verb::Init(_) | Verb::Unlock(_) | Verb::Lock | Verb::Status(_) | Verb::Sync(_) | Verb::Admin(_) => None,
            Verb::List(_) | Verb::History(_) | Verb::Ready(_) => Some(Scope::Read),
            Verb::Show(args) => Some(args.scope()),
            Verb::Key(args) => Some(args.scope()),
            Verb::Present(_) => Some(Scope::Present),
            Verb::Add(_) | Verb::Remove(_) | Verb::Acknowledge(_) | Verb::Clock(_) => Some(Scope::Records),
            Verb::Slot(verb) => verb.scope(),
            Verb::Users(args) => args.scope(),
            Verb::Backup(_) | Verb::Restore(_) => Some(Scope::Keys),
        }
    }

    /// Returns what the command does with the wallet of the person who is named.
    pub(crate) const fn what(&self) -> Use {
        match &self.verb {
            Verb::Init(_) => Use::Makes,
            Verb::Unlock(args) if args.is_for_guest() => Use::Guests,
            Verb::Lock | Verb::Sync(_) => Use::Spares,
            Verb::Admin(verb) if !verb.is_about_a_wallet() => Use::Spares,
            Verb::Users(args) => args.what(),
            _ => Use::Works,
        }
    }
}

pub(crate) fn run(run: &Run, args: Args) -> Outcome {
    match args.verb {
        Verb::Init(args) => init::run(run, &args),
        Verb::Unlock(args) => session::unlock(run, Role::Wallet, &args),
        Verb::Lock => session::lock(run, Role::Wallet),
        Verb::Users(args) => user::run(run, &args),
        Verb::Status(args) => init::status(run, &args),
        Verb::Ready(args) => ready::run(run, &args),
        Verb::Key(args) => init::key(run, &args),
        Verb::Add(args) => add::run(run, &args),
        Verb::List(args) => list::list(run, &args),
        Verb::Show(args) => list::show(run, &args),
        Verb::Present(args) => present::run(run, &args),
        Verb::History(args) => history::run(run, &args),
        Verb::Remove(args) => add::remove(run, &args),
        Verb::Acknowledge(args) => acknowledge::run(run, &args, |open, looked| acknowledge(run, open, looked)),
        Verb::Slot(verb) => crate::slot::run(run, Role::Wallet, verb),
        Verb::Backup(args) => backup::backup(run, &args),
        Verb::Restore(args) => backup::restore(run, &args),
        Verb::Clock(verb) => clock::run(run, &verb),
        Verb::Admin(verb) => admin::run(run, &verb),
        Verb::Sync(args) => sync::run(run, &args),
    }
}

/// An open wallet, what its device believes, and the moment it is.
struct Open<'c> {
    wallet: Wallet<'static>,
    bundle: Option<TrustBundle>,
    /// How the trust files differ from what the vault has seen; then there is no bundle.
    tampering: Option<Tampering>,
    at: Moment,
    out: Out<'c>,
    /// Findings the person has been told.
    told: Vec<Finding>,
}

impl Open<'_> {
    /// Returns the device's belief, for what must not go on under files that were changed.
    fn believed(&self) -> Result<Option<&TrustBundle>, Failure> {
        match &self.tampering {
            Some(how) => Err(belief::belief_failure(BeliefError::Tampered(how.clone()))),
            None => Ok(self.bundle.as_ref()),
        }
    }

    /// Does `work` with the wallet's vault parked. Afterwards belief and time are read again; whatever else was read must be too.
    fn aside<T>(&mut self, run: &Run, work: impl FnOnce() -> T) -> Result<T, Failure> {
        let done = unlock::aside(run, Role::Wallet, self.wallet.vault_mut(), work)?;
        let Known { bundle, tampering, at } = known(run, self.wallet.vault())?;
        (self.bundle, self.tampering, self.at) = (bundle, tampering, at);
        Ok(done)
    }
}

/// A finding of the command is told like what was found before, however the command ends.
impl Drop for Open<'_> {
    fn drop(&mut self) {
        tell(self.out, self.wallet.vault(), &mut self.told);
        unlock::tell_traces(self.out, self.wallet.vault());
    }
}

/// Lets the holder go on after looking at what the vault found.
fn acknowledge(run: &Run, args: &OpenArgs, looked: &Note) -> Result<Acknowledged, Failure> {
    let vault = unlock::keep(run, Role::Wallet, args)?;
    // The memory of time may be what was found. Then the clock is judged without it.
    let (bundle, at) = match known(run, &vault) {
        Ok(known) => (known.bundle, known.at),
        Err(_) => (None, TimeGuard::observe(&TimeState::default(), &waypass_machine::clock::read(), &Limits::default()).0),
    };
    let found = Wallet::new(vault).acknowledge(looked, bundle.as_ref(), &at, &mut SystemRng).map_err(failure)?;
    let has_keys = found.iter().any(|finding| matches!(finding, Finding::KeysAltered { .. }));
    let note = if has_keys { "keys that may be older copies are used again from now on" } else { "" };
    Ok(Acknowledged { findings: found.iter().map(ToString::to_string).collect(), new_state: false, note })
}

fn tell(out: Out, vault: &Unlocked<'_>, told: &mut Vec<Finding>) {
    let first = told.is_empty();
    for finding in vault.findings() {
        if !told.contains(&finding) {
            out.warn(&crate::vault::finding_words(&finding));
            told.push(finding);
        }
    }
    if first && !told.is_empty() {
        out.note(&crate::vault::after_looking(Role::Wallet));
    }
}

/// Opens the wallet to work with it; dropping it locks.
fn open<'c>(run: &Run<'c>, args: &OpenArgs) -> Result<Open<'c>, Failure> {
    let open = look(run, args)?;
    site_rules::keep_to(run, open.wallet.vault(), open.at.at())?;
    Ok(open)
}

/// Opens the wallet to look at it or to save what is in it, whatever its site says of how it opens.
fn look<'c>(run: &Run<'c>, args: &OpenArgs) -> Result<Open<'c>, Failure> {
    let vault = unlock::keep(run, Role::Wallet, args)?;
    let known = known(run, &vault);
    // Reading the time may have come upon damage already.
    let mut told = Vec::new();
    tell(run.out, &vault, &mut told);
    let Known { bundle, tampering, at } = known?;
    if let Some(how) = &tampering {
        run.out.warn(&how.to_string());
    }
    Ok(Open { at, wallet: Wallet::new(vault), bundle, tampering, out: run.out, told })
}

/// Returns the beginning of an id that a person types.
fn short(id: &CredentialId) -> String {
    id.to_string().chars().take(8).collect()
}
