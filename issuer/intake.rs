//! Audit intake: a device's log arrives, by HTTP or as a file; a signed receipt goes back.
//!
//! Sending again what was received brings the same answer, so a device whose receipt got lost simply repeats. A log that
//! contradicts what was received is evidence, not an error to be smoothed over: nothing of it is stored, the device is marked.

use crate::keys::KeyUse;
use crate::office::Issuer;
use crate::store::{CredentialRecord, LeafRow, State, StoreError};
use core::fmt;
use waypass_credential::did;
use waypass_credential::key::SignError;
use waypass_credential::time::Timestamp;
use waypass_trust::audit::{FlagAnswer, Flagged, Head, Leaf, Receipt, Upload, UploadError};

/// Why an upload was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntakeError {
    /// Not an upload, or its signature or chain does not hold.
    Invalid(UploadError),
    /// The device is not enrolled, or no longer.
    NotEnrolled,
    /// Leaves are missing between what was received and what came.
    Gap {
        /// The sequence number expected.
        expected: u64,
    },
    /// The device signed two different logs; it is flagged.
    Fork {
        /// The first sequence number at which they differ.
        seq: u64,
    },
    /// No active intake key is unlocked.
    NoKey,
    /// The intake key could not sign. The log is stored; sending it again brings the receipt.
    Sign,
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Takes an upload and returns the receipt (compact JWS by the intake key). Sending the same upload again gives an equal
    /// answer, but for its time.
    pub fn intake(&mut self, upload: &[u8], at: Timestamp) -> Result<String, IntakeError> {
        let signer = self.active_signer(KeyUse::Intake, at)?.ok_or(IntakeError::NoKey)?;
        let intake_key = signer.public_key().clone();
        let upload = Upload::parse(upload).map_err(IntakeError::Invalid)?;
        let claimed = upload.device().map_err(IntakeError::Invalid)?;
        if self.store.gate(&claimed)?.is_none_or(|gate| gate.revoked.is_some()) {
            return Err(IntakeError::NotEnrolled);
        }
        let key = did::resolve(&claimed).map_err(|_| IntakeError::NotEnrolled)?;
        let held = self.store.device(&claimed)?;
        if let Some((_, seq)) = held.as_ref().and_then(|held| held.forked) {
            return Err(IntakeError::Fork { seq });
        }
        let held_size = held.map_or(0, |held| held.next_seq);
        // An upload with a hash that cannot be read is refused, never believed.
        let failed = core::cell::RefCell::new(None);
        let hash_at = |seq| self.store.leaf_hash(&claimed, seq).unwrap_or_else(|why| failed.replace(Some(why)).and(None));
        let verified = upload.verify(&key, held_size, &hash_at, at);
        if let Some(why) = failed.into_inner() {
            return Err(why.into());
        }
        let accepted = match verified {
            Ok(accepted) => accepted,
            Err(UploadError::Missing { held, .. }) => {
                // A gate leaves out what it has a receipt for.
                let size = Head::open(upload.head()).map_err(IntakeError::Invalid)?.chain.size();
                self.store.transact(|tx| tx.note_ahead(&claimed, size))?;
                return Err(IntakeError::Gap { expected: held });
            }
            Err(UploadError::Fork { seq }) => {
                self.store.transact(|tx| tx.flag_fork(&claimed, at, seq))?;
                return Err(IntakeError::Fork { seq });
            }
            Err(why) => return Err(IntakeError::Invalid(why)),
        };
        let rows: Vec<LeafRow> = (accepted.first_new..)
            .zip(accepted.new)
            .map(|(seq, leaf)| LeafRow { seq, hash: Leaf::hash(leaf), leaf: leaf.clone(), received_at: at })
            .collect();
        let chain = accepted.head.chain.clone();
        let targets = rows.iter().filter_map(|row| Some(Leaf::from_bytes(&row.leaf).ok()?.bundle_version)).max().unwrap_or(0);
        if !rows.is_empty() {
            match self.store.transact(|tx| tx.append_leaves(&claimed, &rows, &chain.head(), targets)) {
                Ok(()) => {}
                // Another process took leaves of this device meanwhile: the device repeats and the next round compares them.
                Err(StoreError::Changed) => return Err(IntakeError::Gap { expected: self.received(&claimed)? }),
                Err(why) => return Err(why.into()),
            }
        }
        self.note_seen(&claimed, accepted.flagged)?;
        let flagged = accepted.flagged.iter().map(|flag| self.answer(flag)).collect::<Result<Vec<_>, _>>()?;
        self.keep_flags(&claimed, accepted.flagged, &flagged)?;
        let receipt = Receipt { chain, stored_at: at, flagged };
        let signer = self.keys.matching(KeyUse::Intake, &intake_key).ok_or(IntakeError::NoKey)?;
        Ok(receipt.sign(&did::key_id(&intake_key), signer)?)
    }

    /// Returns how many records of a device's log were received.
    pub fn received(&self, device: &str) -> Result<u64, StoreError> {
        Ok(self.store.device(device)?.map_or(0, |held| held.next_seq))
    }

    /// Returns true if an admission came after the revocation. An entry of somebody else's list, or of none, is not a revocation of ours.
    fn answer(&self, flag: &Flagged) -> Result<FlagAnswer, StoreError> {
        let revoked_at = self.revoked_at(&flag.uri, flag.idx)?.map(Timestamp::unix);
        Ok(FlagAnswer { seq: flag.seq, revoked_at, already_revoked: revoked_at.is_some_and(|revoked| revoked <= flag.admitted_at) })
    }

    /// Returns the credential with this entry in a status list of ours.
    pub fn credential_at(&self, uri: &str, index: u64) -> Result<Option<CredentialRecord>, StoreError> {
        let (Some(list), Ok(index)) = (self.list_number(uri), u32::try_from(index)) else { return Ok(None) };
        self.store.credential_at(list, index)
    }

    fn revoked_at(&self, uri: &str, index: u64) -> Result<Option<Timestamp>, StoreError> {
        let revoked = self.credential_at(uri, index)?.filter(|credential| credential.state == State::Revoked);
        // `changed_at` is the revocation: nothing can change after it.
        Ok(revoked.map(|credential| credential.changed_at))
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => why.fmt(f),
            Self::NotEnrolled => f.write_str("the device is not enrolled"),
            Self::Gap { expected } => write!(f, "records are missing: number {expected} comes next"),
            Self::Fork { seq } => write!(f, "the device's log differs at record {seq} from what it sent before; the device is flagged"),
            Self::NoKey => f.write_str("no active intake key is unlocked here"),
            Self::Sign => f.write_str("the intake key could not sign; the log is stored"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for IntakeError {}

impl From<StoreError> for IntakeError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<SignError> for IntakeError {
    fn from(SignError: SignError) -> Self {
        Self::Sign
    }
}

#[cfg(test)]
mod tests;
