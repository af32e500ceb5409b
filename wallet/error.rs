//! The errors that a holder can meet, in words for a holder.

use crate::credential_id::CredentialId;
use core::fmt;
use waypass_credential::ClaimPath;
use waypass_credential::key::SignError;
use waypass_credential::recipient::NotSealed;
use waypass_credential::{Format, Malformed};
use waypass_trust::assess::Refused;
use waypass_trust::reason::ReasonCode;
use waypass_vault::{BackupError, VaultError};

/// Why an operation on the wallet failed.
#[derive(Debug)]
pub enum WalletError {
    /// The vault failed.
    Vault(VaultError),
    /// There is no such credential.
    NotHeld,
    /// The beginning of an id fits several credentials.
    Ambiguous {
        /// How many.
        count: usize,
    },
    /// A stored record does not read; it is kept as it is.
    Damaged(CredentialId),
    /// The wallet's own bookkeeping does not read.
    Bookkeeping,
    /// The backup failed.
    Backup(BackupError),
}

/// Why a credential is not taken in. Nothing was stored.
#[derive(Debug)]
pub enum HoldError {
    /// Not a credential.
    Malformed(Malformed),
    /// There is no trust bundle, so nobody can say whether it is genuine.
    NoBundle,
    /// It was assessed, and is not to be believed: the gravest reason first.
    Refused(Refused),
    /// It is a card: gates read it from paper, and no device shows it.
    Card,
    /// It is bound to no key: anyone who copies it could show it.
    NotBound,
    /// It is bound to a key that this wallet does not have.
    AnotherHolder,
    /// It is bound to a key of this wallet that may have been changed from outside.
    KeyAltered,
    /// The wallet failed.
    Wallet(WalletError),
}

/// Why there is no presentation. Nothing was shown.
#[derive(Debug)]
pub enum PresentError {
    /// No held credential answers the request.
    NothingMatches(Missing),
    /// The gate is not enrolled, and the holder did not say that it is to be answered all the same.
    NotEnrolled,
    /// Credentials would answer, but their keys stayed on another device: these must be issued again.
    KeysElsewhere(Vec<CredentialId>),
    /// Credentials would answer, but their keys were damaged or removed on this device: these must be issued again.
    KeysLost(Vec<CredentialId>),
    /// Credentials would answer, but their keys are in a part of the vault that was changed from outside: these must be issued again.
    KeysAltered(Vec<CredentialId>),
    /// The request has expired meanwhile.
    RequestExpired,
    /// The credential does not read any more.
    Malformed(Malformed),
    /// The answer would not show what was agreed to; refused rather than sent.
    NotWhatWasAgreed,
    /// The key could not sign.
    Sign(SignError),
    /// The answer shows something personal, and cannot be sealed to the gate.
    NotSealed(NotSealed),
    /// The wallet failed.
    Wallet(WalletError),
}

/// The first thing that the nearest credential lacks to answer a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Nothing is held, or nothing that reads.
    Everything,
    /// It is in a format that is not asked for.
    Format {
        /// The formats asked for.
        asked: Vec<Format>,
        /// The format of one that is held.
        held: Format,
    },
    /// It is of another `vct` or type.
    Kind {
        /// Those asked for.
        asked: Vec<String>,
    },
    /// It has none of the roles asked for.
    Role {
        /// The roles.
        asked: Vec<String>,
    },
    /// It has such a role and lacks other claims.
    Claims {
        /// The claims.
        asked: Vec<ClaimPath>,
    },
}

