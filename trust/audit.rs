//! The record of what a device did, in an order that cannot be changed afterwards without being noticed (trust.md "Audit").
//!
//! A [`Leaf`] is one record; its hash is in the next one. Leaves hold no personal data: who acted and who was acted
//! on appear as salted hashes, and the [`Opening`] with salts and names stays encrypted on the device. Forgetting a person
//! is deleting an opening; the chain still verifies.
//!
//! Residual: a thief with the gate's key can rewrite what follows the last head that somebody else holds.

mod admissions;
mod chain;
mod entry;
mod leaf;
mod note;
mod receipt;
mod upload;

pub use chain::{Bad, Chain, FirstBad, Summary, verify};
pub use entry::{Draft, Entry, Opening, Remark, Salts, StatusUsed};
pub use leaf::{BadEntry, Event, Leaf, OtherEvent, Outcome};
pub use note::{BadNote, Note};
pub use receipt::{FlagAnswer, Receipt, ReceiptError};
pub use upload::{Accepted, Flagged, Head, Upload, UploadError, flag};

#[cfg(test)]
mod tests;
