//! The gate's own unsent copy of what it asked: used once, or not at all.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use rand_core::CryptoRng;
use waypass_credential::Binding;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::json;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::Query;
use waypass_credential::sealed::{Sealed, is_sealed};
use waypass_credential::time::Timestamp;
use waypass_credential::{Malformed, Nonce, Presentation};
use waypass_trust::audit::Salts;
use waypass_trust::time::{Moment, Reading};

/// How long an answer is taken, on the boot clock (threats.md A8). The holder's request says the same.
pub(crate) const LIFETIME_SECONDS: i64 = 60;
/// How long a challenge is kept after it was asked, so that a late answer and a replay are told as what they are.
const KEPT_SECONDS: u64 = 5 * 60;
/// Most challenges kept at a time: some lanes side by side, each asking every few seconds (threats.md A8). The oldest gives way.
pub(crate) const MAX_KEPT: usize = 512;
/// A query is bounded by its own reader; this bounds its stored text.
const MAX_QUERY: usize = 64 * 1024;

/// A question, and when it was asked. Not `Clone`: answering consumes it.
///
/// If one process asks and another decides, the shell keeps [`Self::to_bytes`] encrypted and deletes it when it takes
/// it out. The seen-set refuses a second use even if the deletion is lost.
#[derive(Debug)]
#[must_use]
pub struct Challenge {
    pub(crate) nonce: Nonce,
    pub(crate) audience: String,
    pub(crate) query: Query,
    pub(crate) asked: Reading,
    pub(crate) salts: Salts,
    pub(crate) code: Option<AskedByCode>,
}

/// The part of a question that a gate keeps if it showed a code.
#[derive(Debug)]
pub(crate) struct AskedByCode {
    /// SHA-256 of the code's content.
    digest: [u8; 32],
    /// Opens an answer that is sealed.
    secret: RecipientSecret,
}

/// The challenges that a gate has asked lately: several lanes ask side by side, and every answer names the one it answers.
#[derive(Debug, Default)]
pub struct Challenges(Vec<Challenge>);

impl FromIterator<Challenge> for Challenges {
    fn from_iter<I: IntoIterator<Item = Challenge>>(challenges: I) -> Self {
        Self(challenges.into_iter().collect())
    }
}

impl Challenges {
    /// Returns the nonces of those that must go before one more is kept: nobody answered them in time, or there are too many.
    pub fn over(&self, at: &Moment) -> Vec<Nonce> {
        let kept = |challenge: &&Challenge| {
            at.milliseconds_since(&challenge.asked).is_some_and(|elapsed| elapsed <= KEPT_SECONDS.saturating_mul(1000))
        };
        let (mut kept, over): (Vec<&Challenge>, Vec<&Challenge>) = self.0.iter().partition(kept);
        // All of one boot, so its clock says which is the oldest.
        kept.sort_by_key(|challenge| challenge.asked.boottime_ms);
        let crowded = (kept.len() + 1).saturating_sub(MAX_KEPT);
        over.into_iter().chain(kept.into_iter().take(crowded)).map(|challenge| challenge.nonce).collect()
    }

    /// Reads what was presented, and takes out the challenge that it says it answers. The checks find out that it does: a nonce that
    /// is named without being signed by the holder finds its challenge, and is refused. What does not open uses none up.
    pub(crate) fn answered_by(self, presented: &[u8], known: &KnownContexts) -> (Result<Presentation, Unread>, Option<Challenge>) {
        if !is_sealed(presented) {
            let read = Presentation::parse(presented, known);
            let nonce = read.as_ref().ok().and_then(Presentation::untrusted_nonce);
            let challenge = nonce.and_then(|nonce| self.0.into_iter().find(|challenge| challenge.binding().nonce() == nonce));
            return (read.map_err(Unread::Malformed), challenge);
        }
        let sealed = match Sealed::parse(presented) {
            Ok(sealed) => sealed,
            Err(why) => return (Err(Unread::Malformed(why)), None),
        };
        let opened = self.0.into_iter().find_map(|challenge| {
            let code = challenge.code.as_ref().filter(|code| sealed.names(&code.digest))?;
            let answer = sealed.open(&code.secret, &code.digest).ok()?;
            Some((answer, challenge))
        });
        match opened {
            Some((answer, challenge)) => (Presentation::parse(&answer, known).map_err(Unread::Malformed), Some(challenge)),
            None => (Err(Unread::SealedToAnother), None),
        }
    }
}

