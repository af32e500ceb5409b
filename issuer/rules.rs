//! The rules that gates go by: checked as the gates will ask them, then kept for the next targets.

use crate::office::{Issuer, POLICY};
use crate::policy::{PolicyDraft, PolicyRefused};
use crate::store::{GateRow, StoreError};
use core::fmt;
use waypass_credential::json;
use waypass_trust::policy::PolicyError;

/// Why rules were not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RulesError {
    /// The policy does not fit.
    Refused(PolicyRefused),
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Checks a policy, and asks its rules once as the gates will.
    pub fn check_policy(&self, policy: &PolicyDraft) -> Result<(), RulesError> {
        policy.check_names()?;
        let mut places: Vec<_> = self.enrolled_gates()?.map(|row| (row.site, row.zone, row.time_zone)).collect();
        places.sort_unstable();
        places.dedup();
        Ok(policy.try_out(&self.settings().roles, &places)?)
    }

    /// Returns the rule that cannot be evaluated at this gate because it speaks of local hours and the gate has no time zone. Such a rule
    /// denies whatever it is asked.
    pub fn rule_without_hours(&self, gate: &GateRow) -> Option<String> {
        let policy = self.policy().ok().filter(|_| gate.time_zone.is_none())?;
        let asked = |time_zone: Option<&str>| {
            policy.try_out(&self.settings().roles, &[(gate.site.clone(), gate.zone.clone(), time_zone.map(str::to_owned))])
        };
        match asked(None) {
            Err(PolicyRefused::Rules(PolicyError::Fails { rule, .. })) if asked(Some("UTC")).is_ok() => Some(rule),
            _ => None,
        }
    }

    /// Checks a policy and keeps it for the next targets.
    pub fn set_policy(&mut self, policy: &PolicyDraft) -> Result<(), RulesError> {
        self.check_policy(policy)?;
        Ok(self.store.transact(|tx| tx.set_documents(&[(POLICY, json::to_string(policy).as_bytes())]))?)
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for RulesError {}

impl From<PolicyRefused> for RulesError {
    fn from(why: PolicyRefused) -> Self {
        Self::Refused(why)
    }
}

impl From<StoreError> for RulesError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
