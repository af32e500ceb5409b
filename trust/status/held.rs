//! What is held about one status list: the newest token, and older ones as far as they still prove something.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use waypass_credential::{
    json::{self, Value},
    jws::Jws,
    role::{Mechanism, StatusPurpose, StatusReference},
    time::Timestamp,
};

use super::{
    HeldStatus, ListError, ListInfo, Status, Why,
    bitstring::{self, SignedBitstring, VerifiedBitstring},
    token::{SignedClaims, VerifiedList, unverified, verified_payload},
};
use crate::{
    bundle::{Authority, Digest, KeyRecord, KeyState, KeyUse, ListKind, StatusUri, TargetsPart},
    time::Moment,
};

/// The values of an entry (draft-ietf-oauth-status-list §7.1).
const VALID: u8 = 0;
const INVALID: u8 = 1;
const SUSPENDED: u8 = 2;

/// Contradicting copies of one time, and older proofs of revocation, that are kept for one URI. A signer who needs more
/// is refused: what is held stays, and ages.
const MAX_COPIES: usize = 4;
const MAX_WITNESSES: usize = 8;

/// A verified list with its text, so that whoever gets it can verify it again.
#[derive(Clone, Debug)]
pub(crate) struct HeldList {
    pub(crate) text: String,
    pub(crate) digest: Digest,
    kid: String,
    content: Content,
    expires_at: Timestamp,
    /// What it revokes it revokes for good: the standard says so of bitstrings, the bundle of other lists.
    irrevocable: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Token(VerifiedList),
    Bitstring(VerifiedBitstring),
}

/// What one list says about one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    /// Nothing against the credential.
    Clear,
    Revoked,
    Suspended,
    /// Still in force, but there is a newer credential.
    Refresh,
    /// A meaning of the issuer's own.
    Own(u8),
}

type Refusal = (String, ListError);

impl HeldList {
    /// Verifies a list for what `targets` allows: a status key of the authority that announces the URI, in a state and at a
    /// time in which it is believed, and a bitmap no larger than announced.
    pub(crate) fn verify(text: &[u8], targets: &TargetsPart) -> Result<Self, Refusal> {
        let text = core::str::from_utf8(text).map_err(|_| (String::new(), ListError::Malformed))?;
        // Good for choosing a reader; the bundle says which kind the list must be.
        let token = if text.starts_with('{') { None } else { Some(unverified(text).map_err(|why| (String::new(), why))?) };
        let (content, entry, kid) = match token {
            Some(jws) if jws.header().typ.as_deref() != Some("vc+jwt") => verify_token(&jws, targets)?,
            _ => verify_bitstring(text, targets)?,
        };
        let (issued_at, ends, irrevocable) = match &content {
            Content::Token(verified) => (verified.token.issued_at, verified.token.expires_at, entry.irrevocable),
            Content::Bitstring(verified) => (verified.list.issued_at, verified.list.expires_at, true),
        };
        let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
        let expires_at = ends.unwrap_or(issued_at.plus(longest));
        Ok(Self { text: text.to_string(), digest: Digest::of(text.as_bytes()), kid, content, expires_at, irrevocable })
    }

    pub(crate) fn uri(&self) -> &str {
        match &self.content {
            Content::Token(verified) => &verified.token.uri,
            Content::Bitstring(verified) => &verified.list.uri,
        }
    }

    /// Returns the id of the key that signed it.
    pub(crate) fn key_id(&self) -> &str {
        &self.kid
    }

