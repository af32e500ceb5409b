//! The assessment of a credential: genuine, authorised, in force, and on evidence how fresh. The wallet asks before it
//! holds, the checkpoint before its policy; both get the same answer.
//!
//! Nothing a credential says is believed before its proof was checked with a key from the bundle.

use alloc::{format, string::String, vec::Vec};
use waypass_credential::{
    format::{Credential, ProofClaim, Verified, VerifyError},
    json::Value,
    key::PublicKey,
    role::{Mechanism, RoleClaims, StatusReference},
    time::Timestamp,
};

use crate::{
    bundle::{Authority, KeyRecord, KeyState, KeyUse, TrustBundle},
    freshness::{Ages, Freshness},
    reason::{Reason, ReasonCode},
    status::{HeldStatus, Status, Why},
    time::{Confidence, Moment, TOLERANCE_SECONDS},
};

/// A credential that ends within this time, or the last tenth of its validity where that is shorter, `expires_soon`.
const SOON_SECONDS: i64 = 3600;

/// Left behind by a proof that verified under a key from the bundle which is not compromised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Genuine(());

/// Left behind by the check that the issuer may say what the credential says, and the key sign it at its date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authorised(());

/// Left behind by the check that the credential is within its time and not known to be withdrawn or suspended. Whether
/// that knowledge is fresh enough is [`RoleReading`]'s to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InForce(());

/// A credential that is genuine, authorised and, as far as known, in force.
#[derive(Clone, Debug)]
#[must_use]
pub struct Assessment<'c> {
    verified: Verified<'c>,
    issuer: String,
    genuine: Genuine,
    authorised: Authorised,
    in_force: InForce,
    status: Status,
    update_available: bool,
    readings: Vec<RoleReading>,
    ages: Ages,
    notes: Vec<Reason>,
}

/// How fresh the evidence about one disclosed role is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct RoleReading {
    /// The role.
    pub role: String,
    /// Of the status list that covers the credential.
    pub revocation: Freshness,
    /// Of the bundle.
    pub trust: Freshness,
}

/// A credential on which nothing may be decided, and why: the gravest reason first.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Refused {
    /// Never empty.
    pub reasons: Vec<Reason>,
    /// How old the evidence is.
    pub ages: Ages,
    /// The display name of the issuer, once the credential is known to be genuine.
    pub issuer: Option<String>,
}

/// Assesses `credential` at one moment. Total: every outcome is an answer.
pub fn assess<'c>(credential: &'c Credential, bundle: &TrustBundle, at: &Moment) -> Result<Assessment<'c>, Refused> {
    let mut ages = bundle_ages(bundle, at);
    let refused = |reason| Refused { reasons: [reason].into(), ages, issuer: None };

    let Signers { authority, issuer: record, further } = signers(credential, bundle).map_err(refused)?;
    let (verified, genuine) = prove(credential, record, &further).map_err(refused)?;
    let role = verified.role();
    let at = &at.considering(bundle.issued_at()).considering(role.issued_at);

    let mut reasons = Vec::new();
    let authorised =
        authorise(role, authority, record, &mut reasons).filter(|_| stand_behind(credential.further_proofs(), &further, &mut reasons));
    within_validity(role, at, &mut reasons);
    let held = bundle.status(authority, &role.status, at);
    ages.revocation = held.as_of.and_then(|as_of| age(as_of, at));
    in_force(role, &held, &mut reasons);

    let Some(authorised) = authorised.filter(|_| reasons.is_empty()) else {
        reasons.sort_by_key(|reason| core::cmp::Reverse(reason.code.level()));
        return Err(Refused { reasons, ages, issuer: Some(authority.name.clone()) });
    };
    let readings = role.roles.iter().map(|name| read_role(name, &held, bundle, at)).collect();
    let notes = notes(role, at);
    Ok(Assessment {
        issuer: authority.name.clone(),
        genuine,
        authorised,
        in_force: InForce(()),
        status: held.status,
        update_available: held.update_available,
        readings,
        ages,
        notes,
        verified,
    })
}

impl<'c> Assessment<'c> {
    /// What the credential says (of a presentation: what is disclosed).
    pub fn role(&self) -> &RoleClaims {
        self.verified.role()
    }

