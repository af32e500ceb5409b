//! Taking credentials in, and letting them go.

use crate::credential_id::CredentialId;
use crate::error::{HoldError, WalletError};
use crate::history::{self, Detail, What};
use crate::records::{self, Carried, Record, TABLE};
use crate::{Wallet, show::Card};
use rand_core::CryptoRng;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::{Credential, Format};
use waypass_trust::assess::{self, assess};
use waypass_trust::audit::Event;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;

static NO_CONTEXTS: KnownContexts = KnownContexts::new();

/// A credential that is in the wallet, durably.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Its name here.
    pub id: CredentialId,
    /// True if it was there before.
    pub already: bool,
}

/// A credential about to be removed: shown to the holder, and given back to [`Wallet::remove`] to confirm.
#[derive(Debug)]
pub struct Removal {
    card: Card,
}

impl Removal {
    /// Returns the credential in question.
    pub fn card(&self) -> &Card {
        &self.card
    }
}

impl Wallet<'_> {
    /// Takes a credential in: assessed first, and only if it is genuine, in force, and bound to a key of this wallet. When this returns, it
    /// is on the disk. Taking the same one again changes nothing.
    pub fn hold(&self, bytes: &[u8], bundle: Option<&TrustBundle>, at: &Moment, rng: &mut dyn CryptoRng) -> Result<Held, HoldError> {
        let known = bundle.map_or(&NO_CONTEXTS, TrustBundle::contexts);
        let credential = Credential::parse(waypass_credential::from_file(bytes), known).map_err(HoldError::Malformed)?;
        if credential.format() == Format::Card {
            return Err(HoldError::Card);
        }
        let id = CredentialId::of(credential.as_bytes());
        if records::load(&self.vault, id)?.is_some() {
            self.vault.remove(records::ASIDE, id.as_bytes())?;
            return Ok(Held { id, already: true });
        }
        let bundle = bundle.ok_or(HoldError::NoBundle)?;
        let (role, issuer_name) = {
            let assessment = assess(&credential, bundle, at).map_err(HoldError::Refused)?;
            (assessment.role().clone(), assessment.issuer().to_owned())
        };
        let holder = role.holder.as_ref().ok_or(HoldError::NotBound)?;
        let key = self.usable(|key| holder == key)?;
        // Under these the assessment found it genuine: what it says can be read when the bundle has moved on.
        let keys = assess::keys(&credential, bundle).ok_or(HoldError::Wallet(WalletError::Bookkeeping))?;
        let keys = keys.into_iter().cloned().collect();
        let contexts = Carried::of(&credential, bundle);
        let record = Record { credential, key: key.id, keys, contexts, issuer_name, held_at: at.at() };
        let detail = Detail { credential: Some(id), issuer: Some(record.issuer_name.clone()), ..Detail::default() };
        self.vault.batch(|batch| -> Result<(), HoldError> {
            batch.put(TABLE, id.as_bytes(), &record.to_bytes(), &record.tags(&role))?;
            batch.remove(records::ASIDE, id.as_bytes())?;
            let what = What { event: Event::Held, detail: &detail, bundle: Some(bundle) };
            history::append(&self.vault, batch, what, at, rng)?;
            Ok(())
        })?;
        Ok(Held { id, already: false })
    }

    /// Asks for the removal of a credential: nothing happens until it is confirmed.
    pub fn removal(&self, id: CredentialId, bundle: Option<&TrustBundle>, at: &Moment) -> Result<Removal, WalletError> {
        Ok(Removal { card: self.show(id, bundle, at)? })
    }

    /// Removes the credential for good. Its history stays.
    pub fn remove(&self, confirmed: Removal, at: &Moment, rng: &mut dyn CryptoRng) -> Result<(), WalletError> {
        let Removal { card } = confirmed;
        let detail = Detail { credential: Some(card.id), issuer: Some(card.issuer_name), ..Detail::default() };
        self.vault.batch(|batch| {
            if !batch.remove(TABLE, card.id.as_bytes())? {
                return Err(WalletError::NotHeld);
            }
            let what = What { event: Event::Removed, detail: &detail, bundle: None };
            history::append(&self.vault, batch, what, at, rng)
        })
    }
}
