//! One unlock: the factors that are shown, what each was asked, and what it answered.
//!
//! A person may show several factors of a kind, and a slot may take several. Each factor is tried at each place of its kind, once: what it
//! derived is kept until the unlock ends. A device is asked for one slot only, whatever it answers.

use super::{Derived, Slot, ZEROES};
use crate::error::FactorError;
use crate::factor::{Enrolment, Factor, FactorKind, FactorParameters, Factors, KdfCost, Recognised};
use alloc::vec::Vec;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The factors of one unlock.
pub(crate) struct Asking<'f> {
    factors: Vec<&'f dyn Factor>,
    answers: Vec<Answer>,
}

struct Answer {
    factor: usize,
    is_older: bool,
    parameters: FactorParameters,
    key: Result<Zeroizing<[u8; 32]>, FactorError>,
}

/// Why a slot gave no key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotOpened {
    /// Keys were derived and are wrong.
    WrongSecret,
    /// A factor gave no key.
    Factor(FactorError),
}

/// A slot whose key is there, and by which factors.
pub(crate) struct Opened {
    by: Vec<usize>,
    keys: Derived,
}

/// The factor at each place of a slot.
type Assignment = Vec<usize>;

impl<'f> Asking<'f> {
    pub(crate) fn new(factors: &Factors<'f>) -> Self {
        Self { factors: factors.iter().collect(), answers: Vec::new() }
    }

    /// Says whether the factors shown could open this slot: `Err` names the device that is not there.
    pub(crate) fn fits(&self, slot: &Slot) -> Result<bool, FactorError> {
        if !self.assignments(slot).is_empty() {
            return Ok(true);
        }
        let absent = |(kind, parameters): &(FactorKind, FactorParameters)| {
            self.factors.iter().any(|factor| factor.kind() == *kind && factor.recognise(parameters) == Recognised::Absent)
        };
        if slot.factors.iter().any(absent) { Err(FactorError::Absent) } else { Ok(false) }
    }

    /// Unwraps the vault key of a slot into `vk`.
    pub(crate) fn open(&mut self, slot: &Slot, vk: &mut [u8]) -> Result<Opened, NotOpened> {
        let has_older = self.factors.iter().any(|factor| factor.older().is_some());
        let readings: &[bool] = if has_older { &[false, true] } else { &[false] };
        let mut why = None;
        for is_older in readings {
            for by in self.assignments(slot) {
                let keys = match self.derived(slot, &by, *is_older) {
                    Ok(keys) => keys,
                    Err(error) => {
                        // A refusal is a try, so it is not hidden by what cost nothing.
                        if matches!(error, FactorError::Refused { .. }) || why.is_none() {
                            why = Some(NotOpened::Factor(error));
                        }
                        continue;
                    }
                };
                if let Some(plaintext) = slot.place.realm.suite.open(&slot.kek(&keys), &slot.header, &slot.sealed)
                    && let Some((zeroes, held)) = plaintext.split_at_checked(ZEROES.len())
                    && bool::from(zeroes.ct_eq(&ZEROES))
                    && held.len() == vk.len()
                {
                    vk.copy_from_slice(held);
                    return Ok(Opened { by, keys });
                }
                if !matches!(why, Some(NotOpened::Factor(FactorError::Refused { .. }))) {
                    why = Some(NotOpened::WrongSecret);
                }
            }
        }
        Err(why.unwrap_or(NotOpened::WrongSecret))
    }

    /// Returns every way to put the factors shown at the places of a slot.
    fn assignments(&self, slot: &Slot) -> Vec<Assignment> {
        let mut ways = Vec::from([Vec::new()]);
        for (kind, parameters) in &slot.factors {
            let fits = |at: &usize| {
                let factor = self.factors[*at];
                factor.kind() == *kind && factor.recognise(parameters) == Recognised::Mine
            };
            let suitable: Vec<usize> = (0..self.factors.len()).filter(fits).collect();
            let longer = |way: Assignment| {
                let free: Vec<usize> = suitable.iter().filter(|at| !way.contains(at)).copied().collect();
                free.into_iter().map(move |at| [&way[..], &[at]].concat())
            };
            ways = ways.into_iter().flat_map(longer).collect();
        }
        ways
    }

    fn derived(&mut self, slot: &Slot, by: &[usize], is_older: bool) -> Result<Derived, FactorError> {
        by.iter().zip(&slot.factors).map(|(at, (_, parameters))| self.ask(*at, parameters, is_older)).collect()
    }

    fn ask(&mut self, at: usize, parameters: &FactorParameters, is_older: bool) -> Result<Zeroizing<[u8; 32]>, FactorError> {
        let factor = self.factors[at];
        let (factor, is_older) = match (is_older, factor.older()) {
            (true, Some(older)) => (older, true),
            _ => (factor, false),
        };
        let before = |answer: &&Answer| answer.factor == at && answer.is_older == is_older;
        if let Some(answer) = self.answers.iter().filter(before).find(|answer| answer.parameters == *parameters) {
            return answer.key.clone();
        }
        if factor.asks_a_device()
            && let Some(answer) = self.answers.iter().find(before)
        {
            // It has had its question.
            return Err(answer.key.clone().err().unwrap_or(FactorError::AskedBefore));
        }
        let mut key = Zeroizing::new([0; 32]);
        let key = factor.derive(parameters, &mut key).map(|()| key);
        self.answers.push(Answer { factor: at, is_older, parameters: parameters.clone(), key: key.clone() });
        key
    }

    /// Writes an opened slot anew if one of its factors wants other parameters after every use.
    pub(crate) fn renewed(&self, slot: &Slot, opened: Opened, vk: &[u8], cost: KdfCost, rng: &mut dyn CryptoRng) -> Option<Slot> {
        let Opened { by, mut keys } = opened;
        let mut factors = slot.factors.clone();
        let mut is_new = false;
        for ((at, (_, parameters)), key) in by.iter().zip(&mut factors).zip(&mut keys) {
            let mut with = Enrolment { suite: slot.place.realm.suite, cost, rng };
            if let Some(enrolled) = self.factors[*at].renew(parameters, &mut with) {
                (*parameters, *key) = (enrolled.parameters, enrolled.key);
                is_new = true;
            }
        }
        let mut place = slot.place;
        place.epoch = place.epoch.saturating_add(1);
        is_new.then(|| Slot::written(place, factors, &keys, vk, rng))
    }
}
