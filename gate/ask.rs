//! Asking: a question that only its own answer fits.

use crate::error::GateError;
use crate::gate::Gate;
use crate::records::{CHALLENGES, GATE, STATE};
use rand_core::CryptoRng;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Query, Request, SignedCode};
use waypass_trust::time::Reading;
use waypass_vault::VaultError;
use waypass_verifier::Checkpoint;

/// The carrier of a question, which decides its form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// A file, or another program: a JWS.
    File,
    /// QR codes: so few bytes that one code holds them. Personal claims of the answer are sealed.
    Code,
}

/// A question that is kept and signed.
pub struct Asked {
    /// The signed request, for the holder.
    pub bytes: Vec<u8>,
    /// The content of the question.
    pub request: Request,
}

impl Gate<'_> {
    /// Asks: keeps the challenge and the state it was asked in, in one transaction, forgets challenges that are over, and signs the request.
    ///
    /// A gate that found something wrong with itself asks nobody.
    pub fn ask(
        &self,
        query: Query,
        purpose: &str,
        carrier: Carrier,
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Result<Asked, GateError> {
        let bundle = self.bundle()?;
        let policy = self.policy(&bundle)?.map_err(GateError::Policy)?;
        let mut checkpoint = Checkpoint::new(self.identity.clone(), &bundle, &policy, self.state()?);
        let at = checkpoint.observe(reading);
        let over = self.challenges()?.over(&at);
        self.refuse_when_tampered()?;
        self.refuse_when_forbidden(&at)?;
        let (mut challenge, mut request) = checkpoint.ask(query, purpose, &at, rng);
        let signer = self.signer()?;
        let bytes = match carrier {
            Carrier::File => request.sign(&signer).map_err(|_| GateError::TooLong)?.into_bytes(),
            Carrier::Code => {
                let secret = RecipientSecret::random(rng);
                let SignedCode { bytes, code } = request.sign_code(secret.recipient(), &signer).map_err(|_| GateError::TooLong)?;
                challenge = challenge.asked_by_code(code.digest, secret);
                request.code = Some(code);
                bytes
            }
        };
        self.vault.batch(|batch| -> Result<(), VaultError> {
            for nonce in &over {
                batch.remove(CHALLENGES, &nonce.0)?;
            }
            batch.put(CHALLENGES, &challenge.nonce().0, &challenge.to_bytes(), &[])?;
            batch.put(GATE, STATE, &checkpoint.state().to_bytes(), &[])
        })?;
        Ok(Asked { bytes, request })
    }
}
