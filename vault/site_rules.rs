//! What the site of a device asks of those who open its vault. It comes with the signed policy and lies under the seal; the limits of wrong
//! tries, which count before anything is open, lie in the clear too and are compared at each opening.

use crate::escrow;
use crate::factor::{FactorKind, FactorParameters, SecretRules};
use crate::rules::Rules;
use crate::slot::{Slot, SlotInfo};
use crate::throttle::Limits;
use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::recipient::Recipient;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Consequence, DeviceFinding, DeviceRules, Digest, FactorName, MAX_OFFICER, MOST_OFFICERS, Officer, VaultRules};

/// What the site of a device asks of those who open its vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SiteRules {
    /// The combinations that may open it.
    pub rules: Rules,
    /// What new secrets must be like.
    pub secrets: SecretRules,
    pub(crate) limits: Limits,
    grace_seconds: u32,
    /// The signed time at which this device learned of these combinations and officers.
    since: Timestamp,
    /// Of whom two can let somebody in who has forgotten a secret; may be empty.
    pub officers: Vec<Officer>,
    /// What is asked of the device itself.
    pub device: Option<DeviceRules>,
}

impl SiteRules {
    /// Returns the rules that this device learned of at `since`.
    pub(crate) fn of(rules: &VaultRules, since: Timestamp) -> Self {
        let kinds = |names: &Vec<FactorName>| names.iter().copied().map(FactorKind::from).collect();
        let combinations = Rules::only(rules.combinations.iter().map(kinds));
        Self {
            rules: combinations,
            secrets: SecretRules::of(rules),
            limits: Limits::of(rules),
            grace_seconds: rules.grace_seconds,
            since,
            officers: rules.officers.clone(),
            device: rules.device.clone(),
        }
    }

    /// Returns the same rules, if these slots had some time to keep to `before` already.
    pub(crate) fn after(self, before: Option<&Self>, slots: &[Slot]) -> Self {
        let is_new = |slot: &Slot| !self.permit(slot) && before.is_none_or(|before| before.permit(slot));
        let since = before.filter(|_| !slots.iter().any(is_new)).map_or(self.since, |before| before.since);
        Self { since, ..self }
    }

    /// Returns until when a way to open the vault that these combinations forbid goes on to do so.
    pub(crate) fn until(&self) -> Timestamp {
        self.since.plus(self.grace_seconds.into())
    }

    /// Returns true if the site lets a slot open the vault. One for other officers than the site has today is not.
    pub(crate) fn permit(&self, slot: &Slot) -> bool {
        let is_theirs = |parameters: &FactorParameters| escrow::is_for(parameters, &self.officers);
        self.rules.permit(&slot.kinds()) && slot.parameters_of(FactorKind::Officers).is_none_or(is_theirs)
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        // Rules that ask nothing of the device are written as they were before there were such rules.
        to.array(if self.device.is_some() { 7 } else { 6 });
        self.rules.write(to);
        self.secrets.write(to);
        self.limits.write(to);
        to.unsigned(self.grace_seconds.into()).signed(self.since.unix()).array(self.officers.len());
        for officer in &self.officers {
            to.array(2).text(&officer.name).bytes(&officer.key.0);
        }
        if let Some(device) = &self.device {
            write_device(device, to);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let members = from.array()?;
        let officer = |from: &mut Reader<'_>| {
            from.array_of(2)?;
            Ok(Officer { name: from.string(MAX_OFFICER)?, key: Recipient(from.bytes_array()?) })
        };
        let read = Self {
            rules: Rules::read(from)?,
            secrets: SecretRules::read(from)?,
            limits: Limits::read(from)?,
            grace_seconds: from.unsigned32()?,
            since: Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?,
            officers: (0..from.array_up_to(MOST_OFFICERS)?).map(|_| officer(from)).collect::<Result<_, NotCanonical>>()?,
            device: None,
        };
        match members {
            6 => Ok(read),
            7 => Ok(Self { device: Some(read_device(from)?), ..read }),
            _ => Err(NotCanonical),
        }
    }
}

/// `[[finding, consequence] ..], [digest ..], days]`, each finding and consequence by its place among all of them.
fn write_device(rules: &DeviceRules, to: &mut Writer) {
    let DeviceRules { findings, programs, packages_days } = rules;
    to.array(3).array(findings.len());
    for (finding, consequence) in findings {
        to.array(2).unsigned(place(&DeviceFinding::ALL, finding)).unsigned(place(&Consequence::ALL, consequence));
    }
    to.array(programs.len());
    for program in programs {
        to.bytes(&program.0);
    }
    to.option(*packages_days, |to, days| {
        to.unsigned(days.into());
    });
}

fn read_device(from: &mut Reader<'_>) -> Result<DeviceRules, NotCanonical> {
    from.array_of(3)?;
    let mut rules = DeviceRules::default();
    for _ in 0..from.array_up_to(DeviceFinding::ALL.len())? {
        from.array_of(2)?;
        let (finding, consequence) = (at(&DeviceFinding::ALL, from.unsigned()?)?, at(&Consequence::ALL, from.unsigned()?)?);
        rules.findings.insert(finding, consequence);
    }
    for _ in 0..from.array_up_to(DeviceRules::MOST_PROGRAMS)? {
        rules.programs.push(Digest(from.bytes_array()?));
    }
    rules.packages_days = from.option(Reader::unsigned32)?;
    Ok(rules)
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u64 {
    all.iter().zip(0..).find(|(other, _)| *other == one).map_or(u64::MAX, |(_, place)| place)
}

fn at<T: Copy>(all: &[T], place: u64) -> Result<T, NotCanonical> {
    usize::try_from(place).ok().and_then(|place| all.get(place)).copied().ok_or(NotCanonical)
}

impl From<FactorName> for FactorKind {
    fn from(name: FactorName) -> Self {
        match name {
            FactorName::Passphrase => Self::Password,
            FactorName::Pin => Self::Pin,
            FactorName::KeyFile => Self::KeyFile,
            FactorName::Recovery => Self::Recovery,
            FactorName::Officers => Self::Officers,
        }
    }
}

/// Ways to open a vault that the rules of its site forbid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbidden {
    /// The slots.
    pub slots: Vec<SlotInfo>,
    /// The combinations that they let open it.
    pub rules: Rules,
    /// The end of the time in which they go on to open it.
    pub until: Timestamp,
    /// True from then on: nothing may be done with the vault until the slots are replaced or removed.
    pub is_over: bool,
}
