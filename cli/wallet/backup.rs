//! `waypass wallet backup` and `restore`: sealed by the recovery code and a pass phrase together.

use super::failure;
use crate::backup::SealArgs;
use crate::exit::{Exit, Failure, LIFT_THE_LIMIT, Outcome};
use crate::home::Role;
use crate::unlock::OpenArgs;
use crate::{Run, site_rules};
use serde_json::json;
use std::io::ErrorKind;
use std::path::PathBuf;
use waypass_machine::{CALIBRATED, SystemRng};
use waypass_vault::{BackupError, MAX_BACKUP};
use waypass_wallet::WalletError;

/// Arguments of `wallet backup`.
#[derive(clap::Args)]
pub(crate) struct BackupArgs {
    /// File for the backup; it must not exist yet
    file: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `wallet restore`.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn backup(run: &Run, args: &BackupArgs) -> Outcome {
    let mut open = super::look(run, &args.open)?;
    let rules = site_rules::secrets(open.wallet.vault());
    let secrets = open.aside(run, || args.seal.choose(run.out, run.input.while_open(Role::Wallet), &rules))??;
    let sealed = open.wallet.backup(&secrets.factors(), CALIBRATED).map_err(failure)?;
    waypass_machine::replace_file(&args.file, &sealed).map_err(|error| file_failure(&error))?;
    run.out.json(&json!({ "schema": "waypass.backup/1", "file": args.file }))?;
    run.out.words(&format!("wrote {}", args.file.display()));
    run.out.note("both secrets are needed to restore it; keys stay on this device, so a restored wallet asks for new credentials");
    Ok(Exit::Done)
}

pub(crate) fn restore(run: &Run, args: &RestoreArgs) -> Outcome {
    let mut open = super::look(run, &args.open)?;
    let secrets = open.aside(run, || args.seal.read(run.out, run.input.while_open(Role::Wallet)))??;
    let sealed = waypass_machine::read_file(&args.file, MAX_BACKUP).map_err(|error| file_failure(&error))?;
    let restored = open.wallet.restore(&sealed, &secrets.factors(), &open.at, &mut SystemRng);
    let restored = restored.map_err(|error| match error {
        WalletError::Backup(why @ (BackupError::NotABackup | BackupError::Newer { .. })) => Failure::from(why).about(&args.file),
        error => failure(error),
    })?;
    let reissue: Vec<String> = restored.reissue.iter().map(ToString::to_string).collect();
    run.out.json(&json!({ "schema": "waypass.restored/1", "credentials": restored.credentials, "reissue": reissue }))?;
    run.out.words(&format!("restored {} credential(s)", restored.credentials));
    if !reissue.is_empty() {
        run.out.warn(&format!("{} of them must be issued again: their keys stayed on the old device", reissue.len()));
        run.out.note("see which: waypass wallet list; then ask their issuers, with the line `waypass wallet key` prints");
    }
    Ok(Exit::Done)
}

fn file_failure(error: &std::io::Error) -> Failure {
    let next = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space on that disk, then run the command again",
        ErrorKind::FileTooLarge => LIFT_THE_LIMIT,
        _ => "check the disk and the name, then run the command again",
    };
    Failure::internal(format!("the backup file: {}", crate::exit::plain(error)), next)
}
