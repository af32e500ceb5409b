//! The gate of this home: opened over an open vault, and the words for what it could not do.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::{belief, site_rules};
use waypass_gate::{Gate, GateError};
use waypass_trust::audit::{BadNote, Note, ReceiptError};
use waypass_vault::Unlocked;

/// Opens the gate of an open vault over this home's trust files.
pub(crate) fn opened<'v>(run: &Run, vault: &'v Unlocked<'v>) -> Result<Gate<'v>, Failure> {
    Gate::open(vault, belief::store(run)).map_err(failure)
}

/// Returns what a person says, or the words for what cannot be written down.
pub(crate) fn note(by: &str, second: Option<&str>, reason: Option<&str>) -> Result<Note, Failure> {
    Note::new(by, second, reason).map_err(|error| bad_note(&error))
}

/// Returns the words for what cannot be written down.
fn bad_note(error: &BadNote) -> Failure {
    let next = match error {
        BadNote::Empty { .. } => "say who: --by NAME",
        BadNote::TooLong { .. } => "shorten it",
        BadNote::SamePerson => "the second guard is somebody else: --second NAME",
    };
    Failure::usage(error, next)
}

/// Returns the words for a gate that could not do what was asked.
pub(crate) fn failure(error: GateError) -> Failure {
    match error {
        GateError::NoIdentity => Failure::new(Exit::Tamper, error, "make the gate again in a new home and enrol it"),
        GateError::Forbidden(found) => site_rules::refused(Role::Verifier, &found),
        GateError::NoBundle => Failure::new(Exit::Grey, error, "bring one: waypass trust pin FILE --digest NUMBER"),
        GateError::Tampered(_) => {
            Failure::new(Exit::Tamper, error, "look at it, then go on with: waypass verifier acknowledge --by YOUR-NAME")
        }
        GateError::Policy(why) => belief::policy_failure(&why),
        GateError::Belief(why) => belief::belief_failure(why),
        GateError::Log(_) | GateError::Record { .. } => {
            Failure::new(Exit::Tamper, error, "keep the device as it is and report this gate to the issuer")
        }
        GateError::NotAmber { .. } => Failure::usage(error, "only CAUTION is confirmed; see the log: waypass audit list"),
        GateError::AlreadySettled { by, .. } => Failure::usage(&error, format!("read it: waypass audit show {by}")),
        GateError::NeedsSecond { .. } => Failure::usage(error, "name the second guard: --second NAME; or say --turned-away"),
        GateError::NeedsReason { .. } => {
            Failure::usage(error, "say why, or how the bearer of the card was identified: --reason TEXT; or say --turned-away")
        }
        GateError::NoFlag { .. } => Failure::usage(error, "see which are: waypass audit list --flagged"),
        GateError::Flagged { seq } => Failure::usage(&error, format!("look at it first: waypass audit acknowledge {seq} --by NAME")),
        GateError::NoPerson => Failure::usage(error, "name the person as `waypass audit show` does"),
        GateError::Note(why) => bad_note(&why),
        GateError::NoRecord { .. } => Failure::usage(error, "see what there is: waypass audit list"),
        GateError::WrongClock(_) => Failure::usage(error, "set the clock with your system's own tool, then confirm it"),
        GateError::Receipt(ReceiptError::Malformed) => Failure::usage(error, "name the file that the issuer wrote"),
        GateError::Receipt(_) => Failure::new(Exit::Tamper, error, "the log was not marked as delivered; tell the issuer's operator"),
        GateError::TooLong => Failure::usage(error, "shorten --purpose or the query"),
        GateError::Signer => Failure::internal(error, "run the command again"),
        GateError::Vault(why) => why.into(),
    }
}
