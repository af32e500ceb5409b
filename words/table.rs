//! The tables that the build script makes of the Fluent files.

use crate::plural::Category;

/// A part of a message.
#[derive(Debug)]
pub(crate) enum Part {
    /// Text of ours.
    Text(&'static str),
    /// An argument.
    Argument(&'static str),
    /// Text that depends on a number.
    Choice {
        /// The argument that is the number.
        by: &'static str,
        /// The text of each category.
        cases: &'static [(Category, &'static [Self])],
        /// The text of all others.
        other: &'static [Self],
    },
}

/// Id and attribute of a message, and its text. Tables are sorted by the first.
pub(crate) type Entry = ((&'static str, &'static str), &'static [Part]);

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
