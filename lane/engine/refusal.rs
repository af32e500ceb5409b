//! Why a request was refused, in words for a guard.

use core::fmt::Display;
use waypass_gate::{BadAbout, GateError};
use waypass_net::TransportError;
use waypass_screen::{Message, Plain};
use waypass_trust::bundle::BundleError;
use waypass_vault::{
    BeliefError, CreateError, FactorError, OpenError, ResumeError, StorageError, TrustStoreError, UnlockError, VaultError,
};
use waypass_words::Words;

/// A refusal says what happened, and what to do next. For a supervisor it has the fact behind it, in English.
pub(super) struct Refusal {
    what: Message,
    next: Plain,
    detail: String,
    locks: bool,
    is_busy: bool,
}

impl Refusal {
    fn new(what: impl Into<Message>, next: Plain) -> Self {
        Self { what: what.into(), next, detail: String::new(), locks: false, is_busy: false }
    }

    /// Adds the fact behind it.
    pub(super) fn with(self, why: &dyn Display) -> Self {
        Self { detail: why.to_string(), ..self }
    }

    pub(super) fn texts(&self, words: &Words<'_>) -> (String, String) {
        (words.text(&self.what), words.text(&self.next.into()))
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns true if the gate cannot stay open after it.
    pub(super) const fn locks(&self) -> bool {
        self.locks
    }

    /// Returns true if another program has the vault.
    pub(super) const fn is_busy(&self) -> bool {
        self.is_busy
    }

    pub(super) fn not_understood() -> Self {
        Self::new(Plain::RefusedOther, Plain::RefusedOtherNext).with(&"the page and its engine do not fit together")
    }

    pub(super) fn locked() -> Self {
        Self::new(Plain::Locked, Plain::LockedNext)
    }

    fn exists() -> Self {
        Self::new(Plain::RefusedExists, Plain::RefusedExistsNext)
    }

    pub(super) fn question() -> Self {
        Self::new(Plain::RefusedQuestion, Plain::RefusedQuestionNext)
    }

    pub(super) fn weak() -> Self {
        Self::new(Plain::RefusedWeak, Plain::RefusedWeakNext)
    }

    fn rules() -> Self {
        Self::new(Plain::RefusedRules, Plain::RefusedRulesNext)
    }

    pub(super) fn number() -> Self {
        Self::new(Plain::RefusedNumber, Plain::RefusedNumberNext)
    }

    pub(super) fn nobody() -> Self {
        Self::new(Plain::RefusedNobody, Plain::RefusedNobodyNext)
    }

    fn file() -> Self {
        Self::new(Plain::RefusedFile, Plain::RefusedFileNext)
    }

    fn changed() -> Self {
        Self::new(Plain::RefusedChanged, Plain::RefusedChangedNext)
    }

    fn busy() -> Self {
        Self { is_busy: true, ..Self::new(Plain::RefusedBusy, Plain::RefusedBusyNext) }
    }

    fn storage() -> Self {
        Self::new(Plain::RefusedStorage, Plain::RefusedStorageNext)
    }

    fn not_believed() -> Self {
        Self::new(Plain::RefusedNotBelieved, Plain::RefusedNotBelievedNext)
    }

    /// What is offered is older than what is held, or contradicts it.
    pub(super) fn offer() -> Self {
        Self::not_believed()
    }

    fn no_data() -> Self {
        Self::new(Plain::RefusedNoData, Plain::RefusedNoDataNext)
    }
}

impl From<StorageError> for Refusal {
    fn from(why: StorageError) -> Self {
        match &why {
            StorageError::Busy { .. } => Self::busy(),
            _ => Self::storage(),
        }
        .with(&why)
    }
}

impl From<OpenError> for Refusal {
    fn from(why: OpenError) -> Self {
        match why {
            OpenError::Storage(why) => why.into(),
            OpenError::NotFound | OpenError::Damaged | OpenError::Unfinished => Self { locks: true, ..Self::changed().with(&why) },
        }
    }
}

/// The keys of a vault that does not follow from the one before are gone.
impl From<ResumeError> for Refusal {
    fn from(why: ResumeError) -> Self {
        Self { locks: true, ..Self::changed().with(&why) }
    }
}

impl From<CreateError> for Refusal {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Exists => Self::exists(),
            CreateError::Forbidden => Self::weak().with(&why),
            CreateError::Factor(why) => why.into(),
            CreateError::Storage(why) => why.into(),
        }
    }
}

