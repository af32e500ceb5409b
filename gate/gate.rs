//! The gate, opened over its vault.

use crate::error::GateError;
use crate::index::append;
use crate::records::{CHALLENGES, GATE, IDENTITY, LOG, STATE, VALIDATION};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use waypass_credential::key::Algorithm;
use waypass_credential::{did, json};
use waypass_trust::audit::{Draft, Entry, Event, Salts};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::policy::{PolicyError, RolePolicy, Validation};
use waypass_trust::time::{Limits, Moment, Reading, TimeGuard};
use waypass_vault::{Batch, Belief, KeyInfo, KeyPurpose, KeySigner, TrustStore, Unlocked, VaultError};
use waypass_verifier::{Challenge, Challenges, DeviceState, GateIdentity};

/// A gate's description of itself, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The name people know it by.
    pub name: String,
    /// The site it is for.
    pub site: String,
    /// The zone it opens.
    pub zone: String,
}

/// A gate whose vault is open.
pub struct Gate<'v> {
    pub(crate) vault: &'v Unlocked<'v>,
    pub(crate) belief: Belief<'v>,
    pub(crate) key: KeyInfo,
    pub(crate) identity: GateIdentity,
}

impl<'v> Gate<'v> {
    /// Makes the gate in a new vault: its key, its record and its first state, in one transaction. A later vault without a state was
    /// tampered with. Returns the gate's key.
    pub fn set_up(vault: &Unlocked<'_>, about: &About) -> Result<KeyInfo, GateError> {
        let record = json::to_string(about);
        vault.batch(|batch| {
            let key = vault.generate_key(Algorithm::EdDsa, KeyPurpose::Gate)?;
            batch.put(GATE, IDENTITY, record.as_bytes(), &[])?;
            batch.put(GATE, STATE, &DeviceState::new(&did::to_did_key(&key.public_key)).to_bytes(), &[])?;
            Ok(key)
        })
    }

    /// Opens the gate of a vault over the trust files in `store`.
    pub fn open(vault: &'v Unlocked<'v>, store: TrustStore) -> Result<Self, GateError> {
        let keys = vault.keys()?;
        let key = keys.into_iter().find(|key| key.purpose == KeyPurpose::Gate && !key.retired).ok_or(GateError::NoIdentity)?;
        let record = vault.get(GATE, IDENTITY)?.ok_or(GateError::NoIdentity)?;
        let About { name, site, zone } = serde_json::from_slice(&record).map_err(|_| GateError::NoIdentity)?;
        let identity = GateIdentity { id: did::to_did_key(&key.public_key), name, site, zone };
        let belief = Belief::new(vault, store, Some(identity.id.clone()));
        Ok(Self { vault, belief, key, identity })
    }

    /// Upgrades a gate of 0.1.0: adopts the trust files that lie there, this once, and writes a first state where none was needed yet.
    /// Returns true if something was upgraded.
    pub fn upgrade(&self, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<bool, GateError> {
        if !self.vault.needs_upgrade() {
            return Ok(false);
        }
        self.vault.upgrade(|batch| {
            self.belief.adopt_files_of_0_1_0()?;
            if batch.get(GATE, STATE)?.is_none() && self.vault.log_len(LOG) == 0 {
                batch.put(GATE, STATE, &DeviceState::new(&self.identity.id).to_bytes(), &[])?;
            }
            // A gate whose state is damaged stays as it is: it is for a person to look at.
            let Ok(mut state) = self.state() else { return Ok(()) };
            if let Ok(Some(bundle)) = self.belief.bundle() {
                // 0.1.0 did not keep whose signed time it was.
                let _adopted = state.learn_time(&bundle, reading);
            }
            self.index_log()?;
            let entry = self.entry_about(&mut state, &self.identity.id, Event::Upgraded, &self.identity.id, reading, rng);
            Ok::<_, GateError>(write(batch, &entry, &state)?)
        })?;
        Ok(true)
    }

    /// Returns the gate's id and names.
    pub const fn identity(&self) -> &GateIdentity {
        &self.identity
    }

    /// Returns the belief of the device.
    pub const fn belief(&self) -> &Belief<'v> {
        &self.belief
    }