    pub(crate) fn issued_at(&self) -> Timestamp {
        match &self.content {
            Content::Token(verified) => verified.token.issued_at,
            Content::Bitstring(verified) => verified.list.issued_at,
        }
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    pub(crate) fn info(&self) -> ListInfo {
        let entries = match &self.content {
            Content::Token(verified) => verified.list().len(),
            Content::Bitstring(verified) => verified.bitstring().len(),
        };
        ListInfo { uri: self.uri().into(), issued_at: self.issued_at(), expires_at: self.expires_at, digest: self.digest, entries }
    }

    /// Whether both say the same about every entry, and mean the same by it.
    fn says_the_same(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Token(a), Content::Token(b)) => a.list().as_bytes() == b.list().as_bytes(),
            (Content::Bitstring(a), Content::Bitstring(b)) => a.bitstring() == b.bitstring() && a.list.purposes == b.list.purposes,
            _ => false,
        }
    }

    /// Whether this list revokes an entry that `newer` does not.
    fn revokes_more_than(&self, newer: &Self) -> bool {
        match (&self.content, &newer.content) {
            (Content::Token(ours), Content::Token(theirs)) => {
                let (ours, theirs) = (ours.list(), theirs.list());
                let revoked =
                    |list: super::StatusList<'_>, at: usize| list.as_bytes().get(at).map_or(0, |byte| list.bits().mask_of_ones(*byte));
                (0..ours.as_bytes().len()).any(|at| revoked(ours, at) & !revoked(theirs, at) != 0)
            }
            (Content::Bitstring(ours), Content::Bitstring(theirs)) => {
                let revokes = |list: &VerifiedBitstring| list.list.purposes.contains(&StatusPurpose::Revocation);
                revokes(ours) && (!revokes(theirs) || ours.bitstring().sets_more_than(theirs.bitstring()))
            }
            _ => true,
        }
    }

    /// Whether a cleared entry may be a suspension that ended: the list does not say which of its entries are revocations.
    fn is_partly_reversible(&self) -> bool {
        matches!(&self.content, Content::Bitstring(verified) if verified.is_partly_reversible())
    }

    /// Returns true if there is nothing in this list against an entry that it has.
    pub(crate) fn is_clear(&self, reference: &StatusReference) -> bool {
        self.read(reference) == Some(Reading::Clear)
    }

    /// What this list says about an entry; `None` where it has no such entry.
    fn read(&self, reference: &StatusReference) -> Option<Reading> {
        match (&self.content, &reference.mechanism) {
            (Content::Token(verified), Mechanism::TokenList) => Some(match verified.list().get(reference.index)? {
                VALID => Reading::Clear,
                INVALID => Reading::Revoked,
                SUSPENDED => Reading::Suspended,
                own => Reading::Own(own),
            }),
            (Content::Bitstring(verified), Mechanism::Bitstring(entry)) => {
                let bits = verified.bitstring();
                if bits.size() != entry.size || !verified.list.purposes.contains(&entry.purpose) {
                    return None;
                }
                Some(match (bits.get(reference.index)?, entry.purpose) {
                    (0, _) => Reading::Clear,
                    (_, StatusPurpose::Revocation) => Reading::Revoked,
                    (_, StatusPurpose::Suspension) => Reading::Suspended,
                    (_, StatusPurpose::Refresh) => Reading::Refresh,
                    (value, StatusPurpose::Message) => Reading::Own(value),
                })
            }
            _ => None,
        }
    }
}

fn verify_token<'t>(jws: &Jws<'_>, targets: &'t TargetsPart) -> Result<(Content, &'t StatusUri, String), Refusal> {
    let fail = |why| (String::new(), why);
    let kid = jws.header().key_id.as_deref().ok_or(fail(ListError::Malformed))?;
    let (authority, record) = status_key(targets, kid).ok_or(fail(ListError::UntrustedSigner))?;
    let claims = SignedClaims::read(verified_payload(jws, &record.key).map_err(fail)?).map_err(fail)?;
    let uri = claims.token.uri.clone();
    let fail = |why| (uri.clone(), why);
    let entry = announced(authority, record, &uri, claims.token.issued_at, ListKind::Token).map_err(fail)?;
    if claims.bits.get() != entry.bits {
        return Err(fail(ListError::Bits));
    }
    let most = usize::try_from(claims.bits.bytes_for(entry.max_entries)).unwrap_or(usize::MAX);
    Ok((Content::Token(claims.inflate(most).map_err(fail)?), entry, record.kid.clone()))
}

fn verify_bitstring<'t>(text: &str, targets: &'t TargetsPart) -> Result<(Content, &'t StatusUri, String), Refusal> {
    let fail = |why| (String::new(), why);
    let secured = bitstring::unverified(text).map_err(fail)?;
    let kid = secured.claimed().key_id.ok_or(fail(ListError::Malformed))?;
    let (authority, record) = status_key(targets, kid).ok_or(fail(ListError::UntrustedSigner))?;
    let signed = SignedBitstring::verify(&secured, &record.key).map_err(fail)?;
    let uri = signed.list.uri.clone();
    let fail = |why| (uri.clone(), why);
    if signed.list.issuer != record.issuer {
        return Err(fail(ListError::UntrustedSigner));
    }
    let entry = announced(authority, record, &uri, signed.list.issued_at, ListKind::Bitstring).map_err(fail)?;
    if signed.size != entry.bits {
        return Err(fail(ListError::Bits));
    }
    let most = bitstring::bytes_for(entry.bits, entry.max_entries).unwrap_or(usize::MAX);
    Ok((Content::Bitstring(signed.inflate(most).map_err(fail)?), entry, record.kid.clone()))
}

