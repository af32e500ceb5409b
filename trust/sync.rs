//! The plan of a synchronisation: what one side holds, what the other offers, and the order in which to catch up (trust.md "Reconnect").
//!
//! Pure: `net` executes a [`Plan`]. Nothing later runs before the earlier has committed, and a plan interrupted at any
//! point is made again from what is held then.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::json::{self, Limits};

use crate::bundle::TrustBundle;

mod device;
mod parcel;

pub use device::{Device, Kept, Part, Receipted};
pub use parcel::{BadParcel, MAX_PARCEL, Parcel};

const SCHEMA: &str = "waypass.manifest/1";
/// Lists a manifest may name, as many as a bundle can.
const MAX_LISTS: usize = 4096;
const LIMITS: Limits = Limits { bytes: 4 * 1024 * 1024, depth: 8, values: 1 << 16 };

/// The holdings of one side, in numbers: `waypass.manifest/1`. Unsigned, because a plan made from it changes nothing; only
/// verified data does.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: Schema,
    /// Version of the newest root; 0 for none.
    pub root: u64,
    /// Version of the timestamp; 0 for none.
    pub timestamp: u64,
    /// Version of the snapshot; 0 for none.
    pub snapshot: u64,
    /// Version of the targets; 0 for none.
    pub targets: u64,
    /// Version of the role policy; 0 for none.
    pub policy: u64,
    /// The status lists.
    pub lists: Vec<ListHeld>,
    /// The device's own log: on its side how long it is and how far it is receipted; on the server's how long it is there.
    pub audit: AuditHeld,
}

/// One status list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListHeld {
    /// Its URI.
    pub uri: String,
    /// Its `iat`, in Unix seconds.
    pub issued_at: i64,
    /// SHA-256 of its signed text, as lower-case hexadecimal or base64url; compared, never interpreted.
    pub sha256: String,
}

/// How far an audit log has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHeld {
    /// Records there are.
    pub size: u64,
    /// Records covered by a receipt.
    pub receipted: u64,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Take the root chain up to this version.
    Root(u64),
    /// Take timestamp, snapshot and targets.
    Bundle,
    /// Take the newer status list of this URI.
    Denials(String),
    /// Compile and use the newer role policy.
    Policies,
    /// Send records from this position on.
    AuditUpload(u64),
}

/// A sync that cannot be planned: the offer is older than what is held, or contradicts it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Not a manifest of version 1.
    Malformed,
    /// A part is offered in an older version than the one held.
    Rollback {
        /// Which.
        part: &'static str,
        /// The version held.
        held: u64,
        /// The version offered.
        offered: u64,
    },
    /// A status list is offered that is older than the one held.
    OlderList {
        /// Its URI.
        uri: String,
    },
    /// Two different status lists carry one time.
    Disagreement {
        /// Their URI.
        uri: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not a manifest"),
            Self::Rollback { part, held, offered } => write!(f, "{part} version {offered} is offered and version {held} is held"),
            Self::OlderList { uri } => write!(f, "the status list {uri} that is offered is older than the one held"),
            Self::Disagreement { uri } => write!(f, "two different status lists {uri} carry one time"),
        }
    }
}

impl core::error::Error for Refused {}

impl Manifest {
    /// Returns what a side with this bundle (or none yet) and this log holds.
    pub fn of(bundle: Option<&TrustBundle>, audit: AuditHeld) -> Self {
        let Some(bundle) = bundle else {
            return Self { audit, ..Self::default() };
        };
        let versions = bundle.versions();
        let lists = bundle.lists().into_iter();
        let lists = lists.map(|list| ListHeld { uri: list.uri, issued_at: list.issued_at.unix(), sha256: format!("{}", list.digest) });
        Self {
            schema: Schema,
            root: versions.root,
            timestamp: versions.timestamp,
            snapshot: versions.snapshot,
            targets: versions.targets,
            policy: versions.policy,
            lists: lists.collect(),
            audit,
        }
    }

