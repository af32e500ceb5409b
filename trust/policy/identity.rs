//! The identity check that a rule for cards names: a card says nothing about the person who brings it.

use super::{Action, PolicyError};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet};

/// The annotation of a rule.
const ANNOTATION: &str = "identity";

/// The check of the person who brings a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdentityCheck {
    /// The guard compares an identity document with the name and the number's end on the card.
    Document,
    /// A second person, who knows the bearer, says that it is them.
    Vouched,
}

impl IdentityCheck {
    /// Returns the name in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Vouched => "vouched",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Document, Self::Vouched].into_iter().find(|check| check.as_str() == name)
    }
}

/// Returns true if a rule of the policy `text` speaks of cards by name. An unreadable text has none.
pub fn admits_cards(text: &str) -> bool {
    text.parse::<PolicySet>().is_ok_and(|set| set.policies().any(|policy| permits(policy) && names_cards(policy)))
}

/// Returns the identity check of each rule that names one, by the name that `named` has for it. A rule that permits cards by name must.
pub(super) fn checks(set: &PolicySet, named: impl Fn(&PolicyId) -> Option<String>) -> Result<BTreeMap<String, IdentityCheck>, PolicyError> {
    let mut checks = BTreeMap::new();
    for policy in set.policies() {
        let rule = || named(policy.id()).unwrap_or_else(|| policy.id().to_string());
        match check_of(policy) {
            Some(check) => drop(checks.insert(rule(), check)),
            None if permits(policy) && names_cards(policy) => return Err(PolicyError::NoIdentityCheck { rule: rule() }),
            None => {}
        }
    }
    Ok(checks)
}

/// Returns the rules that are asked about cards. A rule that permits every action was written about holders, unless it names a check.
pub(super) fn for_cards(set: &PolicySet) -> Result<PolicySet, PolicyError> {
    let asked = set.policies().filter(|policy| !permits(policy) || check_of(policy).is_some());
    PolicySet::from_policies(asked.cloned()).map_err(|_| PolicyError::Engine)
}

fn check_of(policy: &Policy) -> Option<IdentityCheck> {
    policy.annotation(ANNOTATION).and_then(IdentityCheck::parse)
}

fn permits(policy: &Policy) -> bool {
    policy.effect() == Effect::Permit
}

fn names_cards(policy: &Policy) -> bool {
    let is_card = |action: &EntityUid| AsRef::<str>::as_ref(action.id()) == Action::AdmitCard.as_str();
    match policy.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::Eq(one) => is_card(&one),
        ActionConstraint::In(several) => several.iter().any(is_card),
    }
}
