//! Credential offers (OpenID4VCI 1.0 §4.1): a URI that carries the offer or says where it is.

use super::{GRANT, is_local};
use core::fmt;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use waypass_credential::json::{self, Limits, Value};

const SCHEME: &str = "openid-credential-offer";
/// A code that no QR code holds is refused.
const MAX_URI: usize = 8 * 1024;
const OFFER: Limits = Limits { bytes: 64 * 1024, depth: 8, values: 512 };
/// Configurations in one offer.
const MAX_CONFIGURATIONS: usize = 32;
/// Longest text shown from an offer.
const MAX_DESCRIPTION: usize = 300;
/// Longest pre-authorized code and issuer identifier.
const MAX_TEXT: usize = 2048;

/// Why an offer is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferError {
    /// Not a credential offer URI and not an offer's JSON.
    NotAnOffer,
    /// An address in it is not one.
    Address,
    /// It needs a login at the issuer; only offers with a pre-authorized code are taken.
    NoCode,
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnOffer => "not a credential offer",
            Self::Address => "the offer names an address that is not valid",
            Self::NoCode => "the offer needs a login at the issuer, which this wallet does not do",
        })
    }
}

impl core::error::Error for OfferError {}

/// A credential offer with a pre-authorized code.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    /// The issuer's identifier, an address.
    pub issuer: String,
    /// The configurations offered.
    pub configurations: Vec<String>,
    /// The code; a secret that works once.
    pub(super) code: String,
    /// The code that the holder must type as well, if any.
    pub tx_code: Option<TxCode>,
    /// Its JSON.
    pub(super) text: String,
}

impl Offer {
    /// SHA-256 of its issuer and its code: by it an offer is known again without keeping the code.
    pub fn mark(&self) -> [u8; 32] {
        Sha256::new().chain_update(&self.issuer).chain_update([0]).chain_update(&self.code).finalize().into()
    }
}

/// The code is a secret and stays out.
impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("issuer", &self.issuer).field("configurations", &self.configurations).finish_non_exhaustive()
    }
}

/// The transaction code that was given to the holder another way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TxCode {
    /// True if it is made of digits only.
    pub numeric: bool,
    /// How long it is.
    pub length: Option<usize>,
    /// The issuer's words about it, cut to 300 characters.
    pub description: Option<String>,
}

impl TxCode {
    /// Checks that `given` has the announced shape: a typing mistake must not spend the offer.
    pub fn fits(&self, given: &str) -> bool {
        !given.is_empty()
            && self.length.is_none_or(|length| given.chars().count() == length)
            && (!self.numeric || given.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// An offer, or where to get it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OfferSource {
    /// The offer itself.
    Inline(Offer),
    /// It is at this address.
    At(String),
}

impl OfferSource {
    /// Reads what was scanned or typed: an `openid-credential-offer:` URI, an https link that carries one, or an offer's JSON.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        let text = text.trim();
        if text.starts_with('{') {
            return Offer::parse(text.as_bytes()).map(Self::Inline);
        }
        if text.len() > MAX_URI {
            return Err(OfferError::NotAnOffer);
        }
        let uri = Url::parse(text).map_err(|_| OfferError::NotAnOffer)?;
        if !matches!(uri.scheme(), SCHEME | "https") {
            return Err(OfferError::NotAnOffer);
        }
        let one = |name: &str| {
            let mut values = uri.query_pairs().filter(|(found, _)| found == name).map(|(_, value)| value.into_owned());
            let first = values.next();
            if values.next().is_some() { Err(OfferError::NotAnOffer) } else { Ok(first) }
        };
        match (one("credential_offer")?, one("credential_offer_uri")?) {
            (Some(offer), None) => Offer::parse(offer.as_bytes()).map(Self::Inline),
            (None, Some(address)) => Url::parse(&address).map(|_| Self::At(address)).map_err(|_| OfferError::Address),
            _ => Err(OfferError::NotAnOffer),
        }
    }

    /// Returns true if the address asked first is on this machine.
    pub(super) fn is_local(&self) -> bool {
        let address = match self {
            Self::Inline(offer) => &offer.issuer,
            Self::At(address) => address,
        };
        Url::parse(address).is_ok_and(|url| url.scheme() == "http" && is_local(&url))
    }
}

impl Offer {
    /// Reads an offer's JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferError> {
        let offer = json::parse(bytes, OFFER).map_err(|_| OfferError::NotAnOffer)?;
        let text = |value: Option<&Value<'_>>| value.and_then(Value::as_str).filter(|text| text.len() <= MAX_TEXT).map(ToOwned::to_owned);
        let issuer = text(offer.member("credential_issuer")).ok_or(OfferError::NotAnOffer)?;
        let ids = offer.member("credential_configuration_ids").and_then(Value::as_array).ok_or(OfferError::NotAnOffer)?;
        if ids.is_empty() || ids.len() > MAX_CONFIGURATIONS {
            return Err(OfferError::NotAnOffer);
        }
        let configurations = ids.iter().map(|id| text(Some(id))).collect::<Option<_>>().ok_or(OfferError::NotAnOffer)?;
        let grant = offer.member("grants").and_then(|grants| grants.member(GRANT)).ok_or(OfferError::NoCode)?;
        let code = text(grant.member("pre-authorized_code")).ok_or(OfferError::NoCode)?;
        let tx_code = grant.member("tx_code").map(|tx_code| TxCode {
            // §4.1.1: numeric is the default.
            numeric: tx_code.member("input_mode").and_then(Value::as_str).is_none_or(|mode| mode == "numeric"),
            length: tx_code.member("length").and_then(Value::as_i64).and_then(|length| usize::try_from(length).ok()),
            description: text(tx_code.member("description"))
                .map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_DESCRIPTION).collect()),
        });
        let text = core::str::from_utf8(bytes).map_err(|_| OfferError::NotAnOffer)?.to_owned();
        Ok(Self { issuer, configurations, code, tx_code, text })
    }
}
