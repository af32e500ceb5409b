//! The checkpoint: every check in its order, every byte string answered.

use crate::act::{Act, Assessed, NotAssessed};
use crate::challenge::{Challenge, Challenges, LIFETIME_SECONDS, Unread};
use crate::check::{answer, enrolled, freshness, holder, replay, role, timely};
use crate::decide::decide;
use crate::decision::{Age, Decision, Evidence, GateIdentity, Verdict, Who};
use crate::device::DeviceState;
use crate::grant::{Grant, Marks, Passed, PeerCheck, PeerMarks};
use crate::seen::CredentialMark;
use crate::step::Step;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use waypass_credential::Presentation;
use waypass_credential::request::{Query, Request};
use waypass_credential::role::{CARD, Holder, RoleClaims};
use waypass_trust::assess::bundle_ages;
use waypass_trust::audit::{Draft, Entry, Event, Outcome, StatusUsed};
use waypass_trust::bundle::{SeenAgain, TrustBundle};
use waypass_trust::freshness::Ages;
use waypass_trust::policy::{Ask, GatePolicy, PolicyError, RolePolicy};
use waypass_trust::reason::{Reason, ReasonCode};
use waypass_trust::time::{Limits, Moment, Reading, TimeGuard};

mod card;

/// One gate with what it believes, the rules it decides by, and what it remembers.
#[derive(Debug)]
pub struct Checkpoint<'t> {
    gate: GateIdentity,
    bundle: &'t TrustBundle,
    policy: Result<GatePolicy<'t>, PolicyError>,
    state: DeviceState,
    peer: bool,
}

/// The change that must be durable before the decision is shown.
#[derive(Clone, Debug)]
#[must_use]
pub struct Commit {
    next: DeviceState,
    entry: Entry,
    seq: u64,
}

impl Commit {
    /// Returns the new device state, to replace the old one in the same transaction.
    pub fn state_bytes(&self) -> Vec<u8> {
        self.next.to_bytes()
    }

    /// Returns the audit entry with its private opening: store it encrypted, at position [`Self::seq`].
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Returns the entry's position in the audit chain.
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

/// The results of the checks, until they become a decision.
#[derive(Default)]
struct Findings {
    passed: Option<Passed>,
    reasons: Vec<Reason>,
    steps: Vec<Step>,
    evidence: Evidence,
    subject: Option<String>,
    status: Option<StatusUsed>,
    mark: Option<CredentialMark>,
}

impl<'t> Checkpoint<'t> {
    /// Returns a gate that decides by `policy` on what `bundle` says. `state` is what it stored last, or [`DeviceState::new`].
    pub fn new(gate: GateIdentity, bundle: &'t TrustBundle, policy: &'t RolePolicy, state: DeviceState) -> Self {
        let entry = bundle.gate(&gate.id);
        let time_zone = entry.as_ref().and_then(|entry| entry.time_zone.as_deref());
        let policy = policy.at_gate(&gate.id, &gate.site, &gate.zone, time_zone);
        Self { gate, bundle, policy, state, peer: false }
    }

    /// Checks as a peer, for a device that is not a gate: says what is known and how old it is, never green, and asks no rules.
    #[must_use]
    pub const fn as_peer(mut self) -> Self {
        self.peer = true;
        self
    }

    /// Returns the gate.
    pub const fn gate(&self) -> &GateIdentity {
        &self.gate
    }

    /// Returns the gate's memory; the shell stores it.
    pub const fn state(&self) -> &DeviceState {
        &self.state
    }

    /// Judges a reading of the clocks. New knowledge becomes durable with the next decision.
    pub fn observe(&mut self, reading: &Reading) -> Moment {
        let policy = self.bundle.policy();
        let limits = Limits { boots: policy.max_boots_without_signed_time, decisions: policy.max_decisions_without_signed_time };
        let (moment, next) = TimeGuard::observe(&self.state.time, reading, &limits);
        self.state.time = next;
        moment
    }

