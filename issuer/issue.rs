//! Issuing a role credential.

use crate::draw::random_id;
use crate::keys::KeyUse;
use crate::office::Issuer;
use crate::settings::rounded;
use crate::store::{CredentialRecord, Entry, EventCause, KeyRow, Pickup, State, StatusEvent, StoreError};
use rand_core::CryptoRng;
use std::rc::Rc;
use waypass_credential::data_integrity::{MAX_PROOFS, Suite};
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use waypass_credential::role::{Mechanism, RoleClaims, Scope};
use waypass_credential::time::{self, Timestamp};
use waypass_credential::{Credential, Issuance, Malformed};
use waypass_trust::bundle::ListKind;

mod card;
mod error;
mod many;
mod validity;

pub use card::{CardOrder, NotPrinted};
pub use error::{IssueError, NameKind};
pub use many::{Copied, File, Found, Occasion, Person};
pub use validity::Validity;
pub use waypass_credential::Format;

const MAX_LABEL: usize = 200;

/// The order for a credential. The holder key is given separately: by the operator, or proven at pick-up.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// The format.
    pub format: Format,
    /// The algorithm to sign with, where several credential keys exist; by default the first of EdDSA, ES256 and ES384 that there is.
    pub algorithm: Option<Algorithm>,
    /// The suites of its Data Integrity proofs, one proof in each, by the keys that they take; the credential is issued under the
    /// first one's. None for one proof in the JCS suite of the key.
    pub suites: Vec<Suite>,
    /// The kind of list its status is in; without one, that of the settings, if the format has it.
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
    /// The operator's name for this credential; kept in the store.
    pub label: String,
    /// Personal claims: signed into the credential, not kept in the store.
    pub personal: Object<'static>,
}

/// A credential just issued.
#[derive(Clone, PartialEq, Debug)]
pub struct Issued {
    /// The form that the store keeps.
    pub record: CredentialRecord,
    /// The credential, to be handed to its holder.
    pub credential: Vec<u8>,
    /// The suites it is signed in, in a format that has suites.
    pub suites: Vec<Suite>,
}

