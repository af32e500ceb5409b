//! Flags: admissions that this gate would now refuse. They stay until a person acknowledges them, or the issuer answers that the
//! credential was withdrawn only afterwards.
//!
//! The gate keeps what each list denied when it last looked. When a newer list is there, it looks up the entries that are denied anew, by
//! the log's index: the cost grows with those entries, not with the log. The lists it saw and the flags it raised are
//! written together, so a
//! power cut between taking a list and looking at it loses nothing.

use crate::error::GateError;
use crate::gate::Gate;
use crate::index::{append, entry_tag};
use crate::records::{COMPARED, ENTRY, FLAGS, GATE, STATE};
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_trust::audit::{Entry, Event, FlagAnswer, Flagged, Note};
use waypass_trust::bundle::Digest;
use waypass_trust::reason::Level;
use waypass_trust::status::{Denials, Denied};
use waypass_trust::time::{Confidence, Reading, TOLERANCE_SECONDS};
use waypass_vault::{Batch, VaultError};

const VERSION: u64 = 1;
const MAX_URI: usize = 1024;

/// An admission that this gate would now refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flag {
    /// The admission and the status entry of its credential.
    pub admission: Flagged,
    /// When the list that denies the credential was made.
    pub list_issued_at: Timestamp,
    /// The issuer's answer about it.
    pub answer: Option<FlagAnswer>,
}

/// Which flags a person has looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// That of one record.
    One(u64),
    /// All that are open.
    All,
}

/// The content of a list when it was last looked at.
struct Compared {
    issued_at: Timestamp,
    digest: Digest,
    denied: Denied,
}

