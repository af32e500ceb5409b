//! The wallet of an open vault: what its device believes, the moment it is, its history, and the words for what it could not do.

use crate::exit::{Exit, Failure};
use crate::{Run, belief};
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::Event;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::{Limits, Moment, TimeGuard, TimeState};
use waypass_vault::{Belief, BeliefError, StorageError, Tampering, Unlocked, VaultError};
use waypass_wallet::{DEVICE_TABLE, WalletError};

/// The belief of the device, how that was tampered with, and the present moment.
pub(crate) struct Known {
    pub(crate) bundle: Option<TrustBundle>,
    /// How the trust files differ from what the vault has seen; then there is no bundle.
    pub(crate) tampering: Option<Tampering>,
    pub(crate) at: Moment,
}

/// Returns what the device of a wallet believes, and the moment it is.
pub(crate) fn known(run: &Run, vault: &Unlocked<'_>) -> Result<Known, Failure> {
    // Held credentials can be looked at without trust; a command that needs it asks for it and fails.
    let (bundle, tampering) = match Belief::new(vault, belief::store(run), None).bundle() {
        Ok(bundle) => (bundle, None),
        Err(BeliefError::Tampered(how)) => (None, Some(how)),
        Err(why) => return Err(belief::belief_failure(why)),
    };
    let at = moment(vault, bundle.as_ref())?;
    Ok(Known { bundle, tampering, at })
}

/// Writes into the history what happened to the wallet itself. A wallet that cannot be written to is opened all the same.
pub(crate) fn note(run: &Run, vault: &Unlocked<'_>, event: Event, what: &str) {
    let noted = known(run, vault).and_then(|known| waypass_wallet::note(vault, event, what, &known.at, &mut SystemRng).map_err(failure));
    if let Err(why) = noted {
        run.out.warn(&format!("the history does not have it that {what}: {}", why.what));
    }
}

const TIME: &[u8] = b"time";

/// Judges the clock by what this device has seen, and remembers it.
fn moment(vault: &Unlocked<'_>, bundle: Option<&TrustBundle>) -> Result<Moment, Failure> {
    let held = vault.get(DEVICE_TABLE, TIME)?;
    let damaged = |_| Failure::new(Exit::Tamper, "what this wallet remembers about time is damaged", "run `waypass doctor`");
    let mut state = held.as_ref().map(|bytes| TimeState::from_bytes(bytes)).transpose().map_err(damaged)?.unwrap_or_default();
    let reading = clock::read();
    if let Some(bundle) = bundle {
        state = state.adopt(&bundle.signed_time(), &reading).0;
    }
    let (at, next) = TimeGuard::observe(&state, &reading, &Limits::default());
    // A reading a moment after the last one teaches nothing that is worth a write to the disk.
    if held.is_none_or(|bytes| differs(&bytes, &next)) {
        match vault.put(DEVICE_TABLE, TIME, &next.to_bytes(), &[]) {
            // Reading needs no room; what does will meet the full disk itself.
            Ok(()) | Err(VaultError::Storage(StorageError::Full { .. })) => {}
            Err(why) => return Err(why.into()),
        }
    }
    Ok(at)
}

fn differs(held: &[u8], next: &TimeState) -> bool {
    held != next.to_bytes()
}

/// Returns the words for a wallet that failed.
pub(crate) fn failure(error: WalletError) -> Failure {
    match error {
        WalletError::Vault(why) => why.into(),
        WalletError::Backup(why) => why.into(),
        WalletError::NotHeld | WalletError::Ambiguous { .. } => Failure::usage(error, "see what is held: waypass wallet list"),
        WalletError::Damaged(_) | WalletError::Bookkeeping => {
            Failure::new(Exit::Tamper, error, "see `waypass doctor`; a backup may still hold it")
        }
    }
}
