//! The four signed parts of a bundle in JSON. The parts read here are only text that parsed; `bundle::rules`
//! and the signatures decide whether it is believed.

use alloc::{string::String, vec::Vec};
use credential::{
    key::PublicKey,
    role::{BitstringEntry, Mechanism, StatusPurpose, StatusReference},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use waypass_credential as credential;
use waypass_credential::role::Scope;

mod device;
mod digest;
mod name;
mod seen_again;
pub(crate) mod unix;
mod unlocking;

pub use device::{Consequence, DeviceFinding, DeviceRules};
pub use digest::{Digest, NotADigest};
pub use name::PartName;
pub use seen_again::SeenAgain;
pub use unlocking::{Delay, FactorName, MAX_OFFICER, MOST_OFFICERS, MOST_TRIES, Officer, USUAL_DELAYS, Unlocking, VaultRules};

/// One status list token may be this large (trust.md "Trust bundle").
pub const MAX_LIST: usize = 4 * 1024 * 1024;

/// A part that is signed and carried in an envelope.
pub trait Part: Serialize + for<'de> Deserialize<'de> {
    /// The `schema` it must name.
    const SCHEMA: &'static str;
    /// The JOSE `typ` of its envelope, so that a signature for one part is invalid for another.
    const TYP: &'static str;
    /// Which part it is, in errors.
    const NAME: PartName;

    /// Returns the schema it names.
    fn schema(&self) -> &str;
    /// Returns its version; never decreases.
    fn version(&self) -> u64;
    /// Returns when its signers made it.
    fn issued_at(&self) -> Timestamp;
    /// Returns the end of the part.
    fn expires_at(&self) -> Timestamp;
}

macro_rules! part {
    ($part:ident, $name:ident, $schema:literal, $typ:literal) => {
        impl Part for $part {
            const SCHEMA: &'static str = $schema;
            const TYP: &'static str = $typ;
            const NAME: PartName = PartName::$name;

            fn schema(&self) -> &str {
                &self.schema
            }
            fn version(&self) -> u64 {
                self.version
            }
            fn issued_at(&self) -> Timestamp {
                self.issued_at
            }
            fn expires_at(&self) -> Timestamp {
                self.expires_at
            }
        }
    };
}

part!(RootPart, Root, "waypass.root/1", "waypass-root+json");
part!(TimestampPart, Timestamp, "waypass.timestamp/1", "waypass-timestamp+json");
part!(SnapshotPart, Snapshot, "waypass.snapshot/1", "waypass-snapshot+json");
part!(TargetsPart, Targets, "waypass.targets/1", "waypass-targets+json");

/// The keys and what each may sign: the anchor of everything else. Kept offline, k of n keys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootPart {
    /// [`Part::SCHEMA`].
    pub schema: String,
    /// Starts at 1, grows by exactly 1.
    pub version: u64,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub issued_at: Timestamp,
    /// Unix seconds; feeds freshness, never refuses a bundle.
    #[serde(with = "unix")]
    pub expires_at: Timestamp,
    /// Every key a role below names.
    pub keys: Vec<PublicKey>,
    /// The four roles.
    pub roles: RootRoles,
}

/// The four top-level signing roles.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootRoles {
    /// Signs the next root (and this one).
    pub root: SigningRole,
    /// Signs issuers, gates and policy; offline.
    pub targets: SigningRole,
    /// Signs which versions belong together; online.
    pub snapshot: SigningRole,
    /// Signs what is newest; online.
    pub timestamp: SigningRole,
}

/// k of n keys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningRole {
    /// n: distinct keys.
    pub keys: Vec<PublicKey>,
    /// k: how many of them must sign; at least 1.
    pub threshold: u32,
}

/// The newest versions, signed often.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampPart {
    /// [`Part::SCHEMA`].
    pub schema: String,
    /// Never decreases.
    pub version: u64,
    /// Unix seconds; the age of the whole bundle.
    #[serde(with = "unix")]
    pub issued_at: Timestamp,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub expires_at: Timestamp,
    /// The newest snapshot.
    pub snapshot: PartReference,
}

/// Which versions belong together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotPart {
    /// [`Part::SCHEMA`].
    pub schema: String,
    /// Never decreases.
    pub version: u64,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub issued_at: Timestamp,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub expires_at: Timestamp,
    /// The targets part.
    pub targets: PartReference,
    /// Every published status list.
    pub lists: Vec<ListReference>,
}

