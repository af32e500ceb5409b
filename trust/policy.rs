//! Which roles a gate admits: Cedar policies from the signed bundle, validated strictly, default deny.
//!
//! Three actions are asked in order and the first that is permitted decides: `admit` (green), `admit_two_person` (amber),
//! `break_glass` (an audited override). A card is asked about with `admit_card` alone, and only a rule that names the identity check
//! (`@identity`) permits it. A `forbid` that matches any of a person's roles denies that action for all of
//! them. Any error while evaluating denies everything: skipping an erroring `forbid` would let it vanish. The vocabulary
//! is `schemas/policy/waypass.cedarschema`.
//!
//! The engine needs the standard library; it does no I/O, reads no clock and draws no randomness.

extern crate std;

mod identity;
mod local;

pub use identity::{IdentityCheck, admits_cards};
pub use local::LocalTime;

use crate::bundle::{Digest, Policy};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use cedar_policy::{
    ActionConstraint, Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, PrincipalConstraint,
    Request, Response, RestrictedExpression, Schema, ValidationMode, Validator,
};
use core::fmt;
use std::collections::{HashMap, HashSet};
use waypass_credential::role::Scope;
use waypass_credential::time::{Timestamp, Validity};

mod nesting;
mod trial;

pub(crate) use nesting::MAX_NESTING;

/// Longest policy text: some 500 rules.
pub(crate) const MAX_TEXT: usize = 256 * 1024;
/// Most rules; each costs about a microsecond where it applies.
pub(crate) const MAX_RULES: usize = 512;

/// The actions that a rule can permit, in the order asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// Let the person pass.
    Admit,
    /// Let the person pass when two guards agree.
    AdmitTwoPerson,
    /// Let the person pass in an emergency, audited.
    BreakGlass,
    /// Let the bearer of a card pass after the identity check that the rule names.
    AdmitCard,
}

impl Action {
    const ALL: [Self; 4] = [Self::Admit, Self::AdmitTwoPerson, Self::BreakGlass, Self::AdmitCard];
    /// Asked about a holder, in this order.
    const FOR_HOLDERS: [Self; 3] = [Self::Admit, Self::AdmitTwoPerson, Self::BreakGlass];

    /// Returns the name in policies.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::AdmitTwoPerson => "admit_two_person",
            Self::BreakGlass => "break_glass",
            Self::AdmitCard => "admit_card",
        }
    }
}

/// The policy's answer, and the rule that gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Ruling {
    /// A rule permits the action.
    Permit {
        /// The action.
        action: Action,
        /// For which of the person's roles, each by its rule; never empty.
        by: Vec<Permitted>,
    },
    /// No rule permits anything, or a `forbid` matched.
    Deny {
        /// The `forbid`, where there was one.
        rule: Option<String>,
    },
    /// A rule could not be evaluated: deny.
    Error {
        /// The rule.
        rule: String,
    },
    /// The policy is past its date: deny.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
}

/// A role that a rule permits to act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permitted {
    /// The role.
    pub role: String,
    /// The rule, by its `@id` or its position.
    pub rule: String,
    /// The identity check that the rule names. A rule that permits [`Action::AdmitCard`] always does.
    pub identity: Option<IdentityCheck>,
}

/// The person who asks to be admitted, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The roles the credential shows.
    pub roles: &'a [String],
    /// The sites it is good for.
    pub sites: &'a [String],
    /// The zones it is good for.
    pub zones: &'a [String],
    /// The id of its issuer.
    pub issuer: &'a str,
    /// The time of the decision.
    pub at: Timestamp,
}

/// Why a policy cannot be used. The texts name rules and positions, for the person who publishes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyError {
    /// Longer than `MAX_TEXT` or more rules than `MAX_RULES`.
    TooLarge,
    /// Brackets and `if`s nest deeper than `MAX_NESTING`.
    TooDeep {
        /// In this line of the text.
        line: usize,
    },
    /// Not Cedar.
    Syntax(String),
    /// It speaks of something the schema does not have, or in a way it does not allow.
    Invalid(Vec<String>),
    /// Two rules carry one `@id`.
    DuplicateId(String),
    /// A rule that cannot be evaluated: it would deny everything at a gate.
    Fails {
        /// The rule.
        rule: String,
        /// The role it was asked about.
        role: String,
        /// The time it was asked at.
        at: Timestamp,
    },
    /// A rule for cards names no identity check that there is.
    NoIdentityCheck {
        /// The rule.
        rule: String,
    },
    /// Templates cannot be linked here.
    Template,
    /// The schema or the engine failed: nothing can be decided.
    Engine,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the policy has more than {MAX_TEXT} bytes or {MAX_RULES} rules"),
            Self::TooDeep { line } => write!(f, "the policy nests more than {MAX_NESTING} deep in line {line}"),
            Self::Syntax(why) => write!(f, "the policy is not readable: {why}"),
            Self::Invalid(why) => write!(f, "the policy does not fit its schema: {}", why.join("; ")),
            Self::DuplicateId(id) => write!(f, "two rules have the id {id:?}"),
            Self::Fails { rule, role, at } => {
                let hour = at.unix().rem_euclid(86_400) / 3600;
                write!(f, "the rule {rule:?} cannot be evaluated for the role {role:?} at {hour}:00 UTC, and would deny everybody")
            }
            Self::NoIdentityCheck { rule } => write!(
                f,
                "the rule {rule:?} is about cards and names no identity check: write @identity(\"document\") or @identity(\"vouched\")"
            ),
            Self::Template => f.write_str("the policy contains a template"),
            Self::Engine => f.write_str("the policy engine cannot be set up"),
        }
    }
}

