//! Earlier targets that a device keeps, as long as a final revocation is known only by them.
//!
//! A list is believed by the targets in effect: they name its key and say whether its revocations are final. Later targets may say
//! less, for instance when an office was restored from an old copy. A credential that a device has seen revoked for good stays revoked, and
//! the proof is the list together with the targets that it was believed by, both signed. Published bundles carry none of this.

use alloc::vec::Vec;

use super::{
    MAX_LIST, TargetsPart,
    envelope::Envelope,
    error::{BundleError, Rule},
    signed::Signed,
};
use crate::parts::{Digest, PartName, SigningRole};
use crate::status::{Basis, Evidence, HeldList};

/// Earlier targets of one device. An office changes keys a few times in the life of a list; each costs some kilobytes.
const MAX_FORMER: usize = 8;

/// Earlier targets, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Former(Vec<Signed<TargetsPart>>);

impl Former {
    /// Believes earlier targets that the targets keys in effect signed: keys that a later root gave up prove nothing more.
    pub(super) fn open(envelopes: Vec<Envelope>, role: &SigningRole) -> Result<Self, BundleError> {
        if envelopes.len() > MAX_FORMER {
            return Err(BundleError::Rule { part: PartName::File, broken: Rule::TooMany("earlier targets".into()) });
        }
        envelopes.into_iter().map(|envelope| Signed::open(envelope, role)).collect::<Result<_, _>>().map(Self)
    }

    /// Returns these targets and `held`, as far as the targets keys `role` signed them.
    pub(super) fn with(&self, held: &Signed<TargetsPart>, role: &SigningRole) -> Self {
        let all = self.0.iter().chain([held]);
        Self(all.filter_map(|earlier| Signed::open(earlier.envelope.clone(), role).ok()).collect())
    }

    /// Returns only those by which one of the lists of `evidence` is believed.
    pub(super) fn needed_by<'e>(self, evidence: impl Iterator<Item = &'e Evidence>) -> Result<Self, BundleError> {
        let by = |basis| if let Basis::FinalBy(by) | Basis::Former(by) = basis { Some(by) } else { None };
        let bases: Vec<Digest> = evidence.flat_map(Evidence::all).map(HeldList::basis).filter_map(by).collect();
        let needs = |digest: Digest| bases.contains(&digest);
        let kept: Vec<_> = self.0.into_iter().filter(|earlier| needs(earlier.digest)).collect();
        if kept.len() > MAX_FORMER {
            return Err(BundleError::Rule { part: PartName::File, broken: Rule::TooMany("earlier targets".into()) });
        }
        Ok(Self(kept))
    }

    /// Verifies a list by `targets`, and by these where `targets` say less.
    pub(super) fn verify_list(&self, token: &[u8], targets: &TargetsPart) -> Result<HeldList, BundleError> {
        if token.len() > MAX_LIST {
            return Err(BundleError::TooLarge { part: PartName::File, bytes: token.len(), limit: MAX_LIST });
        }
        // The newest first: of two that would do, the later one is kept longer.
        let earlier = self.0.iter().rev().map(|earlier| (earlier.digest, &earlier.part));
        HeldList::verify_with(token, targets, earlier).map_err(|(uri, why)| BundleError::List { uri, why })
    }

    pub(super) fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        self.0.iter().map(|earlier| &earlier.envelope)
    }
}
