//! One status list that was verified, with its text, and by which targets it is believed.

mod denied;

pub use denied::Denied;

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use waypass_credential::{
    base64url,
    json::{self, Value},
    jws::Jws,
    key::PublicKey,
    role::{Mechanism, StatusPurpose, StatusReference},
    time::Timestamp,
};

use waypass_credential::{KeyClaim, KeySource};

use super::{
    ListError, ListInfo,
    bitstring::{self, SignedBitstring, VerifiedBitstring},
    token::{SignedClaims, Unverified, VerifiedList},
};
use crate::parts::{Authority, Digest, KeyRecord, KeyState, KeyUse, ListKind, StatusUri, TargetsPart};

/// The values of an entry (draft-ietf-oauth-status-list §7.1).
const VALID: u8 = 0;
const INVALID: u8 = 1;
const SUSPENDED: u8 = 2;

/// A verified list with its text, so that the next device can verify it again.
#[derive(Clone, Debug)]
pub(crate) struct HeldList {
    pub(crate) text: String,
    pub(crate) digest: Digest,
    content: Content,
    expires_at: Timestamp,
    /// Its revocations are for good: the standard says so of bitstrings, the bundle of other lists.
    is_final: bool,
    basis: Basis,
    signer: Signer,
}

/// Which targets let a list be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Basis {
    /// Those in effect.
    Present,
    /// Those in effect; that its revocations are final is known from the earlier ones with this digest.
    FinalBy(Digest),
    /// Only the earlier ones with this digest. The list proves its revocations and nothing else.
    Former(Digest),
}

/// The key that signed a list, by both its names.
#[derive(Clone, Debug)]
struct Signer {
    kid: String,
    key: PublicKey,
}

#[derive(Clone, Debug)]
enum Content {
    Token(VerifiedList),
    Bitstring(VerifiedBitstring),
}

