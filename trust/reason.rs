//! Why a verdict is what it is: stable codes, their level, and what the person at the gate does next.
//!
//! The codes are API: the same in the command line, JSON, web and audit log (trust.md "Verdict").

use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How bad a reason is; the worst one decides. Ordered from best to worst: what cannot be checked ranks below what is
/// known to be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Allow.
    Green,
    /// A person must do the named extra step.
    Amber,
    /// Cannot check: nobody knows yet.
    Grey,
    /// Deny.
    Red,
}

impl Level {
    /// Returns the name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Grey => "grey",
            Self::Red => "red",
        }
    }
}

/// One reason with the fact behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// The fact in words, for a log or a detail view; may be empty. Never holds personal data.
    pub detail: String,
}

impl Reason {
    /// Returns a reason with its fact.
    pub fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self { code, detail: String::new() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// Everything said about one code, in one row of the table below.
struct Words {
    code: &'static str,
    level: Level,
    headline: &'static str,
    meaning: &'static str,
    next: &'static str,
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $level:ident, $headline:literal, $meaning:literal, $next:literal;)+) => {
        /// A stable reason code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum ReasonCode { $(#[doc = $meaning] $name,)+ }

        impl ReasonCode {
            /// Every code, for catalogues and for reading text back.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            const fn words(self) -> Words {
                match self {
                    $(Self::$name => Words { code: $code, level: Level::$level, headline: $headline, meaning: $meaning, next: $next },)+
                }
            }
        }
    };
}

