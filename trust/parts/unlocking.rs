//! What a site asks of those who open the vaults of its devices.

use super::DeviceRules;
use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, de};
use waypass_credential::recipient::Recipient;
use waypass_credential::role::is_name;

/// What a site asks of its wallets and of its gates. Without an entry, a device asks what it asks of a personal vault.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlocking {
    /// Of the wallets of its people.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "checked")]
    pub wallets: Option<VaultRules>,
    /// Of its gates. They have no officers and no administrators.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "checked_of_gates")]
    pub gates: Option<VaultRules>,
}

/// What a site asks of those who open one kind of vault. A part never has numbers out of these bounds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultRules {
    /// The combinations that may open it, at most 16: a slot takes all factors of one of them, and may take more. None: whatever is sound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub combinations: Vec<Vec<FactorName>>,
    /// The fewest characters of a new pass phrase: 8, which is what a personal vault asks, to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_characters: Option<u32>,
    /// The fewest digits of a new PIN: 6, which is what a personal vault asks, to 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_digits: Option<u32>,
    /// Words that no new pass phrase or PIN may contain, at most 32 of 3 to 32 characters. Capital letters make no difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<String>,
    /// The wrong tries in a row after which nobody is asked again: 3 to 10, which is what a personal vault allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// The waits before the next try, at most 8, the shortest first. None: those of a personal vault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delays: Vec<Delay>,
    /// True if nothing but a recovery code helps after the last try; otherwise the longest wait comes after each further one.
    #[serde(default = "yes")]
    pub permanent: bool,
    /// For how long a device goes on with ways to open it that `combinations` forbids, from the moment it learns of that: at most a year.
    #[serde(default = "two_weeks")]
    pub grace_seconds: u32,
    /// The officers of whom two can let somebody in who has forgotten a secret, if that person wanted it: 2 to 4, or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub officers: Vec<Officer>,
    /// The role of those who may administer a shared device: let somebody try again, erase a wallet, and make room for a new person. Without
    /// one, anybody at the device makes a wallet, and nobody touches that of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrators: Option<String>,
    /// What is asked of the device itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceRules>,
    /// True if a wallet is erased with the last wrong try, instead of being locked for good.
    #[serde(default, skip_serializing_if = "is_no")]
    pub erased_after_tries: bool,
}

/// Somebody who can let people in, together with another officer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// The name shown to people: 1 to 48 bytes.
    pub name: String,
    /// The key to which shares are sealed.
    pub key: Recipient,
}

/// The wait after so many wrong tries in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// From this many on.
    pub after: u32,
    /// The wait: at most a day.
    pub seconds: u32,
}

/// A kind of factor, by its name in rules and on the command line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorName {
    /// A pass phrase.
    Passphrase,
    /// A PIN, which needs a key file or a recovery code with it.
    Pin,
    /// A key file.
    KeyFile,
    /// The printed recovery code.
    Recovery,
    /// The codes of two officers.
    Officers,
}

/// Why rules about opening are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum UnsoundRules {
    /// A combination is empty, names a factor twice, wants two that are typed, or has a PIN alone; or there are more than 16.
    Combination,
    /// Each combination needs a recovery code or officers: neither is for every day.
    OnlyRecovery,
    /// After the last wrong try nothing would open it: it locks for good, no combination is for somebody who has lost something, and nobody
    /// may let them try again.
    NoWayBack,
    /// A number is out of its bounds.
    Bounds(&'static str),
    /// Officers let people in and administrators keep their wallets; a gate has neither.
    OfficersOfGates,
    /// There are not 2 to 4 officers, or two have the same name or key, or a combination needs officers whom nobody named.
    Officers,
    /// A gate would be erased, and its log with it; or a wallet that does not lock for good.
    Erased,
    /// The waits do not grow, or begin after the last try.
    Delays,
}

/// The most bytes of an officer's name.
pub const MAX_OFFICER: usize = 48;
/// The most officers: a slot has two sealed shares for each pair of them.
pub const MOST_OFFICERS: usize = 4;
/// The most wrong tries in a row, and what a personal vault allows.
pub const MOST_TRIES: u32 = 10;
/// The waits of a personal vault: the first mistyped secrets cost nothing (unlock.md "Throttling").
pub const USUAL_DELAYS: [Delay; 3] = [Delay { after: 5, seconds: 60 }, Delay { after: 7, seconds: 300 }, Delay { after: 9, seconds: 3600 }];