    /// Asks: keep the challenge, sign the request with the gate's key and show it.
    pub fn ask(&self, query: Query, purpose: &str, at: &Moment, rng: &mut dyn CryptoRng) -> (Challenge, Request) {
        let challenge = Challenge::new(&self.gate.id, query, at, rng);
        let request = Request {
            client_id: self.gate.id.clone(),
            nonce: challenge.nonce,
            issued_at: at.at(),
            expires_at: at.at().plus(LIFETIME_SECONDS),
            purpose: purpose.to_owned(),
            query: challenge.query.clone(),
            code: None,
        };
        (challenge, request)
    }

    /// Decides about whatever was presented as an answer to one of `asked`. Total: every byte string gets a decision. Nothing changes
    /// until the commit is stored and handed to [`Self::committed`].
    ///
    /// An answer to none of them is judged under a challenge that nobody was shown, drawn from `rng`. Nothing can be green under it,
    /// and it uses up no lane's own challenge.
    pub fn step(&self, presentation: &[u8], asked: impl Into<Challenges>, at: &Moment, rng: &mut dyn CryptoRng) -> (Decision, Commit) {
        let (presentation, answered) = asked.into().answered_by(presentation, self.bundle.contexts());
        let challenge = answered.unwrap_or_else(|| Challenge::new(&self.gate.id, Query::any_role(), at, rng));
        self.judge(presentation, challenge, at)
    }

    fn judge(&self, presentation: Result<Presentation, Unread>, challenge: Challenge, at: &Moment) -> (Decision, Commit) {
        let mut found = Findings { evidence: self.evidence(&challenge, at), ..Findings::default() };
        Act::judge(presentation, &challenge, at, |act| self.examine(act, &mut found));

        let decision = decide(found.passed, found.reasons, &found.steps, found.evidence, self.bundle.policy());
        let mut next = self.state.clone();
        next.time = next.time.decided();
        next.seen.remember(&challenge.nonce, at, LIFETIME_SECONDS.unsigned_abs() * 1000);
        let passed = found.mark.filter(|_| matches!(decision.verdict, Verdict::Allow(_) | Verdict::Caution(..)));
        next.seen.remember_passed(passed, self.seen_again(), at);
        let draft = Draft {
            at,
            actor: &self.gate.id,
            event: if self.peer { Event::Checked } else { Event::Decided },
            subject: found.subject.as_deref().unwrap_or("unknown"),
            outcome: Some(Outcome::new(decision.level(), decision.reasons.iter().map(|reason| reason.code))),
            bundle_version: self.bundle.versions().targets,
            status: found.status,
        };
        let seq = next.chain.size();
        let entry = next.chain.append(draft, challenge.salts);
        (decision, Commit { next, entry, seq })
    }

    /// Moves on, once `commit` is durable.
    pub fn committed(&mut self, commit: Commit) {
        self.state = commit.next;
    }

