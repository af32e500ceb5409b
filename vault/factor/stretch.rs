//! Stretching what a person knows: Argon2id (RFC 9106), and PBKDF2 (NIST SP 800-132) in the suite that FIPS 140 approves.
//!
//! ```text
//! parameters = CBOR [kind, memory in KiB, passes, lanes, salt]   Argon2id, version 0x13
//!            | CBOR [kind, rounds, salt]                         PBKDF2-HMAC-SHA256
//! ```

use super::{Enrolled, Enrolment, FactorKind, FactorParameters, SALT};
use crate::error::FactorError;
use crate::memory::scrub_stack;
use crate::seal::Suite;
use alloc::vec::Vec;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use core::time::Duration;
use sha2::Sha256;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::{Zeroize, Zeroizing};

/// The cost of a key derivation when a slot is written. Reading takes what the slot says, within limits.
#[derive(Clone, Copy, Debug)]
pub enum KdfCost {
    /// One that takes half a second to a second where this stopwatch measures it: Argon2id from 64 MiB and 3 passes, or PBKDF2.
    Calibrated(Stopwatch),
    /// The least that is ever written: Argon2id with 19 MiB and 2 passes (OWASP's floor), or PBKDF2 with 600,000 rounds. For tests and
    /// very small devices.
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

/// Read limits: a slot asking for more is hostile or damaged (threats.md A19). RFC 9106 §4 recommends at most 2 GiB and 3 passes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 8;

/// Write floor: OWASP's lowest recommendation, and read floor, so that a slot cannot ask for less either.
const FLOOR_MEMORY_KIB: u32 = 19 * 1024;
const FLOOR_PASSES: u32 = 2;
/// OWASP's recommendation for PBKDF2-HMAC-SHA256, and a bound of some ten seconds on a slow processor.
const FLOOR_ROUNDS: u32 = 600_000;
const MAX_ROUNDS: u32 = 20_000_000;

const START_MEMORY_KIB: u32 = 64 * 1024;
const START_PASSES: u32 = 3;

/// More memory than this makes a vault that a small device cannot open after a restore; beyond it, passes grow.
const CALIBRATED_MEMORY_KIB: u32 = 256 * 1024;
const TARGET: Duration = Duration::from_millis(700);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Function {
    Argon2id { memory_kib: u32, passes: u32, lanes: u32 },
    Pbkdf2 { rounds: u32 },
}

/// Makes parameters of `kind` and the key of `secret` under them.
pub(super) fn enrol(kind: FactorKind, secret: &[u8], with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
    let mut salt = [0; SALT];
    rand_core::Rng::fill_bytes(with.rng, &mut salt);
    let function = Function::chosen(with.suite, with.cost)?;
    let mut key = Zeroizing::new([0; 32]);
    function.run(secret, &salt, &mut key)?;
    Ok(Enrolled { parameters: function.write(kind, &salt), key })
}

/// Derives the key of `secret` under parameters of `kind`.
pub(super) fn derive(kind: FactorKind, secret: &[u8], parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
    let (function, salt) = Function::read(kind, parameters.as_bytes()).map_err(|NotCanonical| FactorError::Parameters)?;
    function.run(secret, &salt, to)
}

impl Function {
    fn chosen(suite: Suite, cost: KdfCost) -> Result<Self, FactorError> {
        // More than one lane gave no speed for the owner on the machines measured, and gives some to an attacker.
        let argon2id = |(memory_kib, passes)| Self::Argon2id { memory_kib, passes, lanes: 1 };
        let (start, floor) = match suite {
            Suite::ChaCha | Suite::Aes => (argon2id((START_MEMORY_KIB, START_PASSES)), argon2id((FLOOR_MEMORY_KIB, FLOOR_PASSES))),
            Suite::Fips => (Self::Pbkdf2 { rounds: FLOOR_ROUNDS }, Self::Pbkdf2 { rounds: FLOOR_ROUNDS }),
        };
        let KdfCost::Calibrated(stopwatch) = cost else { return Ok(floor) };
        let (mut out, mut done) = (Zeroizing::new([0; 32]), Ok(()));
        let speed = stopwatch(&mut || done = start.run(b"calibration", &[0; SALT], &mut out));
        done.map(|()| match start {
            Self::Argon2id { .. } => argon2id(scale(speed)),
            Self::Pbkdf2 { .. } => Self::Pbkdf2 { rounds: scale_rounds(speed.took) },
        })
    }

