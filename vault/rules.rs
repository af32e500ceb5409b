//! Which combinations of factors may open a vault. They lie under its seal, and are compared before a slot is written: a vault never has a
//! slot that its rules forbid.

use crate::factor::{FactorKind, is_sound};
use crate::slot::MAX_FACTORS;
use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};

/// The combinations of factors that may open a vault.
///
/// ```
/// use waypass_vault::{FactorKind, Rules};
///
/// let rules = Rules::only([vec![FactorKind::Password, FactorKind::KeyFile]]);
/// assert!(!rules.permit(&[FactorKind::Password]));
/// assert!(rules.permit(&[FactorKind::Password, FactorKind::KeyFile]));
/// assert!(!Rules::default().permit(&[FactorKind::Pin]), "nobody may be let in by a PIN alone");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Rules {
    /// None: whatever is sound.
    combinations: Vec<Vec<FactorKind>>,
}

const MAX_COMBINATIONS: usize = 16;

impl Rules {
    /// A slot must take all factors of one of these combinations, and may take more. Without any, every sound combination is permitted.
    ///
    /// Their order makes no difference. More than 16 combinations, or 4 factors in one, are not kept.
    pub fn only(combinations: impl IntoIterator<Item = Vec<FactorKind>>) -> Self {
        let mut combinations: Vec<Vec<FactorKind>> =
            combinations.into_iter().filter(|kinds| (1..=MAX_FACTORS).contains(&kinds.len())).take(MAX_COMBINATIONS).collect();
        for kinds in &mut combinations {
            kinds.sort_unstable();
        }
        combinations.sort_unstable();
        combinations.dedup();
        Self { combinations }
    }

    /// Returns the combinations; none if every sound one is permitted.
    pub fn combinations(&self) -> &[Vec<FactorKind>] {
        &self.combinations
    }

    /// Returns true if a slot may take these kinds together. A PIN needs something with it that nobody can guess, whatever the rules say.
    pub fn permit(&self, kinds: &[FactorKind]) -> bool {
        is_sound(kinds) && (self.combinations.is_empty() || self.combinations.iter().any(|wanted| covers(kinds, wanted)))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.array(self.combinations.len());
        for kinds in &self.combinations {
            kinds.iter().fold(to.array(kinds.len()), |to, kind| to.unsigned(kind.number()));
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let mut combinations = Vec::new();
        for _ in 0..from.array_up_to(MAX_COMBINATIONS)? {
            let count = from.array_up_to(MAX_FACTORS)?;
            let kinds: Vec<FactorKind> = (0..count).map(|_| from.unsigned().map(FactorKind::of)).collect::<Result<_, _>>()?;
            if kinds.is_empty() || !kinds.is_sorted() {
                return Err(NotCanonical);
            }
            combinations.push(kinds);
        }
        Ok(Self { combinations })
    }
}

/// Returns true if every kind wanted is among the kinds, as often as it is wanted.
fn covers(kinds: &[FactorKind], wanted: &[FactorKind]) -> bool {
    let count = |among: &[FactorKind], kind: FactorKind| among.iter().filter(|held| **held == kind).count();
    wanted.iter().all(|kind| count(kinds, *kind) >= count(wanted, *kind))
}

#[cfg(test)]
mod tests {
    use super::Rules;
    use crate::factor::FactorKind::{KeyFile, Newer, Password, Pin, Recovery};
    use alloc::vec;

    #[test]
    fn a_pin_needs_what_nobody_can_guess() {
        for unsound in [&[][..], &[Pin], &[Password, Pin], &[Pin, Pin]] {
            assert!(!Rules::default().permit(unsound), "{unsound:?}");
            assert!(!Rules::only([vec![Pin]]).permit(unsound), "{unsound:?}");
        }
        for sound in [&[KeyFile, Pin][..], &[Recovery, Pin], &[Password], &[Newer(9), Pin]] {
            assert!(Rules::default().permit(sound), "{sound:?}");
        }
    }

    #[test]
    fn a_combination_is_the_least_and_each_factor_counts_once() {
        let rules = Rules::only([vec![KeyFile, Password], vec![KeyFile, KeyFile]]);
        for forbidden in [&[Password][..], &[KeyFile], &[Recovery], &[Password, Password], &[KeyFile, Pin]] {
            assert!(!rules.permit(forbidden), "{forbidden:?}");
        }
        for permitted in [&[Password, KeyFile][..], &[Password, KeyFile, Pin], &[KeyFile, KeyFile]] {
            assert!(rules.permit(permitted), "{permitted:?}");
        }
    }
}