    /// Every check that can be made is made, so that all reasons are known; each leaves its mark.
    fn examine(&self, act: &Act<'_, '_>, found: &mut Findings) {
        let enrolled = if self.peer {
            found.reasons.push(Reason::from(ReasonCode::PeerCheck));
            found.steps.push(Step::Confirm);
            None
        } else {
            match enrolled::check(act, &self.gate.id, self.bundle) {
                Ok(enrolled) => Some(enrolled),
                // Such a gate decides about nobody, not even that somebody is to be turned away.
                Err(why) => return found.reasons.push(why),
            }
        };
        if act.is_card() {
            return self.examine_card(act, enrolled, found);
        }
        let timely = found.note(timely::check(act, &self.gate.id));
        let first = found.note(replay::check(act, &self.state.seen));
        let Some(assessed) = found.assess(act, self.bundle) else { return };
        let holder = found.note(holder::check(act, &assessed));
        let answers = found.note(answer::check(act, &assessed));
        let Some(enrolled) = enrolled else {
            let fresh = found.best_evidence(&assessed);
            if let (Some(timely), Some(first), Some(holder), Some(answers), Some(fresh)) = (timely, first, holder, answers, fresh) {
                let marks = PeerMarks { timely, first, holder, answers, fresh };
                found.passed = Some(Passed::Peer(PeerCheck::new(assessed, marks)));
            }
            return;
        };
        let admission = self.admit(&assessed, enrolled.lapsed(), act.at);
        found.ruled(self.bundle, &enrolled, admission.rule, admission.role.as_deref());
        found.reasons.extend(admission.reasons);
        found.steps.extend(admission.steps);
        self.seen_before(act.at, found);

        if let (Some(timely), Some(first), Some(holder), Some(answers), Some((permitted, fresh))) =
            (timely, first, holder, answers, admission.markers)
        {
            let marks = Marks { enrolled, timely, first, holder, answers, permitted, fresh };
            found.passed = Some(Passed::Gate(Grant::new(assessed, marks)));
        }
    }

    fn admit<'act>(&self, assessed: &Assessed<'act, '_>, lapsed: Option<Reason>, at: &Moment) -> role::Admission<'act> {
        match &self.policy {
            Ok(policy) => role::check(policy, &ask(assessed.assessment().role(), at), assessed, lapsed),
            Err(why) => role::Admission::unusable(why),
        }
    }

    /// Returns how long a credential that passed is remembered. A peer admits nobody, so nothing passes it.
    fn seen_again(&self) -> Option<SeenAgain> {
        self.bundle.policy().seen_again_seconds.filter(|_| !self.peer)
    }

    fn seen_before(&self, at: &Moment, found: &mut Findings) {
        let (Some(within), Some(mark)) = (self.seen_again(), found.mark) else { return };
        if let Some(last) = self.state.seen.passed_within(&mark, within, at) {
            let ago = at.at().since(last).max(0);
            found.reasons.push(Reason::new(ReasonCode::SeenRecently, alloc::format!("{ago} s ago")));
            found.steps.push(Step::Confirm);
        }
    }

    /// Returns the evidence of every decision of this gate, whatever was presented.
    fn evidence(&self, challenge: &Challenge, at: &Moment) -> Evidence {
        let Ages { trust, policy, .. } = bundle_ages(self.bundle, at);
        Evidence {
            trust: Some(Age { as_of: self.bundle.issued_at(), seconds: trust }),
            policy: Some(Age { as_of: self.bundle.policy().issued_at, seconds: policy }),
            challenge: Some(challenge.nonce),
            gate: Some(self.gate.name.clone()),
            decided_at: Some(at.at()),
            clock: Some(at.confidence()),
            ..Evidence::default()
        }
    }
}

fn ask<'r>(shown: &'r RoleClaims, at: &Moment) -> Ask<'r> {
    Ask { roles: &shown.roles, sites: &shown.sites, zones: &shown.zones, issuer: &shown.issuer, at: at.at() }
}

impl Findings {
    /// Assesses the credential and takes over what it shows, or why it is refused.
    fn assess<'act, 'p>(&mut self, act: &'p Act<'act, '_>, bundle: &TrustBundle) -> Option<Assessed<'act, 'p>> {
        match act.assess(bundle) {
            Ok(assessed) => {
                self.learn(&assessed, act.at);
                return Some(assessed);
            }
            Err(NotAssessed::Unread(Unread::Malformed(why))) => {
                self.reasons.push(Reason::new(ReasonCode::Malformed, alloc::format!("{why}")));
            }
            Err(NotAssessed::Unread(Unread::SealedToAnother)) => {
                self.reasons.push(Reason::new(ReasonCode::NonceMismatch, "the answer is sealed to another question"));
            }
            Err(NotAssessed::Refused(refused)) => {
                self.evidence.issuer_name = refused.issuer;
                self.evidence.revocation = refused.ages.revocation.map(|seconds| revocation_age(act.at, seconds));
                self.reasons.extend(refused.reasons);
            }
        }
        None
    }

