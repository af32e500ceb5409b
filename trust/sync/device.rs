//! The joint between the carrier of a synchronization and the device that takes what comes.

use super::Manifest;
use crate::bundle::TimeNonce;
use alloc::vec::Vec;

/// The device being synchronized. Every method that takes something verifies it first, and returns only when it is durable.
pub trait Device {
    /// Why the device did not take something.
    type Error: core::error::Error;

    /// Returns what it holds now.
    fn held(&self) -> Result<Manifest, Self::Error>;
    /// Takes the next root: the envelope of version held + 1.
    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), Self::Error>;
    /// Draws the nonce of a question for the time, to be asked now; `None` if nobody needs it.
    fn ask_time(&mut self) -> Result<Option<TimeNonce>, Self::Error>;
    /// Takes the answer to the question that was drawn last.
    fn apply_time(&mut self, answer: &[u8]) -> Result<(), Self::Error>;
    /// Takes timestamp, snapshot and targets: a bundle file without lists.
    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, Self::Error>;
    /// Takes a status list.
    fn apply_list(&mut self, uri: &str, token: &[u8]) -> Result<(), Self::Error>;
    /// Takes a status list of a bundle that was kept aside.
    fn apply_list_aside(&mut self, token: &[u8]) -> Result<(), Self::Error>;
    /// Puts the role policies of the bundle to use.
    fn apply_policies(&mut self) -> Result<(), Self::Error>;
    /// Returns the audit records from `from` on, as many as one upload takes; `None` if nothing is left.
    fn upload(&mut self, from: u64) -> Result<Option<Part>, Self::Error>;
    /// Takes a receipt, one it has already too.
    fn receipt(&mut self, receipt: &str) -> Result<Receipted, Self::Error>;
}

/// The outcome for a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// It is believed.
    Believed,
    /// It is dated too far ahead and waits for a person. Its withdrawals count.
    Aside,
}

/// The outcome for a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receipted {
    /// It counts.
    Taken,
    /// It is for another device: one stick serves several gates.
    AnotherDevice,
}

/// A piece of the audit log, ready to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The upload document.
    pub bytes: Vec<u8>,
    /// The position after its last record.
    pub next: u64,
}
