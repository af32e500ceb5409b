//! What is held about one status list: the newest token, and older ones as far as they still prove something.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use waypass_credential::time::Timestamp;

use super::{
    HeldStatus, ListError, ListInfo, Status, Why,
    list::StatusList,
    token::{SignedClaims, VerifiedList, unverified, verified_payload},
};
use crate::{
    bundle::{Digest, KeyState, KeyUse, TargetsPart},
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

/// A verified token with its text, so that whoever gets it can verify it again.
#[derive(Clone, Debug)]
pub(crate) struct HeldList {
    pub(crate) text: String,
    pub(crate) digest: Digest,
    verified: VerifiedList,
    expires_at: Timestamp,
    irrevocable: bool,
}

impl HeldList {
    /// Verifies a token for what `targets` allows: a status key of the authority that announces the URI, in a state and
    /// at a time in which it is believed, and a bitmap no larger than announced.
    pub(crate) fn verify(text: &[u8], targets: &TargetsPart) -> Result<Self, (String, ListError)> {
        let fail = |why| (String::new(), why);
        let text = core::str::from_utf8(text).map_err(|_| fail(ListError::Malformed))?;
        let jws = unverified(text).map_err(fail)?;
        let kid = jws.header().key_id.as_deref().ok_or(fail(ListError::Malformed))?;
        let (authority, record) = targets
            .authorities
            .iter()
            .find_map(|authority| Some((authority, authority.keys.iter().find(|key| key.kid == kid && key.key_use == KeyUse::Status)?)))
            .ok_or(fail(ListError::UntrustedSigner))?;
        let claims = SignedClaims::read(verified_payload(&jws, &record.key).map_err(fail)?).map_err(fail)?;

        let uri = claims.token.uri.clone();
        let fail = |why| (uri.clone(), why);
        if record.state == KeyState::Compromised {
            return Err(fail(ListError::KeyCompromised));
        }
        let issued_at = claims.token.issued_at;
        if !record.covers(issued_at) {
            return Err(fail(ListError::KeyNotInUse));
        }
        let entry = authority.status_uris.iter().find(|entry| entry.uri == uri).ok_or(fail(ListError::UntrustedSigner))?;
        if claims.bits.get() != entry.bits {
            return Err(fail(ListError::Bits));
        }
        let most = usize::try_from(claims.bits.bytes_for(entry.max_entries)).unwrap_or(usize::MAX);
        let verified = claims.inflate(most).map_err(fail)?;
        let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
        let expires_at = verified.token.expires_at.unwrap_or(issued_at.plus(longest));
        Ok(Self { text: text.to_string(), digest: Digest::of(text.as_bytes()), verified, expires_at, irrevocable: entry.irrevocable })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.verified.token.uri
    }

    pub(crate) fn issued_at(&self) -> Timestamp {
        self.verified.token.issued_at
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn list(&self) -> StatusList<'_> {
        self.verified.list()
    }

    pub(crate) fn info(&self) -> ListInfo {
        ListInfo {
            uri: self.uri().into(),
            issued_at: self.issued_at(),
            expires_at: self.expires_at,
            digest: self.digest,
            entries: self.list().len(),
        }
    }

    /// Whether this list revokes an entry that `newer` does not.
    fn revokes_more_than(&self, newer: &Self) -> bool {
        let (ours, theirs) = (self.list(), newer.list());
        let revoked = |list: StatusList<'_>, at: usize| list.as_bytes().get(at).map_or(0, |byte| list.bits().mask_of_ones(*byte));
        (0..ours.as_bytes().len()).any(|at| revoked(ours, at) & !revoked(theirs, at) != 0)
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
                if self.newest.iter().any(|held| held.list().as_bytes() == list.list().as_bytes()) {
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
                if self.all().filter(proves_more).count() > MAX_WITNESSES {
                    return Err(ListError::Contradiction);
                }
                let kept: Vec<HeldList> = self.all().filter(proves_more).cloned().collect();
                self.witnesses = kept;
                self.newest = [list].into();
                Ok(Taken::Newest)
            }
        }
    }

    /// What all of it says about one entry; the table of trust.md "Verdict", top to bottom.
    pub(crate) fn status(&self, index: u64, at: &Moment) -> HeldStatus {
        let Some(current) = self.current() else { return HeldStatus::not_covered() };
        let answer = |status| HeldStatus { status, as_of: Some(current.issued_at()), out_of_range: false };
        let mut values = self.newest.iter().map(|list| list.list().get(index));
        let value = values.next().flatten();
        let agreed = values.all(|other| other == value);

        if self.all().any(|list| list.list().get(index) == Some(INVALID)) {
            return answer(Status::Revoked);
        }
        if !agreed {
            return answer(Status::Unknown(Why::Disagreement));
        }
        match value {
            None => HeldStatus { out_of_range: true, ..answer(Status::Unknown(Why::NotCovered)) },
            // Denies without regard to clock and expiry: neither can make a suspension go away.
            Some(SUSPENDED) => answer(Status::Suspended),
            Some(_) if at.considering(current.issued_at()).doubt().is_some() => answer(Status::Unknown(Why::ClockDoubt)),
            Some(_) if self.newest.iter().any(|list| list.expires_at < at.at()) => answer(Status::Unknown(Why::ListExpired)),
            Some(VALID) => answer(Status::Valid),
            Some(_) => answer(Status::Unknown(Why::NotCovered)),
        }
    }
}
