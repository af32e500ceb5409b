//! The credentials that are held, and their present worth.

use crate::Wallet;
use crate::backup;
use crate::credential_id::CredentialId;
use crate::error::WalletError;
use crate::records::{self, FORMAT, ISSUER, KIND, ROLE, Record};
use core::fmt;
use waypass_credential::Format;
use waypass_credential::role::RoleClaims;
use waypass_credential::time::Timestamp;
use waypass_trust::assess::assess;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::freshness::Ages;
use waypass_trust::reason::{Reason, ReasonCode};
use waypass_trust::status::Status;
use waypass_trust::time::Moment;
use waypass_vault::{KeyId, VaultError};

/// Which credentials to look at; each is answered from an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter<'f> {
    /// All of them.
    All,
    /// Those with this role.
    Role(&'f str),
    /// Those of this issuer (its id, not its name).
    Issuer(&'f str),
    /// Those of this `vct` or VC type.
    Kind(&'f str),
    /// Those in this format.
    Format(Format),
}

/// The finding.
#[derive(Debug, Default)]
pub struct Listing {
    /// The credentials, the one that ends first at the top.
    pub cards: Vec<Card>,
    /// Records that do not read; they are kept as they are.
    pub unreadable: Vec<CredentialId>,
}

/// One credential as its holder sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Card {
    /// Its name here.
    pub id: CredentialId,
    /// Its format.
    pub format: Format,
    /// Its content.
    pub role: RoleClaims,
    /// Members of the document that nothing here acts on.
    pub not_acted_on: Vec<&'static str>,
    /// The issuer, by the name in the bundle, or the one it had when the credential was taken in.
    pub issuer_name: String,
    /// When it was taken in.
    pub held_at: Timestamp,
    /// The holder key it is bound to.
    pub key: KeyId,
    /// Its present worth.
    pub standing: Standing,
    /// Seconds until it ends; negative when it has ended.
    pub seconds_left: i64,
    /// When the newest status list about it was made; `None` without one.
    pub status_as_of: Option<Timestamp>,
    /// The ages of the evidence.
    pub ages: Ages,
    /// The faults that a gate may find: stale lists, an end that is near, a doubted clock.
    pub notes: Vec<Reason>,
}

/// The worth of a credential at one moment, as far as this device knows.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Standing {
    /// Genuine, within its time, and valid by the newest list.
    InForce,
    /// Genuine and within its time; whether it was withdrawn is not known.
    StatusUnknown,
    /// Its time has not begun.
    NotYet,
    /// It has expired.
    Expired,
    /// Suspended for now, by the issuer.
    Suspended,
    /// Withdrawn, by the issuer.
    Withdrawn,
    /// The bundle has reasons not to believe it, the gravest first.
    NotTrusted(Vec<Reason>),
    /// There is no bundle to judge it by.
    NoBundle,
    /// Its key stayed on another device: it must be issued again.
    Reissue,
    /// Its key was on this device and is damaged or gone: it must be issued again.
    KeyLost,
    /// Its key is in a part of this device's vault that was changed from outside: it must be issued again.
    KeyAltered,
}

impl Standing {
    /// Returns a stable name for JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::StatusUnknown => "status_unknown",
            Self::NotYet => "not_yet_valid",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
            Self::NotTrusted(_) => "not_trusted",
            Self::NoBundle => "no_bundle",
            Self::Reissue => "reissue",
            Self::KeyLost => "key_lost",
            Self::KeyAltered => "key_altered",
        }
    }

    /// Returns true if a gate can be expected to look at it at all.
    pub const fn is_usable(&self) -> bool {
        matches!(self, Self::InForce | Self::StatusUnknown | Self::NoBundle)
    }

    /// Returns the words for its holder.
    pub fn words(&self, issuer: &str) -> String {
        match self {
            Self::InForce => "in force".to_owned(),
            Self::StatusUnknown => "not known to be withdrawn".to_owned(),
            Self::NotYet => "not valid yet".to_owned(),
            Self::Expired => "expired".to_owned(),
            Self::Suspended => format!("suspended by {issuer}"),
            Self::Withdrawn => format!("withdrawn by {issuer}"),
            Self::NotTrusted(reasons) => reasons.first().map_or_else(String::new, |reason| reason.code.meaning().to_owned()),
            Self::NoBundle => "not judged: there is no trust bundle".to_owned(),
            Self::Reissue => "must be issued again: its key stayed on another device".to_owned(),
            Self::KeyLost => "must be issued again: its key on this device was damaged or removed".to_owned(),
            Self::KeyAltered => "must be issued again: its key on this device may have been changed from outside".to_owned(),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words("its issuer"))
    }
}

/// The holder keys that can sign, and those that credentials from a backup left behind.
pub(crate) struct KnownKeys {
    held: Vec<KeyId>,
    altered: Vec<KeyId>,
    elsewhere: Vec<KeyId>,
}

impl KnownKeys {
    /// Returns the worth of a credential bound to `key` if nothing can be shown with the key. A key that nobody left behind on purpose was
    /// here once.
    pub(crate) fn missing(&self, key: &KeyId) -> Option<Standing> {
        match () {
            () if self.held.contains(key) => None,
            () if self.altered.contains(key) => Some(Standing::KeyAltered),
            () if self.elsewhere.contains(key) => Some(Standing::Reissue),
            () => Some(Standing::KeyLost),
        }
    }
}

