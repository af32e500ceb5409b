//! Cards: role credentials for people without a device, as plain CWTs (RFC 8392) that are bound to no key.
//!
//! A card is printed, and anybody who sees it can copy it. So its type is its own: an ordinary credential never passes for a card, and a
//! card never for one. It discloses everything, and has room only for the name of its bearer and the end of the number of their
//! document. It always has an entry in a status list. The claims are written down in `schemas/role/card.cddl`.

use super::RoleClaims;
use crate::cbor::{Map, Writer};
use crate::cose::{self, Parts, claim, label};
use crate::did;
use crate::error::{IssueError, VerifyError};
use crate::json::Value;
use crate::jws::media_type;
use crate::key::{PublicKey, ShortThumbprint, Signature, Signer};
use crate::key_source::{KeyClaim, KeySource};
use crate::malformed::Malformed;
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::fmt;

mod claims;

/// The type of a card among those that an issuer may issue, where a role credential has its `vct`.
pub const CARD: &str = "https://waypass.example/card/1";
/// The `typ` of its message (RFC 9596 §2).
const TYP: &str = "waypass-card+cwt";
/// Claims, status, list: the deepest nesting of a card.
const MAX_DEPTH: usize = 4;

/// A card. Unverified.
#[derive(Clone)]
pub(crate) struct Card {
    bytes: Vec<u8>,
    protected: Vec<u8>,
    algorithm: i64,
    thumbprint: ShortThumbprint,
    issuer: Option<String>,
    payload: Vec<u8>,
    signature: Signature,
    /// Its faults count once the signature is known to be good.
    said: Result<Box<Said>, Malformed>,
}

/// The content of a card.
#[derive(Clone)]
struct Said {
    /// The claims by the names of an SD-JWT VC.
    claims: Value<'static>,
    role: RoleClaims,
}

/// Personal data stays out of logs.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl Card {
    /// Returns true if the message with these parts says that it is a card. Unverified.
    pub(crate) fn is_meant(parts: &Parts<'_>) -> bool {
        parts.parameter(label::TYP).is_some_and(|mut typ| typ.text().is_ok_and(|typ| media_type(typ) == TYP))
    }

    /// Reads the card whose parts these are; checks no signature.
    pub(crate) fn of(parts: &Parts<'_>, bytes: &[u8]) -> Result<Self, Malformed> {
        if !parts.unprotected.is_empty() {
            return Err(Malformed::Unprotected);
        }
        let (mut algorithm, mut thumbprint) = (None, None);
        for parameter in &parts.header {
            let mut value = parameter.value.clone();
            match parameter.label() {
                Some(label::ALG) => algorithm = Some(value.signed()?),
                Some(label::KID) => thumbprint = Some(value.bytes_array()?),
                Some(label::TYP) => {}
                // Another parameter could change what the card means, so it has none.
                _ => return Err(Malformed::OutOfRange("header")),
            }
        }
        let payload = Map::parse(parts.payload, MAX_DEPTH)?;
        let issuer = payload.at(claim::ISS).map(|iss| iss.as_text().map(ToOwned::to_owned).ok_or(Malformed::WrongType("iss")));
        let issuer = issuer.transpose()?;
        let thumbprint = ShortThumbprint(thumbprint.ok_or(Malformed::Missing("kid"))?);
        Ok(Self {
            bytes: bytes.to_vec(),
            protected: parts.protected.to_vec(),
            algorithm: algorithm.ok_or(Malformed::Missing("alg"))?,
            said: claims::read(&payload, issuer.as_deref(), thumbprint).map(Box::new),
            thumbprint,
            issuer,
            payload: parts.payload.to_vec(),
            signature: parts.signature,
        })
    }

    /// Issues `claims`, which name no holder.
    pub(crate) fn issue(claims: &RoleClaims, signer: &dyn Signer) -> Result<Self, IssueError> {
        let mut header = Writer::with_capacity(40);
        header.map(3).signed(label::ALG).signed(signer.public_key().algorithm().cose_id());
        header.signed(label::KID).bytes(&ShortThumbprint::of(signer.public_key()).0).signed(label::TYP).text(TYP);
        let mut payload = Writer::with_capacity(256);
        claims::written(claims, signer.public_key())?.write(&mut payload);
        let bytes = cose::sign_parts(&header.into_bytes(), &payload.into_bytes(), signer)?;
        let issued = Self::of(&Parts::parse(&bytes)?, &bytes)?;
        issued.said()?;
        Ok(issued)
    }

    /// Returns the bytes as they were read or issued.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whose key must have signed it. Unverified.
    pub(crate) fn key_claim(&self) -> KeyClaim<'_> {
        KeyClaim::Thumbprint { issuer: self.issuer.as_deref(), thumbprint: self.thumbprint }
    }

    /// Checks the issuer's signature, then reads the role. An issuer without a name is its key.
    pub(crate) fn verify(&self, keys: &dyn KeySource) -> Result<(&Value<'static>, RoleClaims), VerifyError> {
        let key = keys.key(self.key_claim()).ok_or(VerifyError::UnknownKey)?;
        cose::verify(key, self.algorithm, &self.protected, &self.payload, &self.signature)?;
        let (claims, mut role) = self.said()?;
        if self.issuer.is_none() {
            role.issuer = did::to_did_key(key);
            role.key_id = Some(did::key_id(key));
        }
        Ok((claims, role))
    }

    /// Reads what it says, its signature unchecked. An issuer without a name is the thumbprint of its key here.
    pub(crate) fn said(&self) -> Result<(&Value<'static>, RoleClaims), Malformed> {
        let said = self.said.as_ref().map_err(|why| *why)?;
        Ok((&said.claims, said.role.clone()))
    }
}

/// Returns true if the issuer signs under the name that its key has by itself.
fn is_nameless(claims: &RoleClaims, signer: &PublicKey) -> bool {
    claims.issuer == did::to_did_key(signer)
}

#[cfg(test)]
mod tests;
