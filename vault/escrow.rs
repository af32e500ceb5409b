//! Two officers of a site let somebody in who has forgotten a secret, by codes that can be read out over a telephone.
//!
//! ```text
//! secret of a slot = share(a, b) XOR share(b, a)               for each pair of officers a, b, with shares of its own
//! sealed share     = HPKE (share || owner's name, AAD = CBOR [salt, SHA-256 of names and keys of all officers, a, b])
//! parameters       = CBOR [5, salt, [[name, key, [[enc, sealed share]...]]...]]       an officer's shares: with each other one, in order
//! request          = CBOR ["waypass.escrow/1", whose, reason, moment, parameters, [enc...]]                    one enc for each officer
//! code of a with b = share(a, b) XOR what HPKE exports for a and b (RFC 9180 §5.3, info = SHA-256 of the request without enc)
//! ```
//! Shares are sealed to their officers when the slot is made, so no officer alone, and nobody with the files, learns the secret. The name
//! of the owner is sealed with them: an officer is shown for whom the slot was made, whatever the device says. A code is of use only to the
//! process that made the request: the mask is nowhere else.

use crate::error::FactorError;
use crate::factor::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, Recognised, RecoveryCode};
use crate::seal;
use alloc::borrow::ToOwned as _;
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
/// Bytes of the name by which the officers know the owner.
pub const MAX_OWNER: usize = 48;
/// A share of 16 bytes, a name and a tag.
const MAX_SEALED: usize = 16 + MAX_OWNER + 16;

type Share = Zeroizing<[u8; 16]>;
/// A share that is sealed to its officer.
type SealedShare = (Encapsulated, Vec<u8>);

/// The officers for whom a slot is made: any two of them together will open it. It makes slots and opens none: [`Released`] does.
pub struct Escrow {
    officers: Vec<Officer>,
    owner: String,
}

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
    /// Of each officer, with each other one.
    masks: Vec<Vec<Exported>>,
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
    secret: Share,
    by: [String; 2],
}

/// A share that its officer has opened.
pub struct Opened {
    owner: String,
    code: Zeroizing<String>,
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
    /// For these officers, who know the owner by this name. `None` unless there are 2 to 4 of them, and a name of at most 48 bytes.
    pub fn new(officers: Vec<Officer>, owner: &str) -> Option<Self> {
        let are_named = officers.iter().all(|officer| officer.name.len() <= MAX_OFFICER) && (1..=MAX_OWNER).contains(&owner.len());
        (are_named && (2..=MOST_OFFICERS).contains(&officers.len())).then(|| Self { officers, owner: owner.to_owned() })
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
        let all = list_of(self.officers.iter());
        let mut officers: Vec<_> = self.officers.iter().map(|officer| (officer.clone(), Vec::new())).collect();
        // The share of each officer with each other one.
        let mut shares: Vec<Vec<Share>> = Vec::new();
        for a in 0..officers.len() {
            let others = (0..officers.len()).filter(|b| *b != a);
            let share = |b: usize| match shares.get(b) {
                // The other one's share was drawn before this one's.
                Some(of_b) => xor(&secret, &of_b[a - 1]),
                None => drawn(with.rng),
            };
            let of_a = others.map(share).collect();
            shares.push(of_a);
        }
        for (a, of_a) in shares.iter().enumerate() {
            for (place, share) in of_a.iter().enumerate() {
                let plaintext = Zeroizing::new([&share[..], self.owner.as_bytes()].concat());
                let aad = pair(&[&salt, &all], a, other(a, place));
                let sealed = self.officers[a].key.seal(SHARE, &aad, &plaintext, with.rng);
                officers[a].1.push(sealed.map_err(|NotSealed| FactorError::Parameters)?);
            }
        }
        let parameters = Shares { salt, officers }.write().ok_or(FactorError::Parameters)?;
        Ok(Enrolled { key: key(&salt, &secret), parameters })
    }

    fn derive(&self, _: &FactorParameters, _: &mut [u8; 32]) -> Result<(), FactorError> {
        Err(FactorError::Absent)
    }
}

