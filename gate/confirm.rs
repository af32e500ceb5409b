//! The outcome of an amber decision: the extra step was done, or the person was turned away.

use crate::error::GateError;
use crate::flags::Flag;
use crate::gate::Gate;
use crate::index::append;
use crate::records::{ABOUT, GATE, STATE};
use rand_core::CryptoRng;
use waypass_trust::audit::{Entry, Event, Note, Outcome, Remark, Salts};
use waypass_trust::reason::{Level, ReasonCode};
use waypass_trust::time::Reading;
use waypass_vault::VaultError;

/// The outcome of an amber decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Became {
    /// The extra step was done, and the person went in.
    Confirmed,
    /// The person did not go in.
    TurnedAway,
}

impl Became {
    const fn event(self) -> Event {
        match self {
            Self::Confirmed => Event::Confirmed,
            Self::TurnedAway => Event::TurnedAway,
        }
    }
}

/// The names that an amber decision needs before it counts as an admission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Needs {
    /// A second person.
    pub second: bool,
    /// The reason: old data was overridden, the glass was broken, or how the bearer of a card was identified.
    pub reason: bool,
}

impl Needs {
    /// Returns what the reasons of an amber decision ask for.
    pub fn of<'r>(reasons: impl IntoIterator<Item = &'r str>) -> Self {
        let (mut second, mut emergency, mut stale, mut card) = (false, false, false, false);
        for reason in reasons {
            second |= reason == ReasonCode::TwoPerson.as_str();
            emergency |= reason == ReasonCode::BreakGlass.as_str();
            card |= reason == ReasonCode::BearerPass.as_str();
            stale |= reason == ReasonCode::StaleRevocations.as_str() || reason == ReasonCode::StaleTrust.as_str();
        }
        // Old data is overridden with a reason, or taken over by two people.
        Self { second, reason: emergency || card || (stale && !second) }
    }
}

/// An amber decision of which a person said what became of it.
#[derive(Debug)]
pub struct Settled {
    /// The record that says so.
    pub seq: u64,
    /// The flag that it raised: a list that arrived meanwhile denies the credential.
    pub flag: Option<Flag>,
}

impl Gate<'_> {
    /// Writes down what became of an amber decision of this gate, once. An amber decision that nobody confirmed is not an admission.
    pub fn settle(&self, seq: u64, became: Became, note: Note, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Settled, GateError> {
        let state = self.state()?;
        let entry = self.entry(seq)?;
        let leaf = entry.leaf().map_err(|_| GateError::Record { seq })?;
        let amber = |outcome: &Outcome| leaf.event == Event::Decided && outcome.level == Level::Amber;
        let outcome = leaf.outcome.as_ref().filter(|outcome| amber(outcome)).ok_or(GateError::NotAmber { seq })?;
        if let Some(by) = self.settled_by(seq)? {
            return Err(GateError::AlreadySettled { seq, by });
        }
        let flag = match became {
            Became::TurnedAway => None,
            Became::Confirmed => {
                let needs = Needs::of(outcome.reasons.iter().map(String::as_str));
                if needs.second && note.second().is_none() {
                    return Err(GateError::NeedsSecond { seq });
                }
                if needs.reason && note.reason().is_none() {
                    return Err(GateError::NeedsReason { seq });
                }
                self.denied_by_now(&entry)?
            }
        };
        // Everything that this rests on has been read by now, so what is wrong with it has been found.
        self.refuse_when_tampered()?;
        let mut state = state;
        let said = self.remark(&mut state, became.event(), &entry, note, reading, rng)?;
        let written = self.vault.batch(|batch| -> Result<u64, VaultError> {
            if let Some(flag) = &flag {
                flag.put(batch)?;
            }
            batch.put(GATE, STATE, &state.to_bytes(), &[])?;
            append(batch, &said)
        })?;
        Ok(Settled { seq: written, flag })
    }

    /// Returns the record that says what became of an amber decision.
    pub(crate) fn settled_by(&self, seq: u64) -> Result<Option<u64>, GateError> {
        Ok(self.find(ABOUT, &seq.to_be_bytes())?.first().copied())
    }

    /// Adds to the chain what a person says about a record.
    pub(crate) fn remark(
        &self,
        state: &mut waypass_verifier::DeviceState,
        event: Event,
        about: &Entry,
        note: Note,
        reading: &Reading,
        rng: &mut dyn CryptoRng,
    ) -> Result<Entry, GateError> {
        let bundle = self.belief.bundle().ok().flatten();
        let at = Self::moment(state, bundle.as_ref(), reading);
        let bundle_version = bundle.map_or(0, |bundle| bundle.versions().targets);
        let seq = about.leaf().map_err(|_| GateError::Record { seq: 0 })?.seq;
        let subject = about.opening().map_or("erased", |opening| opening.subject.as_str());
        let remark = Remark { at: &at, event, about: seq, subject, note, bundle_version };
        Ok(state.chain.append_about(remark, Salts::random(rng)))
    }
}

#[cfg(test)]
mod tests {
    use super::Needs;

    #[test]
    fn the_step_says_what_has_to_be_named() {
        let needs = |reasons: &[&str]| {
            let needs = Needs::of(reasons.iter().copied());
            (needs.second, needs.reason)
        };
        assert_eq!(needs(&["expires_soon", "clock_suspect", "escort"]), (false, false));
        assert_eq!(needs(&["two_person"]), (true, false));
        assert_eq!(needs(&["stale_revocations"]), (false, true), "an override");
        assert_eq!(needs(&["stale_trust", "expires_soon"]), (false, true));
        assert_eq!(needs(&["stale_revocations", "two_person"]), (true, false), "two people instead of a reason");
        assert_eq!(needs(&["break_glass"]), (false, true));
        assert_eq!(needs(&["bearer_pass"]), (false, true), "how the person was identified");
        assert_eq!(needs(&["bearer_pass", "two_person"]), (true, true));
        assert_eq!(needs(&["break_glass", "stale_trust", "two_person"]), (true, true));
    }
}
