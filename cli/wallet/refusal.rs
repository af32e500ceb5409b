//! The words for a credential that is not taken in.

use super::failure;
use crate::exit::{Exit, Failure};
use waypass_trust::reason::{Level, ReasonCode};
use waypass_wallet::HoldError;

/// Returns the words for a credential that is not taken in; `kept` is whether it is kept aside.
pub(super) fn refusal(error: HoldError, kept: bool) -> Failure {
    let failure = match error {
        HoldError::Malformed(_) if kept => Failure::usage(error, "tell its issuer"),
        HoldError::Malformed(_) => Failure::usage(error, "name the file that the issuer gave you"),
        HoldError::NoBundle => Failure::new(
            Exit::Grey,
            error,
            "learn whom to trust first: waypass trust pin FILE --digest NUMBER; nothing was taken and no offer is spent",
        ),
        HoldError::Refused(ref refused) => {
            let worst = refused.reasons.iter().map(|reason| reason.code).max_by_key(|code| code.level());
            let exit = if worst.map(ReasonCode::level) == Some(Level::Grey) { Exit::Grey } else { Exit::Red };
            let next = match worst {
                Some(ReasonCode::UntrustedIssuer) => "sync first if the issuer is new; otherwise do not use it",
                _ => "ask its issuer",
            };
            Failure::new(exit, format!("this credential is not taken in: {error}"), next)
        }
        HoldError::KeyAltered => {
            Failure::new(Exit::Tamper, error, "ask the issuer for one bound to the line that `waypass wallet key` prints now")
        }
        HoldError::Card => {
            Failure::usage(error, "print it: waypass issuer card FILE --pdf NAME.pdf; see what is in it: waypass inspect FILE")
        }
        HoldError::NotBound | HoldError::AnotherHolder => {
            Failure::new(Exit::Red, error, "ask the issuer for one bound to the line `waypass wallet key` prints")
        }
        HoldError::Wallet(why) => return failure(why),
    };
    if kept {
        Failure { next: format!("{}; it is kept aside, and `waypass wallet add` tries again", failure.next), ..failure }
    } else {
        failure
    }
}
