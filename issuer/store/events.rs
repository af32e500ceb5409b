//! The history: one chain of events, and what it adds up to.

use super::Result;

/// One link of the chain of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    /// Its place, 1 first, without gaps.
    pub seq: u64,
    /// The credential whose history it belongs to, if it is about one.
    pub credential: Option<String>,
    /// Ciphertext.
    pub body: Vec<u8>,
    /// Over the link before and this one.
    pub mac: [u8; 32],
}

/// The sum of the events up to one of them, so that they need not be read again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryRow {
    /// The last event in it.
    pub seq: u64,
    /// Ciphertext.
    pub body: Vec<u8>,
    /// Over both.
    pub mac: [u8; 32],
}

/// Reads events.
pub trait Events {
    /// Returns how many there are.
    fn event_count(&self) -> Result<u64>;
    /// Returns at most `limit` events after the one at `seq`, in order.
    fn events(&self, seq: u64, limit: u32) -> Result<Vec<EventRow>>;
    /// Returns the seal of the event at `seq`.
    fn event_mac(&self, seq: u64) -> Result<Option<[u8; 32]>>;
    /// Returns the events of a credential in order, each with the seal of the one before it in the chain.
    fn history(&self, credential: &str) -> Result<Vec<(EventRow, Option<[u8; 32]>)>>;
    /// Returns the newest summary, if one was kept.
    fn summary(&self) -> Result<Option<SummaryRow>>;
}

/// Adds events.
pub trait WriteEvents {
    /// Appends an event; [`super::StoreError::Overtaken`] if another is in its place or before it is a gap.
    fn append(&mut self, event: &EventRow) -> Result<()>;
    /// Keeps a summary in the place of the one before.
    fn put_summary(&mut self, row: &SummaryRow) -> Result<()>;
}
