//! The status of a gate: its knowledge, how old that is, and until when it can decide.

use crate::aside::Aside;
use crate::error::GateError;
use crate::gate::Gate;
use waypass_credential::time::{Timestamp, Validity};
use waypass_trust::bundle::{OfflineHorizon, TrustBundle};
use waypass_trust::time::{Moment, Reading};
use waypass_vault::{BeliefError, Forbidden, Tampering};

/// The standing of a gate at one moment.
#[derive(Debug)]
pub struct Status {
    /// The moment.
    pub at: Moment,
    /// Records in the log.
    pub records: u64,
    /// Admissions that the gate would now refuse and that are not acknowledged.
    pub open_flags: usize,
    /// The fault of the trust files.
    pub trust_tampering: Option<Tampering>,
    /// The faults of the gate itself, a line each.
    pub device_tampering: Vec<String>,
    /// The bundle.
    pub bundle: Option<TrustBundle>,
    /// The end of the gate's enrolment; `None` if it is not in the bundle.
    pub enrolled_until: Option<Timestamp>,
    /// The end of its enrolment in an earlier bundle.
    pub was_enrolled_until: Option<Timestamp>,
    /// The role with the tightest limits, and until when the gate can decide about it. `None` if it can decide about nobody.
    pub horizon: Option<(String, OfflineHorizon)>,
    /// The last moment at which the gate can decide about anybody.
    pub last: Option<Timestamp>,
    /// Ways to open this gate that the rules of its site forbid.
    pub forbidden: Option<Forbidden>,
    /// A bundle that waits until the clock agrees or a person confirms it.
    pub aside: Option<Aside>,
    /// True if the clock had lost the time when the device was started: it has no battery, or an empty one.
    pub lost_clock: bool,
}

/// About whom a gate can decide now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decides {
    /// About every role.
    AboutAll,
    /// Its data is too old for some roles.
    AboutSome,
    /// About nobody any more, and it could before.
    NoLonger,
    /// About nobody: it opens in a way that the rules of its site forbid.
    Forbidden,
    /// About nobody yet.
    NotYet,
}

impl Status {
    /// Returns about whom the gate can decide now.
    pub fn decides(&self) -> Decides {
        let now = self.at.at();
        let tampered = self.trust_tampering.is_some() || !self.device_tampering.is_empty();
        let is_forbidden = self.forbidden.as_ref().is_some_and(|found| found.is_over);
        match (&self.horizon, self.last) {
            _ if is_forbidden => Decides::Forbidden,
            (Some(_), Some(_)) if tampered || self.at.doubt().is_some() => Decides::NoLonger,
            (Some((_, first)), _) if !Validity::ending(first.until).is_over(now) => Decides::AboutAll,
            (Some(_), Some(last)) if !Validity::ending(last).is_over(now) => Decides::AboutSome,
            (Some(_), _) => Decides::NoLonger,
            (None, _) if self.was_enrolled_until.is_some() || tampered => Decides::NoLonger,
            (None, _) => Decides::NotYet,
        }
    }
}

impl Gate<'_> {
    /// Returns the standing of this gate.
    pub fn status(&self, reading: &Reading) -> Result<Status, GateError> {
        let aside = match self.settle_aside(reading) {
            Ok(aside) => aside,
            // Each is told below, in its own words.
            Err(GateError::Belief(BeliefError::Tampered(_)) | GateError::Tampered(_)) => None,
            Err(why) => return Err(why),
        };
        let (bundle, trust_tampering) = match self.belief.bundle() {
            Ok(bundle) => (bundle, None),
            Err(BeliefError::Tampered(how)) => (None, Some(how)),
            Err(why) => return Err(why.into()),
        };
        let mut state = self.stored_state()?.unwrap_or_else(|| waypass_verifier::DeviceState::new(&self.identity.id));
        let at = Self::moment(&mut state, bundle.as_ref(), reading);
        self.challenges()?;
        // Another role of this home may have brought a newer list.
        if trust_tampering.is_none() {
            self.compare_lists()?;
        }
        let open_flags = self.flags()?.len();
        let enrolled = bundle.as_ref().and_then(|bundle| bundle.gate(&self.identity.id));
        // A gate that is not enrolled decides about nobody, however new its data is.
        let ends = bundle.as_ref().zip(enrolled.as_ref()).map_or_else(Vec::new, |(bundle, entry)| bundle.horizons(Some(entry)));
        let last = ends.iter().map(|(_, horizon)| horizon.until).max();
        let horizon = ends.into_iter().min_by_key(|(_, horizon)| horizon.until);
        let enrolled_until = enrolled.map(|entry| entry.not_after);
        let was_enrolled_until = match self.belief.floor() {
            Ok(floor) => floor.and_then(|floor| floor.enrolled_until),
            Err(_) => None,
        };
        let forbidden = self.vault.forbidden(at.at())?;
        Ok(Status {
            at,
            forbidden,
            records: self.records(),
            open_flags,
            trust_tampering,
            device_tampering: self.tampering()?,
            bundle,
            enrolled_until,
            was_enrolled_until,
            horizon,
            last,
            aside,
            lost_clock: state.time.lost_its_clock(),
        })
    }

    /// A gate that opens in a way its site forbids asks nobody and decides about nobody, once the time for that is over. It still takes
    /// news, and gives its log away.
    pub(crate) fn refuse_when_forbidden(&self, at: &Moment) -> Result<(), GateError> {
        match self.vault.forbidden(at.at())? {
            Some(found) if found.is_over => Err(GateError::Forbidden(found)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decides, Status};
    use waypass_credential::time::Timestamp;
    use waypass_trust::bundle::{Item, OfflineHorizon};
    use waypass_trust::time::{Limits, Reading, TimeGuard, TimeState};
    use waypass_vault::Tampering;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds).expect("in range")
    }

    /// A gate that can decide about its strictest role until 100, and about others until 200.
    fn status(now: i64) -> Status {
        let reading = Reading { wall: time(now), boottime_ms: 5000, boot_id: [1; 16] };
        let horizon = OfflineHorizon { until: time(100), binding: Item::Timestamp };
        Status {
            at: TimeGuard::observe(&TimeState::default(), &reading, &Limits::default()).0,
            forbidden: None,
            records: 0,
            open_flags: 0,
            trust_tampering: None,
            device_tampering: Vec::new(),
            bundle: None,
            enrolled_until: Some(time(200)),
            was_enrolled_until: Some(time(200)),
            horizon: Some(("admin".to_owned(), horizon)),
            last: Some(time(200)),
            aside: None,
            lost_clock: false,
        }
    }

    #[test]
    fn it_decides_about_fewer_roles_as_its_data_ages() {
        assert_eq!(status(99).decides(), Decides::AboutAll);
        assert_eq!(status(100).decides(), Decides::AboutSome);
        assert_eq!(status(199).decides(), Decides::AboutSome);
        assert_eq!(status(200).decides(), Decides::NoLonger);
    }

    #[test]
    fn what_was_changed_from_outside_ends_its_deciding() {
        assert_eq!(Status { trust_tampering: Some(Tampering::Missing), ..status(0) }.decides(), Decides::NoLonger);
        assert_eq!(Status { device_tampering: vec!["a row".to_owned()], ..status(0) }.decides(), Decides::NoLonger);
        let ended = Status { horizon: None, last: None, enrolled_until: None, ..status(0) };
        assert_eq!(ended.decides(), Decides::NoLonger);
        assert_eq!(Status { was_enrolled_until: None, ..ended }.decides(), Decides::NotYet);
    }
}
