//! Issuing a role credential.

use crate::draw::random_id;
use crate::keys::KeyUse;
use crate::office::Issuer;
use crate::settings::rounded;
use crate::store::{CredentialRecord, Entry, Pickup, State, StatusEvent, StoreError};
use rand_core::CryptoRng;
use waypass_credential::did;
use waypass_credential::format::Credential;
use waypass_credential::json::Object;
use waypass_credential::key::{Algorithm, PublicKey, Signer};
use waypass_credential::proof::{MAX_PROOFS, Suite};
use waypass_credential::role::RoleClaims;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::ListKind;

mod error;
mod validity;

pub use error::IssueError;
pub use validity::Validity;
pub use waypass_credential::format::Format;

/// Roles, sites or zones of one credential; a credential has at most 64 KiB.
const MAX_NAMES: usize = 32;
const MAX_NAME: usize = 128;
const MAX_LABEL: usize = 200;

/// What to issue. The holder key is given separately: by the operator, or proven at pick-up.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// The format.
    pub format: Format,
    /// The algorithm to sign with, where several credential keys exist; by default the first of EdDSA, ES256 and ES384 that there is.
    pub algorithm: Option<Algorithm>,
    /// The suites of its Data Integrity proofs, one proof in each, by the keys that they take; the credential is issued under the
    /// first one's. None for one proof in the JCS suite of the key.
    pub suites: Vec<Suite>,
    /// The kind of list its status stands in; without one, that of the settings, if the format has it.
    pub status: Option<ListKind>,
    /// One role or several, each within the settings.
    pub roles: Vec<String>,
    /// The sites, each within the settings; `*` only where the settings have it.
    pub sites: Vec<String>,
    /// The zones; `*` for every zone, none for a credential that opens no zone.
    pub zones: Vec<String>,
    /// First second of validity; `None` for now.
    pub valid_from: Option<Timestamp>,
    /// When its validity ends; refused where that is later than the settings' `max_validity_seconds` after the issuing.
    pub validity: Validity,
    /// What the operator calls this credential; kept in the store.
    pub label: String,
    /// Personal claims: signed into the credential, not kept in the store.
    pub personal: Object<'static>,
}

/// A credential just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What the store keeps.
    pub record: CredentialRecord,
    /// The credential, to be handed to its holder.
    pub credential: Vec<u8>,
    /// The suites it is signed in, in a format that has suites.
    pub suites: Vec<Suite>,
}

/// Makes, of a credential just signed, what its pick-up uses up and what is kept of it.
pub(crate) type PickupOf<'p> = &'p dyn Fn(&[u8]) -> Pickup;

impl<'k> Issuer<'k> {
    /// Issues a credential to `holder`. It is on record before it is handed out.
    pub fn issue(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        self.issue_picked_up(order, holder, operator, None, at, rng)
    }