    /// The disclosed claims.
    pub fn claims(&self) -> &Value<'c> {
        self.verified.claims()
    }

    /// The display name of the issuer, from the bundle.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The proof holds.
    pub fn genuine(&self) -> Genuine {
        self.genuine
    }

    /// The issuer may say it.
    pub fn authorised(&self) -> Authorised {
        self.authorised
    }

    /// Within its time, and not known to be withdrawn or suspended.
    pub fn in_force(&self) -> InForce {
        self.in_force
    }

    /// [`Status::Valid`] or [`Status::Unknown`]; everything else was refused.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The issuer has a newer credential for the holder (Bitstring Status List, purpose `refresh`).
    pub fn update_available(&self) -> bool {
        self.update_available
    }

    /// How fresh the evidence about each disclosed role is. Each has limits of its own: whoever decides takes the role
    /// that its policy admits.
    pub fn readings(&self) -> &[RoleReading] {
        &self.readings
    }

    /// How fresh the evidence about one role is; `None` for a role that is not disclosed.
    pub fn freshness_for(&self, role: &str) -> Option<&RoleReading> {
        self.readings.iter().find(|reading| reading.role == role)
    }

    /// How old the evidence is.
    pub fn ages(&self) -> Ages {
        self.ages
    }

    /// Amber reasons that hold whatever role is decided about.
    pub fn notes(&self) -> &[Reason] {
        &self.notes
    }
}

impl RoleReading {
    /// Whether everything is within the role's limits.
    pub fn is_current(&self) -> bool {
        matches!((self.revocation, self.trust), (Freshness::Current { .. }, Freshness::Current { .. }))
    }

    /// What keeps it from being current, as reasons.
    pub fn reasons(&self) -> Vec<Reason> {
        let both = [(self.revocation, ReasonCode::StaleRevocations), (self.trust, ReasonCode::StaleTrust)];
        both.into_iter().filter_map(|(freshness, stale)| reason_for(freshness, stale)).collect()
    }
}

fn reason_for(freshness: Freshness, stale: ReasonCode) -> Option<Reason> {
    match freshness {
        Freshness::Current { .. } => None,
        Freshness::Stale { as_of, overdue, .. } => Some(Reason::new(stale, format!("of {as_of}, {} s past the limit", overdue.as_secs()))),
        Freshness::TooOld { as_of, overdue, .. } => {
            Some(Reason::new(ReasonCode::DataTooOld, format!("of {as_of}, {} s past the last limit", overdue.as_secs())))
        }
        Freshness::Unknown { why: Why::ClockDoubt, .. } if stale == ReasonCode::StaleTrust => None,
        Freshness::Unknown { why, .. } => Some(Reason::new(ReasonCode::StatusUnknown, format!("{why}"))),
    }
}

/// Whose keys a credential names.
struct Signers<'b> {
    authority: &'b Authority,
    issuer: &'b KeyRecord,
    /// Of the proofs besides the issuer's, in their order.
    further: Vec<&'b KeyRecord>,
}

/// The records of the keys that the credential names; an unverified name is good for finding a key, for nothing else.
///
/// Every proof of a set must be by a key in the bundle, the issuer's or another's. One that nobody here can check is not left alone:
/// it may be that of a stolen key, and anybody can have added it.
fn signers<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Result<Signers<'b>, Reason> {
    let claimed = credential.claimed();
    let found = if let Some(kid) = claimed.key_id {
        bundle.key_for(claimed.issuer, kid)
    } else {
        // Without a key id only an issuer with one credential key can be meant.
        let mut keys = bundle.keys_for_use(KeyUse::Credential).filter(|(_, record)| record.issuer == claimed.issuer);
        keys.next().filter(|_| keys.next().is_none())
    };
    let (authority, issuer) = found.ok_or_else(|| Reason::from(ReasonCode::UntrustedIssuer))?;
    let record = |proof: &ProofClaim| {
        let found = bundle.key_with_id(&proof.key_id).map(|(_, record)| record);
        found.ok_or_else(|| Reason::new(ReasonCode::UntrustedIssuer, "one of its proofs is by a key that the bundle does not have"))
    };
    let further = credential.further_proofs().iter().map(record).collect::<Result<_, _>>()?;
    Ok(Signers { authority, issuer, further })
}

