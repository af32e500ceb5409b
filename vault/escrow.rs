//! Two officers of a site let somebody in who has forgotten a secret, by codes that can be read out over a telephone.
//!
//! ```text
//! secret of a slot = share(a, b) XOR share(b, a)               for each pair of officers a, b, with shares of its own
//! parameters       = CBOR [5, salt, [[name, key, [[enc, sealed share]...]]...]]       an officer's shares: with each other one, in order
//! request          = CBOR ["waypass.escrow/1", whose, reason, moment, parameters, [enc...]]                    one enc for each officer
//! code of a with b = share(a, b) XOR what HPKE exports for a under this request (RFC 9180 §5.3)
//! ```
//! Shares are sealed to their officers when the slot is made, so no officer alone, and nobody with the files, learns the secret. A code
//! is of use only to the process that made the request: the mask is nowhere else. The slot gets a new secret at each use.

use crate::error::FactorError;
use crate::factor::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, Recognised, RecoveryCode};
use crate::seal;
use crate::vault::Vault;
use crate::{SlotInfo, StorageError};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::recipient::{Encapsulated, Exported, NotOpened, NotSealed, Recipient, RecipientSecret};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{MAX_OFFICER, MOST_OFFICERS, Officer};
use zeroize::Zeroizing;

const SHARE: &[u8] = b"waypass/v1/escrow share";
const CODE: &[u8] = b"waypass/v1/escrow code";
const SCHEMA: &str = "waypass.escrow/1";
/// Bytes of what the person says about themselves and about the reason.
const MAX_TEXT: usize = 200;
/// A share of 16 bytes and its tag.
const SEALED: usize = 32;

type Share = Zeroizing<[u8; 16]>;
/// A share that is sealed to its officer.
type SealedShare = (Encapsulated, [u8; SEALED]);

/// The officers for whom a slot is made: any two of them together will open it. It makes slots and opens none: [`Released`] does.
pub struct Escrow(Vec<Officer>);

/// What a slot keeps about its officers.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shares {
    salt: [u8; 16],
    officers: Vec<(Officer, Vec<SealedShare>)>,
}

/// A request that this process has made, and the masks of its codes.
pub struct Asked {
    request: Request,
    parameters: FactorParameters,
    masks: Vec<Exported>,
}

/// A request, as the officers read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Whose vault is to be opened, as the device says.
    pub whose: String,
    /// Why, as the person says.
    pub reason: String,
    /// When it was made, as the clock of the device says.
    pub at: Timestamp,
    shares: Shares,
    encapsulated: Vec<Encapsulated>,
    bytes: Vec<u8>,
}

/// The codes of two officers: they open the slot that the request was made for.
pub struct Released {
    parameters: FactorParameters,
    officers: Vec<Officer>,
    secret: Share,
    by: [String; 2],
}

/// Why two codes do not fit together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeError {
    /// Not a code of an officer: a letter is wrong, or some are missing.
    NotACode,
    /// The two are not of two officers who let somebody in together.
    NotAPair,
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotACode => "that is no officer's code: a letter is wrong or missing",
            Self::NotAPair => "those two codes do not belong together: each officer names the other one",
        })
    }
}

impl core::error::Error for CodeError {}

impl Escrow {
    /// For these officers; `None` unless there are 2 to 5 of them.
    pub fn new(officers: Vec<Officer>) -> Option<Self> {
        let are_named = officers.iter().all(|officer| officer.name.len() <= MAX_OFFICER);
        (are_named && (2..=MOST_OFFICERS).contains(&officers.len())).then_some(Self(officers))
    }
}

impl Factor for Escrow {
    fn kind(&self) -> FactorKind {
        FactorKind::Officers
    }

    fn recognise(&self, _: &FactorParameters) -> Recognised {
        Recognised::Other
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        let secret = drawn(with.rng);
        let mut salt = [0; 16];
        rand_core::Rng::fill_bytes(with.rng, &mut salt);
        let mut officers: Vec<_> = self.0.iter().map(|officer| (officer.clone(), Vec::new())).collect();
        // The share of each officer with each other one.
        let mut shares: Vec<Vec<Share>> = Vec::new();
        for a in 0..self.0.len() {
            let with_each = |b: usize, earlier: &[Vec<Share>], rng: &mut dyn CryptoRng| match earlier.get(b) {
                // The other one's share was drawn before this one's.
                Some(of_b) => xor(&secret, &of_b[a - 1]),
                None => drawn(rng),
            };
            let others = (0..self.0.len()).filter(|b| *b != a);
            shares.push(others.map(|b| with_each(b, &shares, with.rng)).collect());
        }
        for (a, of_a) in shares.iter().enumerate() {
            for (place, share) in of_a.iter().enumerate() {
                let aad = aad(&salt, a, place);
                let sealed = self.0[a].key.seal(SHARE, &aad, &share[..], with.rng).map_err(|NotSealed| FactorError::Parameters)?;
                officers[a].1.push((sealed.0, sealed.1.try_into().map_err(|_| FactorError::Parameters)?));
            }
        }
        let parameters = Shares { salt, officers }.write().ok_or(FactorError::Parameters)?;
        Ok(Enrolled { key: key(&salt, &secret), parameters })
    }

