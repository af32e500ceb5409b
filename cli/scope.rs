//! The kinds of work that the commands of a session may do.

use crate::words;

/// A kind of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Scope {
    /// Look at what is kept
    Read,
    /// Show credentials; at a gate ask and decide
    Present,
    /// Change what is kept
    Records,
    /// Use and change keys, and save them
    Keys,
    /// Change what opens the vault
    Slots,
}

impl Scope {
    pub(crate) const ALL: [Self; 5] = [Self::Read, Self::Present, Self::Records, Self::Keys, Self::Slots];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Present => "present",
            Self::Records => "records",
            Self::Keys => "keys",
            Self::Slots => "slots",
        }
    }
}

/// `read and present`.
pub(crate) fn list(scopes: &[Scope]) -> String {
    words::list(&scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>())
}
