//! Records go into the log with what they are found by.

use crate::records::{ABOUT, ENTRY, LOG};
use waypass_trust::audit::{Entry, Event};
use waypass_trust::reason::Level;
use waypass_vault::{Batch, VaultError};

/// Appends a record, with what it is found by.
pub(crate) fn append(batch: &mut Batch<'_>, entry: &Entry) -> Result<u64, VaultError> {
    let tags = tags_of(entry);
    let tags: Vec<(&'static str, &[u8])> = tags.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    batch.append_tagged(LOG, &entry.to_bytes(), &tags)
}

/// Replaces a record by what is left of it.
pub(crate) fn replace(batch: &mut Batch<'_>, seq: u64, before: &Entry, left: &Entry) -> Result<(), VaultError> {
    let (mut gone, kept) = (tags_of(before), tags_of(left));
    gone.retain(|tag| !kept.contains(tag));
    let gone: Vec<(&'static str, &[u8])> = gone.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    batch.replace_entry(LOG, seq, &left.to_bytes(), &gone)
}

/// Returns the tags that find a record: a decision that may be an admission by its status entry, and its outcome by its number.
pub(crate) fn tags_of(entry: &Entry) -> Vec<(&'static str, Vec<u8>)> {
    let Ok(leaf) = entry.leaf() else { return Vec::new() };
    let passed = |level| matches!(level, Level::Green | Level::Amber);
    let mut tags = Vec::new();
    if leaf.event == Event::Decided
        && leaf.outcome.as_ref().is_some_and(|outcome| passed(outcome.level))
        && let Some(used) = entry.opening().and_then(|opening| opening.status.as_ref())
    {
        tags.push((ENTRY, entry_tag(&used.uri, used.index)));
    }
    if let Some(about) = leaf.about.filter(|_| leaf.event == Event::Confirmed || leaf.event == Event::TurnedAway) {
        tags.push((ABOUT, about.to_be_bytes().to_vec()));
    }
    tags
}

/// Returns the value by which the log's index finds the admissions of one status entry.
pub(crate) fn entry_tag(uri: &str, index: u64) -> Vec<u8> {
    [&index.to_be_bytes(), uri.as_bytes()].concat()
}