impl Gate<'_> {
    /// Returns the open flags, the oldest admission first.
    pub fn flags(&self) -> Result<Vec<Flag>, GateError> {
        let mut flags = Vec::new();
        for id in self.vault.ids(FLAGS)? {
            match self.vault.get(FLAGS, &id) {
                Ok(bytes) => flags.extend(bytes.and_then(|bytes| Flag::read(&bytes).ok())),
                // It is among the findings now.
                Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(flags)
    }

    /// Looks at every list that is newer than when it was last looked at, and flags the admissions that it denies.
    pub fn compare_lists(&self) -> Result<(), GateError> {
        let Some(bundle) = self.deciding()? else { return Ok(()) };
        let (mut seen, mut raised) = (Vec::new(), Vec::new());
        for list in bundle.denials() {
            let (Some(issued_at), digest, before) = (list.issued_at(), list.digest(), self.compared(list.uri())?) else { continue };
            if before.as_ref().is_some_and(|before| before.digest == digest) {
                continue;
            }
            let denied = list.denied();
            let nothing = Denied::default();
            for index in denied.not_in(before.as_ref().map_or(&nothing, |before| &before.denied)) {
                for seq in self.find(ENTRY, &entry_tag(list.uri(), index))? {
                    // A record that cannot be read is among the findings now.
                    let Ok(entry) = self.entry(seq) else { continue };
                    raised.extend(self.suspect(&entry, &list, before.as_ref().map(|before| before.issued_at))?);
                }
            }
            seen.push((list.uri().to_owned(), Compared { issued_at, digest, denied }));
        }
        if seen.is_empty() {
            return Ok(());
        }
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            for (uri, compared) in &seen {
                batch.put(COMPARED, &Digest::of(uri.as_bytes()).0, &compared.to_bytes(), &[])?;
            }
            raised.iter().try_for_each(|flag| flag.put(batch))
        })?)
    }

    /// Returns the flag of an entry whose credential a list denies anew, if it let somebody in and the list before cannot vouch for it.
    ///
    /// `before` is when the list before was made: it said that the credential was good then, so an earlier admission is not suspect.
    fn suspect(&self, entry: &Entry, list: &Denials<'_>, before: Option<Timestamp>) -> Result<Option<Flag>, GateError> {
        let Some(flag) = flag_of(entry, list) else { return Ok(None) };
        let seq = flag.admission.seq;
        let Ok(leaf) = entry.leaf() else { return Ok(None) };
        let used = entry.opening().and_then(|opening| opening.status.as_ref()).and_then(|used| used.list_issued_at);
        let late = may_be_late(leaf.wall, leaf.confidence, used, before, flag.list_issued_at);
        let admitted = match leaf.outcome.map(|outcome| outcome.level) {
            Some(Level::Green) => true,
            Some(Level::Amber) => match self.settled_by(seq)? {
                Some(by) => self.leaf(by)?.event == Event::Confirmed,
                None => false,
            },
            _ => false,
        };
        Ok((late && admitted).then_some(flag))
    }

    /// Returns the flag of an admission that is being confirmed, if a list that arrived since the decision denies the credential.
    pub(crate) fn denied_by_now(&self, entry: &Entry) -> Result<Option<Flag>, GateError> {
        let Some(bundle) = self.deciding()? else { return Ok(None) };
        let used = entry.opening().and_then(|opening| opening.status.as_ref());
        let found = bundle.denials().find_map(|list| {
            let flag = flag_of(entry, &list)?;
            let newer = used?.list_issued_at.is_none_or(|used| used < flag.list_issued_at);
            (newer && list.denied().contains(flag.admission.idx)).then_some(flag)
        });
        Ok(found)
    }

    /// Takes what the issuer answered. An admission before the withdrawal was in order, so its flag is closed.
    pub(crate) fn answered(&self, answers: &[FlagAnswer]) -> Result<(), GateError> {
        let open: Vec<Flag> = self.flags()?;
        let of = |answer: &FlagAnswer| open.iter().find(|flag| flag.admission.seq == answer.seq).cloned();
        Ok(self.vault.batch(|batch| -> Result<(), VaultError> {
            for answer in answers {
                let Some(flag) = of(answer) else { continue };
                if answer.revoked_at.is_some() && !answer.already_revoked {
                    batch.remove(FLAGS, &answer.seq.to_be_bytes())?;
                } else {
                    Flag { answer: Some(answer.clone()), ..flag }.put(batch)?;
                }
            }
            Ok(())
        })?)
    }

    /// Closes flags after a person has looked, with a record of who did. Returns the numbers of the admissions.
    pub fn acknowledge_flags(&self, which: Which, note: &Note, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<Vec<u64>, GateError> {
        let mut state = self.state()?;
        let open = self.flags()?.into_iter().map(|flag| flag.admission.seq);
        let chosen: Vec<u64> = open.filter(|seq| which == Which::All || which == Which::One(*seq)).collect();
        if let (Which::One(seq), true) = (which, chosen.is_empty()) {
            return Err(GateError::NoFlag { seq });
        }
        let mut said = Vec::new();
        for seq in &chosen {
            let entry = self.entry(*seq)?;
            said.push(self.remark(&mut state, Event::Acknowledged, &entry, note.clone(), reading, rng)?);
        }
        self.refuse_when_tampered()?;
        self.vault.batch(|batch| -> Result<(), VaultError> {
            for seq in &chosen {
                batch.remove(FLAGS, &seq.to_be_bytes())?;
            }
            for entry in &said {
                append(batch, entry)?;
            }
            batch.put(GATE, STATE, &state.to_bytes(), &[])
        })?;
        Ok(chosen)
    }

    fn compared(&self, uri: &str) -> Result<Option<Compared>, GateError> {
        match self.vault.get(COMPARED, &Digest::of(uri.as_bytes()).0) {
            Ok(bytes) => Ok(bytes.and_then(|bytes| Compared::read(&bytes).ok())),
            // It is among the findings now; the list is compared with nothing.
            Err(VaultError::Quarantined) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }
}

/// Returns true if an admission at `wall`, decided on a list of `used`, may have come after the withdrawal that a list of `newer` shows and
/// that of `before` did not. In doubt it may.
fn may_be_late(wall: Timestamp, clock: Confidence, used: Option<Timestamp>, before: Option<Timestamp>, newer: Timestamp) -> bool {
    match before {
        Some(before) => {
            let in_doubt = matches!(clock, Confidence::Doubt(_));
            in_doubt || used.is_some_and(|used| used >= before) || wall.plus(TOLERANCE_SECONDS) >= before
        }
        None => used.is_none_or(|used| used < newer),
    }
}

/// Returns the flag of an entry that used a list, whatever was decided.
fn flag_of(entry: &Entry, list: &Denials<'_>) -> Option<Flag> {
    let admission = Flagged::of(entry).filter(|admission| admission.uri == list.uri())?;
    Some(Flag { admission, list_issued_at: list.issued_at()?, answer: None })
}

impl Compared {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(4).unsigned(VERSION).signed(self.issued_at.unix()).bytes(&self.digest.0).bytes(self.denied.as_bytes());
        out.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        version(&mut from, 4)?;
        let issued_at = Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?;
        let digest = Digest(from.bytes_array()?);
        let denied = Denied::from_bytes(from.bytes()?.to_vec());
        from.end()?;
        Ok(Self { issued_at, digest, denied })
    }
}

