//! The evidence about one status list: the newest token, and older ones as far as they still prove something.

use alloc::vec::Vec;
use waypass_credential::{
    role::{Mechanism, StatusPurpose, StatusReference},
    time::{Timestamp, Validity},
};

use super::{
    Denied, HeldStatus, ListError, ListInfo, Status, TakenBack, Why,
    held::{Basis, HeldList, Reading},
};
use crate::{
    parts::{MAX_LIST, TargetsPart},
    time::Moment,
};

/// Contradicting copies of one time, and older proofs of revocation, that are kept for one URI. A signer who needs more
/// is refused: what is held stays, and ages.
const MAX_COPIES: usize = 4;
const MAX_WITNESSES: usize = 8;
/// The proofs of one URI together: as much as one list, so that the file stays one that can be opened.
const MAX_WITNESS_TEXT: usize = MAX_LIST;

/// The relation of a token to the held ones.
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
    /// The newest list. More than one only while lists of one time contradict each other; none while only witnesses are held.
    newest: Vec<HeldList>,
    /// Older lists that revoke for good what a newer one takes back.
    witnesses: Vec<HeldList>,
}

impl Evidence {
    pub(crate) fn new(list: HeldList) -> Self {
        match list.basis() {
            Basis::Former(_) => Self { newest: Vec::new(), witnesses: [list].into() },
            Basis::Present | Basis::FinalBy(_) => Self { newest: [list].into(), witnesses: Vec::new() },
        }
    }

    pub(crate) fn uri(&self) -> &str {
        self.all().next().map_or("", HeldList::uri)
    }

    /// Returns the newest list.
    pub(crate) fn current(&self) -> Option<&HeldList> {
        self.newest.first()
    }