/// The answer of one list about one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
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
        let text = &*spelled(text).map_err(|why| (String::new(), why))?;
        // Good for choosing a reader; the bundle says which kind the list must be.
        let token = if text.starts_with('{') { None } else { Some(Unverified::parse(text).map_err(|why| (String::new(), why))?) };
        let (content, entry, record) = match token {
            None => verify_bitstring(text, targets)?,
            Some(Unverified::Jwt(jws)) if jws.header().typ.as_deref() == Some("vc+jwt") => verify_bitstring(text, targets)?,
            Some(token) => verify_token(&token, targets)?,
        };
        let (issued_at, ends, is_final) = match &content {
            Content::Token(verified) => (verified.token.issued_at, verified.token.expires_at, entry.irrevocable),
            Content::Bitstring(verified) => (verified.list.issued_at, verified.list.expires_at, true),
        };
        let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
        let expires_at = ends.unwrap_or(issued_at.plus(longest));
        let signer = Signer { kid: record.kid.clone(), key: record.key.clone() };
        let digest = Digest::of(text.as_bytes());
        Ok(Self { text: text.to_string(), digest, content, expires_at, is_final, basis: Basis::Present, signer })
    }

    /// Verifies a list as [`Self::verify`] does, and by `earlier` targets where those in effect say less.
    ///
    /// A revocation that was final stays so, although later targets drop the key or the word `irrevocable`: an office that was
    /// restored from an old copy does both. Only a key that is given up as compromised takes its lists with it.
    pub(crate) fn verify_with<'t>(
        text: &[u8],
        targets: &TargetsPart,
        mut earlier: impl Iterator<Item = (Digest, &'t TargetsPart)>,
    ) -> Result<Self, Refusal> {
        let now = Self::verify(text, targets);
        if now.as_ref().is_ok_and(|list| list.is_final) {
            return now;
        }
        let then = earlier.find_map(|(digest, targets_then)| {
            let list = Self::verify(text, targets_then).ok()?;
            (list.is_final && !list.is_given_up(targets)).then_some((digest, list))
        });
        match (now, then) {
            (now, None) => now,
            (Ok(list), Some((digest, _))) => Ok(Self { is_final: true, basis: Basis::FinalBy(digest), ..list }),
            (Err(_), Some((digest, list))) => Ok(Self { basis: Basis::Former(digest), ..list }),
        }
    }

    /// Returns which targets let it be believed.
    pub(crate) const fn basis(&self) -> Basis {
        self.basis
    }

    /// Returns true if a later list cannot take its revocations back.
    pub(crate) const fn is_final(&self) -> bool {
        self.is_final
    }

    pub(crate) fn uri(&self) -> &str {
        match &self.content {
            Content::Token(verified) => &verified.token.uri,
            Content::Bitstring(verified) => &verified.list.uri,
        }
    }

    /// Returns the id of the key that signed it.
    pub(crate) fn key_id(&self) -> &str {
        &self.signer.kid
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
        let (uri, issued_at) = (self.uri().into(), self.issued_at());
        ListInfo { uri, issued_at, expires_at: self.expires_at, digest: self.digest, entries: self.entries() }
    }

    /// Returns true if `targets` give the key that signed it up as compromised.
    pub(super) fn is_given_up(&self, targets: &TargetsPart) -> bool {
        self.signer.is_given_up(targets)
    }

    pub(super) fn entries(&self) -> u64 {
        match &self.content {
            Content::Token(verified) => verified.list().len(),
            Content::Bitstring(verified) => verified.bitstring().len(),
        }
    }

    /// Returns true if the list revokes the entry at `index`.
    pub(super) fn revokes(&self, index: u64) -> bool {
        match &self.content {
            Content::Token(verified) => verified.list().get(index) == Some(INVALID),
            Content::Bitstring(verified) => {
                let is_set = verified.bitstring().get(index).is_some_and(|value| value != 0);
                is_set && verified.list.purposes.contains(&StatusPurpose::Revocation)
            }
        }
    }

    /// Returns true if both say the same about every entry, and mean the same by it.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Token(a), Content::Token(b)) => a.list().as_bytes() == b.list().as_bytes(),
            (Content::Bitstring(a), Content::Bitstring(b)) => a.bitstring() == b.bitstring() && a.list.purposes == b.list.purposes,
            _ => false,
        }
    }

    /// Returns true if this list revokes an entry that `newer` does not.
    pub(super) fn revokes_more_than(&self, newer: &Self) -> bool {
        match (&self.content, &newer.content) {
            (Content::Token(ours), Content::Token(theirs)) => {
                let (ours, theirs) = (ours.list(), theirs.list());
                let revoked = |list: super::list::StatusList<'_>, at: usize| {
                    list.as_bytes().get(at).map_or(0, |byte| list.bits().mask_of_ones(*byte))
                };
                (0..ours.as_bytes().len()).any(|at| revoked(ours, at) & !revoked(theirs, at) != 0)
            }
            (Content::Bitstring(ours), Content::Bitstring(theirs)) => {
                let revokes = |list: &VerifiedBitstring| list.list.purposes.contains(&StatusPurpose::Revocation);
                revokes(ours) && (!revokes(theirs) || ours.bitstring().sets_more_than(theirs.bitstring()))
            }
            _ => true,
        }
    }

    /// Returns true if a cleared entry may be a suspension that ended: the list does not say which of its entries are revocations.
    pub(super) fn is_partly_reversible(&self) -> bool {
        matches!(&self.content, Content::Bitstring(verified) if verified.is_partly_reversible())
    }

    /// Returns true if there is nothing in this list against an entry that it has.
    pub(crate) fn is_clear(&self, reference: &StatusReference) -> bool {
        self.read(reference) == Some(Reading::Clear)
    }

    /// Returns what this list says about an entry; `None` if it has no such entry.
    pub(super) fn read(&self, reference: &StatusReference) -> Option<Reading> {
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

impl Signer {
    /// Returns true if `targets` give the key up as compromised, under whichever of its names.
    fn is_given_up(&self, targets: &TargetsPart) -> bool {
        let records = targets.authorities.iter().flat_map(|authority| &authority.keys);
        records.filter(|record| record.state == KeyState::Compromised).any(|record| record.kid == self.kid || record.key == self.key)
    }
}

/// A list's content, what its issuer announces about it, and the key that signed it.
type Verified<'t> = (Content, &'t StatusUri, &'t KeyRecord);

/// Returns a list as a text: a CWT that comes as bytes in base64url, and a text without the line break at its end.
fn spelled(list: &[u8]) -> Result<Cow<'_, str>, ListError> {
    match list.first() {
        Some(0xd2 | 0x84) => Ok(Cow::Owned(base64url::encode(list))),
        _ => core::str::from_utf8(list.trim_ascii()).map(Cow::Borrowed).map_err(|_| ListError::Malformed),
    }
}

