//! Documents every role agrees on: JSON Schemas, contexts, type metadata, Cedar schema and default policies.
//!
//! They are texts, so a program in any language can use them with the library of its own:
//!
//! ```
//! use serde_json::{Value, json};
//!
//! let schema: Value = serde_json::from_str(waypass_schemas::ROLE_CREDENTIAL_SCHEMA)?;
//! let validator = jsonschema::validator_for(&schema)?;
//! let mut claims = json!({
//!     "iss": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
//!     "vct": "https://waypass.example/vct/role/1",
//!     "iat": 1_795_132_800,
//!     "exp": 1_797_724_800,
//!     "roles": ["nurse"],
//!     "sites": ["north"],
//!     "zones": ["ward"],
//! });
//! assert!(validator.is_valid(&claims));
//! claims["roles"] = json!("nurse");
//! assert!(!validator.is_valid(&claims), "roles are a list");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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

/// The terms that a role policy may use: the Cedar schema every policy is validated against.
pub const POLICY_SCHEMA: &str = include_str!("policy/waypass.cedarschema");
/// The role policy a new issuer starts with (Cedar).
pub const DEFAULT_POLICY: &str = include_str!("policy/default.cedar");
/// The rules for cards that a site may add to its policy (Cedar).
pub const CARD_RULES: &str = include_str!("policy/cards.cedar");
/// The limits a new issuer starts with: how old evidence may be, per role (JSON, `limits` of a bundle's policy).
pub const DEFAULT_LIMITS: &str = include_str!("policy/default-limits.json");
/// The JSON Schema of `waypass.verdict/1`.
pub const VERDICT_SCHEMA: &str = include_str!("verdict/verdict-1.schema.json");
/// The CDDL of an audit leaf.
pub const AUDIT_LEAF: &str = include_str!("audit/leaf.cddl");
/// The CDDL of an audit log on its way: upload, signed head, receipt.
pub const AUDIT_LOG: &str = include_str!("audit/log.cddl");
/// The CDDL of a trust bundle and its parts, of policy files and of papers to sign.
pub const TRUST_BUNDLE: &str = include_str!("trust/bundle.cddl");
/// The CDDL of what synchronizing exchanges: manifest, parcel, enrolment.
pub const TRUST_SYNC: &str = include_str!("trust/sync.cddl");
/// The CDDL of a gate's request.
pub const REQUEST: &str = include_str!("request/request.cddl");
/// The CDDL of a gate's request as one code, and of an answer that is sealed.
pub const REQUEST_CODE: &str = include_str!("request/code.cddl");
/// The CDDL of a role credential as SD-CWT, and of the holder's answer.
pub const ROLE_SD_CWT: &str = include_str!("role/sd-cwt.cddl");
/// The CDDL of a card.
pub const ROLE_CARD: &str = include_str!("role/card.cddl");
/// The CDDL of a Token Status List and of a credential's reference into it.
pub const STATUS_TOKEN: &str = include_str!("status/token.cddl");