/// The keys that the bundle has for a credential's proofs, the issuer's first, as [`Credential::verify_all`] takes them.
pub fn keys<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Option<Vec<&'b PublicKey>> {
    let Signers { issuer, further, .. } = signers(credential, bundle).ok()?;
    Some(core::iter::once(issuer).chain(further).map(|record| &record.key).collect())
}

/// The proofs first: whatever is wrong with a key's record is said about a credential that the key really signed.
fn prove<'c>(credential: &'c Credential, issuer: &KeyRecord, further: &[&KeyRecord]) -> Result<(Verified<'c>, Genuine), Reason> {
    let verified = if further.is_empty() {
        credential.verify(&issuer.key)
    } else {
        let keys: Vec<&PublicKey> = core::iter::once(&issuer).chain(further).map(|record| &record.key).collect();
        credential.verify_all(&keys)
    };
    let verified = verified.map_err(|why| match why {
        VerifyError::InvalidProof => Reason::from(ReasonCode::BadSignature),
        VerifyError::Malformed(why) => Reason::new(ReasonCode::Malformed, format!("{why}")),
    })?;
    if verified.role().issuer != issuer.issuer {
        return Err(Reason::new(ReasonCode::BadSignature, "the signed issuer is not the key's"));
    }
    // Whatever its date: whoever stole the key writes the date (threats.md A21). Another proof beside it changes nothing, for the
    // thief can put his beside a good one just as well.
    if core::iter::once(&issuer).chain(further).any(|record| record.state == KeyState::Compromised) {
        return Err(Reason::from(ReasonCode::KeyCompromised));
    }
    Ok((verified, Genuine(())))
}

/// Whether the keys of the further proofs could make them when they say they were made. What the credential says is for the issuer's
/// entry to allow: another's proof neither adds to it nor takes away.
fn stand_behind(proofs: &[ProofClaim], records: &[&KeyRecord], reasons: &mut Vec<Reason>) -> bool {
    let before = reasons.len();
    for (proof, record) in proofs.iter().zip(records) {
        let why = if record.key_use != KeyUse::Credential {
            String::from("one of its proofs is by a key that is not for credentials")
        } else if !record.covers(proof.created) {
            format!("one of its proofs is by a key that made none on {}", proof.created)
        } else {
            continue;
        };
        reasons.push(Reason::new(ReasonCode::IssuerNotAuthorised, why));
    }
    reasons.len() == before
}

/// The limits of the issuer's entry, before any policy is asked (threats.md A22).
fn authorise(role: &RoleClaims, authority: &Authority, record: &KeyRecord, reasons: &mut Vec<Reason>) -> Option<Authorised> {
    let before = reasons.len();
    let mut refuse = |detail: String| reasons.push(Reason::new(ReasonCode::IssuerNotAuthorised, detail));

    if record.key_use != KeyUse::Credential {
        refuse("the key is not one for credentials".into());
    }
    if !record.covers(role.issued_at) {
        refuse(format!("the key did not issue on {}", role.issued_at));
    }
    if !authority.types.contains(&role.kind) {
        refuse("the issuer may not issue this type of credential".into());
    }
    for name in role.roles.iter().filter(|name| !authority.roles.contains(name)) {
        refuse(format!("the issuer may not assert the role {name}"));
    }
    if !authority.sites.iter().any(|site| site == "*") {
        if role.sites.is_empty() {
            refuse("the credential names no site, and the issuer may not speak for all".into());
        }
        for site in role.sites.iter().filter(|site| !authority.sites.contains(site)) {
            refuse(format!("the issuer may not speak for the site {site}"));
        }
    }
    for status in role.status.iter().filter(|status| !authority.status_uris.iter().any(|list| list.uri == status.uri)) {
        refuse(format!("the issuer may not use the status list {}", status.uri));
    }
    let validity = role.valid_until.since(role.valid_from);
    if u64::try_from(validity).map_or(true, |seconds| seconds > authority.max_validity_seconds) {
        refuse(format!("a validity of {validity} s is longer than the issuer may give"));
    }
    (reasons.len() == before).then_some(Authorised(()))
}