impl From<FactorError> for Refusal {
    fn from(why: FactorError) -> Self {
        match why {
            FactorError::NotARecoveryCode => Self::new(Plain::RefusedRecovery, Plain::RefusedRecoveryNext),
            FactorError::Empty => Self::weak().with(&why),
            FactorError::Parameters => Self::changed().with(&why),
            FactorError::Refused { left } => Self::new(Message::WrongSecret(left.unwrap_or(0)), Plain::RefusedWrongSecretNext),
            FactorError::Memory
            | FactorError::NotAKeyFile
            | FactorError::NotAPin
            | FactorError::Absent
            | FactorError::Removed
            | FactorError::Blocked { .. }
            | FactorError::AskedBefore => Self::storage().with(&why),
        }
    }
}

impl From<UnlockError> for Refusal {
    fn from(why: UnlockError) -> Self {
        match why {
            UnlockError::WrongSecret { attempts_left } | UnlockError::Refused { attempts_left, .. } => {
                Self::new(Message::WrongSecret(attempts_left), Plain::RefusedWrongSecretNext)
            }
            UnlockError::Throttled { seconds } => {
                Self::new(Message::Wait(i64::try_from(seconds).unwrap_or(i64::MAX)), Plain::RefusedWaitNext)
            }
            UnlockError::Ended => Self::new(Plain::RefusedEnded, Plain::RefusedEndedNext),
            UnlockError::LockedOut | UnlockError::NoSlot => Self::new(Plain::RefusedLockedOut, Plain::RefusedLockedOutNext),
            UnlockError::Damaged => Self::changed().with(&why),
            UnlockError::Factor(why) => why.into(),
            UnlockError::Storage(why) => why.into(),
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(why: VaultError) -> Self {
        match why {
            VaultError::Quarantined | VaultError::LogDamaged { .. } | VaultError::LogIndexDamaged => Self::changed().with(&why),
            why => Self::storage().with(&why),
        }
    }
}

impl From<BeliefError> for Refusal {
    fn from(why: BeliefError) -> Self {
        match why {
            BeliefError::Tampered(_) => Self::changed().with(&why),
            BeliefError::NotPinned => Self::no_data(),
            BeliefError::OtherRoot(_) => Self::not_believed().with(&why),
            BeliefError::Refused(why) | BeliefError::Store(TrustStoreError::Bundle(why)) => why.into(),
            BeliefError::Store(TrustStoreError::Storage(why)) => why.into(),
            BeliefError::Store(why) => Self::changed().with(&why),
            BeliefError::Vault(why) => why.into(),
        }
    }
}

impl From<BundleError> for Refusal {
    fn from(why: BundleError) -> Self {
        match why {
            BundleError::Syntax(_) | BundleError::Schema { .. } | BundleError::TooLarge { .. } => Self::file().with(&why),
            BundleError::NotPinned(_) => Self::number().with(&why),
            why => Self::not_believed().with(&why),
        }
    }
}

impl From<GateError> for Refusal {
    fn from(why: GateError) -> Self {
        match why {
            GateError::NoBundle => Self::no_data(),
            GateError::Forbidden(_) => Self::rules(),
            GateError::NoIdentity
            | GateError::Tampered(_)
            | GateError::Log(_)
            | GateError::Record { .. }
            | GateError::Receipt(_)
            | GateError::Policy(_) => Self::changed().with(&why),
            GateError::Belief(why) => why.into(),
            GateError::WrongClock(_) => Self::new(Plain::RefusedClock, Plain::RefusedClockNext).with(&why),
            GateError::Note(_) | GateError::NeedsSecond { .. } | GateError::NeedsReason { .. } => Self::nobody().with(&why),
            GateError::TooLong => Self::question().with(&why),
            GateError::NoRecord { .. }
            | GateError::NotAmber { .. }
            | GateError::AlreadySettled { .. }
            | GateError::NoFlag { .. }
            | GateError::Flagged { .. }
            | GateError::NoPerson
            | GateError::Signer => Self::new(Plain::RefusedOther, Plain::RefusedOtherNext).with(&why),
            GateError::Vault(why) => why.into(),
        }
    }
}

impl From<BadAbout> for Refusal {
    fn from(why: BadAbout) -> Self {
        match why {
            BadAbout::Name => Self::new(Plain::RefusedName, Plain::RefusedNameNext),
            BadAbout::Site | BadAbout::Zone => Self::new(Plain::RefusedPlace, Plain::RefusedPlaceNext),
        }
        .with(&why)
    }
}

impl From<TransportError> for Refusal {
    fn from(why: TransportError) -> Self {
        match why {
            TransportError::BadAnswer { .. } | TransportError::NotInFile { .. } => Self::file(),
            TransportError::Refused { .. } | TransportError::TooLarge { .. } | TransportError::Encoded { .. } => {
                Self::new(Plain::RefusedService, Plain::RefusedServiceNext)
            }
            _ => Self::new(Plain::RefusedLink, Plain::RefusedLinkNext),
        }
        .with(&why)
    }
}
