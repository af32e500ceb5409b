//! Reading what gates sent: their records, the admissions they flagged, and how up to date each of them is.
//!
//! A record arrives without names: whom it was about, only its gate can open. A flagged admission names its status entry, and with it
//! the credential that was withdrawn.

use crate::office::Issuer;
use crate::store::{GateRow, StoreError};
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::json;
use waypass_credential::time::Timestamp;
use waypass_trust::audit::{FlagAnswer, Flagged, Leaf, Note};
use waypass_trust::reason::Level;

/// Records read from the store at once.
const PAGE: u32 = 1024;

/// Which records to read. Every given part must match.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordFilter {
    /// Only this gate, by its id or its name.
    pub gate: Option<String>,
    /// Only what happened then or later, by the gate's clock.
    pub since: Option<Timestamp>,
    /// Only what happened then or earlier, by the gate's clock.
    pub until: Option<Timestamp>,
    /// Only decisions of this level.
    pub level: Option<Level>,
    /// Only admissions of a credential that had been withdrawn already.
    pub flagged: bool,
}

/// One record of a gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedRecord {
    /// The gate's name.
    pub gate: String,
    /// The record.
    pub leaf: Leaf,
    /// When it was received.
    pub received_at: Timestamp,
    /// The fault of the admission, if it has one.
    pub flag: Option<Flag>,
}

/// An admission of a credential that had been withdrawn already. The gate could not know it then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// The record.
    pub seq: u64,
    /// The status list.
    pub uri: String,
    /// The credential's entry in it.
    pub idx: u64,
    /// When the credential was withdrawn, in Unix seconds.
    pub revoked_at: i64,
    /// The person here who looked at it. Without one it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

/// Says that somebody at the office looked at a flagged admission. The flag stays on record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    /// The person who looked.
    pub by: String,
    /// The finding, if they wrote one down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When, in Unix seconds.
    pub at: i64,
}

/// A gate and how up to date it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateOverview {
    /// The gate.
    pub gate: GateRow,
    /// The end of its enrolment in the last publication; `None` if it is not in it.
    pub enrolled_until: Option<Timestamp>,
    /// How many of its records were received.
    pub records: u64,
    /// When the newest of them came.
    pub last_received: Option<Timestamp>,
    /// The version of the targets it had then.
    pub targets_held: Option<u64>,
    /// Its admissions of credentials that had been withdrawn already, without those that were acknowledged.
    pub flags: usize,
    /// When and at which record it contradicted itself.
    pub forked: Option<(Timestamp, u64)>,
}