impl core::error::Error for PolicyError {}

/// A policy that passed strict validation.
#[derive(Clone, Debug)]
pub struct RolePolicy {
    slices: [Slices; 4],
    names: HashMap<PolicyId, String>,
    identity: BTreeMap<String, IdentityCheck>,
    expires_at: Timestamp,
    vocabulary: Vocabulary,
    validation: Validation,
}

/// That one policy text passed strict validation, by one version of the engine against one vocabulary.
///
/// Validation costs more than everything else between the start of a gate and its verdict, so a gate keeps this under its seal
/// and validates a text once, not at every start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validation(Digest);

impl Validation {
    /// Returns the kept form: 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0.0
    }

    /// Reads the kept form; bytes of another length are rejected.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Digest(bytes)))
    }

    /// Returns the one that `text` would leave behind.
    fn of(text: &str) -> Self {
        let engine = cedar_policy::get_sdk_version();
        Self(Digest::of(alloc::format!("waypass/v1/policy {engine}\0{}\0{text}", waypass_schemas::POLICY_SCHEMA).as_bytes()))
    }
}

/// The rules of one action, by the role their scope names: a rule for visitors is not even looked at for a nurse.
#[derive(Clone, Debug)]
struct Slices {
    action: EntityUid,
    by_role: HashMap<String, PolicySet>,
    /// For roles that no scope names.
    others: PolicySet,
}

#[derive(Clone, Debug)]
struct Vocabulary {
    role: EntityTypeName,
    gate: EntityTypeName,
}

impl RolePolicy {
    /// Compiles the policy of a bundle.
    pub fn compile(policy: &Policy) -> Result<Self, PolicyError> {
        Self::compile_text(&policy.cedar, policy.expires_at, None)
    }

    /// Compiles the policy of a bundle, without validating again what `earlier` says was validated.
    pub fn compile_again(policy: &Policy, earlier: Option<Validation>) -> Result<Self, PolicyError> {
        Self::compile_text(&policy.cedar, policy.expires_at, earlier)
    }

    /// That this policy's text was validated, to be kept for [`Self::compile_again`].
    pub const fn validation(&self) -> Validation {
        self.validation
    }

    /// Compiles a policy text; nothing may be decided by it after `expires_at`.
    pub fn compile_text(text: &str, expires_at: Timestamp, earlier: Option<Validation>) -> Result<Self, PolicyError> {
        if text.len() > MAX_TEXT {
            return Err(PolicyError::TooLarge);
        }
        nesting::check(text)?;
        let set: PolicySet = text.parse().map_err(|why: cedar_policy::ParseErrors| PolicyError::Syntax(alloc::format!("{why}")))?;
        if set.num_of_policies() > MAX_RULES {
            return Err(PolicyError::TooLarge);
        }
        if set.num_of_templates() > 0 {
            return Err(PolicyError::Template);
        }
        let validation = Validation::of(text);
        if earlier != Some(validation) {
            validate(&set)?;
        }
        let vocabulary =
            Vocabulary { role: "Role".parse().map_err(|_| PolicyError::Engine)?, gate: "Gate".parse().map_err(|_| PolicyError::Engine)? };
        let action_type: EntityTypeName = "Action".parse().map_err(|_| PolicyError::Engine)?;
        let action = |action: Action| EntityUid::from_type_name_and_id(action_type.clone(), EntityId::new(action.as_str()));
        let names = names(&set)?;
        let identity = identity::checks(&set, |rule| names.get(rule).cloned())?;
        let for_holders = |of: Action| Slices::of(&set, action(of), &vocabulary.role);
        let [admit, two_person, break_glass] = Action::FOR_HOLDERS;
        let for_cards = Slices::of(&identity::for_cards(&set)?, action(Action::AdmitCard), &vocabulary.role)?;
        Ok(Self {
            slices: [for_holders(admit)?, for_holders(two_person)?, for_holders(break_glass)?, for_cards],
            names,
            identity,
            expires_at,
            vocabulary,
            validation,
        })
    }