    fn run(self, secret: &[u8], salt: &[u8; SALT], to: &mut [u8; 32]) -> Result<(), FactorError> {
        match self {
            Self::Argon2id { memory_kib, passes, lanes } => {
                let allowed = (FLOOR_MEMORY_KIB..=MAX_MEMORY_KIB).contains(&memory_kib)
                    && (FLOOR_PASSES..=MAX_PASSES).contains(&passes)
                    && (1..=MAX_LANES).contains(&lanes);
                if !allowed {
                    return Err(FactorError::Parameters);
                }
                argon2id(secret, salt, (memory_kib, passes, lanes), to)
            }
            Self::Pbkdf2 { rounds } => {
                if !(FLOOR_ROUNDS..=MAX_ROUNDS).contains(&rounds) {
                    return Err(FactorError::Parameters);
                }
                pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, rounds, to);
                scrub_stack();
                Ok(())
            }
        }
    }

    fn write(self, kind: FactorKind, salt: &[u8; SALT]) -> FactorParameters {
        let mut to = Writer::new();
        match self {
            Self::Argon2id { memory_kib, passes, lanes } => {
                let [memory_kib, passes, lanes] = [memory_kib, passes, lanes].map(u64::from);
                to.array(5).unsigned(kind.number()).unsigned(memory_kib).unsigned(passes).unsigned(lanes).bytes(salt)
            }
            Self::Pbkdf2 { rounds } => to.array(3).unsigned(kind.number()).unsigned(rounds.into()).bytes(salt),
        };
        FactorParameters(to.into_bytes())
    }

    fn read(kind: FactorKind, bytes: &[u8]) -> Result<(Self, [u8; SALT]), NotCanonical> {
        let mut from = Reader::new(bytes);
        let len = from.array()?;
        if from.unsigned()? != kind.number() {
            return Err(NotCanonical);
        }
        let function = match len {
            5 => Self::Argon2id { memory_kib: from.unsigned32()?, passes: from.unsigned32()?, lanes: from.unsigned32()? },
            3 => Self::Pbkdf2 { rounds: from.unsigned32()? },
            _ => return Err(NotCanonical),
        };
        let salt = from.bytes_array()?;
        from.end().map(|()| (function, salt))
    }
}

fn argon2id(secret: &[u8], salt: &[u8], (memory_kib, passes, lanes): (u32, u32, u32), to: &mut [u8; 32]) -> Result<(), FactorError> {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| FactorError::Parameters)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).map_err(|_| FactorError::Memory)?;
    blocks.resize(params.block_count(), Block::new());
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(secret, salt, to, &mut blocks[..]);
    blocks.iter_mut().for_each(Zeroize::zeroize);
    scrub_stack();
    done.map_err(|_| FactorError::Parameters)
}

/// Scales one measurement: time grows in proportion to memory times passes.
fn scale(Speed { took, available_kib }: Speed) -> (u32, u32) {
    let ceiling = (available_kib / 4).clamp(FLOOR_MEMORY_KIB, CALIBRATED_MEMORY_KIB);
    let per_kib_pass = took.as_secs_f64() / f64::from(START_MEMORY_KIB * START_PASSES);
    let affordable = TARGET.as_secs_f64() / per_kib_pass.max(1e-12);
    let memory = whole(affordable / f64::from(START_PASSES), FLOOR_MEMORY_KIB, ceiling);
    (memory, whole(affordable / f64::from(memory), FLOOR_PASSES, MAX_PASSES))
}

