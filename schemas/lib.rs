//! Documents every role agrees on: JSON Schemas, contexts, type metadata, Cedar schema and default policies.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod contexts;

/// The JSON-LD context of role credentials, `https://waypass.example/contexts/role/v1`.
pub const ROLE_CONTEXT: &str = include_str!("contexts/role-v1.jsonld");

/// The SD-JWT VC type metadata of role credentials, `https://waypass.example/vct/role/1` (draft-ietf-oauth-sd-jwt-vc §6).
pub const ROLE_TYPE_METADATA: &str = include_str!("role/role-credential.vct.json");

/// The JSON Schema of a role credential's claims as SD-JWT VC, after processing of disclosures.
pub const ROLE_CREDENTIAL_SCHEMA: &str = include_str!("role/role-credential.schema.json");

/// The JSON Schema of a role credential's `credentialSubject` in VCDM 2.0.
pub const ROLE_SUBJECT_SCHEMA: &str = include_str!("role/role-subject.schema.json");