    /// Returns this policy at one gate. `time_zone` is the one in the gate's entry in the bundle: a rule that speaks of
    /// local hours cannot be
    /// evaluated, and so denies, at a gate that has none or one that this program does not know.
    pub fn at_gate(&self, id: &str, site: &str, zone: &str, time_zone: Option<&str>) -> Result<GatePolicy<'_>, PolicyError> {
        let gate = EntityUid::from_type_name_and_id(self.vocabulary.gate.clone(), EntityId::new(id));
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let attributes = HashMap::from([("site".to_owned(), text(site)), ("zone".to_owned(), text(zone))]);
        let entity = Entity::new(gate.clone(), attributes, HashSet::new()).map_err(|_| PolicyError::Engine)?;
        let entities = Entities::from_entities([entity], None).map_err(|_| PolicyError::Engine)?;
        let local = time_zone.and_then(LocalTime::named);
        Ok(GatePolicy { policy: self, engine: Authorizer::new(), gate, entities, site: site.to_owned(), zone: zone.to_owned(), local })
    }
}

/// A policy at one gate: what decides.
#[derive(Debug)]
pub struct GatePolicy<'p> {
    policy: &'p RolePolicy,
    engine: Authorizer,
    gate: EntityUid,
    entities: Entities,
    site: String,
    zone: String,
    local: Option<LocalTime>,
}

/// The result of one action.
enum Answer {
    Permitted(Vec<Permitted>),
    Forbidden(String),
    NoRule,
    Failed(String),
}

impl GatePolicy<'_> {
    /// Returns the first permitted action in the order `admit`, `admit_two_person`, `break_glass`.
    pub fn decide(&self, ask: &Ask<'_>) -> Ruling {
        self.first_of(&Action::FOR_HOLDERS, ask)
    }

    /// Returns the ruling about a card: `admit_card` is the only action that it can have.
    pub fn card(&self, ask: &Ask<'_>) -> Ruling {
        self.first_of(&[Action::AdmitCard], ask)
    }

    /// Returns true if `break_glass` is permitted: asked when only an override could admit.
    pub fn break_glass(&self, ask: &Ask<'_>) -> Ruling {
        self.first_of(&[Action::BreakGlass], ask)
    }

    fn first_of(&self, actions: &[Action], ask: &Ask<'_>) -> Ruling {
        let at = self.policy.expires_at;
        if Validity::ending(at).is_over(ask.at) {
            return Ruling::Expired { at };
        }
        let Some(context) = self.context(ask) else { return Ruling::Error { rule: "context".to_owned() } };
        let mut forbidden = None;
        for action in actions {
            match self.ask(*action, ask, &context) {
                Answer::Permitted(by) => return Ruling::Permit { action: *action, by },
                Answer::Failed(rule) => return Ruling::Error { rule },
                Answer::Forbidden(rule) => forbidden = forbidden.or(Some(rule)),
                Answer::NoRule => {}
            }
        }
        Ruling::Deny { rule: forbidden }
    }

    fn ask(&self, action: Action, ask: &Ask<'_>, context: &Context) -> Answer {
        let slices = &self.policy.slices[action as usize];
        let (mut by, mut forbidden) = (Vec::new(), None);
        for role in ask.roles {
            let principal = EntityUid::from_type_name_and_id(self.policy.vocabulary.role.clone(), EntityId::new(role));
            let Ok(request) = Request::new(principal, slices.action.clone(), self.gate.clone(), context.clone(), None) else {
                return Answer::Failed("request".to_owned());
            };
            let rules = slices.by_role.get(role).unwrap_or(&slices.others);
            let response = self.engine.is_authorized(&request, rules, &self.entities);
            if let Some(error) = response.diagnostics().errors().next() {
                let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
                return Answer::Failed(self.name(error.policy_id()));
            }
            match (response.decision(), self.reason(&response)) {
                (cedar_policy::Decision::Allow, Some(rule)) => {
                    let identity = self.policy.identity.get(&rule).copied();
                    by.push(Permitted { role: role.clone(), rule, identity });
                }
                (_, Some(rule)) => forbidden = forbidden.or(Some(rule)),
                (_, None) => {}
            }
        }
        match forbidden {
            Some(rule) => Answer::Forbidden(rule),
            None if by.is_empty() => Answer::NoRule,
            None => Answer::Permitted(by),
        }
    }

    /// Returns the rule that fails when `action` is asked, whatever else is permitted.
    fn failing(&self, action: Action, ask: &Ask<'_>) -> Option<String> {
        let Some(context) = self.context(ask) else { return Some("context".to_owned()) };
        match self.ask(action, ask, &context) {
            Answer::Failed(rule) => Some(rule),
            Answer::Permitted(_) | Answer::Forbidden(_) | Answer::NoRule => None,
        }
    }

    fn context(&self, ask: &Ask<'_>) -> Option<Context> {
        let day = ask.at.unix().div_euclid(86_400);
        let here = self.local.as_ref().and_then(|local| local.hour_and_weekday(ask.at));
        let local = here.into_iter().flat_map(|(hour, weekday)| [("hour_local", hour), ("weekday_local", weekday)]);
        let known = [
            ("sites".to_owned(), scopes(ask.sites, &self.site)),
            ("zones".to_owned(), scopes(ask.zones, &self.zone)),
            ("issuer".to_owned(), RestrictedExpression::new_string(ask.issuer.to_owned())),
            ("hour_utc".to_owned(), RestrictedExpression::new_long(ask.at.unix().rem_euclid(86_400) / 3600)),
            // The first of January 1970 was a Thursday, the fourth day.
            ("weekday_utc".to_owned(), RestrictedExpression::new_long((day + 3).rem_euclid(7) + 1)),
        ];
        let local = local.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_long(value)));
        Context::from_pairs(known.into_iter().chain(local)).ok()
    }

    /// Returns the deciding rule; the first by name where several decide, so that the same question always gets the same answer.
    fn reason(&self, response: &Response) -> Option<String> {
        response.diagnostics().reason().map(|id| self.name(id)).min()
    }

    fn name(&self, id: &PolicyId) -> String {
        self.policy.names.get(id).cloned().unwrap_or_else(|| AsRef::<str>::as_ref(id).to_owned())
    }
}