fn verify_token<'t>(token: &Unverified<'_>, targets: &'t TargetsPart) -> Result<Verified<'t>, Refusal> {
    let fail = |why| (String::new(), why);
    let kid = token.key_id().ok_or(fail(ListError::Malformed))?;
    let (authority, record) = status_key(targets, kid).ok_or(fail(ListError::UntrustedSigner))?;
    let claims = token.claims(&record.key).map_err(fail)?;
    let uri = claims.token.uri.clone();
    let fail = |why| (uri.clone(), why);
    let entry = announced(authority, record, &uri, claims.token.issued_at, ListKind::Token).map_err(fail)?;
    if claims.bits.get() != entry.bits {
        return Err(fail(ListError::Bits));
    }
    let most = usize::try_from(claims.bits.bytes_for(entry.max_entries)).unwrap_or(usize::MAX);
    Ok((Content::Token(claims.inflate(most).map_err(fail)?), entry, record))
}

fn verify_bitstring<'t>(text: &str, targets: &'t TargetsPart) -> Result<Verified<'t>, Refusal> {
    let fail = |why| (String::new(), why);
    let secured = bitstring::unverified(text).map_err(fail)?;
    let signed = SignedBitstring::verify(&secured, &StatusKeys(targets)).map_err(fail)?;
    let (authority, record) = signed.key_id.as_deref().and_then(|kid| status_key(targets, kid)).ok_or(fail(ListError::UntrustedSigner))?;
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
    Ok((Content::Bitstring(signed.inflate(most).map_err(fail)?), entry, record))
}

/// The status keys that the targets name.
struct StatusKeys<'t>(&'t TargetsPart);

impl KeySource for StatusKeys<'_> {
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey> {
        status_key(self.0, claim.key_id()?).map(|(_, record)| &record.key)
    }
}

/// Returns the status key with this id. An unverified name is good only for finding a key.
fn status_key<'t>(targets: &'t TargetsPart, kid: &str) -> Option<(&'t Authority, &'t KeyRecord)> {
    targets.key_records().find(|(_, key)| key.kid == kid && key.key_use == KeyUse::Status)
}

/// Returns what `authority` announces about the list at `uri`, if `record` may have signed it at that time.
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

/// Returns the address and the time that a list of either kind claims for itself. Unverified: use them only to plan what to ask for.
pub fn claimed(text: &str) -> Option<(String, Timestamp)> {
    let token = if text.starts_with('{') { None } else { Some(Unverified::parse(text).ok()?) };
    let jws = match token {
        None => None,
        Some(Unverified::Jwt(jws)) => Some(jws),
        Some(Unverified::Cwt(cwt)) => {
            let SignedClaims { token, .. } = SignedClaims::read_cwt(&cwt).ok()?;
            return Some((token.uri, token.issued_at));
        }
    };
    let said = json::parse(jws.as_ref().map_or(text.as_bytes(), Jws::untrusted_payload), bitstring::LIMITS).ok()?;
    let text = |name: &str| said.member(name).and_then(Value::as_str);
    match text("sub") {
        Some(uri) => Some((uri.to_string(), Timestamp::from_unix(said.member("iat")?.as_i64()?)?)),
        None => Some((text("id")?.to_string(), Timestamp::parse_rfc3339(text("validFrom")?)?)),
    }
}
