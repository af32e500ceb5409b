//! The factors of a command line: which kinds together, by their names, and what a person chooses for a new slot.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::input::Input;
use crate::secret::{self, SecretArgs};
use std::path::PathBuf;
use std::str::FromStr;
use waypass_vault::{Factor, FactorKind, Factors, Password, Pin, Rules, SecretRules, SlotInfo};

/// The kinds of factor that open something together, as `--require` names them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Combination(Vec<FactorKind>);

const NAMES: [(FactorKind, &str, &str); 5] = [
    (FactorKind::Password, "passphrase", "pass phrase"),
    (FactorKind::Recovery, "recovery", "recovery code"),
    (FactorKind::KeyFile, "key-file", "key file"),
    (FactorKind::Pin, "pin", "PIN"),
    (FactorKind::Officers, "officers", "codes of two officers"),
];

impl FromStr for Combination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| NAMES.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind);
        let kinds: Option<Vec<FactorKind>> = text.split('+').map(kind).collect();
        let mut kinds = kinds.ok_or("name passphrase, pin, key-file, recovery or officers, joined by +")?;
        kinds.sort_unstable();
        if kinds.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("name each of them once".to_owned());
        }
        if !Rules::default().permit(&kinds) {
            return Err(WEAK_PIN.to_owned());
        }
        let wanted = Self(kinds);
        if wanted.is_typed_twice() { Err(TYPED_TWICE.to_owned()) } else { Ok(wanted) }
    }
}

/// Why two secrets that are typed make no combination.
pub(crate) const TYPED_TWICE: &str = "one secret is typed to open it: a pass phrase, a PIN, a recovery code or the codes of officers";

/// Why a PIN is not enough.
pub(crate) const WEAK_PIN: &str = "a PIN needs a key file with it: all PINs of six digits are tried in two days";

impl Combination {
    pub(crate) fn of(mut kinds: Vec<FactorKind>) -> Self {
        kinds.sort_unstable();
        Self(kinds)
    }

    pub(crate) fn kinds(&self) -> &[FactorKind] {
        &self.0
    }

    pub(crate) fn has(&self, kind: FactorKind) -> bool {
        self.0.contains(&kind)
    }

    /// Returns true if it takes more than one secret that is typed. A command asks for one.
    pub(crate) fn is_typed_twice(&self) -> bool {
        self.0.iter().filter(|kind| **kind != FactorKind::KeyFile).count() > 1
    }

    /// Returns true if the kinds shown are enough for this.
    pub(crate) fn is_covered_by(&self, shown: &[FactorKind]) -> bool {
        let count = |among: &[FactorKind], kind: FactorKind| among.iter().filter(|held| **held == kind).count();
        self.0.iter().all(|kind| count(shown, *kind) >= count(&self.0, *kind))
    }
}

impl From<&SlotInfo> for Combination {
    fn from(slot: &SlotInfo) -> Self {
        Self::of(slot.factors.clone())
    }
}

/// Returns kinds in words: `pass phrase and key file`.
pub(crate) fn kinds(kinds: &[FactorKind]) -> String {
    let word = |kind: &FactorKind| match NAMES.iter().find(|(known, ..)| known == kind) {
        Some((_, _, word)) => *word,
        None => "a factor of a newer version",
    };
    kinds.iter().map(word).collect::<Vec<_>>().join(" and ")
}

/// Returns the name of a slot.
pub(crate) fn slot_name(slot: &SlotInfo) -> String {
    format!("{:016x}", u64::from_be_bytes(slot.id))
}

/// Returns every way to open a vault, in words.
pub(crate) fn ways(slots: &[SlotInfo]) -> String {
    let mut ways: Vec<String> = slots.iter().map(|slot| kinds(&slot.factors)).collect();
    ways.sort();
    ways.dedup();
    ways.join(", or with ")
}

/// Factors that a command has in its hands.
pub(crate) type Shown = Vec<Box<dyn Factor>>;

/// Returns what was shown, together.
pub(crate) fn together(shown: &Shown) -> Factors<'_> {
    shown.iter().map(|factor| &**factor).collect()
}

/// Returns a pass phrase as the factor it is.
pub(crate) fn password(secret: &[u8]) -> Result<Box<dyn Factor>, Failure> {
    Ok(Box::new(Password::new(secret::text(secret)?)))
}

/// Asks for a new pass phrase.
pub(crate) fn choose_password(
    run: &Run,
    source: &SecretArgs,
    input: Input,
    prompt: &str,
    rules: &SecretRules,
) -> Result<Box<dyn Factor>, Failure> {
    password(&source.choose(run.out, input, prompt, rules)?)
}

/// Asks for a new PIN.
pub(crate) fn choose_pin(run: &Run, source: Option<PathBuf>, input: Input, rules: &SecretRules) -> Result<Box<dyn Factor>, Failure> {
    let source = SecretArgs { secret_file: source, secret_fd: None };
    let pin = source.choose_pin(run.out, input, rules)?;
    Ok(Box::new(Pin::parse(secret::text(&pin)?).map_err(|error| Failure::new(Exit::Usage, error, "choose 6 to 32 digits"))?))
}
