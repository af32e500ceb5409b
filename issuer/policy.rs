//! The role policy this issuer publishes: Cedar rules and how old evidence may be, validated before anybody is asked to sign.

use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::json::{self, JsonError, Limits};
use waypass_credential::role::{NAME_RULE, Scope};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Policy, RoleLimit, SeenAgain, Unlocking};
use waypass_trust::policy::{PolicyError, RolePolicy, admits_cards};

/// The stack of a thread on the systems that gates run on (Rust's default).
const GATE_STACK: usize = 2 * 1024 * 1024;
const LIMITS: Limits = Limits { bytes: 512 * 1024, depth: 6, values: 8192 };

/// The version of a policy file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PolicySchema {
    /// The first.
    #[serde(rename = "waypass.policy/1")]
    V1,
}

/// The part of a policy that the operator decides, also as a JSON file; version and times come from the targets that carry it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    /// The version of the file.
    pub schema: PolicySchema,
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
    /// What may open the vaults of the site's devices; without it, what may open a personal vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocking: Option<Unlocking>,
}

/// Why a policy is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyRefused {
    /// Not JSON, or too large.
    Json(JsonError),
    /// JSON, but not a policy; the detail names the place.
    Shape(String),
    /// The rules do not fit.
    Rules(PolicyError),
    /// There is no limit for `*`.
    NoDefaultLimit,
    /// A role has two limits, or is stale sooner than it stops being fresh.
    Limit(String),
    /// No credential can name the role that has a limit.
    Role(String),
}

impl PolicyDraft {
    /// Returns the policy a new issuer starts with (trust.md's table), from `waypass-schemas`.
    pub fn initial() -> Result<Self, PolicyRefused> {
        let limits = serde_json::from_str(waypass_schemas::DEFAULT_LIMITS).map_err(|why| PolicyRefused::Shape(why.to_string()))?;
        Ok(Self {
            schema: PolicySchema::V1,
            cedar: waypass_schemas::DEFAULT_POLICY.into(),
            limits,
            unattended_ok: Vec::new(),
            max_boots_without_signed_time: 50,
            max_decisions_without_signed_time: 50_000,
            seen_again_seconds: None,
            unlocking: None,
        })
    }

    /// Returns this policy with the rules for cards of `waypass-schemas`, unless it has rules for cards already.
    #[must_use]
    pub fn with_cards(mut self) -> Self {
        if !admits_cards(&self.cedar) {
            self.cedar.push('\n');
            self.cedar.push_str(waypass_schemas::CARD_RULES);
        }
        self
    }

    /// Reads a policy file; its rules are checked when it is set.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyRefused> {
        json::parse(text, LIMITS).map_err(PolicyRefused::Json)?;
        serde_json::from_slice(text).map_err(|why| PolicyRefused::Shape(why.to_string()))
    }

    /// Checks the limits, and the rules strictly against the schema of role policies.
    pub fn check(&self) -> Result<(), PolicyRefused> {
        self.compiled().map(drop)
    }

    /// Checks as [`Self::check`] does, and asks every rule once for each role, at each place and in every hour: one that cannot be
    /// evaluated would close every gate.
    pub fn try_out(&self, roles: &[String], places: &[(String, String, Option<String>)]) -> Result<(), PolicyRefused> {
        // On no more stack than a gate's thread may have, since a long rule that fits here might not fit there.
        std::thread::scope(|scope| {
            let asked = || self.compiled()?.try_out(roles, places).map_err(PolicyRefused::Rules);
            let thread = std::thread::Builder::new().stack_size(GATE_STACK).spawn_scoped(scope, asked);
            let engine_failed = Err(PolicyRefused::Rules(PolicyError::Engine));
            thread.map_or(engine_failed.clone(), |thread| thread.join().unwrap_or(engine_failed))
        })
    }

    /// Checks that credentials can name the roles that have limits.
    pub(crate) fn check_names(&self) -> Result<(), PolicyRefused> {
        let wrong = self.limits.iter().find(|limit| !Scope::of(&limit.role).is_in_bounds());
        wrong.map_or(Ok(()), |limit| Err(PolicyRefused::Role(limit.role.clone())))
    }

    fn compiled(&self) -> Result<RolePolicy, PolicyRefused> {
        for (i, limit) in self.limits.iter().enumerate() {
            let repeated = self.limits[..i].iter().any(|earlier| earlier.role == limit.role);
            if repeated || limit.stale_seconds < limit.fresh_seconds {
                return Err(PolicyRefused::Limit(limit.role.clone()));
            }
        }
        if !self.limits.iter().any(|limit| Scope::of(&limit.role) == Scope::Any) {
            return Err(PolicyRefused::NoDefaultLimit);
        }
        let epoch = Timestamp::from_unix(0).ok_or(PolicyRefused::NoDefaultLimit)?;
        RolePolicy::compile(&self.part(1, epoch, epoch)).map_err(PolicyRefused::Rules)
    }

    /// Returns the largest age at which any role may still use a list.
    pub(crate) fn longest_stale_seconds(&self) -> u64 {
        self.limits.iter().map(|limit| limit.stale_seconds.max(limit.fresh_seconds)).max().unwrap_or(0)
    }

    pub(crate) fn part(&self, version: u64, issued_at: Timestamp, expires_at: Timestamp) -> Policy {
        Policy {
            version,
            issued_at,
            expires_at,
            cedar: self.cedar.clone(),
            limits: self.limits.clone(),
            unattended_ok: self.unattended_ok.clone(),
            max_boots_without_signed_time: self.max_boots_without_signed_time,
            max_decisions_without_signed_time: self.max_decisions_without_signed_time,
            seen_again_seconds: self.seen_again_seconds,
            unlocking: self.unlocking.clone(),
        }
    }
}

impl fmt::Display for PolicyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => why.fmt(f),
            Self::Shape(why) => write!(f, "not a policy file: {why}"),
            Self::Rules(why) => why.fmt(f),
            Self::NoDefaultLimit => f.write_str("the policy has no limit for the role *"),
            Self::Role(role) => write!(f, "the role {role:?} has a limit, and no credential can name it: it must have {NAME_RULE}"),
            Self::Limit(role) => write!(f, "the role {role:?} has two limits, or is stale sooner than it stops being fresh"),
        }
    }
}

impl core::error::Error for PolicyRefused {}