    fn derive(&self, _: &FactorParameters, _: &mut [u8; 32]) -> Result<(), FactorError> {
        Err(FactorError::Absent)
    }
}

impl Vault {
    /// Returns the first slot that officers can open, with their names; `None` if there is none.
    pub fn escrow(&self) -> Result<Option<(SlotInfo, Vec<String>)>, StorageError> {
        let found = self.escrowed()?;
        Ok(found.map(|(info, _, shares)| (info, shares.officers.into_iter().map(|(officer, _)| officer.name).collect())))
    }

    /// Makes a request to the officers of that slot. The codes that answer it are of use only together with what is returned.
    pub fn ask_officers(&self, whose: &str, reason: &str, at: Timestamp) -> Result<Option<Asked>, StorageError> {
        let Some((_, parameters, shares)) = self.escrowed()? else { return Ok(None) };
        let exported = |(officer, _): &(Officer, _)| officer.key.export(CODE, &shares.salt, &mut **self.entropy());
        let Ok(exported) = shares.officers.iter().map(exported).collect::<Result<Vec<_>, _>>() else { return Ok(None) };
        let (encapsulated, masks) = exported.into_iter().unzip();
        let cut = |text: &str| text.chars().take(MAX_TEXT / 4).collect::<String>();
        let mut request = Request { whose: cut(whose), reason: cut(reason), at, shares, encapsulated, bytes: Vec::new() };
        request.bytes = request.write(&parameters);
        Ok(Some(Asked { request, parameters, masks }))
    }

    fn escrowed(&self) -> Result<Option<(SlotInfo, FactorParameters, Shares)>, StorageError> {
        let slots = self.slots()?.readable;
        let found = slots.iter().find_map(|slot| {
            let parameters = slot.parameters_of(FactorKind::Officers)?;
            Some((slot.info(), parameters.clone(), Shares::read(parameters).ok()?))
        });
        Ok(found)
    }
}

impl Asked {
    /// Returns the request, for the officers.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Joins the codes of two officers, in any order.
    pub fn with_codes(&self, codes: [&str; 2]) -> Result<Released, CodeError> {
        let [(a, from_a), (b, from_b)] = [parse(codes[0])?, parse(codes[1])?];
        let officers = &self.request.shares.officers;
        if a.officer == b.officer || a.with != b.officer || b.with != a.officer || a.officer.max(b.officer) >= officers.len() {
            return Err(CodeError::NotAPair);
        }
        let secret = xor(&xor(&from_a, &self.masks[a.officer]), &xor(&from_b, &self.masks[b.officer]));
        Ok(Released {
            parameters: self.parameters.clone(),
            officers: officers.iter().map(|(officer, _)| officer.clone()).collect(),
            secret,
            by: [a.officer, b.officer].map(|at| officers[at].0.name.clone()),
        })
    }
}

impl Released {
    /// Returns the names of the two officers.
    pub const fn by(&self) -> &[String; 2] {
        &self.by
    }
}

impl Factor for Released {
    fn kind(&self) -> FactorKind {
        FactorKind::Officers
    }

    fn recognise(&self, parameters: &FactorParameters) -> Recognised {
        if *parameters == self.parameters { Recognised::Mine } else { Recognised::Other }
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        Escrow(self.officers.clone()).enrol(with)
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let shares = Shares::read(parameters).map_err(|NotCanonical| FactorError::Parameters)?;
        to.copy_from_slice(&key(&shares.salt, &self.secret)[..]);
        Ok(())
    }

    /// The officers could write down their codes, so each use makes a new secret.
    fn renew(&self, _: &FactorParameters, with: &mut Enrolment<'_>) -> Option<Enrolled> {
        self.enrol(with).ok()
    }
}

