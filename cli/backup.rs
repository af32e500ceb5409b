//! The two secrets of a backup: a recovery code on paper, and a pass phrase. A thief of the file and of one of them has nothing.

use crate::exit::Failure;
use crate::input::Input;
use crate::output::Out;
use crate::secret::{SecretArgs, text};
use crate::vault::factor_failure;
use std::path::PathBuf;
use waypass_vault::{Factors, Password, RecoveryCode, SecretRules};

/// Where the secrets of a backup come from.
#[derive(clap::Args)]
pub(crate) struct SealArgs {
    /// Read the backup's pass phrase from FILE instead of asking
    #[arg(long, value_name = "FILE")]
    backup_secret_file: Option<PathBuf>,
    /// Read the backup's recovery code from FILE instead of asking
    #[arg(long, value_name = "FILE")]
    backup_recovery_file: Option<PathBuf>,
}

/// Both secrets.
pub(crate) struct Secrets {
    code: RecoveryCode,
    phrase: Password,
}

impl SealArgs {
    /// Asks for the code, and for a new pass phrase.
    pub(crate) fn choose(&self, out: Out, input: Input, rules: &SecretRules) -> Result<Secrets, Failure> {
        let code = self.recovery(out, input)?;
        let phrase = secret(self.backup_secret_file.clone()).choose(out, input, "choose the backup's pass phrase", rules)?;
        Ok(Secrets { code, phrase: Password::new(text(&phrase)?) })
    }

    /// Asks for both.
    pub(crate) fn read(&self, out: Out, input: Input) -> Result<Secrets, Failure> {
        let code = self.recovery(out, input)?;
        let phrase = secret(self.backup_secret_file.clone()).read(out, input, "the backup's pass phrase: ")?;
        Ok(Secrets { code, phrase: Password::new(text(&phrase)?) })
    }

    fn recovery(&self, out: Out, input: Input) -> Result<RecoveryCode, Failure> {
        let code = secret(self.backup_recovery_file.clone()).read(out, input, "the recovery code on paper: ")?;
        RecoveryCode::parse(text(&code)?).map_err(|error| factor_failure(&error))
    }
}

impl Secrets {
    /// Returns both as the factors that seal and open a backup.
    pub(crate) fn factors(&self) -> Factors<'_> {
        Factors::one(&self.code).and(&self.phrase)
    }
}

fn secret(file: Option<PathBuf>) -> SecretArgs {
    SecretArgs { secret_file: file, secret_fd: None }
}
