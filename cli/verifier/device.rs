//! The gate as a device: its identity, its state, its open challenges and its log, all in one vault.

use crate::Session;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::trust;
use crate::unlock::{self, OpenArgs};
use serde::{Deserialize, Serialize};
use waypass_credential::did;
use waypass_credential::request::Nonce;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::policy::{PolicyError, RolePolicy, Validation};
use waypass_vault::{KeyInfo, KeyPurpose, Unlocked, VaultError};
use waypass_verifier::{Challenge, Challenges, Commit, DeviceState, GateIdentity};

/// The audit log of the gate's vault.
pub(crate) const LOG: &str = "audit";
const GATE: &str = "gate";
const CHALLENGES: &str = "challenges";
const IDENTITY: &[u8] = b"identity";
const STATE: &[u8] = b"state";
const RECEIPT: &[u8] = b"receipt";
const VALIDATION: &[u8] = b"policy-validation";

/// A gate whose vault is open.
pub(crate) struct Device<'v> {
    pub(crate) vault: &'v Unlocked<'v>,
    pub(crate) key: KeyInfo,
    pub(crate) identity: GateIdentity,
}

/// What a gate says about itself, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) site: String,
    pub(super) zone: String,
}

/// Opens the gate and does `work` with it.
pub(crate) fn with<T>(session: &Session, args: &OpenArgs, work: impl FnOnce(&Device<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    unlock::with(session, Role::Verifier, args, |vault| work(&Device::of(vault)?))
}

impl<'v> Device<'v> {
    fn of(vault: &'v Unlocked<'v>) -> Result<Self, Failure> {
        let damaged =
            || Failure::new(Exit::Tamper, "this gate's own record is missing or damaged", "make the gate again in a new home and enrol it");
        let key = vault.keys()?.into_iter().find(|key| key.purpose == KeyPurpose::Gate && !key.retired).ok_or_else(damaged)?;
        let about = vault.get(GATE, IDENTITY)?.ok_or_else(damaged)?;
        let About { name, site, zone } = serde_json::from_slice(&about).map_err(|_| damaged())?;
        let identity = GateIdentity { id: did::to_did_key(&key.public_key), name, site, zone };
        Ok(Self { vault, key, identity })
    }

    pub(super) fn set_up(vault: &Unlocked<'_>, about: &About) -> Result<KeyInfo, Failure> {
        let key = vault.generate_key(waypass_credential::key::Algorithm::EdDsa, KeyPurpose::Gate)?;
        let bytes = serde_json::to_vec(about).map_err(|error| Failure::internal(error, "run the command again"))?;
        vault.put(GATE, IDENTITY, &bytes, &[])?;
        Ok(key)
    }

    /// What the gate must not forget; a new one starts empty, a damaged or lost one is not replaced: without it the gate would not know
    /// which answers it has seen and where its log ends.
    pub(crate) fn state(&self) -> Result<DeviceState, Failure> {
        let damaged = |why: &dyn std::fmt::Display| {
            Failure::new(Exit::Tamper, why, "keep the device as it is, and make the gate again in a new home")
        };
        let state = match self.vault.get(GATE, STATE)? {
            Some(bytes) => DeviceState::from_bytes(&bytes).map_err(|error| damaged(&error))?,
            None => DeviceState::new(&self.identity.id),
        };
        let recorded = self.vault.log_len(LOG);
        if state.chain.size() == recorded {
            return Ok(state);
        }
        Err(damaged(&format!("this gate's state was lost or replaced: it covers {} of {recorded} records of the log", state.chain.size())))
    }

    /// The bundle's rules, ready to decide by: validated the first time this gate meets their text.
    pub(super) fn policy(&self, bundle: &TrustBundle) -> Result<Result<RolePolicy, PolicyError>, Failure> {
        let kept = self.vault.get(GATE, VALIDATION)?.and_then(|bytes| Validation::from_bytes(&bytes));
        let policy = RolePolicy::compile_again(bundle.policy(), kept);
        if let Some(new) = policy.as_ref().ok().map(RolePolicy::validation).filter(|new| kept != Some(*new)) {
            // What cannot be kept is validated again next time.
            let _kept = self.vault.put(GATE, VALIDATION, &new.to_bytes(), &[]);
        }
        Ok(policy)
    }

    /// Keeps a state that no decision carries: what a signed time taught.
    pub(super) fn keep_state(&self, state: &DeviceState) -> Result<(), Failure> {
        Ok(self.vault.put(GATE, STATE, &state.to_bytes(), &[])?)
    }

    /// Keeps a challenge and the state it was asked in, in one transaction; forgets those that are over.
    pub(super) fn keep_challenge(&self, challenge: &Challenge, state: &DeviceState, over: &[Nonce]) -> Result<(), Failure> {
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            for nonce in over {
                batch.remove(CHALLENGES, &nonce.0)?;
            }
            batch.put(CHALLENGES, &challenge.nonce().0, &challenge.to_bytes(), &[])?;
            batch.put(GATE, STATE, &state.to_bytes(), &[])
        })?)
    }

    /// The challenges that were asked lately.
    pub(super) fn challenges(&self) -> Result<Challenges, Failure> {
        let mut kept = Vec::new();
        for id in self.vault.ids(CHALLENGES)? {
            match self.vault.get(CHALLENGES, &id) {
                Ok(bytes) => kept.extend(bytes.and_then(|bytes| Challenge::from_bytes(&bytes).ok())),
                // One damaged challenge is answered by nobody; the other lanes go on.
                Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(kept.into_iter().collect())
    }

    /// Makes a decision durable: the log entry and the new state, together or not at all. The state remembers the nonce, so
    /// the challenge is used up; it stays for some minutes, to tell a replay from an answer to something else.
    pub(super) fn commit(&self, commit: &Commit) -> Result<(), VaultError> {
        self.vault.batch(|batch| {
            batch.append(LOG, &commit.entry_bytes())?;
            batch.put(GATE, STATE, &commit.state_bytes(), &[])
        })
    }

    /// Adds a log entry that is no decision, with the state it leads to.
    pub(super) fn keep_entry(&self, entry: &[u8], state: &DeviceState) -> Result<(), Failure> {
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            batch.append(LOG, entry)?;
            batch.put(GATE, STATE, &state.to_bytes(), &[])
        })?)
    }

    /// The newest receipt for the log, as it came.
    pub(super) fn receipt(&self) -> Result<Option<String>, Failure> {
        Ok(self.vault.get(GATE, RECEIPT)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(super) fn keep_receipt(&self, receipt: &str) -> Result<(), VaultError> {
        self.vault.put(GATE, RECEIPT, receipt.as_bytes(), &[])
    }

    /// What this device believes; a gate without it is not set up.
    pub(crate) fn bundle(session: &Session) -> Result<TrustBundle, Failure> {
        trust::bundle(session)?.ok_or_else(|| {
            Failure::new(
                Exit::Grey,
                "this gate has no trust bundle, so it can decide about nobody",
                "bring one: waypass trust pin FILE --digest NUMBER",
            )
        })
    }
}