impl Request {
    /// Reads a request from a file or a picture.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        from.array_of(6)?;
        if from.text()? != SCHEMA {
            return Err(NotCanonical);
        }
        let (whose, reason) = (from.string(MAX_TEXT)?, from.string(MAX_TEXT)?);
        let at = Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?;
        let parameters = FactorParameters::new(from.bytes()?.to_vec()).ok_or(NotCanonical)?;
        let shares = Shares::read(&parameters)?;
        from.array_of(shares.officers.len())?;
        let encapsulated = (0..shares.officers.len()).map(|_| from.bytes_array()).collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { whose, reason, at, shares, encapsulated, bytes: bytes.to_vec() })
    }

    fn write(&self, parameters: &FactorParameters) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(6).text(SCHEMA).text(&self.whose).text(&self.reason).signed(self.at.unix()).bytes(parameters.as_bytes());
        self.encapsulated.iter().fold(to.array(self.encapsulated.len()), |to, key| to.bytes(key));
        to.into_bytes()
    }

    /// Returns the bytes, for a file or a picture.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns nine digits that tell this request from others: an officer who compares them answers the person on the telephone.
    pub fn number(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        let number = digest[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) % 1_000_000_000;
        format!("{:03} {:03} {:03}", number / 1_000_000, number / 1000 % 1000, number % 1000)
    }

    /// Returns the names of the officers, in order.
    pub fn officers(&self) -> impl Iterator<Item = &str> {
        self.shares.officers.iter().map(|(officer, _)| officer.name.as_str())
    }

    /// Returns the place of the officer who has this key.
    pub fn place_of(&self, key: &Recipient) -> Option<usize> {
        self.shares.officers.iter().position(|(officer, _)| officer.key == *key)
    }

    /// Returns the code of the officer who has `secret`, together with the officer at `with`. `None` if the request is not for that officer.
    pub fn release(&self, secret: &RecipientSecret, with: usize) -> Option<Result<Zeroizing<String>, NotOpened>> {
        let officer = self.place_of(&secret.recipient())?;
        let place = if with < officer { with } else { with.checked_sub(1)? };
        let (from, sealed) = self.shares.officers[officer].1.get(place).filter(|_| with != officer)?;
        let code = || {
            let opened = Zeroizing::new(secret.open(from, SHARE, &aad(&self.shares.salt, officer, place), sealed)?);
            let mut share = Share::default();
            share.copy_from_slice(opened.get(..16).ok_or(NotOpened)?);
            let mask = secret.export(&self.encapsulated[officer], CODE, &self.shares.salt)?;
            let code = RecoveryCode::of(&xor(&share, &mask));
            Ok(Zeroizing::new(format!("{}{}-{}", officer + 1, with + 1, &*code.printed())))
        };
        Some(code())
    }
}

/// Whose code it is, and together with whom.
struct Pair {
    officer: usize,
    with: usize,
}

/// Reads a code: two digits, then what a recovery code has.
fn parse(text: &str) -> Result<(Pair, Share), CodeError> {
    let text = text.trim_start();
    let digit = |at: usize| {
        let digit = text.get(at..=at)?.parse::<usize>().ok()?;
        digit.checked_sub(1).filter(|place| *place < MOST_OFFICERS)
    };
    let (Some(officer), Some(with)) = (digit(0), digit(1)) else { return Err(CodeError::NotACode) };
    let code = RecoveryCode::parse(&text[2..]).map_err(|_| CodeError::NotACode)?;
    Ok((Pair { officer, with }, code.bits()))
}

impl Shares {
    fn write(&self) -> Option<FactorParameters> {
        let mut to = Writer::new();
        to.array(3).unsigned(FactorKind::Officers.number()).bytes(&self.salt).array(self.officers.len());
        for (officer, shares) in &self.officers {
            to.array(3).text(&officer.name).bytes(&officer.key.0).array(shares.len());
            for (from, sealed) in shares {
                to.array(2).bytes(from).bytes(sealed);
            }
        }
        FactorParameters::new(to.into_bytes())
    }

    fn read(parameters: &FactorParameters) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(parameters.as_bytes());
        from.array_of(3)?;
        if from.unsigned()? != FactorKind::Officers.number() {
            return Err(NotCanonical);
        }
        let salt = from.bytes_array()?;
        let count = from.array_up_to(MOST_OFFICERS)?;
        let mut officers = Vec::new();
        for _ in 0..count {
            from.array_of(3)?;
            let officer = Officer { name: from.string(MAX_OFFICER)?, key: Recipient(from.bytes_array()?) };
            from.array_of(count - 1)?;
            let share = |from: &mut Reader<'_>| {
                from.array_of(2)?;
                Ok((from.bytes_array()?, from.bytes_array()?))
            };
            officers.push((officer, (1..count).map(|_| share(&mut from)).collect::<Result<_, NotCanonical>>()?));
        }
        from.end()?;
        if count < 2 { Err(NotCanonical) } else { Ok(Self { salt, officers }) }
    }
}

/// Returns true if a slot with these parameters was made for just these officers.
pub(crate) fn is_for(parameters: &FactorParameters, officers: &[Officer]) -> bool {
    Shares::read(parameters).is_ok_and(|shares| shares.officers.iter().map(|(officer, _)| officer).eq(officers))
}

fn aad(salt: &[u8; 16], officer: usize, place: usize) -> Vec<u8> {
    let mut to = Writer::new();
    to.array(3).bytes(salt).unsigned(officer as u64).unsigned(place as u64);
    to.into_bytes()
}

fn key(salt: &[u8; 16], secret: &Share) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // 128 random bits need no slow function.
    seal::derive(salt, &secret[..], b"waypass/v1/factor/escrow", &mut key);
    key
}

fn drawn(rng: &mut dyn CryptoRng) -> Share {
    let mut share = Share::default();
    rand_core::Rng::fill_bytes(rng, &mut share[..]);
    share
}

fn xor(one: &[u8; 16], other: &[u8; 16]) -> Share {
    let mut sum = Share::default();
    sum.iter_mut().zip(one.iter().zip(other)).for_each(|(sum, (one, other))| *sum = one ^ other);
    sum
}

#[cfg(test)]
mod tests;
