//! Leaves in their order, and how to find the first that does not belong.

use super::admissions::Admissions;
use super::entry::{Draft, Entry, Remark, Salts};
use super::leaf::Leaf;
use alloc::{borrow::ToOwned, string::String};
use core::fmt;
use waypass_credential::time::Timestamp;

/// The end of a device's chain: all that is needed to add to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    device: String,
    size: u64,
    head: [u8; 32],
}

impl Chain {
    /// Returns a chain without entries. `device` is the device's `did:key`.
    pub fn new(device: &str) -> Self {
        Self { device: device.to_owned(), size: 0, head: [0; 32] }
    }

    /// Returns a chain of `size` entries whose last leaf hashes to `head`, as this device stored it.
    pub fn resume(device: &str, size: u64, head: [u8; 32]) -> Self {
        Self { device: device.to_owned(), size, head }
    }

    /// Returns the device.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Returns how many entries there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Hash of the last leaf; zeros for an empty log.
    pub const fn head(&self) -> [u8; 32] {
        self.head
    }

    /// Adds a record; what comes back must be durable before anybody acts on it.
    pub fn append(&mut self, draft: Draft<'_>, salts: Salts) -> Entry {
        let entry = Entry::new(&self.device, self.size, self.head, draft, salts);
        self.added(entry)
    }

    /// Adds what a person says about an earlier record.
    pub fn append_about(&mut self, remark: Remark<'_>, salts: Salts) -> Entry {
        let entry = Entry::about(&self.device, self.size, self.head, remark, salts);
        self.added(entry)
    }

    fn added(&mut self, entry: Entry) -> Entry {
        self.size += 1;
        self.head = Leaf::hash(entry.leaf_bytes());
        entry
    }
}

/// The content of a chain that verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The device; empty when there is no entry.
    pub device: String,
    /// Entries from the start of the chain to the last one seen.
    pub size: u64,
    /// Hash of the last leaf.
    pub head: [u8; 32],
    /// Wall clock of the first and last entries seen, unjudged.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Decisions by which somebody passed: green, or amber with a later entry that says it was confirmed.
    pub admitted: u64,
    /// Amber decisions of which no later entry says what became of them.
    pub unconfirmed: u64,
    /// Entries with a decision.
    pub decided: u64,
}

/// The first record that does not belong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FirstBad {
    /// The position it has, or should have.
    pub seq: u64,
    /// The fault.
    pub why: Bad,
}

/// The fault of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bad {
    /// Not a leaf in its canonical encoding.
    NotCanonical,
    /// It belongs to another device.
    WrongDevice,
    /// It says another position: a record is missing, doubled or out of order.
    Position {
        /// Its content.
        found: u64,
    },
    /// The record before it is not the one it was written after: one of the two was altered.
    BrokenLink,
    /// It ends elsewhere than the head that was recorded: the end was cut off or replaced.
    Ends {
        /// How many entries the recorded head covers.
        expected_size: u64,
    },
}

impl fmt::Display for FirstBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: ", self.seq)?;
        match &self.why {
            Bad::NotCanonical => f.write_str("not readable in its canonical encoding"),
            Bad::WrongDevice => f.write_str("written by another device"),
            Bad::Position { found } => write!(f, "says it is record {found}: one is missing, doubled or out of order"),
            Bad::BrokenLink => f.write_str("does not follow from the record before it: one of the two was altered"),
            Bad::Ends { expected_size } => write!(f, "the log does not end at the recorded head of {expected_size} records"),
        }
    }
}

impl core::error::Error for FirstBad {}

/// Checks `leaves`, which follow `from` (an empty [`Chain`] for a whole log), in order; stops at the first that is bad.
pub fn verify<'l>(from: &Chain, leaves: impl IntoIterator<Item = &'l [u8]>) -> Result<Summary, FirstBad> {
    let mut summary =
        Summary { device: from.device.clone(), size: from.size, head: from.head, span: None, admitted: 0, unconfirmed: 0, decided: 0 };
    let mut admissions = Admissions::from(from.size);
    for encoded in leaves {
        let bad = |why| FirstBad { seq: summary.size, why };
        let leaf = Leaf::from_bytes(encoded).map_err(|_| bad(Bad::NotCanonical))?;
        if leaf.device != summary.device {
            return Err(bad(Bad::WrongDevice));
        }
        if leaf.seq != summary.size {
            return Err(bad(Bad::Position { found: leaf.seq }));
        }
        if leaf.previous != summary.head {
            return Err(bad(Bad::BrokenLink));
        }
        summary.head = Leaf::hash(encoded);
        summary.size += 1;
        summary.span = Some((summary.span.map_or(leaf.wall, |(first, _)| first), leaf.wall));
        summary.decided += u64::from(leaf.outcome.is_some());
        admissions.take(&leaf);
    }
    (summary.admitted, summary.unconfirmed) = (admissions.admitted(), admissions.open());
    Ok(summary)
}

impl Summary {
    /// That the log ends exactly where `recorded` says: a chain alone cannot notice that its end was cut off.
    pub fn ends_at(self, recorded: &Chain) -> Result<Self, FirstBad> {
        if self.size == recorded.size && self.head == recorded.head && self.device == recorded.device {
            return Ok(self);
        }
        Err(FirstBad { seq: self.size.min(recorded.size), why: Bad::Ends { expected_size: recorded.size } })
    }
}