fn scale_rounds(took: Duration) -> u32 {
    whole(f64::from(FLOOR_ROUNDS) * TARGET.as_secs_f64() / took.as_secs_f64().max(1e-9), FLOOR_ROUNDS, MAX_ROUNDS)
}

fn whole(value: f64, low: u32, high: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a range of u32 first")]
    let value = value.clamp(f64::from(low), f64::from(high)) as u32;
    value
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
        assert_eq!(scale_rounds(Duration::from_millis(350)), 2 * FLOOR_ROUNDS);
        assert_eq!(scale_rounds(Duration::from_mins(1)), FLOOR_ROUNDS);
        assert_eq!(scale_rounds(Duration::ZERO), MAX_ROUNDS);
    }

    #[test]
    fn what_the_stopwatch_measures_is_what_is_written() {
        let slow: Stopwatch = |work| {
            work();
            Speed { took: Duration::from_mins(1), available_kib: 64 * 1024 * 1024 }
        };
        for (suite, least) in [
            (Suite::Aes, Function::Argon2id { memory_kib: FLOOR_MEMORY_KIB, passes: FLOOR_PASSES, lanes: 1 }),
            (Suite::Fips, Function::Pbkdf2 { rounds: FLOOR_ROUNDS }),
        ] {
            let mut with = Enrolment { suite, cost: KdfCost::Calibrated(slow), rng: &mut TestRng };
            let enrolled = enrol(FactorKind::Password, b"x", &mut with).expect("enrols");
            let (written, _) = Function::read(FactorKind::Password, enrolled.parameters.as_bytes()).expect("reads");
            assert_eq!(written, least);
        }
    }

    #[test]
    fn hostile_parameters_are_refused_before_any_memory_is_taken() {
        for (memory_kib, passes, lanes) in [
            (u32::MAX, 3, 1),
            (1024 * 1024 + 1, 3, 1),
            (8, 1, 1),
            (19 * 1024, 17, 1),
            (19 * 1024, 1, 1),
            (19 * 1024, 2, 9),
            (19 * 1024, 2, 0),
        ] {
            let parameters = Function::Argon2id { memory_kib, passes, lanes }.write(FactorKind::Password, &[0; SALT]);
            let refused = derive(FactorKind::Password, b"x", &parameters, &mut [0; 32]);
            assert_eq!(refused, Err(FactorError::Parameters), "{memory_kib} {passes} {lanes}");
        }
        for rounds in [0, 599_999, 20_000_001, u32::MAX] {
            let parameters = Function::Pbkdf2 { rounds }.write(FactorKind::Password, &[0; SALT]);
            assert_eq!(derive(FactorKind::Password, b"x", &parameters, &mut [0; 32]), Err(FactorError::Parameters), "{rounds}");
        }
    }

    /// Values of Python's `hashlib.pbkdf2_hmac`.
    #[test]
    fn pbkdf2_gives_what_another_implementation_gives() {
        let mut key = [0; 32];
        Function::Pbkdf2 { rounds: 600_000 }.run(b"pass phrase", b"0123456789abcdef", &mut key).expect("derives");
        assert_eq!(key, PBKDF2_OF_PYTHON);
    }

    const PBKDF2_OF_PYTHON: [u8; 32] = [
        0xcc, 0xc2, 0x9e, 0x36, 0x2c, 0x24, 0x18, 0xb5, 0x60, 0xe5, 0xb1, 0x5d, 0x5b, 0xf2, 0x53, 0x23, 0x63, 0xec, 0x83, 0xf2, 0x58, 0x0b,
        0xf6, 0x26, 0xc2, 0xcc, 0xd7, 0xa2, 0x57, 0x28, 0x14, 0xbd,
    ];
}