impl From<Challenge> for Challenges {
    fn from(challenge: Challenge) -> Self {
        Self(alloc::vec![challenge])
    }
}

/// Why nothing can be read of what was presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unread {
    /// It is not a presentation.
    Malformed(Malformed),
    /// It is sealed, and not to a question that this gate keeps.
    SealedToAnother,
}

/// The stored bytes are not a challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadChallenge;

impl fmt::Display for BadChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored challenge is damaged")
    }
}

impl core::error::Error for BadChallenge {}

impl From<NotCanonical> for BadChallenge {
    fn from(_: NotCanonical) -> Self {
        Self
    }
}

impl Challenge {
    pub(crate) fn new(audience: &str, query: Query, at: &Moment, rng: &mut dyn CryptoRng) -> Self {
        let nonce = Nonce::random(rng);
        Self { nonce, audience: audience.to_owned(), query, asked: *at.reading(), salts: Salts::random(rng), code: None }
    }

    /// The question is shown as a code with this digest, and a sealed answer is opened with `secret`.
    pub fn asked_by_code(self, digest: [u8; 32], secret: RecipientSecret) -> Self {
        Self { code: Some(AskedByCode { digest, secret }), ..self }
    }

    /// Returns the nonce, which names this challenge in verdicts and logs.
    pub const fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// Returns the clocks' readings when it was asked.
    pub const fn asked(&self) -> &Reading {
        &self.asked
    }

    /// Returns what an answer must be bound to.
    pub(crate) fn binding(&self) -> Binding<'_> {
        match &self.code {
            None => Binding::challenge(&self.nonce, &self.audience),
            Some(code) => Binding::Question { digest: code.digest, audience: &self.audience },
        }
    }

    /// Returns true if an answer would still be accepted at `at`.
    pub fn is_open(&self, at: &Moment) -> bool {
        at.milliseconds_since(&self.asked).is_some_and(|elapsed| elapsed < LIFETIME_SECONDS.unsigned_abs() * 1000)
    }

    /// Deterministic CBOR, for a process that asks in one run and decides in the next.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        // Version 1 has no code.
        out.array(if self.code.is_some() { 10 } else { 8 }).unsigned(if self.code.is_some() { 2 } else { 1 });
        out.bytes(&self.nonce.0).text(&self.audience);
        out.bytes(json::to_string(&self.query).as_bytes());
        out.signed(self.asked.wall.unix()).unsigned(self.asked.boottime_ms).bytes(&self.asked.boot_id);
        out.bytes(&self.salts.to_bytes());
        if let Some(AskedByCode { digest, secret }) = &self.code {
            out.bytes(digest).bytes(secret.to_bytes().as_ref());
        }
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadChallenge> {
        let mut from = Reader::new(bytes);
        let has_code = match (from.array()?, from.unsigned()?) {
            (8, 1) => false,
            (10, 2) => true,
            _ => return Err(BadChallenge),
        };
        let challenge = Self {
            nonce: Nonce(from.bytes_array()?),
            audience: from.string(256)?,
            query: {
                let query = from.bytes()?;
                if query.len() > MAX_QUERY {
                    return Err(BadChallenge);
                }
                Query::parse(query).map_err(|_| BadChallenge)?
            },
            asked: Reading {
                wall: Timestamp::from_unix(from.signed()?).ok_or(BadChallenge)?,
                boottime_ms: from.unsigned()?,
                boot_id: from.bytes_array()?,
            },
            salts: Salts::from_bytes(&from.bytes_array()?),
            code: if has_code {
                let digest = from.bytes_array()?;
                Some(AskedByCode { digest, secret: RecipientSecret::from_bytes(from.bytes_array()?) })
            } else {
                None
            },
        };
        from.end()?;
        Ok(challenge)
    }
}
