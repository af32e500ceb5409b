//! Asking: a question that only its own answer fits.

use crate::error::GateError;
use crate::gate::Gate;
use crate::records::{CHALLENGES, GATE, STATE};
use rand_core::CryptoRng;
use waypass_credential::request::{Query, Request};
use waypass_trust::time::Reading;
use waypass_vault::VaultError;
use waypass_verifier::Checkpoint;

/// A question that is kept and signed.
pub struct Asked {
    /// The signed request, for the holder.
    pub text: String,
    /// The content of the question.
    pub request: Request,
}

impl Gate<'_> {
    /// Asks: keeps the challenge and the state it was asked in, in one transaction, forgets challenges that are over, and signs the request.
    ///
    /// A gate that found something wrong with itself asks nobody.
    pub fn ask(&self, query: Query, purpose: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Asked, GateError> {
        let bundle = self.bundle()?;
        let policy = self.policy(&bundle)?.map_err(GateError::Policy)?;
        let mut checkpoint = Checkpoint::new(self.identity.clone(), &bundle, &policy, self.state()?);
        let at = checkpoint.observe(reading);
        let over = self.challenges()?.over(&at);
        self.refuse_when_tampered()?;
        let (challenge, request) = checkpoint.ask(query, purpose, &at, rng);
        let text = request.sign(&self.signer()?).map_err(|_| GateError::TooLong)?;
        self.vault.batch(|batch| -> Result<(), VaultError> {
            for nonce in &over {
                batch.remove(CHALLENGES, &nonce.0)?;
            }
            batch.put(CHALLENGES, &challenge.nonce().0, &challenge.to_bytes(), &[])?;
            batch.put(GATE, STATE, &checkpoint.state().to_bytes(), &[])
        })?;
        Ok(Asked { text, request })
    }
}
