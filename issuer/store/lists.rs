//! Status lists.

use waypass_credential::role::Mechanism;

/// A status list and how full it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListRecord {
    /// Its number, in its URI.
    pub id: u32,
    /// Its kind, and of a bitstring what its entries are about.
    pub mechanism: Mechanism,
    /// How many entries it has.
    pub capacity: u32,
    /// How many of them are taken.
    pub used: u32,
}

/// A place in a status list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// The list.
    pub list: u32,
    /// The index there.
    pub index: u32,
}