impl Wallet<'_> {
    /// Returns the credentials that fit `filter`, in their present state.
    pub fn list(&self, filter: Filter<'_>, bundle: Option<&TrustBundle>, at: &Moment) -> Result<Listing, WalletError> {
        let keys = self.known_keys()?;
        let tag = match &filter {
            Filter::All => None,
            Filter::Role(role) => Some((ROLE, role.as_bytes())),
            Filter::Issuer(issuer) => Some((ISSUER, issuer.as_bytes())),
            Filter::Kind(kind) => Some((KIND, kind.as_bytes())),
            Filter::Format(format) => Some((FORMAT, format.as_str().as_bytes())),
        };
        let mut listing = Listing::default();
        for id in records::ids(&self.vault, tag)? {
            match self.card(id, &keys, bundle, at) {
                Ok(Some(card)) => listing.cards.push(card),
                Ok(None) => {}
                // One damaged record must not hide the others.
                Err(WalletError::Damaged(_) | WalletError::Vault(VaultError::Quarantined)) => listing.unreadable.push(id),
                Err(why) => return Err(why),
            }
        }
        listing.cards.sort_by_key(|card| (card.role.valid_until, card.id));
        Ok(listing)
    }

    /// Returns one credential in its present state.
    pub fn show(&self, id: CredentialId, bundle: Option<&TrustBundle>, at: &Moment) -> Result<Card, WalletError> {
        self.card(id, &self.known_keys()?, bundle, at)?.ok_or(WalletError::NotHeld)
    }

    /// Returns the credential as it was issued: a bearer of it without the key can show nothing with it, but reads everything in it.
    pub fn export(&self, id: CredentialId) -> Result<Vec<u8>, WalletError> {
        let record = records::load(&self.vault, id)?.ok_or(WalletError::NotHeld)?;
        Ok(record.credential.as_bytes().to_vec())
    }

    /// Returns the one credential whose id begins with these hexadecimal digits.
    pub fn find_id(&self, beginning: &str) -> Result<CredentialId, WalletError> {
        records::starting(records::ids(&self.vault, None)?.into_iter(), beginning)
    }

    pub(crate) fn known_keys(&self) -> Result<KnownKeys, VaultError> {
        let held = self.holder_keys()?.into_iter().map(|key| key.id).collect();
        Ok(KnownKeys { held, altered: self.vault.altered_keys()?, elsewhere: backup::keys_elsewhere(&self.vault)? })
    }

    pub(crate) fn card(
        &self,
        id: CredentialId,
        keys: &KnownKeys,
        bundle: Option<&TrustBundle>,
        at: &Moment,
    ) -> Result<Option<Card>, WalletError> {
        let Some(record) = records::load(&self.vault, id)? else {
            return Ok(None);
        };
        card(id, &record, keys, bundle, at).map(Some).ok_or(WalletError::Damaged(id))
    }
}

/// `None` when the record is not what was taken in.
pub(crate) fn card(id: CredentialId, record: &Record, keys: &KnownKeys, bundle: Option<&TrustBundle>, at: &Moment) -> Option<Card> {
    let verified = record.verified()?;
    let (role, not_acted_on) = (verified.role().clone(), verified.not_acted_on());
    let mut card = Card {
        id,
        format: record.credential.format(),
        issuer_name: record.issuer_name.clone(),
        held_at: record.held_at,
        key: record.key,
        standing: Standing::NoBundle,
        seconds_left: role.valid_until.since(at.at()),
        status_as_of: None,
        ages: Ages::default(),
        notes: Vec::new(),
        role,
        not_acted_on,
    };
    if let Some(bundle) = bundle {
        judge(&mut card, record, bundle, at);
    } else if card.role.validity().is_over(at.at()) {
        card.standing = Standing::Expired;
    }
    if let Some(standing) = keys.missing(&record.key) {
        card.standing = standing;
    }
    Some(card)
}

fn judge(card: &mut Card, record: &Record, bundle: &TrustBundle, at: &Moment) {
    let authority = bundle.record(record.credential.key_claim()).map(|(authority, _)| authority);
    if let Some(authority) = authority.filter(|_| !card.role.status.is_empty()) {
        card.issuer_name.clone_from(&authority.name);
        card.status_as_of = bundle.status(authority, &card.role.status, at).as_of;
    }
    match assess(&record.credential, bundle, at) {
        Ok(assessment) => {
            card.standing = if assessment.status() == Status::Valid { Standing::InForce } else { Standing::StatusUnknown };
            card.ages = assessment.ages();
            card.notes = assessment.notes().to_vec();
            for reading in assessment.readings() {
                card.notes.extend(reading.reasons());
            }
            card.notes.sort_by(|a, b| (a.code, &a.detail).cmp(&(b.code, &b.detail)));
            card.notes.dedup();
        }
        Err(refused) => {
            card.standing = standing(&refused.reasons);
            card.ages = refused.ages;
            card.notes = refused.reasons;
        }
    }
}

/// The issuer's acts come before the effects of time; both before doubts about the issuer.
fn standing(reasons: &[Reason]) -> Standing {
    let has = |code| reasons.iter().any(|reason| reason.code == code);
    let known = [
        (ReasonCode::Revoked, Standing::Withdrawn),
        (ReasonCode::Suspended, Standing::Suspended),
        (ReasonCode::Expired, Standing::Expired),
        (ReasonCode::NotYetValid, Standing::NotYet),
    ];
    let found = known.into_iter().find(|(code, _)| has(*code));
    found.map_or_else(|| Standing::NotTrusted(reasons.to_vec()), |(_, standing)| standing)
}