const MOST_COMBINATIONS: usize = 16;
const MOST_BLOCKED: usize = 32;
const MOST_DELAYS: usize = 8;
const DAY: u32 = 86_400;

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

const fn two_weeks() -> u32 {
    14 * DAY
}

fn checked<'de, D: Deserializer<'de>>(from: D) -> Result<Option<VaultRules>, D::Error> {
    let rules = Option::<VaultRules>::deserialize(from)?;
    rules.as_ref().map_or(Ok(()), VaultRules::check).map_err(de::Error::custom)?;
    Ok(rules)
}

fn checked_of_gates<'de, D: Deserializer<'de>>(from: D) -> Result<Option<VaultRules>, D::Error> {
    match checked(from)? {
        Some(rules) if rules.erased_after_tries => Err(de::Error::custom(UnsoundRules::Erased)),
        Some(rules) if !rules.officers.is_empty() || rules.administrators.is_some() => {
            Err(de::Error::custom(UnsoundRules::OfficersOfGates))
        }
        rules => Ok(rules),
    }
}

impl VaultRules {
    fn check(&self) -> Result<(), UnsoundRules> {
        let is_sound = |names: &Vec<FactorName>| {
            let is_repeated = names.iter().enumerate().any(|(i, name)| names[..i].contains(name));
            let is_weak = names.contains(&FactorName::Pin) && !names.iter().any(|name| name.is_unguessable());
            let typed = names.iter().filter(|name| **name != FactorName::KeyFile).count();
            !names.is_empty() && !is_repeated && !is_weak && typed <= 1
        };
        if self.combinations.len() > MOST_COMBINATIONS || !self.combinations.iter().all(is_sound) {
            return Err(UnsoundRules::Combination);
        }
        let is_for_loss = |name: &FactorName| matches!(name, FactorName::Recovery | FactorName::Officers);
        if !self.combinations.is_empty() && self.combinations.iter().all(|names| names.iter().any(is_for_loss)) {
            return Err(UnsoundRules::OnlyRecovery);
        }
        if self.erased_after_tries && !self.permanent {
            return Err(UnsoundRules::Erased);
        }
        if let Some(name) = self.device.as_ref().and_then(DeviceRules::out_of_bounds) {
            return Err(UnsoundRules::Bounds(name));
        }
        let has_way_back = self.administrators.is_some() || self.erased_after_tries || !self.permanent;
        if !has_way_back && !self.combinations.is_empty() && !self.combinations.iter().flatten().any(is_for_loss) {
            return Err(UnsoundRules::NoWayBack);
        }
        let within = |name, number: Option<u32>, least, most| match number {
            Some(number) if !(least..=most).contains(&number) => Err(UnsoundRules::Bounds(name)),
            _ => Ok(()),
        };
        within("passphrase_characters", self.passphrase_characters, 8, 64)?;
        within("pin_digits", self.pin_digits, 6, 32)?;
        within("tries", self.tries, 3, MOST_TRIES)?;
        within("grace_seconds", Some(self.grace_seconds), 0, 365 * DAY)?;
        let is_word = |word: &String| (3..=32).contains(&word.chars().count());
        if self.blocked.len() > MOST_BLOCKED || !self.blocked.iter().all(is_word) {
            return Err(UnsoundRules::Bounds("blocked"));
        }
        let is_officer = |(i, officer): (usize, &Officer)| {
            let is_repeated = self.officers[..i].iter().any(|other| other.name == officer.name || other.key == officer.key);
            (1..=MAX_OFFICER).contains(&officer.name.len()) && !is_repeated
        };
        let needs_officers = self.combinations.iter().flatten().any(|name| *name == FactorName::Officers);
        let are_enough = (2..=MOST_OFFICERS).contains(&self.officers.len()) || (self.officers.is_empty() && !needs_officers);
        if !are_enough || !self.officers.iter().enumerate().all(is_officer) {
            return Err(UnsoundRules::Officers);
        }
        if self.administrators.as_deref().is_some_and(|role| !is_name(role)) {
            return Err(UnsoundRules::Bounds("administrators"));
        }
        let grows = self.delays.windows(2).all(|pair| pair[0].after < pair[1].after && pair[0].seconds <= pair[1].seconds);
        let is_delay = |delay: &Delay| (1..=DAY).contains(&delay.seconds) && (1..self.tries.unwrap_or(MOST_TRIES)).contains(&delay.after);
        if self.delays.len() > MOST_DELAYS || !grows || !self.delays.iter().all(is_delay) {
            return Err(UnsoundRules::Delays);
        }
        Ok(())
    }
}

