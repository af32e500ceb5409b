//! The facts that decide: the register, and the documents whose digests it holds.

use super::Result;

/// The register as it is stored: what decides, under the seal of the issuer's vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterRow {
    /// Counts replacements, 1 first.
    pub version: u64,
    /// Ciphertext.
    pub body: Vec<u8>,
    /// Over version and plaintext.
    pub mac: [u8; 32],
}

/// The source of named documents: the rows as they are, or checked (`crate::sealed::Sealed`).
pub trait Documents {
    /// Returns a named document, if it was ever written.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>>;
}

/// Reads the register.
pub trait Registers: Documents {
    /// Returns the register, if there is one.
    fn register(&self) -> Result<Option<RegisterRow>>;
    /// Returns the version of the register; 0 without one.
    fn register_version(&self) -> Result<u64>;
    /// Returns the names of all documents, in order.
    fn document_names(&self) -> Result<Vec<String>>;
}

/// Changes register and documents.
pub trait WriteRegister {
    /// Replaces the register whose version is one less; [`super::StoreError::Overtaken`] if another is in its place. The first may have any
    /// version.
    fn put_register(&mut self, row: &RegisterRow) -> Result<()>;
    /// Writes a named document.
    fn put_document(&mut self, name: &str, bytes: &[u8]) -> Result<()>;
}
