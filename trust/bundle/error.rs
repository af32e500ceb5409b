//! Why a bundle, a part of one or a status list is refused.

use alloc::string::String;
use core::fmt;
use waypass_credential::jsonld::CarriedError;

use crate::parts::{Digest, PartName};
use crate::status::ListError;

/// Why a bundle, a part of one or a status list is refused. Never for its age.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BundleError {
    /// Larger than allowed.
    TooLarge {
        /// The thing that is too large.
        part: PartName,
        /// Its size in bytes.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Not the JSON this part must be.
    Syntax(PartName),
    /// Names another schema than the one this version reads.
    Schema {
        /// The place.
        part: PartName,
        /// The name in it.
        found: String,
    },
    /// Fewer distinct authorised keys signed than the root demands.
    Threshold {
        /// Of which part.
        part: PartName,
        /// How many must sign.
        needed: u32,
        /// How many did.
        found: u32,
    },
    /// One key signed twice.
    DuplicateSignature(PartName),
    /// A signature of an authorised key does not verify.
    InvalidProof(PartName),
    /// The root chain does not go up by one from the root that is held.
    RootChain {
        /// The version that had to come next.
        expected: u64,
        /// The version that came.
        found: u64,
    },
    /// More root steps than one update may take.
    TooManyRoots {
        /// How many there are.
        found: usize,
        /// How many are taken.
        limit: usize,
    },
    /// No root with the pinned digest is in the file.
    NotPinned(Digest),
    /// A part is not the one that the part above it names.
    Mismatch {
        /// Which part.
        part: PartName,
        /// The digest named above.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// A part's version is not the one that the part above it names.
    VersionMismatch {
        /// Which part.
        part: PartName,
        /// The version named above.
        expected: u64,
        /// The version of what came.
        found: u64,
    },
    /// Older than what is held: versions for parts, the time of issue in Unix seconds for lists.
    Rollback {
        /// Which part.
        part: PartName,
        /// The version that is held.
        held: u64,
        /// The version that came.
        found: u64,
    },
    /// Another content under a version that is already held.
    Equivocation {
        /// Which part.
        part: PartName,
        /// The version both have.
        version: u64,
    },
    /// A signed part contradicts itself or a rule of the format.
    Rule {
        /// Which part.
        part: PartName,
        /// The rule that is broken.
        broken: Rule,
    },
    /// A context that the targets name is refused.
    Context {
        /// Its URL.
        id: String,
        /// Why.
        why: CarriedError,
    },
    /// A status list is refused.
    List {
        /// Its URI; empty where none could be read.
        uri: String,
        /// Why.
        why: ListError,
    },
    /// A time answer is for another question than this device asked.
    OtherQuestion,
}

/// A rule of the format that signed content can break.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// A threshold of zero, or above the number of keys.
    Threshold,
    /// A key appears twice in one role, or a role names a key the root does not list.
    RoleKeys,
    /// An `expires_at` before its `issued_at`, a `not_after` before its `not_before`.
    Times(String),
    /// An id, name, URI or role that must be unique appears twice.
    Duplicate(String),
    /// One key is in two records: a key has one use.
    SharedKey(String),
    /// A record's `alg` is not the algorithm of its key.
    Algorithm(String),
    /// A retired key without `issued_until`, or another with it.
    RetiredUntil(String),
    /// Entries of a size that lists of its kind do not have.
    Bits(String),
    /// A bitstring of fewer entries than the standard allows.
    ListTooShort(String),
    /// A status list may grow above what a gate inflates: shard it.
    ListSize(String),
    /// The policy has no limit for `*`.
    NoDefaultLimit,
    /// A role is stale sooner than it stops being fresh.
    Limit(String),
    /// More entries than a part may hold.
    TooMany(String),
    /// At publishing: `unattended_ok` has a code that is not an amber reason code, or that no machine can accept.
    UnattendedCode(String),
    /// At publishing: a list ends before the longest stale limit of the policy.
    ListExpiry(String),
    /// At publishing: an authority can say nothing.
    EmptyAuthority(String),
    /// At publishing: a list that the targets announce is not there.
    MissingList(String),
    /// At publishing: a list that the targets do not announce.
    UnknownList(String),
    /// The URL of a context is not a URL, or longer than 1024 bytes.
    ContextUrl(String),
    /// A context that the targets name is not in the file.
    MissingContext(String),
    /// A context document in the file that the targets do not name.
    UnknownContext(Digest),
    /// At publishing: a signer failed.
    Signer,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threshold => f.write_str("a threshold is not between 1 and its number of keys"),
            Self::RoleKeys => f.write_str("a signing role names a key twice or one that is not listed"),
            Self::Times(what) => write!(f, "{what} ends before it begins"),
            Self::Duplicate(what) => write!(f, "{what} appears twice"),
            Self::SharedKey(kid) => write!(f, "the key of {kid} is in another record too"),
            Self::Algorithm(kid) => write!(f, "the algorithm named for {kid} is not its key's"),
            Self::RetiredUntil(kid) => write!(f, "{kid}: issued_until belongs to retired keys and to those only"),
            Self::Bits(uri) => write!(f, "{uri}: entries have 1, 2, 4 or 8 bits, those of a bitstring 1 to 8"),
            Self::ListTooShort(uri) => write!(f, "{uri}: a bitstring has 131072 entries or more"),
            Self::ListSize(uri) => write!(f, "{uri}: the list may grow too large for a gate, split it"),
            Self::NoDefaultLimit => f.write_str("the policy has no limit for the role *"),
            Self::Limit(role) => write!(f, "the role {role} is stale sooner than it stops being fresh"),
            Self::TooMany(what) => write!(f, "too many {what}"),
            Self::UnattendedCode(code) => write!(f, "{code} is not an amber reason code that a device without a person can accept"),
            Self::ListExpiry(uri) => write!(f, "{uri} expires before the longest stale limit of the policy"),
            Self::EmptyAuthority(name) => write!(f, "{name} has no key, type, role or site"),
            Self::MissingList(uri) => write!(f, "the announced status list {uri} is missing"),
            Self::UnknownList(uri) => write!(f, "the status list {uri} is not announced"),
            Self::ContextUrl(id) => write!(f, "{id:?} is not a URL of a context"),
            Self::MissingContext(id) => write!(f, "the context {id} is missing"),
            Self::UnknownContext(digest) => write!(f, "a context document with the digest {digest} is not announced"),
            Self::Signer => f.write_str("a key could not sign"),
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { part, bytes, limit } => write!(f, "{part} is {bytes} bytes large, at most {limit} are read"),
            Self::Syntax(part) => write!(f, "{part} is not readable"),
            Self::Schema { part, found } => write!(f, "{part} has the unknown schema {found:?}"),
            Self::Threshold { part, needed, found } => write!(f, "{part} needs {needed} signatures of authorised keys and has {found}"),
            Self::DuplicateSignature(part) => write!(f, "{part} is signed twice by the same key"),
            Self::InvalidProof(part) => write!(f, "{part} has a signature that is not valid"),
            Self::RootChain { expected, found } => write!(f, "root version {expected} must come next, version {found} came"),
            Self::TooManyRoots { found, limit } => write!(f, "{found} root versions in one update, at most {limit} are taken"),
            Self::NotPinned(digest) => write!(f, "no root has the pinned digest {digest}"),
            Self::Mismatch { part, expected, found } => write!(f, "{part} must have the digest {expected} and has {found}"),
            Self::VersionMismatch { part, expected, found } => write!(f, "{part} must be version {expected} and is {found}"),
            Self::Rollback { part, held, found } => write!(f, "{part} {found} is older than {held}, which is held"),
            Self::Equivocation { part, version } => write!(f, "{part} {version} differs from the {version} that is held"),
            Self::Rule { part, broken } => write!(f, "{part}: {broken}"),
            Self::Context { id, why } => write!(f, "context {id}: {why}"),
            Self::List { uri, why } if uri.is_empty() => write!(f, "status list: {why}"),
            Self::List { uri, why } => write!(f, "status list {uri}: {why}"),
            Self::OtherQuestion => f.write_str("the time answer is for another question"),
        }
    }
}

impl core::error::Error for BundleError {}
