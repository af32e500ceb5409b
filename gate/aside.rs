//! A bundle that is dated far ahead of this gate's clock and of what is proven: it waits, in the vault, until the clock agrees or a person
//! says that it is really so late. Its withdrawals count at once (unlock.md "TimeGuard" rule 3).

use crate::error::GateError;
use crate::gate::Gate;
use crate::records::{ASIDE, GATE};
use rand_core::CryptoRng;
use waypass_credential::time::Timestamp;
use waypass_trust::audit::Event;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::{Adopted, Reading};
use waypass_vault::{BeliefError, VaultError};

/// A bundle that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aside {
    /// When it says it was made.
    pub signed_at: Timestamp,
    /// How far that is ahead of the later of clock and bound, in seconds.
    pub ahead_seconds: i64,
}

/// The form that the vault keeps.
enum Kept {
    Opened(Box<TrustBundle>),
    /// The newest root does not open it: the keys that signed it were given up.
    Unopened,
}

impl Kept {
    fn opened(self) -> Option<TrustBundle> {
        match self {
            Self::Opened(bundle) => Some(*bundle),
            Self::Unopened => None,
        }
    }
}

impl Gate<'_> {
    /// Returns the bundle to decide by: the one that is believed, with what one that is kept aside withdraws.
    pub(crate) fn deciding(&self) -> Result<Option<TrustBundle>, GateError> {
        self.deciding_with(self.kept_aside()?.and_then(Kept::opened))
    }

    /// Like [`Self::deciding`], after [`Self::settle_aside`].
    pub(crate) fn deciding_at(&self, reading: &Reading) -> Result<Option<TrustBundle>, GateError> {
        self.deciding_with(self.waiting(reading)?.map(|(waiting, _)| waiting))
    }

    fn deciding_with(&self, aside: Option<TrustBundle>) -> Result<Option<TrustBundle>, GateError> {
        let believed = self.belief.bundle()?;
        Ok(match aside {
            Some(aside) => believed.map(|believed| believed.with_withdrawals_of(&aside)),
            None => believed,
        })
    }

    /// Takes the bundle that is kept aside if the clock has caught up with it, and forgets it if what is believed has overtaken it. Returns
    /// what waits still.
    pub fn settle_aside(&self, reading: &Reading) -> Result<Option<Aside>, GateError> {
        Ok(self.waiting(reading)?.map(|(_, aside)| aside))
    }

    fn waiting(&self, reading: &Reading) -> Result<Option<(TrustBundle, Aside)>, GateError> {
        let waiting = match self.kept_aside()? {
            None => return Ok(None),
            Some(Kept::Unopened) => return self.forget_aside().map(|()| None),
            Some(Kept::Opened(waiting)) => *waiting,
        };
        if self.belief.bundle()?.is_some_and(|mut held| held.replace(waiting.clone()).is_err()) {
            return self.forget_aside().map(|()| None);
        }
        let mut state = self.state()?;
        if let Adopted::Aside(aside) = state.learn_time(&waiting, reading) {
            let told = Aside { signed_at: aside.signed().at, ahead_seconds: aside.ahead_seconds() };
            return Ok(Some((waiting, told)));
        }
        self.belief.take(&waiting.to_bytes())?;
        self.keep_state(&state)?;
        self.forget_aside().map(|()| None)
    }

    /// Takes the bundle that is kept aside on the word of `by`, who has opened this gate's vault, that it is really so late. Returns `None`
    /// if none waits.
    pub fn confirm_aside(&self, by: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Option<Aside>, GateError> {
        let Some((bundle, waiting)) = self.waiting(reading)? else { return Ok(None) };
        let mut state = self.state()?;
        if let Adopted::Aside(aside) = state.learn_time(&bundle, reading) {
            state.time = aside.confirmed();
        }
        self.belief.take(&bundle.to_bytes())?;
        self.record_in(state, by, Event::ClockConfirmed, &self.identity.id, reading, rng)?;
        self.compare_lists()?;
        self.forget_aside().map(|()| Some(waiting))
    }

    /// Keeps a bundle aside. Lists of one that was kept before stay with it.
    pub(crate) fn keep_aside(&self, mut bundle: TrustBundle, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        let earlier = self.kept_aside()?.and_then(Kept::opened);
        if let Some(earlier) = &earlier {
            bundle.take_lists_of(earlier);
        }
        self.vault.put(GATE, ASIDE, &bundle.to_bytes(), &[])?;
        let is_known = earlier.is_some_and(|earlier| earlier.versions() == bundle.versions());
        if is_known {
            return Ok(());
        }
        let what = format!("a bundle dated {} was kept aside", bundle.issued_at());
        self.record(Event::TrustChanged, &what, reading, rng)
    }

    /// Keeps a status list with the bundle that is kept aside.
    pub(crate) fn keep_list_aside(&self, token: &[u8]) -> Result<(), GateError> {
        let Some(mut bundle) = self.kept_aside()?.and_then(Kept::opened) else { return Ok(()) };
        bundle.ingest_list(token).map_err(BeliefError::from)?;
        Ok(self.vault.put(GATE, ASIDE, &bundle.to_bytes(), &[])?)
    }

    fn kept_aside(&self) -> Result<Option<Kept>, GateError> {
        let bytes = match self.vault.get(GATE, ASIDE) {
            Ok(Some(bytes)) => bytes,
            // One that cannot be read is among the findings now.
            Ok(None) | Err(VaultError::Quarantined) => return Ok(None),
            Err(why) => return Err(why.into()),
        };
        match self.belief.open(&bytes) {
            Ok(bundle) => Ok(Some(Kept::Opened(Box::new(bundle)))),
            Err(BeliefError::Refused(_) | BeliefError::NotPinned) => Ok(Some(Kept::Unopened)),
            Err(why) => Err(why.into()),
        }
    }

    fn forget_aside(&self) -> Result<(), GateError> {
        self.vault.remove(GATE, ASIDE)?;
        Ok(())
    }
}
