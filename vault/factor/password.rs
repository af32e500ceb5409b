//! Passwords: Argon2id (RFC 9106).

use super::{Factor, FactorKind, FactorParameters, fresh_salt, phrase};
use crate::error::FactorError;
use crate::memory::scrub_stack;
use alloc::boxed::Box;
use alloc::vec::Vec;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use core::time::Duration;
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

/// The cost of a password's key derivation when a slot is written. Reading takes what the slot says, within limits.
#[derive(Clone, Copy, Debug)]
pub enum KdfCost {
    /// Argon2id that takes half a second to a second where this stopwatch measures it, from 64 MiB and 3 passes.
    Calibrated(Stopwatch),
    /// Argon2id with 19 MiB and 2 passes, the least that is ever written (OWASP's floor): tests, very small devices.
    Floor,
}

/// Does the work once, and returns how fast that was.
pub type Stopwatch = fn(work: &mut dyn FnMut()) -> Speed;

/// The speed of some work, and the memory that there is for more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speed {
    /// The time it took.
    pub took: Duration,
    /// The memory that can be had without swapping, in KiB; 0 when that is unknown.
    pub available_kib: u32,
}

/// A password; wiped when dropped.
pub struct Password {
    /// Prepared, so that every keyboard leads to the same bytes (RFC 8265).
    prepared: Zeroizing<Vec<u8>>,
    /// As it was typed, if that differs: 0.1.0 made vaults with that.
    typed: Option<Box<Self>>,
}

/// Read limits: a header asking for more is hostile or damaged (threats.md A19). RFC 9106 §4 recommends at most 2 GiB and 3 passes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 8;

/// Write floor: OWASP's lowest recommendation, and read floor, so that a header cannot ask for less either.
const FLOOR_MEMORY_KIB: u32 = 19 * 1024;
const FLOOR_PASSES: u32 = 2;

const START_MEMORY_KIB: u32 = 64 * 1024;
const START_PASSES: u32 = 3;

/// More memory than this makes a vault that a small device cannot open after a restore; beyond it, passes grow.
const CALIBRATED_MEMORY_KIB: u32 = 256 * 1024;
const TARGET: Duration = Duration::from_millis(700);

impl Password {
    /// From what was typed. The caller wipes its own copy.
    pub fn new(text: &str) -> Self {
        let prepared = phrase::prepare(text);
        let typed = (*prepared != text).then(|| Box::new(Self { prepared: Zeroizing::new(text.as_bytes().to_vec()), typed: None }));
        Self { prepared: Zeroizing::new(prepared.as_bytes().to_vec()), typed }
    }
}

impl Factor for Password {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }

    fn older(&self) -> Option<&dyn Factor> {
        self.typed.as_deref().map(|typed| typed as &dyn Factor)
    }

    fn enroll(&self, cost: KdfCost, rng: &mut dyn CryptoRng) -> Result<FactorParameters, FactorError> {
        if self.prepared.is_empty() {
            return Err(FactorError::Empty);
        }
        let (memory_kib, passes) = match cost {
            KdfCost::Floor => (FLOOR_MEMORY_KIB, FLOOR_PASSES),
            KdfCost::Calibrated(stopwatch) => calibrate(stopwatch)?,
        };
        // More than one lane gave no speed for the owner on the machines measured, and gives some to an attacker.
        Ok(FactorParameters::Password { memory_kib, passes, lanes: 1, salt: fresh_salt(rng) })
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let FactorParameters::Password { memory_kib, passes, lanes, salt } = *parameters else { return Err(FactorError::Parameters) };
        let allowed = (FLOOR_MEMORY_KIB..=MAX_MEMORY_KIB).contains(&memory_kib)
            && (FLOOR_PASSES..=MAX_PASSES).contains(&passes)
            && (1..=MAX_LANES).contains(&lanes);
        if !allowed {
            return Err(FactorError::Parameters);
        }
        argon2id(&self.prepared, &salt, (memory_kib, passes, lanes), to)
    }
}