impl Asked {
    /// Makes a request about a slot with these parameters. `None` if they are damaged, or a key cannot be sealed to.
    pub(crate) fn about(parameters: &FactorParameters, whose: &str, reason: &str, at: Timestamp, rng: &mut dyn CryptoRng) -> Option<Self> {
        let shares = Shares::read(parameters).ok()?;
        let cut = |text: &str| text.chars().take(MAX_TEXT / 4).collect::<String>();
        let mut request = Request { whose: cut(whose), reason: cut(reason), at, shares, encapsulated: Vec::new(), bytes: Vec::new() };
        let (info, mut masks) = (request.info(parameters), Vec::new());
        for (a, (officer, of_a)) in request.shares.officers.iter().enumerate() {
            let contexts: Vec<Vec<u8>> = (0..of_a.len()).map(|place| pair(&[&request.shares.salt], a, other(a, place))).collect();
            let (encapsulated, exported) = officer.key.export(&info, &contexts, rng).ok()?;
            request.encapsulated.push(encapsulated);
            masks.push(exported);
        }
        request.bytes = request.write(parameters);
        Some(Self { request, parameters: parameters.clone(), masks })
    }

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
        let unmasked = |pair: &Pair, code: &Share| xor(code, &self.masks[pair.officer][place_among_others(pair.officer, pair.with)]);
        Ok(Released {
            parameters: self.parameters.clone(),
            secret: xor(&unmasked(&a, &from_a), &unmasked(&b, &from_b)),
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

    /// Nobody but the owner makes a slot for officers: they are told the name.
    fn enrol(&self, _: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        Err(FactorError::Absent)
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let shares = Shares::read(parameters).map_err(|NotCanonical| FactorError::Parameters)?;
        to.copy_from_slice(&key(&shares.salt, &self.secret)[..]);
        Ok(())
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

    /// Returns 16 letters that tell this request from others: an officer who compares them answers the person on the telephone. They are
    /// 80 bits, because a thief may try requests until one has the same.
    pub fn number(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        let letters = RecoveryCode::of(&core::array::from_fn(|at| digest[at])).printed();
        letters[..4 * 4 + 3].to_owned()
    }

    /// Returns what the codes are bound to: the request without the keys that they are made under.
    fn info(&self, parameters: &FactorParameters) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(5).text(SCHEMA).text(&self.whose).text(&self.reason).signed(self.at.unix()).bytes(parameters.as_bytes());
        [CODE, &Sha256::digest(to.into_bytes())].concat()
    }

    /// Returns the names of the officers, in order.
    pub fn officers(&self) -> impl Iterator<Item = &str> {
        self.shares.officers.iter().map(|(officer, _)| officer.name.as_str())
    }

    /// Returns the place of the officer who has this key.
    pub fn place_of(&self, key: &Recipient) -> Option<usize> {
        self.shares.officers.iter().position(|(officer, _)| officer.key == *key)
    }

    /// Opens the share of the officer who has `secret`, with the officer at `with`. `None` if the request is not for that officer.
    pub fn open(&self, secret: &RecipientSecret, with: usize) -> Option<Result<Opened, NotOpened>> {
        let officer = self.place_of(&secret.recipient())?;
        let shares = &self.shares.officers[officer].1;
        let (from, sealed) = shares.get(place_among_others(officer, with)).filter(|_| with != officer)?;
        let open = || {
            let all = list_of(self.shares.officers.iter().map(|(officer, _)| officer));
            let aad = pair(&[&self.shares.salt, &all], officer, with);
            let opened = Zeroizing::new(secret.open(from, SHARE, &aad, sealed)?);
            let (share, owner) = opened.split_first_chunk::<16>().ok_or(NotOpened)?;
            let info = self.info(&self.shares.write().ok_or(NotOpened)?);
            let mask = secret.export(&self.encapsulated[officer], &info, &pair(&[&self.shares.salt], officer, with))?;
            let code = RecoveryCode::of(&xor(share, &mask));
            Ok(Opened {
                owner: core::str::from_utf8(owner).map_err(|_| NotOpened)?.to_owned(),
                code: Zeroizing::new(format!("{}{}-{}", officer + 1, with + 1, &*code.printed())),
            })
        };
        Some(open())
    }
}

impl Opened {
    /// Returns the name that the owner gave when the slot was made.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns the code, to be read out.
    pub fn code(&self) -> &str {
        &self.code
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
            from.array_of(count.checked_sub(1).ok_or(NotCanonical)?)?;
            let share = |from: &mut Reader<'_>| {
                from.array_of(2)?;
                let (encapsulated, sealed) = (from.bytes_array()?, from.bytes()?.to_vec());
                if sealed.len() > MAX_SEALED { Err(NotCanonical) } else { Ok((encapsulated, sealed)) }
            };
            officers.push((officer, (1..count).map(|_| share(&mut from)).collect::<Result<_, NotCanonical>>()?));
        }
        from.end()?;
        if count < 2 { Err(NotCanonical) } else { Ok(Self { salt, officers }) }
    }
}

/// Returns true if a slot with these parameters was made for officers with just these keys.
pub(crate) fn is_for(parameters: &FactorParameters, officers: &[Officer]) -> bool {
    let sorted = |mut keys: Vec<[u8; 32]>| {
        keys.sort_unstable();
        keys
    };
    let shares = Shares::read(parameters);
    shares.is_ok_and(|shares| {
        let made_for = shares.officers.iter().map(|(officer, _)| officer.key.0).collect();
        sorted(made_for) == sorted(officers.iter().map(|officer| officer.key.0).collect())
    })
}

/// The digest of names and keys: an officer's share opens only next to those for whom it was made.
fn list_of<'o>(officers: impl Iterator<Item = &'o Officer>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for officer in officers {
        let mut to = Writer::new();
        to.array(2).text(&officer.name).bytes(&officer.key.0);
        digest.update(to.into_bytes());
    }
    digest.finalize().into()
}

/// Names a share, and its code.
fn pair(about: &[&[u8]], officer: usize, with: usize) -> Vec<u8> {
    let mut to = Writer::new();
    about.iter().fold(to.array(about.len() + 2), |to, bytes| to.bytes(bytes)).unsigned(officer as u64).unsigned(with as u64);
    to.into_bytes()
}

/// Returns the officer at a place among those who are not `officer`.
const fn other(officer: usize, place: usize) -> usize {
    if place < officer { place } else { place + 1 }
}

/// Returns the place of `with` among those who are not `officer`.
const fn place_among_others(officer: usize, with: usize) -> usize {
    if with < officer { with } else { with.saturating_sub(1) }
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
