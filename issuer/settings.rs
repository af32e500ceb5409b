//! The operator's decisions at setup: name, address, what may be issued, how long things live.

use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::role::{MAX_ENTRY_BITS, MAX_IDENTIFIER, NAME_RULE, Scope, is_name};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::ListKind;
use waypass_trust::status::TokenForm;

const DAY: i64 = 86_400;

/// The roles that the default policy of `waypass-schemas` speaks about.
pub(crate) const DEFAULT_ROLES: [&str; 9] =
    ["admin", "issuer_operator", "staff", "nurse", "doctor", "pharmacist", "technician", "visitor", "emergency_medical"];

/// The issuer's settings; kept in its store, whose schema version covers them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The display name of the authority, as the bundle carries it.
    pub name: String,
    /// The public address without a trailing slash: `https://issuer.example/t1`. Status list URIs and the OpenID4VCI
    /// issuer identifier begin with it, so it can never change once a credential was issued.
    pub base_url: String,
    /// The roles this issuer may assert.
    pub roles: Vec<String>,
    /// The sites it may assert them for; `*` for every site.
    pub sites: Vec<String>,
    /// The longest validity of a credential, in seconds.
    pub max_validity_seconds: i64,
    /// How many credentials one status list holds.
    pub list_capacity: u32,
    /// Issuing times are rounded down to this many seconds, so that they do not identify a holder (threats.md A24).
    pub time_granularity_seconds: i64,
    /// How long a credential, status or intake key signs, in seconds.
    pub key_lifetime_seconds: i64,
    /// How long a `root` lives, in seconds.
    pub root_lifetime_seconds: i64,
    /// How long `targets` live, in seconds.
    pub targets_lifetime_seconds: i64,
    /// How long `snapshot` and `timestamp` live, in seconds; publishing again renews them.
    pub timestamp_lifetime_seconds: i64,
    /// How long a publication enrols a gate for, in seconds. Without it as long as the longest stale limit of the policy, and at least
    /// a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_enrolment_seconds: Option<i64>,
    /// The time for which an online reader may cache a status list (its `ttl`), in seconds.
    pub list_ttl_seconds: i64,
    /// The kind of list that a credential's status is in if nobody asks for one. SD-JWT VC has token lists alone.
    #[serde(default, skip_serializing_if = "is_token")]
    pub status: ListKind,
    /// How Token Status Lists are published.
    #[serde(default, skip_serializing_if = "is_jwt")]
    pub list_form: TokenForm,
    /// The meanings of the values of an entry for messages, from 0 on: 2, 4, 8 .. or 256 texts for developers. With
    /// them, credentials whose status is in bitstrings get such an entry too (Bitstring Status List §2.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_messages: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_token(kind: &ListKind) -> bool {
    matches!(kind, ListKind::Token)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_jwt(form: &TokenForm) -> bool {
    matches!(form, TokenForm::Jwt)
}

/// A setting that cannot work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettingsError {
    /// The name is empty or longer than 200 bytes.
    Name,
    /// Not an `http` or `https` address without query and fragment.
    BaseUrl,
    /// A list (`roles`, `sites`) is empty, has a repeated or an empty entry.
    List(&'static str),
    /// No credential can name one of these roles or sites.
    Names(&'static str),
    /// `status_messages` are not as many as an entry has values, or one of them is empty or longer than 1 KiB.
    Messages,
    /// A number is outside its bounds.
    Number {
        /// The setting.
        setting: &'static str,
        /// The smallest allowed value.
        least: i64,
        /// The largest allowed value.
        most: i64,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("the issuer's name must have 1 to 200 bytes"),
            Self::BaseUrl => {
                f.write_str("the base address must be http:// or https://, a host, and an optional path without a trailing slash")
            }
            Self::List(list) => write!(f, "{list} must be a list of different, non-empty names"),
            Self::Names(list) => write!(f, "each of the {list} must have {NAME_RULE}"),
            Self::Messages => f.write_str("the status messages must be 2, 4, 8 .. or 256 texts of at most 1024 bytes"),
            Self::Number { setting, least, most } => write!(f, "{setting} must lie between {least} and {most}"),
        }
    }
}

