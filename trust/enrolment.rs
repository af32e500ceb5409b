//! A gate's description of itself, by which an office takes it into the bundle.

use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::key::{SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::{did, json, jws};

/// The JOSE `typ` of an enrolment.
const TYP: &str = "waypass-enrolment+jwt";
const MAX_ENROLMENT: usize = 8 * 1024;
/// The longest name of a gate, in bytes. It is shown to people on small screens, and it is in every bundle.
pub const MAX_GATE_NAME: usize = 128;

/// A gate's description of itself, signed by its own key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolment {
    /// `did:key` of the gate's key.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its place.
    pub site: String,
    /// The zone it guards.
    pub zone: String,
    /// When it was signed.
    pub issued_at: Timestamp,
}

/// Not an enrolment, or not signed by the gate's own key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadEnrolment;

impl fmt::Display for BadEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an enrolment signed by the gate's own key")
    }
}

impl core::error::Error for BadEnrolment {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: String,
    name: String,
    site: String,
    zone: String,
    iat: i64,
}

impl Enrolment {
    /// Returns the compact JWS (typ `waypass-enrolment+jwt`), signed by the key whose `did:key` must be [`Self::id`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let key = signer.public_key();
        if self.id != did::to_did_key(key) {
            return Err(SignError);
        }
        let wire = Wire {
            id: self.id.clone(),
            name: self.name.clone(),
            site: self.site.clone(),
            zone: self.zone.clone(),
            iat: self.issued_at.unix(),
        };
        jws::sign(TYP, Some(&did::key_id(key)), json::to_string(&wire).as_bytes(), signer)
    }

    /// Reads untrusted text: the signature must be by the very key that the id is.
    pub fn open(text: &str) -> Result<Self, BadEnrolment> {
        let jws = jws::Jws::parse(text, MAX_ENROLMENT).map_err(|_| BadEnrolment)?;
        let wire: Wire = serde_json::from_slice(jws.untrusted_payload()).map_err(|_| BadEnrolment)?;
        let key = did::resolve(&wire.id).map_err(|_| BadEnrolment)?;
        if wire.id != did::to_did_key(&key) || jws.header().key_id.as_deref() != Some(&did::key_id(&key)) {
            return Err(BadEnrolment);
        }
        jws.verify(&key, TYP).map_err(|_| BadEnrolment)?;
        let issued_at = Timestamp::from_unix(wire.iat).ok_or(BadEnrolment)?;
        Ok(Self { id: wire.id, name: wire.name, site: wire.site, zone: wire.zone, issued_at })
    }
}

#[cfg(test)]
mod tests;
