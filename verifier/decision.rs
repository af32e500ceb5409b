//! A decision: the verdict, apart from its reasons, apart from the evidence.

use crate::grant::{Grant, Passed};
use crate::step::Step;
use alloc::{string::String, vec::Vec};
use waypass_credential::Format;
use waypass_credential::Nonce;
use waypass_credential::json::Object;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::OfflineHorizon;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::time::Confidence;

/// Which checkpoint this is, as enrolled in the bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateIdentity {
    /// The `did:key` of the gate's key: who asks, the audience of every answer, and the device of the audit chain.
    pub id: String,
    /// For people.
    pub name: String,
    /// The site it is for.
    pub site: String,
    /// The zone it opens.
    pub zone: String,
}

/// The answer to the guard: how to treat the person.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub enum Verdict {
    /// Green: let them pass.
    Allow(Grant),
    /// Amber: let them pass after the extra step. A peer lets nobody pass.
    Caution(Step, Passed),
    /// Red: do not let them pass.
    Deny,
    /// Grey: nobody can tell; do not let them pass on this decision.
    CannotCheck,
}

/// A decision: the verdict, the reasons and the evidence.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Every reason, the worst first; `ok` alone when green.
    pub reasons: Vec<Reason>,
    /// The evidence.
    pub evidence: Evidence,
    /// The amber codes that the signed policy lets a device without a person accept.
    pub(crate) unattended_ok: Vec<ReasonCode>,
}

/// The evidence of a decision. Nothing in here is claimed by an unverified credential.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evidence {
    /// The claims of the credential, once it was assessed.
    pub who: Option<Who>,
    /// The display name of the issuer, once the credential is known to be genuine.
    pub issuer_name: Option<String>,
    /// Of the bundle.
    pub trust: Option<Age>,
    /// Of the status list that covers the credential.
    pub revocation: Option<Age>,
    /// Of the role policy.
    pub policy: Option<Age>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The time until which this gate can decide about such a role without a link, and what ends then.
    pub works_offline_until: Option<OfflineHorizon>,
    /// The challenge answered.
    pub challenge: Option<Nonce>,
    /// The gate's name.
    pub gate: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// How far the clock could be believed.
    pub clock: Option<Confidence>,
}

impl Eq for Evidence {}

/// The claims of an assessed credential.
#[derive(Clone, PartialEq, Debug)]
pub struct Who {
    /// The issuer's id.
    pub issuer: String,
    /// The format it came in.
    pub format: Format,
    /// The roles disclosed.
    pub roles: Vec<String>,
    /// The sites it is good for.
    pub sites: Vec<String>,
    /// The zones it is good for.
    pub zones: Vec<String>,
    /// The personal claims disclosed.
    pub claims: Object<'static>,
    /// Members of the document that nothing here acts on.
    pub not_acted_on: Vec<&'static str>,
    /// The end of its validity.
    pub valid_until: Timestamp,
}

/// How old a piece of evidence is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Age {
    /// When it was made.
    pub as_of: Timestamp,
    /// How long ago; `None` while the clock cannot say.
    pub seconds: Option<i64>,
}

impl Verdict {
    /// Returns the level of the verdict.
    pub const fn level(&self) -> Level {
        match self {
            Self::Allow(_) => Level::Green,
            Self::Caution(..) => Level::Amber,
            Self::Deny => Level::Red,
            Self::CannotCheck => Level::Grey,
        }
    }

    /// Returns the name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Caution(..) => "caution",
            Self::Deny => "deny",
            Self::CannotCheck => "cannot_check",
        }
    }
}

impl Decision {
    /// Returns a decision made where no checkpoint could be set up or nothing could be stored: `no_bundle`, `storage_failed`,
    /// `policy_error`. Red or grey; a code that is neither becomes grey.
    pub fn cannot(reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        let verdict = if reason.code.level() == Level::Red { Verdict::Deny } else { Verdict::CannotCheck };
        Self { verdict, reasons: [reason].into(), evidence: Evidence::default(), unattended_ok: Vec::new() }
    }

    /// Returns the level of the verdict.
    pub const fn level(&self) -> Level {
        self.verdict.level()
    }

    /// Two or three words for a screen.
    pub fn headline(&self) -> &'static str {
        self.reasons.first().map_or("", |reason| reason.code.headline())
    }

    /// Returns the reasons whose next action is due: for amber every one, else the worst.
    pub fn due(&self) -> impl Iterator<Item = &Reason> {
        let due = if self.level() == Level::Amber { self.reasons.len() } else { 1 };
        self.reasons.iter().take(due)
    }

    /// Returns what the person at the gate does now, without repetitions.
    pub fn next_action(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for reason in self.due() {
            let next = reason.code.next_action();
            if !words.contains(&next) {
                words.push(next);
            }
        }
        words.join(" ")
    }

    /// Returns true if a device without a person may open: green, or amber with nothing but reasons that are named in `accepted`
    /// *and* marked so in the signed policy.
    pub fn opens(&self, accepted: &[ReasonCode]) -> bool {
        match self.verdict {
            Verdict::Allow(_) => true,
            // A machine cannot look at a document.
            Verdict::Caution(_, Passed::Card(_)) | Verdict::Deny | Verdict::CannotCheck => false,
            Verdict::Caution(..) => {
                self.reasons.iter().all(|reason| accepted.contains(&reason.code) && self.unattended_ok.contains(&reason.code))
            }
        }
    }
}