    /// Returns the JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_string(self).into_bytes()
    }

    /// Reads untrusted bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        json::parse(bytes, LIMITS).map_err(|_| Refused::Malformed)?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(|_| Refused::Malformed)?;
        let mut uris: Vec<&str> = manifest.lists.iter().map(|list| list.uri.as_str()).collect();
        uris.sort_unstable();
        let doubled = uris.windows(2).any(|pair| pair[0] == pair[1]);
        let audit_fits = manifest.audit.receipted <= manifest.audit.size;
        if doubled || uris.len() > MAX_LISTS || !audit_fits { Err(Refused::Malformed) } else { Ok(manifest) }
    }

    fn list(&self, uri: &str) -> Option<&ListHeld> {
        self.lists.iter().find(|list| list.uri == uri)
    }
}

/// The steps, in trust.md's order: root, then timestamp, snapshot and targets, then denials, then policies, then the
/// log.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Plan {
    steps: Vec<Step>,
    done: usize,
}

impl Plan {
    /// Returns the steps from `held` to `offered`; none when they are equal.
    pub fn new(held: &Manifest, offered: &Manifest) -> Result<Self, Refused> {
        let newer = |part, held, offered| match () {
            () if offered < held => Err(Refused::Rollback { part, held, offered }),
            () => Ok(offered > held),
        };
        let mut steps = Vec::new();
        let root = newer("root", held.root, offered.root)?;
        // A new root may have rotated the timestamp and snapshot keys, which starts their versions anew (TUF 5.3.11):
        // the verification of the parts themselves judges that, not a plan.
        let timestamp = if root { offered.timestamp != held.timestamp } else { newer("timestamp", held.timestamp, offered.timestamp)? };
        let snapshot = if root { offered.snapshot != held.snapshot } else { newer("snapshot", held.snapshot, offered.snapshot)? };
        let targets = newer("targets", held.targets, offered.targets)?;
        let policy = newer("policy", held.policy, offered.policy)?;
        if root {
            steps.push(Step::Root(offered.root));
        }
        if root || timestamp || snapshot || targets {
            steps.push(Step::Bundle);
        }
        // Newer targets may withdraw the key that signed a held list, and then that list's time proves nothing. So where they are
        // offered, the lists are judged after the targets are read, by those who take them. A plan only looks at unsigned numbers.
        let is_judged_later = root || targets;
        for list in &offered.lists {
            match held.list(&list.uri) {
                Some(ours) if list.issued_at == ours.issued_at && list.sha256 == ours.sha256 => {}
                Some(ours) if list.issued_at < ours.issued_at && !is_judged_later => {
                    return Err(Refused::OlderList { uri: list.uri.clone() });
                }
                Some(ours) if list.issued_at == ours.issued_at && !is_judged_later => {
                    return Err(Refused::Disagreement { uri: list.uri.clone() });
                }
                _ => steps.push(Step::Denials(list.uri.clone())),
            }
        }
        if policy {
            steps.push(Step::Policies);
        }
        // The server may hold more than we have a receipt for: repeating is harmless, a gap is not.
        if held.audit.receipted < held.audit.size {
            steps.push(Step::AuditUpload(held.audit.receipted));
        }
        Ok(Self { steps, done: 0 })
    }

    /// Returns the step to run now; the one after it appears when this one is [`Self::committed`].
    pub fn next(&self) -> Option<&Step> {
        self.steps.get(self.done)
    }

    /// Notes that the current step's result is durable.
    pub fn committed(&mut self) {
        self.done = self.steps.len().min(self.done + 1);
    }

    /// Returns the remaining steps, in order.
    pub fn remaining(&self) -> &[Step] {
        &self.steps[self.done..]
    }
}

/// The schema name as a type: written always, and nothing else read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Schema;

impl Serialize for Schema {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(SCHEMA)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(from)?;
        if text == SCHEMA { Ok(Self) } else { Err(serde::de::Error::custom("not a manifest of version 1".to_owned())) }
    }
}

#[cfg(test)]
mod tests;
