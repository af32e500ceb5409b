//! The wallet's side of a synchronization: newer trust comes down, and nothing goes up.

use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{TimeNonce, TrustBundle};
use waypass_trust::sync::{AuditHeld, Device, Kept, Manifest, Part, Receipted};
use waypass_trust::time::FURTHEST_AHEAD_SECONDS;
use waypass_vault::{TrustStore, TrustStoreError};

/// Takes newer trust into the folder of this device. It needs no key: every file is verified under the root that lies there, and compared
/// with what the vault has sealed as soon as the vault is opened.
#[derive(Debug)]
pub struct Reader {
    store: TrustStore,
    now: Timestamp,
}

impl Reader {
    /// Returns a reader into `store`. `now` is what the clock says: a bundle that is dated far ahead of it is not
    /// taken, for a gate may share the
    /// folder.
    pub const fn new(store: TrustStore, now: Timestamp) -> Self {
        Self { store, now }
    }

    fn take(&self, newer: TrustBundle) -> Result<(), TrustStoreError> {
        let bundle = match self.store.load()? {
            Some(mut held) => {
                held.replace(newer)?;
                held
            }
            None => newer,
        };
        self.store.install(&bundle)
    }
}

impl Device for Reader {
    type Error = TrustStoreError;

    fn held(&self) -> Result<Manifest, TrustStoreError> {
        let root = self.store.root()?.ok_or(TrustStoreError::NotPinned)?;
        let mut manifest = Manifest::of(self.store.load()?.as_ref(), AuditHeld::default());
        manifest.root = root.version();
        Ok(manifest)
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), TrustStoreError> {
        self.store.step_root(envelope)
    }

    /// A wallet judges nobody, so it needs no better clock than its own.
    fn ask_time(&mut self) -> Result<Option<TimeNonce>, TrustStoreError> {
        Ok(None)
    }

    fn apply_time(&mut self, _answer: &[u8]) -> Result<(), TrustStoreError> {
        Ok(())
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, TrustStoreError> {
        let newer = self.store.open(metadata)?;
        if newer.issued_at().since(self.now) > FURTHEST_AHEAD_SECONDS {
            return Ok(Kept::Aside);
        }
        self.take(newer).map(|()| Kept::Believed)
    }

    fn apply_list_aside(&mut self, _token: &[u8]) -> Result<(), TrustStoreError> {
        Ok(())
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), TrustStoreError> {
        let mut bundle = self.store.load()?.ok_or(TrustStoreError::NotPinned)?;
        bundle.ingest_list(token)?;
        self.store.install(&bundle)
    }

    fn apply_policies(&mut self) -> Result<(), TrustStoreError> {
        Ok(())
    }

    fn upload(&mut self, _from: u64) -> Result<Option<Part>, TrustStoreError> {
        Ok(None)
    }

    fn receipt(&mut self, _receipt: &str) -> Result<Receipted, TrustStoreError> {
        Ok(Receipted::AnotherDevice)
    }
}
