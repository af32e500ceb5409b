//! The words for a credential that was not issued.

use super::store_failure;
use crate::exit::Failure;
use waypass_credential::data_integrity::Suite;
use waypass_issuer::issue::IssueError;

/// Returns what happened and what to do next.
pub(super) fn failure(error: IssueError) -> Failure {
    match error {
        IssueError::Store(why) => store_failure(why),
        IssueError::StatusFormat(_) => Failure::usage(error, "leave out --status bitstring, or choose a VCDM format: --format vc"),
        IssueError::SuiteFormat { .. } => Failure::usage(error, "suites go with --format vc"),
        IssueError::Credential(waypass_credential::IssueError::Malformed(waypass_credential::Malformed::Member(_))) => Failure::usage(
            error,
            "documents name claims by their contexts: see what there is with waypass issuer context list, or use --format sd-jwt",
        ),
        IssueError::NoCards => {
            Failure::usage(error, "add the rules for cards: waypass issuer publish --admit-cards; or your own, with the action admit_card")
        }
        IssueError::Credential(waypass_credential::IssueError::Malformed(waypass_credential::Malformed::OutOfRange("name"))) => {
            Failure::usage("the name on a card has 1 to 80 bytes and no signs that are not shown", "correct --name")
        }
        IssueError::Document => Failure::usage(error, "correct --document, or leave it out where the rules ask for no document"),
        IssueError::Suites => Failure::usage(error, "name each suite once"),
        IssueError::SuiteAlgorithm { algorithm, .. } => {
            Failure::usage(error, format!("these keys take --suite {} or {}", Suite::jcs(algorithm), Suite::rdfc(algorithm)))
        }
        IssueError::Names(_) => {
            Failure::usage(error, "these are names for machines: write ward-3, not \"Ward 3\"; the label is for people")
        }
        other => Failure::usage(other, "see what this issuer may issue: waypass issuer show"),
    }
}
