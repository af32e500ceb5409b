//! Documents every role agrees on: JSON Schemas, contexts, type metadata, Cedar schema and default policies.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod contexts;

/// The JSON-LD context of role credentials, `https://waypass.example/contexts/role/v1`.
pub const ROLE_CONTEXT: &str = include_str!("contexts/role-v1.jsonld");
