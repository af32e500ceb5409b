//! The bundle file: reading it top-down, each part under the part above it, and writing it.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use waypass_credential::{json, time::Timestamp};

use super::{
    MAX_BUNDLE, TrustBundle,
    contexts::Contexts,
    envelope::Envelope,
    error::{BundleError, Rule},
    former::Former,
    is_early, keys,
    root::Root,
    rules,
    signed::{Signed, check_schema},
    still_early, take,
};
use crate::parts::{Digest, PartName, SnapshotPart, TargetsPart, TimestampPart};
use crate::status::{Evidence, HeldList};

const SCHEMA: &str = "waypass.bundle/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: String,
    root: Vec<Envelope>,
    timestamp: Envelope,
    snapshot: Envelope,
    targets: Envelope,
    /// Context documents that the targets name.
    #[serde(default)]
    contexts: Vec<String>,
    /// Tokens that the snapshot names.
    lists: Vec<String>,
    /// Tokens that a device has besides: newer ones, and proofs that older ones gave.
    #[serde(default)]
    learned: Vec<String>,
    /// Tokens that were dated after the bundle when they came: they only deny.
    #[serde(default)]
    early: Vec<String>,
    /// Earlier targets by which some of those are believed.
    #[serde(default)]
    former_targets: Vec<Envelope>,
}

#[derive(Serialize)]
struct FileText<'a> {
    schema: &'a str,
    root: Vec<&'a Envelope>,
    timestamp: &'a Envelope,
    snapshot: &'a Envelope,
    targets: &'a Envelope,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contexts: Vec<&'a str>,
    lists: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    learned: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    early: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former_targets: Vec<&'a Envelope>,
}

pub(super) fn open(signed: &[u8], root: &Root) -> Result<TrustBundle, BundleError> {
    if signed.len() > MAX_BUNDLE {
        return Err(BundleError::TooLarge { part: PartName::File, bytes: signed.len(), limit: MAX_BUNDLE });
    }
    check_schema(signed, SCHEMA, &PartName::File)?;
    let file: File = serde_json::from_slice(signed).map_err(|_| BundleError::Syntax(PartName::File))?;

    let chain = root.follow(file.root)?;
    let newest = chain.last().unwrap_or(root);
    let roles = &newest.part().roles;
    let timestamp = Signed::<TimestampPart>::open(file.timestamp, &roles.timestamp)?;
    let snapshot = Signed::<SnapshotPart>::open_named(file.snapshot, &roles.snapshot, &timestamp.part.snapshot)?;
    let targets = Signed::<TargetsPart>::open_named(file.targets, &roles.targets, &snapshot.part.targets)?;
    rules::targets(&targets.part)?;
    let contexts = Contexts::open(file.contexts, &targets.part)?;

    let former = Former::open(file.former_targets, &roles.targets)?;
    let carried = Carried { lists: file.lists, learned: file.learned, early: file.early };
    let verify = |token: &String| former.verify_list(token.as_bytes(), &targets.part);
    let (evidence, early) = open_lists(&carried, &snapshot.part, timestamp.part.issued_at, verify)?;
    let thumbprints = keys::thumbprints(&targets.part);
    Ok(TrustBundle { chain, timestamp, snapshot, targets, thumbprints, former, contexts, evidence, early, aside: Vec::new() })
}

/// The believed part, and the part that only denies.
pub(super) type Lists = (Vec<Evidence>, Vec<Evidence>);

/// The tokens of a file.
struct Carried {
    lists: Vec<String>,
    learned: Vec<String>,
    early: Vec<String>,
}

fn open_lists(
    carried: &Carried,
    snapshot: &SnapshotPart,
    signed_at: Timestamp,
    verify: impl Fn(&String) -> Result<HeldList, BundleError>,
) -> Result<Lists, BundleError> {
    let mut held: Vec<HeldList> = Vec::with_capacity(carried.lists.len());
    for token in &carried.lists {
        let list = verify(token)?;
        let part = || PartName::List(list.uri().to_owned());
        if held.iter().any(|earlier| earlier.uri() == list.uri()) {
            return Err(BundleError::Rule { part: part(), broken: Rule::Duplicate("the status list".to_owned()) });
        }
        let named = snapshot.lists.iter().find(|named| named.uri == list.uri());
        let named = named.ok_or_else(|| BundleError::Rule { part: part(), broken: Rule::UnknownList(list.uri().to_owned()) })?;
        if named.sha256 != list.digest {
            return Err(BundleError::Mismatch { part: part(), expected: named.sha256, found: Digest::of(token.as_bytes()) });
        }
        held.push(list);
    }
    for token in &carried.learned {
        held.push(verify(token)?);
    }
    let early = carried.early.iter().map(verify).collect::<Result<_, _>>()?;
    sorted(held, early, signed_at)
}

/// Tells lists that count from those that are dated after the bundle of `signed_at`. `early` were that when they came, and stay it: how
/// long this device has them is not known.
pub(super) fn sorted(lists: Vec<HeldList>, early: Vec<HeldList>, signed_at: Timestamp) -> Result<Lists, BundleError> {
    let (more, lists): (Vec<HeldList>, Vec<HeldList>) = lists.into_iter().partition(|list| is_early(signed_at, list));
    let evidence = gather(lists)?;
    let early = gather(early.into_iter().chain(more).collect())?;
    let early = still_early(early, &evidence);
    Ok((evidence, early))
}

/// Returns the common answer of lists, in whatever order they came.
fn gather(mut lists: Vec<HeldList>) -> Result<Vec<Evidence>, BundleError> {
    lists.sort_by_key(HeldList::issued_at);
    let mut evidence = Vec::new();
    lists.into_iter().try_for_each(|list| take(&mut evidence, list).map(|_| ()))?;
    Ok(evidence)
}

/// Returns the file with the status lists whose URI is `wanted`.
pub(super) fn write(bundle: &TrustBundle, wanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let kept = bundle.evidence.iter().filter(|evidence| wanted(evidence.uri())).flat_map(Evidence::all);
    let named = |list: &&HeldList| bundle.snapshot.part.lists.iter().any(|named| named.sha256 == list.digest);
    let (lists, learned): (Vec<&HeldList>, Vec<&HeldList>) = kept.partition(named);
    let text = |lists: Vec<&'_ HeldList>| -> Vec<String> { lists.into_iter().map(|list| list.text.clone()).collect() };
    let (lists, learned) = (text(lists), text(learned));
    let early = text(bundle.early.iter().filter(|evidence| wanted(evidence.uri())).flat_map(Evidence::all).collect());
    let file = FileText {
        schema: SCHEMA,
        root: bundle.chain.iter().map(|root| &root.0.envelope).collect(),
        timestamp: &bundle.timestamp.envelope,
        snapshot: &bundle.snapshot.envelope,
        targets: &bundle.targets.envelope,
        contexts: bundle.contexts.documents.iter().map(String::as_str).collect(),
        lists: lists.iter().map(String::as_str).collect(),
        learned: learned.iter().map(String::as_str).collect(),
        early: early.iter().map(String::as_str).collect(),
        former_targets: bundle.former.envelopes().collect(),
    };
    json::to_string(&file).into_bytes()
}