    /// As [`Self::issue`]; `pickup` says what the credential uses up, and what is kept of it for a holder who asks again.
    pub(crate) fn issue_picked_up(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        pickup: Option<PickupOf<'_>>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        let times = self.check(order, at)?;
        let signer = self.credential_key(order, order.suites.first().copied(), at)?;
        if self.store.keys()?.iter().any(|row| row.multikey == holder.to_multikey()) {
            return Err(IssueError::OwnKey);
        }
        let key_id = did::key_id(signer.public_key());
        let mut claims = RoleClaims {
            issuer: did::to_did_key(signer.public_key()),
            key_id: Some(key_id.clone()),
            kind: order.format.role_kind().into(),
            roles: order.roles.clone(),
            sites: order.sites.clone(),
            zones: order.zones.clone(),
            issued_at: times.issued_at,
            valid_from: times.valid_from,
            valid_until: times.valid_until,
            status: Vec::new(),
            holder: Some(holder.clone().into()),
            personal: order.personal.clone(),
        };
        let kind = self.status_kind(order);
        let mechanisms = self.mechanisms(kind);
        loop {
            let drawn = self.draw(&mechanisms, rng)?;
            let Some(&Entry { list, index }) = drawn.first() else { return Err(StoreError::Missing.into()) };
            let entries = if kind == ListKind::Bitstring { drawn.as_slice() } else { &[] };
            claims.status = self.references(&drawn, &mechanisms);
            let credential = self.sign(order, &claims, at, rng)?;
            let record = CredentialRecord {
                id: random_id(rng),
                format: order.format.as_str().into(),
                holder: did::to_did_key(holder),
                label: order.label.clone(),
                roles: order.roles.clone(),
                sites: order.sites.clone(),
                zones: order.zones.clone(),
                issued_at: at,
                valid_from: times.valid_from,
                valid_until: times.valid_until,
                key_id: key_id.clone(),
                list,
                index,
                state: State::Valid,
                changed_at: at,
            };
            let issued =
                StatusEvent { from: None, to: State::Valid, cause: "issued".into(), note: String::new(), operator: operator.into(), at };
            let pickup = pickup.map(|pickup| pickup(credential.as_bytes()));
            match self.store.transact(|tx| tx.add_credential(&record, entries, &issued, pickup.as_ref())) {
                Ok(()) => {
                    let suites = match &credential {
                        Credential::DataIntegrity(document) => document.suites(),
                        Credential::SdJwtVc(_) | Credential::Enveloped(_) => Vec::new(),
                    };
                    return Ok(Issued { record, credential: credential.as_bytes().to_vec(), suites });
                }
                // Another process drew the same index in between; a used nonce is told apart by asking for the index.
                Err(StoreError::Taken) if self.is_any_taken(&drawn)? => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Checks an order without issuing, so that an offer is refused when it is made and not when it is picked up.
    pub(crate) fn check(&self, order: &Order, at: Timestamp) -> Result<Times, IssueError> {
        for (n, suite) in order.suites.iter().copied().enumerate() {
            if order.format != Format::DataIntegrity {
                return Err(IssueError::SuiteFormat { suite, format: order.format });
            }
            if let Some(algorithm) = order.algorithm.filter(|algorithm| !suite.takes(*algorithm)) {
                return Err(IssueError::SuiteAlgorithm { suite, algorithm });
            }
            if n >= MAX_PROOFS || order.suites[..n].contains(&suite) {
                return Err(IssueError::Suites);
            }
        }
        if order.status == Some(ListKind::Bitstring) && order.format == Format::SdJwtVc {
            return Err(IssueError::StatusFormat(order.format));
        }
        for (what, names, may_be_empty) in [("roles", &order.roles, false), ("sites", &order.sites, false), ("zones", &order.zones, true)] {
            let usable = |name: &String| !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
            let repeated = names.iter().enumerate().any(|(i, name)| names[..i].contains(name));
            if (names.is_empty() && !may_be_empty) || names.len() > MAX_NAMES || repeated || !names.iter().all(usable) {
                return Err(IssueError::Names(what));
            }
        }
        if let Some(role) = order.roles.iter().find(|role| !self.settings.roles.contains(role)) {
            return Err(IssueError::OutsideSettings { what: "role", name: role.clone() });
        }
        let every_site = self.settings.sites.iter().any(|site| site == "*");
        if let Some(site) = order.sites.iter().find(|site| !every_site && !self.settings.sites.contains(site)) {
            return Err(IssueError::OutsideSettings { what: "site", name: site.clone() });
        }
        if order.label.len() > MAX_LABEL || order.label.chars().any(char::is_control) {
            return Err(IssueError::Label);
        }
        let length = order.validity.seconds(at);
        if length <= 0 {
            return Err(IssueError::Empty);
        }
        // A short validity is rounded less, so that rounding never takes more than a 24th of it.
        let granularity = self.settings.time_granularity_seconds.min(length / 24).max(1);
        let issued_at = rounded(at, granularity);
        let valid_from = order.valid_from.unwrap_or(issued_at);
        let valid_until = order.validity.end(valid_from);
        let bound = self.settings.max_validity_seconds;
        let asked = valid_until.since(issued_at).max(length);
        if asked > bound {
            return Err(IssueError::TooLong { asked, bound });
        }
        if valid_until <= at {
            return Err(IssueError::Empty);
        }
        Ok(Times { issued_at, valid_from, valid_until })
    }

    fn status_kind(&self, order: &Order) -> ListKind {
        match (order.status, order.format) {
            (Some(kind), _) => kind,
            (None, Format::SdJwtVc) => ListKind::Token,
            (None, _) => self.settings.status,
        }
    }

    fn sign(&self, order: &Order, claims: &RoleClaims, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Credential, IssueError> {
        let known = self.usable_contexts()?;
        if order.suites.is_empty() {
            return Ok(claims.sign_under(&known, order.format, self.credential_key(order, None, at)?, rng)?);
        }
        let signer =
            |suite: &Suite| -> Result<(Suite, &dyn Signer), IssueError> { Ok((*suite, self.credential_key(order, Some(*suite), at)?)) };
        let signers = order.suites.iter().map(signer).collect::<Result<Vec<_>, _>>()?;
        Ok(claims.sign_set(&known, &signers)?)
    }

    fn credential_key(&self, order: &Order, suite: Option<Suite>, at: Timestamp) -> Result<&(dyn Signer + 'k), IssueError> {
        let Order { format, algorithm, .. } = *order;
        let active = self.active_keys(KeyUse::Credential, at)?;
        let fits = |signer: &&(dyn Signer + 'k)| {
            let has = signer.public_key().algorithm();
            let fits = algorithm.is_none_or(|wanted| wanted == has) && suite.is_none_or(|suite| suite.takes(has));
            fits && active.contains(&signer.public_key().to_multikey())
        };
        // The order in which keys were unlocked means nothing: where nobody asked for one, Ed25519 comes first.
        let rank = |signer: &&(dyn Signer + 'k)| match signer.public_key().algorithm() {
            Algorithm::EdDsa => 0,
            Algorithm::Es256 => 1,
            Algorithm::Es384 => 2,
        };
        self.keys.of(KeyUse::Credential).filter(fits).min_by_key(rank).ok_or(IssueError::NoKey { format, algorithm, suite })
    }
}

/// The times a credential carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    pub(crate) issued_at: Timestamp,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
}

#[cfg(test)]
mod tests;
