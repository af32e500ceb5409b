//! Making a gate, opening it and locking it.

use super::open::opened;
use super::refusal::Refusal;
use super::{Engine, Home, Stage, question};
use waypass_gate::{About, Gate};
use waypass_screen::Event;
use waypass_vault::{
    Factor, FactorKind, Factors, NewSlot, OpenError, Password, Plan, RecoveryCode, Rules, SecretRules, Suite, Unfinished, Vault,
};

/// The kind of vault that a gate has.
const KIND: &str = "verifier";

/// Returns true if there is no gate yet. What a creation left that was cut short is removed: nothing in it was acknowledged.
pub(super) fn is_new(home: &dyn Home) -> bool {
    let Ok(host) = home.host() else { return false };
    match Vault::open(host) {
        Err(OpenError::NotFound) => true,
        Err(OpenError::Unfinished) => home.clear().is_ok(),
        _ => false,
    }
}

impl<H: Home> Engine<H> {
    /// Makes the gate with a pass phrase, and opens it. Returns the recovery code, which is shown once.
    pub(super) fn create(&mut self, about: &About, pass_phrase: &str) -> Result<String, Refusal> {
        about.check()?;
        if let Some(weakness) = SecretRules::default().phrase_weakness(pass_phrase) {
            return Err(Refusal::weak().with(&weakness));
        }
        let password = Password::new(pass_phrase);
        let recovery = RecoveryCode::generate(&mut *self.home.entropy());
        let at = self.home.clock();
        let slots = [&password as &dyn Factor, &recovery].map(|factor| NewSlot::of(Factors::one(factor))).to_vec();
        // A browser has no AES of the processor's.
        let plan = Plan { suite: Suite::ChaCha, cost: self.home.cost(), rules: Rules::default(), slots, at: Some(at.wall) };
        let mut unfinished = Unfinished::begin(self.home.host()?, KIND, &plan)?;
        drop(plan);
        Gate::set_up(&unfinished.vault().unlock(&Factors::one(&password), &at)?, about)?;
        drop(unfinished.finish()?);
        self.stage = Stage::Locked;
        self.open_with(&password)?;
        Ok(recovery.printed().to_string())
    }

    pub(super) fn unlock(&mut self, secret: &str, is_recovery: bool) -> Result<(), Refusal> {
        if matches!(self.stage, Stage::Open(_)) {
            return Ok(());
        }
        if is_recovery { self.open_with(&RecoveryCode::parse(secret)?) } else { self.open_with(&Password::new(secret)) }
    }

    /// Opens the gate, and notes the wrong tries before.
    pub(super) fn open_with(&mut self, factor: &dyn Factor) -> Result<(), Refusal> {
        let vault = Vault::open(self.home.host()?)?;
        let at = self.home.clock();
        let before = vault.status(&at)?;
        let unlocked = vault.into_unlocked(&Factors::one(factor), &at).map_err(|(_, why)| why)?;
        let gate = opened(&unlocked, &self.home)?;
        gate.upgrade(&at, &mut *self.home.entropy())?;
        // A key file clears no counter, so it tells nothing of one.
        let wrong = if factor.kind() == FactorKind::KeyFile { 0 } else { before.wrong_tries + before.wrong_recovery_tries };
        if wrong > 0 {
            gate.tried(wrong, before.attempts_left == 0, &at, &mut *self.home.entropy())?;
        }
        self.about = Some(gate.identity().clone());
        self.wanted = question::kept(&unlocked);
        let readiness = crate::duty::refresh(&gate, &at)?;
        drop(gate);
        self.stage = Stage::Open(Box::new(unlocked.park()));
        self.closed = None;
        self.used_ms = self.home.ms();
        self.report(Event::Started(readiness));
        Ok(())
    }

    /// Forgets the keys, and what was on the screen.
    pub(super) fn lock(&mut self) {
        if matches!(self.stage, Stage::Open(_)) {
            self.stage = Stage::Locked;
        }
        self.link = None;
        self.report(Event::Locked);
    }
}