/// The bearer of a credential.
#[derive(Clone, Copy)]
pub(super) enum Bearer<'h> {
    /// Anyone whose device has this key.
    OfKey(&'h PublicKey),
    /// Anyone who brings the card.
    OfCard,
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
        self.issue_to(order, Bearer::OfKey(holder), operator, None, at, rng)
    }

    /// Like [`Self::issue`]; `pickup` says what the credential uses up, and what is kept of it for a holder who asks again.
    pub(crate) fn issue_picked_up(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        pickup: Option<PickupOf<'_>>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        self.issue_to(order, Bearer::OfKey(holder), operator, pickup, at, rng)
    }

    fn issue_to(
        &mut self,
        order: &Order,
        bearer: Bearer<'_>,
        operator: &str,
        pickup: Option<PickupOf<'_>>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        self.follow_settings()?;
        let means = self.means()?;
        let mut ready = self.ready(&means, order, bearer, at)?;
        loop {
            let drawn = self.draw(&ready.mechanisms, 1, rng)?.pop().unwrap_or_default();
            let made = self.make(&means, order, &mut ready, (random_id(rng), drawn), at, rng)?;
            let pickup = pickup.map(|pickup| pickup(made.credential.as_bytes()));
            let issued = issued_event(operator, at);
            let done = self.store.transact(|tx| {
                tx.add_credential(&made.record, &made.entries, &issued, pickup.as_ref())?;
                tx.name_credential(&made.record.id, made.credential.as_bytes())
            });
            match done {
                Ok(()) => {
                    let (credential, suites) = (made.credential.as_bytes().to_vec(), made.credential.suites());
                    return Ok(Issued { record: made.record, credential, suites });
                }
                // Another process drew the same index in between; a used nonce is told apart by asking for the index.
                Err(StoreError::Taken) if self.is_any_taken(&made.drawn)? => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Reads what every issuing needs of the store, once.
    fn means(&self) -> Result<Means, StoreError> {
        Ok(Means { table: self.store.keys()?, contexts: self.usable_contexts()? })
    }

    /// Checks an order for its holder, and returns the credential that it asks for, but for its id, its entries and its signature.
    fn ready(&self, means: &Means, order: &Order, bearer: Bearer<'_>, at: Timestamp) -> Result<Ready, IssueError> {
        let times = self.check(order, at)?;
        let mut claims = self.claims(&means.table, order, times, at)?;
        let holder = match bearer {
            Bearer::OfKey(holder) => {
                if means.table.iter().any(|row| row.multikey == holder.to_multikey()) {
                    return Err(IssueError::OwnKey);
                }
                claims.holder = Some(holder.clone().into());
                Some(did::to_did_key(holder))
            }
            Bearer::OfCard => None,
        };
        let kind = self.status_kind(order);
        Ok(Ready { claims, times, holder, kind, mechanisms: self.mechanisms(kind) })
    }

    /// Signs a credential under its id and for its entries.
    fn make(
        &self,
        means: &Means,
        order: &Order,
        ready: &mut Ready,
        (id, drawn): (String, Vec<Entry>),
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Made, IssueError> {
        let Some(&Entry { list, index }) = drawn.first() else { return Err(StoreError::Missing.into()) };
        ready.claims.status = self.references(&drawn, &ready.mechanisms);
        // A card has its id in it, so that the office finds it by what is printed.
        let holder = ready.holder.clone().unwrap_or_else(|| {
            ready.claims.personal.set("card", id.clone());
            format!("card:{id}")
        });
        let credential = self.sign(means, order, &ready.claims, at, rng, false)?;
        let record = CredentialRecord {
            id,
            format: order.format,
            holder,
            label: order.label.clone(),
            roles: order.roles.clone(),
            sites: order.sites.clone(),
            zones: order.zones.clone(),
            issued_at: at,
            valid_from: ready.times.valid_from,
            valid_until: ready.times.valid_until,
            key_id: ready.claims.key_id.clone().unwrap_or_default(),
            list,
            index,
            state: State::Valid,
            changed_at: at,
        };
        let entries = if ready.kind == ListKind::Bitstring { drawn.clone() } else { Vec::new() };
        Ok(Made { record, entries, drawn, credential })
    }

    /// Makes the credential that an order asks for, but for its holder, its entry and its signature: what can be offered can be issued.
    pub(crate) fn try_out(&self, order: &Order, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<(), IssueError> {
        let means = self.means()?;
        let times = self.check(order, at)?;
        let mut claims = self.claims(&means.table, order, times, at)?;
        let signer = self.credential_key(&means.table, order, order.suites.first().copied(), at)?;
        claims.holder = Some(signer.public_key().clone().into());
        self.try_signing(&means, order, claims, at, rng)
    }

    /// Signs claims in a trial, for entries that they will not have.
    fn try_signing(
        &self,
        means: &Means,
        order: &Order,
        mut claims: RoleClaims,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), IssueError> {
        let mechanisms = self.mechanisms(self.status_kind(order));
        let entries = vec![Entry { list: 1, index: 0 }; mechanisms.len()];
        claims.status = self.references(&entries, &mechanisms);
        self.sign(means, order, &claims, at, rng, true).map(drop)
    }

    /// Returns the claims of the credential that an order asks for, without holder and status, within the bounds of role credentials.
    fn claims(&self, table: &[KeyRow], order: &Order, times: Times, at: Timestamp) -> Result<RoleClaims, IssueError> {
        let signer = self.credential_key(table, order, order.suites.first().copied(), at)?;
        let claims = RoleClaims {
            issuer: did::to_did_key(signer.public_key()),
            key_id: Some(did::key_id(signer.public_key())),
            kind: waypass_credential::role::kind_in(order.format).into(),
            roles: order.roles.clone(),
            sites: order.sites.clone(),
            zones: order.zones.clone(),
            issued_at: times.issued_at,
            valid_from: times.valid_from,
            valid_until: times.valid_until,
            status: Vec::new(),
            holder: None,
            personal: order.personal.clone(),
        };
        match claims.check() {
            Ok(()) => Ok(claims),
            Err(Malformed::OutOfRange("roles")) => Err(IssueError::Names(NameKind::Roles)),
            Err(Malformed::OutOfRange("sites")) => Err(IssueError::Names(NameKind::Sites)),
            Err(Malformed::OutOfRange("zones")) => Err(IssueError::Names(NameKind::Zones)),
            Err(why) => Err(IssueError::Credential(waypass_credential::IssueError::Malformed(why))),
        }
    }

    /// Checks an order against the settings, and returns the times of its credential.
    fn check(&self, order: &Order, at: Timestamp) -> Result<Times, IssueError> {
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
        if order.status == Some(ListKind::Bitstring) && !order.format.is_vcdm() {
            return Err(IssueError::StatusFormat(order.format));
        }
        if order.roles.is_empty() || order.sites.is_empty() {
            return Err(IssueError::Names(if order.roles.is_empty() { NameKind::Roles } else { NameKind::Sites }));
        }
        if let Some(role) = order.roles.iter().find(|role| !self.settings.roles.contains(role)) {
            return Err(IssueError::OutsideSettings { what: "role", name: role.clone() });
        }
        if let Some(site) = order.sites.iter().find(|site| !Scope::reaches(&self.settings.sites, site)) {
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
        if time::Validity::ending(valid_until).is_over(at) {
            return Err(IssueError::Empty);
        }
        Ok(Times { issued_at, valid_from, valid_until })
    }

    fn status_kind(&self, order: &Order) -> ListKind {
        match (order.status, order.format) {
            (Some(kind), _) => kind,
            (None, format) if !format.is_vcdm() => ListKind::Token,
            (None, _) => self.settings.status,
        }
    }

    /// Signs the claims; in a trial with signatures that verify under no key.
    fn sign(
        &self,
        means: &Means,
        order: &Order,
        claims: &RoleClaims,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
        is_trial: bool,
    ) -> Result<Credential, IssueError> {
        let signer = |suite: Option<Suite>| -> Result<MaybeTrial<'_>, IssueError> {
            let signer = self.credential_key(&means.table, order, suite, at)?;
            Ok(if is_trial { MaybeTrial::Trial(signer.public_key()) } else { MaybeTrial::Real(signer) })
        };
        let issuance = Issuance { contexts: &means.contexts, ..order.format.into() };
        let [suite, further @ ..] = order.suites.as_slice() else {
            return Ok(Credential::issue(claims, issuance, &signer(None)?, rng)?);
        };
        let others = further.iter().map(|suite| Ok((*suite, signer(Some(*suite))?))).collect::<Result<Vec<_>, IssueError>>()?;
        let others: Vec<(Suite, &dyn Signer)> = others.iter().map(|(suite, signer)| (*suite, signer as &dyn Signer)).collect();
        let issuance = Issuance { suite: Some(*suite), further: &others, ..issuance };
        Ok(Credential::issue(claims, issuance, &signer(Some(*suite))?, rng)?)
    }

    fn credential_key(
        &self,
        table: &[KeyRow],
        order: &Order,
        suite: Option<Suite>,
        at: Timestamp,
    ) -> Result<&(dyn Signer + 'k), IssueError> {
        let Order { format, algorithm, .. } = *order;
        let is_active = |key: &str| table.iter().any(|row| row.multikey == key && self.is_active(row, KeyUse::Credential, at));
        let fits = |signer: &&(dyn Signer + 'k)| {
            let has = signer.public_key().algorithm();
            let fits = algorithm.is_none_or(|wanted| wanted == has) && suite.is_none_or(|suite| suite.takes(has));
            fits && is_active(&signer.public_key().to_multikey())
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

/// A key that signs, or what is known of it where nothing is to be signed.
enum MaybeTrial<'s> {
    Real(&'s dyn Signer),
    Trial(&'s PublicKey),
}

impl Signer for MaybeTrial<'_> {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Real(signer) => signer.public_key(),
            Self::Trial(key) => key,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        match self {
            Self::Real(signer) => signer.sign(message),
            Self::Trial(key) if key.algorithm() == Algorithm::Es384 => Ok(Signature::Long([0; 96])),
            Self::Trial(_) => Ok(Signature::Short([0; 64])),
        }
    }
}

/// What issuing needs of the store.
struct Means {
    table: Vec<KeyRow>,
    contexts: Rc<KnownContexts>,
}

/// A credential that was checked, before it has an id, entries and a signature.
struct Ready {
    claims: RoleClaims,
    times: Times,
    /// The holder key as a DID; a card has none.
    holder: Option<String>,
    kind: ListKind,
    mechanisms: Vec<Mechanism>,
}

/// A credential that was signed, before it is on record.
struct Made {
    record: CredentialRecord,
    /// The entries that it has in bitstrings.
    entries: Vec<Entry>,
    /// Every entry that was drawn for it.
    drawn: Vec<Entry>,
    credential: Credential,
}

/// Returns the first entry of a credential's history.
fn issued_event(operator: &str, at: Timestamp) -> StatusEvent {
    StatusEvent { from: None, to: State::Valid, cause: EventCause::Issued, note: String::new(), operator: operator.into(), at }
}

/// The times a credential carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Times {
    issued_at: Timestamp,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

#[cfg(test)]
mod tests;
