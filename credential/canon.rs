//! Canonical forms: the one byte string that stands for a value and gets signed.

pub mod jcs;
mod nquads;
pub mod rdf;
pub mod rdfc;