impl Missing {
    pub(crate) const fn nearness(&self) -> u8 {
        match self {
            Self::Everything => 0,
            Self::Format { .. } => 1,
            Self::Kind { .. } => 2,
            Self::Role { .. } => 3,
            Self::Claims { .. } => 4,
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn all<T: fmt::Display>(f: &mut fmt::Formatter<'_>, before: &str, items: &[T]) -> fmt::Result {
            f.write_str(before)?;
            items.iter().enumerate().try_for_each(|(at, item)| write!(f, "{}{item}", if at == 0 { "" } else { ", " }))
        }
        match self {
            Self::Everything => f.write_str("nothing is held"),
            Self::Format { asked, held } => {
                all(f, "the gate asks for the format ", asked)?;
                write!(f, ", held is {held}")
            }
            Self::Kind { asked } => all(f, "none is of the type ", asked),
            Self::Role { asked } => all(f, "none has the role ", asked),
            Self::Claims { asked } => all(f, "the one with the role lacks ", asked),
        }
    }
}

impl fmt::Display for WalletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(why) => why.fmt(f),
            Self::NotHeld => f.write_str("there is no such credential in the wallet"),
            Self::Ambiguous { count } => write!(f, "{count} credentials begin like this; write more of the id"),
            Self::Damaged(id) => write!(f, "the record of credential {id} is damaged; ask the issuer for it again"),
            Self::Bookkeeping => f.write_str("the wallet's own records are damaged; restore a backup"),
            Self::Backup(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for HoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "not a credential: {why}"),
            Self::NoBundle => f.write_str("there is no trust bundle, so nobody can say whether this is genuine"),
            Self::Refused(refused) => {
                for (at, reason) in refused.reasons.iter().enumerate() {
                    let meaning = match reason.code {
                        // The code's own words are for what a person shows at a gate.
                        ReasonCode::Malformed => "it is not a readable credential",
                        code => code.meaning(),
                    };
                    write!(f, "{}{meaning}", if at == 0 { "" } else { "; " })?;
                    if !reason.detail.is_empty() {
                        write!(f, " ({})", reason.detail)?;
                    }
                }
                Ok(())
            }
            Self::Card => f.write_str("this is a card, for a person without a wallet: gates read it as it is printed"),
            Self::NotBound => f.write_str("the credential is bound to no key: anyone who copies it could show it"),
            Self::AnotherHolder => f.write_str("the credential is bound to a key that this wallet does not have"),
            Self::KeyAltered => f.write_str(
                "the credential is bound to a key of this wallet that may have been changed from outside and is not used any more",
            ),
            Self::Wallet(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for PresentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingMatches(missing) => write!(f, "no credential in the wallet answers this request: {missing}"),
            Self::NotEnrolled => f.write_str("who asks is not an enrolled gate, so nothing was shown"),
            Self::KeysElsewhere(ids) if ids.len() == 1 => {
                f.write_str("the credential that answers must be issued again: its key stayed on another device")
            }
            Self::KeysElsewhere(_) => f.write_str("the credentials that answer must be issued again: their keys stayed on another device"),
            Self::KeysLost(ids) if ids.len() == 1 => {
                f.write_str("the credential that answers must be issued again: its key on this device was damaged or removed")
            }
            Self::KeysLost(_) => {
                f.write_str("the credentials that answer must be issued again: their keys on this device were damaged or removed")
            }
            Self::KeysAltered(ids) if ids.len() == 1 => {
                f.write_str("the credential that answers must be issued again: its key on this device may have been changed from outside")
            }
            Self::KeysAltered(_) => f.write_str(
                "the credentials that answer must be issued again: their keys on this device may have been changed from outside",
            ),
            Self::RequestExpired => f.write_str("the request has expired; ask the gate for a new one"),
            Self::Malformed(why) => why.fmt(f),
            Self::NotWhatWasAgreed => f.write_str("what would be shown is not what was agreed to; nothing was sent"),
            Self::Sign(why) => why.fmt(f),
            Self::NotSealed(why) => why.fmt(f),
            Self::Wallet(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for WalletError {}
impl core::error::Error for HoldError {}
impl core::error::Error for PresentError {}

impl From<VaultError> for WalletError {
    fn from(why: VaultError) -> Self {
        Self::Vault(why)
    }
}

impl From<BackupError> for WalletError {
    fn from(why: BackupError) -> Self {
        Self::Backup(why)
    }
}

impl From<VaultError> for HoldError {
    fn from(why: VaultError) -> Self {
        Self::Wallet(why.into())
    }
}

impl From<VaultError> for PresentError {
    fn from(why: VaultError) -> Self {
        Self::Wallet(why.into())
    }
}

impl From<NotSealed> for PresentError {
    fn from(why: NotSealed) -> Self {
        Self::NotSealed(why)
    }
}

impl From<WalletError> for HoldError {
    fn from(why: WalletError) -> Self {
        Self::Wallet(why)
    }
}

impl From<WalletError> for PresentError {
    fn from(why: WalletError) -> Self {
        Self::Wallet(why)
    }
}