fn argon2id(password: &[u8], salt: &[u8], (memory_kib, passes, lanes): (u32, u32, u32), to: &mut [u8; 32]) -> Result<(), FactorError> {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| FactorError::Parameters)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).map_err(|_| FactorError::Memory)?;
    blocks.resize(params.block_count(), Block::new());
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(password, salt, to, &mut blocks[..]);
    blocks.iter_mut().for_each(Zeroize::zeroize);
    scrub_stack();
    done.map_err(|_| FactorError::Parameters)
}

/// Scales one measurement: time grows in proportion to memory times passes.
fn calibrate(stopwatch: Stopwatch) -> Result<(u32, u32), FactorError> {
    let mut out = Zeroizing::new([0; 32]);
    let mut done = Ok(());
    let speed = stopwatch(&mut || done = argon2id(b"calibration", &[0; 16], (START_MEMORY_KIB, START_PASSES, 1), &mut out));
    done.map(|()| scale(speed))
}

fn scale(Speed { took, available_kib }: Speed) -> (u32, u32) {
    let ceiling = (available_kib / 4).clamp(FLOOR_MEMORY_KIB, CALIBRATED_MEMORY_KIB);
    let per_kib_pass = took.as_secs_f64() / f64::from(START_MEMORY_KIB * START_PASSES);
    let affordable = TARGET.as_secs_f64() / per_kib_pass.max(1e-12);
    let whole = |value: f64, low: u32, high: u32| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a range of u32 first")]
        let value = value.clamp(f64::from(low), f64::from(high)) as u32;
        value
    };
    let memory = whole(affordable / f64::from(START_PASSES), FLOOR_MEMORY_KIB, ceiling);
    (memory, whole(affordable / f64::from(memory), FLOOR_PASSES, MAX_PASSES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRng;

    #[test]
    fn the_cost_follows_the_machine_within_the_limits() {
        let big = 64 * 1024 * 1024;
        let scale = |took, available_kib| scale(Speed { took, available_kib });
        let (memory, passes) = scale(Duration::from_millis(140), big);
        assert_eq!((memory, passes), (CALIBRATED_MEMORY_KIB, 3));
        assert_eq!(scale(Duration::from_mins(1), big), (FLOOR_MEMORY_KIB, FLOOR_PASSES));
        assert_eq!(scale(Duration::ZERO, big), (CALIBRATED_MEMORY_KIB, MAX_PASSES));
        assert_eq!(scale(Duration::from_millis(140), 0).0, FLOOR_MEMORY_KIB);
    }

    #[test]
    fn what_the_stopwatch_measures_is_what_is_written() {
        let slow: Stopwatch = |work| {
            work();
            Speed { took: Duration::from_mins(1), available_kib: 64 * 1024 * 1024 }
        };
        let enrolled = Password::new("x").enroll(KdfCost::Calibrated(slow), &mut TestRng).expect("enrols");
        let FactorParameters::Password { memory_kib, passes, .. } = enrolled else { panic!("another factor") };
        assert_eq!((memory_kib, passes), (FLOOR_MEMORY_KIB, FLOOR_PASSES));
    }

    #[test]
    fn hostile_parameters_are_refused_before_any_memory_is_taken() {
        let password = Password::new("x");
        for (memory_kib, passes, lanes) in [
            (u32::MAX, 3, 1),
            (1024 * 1024 + 1, 3, 1),
            (8, 1, 1),
            (19 * 1024, 17, 1),
            (19 * 1024, 1, 1),
            (19 * 1024, 2, 9),
            (19 * 1024, 2, 0),
        ] {
            let parameters = FactorParameters::Password { memory_kib, passes, lanes, salt: [0; 16] };
            assert!(matches!(password.derive(&parameters, &mut [0; 32]), Err(FactorError::Parameters)), "{memory_kib} {passes} {lanes}");
        }
    }

    #[test]
    fn the_empty_password_is_refused() {
        assert!(matches!(Password::new("").enroll(KdfCost::Floor, &mut TestRng), Err(FactorError::Empty)));
    }
}