/// The status key with this id; an unverified name is good for finding a key, for nothing else.
fn status_key<'t>(targets: &'t TargetsPart, kid: &str) -> Option<(&'t Authority, &'t KeyRecord)> {
    let key_in = |authority: &'t Authority| authority.keys.iter().find(|key| key.kid == kid && key.key_use == KeyUse::Status);
    targets.authorities.iter().find_map(|authority| Some((authority, key_in(authority)?)))
}

/// What `authority` announces about the list at `uri`, if `record` may have signed it at that time.
fn announced<'t>(
    authority: &'t Authority,
    record: &KeyRecord,
    uri: &str,
    issued_at: Timestamp,
    kind: ListKind,
) -> Result<&'t StatusUri, ListError> {
    if record.state == KeyState::Compromised {
        return Err(ListError::KeyCompromised);
    }
    if !record.covers(issued_at) {
        return Err(ListError::KeyNotInUse);
    }
    let entry = authority.status_uris.iter().find(|entry| entry.uri == uri).ok_or(ListError::UntrustedSigner)?;
    if entry.kind == kind { Ok(entry) } else { Err(ListError::Kind) }
}

/// The address and the time that a list of either kind claims for itself, nothing checked: good for planning what to ask for, for
/// nothing else.
pub fn claimed(text: &str) -> Option<(String, Timestamp)> {
    let jws = if text.starts_with('{') { None } else { Some(unverified(text).ok()?) };
    let said = json::parse(jws.as_ref().map_or(text.as_bytes(), Jws::untrusted_payload), bitstring::LIMITS).ok()?;
    let text = |name: &str| said.member(name).and_then(Value::as_str);
    match text("sub") {
        Some(uri) => Some((uri.to_string(), Timestamp::from_unix(said.member("iat")?.as_i64()?)?)),
        None => Some((text("id")?.to_string(), Timestamp::parse_rfc3339(text("validFrom")?)?)),
    }
}

/// How a token stands to what is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    Newest,
    Known,
    Disagrees,
    /// Older than what is held, whose time this is; not taken.
    Older(Timestamp),
}

/// Everything held about one URI; never empty.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The newest list. More than one only while lists of one time contradict each other.
    newest: Vec<HeldList>,
    /// Older lists that revoke for good what a newer one takes back.
    witnesses: Vec<HeldList>,
}

impl Evidence {
    pub(crate) fn new(list: HeldList) -> Self {
        Self { newest: [list].into(), witnesses: Vec::new() }
    }

    pub(crate) fn uri(&self) -> &str {
        self.newest.first().map_or("", HeldList::uri)
    }

    /// The newest list.
    pub(crate) fn current(&self) -> Option<&HeldList> {
        self.newest.first()
    }

    /// Every token that is kept.
    pub(crate) fn all(&self) -> impl Iterator<Item = &HeldList> {
        self.witnesses.iter().chain(&self.newest)
    }

    pub(crate) fn info(&self) -> Option<ListInfo> {
        self.current().map(HeldList::info)
    }

    /// Takes one more verified list of the same URI.
    pub(crate) fn take(&mut self, list: HeldList) -> Result<Taken, ListError> {
        if self.all().any(|held| held.digest == list.digest) {
            return Ok(Taken::Known);
        }
        let held_at = self.newest.first().map(HeldList::issued_at);
        match held_at {
            Some(held_at) if list.issued_at() < held_at => Ok(Taken::Older(held_at)),
            Some(held_at) if list.issued_at() == held_at => {
                // A re-signature of the same bitmap is no contradiction (trust.md "Gossip").
                if self.newest.iter().any(|held| held.says_the_same(&list)) {
                    return Ok(Taken::Known);
                }
                if self.newest.len() >= MAX_COPIES {
                    return Err(ListError::Contradiction);
                }
                self.newest.push(list);
                Ok(Taken::Disagrees)
            }
            _ => {
                let proves_more = |held: &&HeldList| held.irrevocable && held.revokes_more_than(&list);
                let count = self.all().filter(proves_more).count();
                // Where suspensions share a list with revocations, an honest issuer clears entries all the time: the newest
                // witnesses are kept. Whoever wants every revocation to be final gives them a list of their own.
                if count > MAX_WITNESSES && !list.is_partly_reversible() {
                    return Err(ListError::Contradiction);
                }
                let surplus = count.saturating_sub(MAX_WITNESSES);
                let kept: Vec<HeldList> = self.all().filter(proves_more).skip(surplus).cloned().collect();
                self.witnesses = kept;
                self.newest = [list].into();
                Ok(Taken::Newest)
            }
        }
    }

