//! Taking a newer bundle: no part ever steps back, and nothing that was learned is lost.

use alloc::vec::Vec;
use waypass_credential::time::Timestamp;

use super::{
    TrustBundle,
    error::BundleError,
    file::sorted,
    root::{MAX_ROOT_STEPS, Root},
};
use crate::parts::PartName;
use crate::status::{Basis, Evidence, HeldList};

/// Returns the bundle that `newer` becomes when it takes the place of `held`.
pub(super) fn merged(held: &TrustBundle, newer: TrustBundle) -> Result<TrustBundle, BundleError> {
    newer.root().0.no_older_than(&held.root().0)?;
    // A bundle under another root of trust is not a newer version of this one, whatever its numbers say.
    held.root().leads_to(&newer.chain)?;
    // A thief of an online key could have signed versions up to the largest number. Rotating the key ends that: the
    // versions the old keys signed no longer bind (TUF §5.3.11). The targets keys are offline, their versions stay.
    if held.root().keeps_online_keys(newer.root()) {
        newer.timestamp.no_older_than(&held.timestamp)?;
        newer.snapshot.no_older_than(&held.snapshot)?;
    }
    newer.targets.no_older_than(&held.targets)?;

    // Lists signed by keys that are given up are evidence of nothing: neither of revocations nor of age. Only this device's own
    // memory makes an earlier list count, never what a newer file says about the past.
    let memory = held.former.with(&held.targets, &newer.root().part().roles.targets);
    let verify = |list: &HeldList| memory.verify_list(list.text.as_bytes(), &newer.targets.part).ok();
    let believed: Vec<HeldList> = held.evidence.iter().flat_map(Evidence::all).filter_map(verify).collect();
    published_lists_do_not_step_back(held, &believed, &newer)?;
    let brought = newer.evidence.iter().flat_map(Evidence::all).filter_map(|list| match list.basis() {
        Basis::Present if list.is_final() => Some(list.clone()),
        Basis::Present | Basis::FinalBy(_) => verify(list),
        Basis::Former(_) => None,
    });

    let early = held.early.iter().chain(&newer.early).flat_map(Evidence::all).filter_map(verify).collect();
    let (evidence, early) = sorted(brought.chain(believed).collect(), early, newer.issued_at())?;
    let former = memory.needed_by(evidence.iter().chain(&early))?;
    let chain = spliced(&held.chain, newer.chain);
    let TrustBundle { timestamp, snapshot, targets, thumbprints, contexts, .. } = newer;
    Ok(TrustBundle { chain, timestamp, snapshot, targets, thumbprints, former, contexts, evidence, early, aside: Vec::new() })
}

/// A list of one snapshot may not be followed by an older one in the next. Lists a device learned otherwise do
/// not count here: a stick written before them brings a newer bundle all the same, and they stay.
fn published_lists_do_not_step_back(held: &TrustBundle, believed: &[HeldList], newer: &TrustBundle) -> Result<(), BundleError> {
    let dated = believed.iter().filter(|list| !matches!(list.basis(), Basis::Former(_)));
    for list in dated.filter(|list| held.announced_lists().iter().any(|named| named.sha256 == list.digest)) {
        let Some(found) = newer.evidence_for(list.uri()).and_then(Evidence::current).map(HeldList::issued_at) else { continue };
        if found < list.issued_at() {
            let seconds = |time: Timestamp| time.unix().unsigned_abs();
            let part = PartName::List(list.uri().into());
            return Err(BundleError::Rollback { part, held: seconds(list.issued_at()), found: seconds(found) });
        }
    }
    Ok(())
}

/// Returns both chains as one, so that the file still opens with the root that was pinned first; as long as a file may be. They
/// meet without a gap, since the newer one leads on from the newest held root.
fn spliced(held: &[Root], newer: Vec<Root>) -> Vec<Root> {
    let starts_earlier = newer.first().map(Root::version) < held.first().map(Root::version);
    let mut chain = if starts_earlier { Vec::new() } else { held.to_vec() };
    let last = chain.last().map_or(0, Root::version);
    chain.extend(newer.into_iter().filter(|root| root.version() > last));
    let surplus = chain.len().saturating_sub(MAX_ROOT_STEPS + 1);
    chain.drain(..surplus);
    chain
}
