//! The belief of this device: its trust files, and the words for what it does not believe.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::vault::storage_failure;
use waypass_machine::TrustFolder;
use waypass_trust::bundle::{BundleError, TrustBundle};
use waypass_trust::policy::PolicyError;
use waypass_vault::{BeliefError, Tampering, TrustStore, TrustStoreError};

/// Returns the folder of this device.
pub(crate) fn store(run: &Run) -> TrustStore {
    TrustStore::new(TrustFolder::new(run.home.trust()))
}

/// Said where no vault was opened.
pub(crate) const NOT_COMPARED: &str = "not compared with the vault: what the files say was checked for its signatures only";

/// Returns what the trust files say; `None` before anything was brought. Not compared with any vault.
pub(crate) fn bundle(run: &Run) -> Result<Option<TrustBundle>, Failure> {
    store(run).load().map_err(store_failure)
}

/// Returns the failure for a bundle whose rules cannot be used.
pub(crate) fn policy_failure(error: &PolicyError) -> Failure {
    Failure::new(Exit::Red, format!("the rules in the bundle cannot be used: {error}"), "sync; if it stays, tell the site's operator")
}

/// Returns the words for a store that failed or did not believe.
pub(crate) fn store_failure(error: TrustStoreError) -> Failure {
    match error {
        TrustStoreError::NotPinned => Failure::new(Exit::Grey, error, "pin one: waypass trust pin FILE --digest NUMBER"),
        TrustStoreError::OtherRoot { .. } => Failure::new(Exit::Tamper, error, OTHER_ROOT),
        TrustStoreError::Quarantined { .. } => {
            Failure::new(Exit::Tamper, error, "sync, or import the bundle again; the damaged file was kept")
        }
        TrustStoreError::Bundle(why) => bundle_failure(&why),
        TrustStoreError::Busy { .. } => Failure::internal(error, "let the other command end, then run this one again"),
        TrustStoreError::Storage(why) => storage_failure(&why),
    }
}

const OTHER_ROOT: &str =
    "do not use this file, unless the site's operator says that it has a new root: then `waypass trust remove`, and pin the new one";

/// Returns the words for what a device does not believe.
pub(crate) fn belief_failure(error: BeliefError) -> Failure {
    match error {
        BeliefError::Tampered(Tampering::Seal) => {
            Failure::new(Exit::Tamper, error, "pin the root again: waypass trust pin FILE --digest NUMBER")
        }
        BeliefError::Tampered(_) => Failure::new(Exit::Tamper, error, "bring the newest bundle of this site: waypass trust bundle FILE"),
        BeliefError::NotPinned => Failure::new(Exit::Grey, error, "pin one: waypass trust pin FILE --digest NUMBER"),
        BeliefError::OtherRoot(_) => Failure::new(Exit::Tamper, error, OTHER_ROOT),
        BeliefError::Refused(why) => bundle_failure(&why),
        BeliefError::Store(why) => store_failure(why),
        BeliefError::Vault(why) => why.into(),
    }
}

/// Returns the words for a bundle that is not believed: old is never a reason, altered and older than the one held are.
pub(crate) fn bundle_failure(error: &BundleError) -> Failure {
    match error {
        BundleError::Syntax(_) | BundleError::Schema { .. } | BundleError::TooLarge { .. } => {
            Failure::usage(error, "name the file that `waypass issuer publish -o FILE` wrote")
        }
        BundleError::NotPinned(_) => {
            Failure::new(Exit::Tamper, error, "compare the number again with the operator; do not use the file if it differs")
        }
        _ => Failure::new(Exit::Tamper, error, "nothing was changed; get the file again from its issuer, by another way"),
    }
}