/// Names one version of another part by its payload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartReference {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its payload bytes.
    pub sha256: Digest,
}

/// Names one status list token by its text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListReference {
    /// The list's URI, the token's `sub`.
    pub uri: String,
    /// SHA-256 of the token text.
    pub sha256: Digest,
}

/// Names one JSON-LD context by its document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextReference {
    /// The URL that credentials name it by; it is never fetched.
    pub id: String,
    /// SHA-256 of the document's bytes.
    pub sha256: Digest,
}

/// Whom a site trusts for what, its gates, and how it decides.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetsPart {
    /// [`Part::SCHEMA`].
    pub schema: String,
    /// Never decreases.
    pub version: u64,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub issued_at: Timestamp,
    /// Unix seconds; bounds for how long stolen online keys could keep this part alive.
    #[serde(with = "unix")]
    pub expires_at: Timestamp,
    /// The issuers.
    pub authorities: Vec<Authority>,
    /// The enrolled gates.
    pub gates: Vec<Gate>,
    /// The JSON-LD contexts that role credentials may name in addition to their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<ContextReference>,
    /// The policy.
    pub policy: Policy,
    /// Delegated signing roles. The published format has the member, and a part that delegates anything is refused.
    pub delegations: [(); 0],
}

impl TargetsPart {
    /// Returns the key records, each with its authority.
    pub(crate) fn key_records(&self) -> impl Iterator<Item = (&Authority, &KeyRecord)> {
        self.authorities.iter().flat_map(|authority| authority.keys.iter().map(move |key| (authority, key)))
    }
}

/// An issuer and the limits of what it may say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The name shown to people.
    pub name: String,
    /// Its keys, of every use.
    pub keys: Vec<KeyRecord>,
    /// Credential types: `vct` values and VC type names.
    pub types: Vec<String>,
    /// Roles it may assert.
    pub roles: Vec<String>,
    /// Sites it may speak for; `*` is every site.
    pub sites: Vec<String>,
    /// Longest validity it may give a credential, in seconds.
    pub max_validity_seconds: u64,
    /// Its status lists and their largest size.
    pub status_uris: Vec<StatusUri>,
}

/// A status list an authority may publish. Neither list format signs its entry count: the inflation limit is here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusUri {
    /// The list's URI.
    pub uri: String,
    /// Most entries it may hold.
    pub max_entries: u64,
    /// Bits per entry: 1, 2, 4 or 8; of a bitstring 1 to 8.
    pub bits: u8,
    /// True if a revocation in it can never be taken back. Of a bitstring it never can, whatever is here.
    pub irrevocable: bool,
    /// Which kind of list it is.
    #[serde(default, skip_serializing_if = "ListKind::is_token")]
    pub kind: ListKind,
}

/// The kinds of status lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListKind {
    /// Token Status List (draft-ietf-oauth-status-list).
    #[default]
    Token,
    /// Bitstring Status List (W3C).
    Bitstring,
}

impl ListKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    const fn is_token(&self) -> bool {
        matches!(self, Self::Token)
    }
}

impl StatusUri {
    /// Returns the entry at `index` through which this list would revoke a credential.
    pub(crate) fn revocation(&self, index: u64) -> StatusReference {
        let mechanism = match self.kind {
            ListKind::Token => Mechanism::TokenList,
            ListKind::Bitstring => {
                Mechanism::Bitstring(BitstringEntry { purpose: StatusPurpose::Revocation, size: self.bits, messages: Vec::new() })
            }
        };
        StatusReference { uri: self.uri.clone(), index, mechanism }
    }
}

/// One key of an authority: one algorithm, one use, one state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The key id in the headers and proofs it signs.
    pub kid: String,
    /// The issuer id (`iss`, VC `issuer`) under which it signs.
    pub issuer: String,
    /// The key, Multikey text.
    pub key: PublicKey,
    /// The JOSE name of its one algorithm; must be the key's own.
    pub alg: String,
    /// The use of the key.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// The earliest date of its signatures.
    #[serde(with = "unix")]
    pub not_before: Timestamp,
    /// The latest date of its signatures.
    #[serde(with = "unix")]
    pub not_after: Timestamp,
    /// The state of belief in it.
    pub state: KeyState,
    /// For a retired key: what it signed may not be dated later.
    #[serde(with = "unix::option", default, skip_serializing_if = "Option::is_none")]
    pub issued_until: Option<Timestamp>,
}

