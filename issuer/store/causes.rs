//! Why something happened to a credential.

use core::fmt;

/// Why a status changes: a closed list, so that it can be counted and audited; words go into the note.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// The holder key or the device was lost.
    Lost,
    /// The holder key or the device was stolen, or may be in other hands.
    Compromised,
    /// The person left or no longer has the role.
    RoleEnded,
    /// A newer credential replaces this one.
    Replaced,
    /// It was issued by mistake.
    IssuedInError,
    /// The rules were broken.
    Misuse,
    /// A matter is being looked into.
    Investigation,
    /// The matter was resolved in the holder's favour.
    Cleared,
    /// Something else; the note must say what.
    Other,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::Lost,
        Self::Compromised,
        Self::RoleEnded,
        Self::Replaced,
        Self::IssuedInError,
        Self::Misuse,
        Self::Investigation,
        Self::Cleared,
        Self::Other,
    ];

    /// Returns the stable code, as the command line and the history write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Compromised => "compromised",
            Self::RoleEnded => "role_ended",
            Self::Replaced => "replaced",
            Self::IssuedInError => "issued_in_error",
            Self::Misuse => "misuse",
            Self::Investigation => "investigation",
            Self::Cleared => "cleared",
            Self::Other => "other",
        }
    }

    /// Returns the cause of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == code)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The subject of an entry of a credential's history.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventCause {
    /// It was issued.
    Issued,
    /// Its status message was set.
    Message,
    /// Its state was changed.
    Changed(Cause),
}

impl EventCause {
    /// Returns the stable code: `issued`, `message`, or that of the cause.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Message => "message",
            Self::Changed(cause) => cause.as_str(),
        }
    }

    /// Returns the cause of a code.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "issued" => Some(Self::Issued),
            "message" => Some(Self::Message),
            code => Cause::parse(code).map(Self::Changed),
        }
    }
}

impl fmt::Display for EventCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