    /// Returns the signer of the gate's own key.
    pub fn signer(&self) -> Result<KeySigner<'_>, GateError> {
        Ok(self.vault.signer(self.key.id)?)
    }

    /// Returns the bundle.
    pub fn bundle(&self) -> Result<TrustBundle, GateError> {
        self.belief.bundle()?.ok_or(GateError::NoBundle)
    }

    /// Returns the bundle's rules, ready to decide by: validated the first time this gate meets their text.
    pub(crate) fn policy(&self, bundle: &TrustBundle) -> Result<Result<RolePolicy, PolicyError>, GateError> {
        let kept = self.vault.get(GATE, VALIDATION)?.and_then(|bytes| Validation::from_bytes(&bytes));
        let policy = RolePolicy::compile_again(bundle.policy(), kept);
        if let Some(new) = policy.as_ref().ok().map(RolePolicy::validation).filter(|new| kept != Some(*new)) {
            // If the result cannot be kept, the text is validated again next time.
            let _kept = self.vault.put(GATE, VALIDATION, &new.to_bytes(), &[]);
        }
        Ok(policy)
    }

    /// Judges a reading of the clocks by the limits of the signed policy. The new knowledge is stored with the state.
    pub(crate) fn moment(state: &mut DeviceState, bundle: Option<&TrustBundle>, reading: &Reading) -> Moment {
        let limits = bundle.map_or_else(Limits::default, |bundle| {
            let policy = bundle.policy();
            Limits { boots: policy.max_boots_without_signed_time, decisions: policy.max_decisions_without_signed_time }
        });
        let (moment, time) = TimeGuard::observe(&state.time, reading, &limits);
        state.time = time;
        moment
    }

    /// Appends a record that is not a decision, with the state it leads to.
    pub fn record(&self, event: Event, subject: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        self.record_in(self.state()?, &self.identity.id, event, subject, reading, rng)
    }

    /// Notes how many wrong secrets were tried before this opening. If `is_locked_out`, no pass phrase was accepted any more.
    pub fn tried(&self, wrong: u32, is_locked_out: bool, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        let event = if is_locked_out { Event::LockedOut } else { Event::WrongTries };
        self.note(event, &format!("{wrong} wrong tries"), reading, rng)
    }

    /// Notes that a person changed what opens this gate.
    pub fn factors_changed(&self, what: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        self.note(Event::FactorsChanged, what, reading, rng)
    }

    /// Notes what the device says of itself, where its site asks for that.
    pub fn device_found(&self, what: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        self.note(Event::Found, what, reading, rng)
    }

    /// Like [`Self::record`]; a gate whose state is damaged writes nothing until a person has looked.
    fn note(&self, event: Event, subject: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        if self.state().is_ok() { self.record(event, subject, reading, rng) } else { Ok(()) }
    }

    /// Appends a record of what `actor` did, with `state` and what the record adds to it.
    pub(crate) fn record_in(
        &self,
        mut state: DeviceState,
        actor: &str,
        event: Event,
        subject: &str,
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), GateError> {
        let entry = self.entry_about(&mut state, actor, event, subject, reading, rng);
        Ok(self.vault.batch(|batch| write(batch, &entry, &state))?)
    }

    pub(crate) fn entry_about(
        &self,
        state: &mut DeviceState,
        actor: &str,
        event: Event,
        subject: &str,
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Entry {
        let bundle = self.belief.bundle().ok().flatten();
        let at = Self::moment(state, bundle.as_ref(), reading);
        let bundle_version = bundle.map_or(0, |bundle| bundle.versions().targets);
        let draft = Draft { at: &at, actor, event, subject, outcome: None, bundle_version, status: None };
        state.chain.append(draft, Salts::random(rng))
    }

    /// Keeps a state that no decision carries: what a signed time taught.
    pub(crate) fn keep_state(&self, state: &DeviceState) -> Result<(), GateError> {
        Ok(self.vault.put(GATE, STATE, &state.to_bytes(), &[])?)
    }

    /// Returns the challenges that were asked lately.
    pub(crate) fn challenges(&self) -> Result<Challenges, GateError> {
        let mut kept = Vec::new();
        for id in self.vault.ids(CHALLENGES)? {
            match self.vault.get(CHALLENGES, &id) {
                Ok(bytes) => kept.extend(bytes.and_then(|bytes| Challenge::from_bytes(&bytes).ok())),
                // It is among the findings now, which the caller looks at.
                Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(kept.into_iter().collect())
    }
}

fn write(batch: &mut Batch<'_>, entry: &Entry, state: &DeviceState) -> Result<(), VaultError> {
    append(batch, entry)?;
    batch.put(GATE, STATE, &state.to_bytes(), &[])
}
