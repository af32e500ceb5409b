//! The credential formats, and how untrusted bytes tell which one they are.

use crate::json::{BYTE_ORDER_MARK, Limits};
use core::fmt;
use serde::{Deserialize, Serialize};

/// Largest credential or presentation, in bytes (threats.md A12).
pub const MAX_BYTES: usize = Limits::CREDENTIAL.bytes;
/// Most disclosures in one credential.
pub(crate) const MAX_DISCLOSURES: usize = 256;

/// A credential format, written as its OpenID4VP 1.0 format identifier (Appendix B).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Format {
    /// SD-JWT VC with key binding (RFC 9901, draft-ietf-oauth-sd-jwt-vc).
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// Verifiable Credentials Data Model 2.0 with a Data Integrity proof.
    #[serde(rename = "ldp_vc")]
    DataIntegrity,
    /// Verifiable Credentials Data Model 2.0 in a JWS, `vc+jwt` (Securing Verifiable Credentials using JOSE and COSE).
    #[serde(rename = "jwt_vc_json")]
    VcJwt,
    /// A VCDM document in an SD-JWT with key binding. OpenID4VP has no name for it, so this is the media subtype, which is also
    /// the `typ` of its header. Drafts of OpenID4VP gave this name to SD-JWT VC, which asks by `vct_values` and not by `type_values`.
    #[serde(rename = "vc+sd-jwt")]
    VcSdJwt,
    /// A VCDM document in a COSE_Sign1. OpenID4VP has no name for it, so this is the media subtype.
    #[serde(rename = "vc+cose")]
    VcCose,
    /// SD-CWT with a key binding token (draft-ietf-spice-sd-cwt). OpenID4VP has no name for it, so this is the media subtype.
    #[serde(rename = "sd-cwt")]
    SdCwt,
    /// A card: a CWT that is bound to no key, for a person without a device. Its name is its media subtype.
    #[serde(rename = "waypass-card+cwt")]
    Card,
}

impl Format {
    /// Every format in which a holder answers a question. A card answers none.
    pub const ALL: [Self; 6] = [Self::SdJwtVc, Self::DataIntegrity, Self::VcJwt, Self::VcSdJwt, Self::VcCose, Self::SdCwt];

    /// Returns the OpenID4VP format identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::DataIntegrity => "ldp_vc",
            Self::VcJwt => "jwt_vc_json",
            Self::VcSdJwt => "vc+sd-jwt",
            Self::VcCose => "vc+cose",
            Self::SdCwt => "sd-cwt",
            Self::Card => "waypass-card+cwt",
        }
    }

    /// Returns true if the format carries a VCDM document: its claims are in `credentialSubject`, its kinds are `type`s.
    pub const fn is_vcdm(self) -> bool {
        match self {
            Self::SdJwtVc | Self::SdCwt | Self::Card => false,
            Self::DataIntegrity | Self::VcJwt | Self::VcSdJwt | Self::VcCose => true,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How bytes are written down; their beginning says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Serialization {
    /// A JSON object.
    Json,
    /// A compact JWS.
    Jose,
    /// An SD-JWT: only there is a `~`.
    SdJwt,
    /// A COSE_Sign1, tagged or not (RFC 9052 §2): no text begins with such a byte.
    Cose,
    /// A COSE_Encrypt0 with its tag: an answer that is sealed to the gate.
    Sealed,
}

impl Serialization {
    /// Returns what `bytes` can be, if they are anything.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes.first() {
            Some(0xd2 | 0x84) => Self::Cose,
            Some(0xd0) => Self::Sealed,
            _ if bytes.trim_ascii_start().first() == Some(&b'{') => Self::Json,
            _ if bytes.contains(&b'~') => Self::SdJwt,
            _ => Self::Jose,
        }
    }
}

/// Returns a credential or presentation out of a file. A text may begin with a byte order mark and end in line breaks, which are
/// stripped; COSE is binary and is taken whole.
pub fn from_file(bytes: &[u8]) -> &[u8] {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if matches!(Serialization::of(bytes), Serialization::Cose | Serialization::Sealed) { bytes } else { text.trim_ascii() }
}
