//! The one list of reasons why bytes are not a credential or presentation that we read.

use crate::canon::rdfc::RdfcError;
use crate::json::{JsonError, MemberName};
use crate::jsonld::{CarriedError, LdError};
use crate::jws::JwsError;
use core::fmt;

/// Why bytes are not a credential or presentation that we read. Names the fault and the member, never what
/// it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// Longer than [`crate::MAX_BYTES`].
    TooLarge,
    /// Not the parts this format consists of.
    Serialization,
    /// The issuer's or the holder's JWS.
    Jws(JwsError),
    /// A part is not acceptable JSON.
    Json(JsonError),
    /// An answer that is sealed to the gate that asked.
    Sealed,
    /// More disclosures than allowed.
    TooManyDisclosures,
    /// A disclosure is not an array of salt, perhaps name, and value (RFC 9901 §4.2).
    Disclosure,
    /// One digest, or one disclosure, appears twice (RFC 9901 §7.1 step 4).
    DuplicateDigest,
    /// A disclosure that no digest refers to (RFC 9901 §7.1 step 5).
    UnreferencedDisclosure,
    /// `_sd` is not an array of digests, or an array placeholder has further members.
    Digest,
    /// `_sd_alg` names another hash than SHA-256.
    HashAlgorithm,
    /// A disclosed name is `_sd` or `...`, or is next to the same name (RFC 9901 §7.1 step 3).
    ClaimName,
    /// A claim that decides about validity or binding was made selectively disclosable (SD-JWT VC §3.2.2.2).
    NotDisclosable(&'static str),
    /// A claim outside of `credentialSubject` was made selectively disclosable.
    WithheldOutsideSubject,
    /// Claims were to be withheld in a format that always shows all of them.
    NotSelective,
    /// A COSE header parameter that decides is in the unprotected header, which nobody signs (RFC 9052 §3).
    Unprotected,
    /// This claim, header parameter or member is missing.
    Missing(&'static str),
    /// It has the wrong type.
    WrongType(&'static str),
    /// It has a value outside of what we allow.
    OutOfRange(&'static str),
    /// The document's contexts are not exactly the known ones.
    Context,
    /// A context in the document itself that is not read, and why.
    InlineContext(CarriedError),
    /// A member that what we read may not have, such as one that no context defines.
    Member(MemberName),
    /// The proof is of another type, suite or purpose.
    Proof,
    /// The content that an RDFC suite signs cannot be read as statements.
    JsonLd(LdError),
    /// The statements that an RDFC suite signs have no canonical form.
    Rdfc(RdfcError),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("larger than a credential may be"),
            Self::Serialization => f.write_str("not a credential or presentation in a known format"),
            Self::Jws(why) => why.fmt(f),
            Self::Json(why) => why.fmt(f),
            Self::Sealed => f.write_str("it is sealed to the gate that asked, and nobody else can read it"),
            Self::TooManyDisclosures => f.write_str("more disclosures than allowed"),
            Self::Disclosure => f.write_str("a disclosure is not a salted claim"),
            Self::DuplicateDigest => f.write_str("a digest or disclosure appears twice"),
            Self::UnreferencedDisclosure => f.write_str("a disclosure belongs to no digest"),
            Self::Digest => f.write_str("a digest is not in its place"),
            Self::HashAlgorithm => f.write_str("the digests use another hash than SHA-256"),
            Self::ClaimName => f.write_str("a disclosed claim has a reserved or repeated name"),
            Self::NotDisclosable(name) => write!(f, "the claim {name} must not be selectively disclosable"),
            Self::WithheldOutsideSubject => f.write_str("only claims in credentialSubject may be selectively disclosable"),
            Self::NotSelective => f.write_str("only an SD-JWT or an SD-CWT can withhold claims, and this is another format"),
            Self::Unprotected => f.write_str("the unprotected header has a parameter that belongs in the protected header"),
            Self::Missing(name) => write!(f, "the member {name} is missing"),
            Self::WrongType(name) => write!(f, "the member {name} has the wrong type"),
            Self::OutOfRange(name) => write!(f, "the member {name} is out of range"),
            Self::Context => f.write_str("the contexts are not exactly the known ones"),
            Self::InlineContext(why) => write!(f, "in the document's own @context: {why}"),
            Self::Member(name) => write!(f, "the member {name} is not one that is accepted here"),
            Self::Proof => f.write_str("the proof is not of the required type and purpose"),
            Self::JsonLd(why) => why.fmt(f),
            Self::Rdfc(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for Malformed {}

impl Malformed {
    /// Returns the refusal of a member called `name`.
    pub(crate) fn member(name: &str) -> Self {
        Self::Member(name.into())
    }
}

impl From<CarriedError> for Malformed {
    fn from(why: CarriedError) -> Self {
        match why {
            CarriedError::Json(why) => Self::Json(why),
            why => Self::InlineContext(why),
        }
    }
}

impl From<JsonError> for Malformed {
    fn from(why: JsonError) -> Self {
        Self::Json(why)
    }
}

impl From<JwsError> for Malformed {
    fn from(why: JwsError) -> Self {
        Self::Jws(why)
    }
}

#[cfg(test)]
mod tests {
    use super::Malformed;
    use alloc::string::ToString;

    #[test]
    fn faults_of_form_are_not_told_as_claims() {
        for (fault, text) in [
            (Malformed::WithheldOutsideSubject, "only claims in credentialSubject may be selectively disclosable"),
            (Malformed::NotSelective, "only an SD-JWT or an SD-CWT can withhold claims, and this is another format"),
            (Malformed::Unprotected, "the unprotected header has a parameter that belongs in the protected header"),
            (Malformed::Missing("kid"), "the member kid is missing"),
            (Malformed::NotDisclosable("exp"), "the claim exp must not be selectively disclosable"),
        ] {
            assert_eq!(fault.to_string(), text);
        }
    }
}
