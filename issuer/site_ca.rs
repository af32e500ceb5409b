//! A site's own certificate authority (RFC 5280). It vouches for the TLS certificates of the site's service.
//!
//! Its certificate names the site's hosts and addresses as constraints. So a thief of its key can speak for these names only, and not
//! for the rest of the Internet, on every device that took the authority. The key stays where it was unlocked: here is a [`Signer`].

use crate::identity::Identity;
use certificate::Party;
use core::fmt;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use waypass_credential::base64url;
use waypass_credential::json;
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::time::{Timestamp, Validity};

mod certificate;
mod name;
#[cfg(test)]
mod tests;

pub use name::{NotAName, SiteName};

const DAY: i64 = 86_400;
/// Devices take the authority by hand, so it lives long.
const CA_DAYS: i64 = 3650;
/// A certificate of the service, which is replaced without a person.
const SERVER_DAYS: i64 = 90;
/// So long before its end a certificate is replaced.
const RENEW_DAYS: i64 = 30;
/// Certificates begin in the past, because the clock of a device may be behind.
const BEFORE: i64 = DAY;
/// Names in one authority.
const MAX_NAMES: usize = 32;

/// The public part of a site's certificate authority.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SiteCa {
    subject: String,
    names: Vec<SiteName>,
    key: PublicKey,
    not_before: Timestamp,
    not_after: Timestamp,
    certificate: Vec<u8>,
}

/// Why the authority made no certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteCaError {
    /// It would be for no name, or for more than allowed.
    Names,
    /// A key is not ECDSA P-256, or is not the authority's.
    Key,
    /// The time is outside of the authority's own validity.
    OutOfTime {
        /// Its first second.
        not_before: Timestamp,
        /// Its end.
        not_after: Timestamp,
    },
    /// The key did not sign.
    Sign,
}

/// The record that a vault keeps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: Schema,
    subject: String,
    names: Vec<String>,
    key: String,
    not_before: i64,
    not_after: i64,
    certificate: String,
}

#[derive(Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "waypass.site-ca/1")]
    V1,
}

impl SiteCa {
    /// Makes the authority's certificate, signed by its own key. `office` is the name that people see in a list of authorities.
    pub fn make(
        office: &str,
        names: &[SiteName],
        signer: &dyn Signer,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SiteCaError> {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        if names.is_empty() || names.len() > MAX_NAMES {
            return Err(SiteCaError::Names);
        }
        let party = Party::new(signer)?;
        // Two authorities of one office differ in their names too, as RFC 5280 §4.1.2.4 asks.
        let subject = format!("{office} site CA {}", party.short_id());
        let (not_before, not_after) = (now.plus(-BEFORE), now.plus(CA_DAYS * DAY));
        let certificate = certificate::of_authority(&subject, &names, &party, (not_before, not_after), rng)?;
        Ok(Self { subject, names, key: signer.public_key().clone(), not_before, not_after, certificate })
    }

    /// Makes a certificate for the service over a new key.
    pub fn issue(
        &self,
        signer: &dyn Signer,
        server: impl Signer + Send + Sync + 'static,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Identity, SiteCaError> {
        if signer.public_key() != &self.key {
            return Err(SiteCaError::Key);
        }
        if now < self.not_before || Validity::ending(self.not_after).is_over(now) {
            return Err(SiteCaError::OutOfTime { not_before: self.not_before, not_after: self.not_after });
        }
        // It does not outlive the authority: from then on nobody would believe it.
        let not_before = now.plus(-BEFORE).max(self.not_before);
        let not_after = now.plus(SERVER_DAYS * DAY).min(self.not_after);
        let (authority, party) = (Party::new(signer)?, Party::new(&server)?);
        let validity = (not_before, not_after);
        let certificate = certificate::of_server(&self.subject, &self.names, &authority, &party, validity, rng)?;
        let renew_at = not_after.plus(-RENEW_DAYS * DAY).max(now.plus(DAY));
        Ok(Identity::signing(certificate, server, (not_before, renew_at)))
    }

    /// Returns the certificate that devices take (DER).
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Returns the certificate as a text file (RFC 7468).
    pub fn pem(&self) -> String {
        certificate::pem(&self.certificate)
    }

    /// Returns the names that it may vouch for.
    pub fn names(&self) -> &[SiteName] {
        &self.names
    }

    /// Returns its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Returns its end.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Returns the record for the vault.
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            schema: Schema::V1,
            subject: self.subject.clone(),
            names: self.names.iter().map(ToString::to_string).collect(),
            key: self.key.to_multikey(),
            not_before: self.not_before.unix(),
            not_after: self.not_after.unix(),
            certificate: base64url::encode(&self.certificate),
        };
        json::to_string(&wire).into_bytes()
    }

    /// Reads the record of a vault.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            names: wire.names.iter().map(|name| name.parse().ok()).collect::<Option<_>>()?,
            key: PublicKey::from_multikey(&wire.key).ok()?,
            not_before: Timestamp::from_unix(wire.not_before)?,
            not_after: Timestamp::from_unix(wire.not_after)?,
            certificate: base64url::decode(&wire.certificate).ok()?,
            subject: wire.subject,
        })
    }
}

impl fmt::Display for SiteCaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Names => write!(f, "a site's certificate authority is for 1 to {MAX_NAMES} names"),
            Self::Key => f.write_str("the key is not the P-256 key of the site's certificate authority"),
            Self::OutOfTime { not_before, not_after } => {
                write!(f, "the site's certificate authority is valid from {} until {}", not_before.to_rfc3339(), not_after.to_rfc3339())
            }
            Self::Sign => f.write_str("the key of the site's certificate authority did not sign"),
        }
    }
}

impl core::error::Error for SiteCaError {}
