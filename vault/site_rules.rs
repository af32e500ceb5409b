//! What the site of a device asks of those who open its vault. It comes with the signed policy and lies under the seal; the limits of wrong
//! tries, which count before anything is open, lie in the clear too and are compared at each opening.

use crate::factor::{FactorKind, SecretRules};
use crate::rules::Rules;
use crate::throttle::Limits;
use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{FactorName, VaultRules};

/// What the site of a device asks of those who open its vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SiteRules {
    /// The combinations that may open it.
    pub rules: Rules,
    /// What new secrets must be like.
    pub secrets: SecretRules,
    pub(crate) limits: Limits,
    grace_seconds: u32,
    /// The signed time at which this device learned of these combinations.
    since: Timestamp,
}

impl SiteRules {
    /// Returns the rules that were learned at `at` after `before`: combinations that stay the same are not new.
    pub(crate) fn of(rules: &VaultRules, before: Option<&Self>, at: Timestamp) -> Self {
        let kinds = |names: &Vec<FactorName>| names.iter().copied().map(FactorKind::from).collect();
        let combinations = Rules::only(rules.combinations.iter().map(kinds));
        let since = before.filter(|before| before.rules == combinations).map_or(at, |before| before.since);
        Self { rules: combinations, secrets: SecretRules::of(rules), limits: Limits::of(rules), grace_seconds: rules.grace_seconds, since }
    }

    /// Returns until when a way to open the vault that these combinations forbid goes on to do so.
    pub(crate) fn until(&self) -> Timestamp {
        self.since.plus(self.grace_seconds.into())
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.array(5);
        self.rules.write(to);
        self.secrets.write(to);
        self.limits.write(to);
        to.unsigned(self.grace_seconds.into()).signed(self.since.unix());
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(5)?;
        Ok(Self {
            rules: Rules::read(from)?,
            secrets: SecretRules::read(from)?,
            limits: Limits::read(from)?,
            grace_seconds: from.unsigned32()?,
            since: Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?,
        })
    }
}

impl From<FactorName> for FactorKind {
    fn from(name: FactorName) -> Self {
        match name {
            FactorName::Passphrase => Self::Password,
            FactorName::Pin => Self::Pin,
            FactorName::KeyFile => Self::KeyFile,
            FactorName::Recovery => Self::Recovery,
        }
    }
}

/// Ways to open a vault that the rules of its site forbid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbidden {
    /// What they take.
    pub slots: Vec<crate::slot::SlotInfo>,
    /// Until when they are put up with.
    pub until: Timestamp,
    /// True from then on: nothing may be done with the vault until they are replaced or removed.
    pub is_over: bool,
}