reason_codes! {
    Ok = "ok" Green, "Allow",
        "Everything was checked and holds.",
        "Let the person pass.";

    StaleRevocations = "stale_revocations" Amber, "List is old",
        "The list of withdrawn credentials is older than this role should be checked with.",
        "Do the extra step shown, then synchronise this gate as soon as there is a link.";
    StaleTrust = "stale_trust" Amber, "Trust data is old",
        "What this gate knows about issuers is older than this role should be checked with.",
        "Do the extra step shown, then synchronise this gate as soon as there is a link.";
    ClockSuspect = "clock_suspect" Amber, "Clock is unsure",
        "This gate's clock has not been confirmed lately.",
        "Compare the time on the screen with your watch. If it is wrong, stop and call the supervisor.";
    BearerPass = "bearer_pass" Amber, "Printed card",
        "A printed card was shown. Anybody can copy one, so it does not say who brings it.",
        "Do the identity check that the rule names, and confirm only if the person passes it.";
    ExpiresSoon = "expires_soon" Amber, "Expires soon",
        "The credential ends shortly.",
        "Tell the person when it ends and ask them to renew it.";
    TwoPerson = "two_person" Amber, "Second guard needed",
        "The rule admits this person only when two guards agree.",
        "Call a second guard; both confirm.";
    Escort = "escort" Amber, "Escort needed",
        "Nobody here can tell whether the credential was withdrawn, and the rule lets the person in under escort.",
        "Let the person in only with somebody of the site next to them, all the time.";
    BreakGlass = "break_glass" Amber, "Emergency override",
        "Only the emergency rule admits this person.",
        "Let the person in only in an emergency. Ask why; the override is recorded and will be reviewed.";
    PeerCheck = "peer_check" Amber, "Checked, not admitted",
        "This device is not a gate of the site. It says what it knows, and it admits nobody.",
        "Decide yourself. Look at how old the data is; a gate of the site may know better.";
    SeenRecently = "seen_recently" Amber, "Seen just now",
        "The same credential passed this gate a short time ago.",
        "Look at the person: make sure that nobody handed the credential back.";

    Revoked = "revoked" Red, "Withdrawn",
        "The issuer has withdrawn this credential.",
        "Do not let the person pass. Ask them to contact the issuer.";
    Suspended = "suspended" Red, "Suspended",
        "The issuer has suspended this credential for now.",
        "Do not let the person pass. Ask them to contact the issuer.";
    Expired = "expired" Red, "Expired",
        "The credential's time is over.",
        "Do not let the person pass. Ask them to renew the credential.";
    NotYetValid = "not_yet_valid" Red, "Not valid yet",
        "The credential's time has not begun.",
        "Do not let the person pass. Ask them to come back when it begins.";
    UntrustedIssuer = "untrusted_issuer" Red, "Unknown issuer",
        "Nobody this site trusts issued the credential.",
        "Do not let the person pass. Ask the person for a credential from a trusted issuer.";
    IssuerNotAuthorised = "issuer_not_authorised" Red, "Issuer may not say this",
        "The issuer is known but may not issue this role, site, type or length of validity.",
        "Do not let the person pass. Report the issuer's name to the supervisor.";
    KeyCompromised = "key_compromised" Red, "Issuer key stolen",
        "The key that signed the credential was stolen, so anybody could have made it.",
        "Do not let the person pass. Ask the person to get a new credential from the issuer.";
    BadSignature = "bad_signature" Red, "Forged or damaged",
        "The signature does not fit what the credential says.",
        "Do not let the person pass. Ask the person to present once more; if it fails again, call the supervisor.";
    HolderBindingFailed = "holder_binding_failed" Red, "Not the holder's device",
        "The credential was not presented by the device it was issued to.",
        "Do not let the person pass. Ask the person to present from their own device.";
    NonceMismatch = "nonce_mismatch" Red, "Answer to another question",
        "The presentation does not answer this gate's challenge.",
        "Start again with a new challenge and ask the person to scan it.";
    WrongAudience = "wrong_audience" Red, "Meant for another gate",
        "The presentation was made for another gate.",
        "Start again with a new challenge and ask the person to scan it here.";
    ChallengeExpired = "challenge_expired" Red, "Too late",
        "The answer came after the challenge had ended.",
        "Start again with a new challenge and ask the person to answer it at once.";
    Replayed = "replayed" Red, "Already used",
        "This presentation was shown before.",
        "Do not let the person pass. Start again with a new challenge and watch who answers it.";
    RoleMissing = "role_missing" Red, "No role shown",
        "The presentation does not show what this gate asks for.",
        "Ask the person to present again and to share the role the gate asks for.";
    PolicyDenied = "policy_denied" Red, "Not allowed here",
        "No rule of this gate admits this role.",
        "Do not let the person pass. Tell them which gate or desk is right for them.";
    PolicyExpired = "policy_expired" Red, "Gate's rules have ended",
        "The rules this gate decides by are past their date.",
        "Admit nobody on this screen. Synchronise this gate or call the supervisor.";
    PolicyError = "policy_error" Red, "Gate's rules failed",
        "A rule could not be evaluated, so nothing may be decided by it.",
        "Admit nobody on this screen. Report it to the supervisor.";
    DataTooOld = "data_too_old" Red, "Data too old",
        "What this gate knows is older than this role allows.",
        "Do not let the person pass. Synchronise this gate, then ask the person to present again.";
    Malformed = "malformed" Red, "Unreadable",
        "What was presented is not a readable presentation.",
        "Ask the person to present again; if it fails again, deny.";

    StatusUnknown = "status_unknown" Grey, "Cannot check",
        "Nobody here can tell whether the credential was withdrawn.",
        "Do not let the person pass on this screen. Synchronise this gate, or follow the site's rule for such cases.";
    NoBundle = "no_bundle" Grey, "Gate is not set up",
        "This gate has no trust data.",
        "Admit nobody on this screen. Enrol this gate first.";
    ClockUnusable = "clock_unusable" Grey, "Clock is wrong",
        "This gate's clock cannot be believed, so no date can be checked.",
        "Admit nobody on this screen. Set the clock or synchronise this gate.";
    GateNotEnrolled = "gate_not_enrolled" Grey, "Gate is not enrolled",
        "This gate is not enrolled at the site, or its enrolment has ended.",
        "Admit nobody on this screen. Synchronise this gate or call the supervisor, who can enrol it again.";
    TrustTampered = "trust_tampered" Grey, "Trust data was changed",
        "The trust data on this device is not what its vault has seen: it is older, missing, unreadable or of another site.",
        "Admit nobody on this screen. Call the supervisor, who brings the newest trust bundle.";
    DeviceTampered = "device_tampered" Grey, "Gate was changed",
        "Keys, state, challenges or log of this gate were damaged, deleted or put back from an older copy.",
        "Admit nobody on this screen. Call the supervisor, who looks at what was found and acknowledges it.";
    StorageFailed = "storage_failed" Grey, "Gate cannot record",
        "The decision could not be written down, so it does not count.",
        "Admit nobody on this screen. Free space on the device or call the supervisor.";
}

impl ReasonCode {
    /// Returns the code as written everywhere.
    pub const fn as_str(self) -> &'static str {
        self.words().code
    }

    /// Returns the code of a text; `None` for what this version does not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// Returns how bad it is.
    pub const fn level(self) -> Level {
        self.words().level
    }

    /// Two or three words for a screen.
    pub const fn headline(self) -> &'static str {
        self.words().headline
    }

    /// Returns its meaning, one sentence.
    pub const fn meaning(self) -> &'static str {
        self.words().meaning
    }

    /// Returns the step that the person at the gate does now.
    pub const fn next_action(self) -> &'static str {
        self.words().next
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown reason code"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, ReasonCode};

    #[test]
    fn codes_are_unique_and_read_back() {
        for (at, code) in ReasonCode::ALL.iter().enumerate() {
            assert_eq!(ReasonCode::parse(code.as_str()), Some(*code));
            assert!(ReasonCode::ALL[..at].iter().all(|other| other.as_str() != code.as_str()), "{code} stands twice");
            assert!(!code.headline().is_empty() && code.meaning().ends_with('.') && code.next_action().ends_with('.'), "{code}");
        }
        assert_eq!(ReasonCode::parse("OK"), None);
    }

    #[test]
    fn only_ok_is_green() {
        assert!(ReasonCode::ALL.iter().all(|code| (code.level() == Level::Green) == (*code == ReasonCode::Ok)));
    }
}