    /// Notes the rule that decided, and until when this gate can decide about the role.
    fn ruled(&mut self, bundle: &TrustBundle, enrolled: &enrolled::Enrolled<'_>, rule: Option<String>, role: Option<&str>) {
        self.evidence.rule = rule;
        self.evidence.works_offline_until = role.map(|role| bundle.works_offline_until(role, Some(&enrolled.entry)));
    }

    fn note<M>(&mut self, result: Result<M, Reason>) -> Option<M> {
        result.map_err(|reason| self.reasons.push(reason)).ok()
    }

    /// Notes how fresh the evidence is about the role that it is freshest for.
    fn best_evidence<'act>(&mut self, assessed: &Assessed<'act, '_>) -> Option<freshness::FreshEnough<'act>> {
        let readings = assessed.assessment().readings().iter().map(|reading| freshness::check(reading, assessed.tie()));
        let best = readings.min_by_key(freshness::Reading::rank)?.without_break_glass_rule();
        self.reasons.extend(best.reasons);
        self.steps.extend(best.steps);
        best.marker
    }

    /// Takes over what an assessed credential shows.
    fn learn(&mut self, assessed: &Assessed<'_, '_>, at: &Moment) {
        let (format, assessed) = (assessed.presentation().credential().format(), assessed.assessment());
        self.reasons.extend_from_slice(assessed.notes());
        let role = assessed.role();
        let as_of = assessed.readings().iter().find_map(|reading| reading.revocation.as_of());
        self.evidence.issuer_name = Some(assessed.issuer().to_owned());
        self.evidence.revocation = match (as_of, assessed.ages().revocation) {
            (Some(as_of), seconds) => Some(Age { as_of, seconds }),
            (None, Some(seconds)) => Some(revocation_age(at, seconds)),
            (None, None) => None,
        };
        self.evidence.who = Some(Who {
            issuer: role.issuer.clone(),
            format,
            roles: role.roles.clone(),
            sites: role.sites.clone(),
            zones: role.zones.clone(),
            claims: role.personal.clone(),
            not_acted_on: assessed.not_acted_on(),
            valid_until: role.valid_until,
        });
        self.subject = role.holder.as_ref().map(|holder| holder.did().into_owned()).or_else(|| card_subject(role));
        // Of several entries the one that can be looked up again later: whether the credential was revoked when it was admitted.
        let entry = role.status.iter().find(|entry| entry.can_revoke()).or(role.status.first());
        self.status = entry.map(|entry| StatusUsed { uri: entry.uri.clone(), index: entry.index, list_issued_at: as_of });
        self.mark = Some(credential_mark(role));
    }
}

fn revocation_age(at: &Moment, seconds: i64) -> Age {
    Age { as_of: at.at().plus(-seconds), seconds: Some(seconds) }
}

/// Returns the name of a card in the log, where a holder has a DID.
fn card_subject(role: &RoleClaims) -> Option<String> {
    let number = role.personal.member("card").filter(|_| role.kind == CARD)?.as_str()?;
    Some(alloc::format!("card:{number}"))
}

/// Returns what identifies a credential in every presentation: its place in the status lists, else its holder's key.
fn credential_mark(role: &RoleClaims) -> CredentialMark {
    let mut hash = Sha256::new().chain_update(role.issuer.as_bytes()).chain_update([0]);
    for entry in &role.status {
        hash.update(entry.index.to_be_bytes());
        hash.update(entry.uri.as_bytes());
    }
    if let (true, Some(Ok(holder))) = (role.status.is_empty(), role.holder.as_ref().map(Holder::key)) {
        hash.update(holder.to_bytes());
    }
    let mut mark = CredentialMark::default();
    mark.copy_from_slice(&hash.finalize()[..16]);
    mark
}

#[cfg(test)]
mod tests;