impl FactorName {
    const fn is_unguessable(self) -> bool {
        matches!(self, Self::KeyFile | Self::Recovery | Self::Officers)
    }
}

impl fmt::Display for UnsoundRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Combination => f.write_str(
                "each of at most 16 `combinations` is key-file, or one of passphrase, pin, recovery and officers, or one of these with key-file; a \
                 pin is never alone",
            ),
            Self::OnlyRecovery => f.write_str("each of the `combinations` is for somebody who has lost something: name one for every day"),
            Self::NoWayBack => f.write_str(
                "after the last wrong try nothing would open it: name a combination with recovery or officers, or `administrators`, or say \
                 `\"permanent\": false`",
            ),
            Self::OfficersOfGates => f.write_str("`officers` and `administrators` are for people: name them for wallets"),
            Self::Officers => f.write_str("`officers` has 2 to 4 entries, each with a name of at most 48 bytes and a key of their own"),
            Self::Erased => f.write_str("`erased_after_tries` is for wallets that lock for good"),
            Self::Bounds(name) => write!(f, "`{name}` is out of its bounds"),
            Self::Delays => f.write_str(
                "`delays` has at most 8, each later and no shorter than the one before, of at most a day, and before the last try",
            ),
        }
    }
}

impl core::error::Error for UnsoundRules {}

#[cfg(test)]
mod tests {
    use super::{Delay, FactorName, Unlocking, UnsoundRules, VaultRules};
    use alloc::{
        format,
        string::{String, ToString as _},
        vec,
        vec::Vec,
    };

