//! What a key is for: the verification relationship between it and its controller (Controlled Identifiers §2.3).

/// What a proof is for (VC Data Integrity §2.1 `proofPurpose`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The issuer asserts what the document says.
    AssertionMethod,
    /// The holder answers a challenge.
    Authentication,
}

impl Purpose {
    /// The text in `proofPurpose`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}
