//! What a site asks of a device itself, before a vault opens on it.

use super::Digest;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a site does about what a device says of itself. Somebody who rules the device can make it say anything.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRules {
    /// What is looked at, and what follows if it is not good or cannot be told. Nothing else is looked at.
    #[serde(default)]
    pub findings: BTreeMap<DeviceFinding, Consequence>,
    /// The SHA-256 digests of the programs that the site trusts, at most 64; for [`DeviceFinding::Program`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<Digest>,
    /// For how many days a system may go without looking for updates: 1 to 365, and 30 without this; for [`DeviceFinding::Packages`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages_days: Option<u32>,
}

/// Something about a device that a site may care about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceFinding {
    /// The site does not name the program.
    Program,
    /// The program runs as root.
    Root,
    /// Another program traces this one.
    Debugger,
    /// The machine was not started by secure boot.
    SecureBoot,
    /// The kernel lets root change it while it runs.
    Lockdown,
    /// The files are on a disk that is not encrypted.
    Disk,
    /// The screen does not lock by itself.
    ScreenLock,
    /// The system has not looked for updates for long.
    Packages,
    /// The clock has neither a battery nor a source.
    Clock,
}

/// What follows from a finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// The log has it.
    Log,
    /// The person is told too.
    Warn,
    /// Nothing opens.
    Refuse,
}

impl DeviceFinding {
    /// Every finding. The place in it is stored: new ones come at the end.
    pub const ALL: [Self; 9] = [
        Self::Program,
        Self::Root,
        Self::Debugger,
        Self::SecureBoot,
        Self::Lockdown,
        Self::Disk,
        Self::ScreenLock,
        Self::Packages,
        Self::Clock,
    ];
}

impl Consequence {
    /// Every consequence, the mildest first. The place in it is stored.
    pub const ALL: [Self; 3] = [Self::Log, Self::Warn, Self::Refuse];
}

impl DeviceRules {
    /// The most programs.
    pub const MOST_PROGRAMS: usize = 64;
    const MOST_DAYS: u32 = 365;

    /// Returns the name of a member that is out of its bounds.
    pub(super) fn out_of_bounds(&self) -> Option<&'static str> {
        let knows_programs = !self.programs.is_empty() || !self.findings.contains_key(&DeviceFinding::Program);
        if self.programs.len() > Self::MOST_PROGRAMS || !knows_programs {
            return Some("programs");
        }
        self.packages_days.is_some_and(|days| !(1..=Self::MOST_DAYS).contains(&days)).then_some("packages_days")
    }
}

#[cfg(test)]
mod tests {
    use super::{Consequence, DeviceFinding, DeviceRules};
    use alloc::{format, vec};

    fn read(text: &str) -> DeviceRules {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn rules_are_read_and_written_again() {
        let digest = "ab".repeat(32);
        let text = format!(
            r#"{{"findings":{{"program":"refuse","debugger":"refuse","secure-boot":"log","disk":"warn"}},"programs":["{digest}"],"packages_days":7}}"#
        );
        let rules = read(&text);
        assert_eq!(serde_json::to_string(&rules).expect("written"), text);
        assert_eq!(rules.findings[&DeviceFinding::Disk], Consequence::Warn);
        assert_eq!(rules.out_of_bounds(), None);
        assert_eq!(read("{}"), DeviceRules::default());
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let many = format!(r#"{{"programs":[{}]}}"#, vec![format!(r#""{}""#, "ab".repeat(32)); 65].join(","));
        for (text, name) in [
            (r#"{"findings":{"program":"warn"}}"#, "programs"),
            (&many, "programs"),
            (r#"{"packages_days":0}"#, "packages_days"),
            (r#"{"packages_days":366}"#, "packages_days"),
        ] {
            assert_eq!(read(text).out_of_bounds(), Some(name), "{text}");
        }
        for unknown in [r#"{"findings":{"jailbreak":"warn"}}"#, r#"{"findings":{"disk":"erase"}}"#, r#"{"release":[]}"#] {
            assert!(serde_json::from_str::<DeviceRules>(unknown).is_err(), "{unknown}");
        }
    }
}
