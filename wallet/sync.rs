//! The wallet's side of a synchronization: newer trust comes down, and nothing goes up.

use waypass_trust::bundle::TrustBundle;
use waypass_trust::sync::{AuditHeld, Device, Manifest, Part, Receipted};
use waypass_vault::{TrustStore, TrustStoreError};

/// Takes newer trust into the folder of this device. It needs no key: every file is verified under the root that lies there, and compared
/// with what the vault has sealed as soon as the vault is opened.
#[derive(Debug)]
pub struct Reader(TrustStore);

impl Reader {
    /// A reader into `store`.
    pub const fn new(store: TrustStore) -> Self {
        Self(store)
    }

    fn take(&self, newer: TrustBundle) -> Result<(), TrustStoreError> {
        let bundle = match self.0.load()? {
            Some(mut held) => {
                held.replace(newer)?;
                held
            }
            None => newer,
        };
        self.0.install(&bundle)
    }
}

impl Device for Reader {
    type Error = TrustStoreError;

    fn held(&self) -> Result<Manifest, TrustStoreError> {
        let root = self.0.root()?.ok_or(TrustStoreError::NotPinned)?;
        let mut manifest = Manifest::of(self.0.load()?.as_ref(), AuditHeld::default());
        manifest.root = root.version();
        Ok(manifest)
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), TrustStoreError> {
        self.0.step_root(envelope)
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<(), TrustStoreError> {
        self.take(self.0.open(metadata)?)
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), TrustStoreError> {
        let mut bundle = self.0.load()?.ok_or(TrustStoreError::NotPinned)?;
        bundle.ingest_list(token.trim_ascii())?;
        self.0.install(&bundle)
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
