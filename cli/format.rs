//! The formats by the names that people type.

use waypass_credential::Format;

/// A credential format on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum FormatArg {
    /// Claims can be withheld one by one
    SdJwt,
    /// A VCDM 2.0 document with a Data Integrity proof
    Vc,
    /// A VCDM 2.0 document in a JWS
    VcJwt,
    /// A VCDM 2.0 document in an SD-JWT: claims can be withheld one by one
    VcSdJwt,
    /// A VCDM 2.0 document in a COSE_Sign1
    VcCose,
    /// Claims can be withheld one by one, and the answer fits into one QR code
    SdCwt,
}

impl FormatArg {
    /// The question of a gate that was not told otherwise.
    pub(crate) const ASKED_BY_DEFAULT: [Self; 2] = [Self::SdJwt, Self::Vc];
    /// The question as a code, in which a further format costs a few bytes.
    pub(crate) const ASKED_BY_CODE: [Self; 3] = [Self::SdCwt, Self::SdJwt, Self::Vc];
}

impl From<FormatArg> for Format {
    fn from(name: FormatArg) -> Self {
        match name {
            FormatArg::SdJwt => Self::SdJwtVc,
            FormatArg::Vc => Self::DataIntegrity,
            FormatArg::VcJwt => Self::VcJwt,
            FormatArg::VcSdJwt => Self::VcSdJwt,
            FormatArg::VcCose => Self::VcCose,
            FormatArg::SdCwt => Self::SdCwt,
        }
    }
}
