//! The contexts compiled in: tables that the build script made, under the digests of the documents they stand for.
//!
//! The third-party documents come from a registry package whose bytes need not be the published ones. A test compares each table
//! with the one compiled from the document that has the digest.

use super::table::Context;
use waypass_schemas::contexts::{CREDENTIALS_V1, CREDENTIALS_V2, DATA_INTEGRITY_V2, ROLE_V1};

mod tables {
    use crate::jsonld::table::{Coercion, Container, Context, Keyword, Layer, Means, Need, Term, Vocab};
    use alloc::borrow::Cow;

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

/// A context that was compiled into the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledContext {
    /// The URL that documents name it by.
    pub(crate) id: &'static str,
    /// The SHA-256 of the context document, in hexadecimal.
    pub(crate) sha256: &'static str,
    /// Its SHA-384, by which Subresource Integrity mostly names it.
    pub(crate) sha384: &'static str,
    /// The definitions.
    pub(crate) table: &'static Context,
}

/// Every context compiled in, the most used first.
pub(crate) static COMPILED: [CompiledContext; 7] = [
    CompiledContext {
        id: CREDENTIALS_V2.id,
        sha256: CREDENTIALS_V2.sha256,
        sha384: "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
        table: &tables::CREDENTIALS_V2,
    },
    CompiledContext {
        id: ROLE_V1.id,
        sha256: ROLE_V1.sha256,
        sha384: "a16cd42a9728b77d84bd0ba6f193d222b2a52a586e8cbdc75cf9111617bad2caffc6387bb2912a5ab327586eb5c704fe",
        table: &tables::ROLE_V1,
    },
    CompiledContext {
        id: CREDENTIALS_V1,
        sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
        sha384: "82c3b3eab863754bbfd2b9f17d8d6db9f61169f301cbf0b05e1fc4beb5f5c51dd4d2e888c274f49c3fbb2408f61faed1",
        table: &tables::CREDENTIALS_V1,
    },
    CompiledContext {
        id: DATA_INTEGRITY_V2,
        sha256: "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
        sha384: "a5caef7aea58dff3ac5c1010dbd61157fc7d2889e215778b9add1142470b8882b3169836a731d9586fc51fdc6c368fe0",
        table: &tables::DATA_INTEGRITY_V2,
    },
    CompiledContext {
        id: "https://www.w3.org/ns/credentials/examples/v2",
        sha256: "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
        sha384: "ccd35b4135824944a2d1b6f3edd6ee6be45c10dbfb0ba16f966609d58f88ef6ec7b0f387773c042cc60ef4ccfaf0cdba",
        table: &tables::EXAMPLES_V2,
    },
    CompiledContext {
        id: "https://w3id.org/vdl/v1",
        sha256: "5e61aa138bc6a1bf92299edd01408df52f20c24057b9dbea72ccaeef5b792010",
        sha384: "92c32b15c6157edebe5e76c03a94277743c9c0bef87d23492915b634a62237a2245b44f160d3b23a0ca714ace6158a7b",
        table: &tables::VDL_V1,
    },
    CompiledContext {
        id: "https://www.w3.org/ns/did/v1",
        sha256: "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
        sha384: "9791d7bffe1fa54a91335561b6a5abc0144e7df9974464ff348ba66227714e6b06cf471a6233306128f1898287ff42a5",
        table: &tables::DID_V1,
    },
];