impl Flag {
    pub(crate) fn put(&self, batch: &mut Batch<'_>) -> Result<(), VaultError> {
        batch.put(FLAGS, &self.admission.seq.to_be_bytes(), &self.to_bytes(), &[])
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Flagged { seq, uri, idx, admitted_at } = &self.admission;
        let mut out = Writer::new();
        out.array(7).unsigned(VERSION).unsigned(*seq).text(uri).unsigned(*idx).signed(*admitted_at);
        out.signed(self.list_issued_at.unix()).option(self.answer.as_ref(), |out, answer| {
            out.array(2).option(answer.revoked_at, |out, at| {
                out.signed(at);
            });
            out.bool(answer.already_revoked);
        });
        out.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        version(&mut from, 7)?;
        let admission = Flagged { seq: from.unsigned()?, uri: from.string(MAX_URI)?, idx: from.unsigned()?, admitted_at: from.signed()? };
        let list_issued_at = Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?;
        let seq = admission.seq;
        let answer = from.option(|from| {
            from.array_of(2)?;
            Ok(FlagAnswer { seq, revoked_at: from.option(Reader::signed)?, already_revoked: from.bool()? })
        })?;
        from.end()?;
        Ok(Self { admission, list_issued_at, answer })
    }
}

fn version(from: &mut Reader<'_>, members: usize) -> Result<(), NotCanonical> {
    from.array_of(members)?;
    if from.unsigned()? == VERSION { Ok(()) } else { Err(NotCanonical) }
}

#[cfg(test)]
mod tests {
    use super::{Compared, Flag, may_be_late};
    use waypass_credential::time::Timestamp;
    use waypass_trust::audit::{FlagAnswer, Flagged};
    use waypass_trust::bundle::Digest;
    use waypass_trust::status::Denied;
    use waypass_trust::time::{Confidence, Doubt};

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).expect("in range")
    }

    /// A list made after an admission said that the credential was good: only later admissions are suspect.
    #[test]
    fn the_list_before_vouches_for_earlier_admissions() {
        let late = |wall, clock, used: Option<i64>, before: Option<i64>| {
            may_be_late(time(wall), clock, used.map(time), before.map(time), time(9_000))
        };
        assert!(!late(4_000, Confidence::Low, Some(1_000), Some(5_000)), "the list of 5,000 said that it was good");
        assert!(late(5_000, Confidence::Low, Some(1_000), Some(5_000)));
        assert!(late(4_900, Confidence::Low, Some(1_000), Some(5_000)), "two clocks may differ by two minutes");
        assert!(late(4_000, Confidence::Low, Some(5_000), Some(5_000)), "it used that list, so it came after it");
        assert!(late(4_000, Confidence::Doubt(Doubt::BehindSeen), Some(1_000), Some(5_000)), "the clock is no witness");
        assert!(late(4_000, Confidence::Low, Some(1_000), None) && late(4_000, Confidence::Low, None, None));
        assert!(!late(4_000, Confidence::Low, Some(9_000), None), "it used the newer list itself");
    }

    #[test]
    fn what_is_kept_survives_its_encoding() {
        let admission = Flagged { seq: 7, uri: "https://issuer.example/lists/1".into(), idx: 9, admitted_at: 1_795_532_400 };
        let answers = [
            None,
            Some(FlagAnswer { seq: 7, revoked_at: Some(5), already_revoked: true }),
            Some(FlagAnswer { seq: 7, revoked_at: None, already_revoked: false }),
        ];
        for answer in answers {
            let flag = Flag { admission: admission.clone(), list_issued_at: time(6_000), answer };
            let bytes = flag.to_bytes();
            assert_eq!(Flag::read(&bytes).expect("its own bytes"), flag);
            assert!((0..bytes.len()).all(|cut| Flag::read(&bytes[..cut]).is_err()));
        }
        let kept = Compared { issued_at: time(5), digest: Digest::of(b"list"), denied: Denied::from_bytes(vec![1, 2]) };
        let read = Compared::read(&kept.to_bytes()).expect("its own bytes");
        assert_eq!((read.issued_at, read.digest, read.denied), (kept.issued_at, kept.digest, kept.denied));
    }
}