    /// What all of it says about one entry; the table of trust.md "Verdict", top to bottom.
    pub(crate) fn status(&self, reference: &StatusReference, at: &Moment) -> HeldStatus {
        let Some(current) = self.current() else { return HeldStatus::not_covered() };
        let answer = |status| HeldStatus::new(status, Some(current.issued_at()));
        let mut readings = self.newest.iter().map(|list| list.read(reference));
        let reading = readings.next().flatten();
        let agreed = readings.all(|other| other == reading);

        if self.all().any(|list| list.read(reference) == Some(Reading::Revoked)) {
            return answer(Status::Revoked);
        }
        if !agreed {
            return answer(Status::Unknown(Why::Disagreement));
        }
        match reading {
            None => HeldStatus { out_of_range: true, ..answer(Status::Unknown(Why::NotCovered)) },
            // Denies without regard to clock and expiry: neither can make a suspension go away.
            Some(Reading::Suspended) => answer(Status::Suspended),
            Some(_) if at.considering(current.issued_at()).doubt().is_some() => answer(Status::Unknown(Why::ClockDoubt)),
            // `exp` is over at that moment, not after it (RFC 7519 §4.1.4).
            Some(_) if self.newest.iter().any(|list| list.expires_at <= at.at()) => answer(Status::Unknown(Why::ListExpired)),
            Some(Reading::Clear) => answer(Status::Valid),
            Some(Reading::Refresh) => HeldStatus { update_available: true, ..answer(Status::Valid) },
            Some(Reading::Own(value)) => HeldStatus { message: Some(value), ..answer(Status::Unknown(Why::NotCovered)) },
            Some(Reading::Revoked) => answer(Status::Revoked),
        }
    }
}

/// What the entries of one credential say together. Each may deny; only those that could have denied cover it.
pub(crate) fn together<'r>(references: &'r [StatusReference], status_of: impl Fn(&'r StatusReference) -> HeldStatus) -> HeldStatus {
    let covers = |reference: &StatusReference| match &reference.mechanism {
        Mechanism::TokenList => true,
        Mechanism::Bitstring(entry) => matches!(entry.purpose, StatusPurpose::Revocation | StatusPurpose::Suspension),
    };
    let mut result: Option<HeldStatus> = None;
    let (mut update_available, mut message) = (false, None);
    for reference in references {
        let found = status_of(reference);
        update_available |= found.update_available;
        message = message.or(found.message);
        // What is not there can only withhold a hint, and the hint is no reason to deny.
        let is_hint = matches!(&reference.mechanism, Mechanism::Bitstring(entry) if entry.purpose == StatusPurpose::Refresh);
        let is_clear = found.status == Status::Valid && !covers(reference);
        if is_clear || (is_hint && !found.out_of_range) {
            continue;
        }
        result = Some(match result {
            None => found,
            Some(other) => graver(other, found),
        });
    }
    HeldStatus { update_available, message, ..result.unwrap_or(HeldStatus::not_covered()) }
}

/// The one of two statuses that decides; of two equal ones that with the older evidence.
fn graver(a: HeldStatus, b: HeldStatus) -> HeldStatus {
    let gravity = |held: &HeldStatus| match held.status {
        Status::Revoked => 4,
        Status::Unknown(_) if held.out_of_range => 3,
        Status::Suspended => 2,
        Status::Unknown(_) => 1,
        Status::Valid => 0,
    };
    let (of_a, of_b) = (gravity(&a), gravity(&b));
    if of_a > of_b || (of_a == of_b && a.as_of <= b.as_of) { a } else { b }
}
