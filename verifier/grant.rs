//! What lets somebody pass: the marks of every check, which nothing but the checks can make.

use crate::check::{
    answer::Answers, enrolled::Enrolled, freshness::FreshEnough, holder::HolderPresent, replay::FirstAnswer, role::Permitted,
    timely::Timely,
};
use waypass_trust::assess::{Authorised, Genuine, InForce};

/// Proof that every check was made and passed. It cannot be copied, stored or made outside this crate.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Grant(Marks);

/// One mark per check: leave one out and it does not compile.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Marks {
    pub(crate) enrolled: Enrolled,
    pub(crate) timely: Timely,
    pub(crate) first: FirstAnswer,
    pub(crate) genuine: Genuine,
    pub(crate) authorised: Authorised,
    pub(crate) in_force: InForce,
    pub(crate) holder: HolderPresent,
    pub(crate) answers: Answers,
    pub(crate) permitted: Permitted,
    pub(crate) fresh: FreshEnough,
}

/// What a device that is no gate can show: every check but enrolment and the rules of a gate. It never becomes a [`Grant`].
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct PeerMarks {
    pub(crate) timely: Timely,
    pub(crate) first: FirstAnswer,
    pub(crate) genuine: Genuine,
    pub(crate) authorised: Authorised,
    pub(crate) in_force: InForce,
    pub(crate) holder: HolderPresent,
    pub(crate) answers: Answers,
    pub(crate) fresh: FreshEnough,
}

/// What the checks left behind.
#[derive(Debug, Default)]
pub(crate) enum Passed {
    /// At least one check left no mark.
    #[default]
    No,
    /// Every check of a gate.
    Gate(Marks),
    /// Every check of a peer.
    Peer(PeerMarks),
}

impl Grant {
    pub(crate) const fn new(marks: Marks) -> Self {
        Self(marks)
    }

    /// The role that may act.
    pub fn role(&self) -> &str {
        &self.0.permitted.role
    }

    /// The rule that permits it.
    pub fn rule(&self) -> &str {
        &self.0.permitted.rule
    }
}