impl core::error::Error for SettingsError {}

impl Settings {
    /// Settings for an issuer called `name` reachable at `base_url`, with the defaults of trust.md and threats.md: the
    /// roles of the default policy, every site, 365 days of validity, lists of 2^17 entries, times rounded to the hour.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base_url: base_url.into(),
            roles: DEFAULT_ROLES.map(String::from).to_vec(),
            sites: vec!["*".into()],
            max_validity_seconds: 365 * DAY,
            list_capacity: 1 << 17,
            time_granularity_seconds: 3600,
            key_lifetime_seconds: 2 * 365 * DAY,
            root_lifetime_seconds: 365 * DAY,
            targets_lifetime_seconds: 90 * DAY,
            timestamp_lifetime_seconds: 7 * DAY,
            gate_enrolment_seconds: None,
            list_ttl_seconds: 900,
            status: ListKind::Token,
            list_form: TokenForm::Jwt,
            status_messages: Vec::new(),
        }
    }

    /// Checks every setting.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.name.trim().is_empty() || self.name.len() > 200 {
            return Err(SettingsError::Name);
        }
        if !is_base_url(&self.base_url) {
            return Err(SettingsError::BaseUrl);
        }
        for (setting, list) in [("roles", &self.roles), ("sites", &self.sites)] {
            let repeated = list.iter().enumerate().any(|(i, item)| list[..i].contains(item));
            if list.is_empty() || list.len() > 256 || repeated || list.iter().any(|item| item.is_empty() || item.len() > 128) {
                return Err(SettingsError::List(setting));
            }
        }
        let usable = |text: &String| !text.is_empty() && text.len() <= MAX_IDENTIFIER;
        if !self.status_messages.is_empty() && (self.message_bits().is_none() || !self.status_messages.iter().all(usable)) {
            return Err(SettingsError::Messages);
        }
        for (setting, value, least, most) in [
            ("max_validity_seconds", self.max_validity_seconds, 60, 10 * 365 * DAY),
            // 2^20 entries of 2 bits are 256 KiB before compression; larger populations get further lists.
            ("list_capacity", i64::from(self.list_capacity), 8, 1 << 20),
            ("time_granularity_seconds", self.time_granularity_seconds, 1, DAY),
            ("key_lifetime_seconds", self.key_lifetime_seconds, DAY, 20 * 365 * DAY),
            ("root_lifetime_seconds", self.root_lifetime_seconds, DAY, 10 * 365 * DAY),
            ("targets_lifetime_seconds", self.targets_lifetime_seconds, 3600, 3 * 365 * DAY),
            ("timestamp_lifetime_seconds", self.timestamp_lifetime_seconds, 60, 365 * DAY),
            ("gate_enrolment_seconds", self.gate_enrolment_seconds.unwrap_or(DAY), DAY, 365 * DAY),
            ("list_ttl_seconds", self.list_ttl_seconds, 1, 30 * DAY),
        ] {
            if !(least..=most).contains(&value) {
                return Err(SettingsError::Number { setting, least, most });
            }
        }
        Ok(())
    }

    /// Checks that credentials can name the roles and sites. Those that an office of earlier rules has, `before`, may stay.
    pub(crate) fn check_names(&self, before: Option<&Self>) -> Result<(), SettingsError> {
        let (held_roles, held_sites) = before.map_or((&[][..], &[][..]), |held| (&held.roles, &held.sites));
        if !self.roles.iter().all(|role| is_name(role) || held_roles.contains(role)) {
            return Err(SettingsError::Names("roles"));
        }
        if !self.sites.iter().all(|site| Scope::of(site).is_in_bounds() || held_sites.contains(site)) {
            return Err(SettingsError::Names("sites"));
        }
        Ok(())
    }

    /// Returns the bits of an entry for messages; `None` without messages, or if their number is not a power of two.
    pub(crate) fn message_bits(&self) -> Option<u8> {
        (1..=MAX_ENTRY_BITS).find(|bits| self.status_messages.len() == 1 << bits)
    }

    /// Returns the path of the base address, `/t1`, or empty.
    pub(crate) fn base_path(&self) -> &str {
        let after_scheme = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').map_or("", |at| &after_scheme[at..])
    }

    /// Returns the URI of status list number `list`.
    pub(crate) fn list_uri(&self, list: u32) -> String {
        format!("{}/lists/{list}", self.base_url)
    }
}

