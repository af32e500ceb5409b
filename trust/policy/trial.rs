//! Asking every rule before it is signed: validation cannot see an overflow, and a rule that fails denies everything at a gate.

use super::{Action, Ask, GatePolicy, PolicyError, RolePolicy};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_credential::time::Timestamp;

/// A week from 1970-01-05T00:00:00Z, a Monday: every hour, in UTC and in every zone, on every day.
const MONDAY: i64 = 4 * 86_400;
const HOURS: i64 = 7 * 24;
/// A role, site and zone that no rule and no gate names.
const STRANGER: &str = "waypass-trial";

impl RolePolicy {
    /// Evaluates every rule for each role of `roles` and of the rules themselves, at each place (site and zone), in every hour of
    /// a week. Names the first rule that cannot be evaluated.
    ///
    /// A place is a gate's site, zone and time zone: a rule that speaks of local hours fails where a gate has no time zone.
    /// Only what the rules can see is tried: a rule that fails for one issuer or for one set of sites alone is not found.
    pub fn try_out(&self, roles: &[String], places: &[(String, String, Option<String>)]) -> Result<(), PolicyError> {
        let named = self.slices.iter().flat_map(|slices| slices.by_role.keys());
        let mut roles: Vec<&str> = named.chain(roles).map(String::as_str).chain([STRANGER]).collect();
        roles.sort_unstable();
        roles.dedup();
        let stranger = (STRANGER.to_owned(), STRANGER.to_owned(), Some("UTC".to_owned()));
        for (site, zone, time_zone) in places.iter().chain([&stranger]) {
            let gate = self.at_gate(STRANGER, site, zone, time_zone.as_deref())?;
            for hour in 0..HOURS {
                let at = Timestamp::from_unix(MONDAY + hour * 3600).ok_or(PolicyError::Engine)?;
                for role in &roles {
                    try_once(&gate, role, at)?;
                }
            }
        }
        Ok(())
    }
}

/// Asks for each action, of a credential that is good everywhere and of one that is good nowhere.
fn try_once(gate: &GatePolicy<'_>, role: &str, at: Timestamp) -> Result<(), PolicyError> {
    let role = [role.to_owned()];
    for scope in [&["*".to_owned()][..], &[]] {
        let ask = Ask { roles: &role, sites: scope, zones: scope, issuer: STRANGER, at };
        for action in Action::ALL {
            if let Some(rule) = gate.failing(action, &ask) {
                return Err(PolicyError::Fails { rule, role: role[0].clone(), at });
            }
        }
    }
    Ok(())
}
