//! The Verifiable Credentials Data Model, 2.0 and 1.1: documents of any type, and what secures them.
//!
//! Role credentials are read more narrowly by [`crate::role`].

pub mod document;
pub mod envelope;
pub(crate) mod member;
pub mod secured;
pub(crate) mod shape;
