//! The contexts compiled in: tables that the build script made, under the digests of the documents they stand for.
//!
//! The third-party documents come from a registry package whose bytes need not be the published ones; a test compares each table
//! with the one compiled from the document that has the digest.

use super::table::Context;
use super::{CREDENTIALS_V2, ROLE_V1};

mod tables {
    use crate::contexts::table::{Coercion, Container, Context, Keyword, Layer, Means, Need, Term, Vocab};
    use alloc::borrow::Cow;

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

/// A context that was compiled into the program.
#[derive(Clone, Copy, Debug)]
pub struct CompiledContext {
    /// The URL that documents name it by.
    pub id: &'static str,
    /// The SHA-256 of the context document, in hexadecimal.
    pub sha256: &'static str,
    /// What it defines.
    pub table: &'static Context,
}

/// Verifiable Credentials Data Model 1.1.
pub const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

/// Every context compiled in, the most used first.
pub static COMPILED: [CompiledContext; 7] = [
    CompiledContext { id: CREDENTIALS_V2.id, sha256: CREDENTIALS_V2.sha256, table: &tables::CREDENTIALS_V2 },
    CompiledContext { id: ROLE_V1.id, sha256: ROLE_V1.sha256, table: &tables::ROLE_V1 },
    CompiledContext {
        id: CREDENTIALS_V1,
        sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
        table: &tables::CREDENTIALS_V1,
    },
    CompiledContext {
        id: "https://w3id.org/security/data-integrity/v2",
        sha256: "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
        table: &tables::DATA_INTEGRITY_V2,
    },
    CompiledContext {
        id: "https://www.w3.org/ns/credentials/examples/v2",
        sha256: "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
        table: &tables::EXAMPLES_V2,
    },
    CompiledContext {
        id: "https://w3id.org/vdl/v1",
        sha256: "5e61aa138bc6a1bf92299edd01408df52f20c24057b9dbea72ccaeef5b792010",
        table: &tables::VDL_V1,
    },
    CompiledContext {
        id: "https://www.w3.org/ns/did/v1",
        sha256: "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
        table: &tables::DID_V1,
    },
];
