//! The purpose of a key: the verification relationship between it and its controller (Controlled Identifiers §2.3).

/// The purpose of a proof (VC Data Integrity §2.1 `proofPurpose`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The issuer asserts what the document says.
    AssertionMethod,
    /// The holder answers a challenge.
    Authentication,
}

impl Purpose {
    /// Returns the text in `proofPurpose`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}