/// Returns `at` rounded down to a multiple of `granularity` seconds.
pub(crate) fn rounded(at: Timestamp, granularity: i64) -> Timestamp {
    at.plus(-(at.unix() % granularity.max(1)))
}

/// RFC 3986 in the part we allow: no user, no query, no fragment, nothing that would need escaping in a log or a header.
fn is_base_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else { return false };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host_ok = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    let segments_ok = path
        .split('/')
        .skip(1)
        .all(|s| !s.is_empty() && s != "." && s != ".." && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
    url.len() <= 512 && host_ok && segments_ok
}

#[cfg(test)]
mod tests {
    use super::{Settings, SettingsError};

    #[test]
    fn addresses() {
        for good in ["http://127.0.0.1:8240/t1", "https://issuer.example", "http://[::1]:8240/a/b"] {
            assert_eq!(Settings::new("Clinic", good).check(), Ok(()), "{good}");
        }
        for bad in [
            "",
            "ftp://x",
            "http://",
            "http://x/",
            "http://x/a//b",
            "http://u@x",
            "http://x?q",
            "http://x/../y",
            "http://x/#f",
            "http://x y",
        ] {
            assert_eq!(Settings::new("Clinic", bad).check(), Err(SettingsError::BaseUrl), "{bad}");
        }
        assert_eq!(Settings::new("Clinic", "https://a/t1").base_path(), "/t1");
        assert_eq!(Settings::new("Clinic", "https://a").base_path(), "");
    }

    #[test]
    fn refuses_what_cannot_work() {
        let base = Settings::new("Clinic", "http://a");
        assert_eq!(Settings { name: " ".into(), ..base.clone() }.check(), Err(SettingsError::Name));
        assert_eq!(Settings { roles: vec![], ..base.clone() }.check(), Err(SettingsError::List("roles")));
        assert_eq!(Settings { sites: vec!["a".into(), "a".into()], ..base.clone() }.check(), Err(SettingsError::List("sites")));
        for messages in [vec!["one".to_owned()], vec!["a".to_owned(); 3], vec![String::new(); 4], vec!["a".to_owned(); 512]] {
            assert_eq!(Settings { status_messages: messages, ..base.clone() }.check(), Err(SettingsError::Messages));
        }
        assert_eq!(Settings { status_messages: vec!["a".into(); 4], ..base.clone() }.check(), Ok(()));
        for bad in ["ward 3", "Küche", &"n".repeat(65)] {
            let [roles, sites] = [&base.roles, &base.sites].map(|held| [held.clone(), vec![bad.to_owned()]].concat());
            let (of_roles, of_sites) = (Settings { roles, ..base.clone() }, Settings { sites, ..base.clone() });
            assert_eq!(of_roles.check_names(None), Err(SettingsError::Names("roles")), "{bad}");
            assert_eq!(of_sites.check_names(Some(&base)), Err(SettingsError::Names("sites")), "{bad}");
            // An office that has the name opens, and may keep it.
            assert_eq!((of_roles.check(), of_roles.check_names(Some(&of_roles))), (Ok(()), Ok(())), "{bad}");
        }
        assert_eq!(Settings { roles: vec!["*".into()], ..base.clone() }.check_names(None), Err(SettingsError::Names("roles")));
        assert!(matches!(Settings { list_capacity: 7, ..base }.check(), Err(SettingsError::Number { setting: "list_capacity", .. })));
    }
}
