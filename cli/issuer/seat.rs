//! Opening an issuer that lives in a vault: its database under the seal whose key the vault keeps, with its keys.

use super::{database, key_uses, open_failure, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::progress::Progress;
use crate::seal::Kept;
use crate::unlock;
use crate::vault::{is_tampering, resume_failure};
use std::time::Duration;
use waypass_issuer::Issuer;
use waypass_issuer::keys::Keys;
use waypass_issuer::open::OpenError;
use waypass_issuer::sealed::{Anchor, Upgrade};
use waypass_issuer::store::{MissingLog, SqliteStore, StoreError};
use waypass_machine::{LockHolder, Wait};
use waypass_vault::{Parked, Unlocked};

/// Has a service's vault keep how far its issuer came, as every command does at its end. Without it a database put back from a copy,
/// taken while the service was at work, would be as new as what the vault knows.
pub(super) struct Keeper<'s> {
    run: &'s Run<'s>,
    vault: Parked<'static>,
    /// The anchor that the vault kept last.
    kept: Option<Anchor>,
}

impl<'s> Keeper<'s> {
    pub(super) const fn new(run: &'s Run<'s>, vault: Parked<'static>) -> Self {
        Self { run, vault, kept: None }
    }

    /// Keeps it if there is something new. While `more` follow, a vault or a disk that has no room is left for the next time. Fails where
    /// database or vault are not what was written there.
    pub(super) fn keep(&mut self, issuer: &Issuer<'_>, more: bool) -> Result<(), Failure> {
        let newest = match issuer.anchor() {
            Ok(newest) if self.kept.as_ref() == Some(&newest) => return Ok(()),
            Ok(newest) => newest,
            Err(StoreError::Busy | StoreError::Full | StoreError::FileLimit) => return Ok(()),
            Err(why) => return Err(store_failure(why)),
        };
        let run = self.run;
        let wait = if more { Duration::ZERO } else { unlock::PATIENCE };
        // A command that is at work keeps what it finds, and moves nothing back afterwards: it is asked again with the vault open.
        let (folder, mut nobody) = (run.home.vault(Role::Issuer), |_: &LockHolder| ());
        let work = |vault: &Unlocked<'_>| keep(kept(run, vault)?, vault, issuer);
        let done = waypass_machine::briefly(&mut self.vault, &folder, Wait::new(wait, &mut nobody), work);
        match done {
            Ok(Ok(())) => self.kept = Some(newest),
            Ok(Err(failure)) if failure.exit == Exit::Tamper => return Err(failure),
            Err(why) if is_tampering(&why) => return Err(resume_failure(&why, Role::Issuer)),
            Ok(Err(_)) | Err(_) => {}
        }
        Ok(())
    }
}

/// Opens the issuer of an open vault, does `work`, and has the vault keep how far it came, whatever became of the work.
pub(super) fn seated<T>(run: &Run, vault: &Unlocked<'_>, work: impl FnOnce(&mut Issuer<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    seated_restored(run, vault, &mut || Ok(false), work)
}

/// Like [`seated`], where `go_on` asks a person whether a database without its write-ahead log is to be gone on with.
pub(super) fn seated_restored<T>(
    run: &Run,
    vault: &Unlocked<'_>,
    go_on: &mut dyn FnMut() -> Result<bool, Failure>,
    work: impl FnOnce(&mut Issuer<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut keys = Keys::new();
    for (key_use, id) in key_uses(vault)? {
        keys.add(key_use, vault.signer(id)?);
    }
    let kept = kept(run, vault)?;
    let (path, seal) = (database(run), kept.seal());
    // Asked before the file is opened: the opening makes a new log.
    let is_missed = seal.missing_log() == MissingLog::Refused && SqliteStore::lacks_log(&path);
    let missing = if is_missed && go_on()? { MissingLog::Accepted } else { seal.missing_log() };
    let store = SqliteStore::open(&path, missing).map_err(store_failure)?;
    let mut bar = None;
    let mut step = |credentials: u64| {
        // Each is read and then sealed.
        bar.get_or_insert_with(|| Progress::new(run.out, "putting credentials under the seal", 2 * credentials)).step();
    };
    let opened = Issuer::open_telling(Box::new(store), seal, keys, &mut step);
    drop(bar);
    let mut issuer = opened.map_err(|error| open_failure(&error))?;
    if let Some(upgrade) = issuer.upgrade() {
        run.out.note(&upgraded(upgrade));
    }
    let done = work(&mut issuer);
    if let Err(why) = keep(kept, vault, &issuer) {
        // The database is ahead of the vault, and the next command adopts it.
        run.out.warn(&format!("the vault could not keep how far the issuer has come ({}); the next command does", why.what));
    }
    done
}

/// Reads what the vault keeps of its issuer.
pub(super) fn kept(run: &Run, vault: &Unlocked<'_>) -> Result<Kept, Failure> {
    match Kept::stored(vault)? {
        Some(bytes) => Kept::read(&bytes).ok_or_else(|| lost("the record of the issuer in its vault cannot be read")),
        // The key is kept before there is a database.
        None if database(run).exists() => Err(lost("the record of the issuer in its vault was deleted")),
        // An officer's vault has keys and no issuer.
        None => Err(open_failure(&OpenError::NotSetUp)),
    }
}

/// Has the vault keep how far the issuer came.
pub(super) fn keep(kept: Kept, vault: &Unlocked<'_>, issuer: &Issuer<'_>) -> Result<(), Failure> {
    Ok(kept.keep(vault, issuer.anchor().map_err(store_failure)?)?)
}

fn upgraded(upgrade: &Upgrade) -> String {
    let Upgrade { keys, gates, lists, credentials, offers } = upgrade;
    format!(
        "put under the seal: {keys} key(s), {gates} gate(s), {lists} status list(s), {credentials} credential(s), {offers} offer(s); \
         from now on the vault notices when something else writes to issuer.db"
    )
}

fn lost(why: &str) -> Failure {
    Failure::new(Exit::Tamper, why, "nothing was signed; stop the service, keep the folder and restore a copy of the whole of it")
}