fn within_validity(role: &RoleClaims, at: &Moment, reasons: &mut Vec<Reason>) {
    // RFC 7519 §4.1.4, VCDM 2.0 §4.9: over at that moment, not after it.
    if at.at() >= role.valid_until {
        reasons.push(Reason::new(ReasonCode::Expired, format!("ended {}", role.valid_until)));
    }
    // Two honest clocks differ: what was issued a moment ago elsewhere is not early here.
    match at.has_reached(role.valid_from.plus(-TOLERANCE_SECONDS)) {
        Some(true) => {}
        Some(false) => reasons.push(Reason::new(ReasonCode::NotYetValid, format!("begins {}", role.valid_from))),
        None => reasons.push(Reason::new(ReasonCode::ClockUnusable, format!("begins {}, and the clock is in doubt", role.valid_from))),
    }
}

fn in_force(role: &RoleClaims, held: &HeldStatus, reasons: &mut Vec<Reason>) {
    let as_of = || held.as_of.map_or(String::new(), |as_of| format!("list of {as_of}"));
    match held.status {
        Status::Revoked => reasons.push(Reason::new(ReasonCode::Revoked, as_of())),
        Status::Suspended => reasons.push(Reason::new(ReasonCode::Suspended, as_of())),
        Status::Unknown(_) if held.out_of_range => {
            let entries: Vec<String> = role.status.iter().map(entry).collect();
            reasons.push(Reason::new(ReasonCode::Malformed, format!("its list has no entry {}", entries.join(" or "))));
        }
        Status::Valid | Status::Unknown(_) => {}
    }
}

/// A status entry in words: its index, and what it is about where the credential says that.
fn entry(reference: &StatusReference) -> String {
    match &reference.mechanism {
        Mechanism::TokenList => format!("{}", reference.index),
        Mechanism::Bitstring(entry) => format!("{} for {}", reference.index, entry.purpose),
    }
}

fn read_role(name: &str, held: &HeldStatus, bundle: &TrustBundle, at: &Moment) -> RoleReading {
    let limit = bundle.policy().limit(name);
    let unknown = |why| Freshness::Unknown { why, action: limit.unknown };
    let revocation = match (held.status, held.as_of) {
        (Status::Valid, Some(as_of)) => Freshness::of(as_of, at.at(), &limit),
        (Status::Unknown(why), _) => unknown(why),
        (Status::Valid | Status::Suspended | Status::Revoked, _) => unknown(Why::NotCovered),
    };
    let trust = if at.doubt().is_some() { unknown(Why::ClockDoubt) } else { bundle.trust_freshness(&limit, at.at()) };
    RoleReading { role: name.into(), revocation, trust }
}

fn notes(role: &RoleClaims, at: &Moment) -> Vec<Reason> {
    let mut notes = Vec::new();
    match at.confidence() {
        Confidence::Doubt(doubt) => notes.push(Reason::new(ReasonCode::ClockSuspect, format!("{doubt}"))),
        Confidence::Suspect => notes.push(Reason::new(ReasonCode::ClockSuspect, format!("taken for {}", at.at()))),
        Confidence::Anchored | Confidence::Low => {}
    }
    let soon = (role.valid_until.since(role.valid_from) / 10).min(SOON_SECONDS);
    if role.valid_until.since(at.at()) < soon {
        notes.push(Reason::new(ReasonCode::ExpiresSoon, format!("ends {}", role.valid_until)));
    }
    notes
}

/// The ages that a verdict without any credential has.
pub fn bundle_ages(bundle: &TrustBundle, at: &Moment) -> Ages {
    let age = |as_of| age(as_of, at);
    Ages { trust: age(bundle.issued_at()), revocation: None, policy: age(bundle.policy().issued_at) }
}

/// What a doubted clock says about an age is no age.
fn age(as_of: Timestamp, at: &Moment) -> Option<i64> {
    let at = at.considering(as_of);
    at.doubt().is_none().then(|| at.at().since(as_of).max(0))
}

#[cfg(test)]
mod tests;