/// The use of a key; a key has one use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Credentials.
    Credential,
    /// Status lists.
    Status,
    /// Leases. The published format has them; nothing is believed by such a key yet.
    Lease,
    /// Signed times. The published format has them; times are signed by the root's timestamp role.
    Time,
    /// Receipts for uploaded audit records.
    Intake,
}

/// The state of belief in a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// In use.
    Active,
    /// Signs no more: believed for what is dated up to `issued_until`.
    Retired,
    /// Stolen: nothing it signed is believed, whatever its date.
    Compromised,
}

/// An enrolled gate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The `did:key` of its key: its audience.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// The place.
    pub site: String,
    /// The zone it guards.
    pub zone: String,
    /// The time zone whose hours its rules may speak of, by its name in the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Unix seconds; after this its challenges are a stranger's.
    #[serde(with = "unix")]
    pub not_after: Timestamp,
}

/// How gates decide: rules, and how old their evidence may be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Never decreases.
    pub version: u64,
    /// Unix seconds.
    #[serde(with = "unix")]
    pub issued_at: Timestamp,
    /// Unix seconds; after this nothing may be decided by it.
    #[serde(with = "unix")]
    pub expires_at: Timestamp,
    /// Cedar policies.
    pub cedar: String,
    /// How old evidence may be, per role; the entry `*` is for every role without its own.
    pub limits: Vec<RoleLimit>,
    /// Amber reason codes that a device without a person may take as green.
    pub unattended_ok: Vec<String>,
    /// Restarts a gate may live through without a signed time before its clock is doubted.
    pub max_boots_without_signed_time: u32,
    /// Decisions a gate may take without a signed time before its clock is doubted.
    pub max_decisions_without_signed_time: u32,
    /// For how long a credential that passed a gate and is seen there again makes the verdict amber; without it a gate does not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_again_seconds: Option<SeenAgain>,
    /// What may open the vaults of the site's devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocking: Option<Unlocking>,
}

/// How old evidence about a role may be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleLimit {
    /// The role, or `*`.
    pub role: String,
    /// Up to this age evidence is current.
    pub fresh_seconds: u64,
    /// Up to this age it is stale, and [`Self::stale`] is what to do; at least [`Self::fresh_seconds`].
    pub stale_seconds: u64,
    /// The use of stale evidence.
    pub stale: StaleAction,
    /// The answer to a lack of usable evidence.
    pub unknown: UnknownAction,
}

/// The use of stale evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaleAction {
    /// Admit with a logged override.
    Override,
    /// Admit when two people agree.
    TwoPerson,
    /// Nothing.
    #[default]
    Deny,
}

/// The answer to a lack of usable evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownAction {
    /// Break the glass: admit in an emergency, audited.
    BreakGlass,
    /// Somebody of the site stays with the person.
    Escort,
    /// Deny.
    #[default]
    Deny,
}

impl KeyRecord {
    /// Returns true if something dated `issued_at` is believed under this key. Nothing that a stolen key signed is
    /// believed, because the thief writes the date (threats.md A21).
    pub fn covers(&self, issued_at: Timestamp) -> bool {
        let until = self.issued_until.map_or(self.not_after, |until| until.min(self.not_after));
        self.state != KeyState::Compromised && self.not_before <= issued_at && issued_at <= until
    }
}

impl SigningRole {
    /// Returns true if `key` is one of the role's.
    pub fn has(&self, key: &PublicKey) -> bool {
        self.keys.contains(key)
    }
}

impl Policy {
    /// Returns the limit for `role`: its own entry, else `*`, else one that lets nothing pass.
    pub(crate) fn limit(&self, role: &str) -> RoleLimit {
        let entry = |scope: Scope<'_>| self.limits.iter().find(|limit| Scope::of(&limit.role) == scope);
        entry(Scope::Named(role)).or_else(|| entry(Scope::Any)).cloned().unwrap_or_else(|| RoleLimit {
            role: role.into(),
            fresh_seconds: 0,
            stale_seconds: 0,
            stale: StaleAction::Deny,
            unknown: UnknownAction::Deny,
        })
    }

    /// Returns the largest age at which any role may still use a list: what a list without `exp` gets, and the least `exp` that
    /// may be published.
    pub fn longest_stale_seconds(&self) -> u64 {
        self.limits.iter().map(|limit| limit.stale_seconds.max(limit.fresh_seconds)).max().unwrap_or(0)
    }
}
