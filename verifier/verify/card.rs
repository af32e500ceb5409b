//! The way of a card through the checkpoint.

use super::{Checkpoint, Findings, ask};
use crate::act::Act;
use crate::check::{card, enrolled, role};
use crate::grant::{CardGrant, CardMarks, Passed, PeerCardMarks, PeerCheck};
use waypass_trust::reason::{Reason, ReasonCode};

impl Checkpoint<'_> {
    /// Like [`Self::examine`], about a card: it answers no question, and uses up none.
    pub(super) fn examine_card<'act>(&self, act: &Act<'act, '_>, enrolled: Option<enrolled::Enrolled<'act>>, found: &mut Findings) {
        found.evidence.challenge = None;
        let Some(assessed) = found.assess(act, self.bundle) else { return };
        let card = found.note(card::check(&assessed));
        let Some(enrolled) = enrolled else {
            found.reasons.push(Reason::from(ReasonCode::BearerPass));
            let fresh = found.best_evidence(&assessed);
            if let (Some(card), Some(fresh)) = (card, fresh) {
                found.passed = Some(Passed::Peer(PeerCheck::of_card(assessed, PeerCardMarks { card, fresh })));
            }
            return;
        };
        let admission = match &self.policy {
            Ok(policy) => card::admit(policy, &ask(assessed.assessment().role(), act.at), &assessed, enrolled.lapsed()),
            Err(why) => card::CardAdmission { reasons: role::Admission::unusable(why).reasons, ..card::CardAdmission::default() },
        };
        found.ruled(self.bundle, &enrolled, admission.rule, admission.role.as_deref());
        found.reasons.extend(admission.reasons);
        found.steps.extend(admission.steps);
        self.seen_before(act.at, found);
        if let (Some(card), Some((permitted, fresh))) = (card, admission.markers) {
            let marks = CardMarks { enrolled, card, permitted, fresh };
            found.passed = Some(Passed::Card(CardGrant::new(assessed, marks)));
        }
    }
}