impl Slices {
    fn of(set: &PolicySet, action: EntityUid, role_type: &EntityTypeName) -> Result<Self, PolicyError> {
        let mut others = PolicySet::new();
        let mut scoped: Vec<(String, cedar_policy::Policy)> = Vec::new();
        for policy in set.policies() {
            let applies = match policy.action_constraint() {
                ActionConstraint::Any => true,
                ActionConstraint::Eq(one) => one == action,
                ActionConstraint::In(several) => several.contains(&action),
            };
            match policy.principal_constraint() {
                _ if !applies => {}
                PrincipalConstraint::Eq(role) if role.type_name() == role_type => {
                    scoped.push((AsRef::<str>::as_ref(role.id()).to_owned(), policy.clone()));
                }
                _ => others.add(policy.clone()).map_err(|_| PolicyError::Engine)?,
            }
        }
        let mut by_role: HashMap<String, PolicySet> = HashMap::new();
        for (role, policy) in scoped {
            by_role.entry(role).or_insert_with(|| others.clone()).add(policy).map_err(|_| PolicyError::Engine)?;
        }
        Ok(Self { action, by_role, others })
    }
}

/// Strictly, against the one vocabulary.
fn validate(set: &PolicySet) -> Result<(), PolicyError> {
    let (schema, _) = Schema::from_cedarschema_str(waypass_schemas::POLICY_SCHEMA).map_err(|_| PolicyError::Engine)?;
    let validation = Validator::new(schema).validate(set, ValidationMode::Strict);
    if validation.validation_passed() {
        return Ok(());
    }
    Err(PolicyError::Invalid(validation.validation_errors().map(|why| alloc::format!("{why}")).collect()))
}

/// `@id`, else the position that Cedar numbers rules by.
fn names(set: &PolicySet) -> Result<HashMap<PolicyId, String>, PolicyError> {
    let mut seen = HashSet::new();
    let mut names = HashMap::new();
    for policy in set.policies() {
        let name = policy.annotation("id").map_or_else(|| AsRef::<str>::as_ref(policy.id()).to_owned(), ToOwned::to_owned);
        if !seen.insert(name.clone()) {
            return Err(PolicyError::DuplicateId(name));
        }
        names.insert(policy.id().clone(), name);
    }
    Ok(names)
}

/// Returns the sites or zones of a credential as policies see them: `*` means this gate's, too, so that no rule needs to know it.
fn scopes(shown: &[String], here: &str) -> RestrictedExpression {
    let everywhere = Scope::is_everywhere(shown).then(|| here.to_owned());
    RestrictedExpression::new_set(shown.iter().cloned().chain(everywhere).map(RestrictedExpression::new_string))
}

#[cfg(test)]
mod tests;
