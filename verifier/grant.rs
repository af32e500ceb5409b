//! The proof that somebody may pass: an assessment and the marks of every check, which nothing but the checks can make.
//!
//! A mark belongs to one act (`act.rs`). One that another act left is of another type, so it fits no grant of this one.

use crate::act::Assessed;
use crate::check::{
    answer::Answers, card::CardPermitted, card::IsCard, enrolled::Enrolled, freshness::FreshEnough, holder::HolderPresent,
    replay::FirstAnswer, role::Permitted, timely::Timely,
};
use alloc::{borrow::ToOwned, string::String};
use waypass_credential::time::Timestamp;

/// Proof that every check was made and passed, about one credential in one act. It cannot be copied, or made outside this crate.
///
/// ```compile_fail,E0451
/// use waypass_verifier::Grant;
/// let grant = Grant { role: String::new(), rule: String::new(), issuer: String::new(), valid_until: todo!() };
/// ```
///
/// ```compile_fail,E0308
/// fn reuse(grant: &waypass_verifier::Grant) -> waypass_verifier::Grant {
///     grant.clone()
/// }
/// ```
///
/// ```compile_fail,E0382
/// fn twice(grant: waypass_verifier::Grant) -> (waypass_verifier::Grant, waypass_verifier::Grant) {
///     (grant, grant)
/// }
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Grant {
    role: String,
    rule: String,
    issuer: String,
    valid_until: Timestamp,
}

/// The proof of a device that is not a gate: every check but enrolment and the rules of a gate. It never becomes a [`Grant`].
///
/// ```compile_fail,E0451
/// let peer = waypass_verifier::PeerCheck { issuer: String::new() };
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct PeerCheck {
    issuer: String,
}

/// The proof of a gate that a card is good and a rule permits it. It says nothing about the person, so it never becomes a [`Grant`]: no
/// card is green.
///
/// ```compile_fail,E0451
/// let card = waypass_verifier::CardGrant { role: String::new(), rule: String::new(), issuer: String::new() };
/// ```
///
/// ```compile_fail,E0308
/// fn green(card: waypass_verifier::CardGrant) -> waypass_verifier::Verdict {
///     waypass_verifier::Verdict::Allow(card)
/// }
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct CardGrant {
    role: String,
    rule: String,
    issuer: String,
}

/// The proof of a verdict that is neither red nor grey.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub enum Passed {
    /// Every check of a gate.
    Gate(Grant),
    /// Every check of a gate that can be made about a card.
    Card(CardGrant),
    /// Every check of a peer.
    Peer(PeerCheck),
}

/// One mark per check of a gate: leave one out and it does not compile.
#[expect(dead_code, reason = "a mark says by being there that its check was made")]
pub(crate) struct Marks<'act> {
    pub(crate) enrolled: Enrolled<'act>,
    pub(crate) timely: Timely<'act>,
    pub(crate) first: FirstAnswer<'act>,
    pub(crate) holder: HolderPresent<'act>,
    pub(crate) answers: Answers<'act>,
    pub(crate) permitted: Permitted<'act>,
    pub(crate) fresh: FreshEnough<'act>,
}

/// One mark per check of a gate about a card.
#[expect(dead_code, reason = "a mark says by being there that its check was made")]
pub(crate) struct CardMarks<'act> {
    pub(crate) enrolled: Enrolled<'act>,
    pub(crate) card: IsCard<'act>,
    pub(crate) permitted: CardPermitted<'act>,
    pub(crate) fresh: FreshEnough<'act>,
}

/// One mark per check of a peer about a card.
#[expect(dead_code, reason = "a mark says by being there that its check was made")]
pub(crate) struct PeerCardMarks<'act> {
    pub(crate) card: IsCard<'act>,
    pub(crate) fresh: FreshEnough<'act>,
}

/// One mark per check of a peer.
#[expect(dead_code, reason = "a mark says by being there that its check was made")]
pub(crate) struct PeerMarks<'act> {
    pub(crate) timely: Timely<'act>,
    pub(crate) first: FirstAnswer<'act>,
    pub(crate) holder: HolderPresent<'act>,
    pub(crate) answers: Answers<'act>,
    pub(crate) fresh: FreshEnough<'act>,
}

impl Grant {
    /// Uses up the assessment and the marks.
    #[expect(clippy::needless_pass_by_value, reason = "what has led to a grant leads to no second one")]
    pub(crate) fn new<'act>(assessed: Assessed<'act, '_>, marks: Marks<'act>) -> Self {
        let Marks { enrolled: _, timely: _, first: _, holder: _, answers: _, permitted, fresh: _ } = marks;
        let assessment = assessed.assessment();
        Self { role: permitted.role, rule: permitted.rule, issuer: assessment.issuer().to_owned(), valid_until: assessment.valid_until() }
    }

    /// Returns the role that may act.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Returns the rule that permits it.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Returns the display name of the issuer that says so.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns when the credential ends.
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }
}

impl CardGrant {
    /// Uses up the assessment and the marks.
    #[expect(clippy::needless_pass_by_value, reason = "what has led to a grant leads to no second one")]
    pub(crate) fn new<'act>(assessed: Assessed<'act, '_>, marks: CardMarks<'act>) -> Self {
        let CardMarks { enrolled: _, card: _, permitted, fresh: _ } = marks;
        Self { role: permitted.role, rule: permitted.rule, issuer: assessed.assessment().issuer().to_owned() }
    }

    /// Returns the role that may act.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Returns the rule that permits it, and names the identity check.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Returns the display name of the issuer that says so.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl PeerCheck {
    /// Like [`Self::new`], about a card.
    #[expect(clippy::needless_pass_by_value, reason = "what has led to a check leads to no second one")]
    pub(crate) fn of_card<'act>(assessed: Assessed<'act, '_>, marks: PeerCardMarks<'act>) -> Self {
        let PeerCardMarks { card: _, fresh: _ } = marks;
        Self { issuer: assessed.assessment().issuer().to_owned() }
    }

    /// Uses up the assessment and the marks.
    #[expect(clippy::needless_pass_by_value, reason = "what has led to a check leads to no second one")]
    pub(crate) fn new<'act>(assessed: Assessed<'act, '_>, marks: PeerMarks<'act>) -> Self {
        let PeerMarks { timely: _, first: _, holder: _, answers: _, fresh: _ } = marks;
        Self { issuer: assessed.assessment().issuer().to_owned() }
    }

    /// Returns the display name of the issuer of what was checked.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}