    /// Returns every token that is kept.
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
        if let Basis::Former(_) = list.basis() {
            // Its time binds nothing: whether it is older or newer than what is held does not matter.
            let mut more = self.clone();
            more.witnesses.push(list);
            self.witnesses = more.proofs_against(self.current())?;
            return Ok(Taken::Known);
        }
        let held_at = self.newest.first().map(HeldList::issued_at);
        match held_at {
            Some(held_at) if list.issued_at() < held_at => Ok(Taken::Older(held_at)),
            Some(held_at) if list.issued_at() == held_at => {
                // A re-signature of the same bitmap is not a contradiction (trust.md "Gossip").
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
                self.witnesses = self.proofs_against(Some(&list))?;
                self.newest = [list].into();
                Ok(Taken::Newest)
            }
        }
    }

    /// Returns the held lists without which a final revocation would be forgotten once `newest` is the newest list.
    fn proofs_against(&self, newest: Option<&HeldList>) -> Result<Vec<HeldList>, ListError> {
        let is_final = newest.is_some_and(HeldList::is_final);
        let proves_more = |held: &&HeldList| held.is_final() && newest.is_none_or(|newest| !is_final || held.revokes_more_than(newest));
        // The newest first: what a later one proves too needs no earlier one.
        let mut candidates: Vec<&HeldList> = self.all().filter(proves_more).collect();
        candidates.sort_by_key(|held| core::cmp::Reverse(held.issued_at()));
        let mut kept: Vec<&HeldList> = Vec::new();
        for held in candidates {
            let known = |index| is_final && newest.is_some_and(|newest| newest.revokes(index));
            let proved = |index| known(index) || kept.iter().any(|other| other.revokes(index));
            if (0..held.entries()).any(|index| held.revokes(index) && !proved(index)) {
                kept.push(held);
            }
        }
        // If suspensions share a list with revocations, an honest issuer clears entries all the time: the newest
        // witnesses are kept. An issuer that wants every revocation to be final gives them a list of their own.
        if kept.len() > MAX_WITNESSES && !newest.is_some_and(HeldList::is_partly_reversible) {
            return Err(ListError::Contradiction);
        }
        kept.truncate(MAX_WITNESSES);
        if kept.iter().map(|held| held.text.len()).sum::<usize>() > MAX_WITNESS_TEXT {
            return Err(ListError::Contradiction);
        }
        Ok(kept.into_iter().rev().cloned().collect())
    }

    /// Returns what is left without the lists that a key of `targets` signed which is given up as compromised.
    pub(crate) fn without_given_up(mut self, targets: &TargetsPart) -> Option<Self> {
        self.newest.retain(|list| !list.is_given_up(targets));
        self.witnesses.retain(|list| !list.is_given_up(targets));
        (!self.newest.is_empty() || !self.witnesses.is_empty()).then_some(self)
    }

    /// Returns true if the newest list here is as new as `early`, and takes back nothing that is final there.
    pub(crate) fn takes_the_place_of(&self, early: &Self) -> bool {
        let is_as_new = |list: &HeldList| {
            let follows =
                |newest: &HeldList| newest.issued_at() >= list.issued_at() && !(list.is_final() && list.revokes_more_than(newest));
            self.current().is_some_and(follows)
        };
        early.all().all(is_as_new)
    }

    /// Returns `held` with what these lists take from it: they revoke and suspend, and make nothing good.
    pub(crate) fn withdraw(&self, held: HeldStatus, reference: &StatusReference, at: &Moment) -> HeldStatus {
        let said = self.status(reference, at);
        match said.status {
            // A list from the future does not prove that this clock is slow, but is reason enough to doubt it.
            Status::Revoked | Status::Suspended | Status::Unknown(Why::ClockDoubt) => graver(held, said),
            Status::Valid | Status::Unknown(_) => held,
        }
    }

    /// Returns the entries that are revoked by any list here, or suspended by the newest.
    pub(super) fn denied(&self) -> Denied {
        let mut denied = Denied::default();
        self.witnesses.iter().for_each(|list| list.deny(true, &mut denied));
        self.newest.iter().for_each(|list| list.deny(false, &mut denied));
        denied
    }

    /// Returns the final revocations that the newest list takes back, if it does.
    pub(crate) fn taken_back(&self) -> Option<TakenBack> {
        let newest = self.current()?;
        let is_taken_back = |index: &u64| !newest.revokes(*index) && self.witnesses.iter().any(|held| held.revokes(*index));
        let most = self.witnesses.iter().map(HeldList::entries).max()?;
        let mut indices = (0..most).filter(is_taken_back);
        let first = indices.next()?;
        let entries = 1 + indices.count() as u64;
        let seen_at = self.witnesses.iter().map(HeldList::issued_at).max()?;
        Some(TakenBack { uri: self.uri().into(), entries, first, seen_at, taken_back_at: newest.issued_at() })
    }

    /// Returns what all of it says about one entry; the table of trust.md "Verdict", top to bottom.
    pub(crate) fn status(&self, reference: &StatusReference, at: &Moment) -> HeldStatus {
        let is_revoked = self.all().any(|list| list.read(reference) == Some(Reading::Revoked));
        let Some(current) = self.current() else {
            let status = if is_revoked { Status::Revoked } else { Status::Unknown(Why::NotCovered) };
            return HeldStatus::new(status, None);
        };
        let answer = |status| HeldStatus::new(status, Some(current.issued_at()));
        let mut readings = self.newest.iter().map(|list| list.read(reference));
        let reading = readings.next().flatten();
        let agreed = readings.all(|other| other == reading);

        if is_revoked {
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
            Some(_) if self.newest.iter().any(|list| Validity::ending(list.expires_at()).is_over(at.at())) => {
                answer(Status::Unknown(Why::ListExpired))
            }
            Some(Reading::Clear) => answer(Status::Valid),
            Some(Reading::Refresh) => HeldStatus { update_available: true, ..answer(Status::Valid) },
            Some(Reading::Own(value)) => HeldStatus { message: Some(value), ..answer(Status::Unknown(Why::NotCovered)) },
            Some(Reading::Revoked) => answer(Status::Revoked),
        }
    }
}

/// Returns what the entries of one credential say together. Each may deny; only those that could have denied cover it.
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
        // A missing entry can only withhold a hint, and the hint is not a reason to deny.
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

/// Returns the one of two statuses that decides; of two equal ones that with the older evidence.
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
