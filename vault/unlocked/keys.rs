//! The sealed keys of an open vault: made, listed, lent as signers, retired, deleted.

use super::Unlocked;
use crate::error::VaultError;
use crate::keys::{KeyId, KeyInfo, KeyPurpose, KeySigner, StoredKey, TABLE};
use crate::memory::scrub_stack;
use alloc::vec::Vec;
use waypass_credential::cbor::NotCanonical;
use waypass_credential::key::Algorithm;

impl Unlocked<'_> {
    /// Makes and seals a signing key.
    pub fn generate_key(&self, algorithm: Algorithm, purpose: KeyPurpose) -> Result<KeyInfo, VaultError> {
        let key = StoredKey::generate(algorithm, purpose, &mut **self.entropy());
        let info = key.info().ok_or(VaultError::NoSuchKey)?;
        self.put_record(TABLE, info.id.as_bytes(), &key.to_bytes(), &[])?;
        scrub_stack();
        Ok(info)
    }

    /// Returns all keys, retired ones too, ordered by id. A damaged one is set aside like any record and found in the findings.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, VaultError> {
        let mut keys = Vec::new();
        for id in self.record_ids(TABLE)? {
            match self.record(TABLE, &id) {
                Ok(record) => keys.extend(record.and_then(|record| StoredKey::read(&record.content).ok()?.info())),
                Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(keys)
    }

    /// Returns a signer for a key that is not retired; it ends with the unlocked vault.
    pub fn signer(&self, id: KeyId) -> Result<KeySigner<'_>, VaultError> {
        self.service_signer(id)
    }

    /// Returns a signer that outlives the unlocked vault, for a service: its owner has an open key.
    pub fn service_signer(&self, id: KeyId) -> Result<KeySigner<'static>, VaultError> {
        let key = self.stored_key(id)?;
        if key.retired {
            return Err(VaultError::NoSuchKey);
        }
        let signer = key.signer().ok_or(VaultError::NoSuchKey);
        scrub_stack();
        signer
    }

    /// Retires the key: it signs no more; it stays listed.
    pub fn retire_key(&self, id: KeyId) -> Result<(), VaultError> {
        let key = StoredKey { retired: true, ..self.stored_key(id)? };
        self.put_record(TABLE, id.as_bytes(), &key.to_bytes(), &[])
    }

    fn stored_key(&self, id: KeyId) -> Result<StoredKey, VaultError> {
        let record = self.record(TABLE, id.as_bytes())?.ok_or(VaultError::NoSuchKey)?;
        StoredKey::read(&record.content).map_err(|NotCanonical| VaultError::NoSuchKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unlocked::tests::Fixture;
    use waypass_credential::key::Signer as _;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

    #[test]
    fn keys_sign_until_they_are_retired() {
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        for algorithm in ALGORITHMS {
            let info = unlocked.generate_key(algorithm, KeyPurpose::Credential).expect("generated");
            assert_eq!(info.public_key.algorithm(), algorithm);
            let signer = unlocked.signer(info.id).expect("signer");
            let signature = signer.sign(b"message").expect("signs");
            assert!(info.public_key.verify(b"message", &signature).is_ok());
            assert!(info.public_key.verify(b"massage", &signature).is_err());
            assert_eq!(signer.public_key(), &info.public_key);
            assert!(unlocked.keys().expect("listed").contains(&info));

            unlocked.retire_key(info.id).expect("retired");
            assert!(matches!(unlocked.signer(info.id), Err(VaultError::NoSuchKey)));
            assert!(unlocked.keys().expect("listed").contains(&KeyInfo { retired: true, ..info.clone() }));
        }
        assert_eq!(unlocked.keys().expect("listed").len(), ALGORITHMS.len());
    }

    #[test]
    fn private_keys_are_not_reached_as_records() {
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        let info = unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Holder).expect("generated");
        assert!(matches!(unlocked.get(TABLE, info.id.as_bytes()), Err(VaultError::Reserved)));
        assert!(matches!(unlocked.put(TABLE, b"x", b"x", &[]), Err(VaultError::Reserved)));
        assert!(matches!(unlocked.remove(TABLE, info.id.as_bytes()), Err(VaultError::Reserved)));
    }
}
