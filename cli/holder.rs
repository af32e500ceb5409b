//! The wallet of an open vault: what its device believes, the moment it is, its history, and the words for what it could not do.

use crate::exit::{Exit, Failure, plain};
use crate::{Run, belief};
use std::io::ErrorKind;
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::Event;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::{Limits, Moment, Reading, Shared, TimeGuard, TimeState};
use waypass_vault::{Belief, BeliefError, StorageError, Tampering, Unlocked, VaultError};
use waypass_wallet::{DEVICE_TABLE, WalletError};
use zeroize::Zeroizing;

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
    let at = moment(run, vault, bundle.as_ref())?;
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

/// Judges the clock by what this wallet and the others on this device have seen, and remembers it.
fn moment(run: &Run, vault: &Unlocked<'_>, bundle: Option<&TrustBundle>) -> Result<Moment, Failure> {
    let held = vault.get(DEVICE_TABLE, TIME)?;
    let (mut state, reading) = (time_of(held.as_ref())?, clock::read());
    if let Some(bundle) = bundle {
        state = state.adopt(&bundle.signed_time(), &reading).0;
    }
    let device = device_time(run);
    let Shared { moment, own, device: seen } = TimeGuard::observe_shared(&state, &device, &reading, &Limits::default());
    if device.is_outdated_by(&seen) {
        // Only a doubt is lost if there is no room for it.
        let _full = run.home.device_time().keep(&seen);
    }
    // A reading a moment after the last one teaches nothing that is worth a write to the disk.
    if held.is_none_or(|bytes| bytes[..] != own.to_bytes()) {
        match remember(vault, &own) {
            // Reading needs no room; what does will meet the full disk itself.
            Ok(()) | Err(VaultError::Storage(StorageError::Full { .. })) => {}
            Err(why) => return Err(why.into()),
        }
    }
    Ok(moment)
}

/// Takes the word of the person who opened the wallet that the clock is right: for this wallet, and for what the device remembers.
pub(crate) fn confirm_clock(run: &Run, vault: &Unlocked<'_>, reading: &Reading) -> Result<(), Failure> {
    let state = time_of(vault.get(DEVICE_TABLE, TIME)?.as_ref())?;
    let state = state.confirm(reading).map_err(|why| Failure::usage(why, "set the clock with your system's own tool, then confirm it"))?;
    remember(vault, &state)?;
    let file = run.home.device_time();
    file.keep(&state).map_err(|error| Failure::file("write", file.path(), &error))
}

fn time_of(held: Option<&Zeroizing<Vec<u8>>>) -> Result<TimeState, Failure> {
    let damaged = |_| Failure::new(Exit::Tamper, "what this wallet remembers about time is damaged", "run `waypass doctor`");
    held.map_or_else(|| Ok(TimeState::default()), |bytes| TimeState::from_bytes(bytes).map_err(damaged))
}

fn remember(vault: &Unlocked<'_>, state: &TimeState) -> Result<(), VaultError> {
    vault.put(DEVICE_TABLE, TIME, &state.to_bytes(), &[])
}

/// Returns what the users of this device have seen of time.
fn device_time(run: &Run) -> TimeState {
    let file = run.home.device_time();
    let why = match file.read() {
        Ok(state) => return state,
        Err(why) => why,
    };
    let shown = file.path().display();
    let told = match (why.kind(), file.set_aside()) {
        (ErrorKind::InvalidData, Ok(aside)) => format!("{shown} is damaged, and was set aside as {}", aside.display()),
        _ => format!("{shown}: {}", plain(&why)),
    };
    run.out.warn(&format!("{told}; if the clock was set back while others used this device, that is not noticed"));
    TimeState::default()
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
