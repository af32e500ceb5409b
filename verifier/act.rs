//! One answer to one challenge, while it is judged: what ties the marks of the checks together.

use crate::challenge::{Challenge, Unread};
use core::marker::PhantomData;
use waypass_credential::{Format, Presentation};
use waypass_trust::assess::{Assessment, Refused, assess};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;

/// The name of one act, in the types alone: no two acts have the same, so a mark that one left fits no other. It is invariant in `'act`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tie<'act>(PhantomData<fn(&'act ()) -> &'act ()>);

/// The subject of an act: one challenge, one presentation, one moment.
pub(crate) struct Act<'act, 'a> {
    pub(crate) challenge: &'a Challenge,
    pub(crate) at: &'a Moment,
    presentation: Result<Presentation, Unread>,
    tie: Tie<'act>,
}

/// The assessment of the credential that was presented in this act, together with what presented it.
pub(crate) struct Assessed<'act, 'p> {
    presentation: &'p Presentation,
    assessment: Assessment<'p>,
    tie: Tie<'act>,
}

/// Why the credential of an act was not assessed as one on which something can be decided.
pub(crate) enum NotAssessed {
    /// The presentation cannot be read.
    Unread(Unread),
    /// It is not genuine, not authorised, not in its time, or withdrawn.
    Refused(Refused),
}

impl<'a> Act<'_, 'a> {
    /// Begins an act, which ends with `work`.
    pub(crate) fn judge<R>(
        presentation: Result<Presentation, Unread>,
        challenge: &'a Challenge,
        at: &'a Moment,
        work: impl for<'act> FnOnce(&Act<'act, 'a>) -> R,
    ) -> R {
        work(&Act { challenge, at, presentation, tie: Tie(PhantomData) })
    }
}

impl<'act> Act<'act, '_> {
    /// Ties a mark to this act.
    pub(crate) const fn tie(&self) -> Tie<'act> {
        self.tie
    }

    /// Returns true if what was presented says that it is a card. Unverified.
    pub(crate) fn is_card(&self) -> bool {
        self.presentation.as_ref().is_ok_and(|presentation| presentation.credential().format() == Format::Card)
    }

    /// Assesses the credential that was presented.
    pub(crate) fn assess(&self, bundle: &TrustBundle) -> Result<Assessed<'act, '_>, NotAssessed> {
        let presentation = self.presentation.as_ref().map_err(|why| NotAssessed::Unread(*why))?;
        let assessment = assess(presentation.credential(), bundle, self.at).map_err(NotAssessed::Refused)?;
        Ok(Assessed { presentation, assessment, tie: self.tie })
    }
}

impl<'act, 'p> Assessed<'act, 'p> {
    /// Returns the presentation that has the credential.
    pub(crate) const fn presentation(&self) -> &'p Presentation {
        self.presentation
    }

    /// Returns the assessment.
    pub(crate) const fn assessment(&self) -> &Assessment<'p> {
        &self.assessment
    }

    /// Ties a mark to this act.
    pub(crate) const fn tie(&self) -> Tie<'act> {
        self.tie
    }
}
