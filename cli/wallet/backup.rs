//! `waypass wallet backup` and `restore`: sealed by the recovery code and a pass phrase together.

use super::failure;
use crate::Session;
use crate::exit::{Exit, Failure, LIFT_THE_LIMIT, Outcome};
use crate::home::Role;
use crate::secret::SecretArgs;
use crate::unlock::OpenArgs;
use crate::vault::factor_failure;
use serde_json::json;
use std::io::ErrorKind;
use std::path::PathBuf;
use waypass_machine::{CALIBRATED, SystemRng};
use waypass_vault::{BackupError, Factors, MAX_BACKUP, Password, RecoveryCode};
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

/// The two secrets of a backup.
#[derive(clap::Args)]
pub(crate) struct SealArgs {
    /// Read the backup's pass phrase from FILE instead of asking
    #[arg(long, value_name = "FILE")]
    backup_secret_file: Option<PathBuf>,
    /// Read the backup's recovery code from FILE instead of asking
    #[arg(long, value_name = "FILE")]
    backup_recovery_file: Option<PathBuf>,
}

pub(crate) fn backup(session: &Session, args: &BackupArgs) -> Outcome {
    let mut open = super::open(session, &args.open)?;
    let (code, phrase) = open.aside(session, || {
        let code = recovery(session, &args.seal)?;
        let phrase = secret(args.seal.backup_secret_file.clone()).choose(
            session.out,
            session.input.while_open(Role::Wallet),
            "choose the backup's pass phrase",
        )?;
        Ok::<_, Failure>((code, phrase))
    })??;
    let phrase = Password::new(crate::secret::text(&phrase)?);
    let sealed = open.wallet.backup(&Factors::one(&code).and(&phrase), CALIBRATED).map_err(failure)?;
    waypass_machine::replace_file(&args.file, &sealed).map_err(|error| file_failure(&error))?;
    session.out.json(&json!({ "schema": "waypass.backup/1", "file": args.file }))?;
    session.out.words(&format!("wrote {}", args.file.display()));
    session.out.note("both secrets are needed to restore it; keys stay on this device, so a restored wallet asks for new credentials");
    Ok(Exit::Done)
}

pub(crate) fn restore(session: &Session, args: &RestoreArgs) -> Outcome {
    let mut open = super::open(session, &args.open)?;
    let (code, phrase) = open.aside(session, || {
        let code = recovery(session, &args.seal)?;
        let phrase = secret(args.seal.backup_secret_file.clone()).read(
            session.out,
            session.input.while_open(Role::Wallet),
            "the backup's pass phrase: ",
        )?;
        Ok::<_, Failure>((code, phrase))
    })??;
    let phrase = Password::new(crate::secret::text(&phrase)?);
    let sealed = waypass_machine::read_file(&args.file, MAX_BACKUP).map_err(|error| file_failure(&error))?;
    let restored = open.wallet.restore(&sealed, &Factors::one(&code).and(&phrase), &open.at, &mut SystemRng);
    let restored = restored.map_err(|error| match error {
        WalletError::Backup(why @ (BackupError::NotABackup | BackupError::Newer { .. })) => Failure::from(why).about(&args.file),
        error => failure(error),
    })?;
    let reissue: Vec<String> = restored.reissue.iter().map(ToString::to_string).collect();
    session.out.json(&json!({ "schema": "waypass.restored/1", "credentials": restored.credentials, "reissue": reissue }))?;
    session.out.words(&format!("restored {} credential(s)", restored.credentials));
    if !reissue.is_empty() {
        session.out.warn(&format!("{} of them must be issued again: their keys stayed on the old device", reissue.len()));
        session.out.note("see which: waypass wallet list; then ask their issuers, with the line `waypass wallet key` prints");
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

fn recovery(session: &Session, seal: &SealArgs) -> Result<RecoveryCode, Failure> {
    let code = secret(seal.backup_recovery_file.clone()).read(
        session.out,
        session.input.while_open(Role::Wallet),
        "the recovery code on paper: ",
    )?;
    RecoveryCode::parse(crate::secret::text(&code)?).map_err(|error| factor_failure(&error))
}

fn secret(file: Option<PathBuf>) -> SecretArgs {
    SecretArgs { secret_file: file, secret_fd: None }
}