    fn read(rules: &str) -> Result<VaultRules, alloc::string::String> {
        let read = serde_json::from_str::<Unlocking>(&format!(r#"{{"wallets":{rules}}}"#)).map_err(|why| why.to_string());
        read.map(|unlocking| unlocking.wallets.expect("there is an entry"))
    }

    #[test]
    fn an_entry_without_members_asks_what_a_personal_vault_asks() {
        let rules = read("{}").expect("an entry");
        assert_eq!((rules.permanent, rules.grace_seconds), (true, 1_209_600));
        assert_eq!((rules.combinations.len(), rules.tries, rules.delays.len()), (0, None, 0));
    }

    #[test]
    fn everything_that_can_be_asked_is_read_and_written_again() {
        let text = r#"{"wallets":{"combinations":[["passphrase","key-file"],["recovery","key-file"]],"passphrase_characters":12,"pin_digits":8,"blocked":["north clinic"],"tries":5,"delays":[{"after":3,"seconds":60}],"permanent":false,"grace_seconds":86400,"officers":[{"name":"Ada","key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"},{"name":"Tom","key":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"}]}}"#;
        let unlocking: Unlocking = serde_json::from_str(text).expect("sound");
        assert_eq!(serde_json::to_string(&unlocking).expect("written"), text);
        let rules = unlocking.wallets.expect("an entry");
        assert_eq!(rules.combinations[0], vec![FactorName::Passphrase, FactorName::KeyFile]);
        assert_eq!(rules.delays, [Delay { after: 3, seconds: 60 }]);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let said = |why: UnsoundRules| why.to_string();
        for (rules, why) in [
            (r#"{"combinations":[[]]}"#, UnsoundRules::Combination),
            (r#"{"combinations":[["pin"]]}"#, UnsoundRules::Combination),
            (r#"{"combinations":[["pin","passphrase"]]}"#, UnsoundRules::Combination),
            (r#"{"combinations":[["passphrase","pin","key-file"]]}"#, UnsoundRules::Combination),
            (r#"{"combinations":[["passphrase","key-file"]]}"#, UnsoundRules::NoWayBack),
            (r#"{"combinations":[["key-file","key-file"]]}"#, UnsoundRules::Combination),
            (r#"{"combinations":[["recovery"],["recovery","key-file"]]}"#, UnsoundRules::OnlyRecovery),
            (r#"{"passphrase_characters":7}"#, UnsoundRules::Bounds("passphrase_characters")),
            (r#"{"passphrase_characters":65}"#, UnsoundRules::Bounds("passphrase_characters")),
            (r#"{"pin_digits":5}"#, UnsoundRules::Bounds("pin_digits")),
            (r#"{"tries":2}"#, UnsoundRules::Bounds("tries")),
            (r#"{"tries":11}"#, UnsoundRules::Bounds("tries")),
            (r#"{"blocked":["ab"]}"#, UnsoundRules::Bounds("blocked")),
            (r#"{"administrators":"ward admin"}"#, UnsoundRules::Bounds("administrators")),
            (r#"{"device":{"packages_days":0}}"#, UnsoundRules::Bounds("packages_days")),
            (r#"{"erased_after_tries":true,"permanent":false}"#, UnsoundRules::Erased),
            (r#"{"grace_seconds":31536001}"#, UnsoundRules::Bounds("grace_seconds")),
            (r#"{"combinations":[["passphrase"],["officers"]]}"#, UnsoundRules::Officers),
            (r#"{"delays":[{"after":0,"seconds":60}]}"#, UnsoundRules::Delays),
            (r#"{"delays":[{"after":3,"seconds":86401}]}"#, UnsoundRules::Delays),
            (r#"{"tries":5,"delays":[{"after":5,"seconds":60}]}"#, UnsoundRules::Delays),
            (r#"{"delays":[{"after":3,"seconds":60},{"after":3,"seconds":90}]}"#, UnsoundRules::Delays),
            (r#"{"delays":[{"after":3,"seconds":60},{"after":4,"seconds":59}]}"#, UnsoundRules::Delays),
        ] {
            let refused = read(rules).expect_err(rules);
            assert!(refused.starts_with(&said(why)), "{rules}: {refused}");
        }
        let officer = |name: &str, key: &str| format!(r#"{{"name":"{name}","key":"{}"}}"#, key.repeat(43));
        let escrow = |officers: &[String]| format!(r#"{{"officers":[{}]}}"#, officers.join(","));
        let names = ["Ada", "Tom", "Eve", "Ben", "Zoe", "Kim"];
        let of = |count: usize| {
            names[..count].iter().zip(["A", "E", "I", "M", "Q", "U"]).map(|(name, key)| officer(name, key)).collect::<Vec<_>>()
        };
        for (count, is_sound) in [(1, false), (2, true), (4, true), (5, false)] {
            assert_eq!(read(&escrow(&of(count))).is_ok(), is_sound, "{count} officers");
        }
        for twice in [
            [officer("Ada", "A"), officer("Ada", "E")],
            [officer("Ada", "A"), officer("Tom", "A")],
            [officer("", "A"), officer("Tom", "E")],
        ] {
            assert!(read(&escrow(&twice)).is_err(), "{twice:?}");
        }
        let gates = format!(r#"{{"gates":{}}}"#, escrow(&of(2)));
        assert!(serde_json::from_str::<Unlocking>(&gates).is_err());
        assert!(serde_json::from_str::<Unlocking>(r#"{"gates":{"administrators":"admin"}}"#).is_err());
        assert!(serde_json::from_str::<Unlocking>(r#"{"gates":{"erased_after_tries":true}}"#).is_err());
        assert!(read(r#"{"combinations":[["passphrase","key-file"]],"administrators":"admin"}"#).is_ok(), "they let people try again");
        assert!(read(r#"{"combinations":[["passphrase","key-file"]],"erased_after_tries":true}"#).is_ok(), "nothing is left to open");
        let many = |count: usize| format!(r#"{{"blocked":[{}]}}"#, vec![r#""word""#; count].join(","));
        assert!(read(&many(32)).is_ok() && read(&many(33)).is_err());
        for unknown in [r#"{"combinations":[["fingerprint"]]}"#, r#"{"lockout":true}"#] {
            assert!(read(unknown).is_err(), "{unknown}");
        }
    }
}
