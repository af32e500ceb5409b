//! The JSON-LD contexts a Waypass document may name, each pinned by the SHA-256 of its bytes. No other context is
//! accepted and none is fetched: the author of a context chooses what the names in a document mean.

/// A context known by its digest.
#[derive(Clone, Copy, Debug)]
pub struct KnownContext {
    /// The URL that documents name it by.
    pub id: &'static str,
    /// The SHA-256 of the context document, in hexadecimal.
    pub sha256: &'static str,
    /// The document itself, where it is ours.
    pub document: Option<&'static str>,
    /// The terms it defines: for everywhere (`within` is empty) or inside nodes of one type.
    pub scopes: &'static [Scope],
}

/// Terms that a context defines in one place.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The type whose nodes these terms are for; empty for the whole document.
    pub within: &'static str,
    /// The terms, without keywords.
    pub terms: &'static [&'static str],
}

/// The URL of the Verifiable Credentials Data Model 1.1's context.
pub const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

/// The URL of the terms of Data Integrity proofs, for documents whose own contexts lack them.
pub const DATA_INTEGRITY_V2: &str = "https://w3id.org/security/data-integrity/v2";

/// The contexts of a role credential, in the order they must have in its `@context`.
pub const ROLE_CREDENTIAL: [KnownContext; 2] = [CREDENTIALS_V2, ROLE_V1];

/// Verifiable Credentials Data Model 2.0. W3C publishes the document and its digest (VCDM 2.0, appendix B.1); the scopes below are
/// those of the types that a role credential and its presentation use.
pub const CREDENTIALS_V2: KnownContext = KnownContext {
    id: "https://www.w3.org/ns/credentials/v2",
    sha256: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    document: None,
    scopes: &[
        Scope {
            within: "",
            terms: &[
                "id",
                "type",
                "description",
                "digestMultibase",
                "digestSRI",
                "mediaType",
                "name",
                "VerifiableCredential",
                "EnvelopedVerifiableCredential",
                "VerifiablePresentation",
                "EnvelopedVerifiablePresentation",
                "JsonSchemaCredential",
                "JsonSchema",
                "BitstringStatusListCredential",
                "BitstringStatusList",
                "BitstringStatusListEntry",
                "DataIntegrityProof",
                "...",
                "_sd",
                "_sd_alg",
                "aud",
                "cnf",
                "exp",
                "iat",
                "iss",
                "jku",
                "kid",
                "nbf",
                "sub",
                "x5u",
            ],
        },
        Scope {
            within: "VerifiableCredential",
            terms: &[
                "id",
                "type",
                "confidenceMethod",
                "credentialSchema",
                "credentialStatus",
                "credentialSubject",
                "description",
                "evidence",
                "issuer",
                "name",
                "proof",
                "refreshService",
                "relatedResource",
                "renderMethod",
                "termsOfUse",
                "validFrom",
                "validUntil",
            ],
        },
        Scope { within: "VerifiablePresentation", terms: &["id", "type", "holder", "proof", "termsOfUse", "verifiableCredential"] },
        Scope {
            within: "DataIntegrityProof",
            terms: &[
                "id",
                "type",
                "challenge",
                "created",
                "cryptosuite",
                "domain",
                "expires",
                "nonce",
                "previousProof",
                "proofPurpose",
                "proofValue",
                "verificationMethod",
            ],
        },
    ],
};

/// Role credentials: roles, sites, zones, the personal claims shared with SD-JWT VC, and the Token Status List entry.
pub const ROLE_V1: KnownContext = KnownContext {
    id: "https://waypass.example/contexts/role/v1",
    sha256: "a9a6fd18bb35590b984d1eedbd118bd515d1e1bb8315aee6ba576ffc28457ca5",
    document: Some(crate::ROLE_CONTEXT),
    scopes: &[
        Scope {
            within: "",
            terms: &[
                "RoleCredential",
                "TokenStatusListEntry",
                "roles",
                "sites",
                "zones",
                "given_name",
                "family_name",
                "birthdate",
                "email",
                "phone",
                "organization",
                "staff_id",
                "photo_sha256",
            ],
        },
        Scope { within: "TokenStatusListEntry", terms: &["id", "type", "uri", "idx"] },
    ],
};

impl KnownContext {
    /// Returns the terms for nodes of type `within`, or for the whole document where `within` is empty.
    pub fn terms(&self, within: &str) -> &'static [&'static str] {
        self.scopes.iter().find(|scope| scope.within == within).map_or(&[], |scope| scope.terms)
    }
}

#[cfg(test)]
mod tests;
