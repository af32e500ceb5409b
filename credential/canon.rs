//! Canonical forms: the one byte string that stands for a value and gets signed.

pub mod jcs;
pub(crate) mod nquads;
pub(crate) mod rdf;
pub(crate) mod rdfc;