/// Why records were not read.
#[derive(Clone, PartialEq, Debug)]
pub enum ReceivedError {
    /// No gate has this id or name.
    UnknownGate,
    /// The gate has not sent this record.
    NoRecord,
    /// The record has no flag, or somebody has acknowledged it.
    NotFlagged,
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Gives every record that `filter` selects to `take`, gate after gate and oldest first.
    pub fn received_records(&self, filter: &RecordFilter, take: &mut dyn FnMut(ReceivedRecord)) -> Result<(), ReceivedError> {
        for gate in self.gates_called(filter.gate.as_deref())? {
            let flags = self.flags(&gate.id)?;
            let mut from = 0;
            loop {
                let page = self.store.leaves(&gate.id, from, PAGE)?;
                let Some(last) = page.last() else { break };
                from = last.seq + 1;
                for row in page {
                    let leaf = Leaf::from_bytes(&row.leaf).map_err(|_| StoreError::Corrupt("a record of a gate"))?;
                    let flag = flags.iter().find(|flag| flag.seq == row.seq).cloned();
                    if filter.selects(&leaf, flag.as_ref()) {
                        take(ReceivedRecord { gate: gate.name.clone(), leaf, received_at: row.received_at, flag });
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns one record of a gate, which is called by its id or its name.
    pub fn received_record(&self, gate: &str, seq: u64) -> Result<ReceivedRecord, ReceivedError> {
        for gate in self.gates_called(Some(gate))? {
            let Some(row) = self.store.leaves(&gate.id, seq, 1)?.into_iter().find(|row| row.seq == seq) else { continue };
            let leaf = Leaf::from_bytes(&row.leaf).map_err(|_| StoreError::Corrupt("a record of a gate"))?;
            let flag = self.flags(&gate.id)?.into_iter().find(|flag| flag.seq == seq);
            return Ok(ReceivedRecord { gate: gate.name, leaf, received_at: row.received_at, flag });
        }
        Err(ReceivedError::NoRecord)
    }

    /// Returns every gate that was ever enrolled, by name, and how up to date it is.
    pub fn gate_overview(&self) -> Result<Vec<GateOverview>, ReceivedError> {
        let published = self.published()?;
        let overview = |gate: GateRow| {
            let device = self.store.device(&gate.id)?;
            let records = device.as_ref().map_or(0, |device| device.next_seq);
            let newest = match records.checked_sub(1) {
                Some(seq) => self.store.leaves(&gate.id, seq, 1)?.pop(),
                None => None,
            };
            let held = newest.as_ref().and_then(|row| Leaf::from_bytes(&row.leaf).ok()).map(|leaf| leaf.bundle_version);
            Ok(GateOverview {
                enrolled_until: published.as_ref().and_then(|published| published.opened().gate(&gate.id)).map(|gate| gate.not_after),
                records,
                last_received: newest.map(|row| row.received_at),
                targets_held: held,
                flags: self.flags(&gate.id)?.iter().filter(|flag| flag.acknowledged.is_none()).count(),
                forked: device.and_then(|device| device.forked),
                gate,
            })
        };
        self.store.gates()?.into_iter().map(overview).collect()
    }

    /// Writes down who looked at open flags: that of the record `seq` or all, of the gate that is called so or of all gates. Returns the
    /// gate's name and the record of each. Flags and acknowledgements are under the seal like everything that gates sent.
    pub fn acknowledge_flags(
        &mut self,
        gate: Option<&str>,
        seq: Option<u64>,
        note: &Note,
        at: Timestamp,
    ) -> Result<Vec<(String, u64)>, ReceivedError> {
        let looked = Acknowledged { by: note.by().to_owned(), note: note.reason().map(str::to_owned), at: at.unix() };
        let (mut done, mut changed) = (Vec::new(), Vec::new());
        for gate in self.gates_called(gate)? {
            let mut flags = self.flags(&gate.id)?;
            let before = done.len();
            for flag in flags.iter_mut().filter(|flag| flag.acknowledged.is_none() && seq.is_none_or(|seq| flag.seq == seq)) {
                flag.acknowledged = Some(looked.clone());
                done.push((gate.name.clone(), flag.seq));
            }
            if done.len() > before {
                changed.push((document(&gate.id), json::to_string(&flags)));
            }
        }
        if done.is_empty() && seq.is_some() {
            return Err(ReceivedError::NotFlagged);
        }
        let documents: Vec<(&str, &[u8])> = changed.iter().map(|(name, text)| (&**name, text.as_bytes())).collect();
        if !documents.is_empty() {
            self.store.transact(|tx| tx.set_documents(&documents))?;
        }
        Ok(done)
    }

    /// Keeps the admissions that a gate flagged, as far as they were wrong. A gate flags all of them each time.
    pub(crate) fn keep_flags(&mut self, gate: &str, flagged: &[Flagged], answers: &[FlagAnswer]) -> Result<(), StoreError> {
        let mut flags = self.flags(gate)?;
        let before = flags.len();
        for (flagged, answer) in flagged.iter().zip(answers) {
            let Some(revoked_at) = answer.revoked_at.filter(|_| answer.already_revoked) else { continue };
            if !flags.iter().any(|held| held.seq == flagged.seq) {
                flags.push(Flag { seq: flagged.seq, uri: flagged.uri.clone(), idx: flagged.idx, revoked_at, acknowledged: None });
            }
        }
        if flags.len() == before {
            return Ok(());
        }
        self.store.transact(|tx| tx.set_documents(&[(&document(gate), json::to_string(&flags).as_bytes())]))
    }

    fn flags(&self, gate: &str) -> Result<Vec<Flag>, StoreError> {
        self.held(&document(gate), "the flagged admissions of a gate")
    }

    fn gates_called(&self, called: Option<&str>) -> Result<Vec<GateRow>, ReceivedError> {
        let mut gates = self.store.gates()?;
        if let Some(called) = called {
            gates.retain(|gate| gate.id == called || gate.name == called);
            if gates.is_empty() {
                return Err(ReceivedError::UnknownGate);
            }
        }
        Ok(gates)
    }
}

impl RecordFilter {
    fn selects(&self, leaf: &Leaf, flag: Option<&Flag>) -> bool {
        let in_time = self.since.is_none_or(|since| leaf.wall >= since) && self.until.is_none_or(|until| leaf.wall <= until);
        let of_level = self.level.is_none_or(|level| leaf.outcome.as_ref().is_some_and(|outcome| outcome.level == level));
        in_time && of_level && (!self.flagged || flag.is_some())
    }
}

fn document(gate: &str) -> String {
    format!("flagged/{gate}")
}

impl fmt::Display for ReceivedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownGate => f.write_str("no gate has this id or name"),
            Self::NoRecord => f.write_str("the gate has not sent this record"),
            Self::NotFlagged => f.write_str("this record has no open flag"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for ReceivedError {}

impl From<StoreError> for ReceivedError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

#[cfg(test)]
mod tests {
    use super::{Acknowledged, GateOverview, ReceivedError, RecordFilter};
    use crate::office::Issuer;
    use crate::revoke::{Cause, Grounds};
    use crate::testing::{Key, Log, TestRng, at, enrolment, issuer, order};
    use waypass_credential::key::Signer as _;
    use waypass_trust::audit::{Flagged, Note};
    use waypass_trust::reason::Level;

    fn selected(issuer: &Issuer<'_>, filter: &RecordFilter) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        issuer.received_records(filter, &mut |record| found.push((record.gate, record.leaf.seq))).expect("read");
        found
    }

    #[test]
    fn what_gates_sent_is_read_by_gate_time_level_and_flag() {
        let (_dir, mut issuer) = issuer();
        let mut logs = Vec::new();
        for number in [30, 31] {
            let (key, signed) = enrolment(number, at(0));
            issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
            logs.push(Log::new(key));
        }
        issuer.publish(at(0)).expect("published");
        let record = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued").record;
        let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() };
        issuer.revoke(&record.id, &grounds, at(5)).expect("revoked");
        for second in [1, 10, 20] {
            logs[0].append("somebody", at(second));
        }
        logs[1].append("somebody", at(15));
        let uri = issuer.settings().list_uri(record.list);
        let flag = |seq: u64, admitted: i64| Flagged { seq, uri: uri.clone(), idx: record.index.into(), admitted_at: at(admitted).unix() };
        // The first admission was before the withdrawal.
        let flagged = vec![flag(0, 1), flag(1, 10)];
        for _ in 0..2 {
            issuer.intake(&logs[0].upload(0, at(30), flagged.clone()), at(31)).expect("taken");
        }
        issuer.intake(&logs[1].upload(0, at(40), vec![]), at(41)).expect("taken");

        let all = RecordFilter::default();
        let of = |gate: &str, seqs: &[u64]| seqs.iter().map(|seq| (gate.to_owned(), *seq)).collect::<Vec<_>>();
        assert_eq!(selected(&issuer, &all), [of("Gate 30", &[0, 1, 2]), of("Gate 31", &[0])].concat());
        assert_eq!(selected(&issuer, &RecordFilter { gate: Some("Gate 31".into()), ..all.clone() }), of("Gate 31", &[0]));
        let between = RecordFilter { since: Some(at(10)), until: Some(at(15)), ..all.clone() };
        assert_eq!(selected(&issuer, &between), [of("Gate 30", &[1]), of("Gate 31", &[0])].concat());
        assert_eq!(selected(&issuer, &RecordFilter { level: Some(Level::Red), ..all.clone() }), []);
        assert_eq!(selected(&issuer, &RecordFilter { level: Some(Level::Green), ..all.clone() }).len(), 4);
        assert_eq!(selected(&issuer, &RecordFilter { flagged: true, ..all.clone() }), of("Gate 30", &[1]));
        let unknown = issuer.received_records(&RecordFilter { gate: Some("Gate 32".into()), ..all }, &mut |_| ());
        assert_eq!(unknown, Err(ReceivedError::UnknownGate));

        let shown = issuer.received_record("Gate 30", 1).expect("there");
        assert_eq!(shown.flag.map(|flag| (flag.idx, flag.revoked_at)), Some((record.index.into(), at(5).unix())));
        assert_eq!(issuer.received_record("Gate 31", 1), Err(ReceivedError::NoRecord));

        let [first, second] = <[GateOverview; 2]>::try_from(issuer.gate_overview().expect("read")).expect("two gates");
        assert_eq!((first.records, first.last_received, first.targets_held, first.flags), (3, Some(at(31)), Some(1), 1));
        assert_eq!((second.records, second.flags, second.forked), (1, 0, None));
        assert!(first.enrolled_until > Some(at(0)));

        // Somebody looks, once; the gate that flags it again opens nothing.
        let note = Note::new("Ines", None, Some("went home")).expect("a note");
        for (gate, seq) in [("Gate 30", 0), ("Gate 31", 0)] {
            assert_eq!(issuer.acknowledge_flags(Some(gate), Some(seq), &note, at(50)), Err(ReceivedError::NotFlagged));
        }
        assert_eq!(issuer.acknowledge_flags(Some("Gate 31"), None, &note, at(50)), Ok(vec![]));
        assert_eq!(issuer.acknowledge_flags(None, None, &note, at(50)), Ok(of("Gate 30", &[1])));
        assert_eq!(issuer.acknowledge_flags(Some("Gate 30"), Some(1), &note, at(60)), Err(ReceivedError::NotFlagged));
        issuer.intake(&logs[0].upload(0, at(70), vec![flag(1, 10)]), at(70)).expect("taken");
        assert_eq!(issuer.gate_overview().expect("read")[0].flags, 0);
        let looked = issuer.received_record("Gate 30", 1).expect("there").flag.and_then(|flag| flag.acknowledged);
        let by = Acknowledged { by: "Ines".into(), note: Some("went home".into()), at: at(50).unix() };
        assert_eq!(looked, Some(by));
        assert_eq!(selected(&issuer, &RecordFilter { flagged: true, ..RecordFilter::default() }), of("Gate 30", &[1]));
    }
}
