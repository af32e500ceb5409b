//! The gate's decision about any bytes.

use crate::guard::{require, violation};
use crate::setting::{codes, setting};
use waypass_credential::Presentation;
use waypass_verifier::Verdict;

/// A changed or spliced presentation never lets a person pass of whom no good seed speaks; the same bytes get the same answer, with a reason.
pub(super) fn step(data: &[u8]) {
    let setting = setting();
    let decision = setting.decide(data);
    let who = format!("{:?}", decision.evidence.who);
    if matches!(decision.verdict, Verdict::Allow(_) | Verdict::Caution(..)) && !setting.people.contains(&who) {
        violation("passes with other content than a good seed's", &who);
    }
    let again = setting.decide(data);
    require(codes(&again) == codes(&decision) && again.headline() == decision.headline(), "two answers to the same bytes");
    require(!decision.reasons.is_empty(), "an answer without a reason");
    if let Ok(read) = Presentation::parse(data, setting.bundle.contexts()) {
        require(read.as_bytes() == data, "other bytes than were read");
        let again = Presentation::parse(read.as_bytes(), setting.bundle.contexts());
        require(again.is_ok_and(|again| again.untrusted_nonce() == read.untrusted_nonce()), "another nonce when read again");
    }
}
