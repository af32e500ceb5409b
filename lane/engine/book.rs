//! A supervisor reads and says here: the status, the log, the flags, the clock. And a gate comes to its trust data.

use super::desk::drawn;
use super::frame::facts;
use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::{Engine, Home};
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_gate::{BundleTime, Decides, Flag, Status, Which};
use waypass_screen::{Event, Fact, Message, Plain};
use waypass_trust::audit::{Leaf, Note};
use waypass_trust::bundle::{Digest, Root};
use waypass_trust::reason::ReasonCode;

type Json = Value<'static>;

/// The file that asks an office to take this gate into its bundle.
const ENROLMENT_FILE: &str = "waypass-gate.txt";

impl<H: Home> Engine<H> {
    pub(super) fn status(&mut self) -> Result<Json, Refusal> {
        let status = self.with_gate(|gate, home| Ok(gate.status(&home.clock())?))?;
        let words = self.words();
        let texts = |messages: &[Message]| messages.iter().map(|message| Value::from(words.text(message))).collect::<Json>();
        let findings: Vec<Message> = status
            .trust_tampering
            .iter()
            .map(ToString::to_string)
            .chain(status.device_tampering.iter().cloned())
            .map(Message::Text)
            .collect();
        Ok(Object::new()
            .with("facts", facts(&status_facts(&status), &words))
            .with("next", texts(&status_next(&status)))
            .with("findings", texts(&findings))
            .with("aside", status.aside.is_some())
            .into())
    }

    /// Returns records before `before`, newest first.
    pub(super) fn log(&mut self, before: Option<u64>, count: u64) -> Result<Json, Refusal> {
        let (leaves, flagged) = self.with_gate(|gate, _| {
            let end = before.unwrap_or(u64::MAX).min(gate.records());
            let leaves = (end.saturating_sub(count)..end).rev().map(|seq| gate.leaf(seq)).collect::<Result<Vec<_>, _>>()?;
            let flagged: Vec<u64> = gate.flags()?.iter().map(|flag| flag.admission.seq).collect();
            Ok((leaves, flagged))
        })?;
        Ok(leaves.iter().map(|leaf| self.record(leaf, flagged.contains(&leaf.seq))).collect())
    }

    fn record(&self, leaf: &Leaf, is_flagged: bool) -> Json {
        let words = self.words();
        let mut line = vec![Message::Event(leaf.event.clone())];
        let mut record = Object::new()
            .with("seq", i64::try_from(leaf.seq).unwrap_or(i64::MAX))
            .with("at", words.text(&Message::Date(leaf.wall)))
            .with("event", leaf.event.as_str().to_owned());
        if let Some(outcome) = &leaf.outcome {
            record.set("level", outcome.level.as_str());
            line.push(Message::word(outcome.level));
            let codes = outcome.reasons.iter().filter_map(|code| ReasonCode::parse(code)).filter(|code| *code != ReasonCode::Ok);
            line.extend(codes.map(Message::headline));
        }
        if let Some(about) = leaf.about {
            line.push(Message::Record(about));
        }
        if is_flagged {
            record.set("flagged", true);
        }
        record.with("line", words.text(&Message::Row(line))).into()
    }

    pub(super) fn flags(&mut self) -> Result<Json, Refusal> {
        let flags = self.with_gate(|gate, _| {
            gate.compare_lists()?;
            Ok(gate.flags()?)
        })?;
        let words = self.words();
        let flag = |flag: &Flag| -> Json {
            let seq = i64::try_from(flag.admission.seq).unwrap_or(i64::MAX);
            Object::new().with("seq", seq).with("line", words.text(&Message::Flag(flag.admission.seq, flag.list_issued_at))).into()
        };
        Ok(flags.iter().map(flag).collect())
    }

    pub(super) fn acknowledge_flag(&mut self, seq: u64, by: &str) -> Result<(), Refusal> {
        let note = Note::new(by, None, None).map_err(|why| Refusal::nobody().with(&why))?;
        self.with_gate(|gate, home| Ok(gate.acknowledge_flags(Which::One(seq), &note, &home.clock(), &mut *home.entropy())?))?;
        self.refresh()
    }

    pub(super) fn acknowledge_findings(&mut self, by: &str) -> Result<(), Refusal> {
        let note = Note::new(by, None, None).map_err(|why| Refusal::nobody().with(&why))?;
        self.with_gate(|gate, home| Ok(gate.acknowledge(note.by(), &home.clock(), &mut *home.entropy())?))?;
        self.refresh()
    }

    /// Takes a person's word for the clock, or for the date of a bundle that is kept aside.
    pub(super) fn confirm_clock(&mut self, by: &str, is_aside: bool) -> Result<(), Refusal> {
        let note = Note::new(by, None, None).map_err(|why| Refusal::nobody().with(&why))?;
        self.with_gate(|gate, home| {
            if is_aside {
                gate.confirm_aside(note.by(), &home.clock(), &mut *home.entropy())?;
            } else {
                gate.confirm_clock(note.by(), &home.clock(), &mut *home.entropy())?;
            }
            Ok(())
        })?;
        self.refresh()
    }

    pub(super) fn enrolment(&mut self, reply: &mut Reply) -> Result<(), Refusal> {
        let (_, text) = self.with_gate(|gate, home| Ok(gate.enrolment(&home.clock())?))?;
        let codes = drawn(text.as_bytes()).ok_or_else(Refusal::question)?;
        reply.set("enrolment", Object::new().with("codes", reply::codes(&codes)).with("file", ENROLMENT_FILE));
        reply.bytes = Some(text.into_bytes());
        Ok(())
    }

    /// Trusts the root in a root file or a bundle, by the number that its operator reads out, and takes the bundle.
    pub(super) fn pin(&mut self, number: &str, signed: &[u8]) -> Result<(), Refusal> {
        let digest = number.trim().parse::<Digest>().map_err(|why| Refusal::number().with(&why))?;
        let root = Root::pin(signed, &digest)?;
        let has_bundle = json::parse(signed, Limits::BUNDLE).is_ok_and(|file| file.member("targets").is_some());
        self.with_gate(|gate, home| {
            gate.belief().pin(&root)?;
            if has_bundle {
                gate.belief().take(signed)?;
            }
            Ok(gate.trust_changed("a root of trust was pinned", BundleTime::Judged, &home.clock(), &mut *home.entropy())?)
        })?;
        self.refresh()?;
        self.report(Event::Tick);
        Ok(())
    }
}

fn status_facts(status: &Status) -> Vec<Fact> {
    let fact = |label: Plain, value: Message| Fact { label: label.into(), value };
    let now = status.at.at();
    let data = match &status.bundle {
        Some(bundle) => Message::DataAge(now.since(bundle.issued_at()).max(0)),
        None => Plain::NoData.into(),
    };
    let mut facts = vec![fact(Plain::LabelData, data)];
    facts.push(fact(
        Plain::LabelEnrolled,
        match (status.enrolled_until, status.was_enrolled_until) {
            (Some(until), _) => Message::Date(until),
            (None, Some(_)) => Plain::EnrolmentEnded.into(),
            (None, None) => Plain::NotEnrolled.into(),
        },
    ));
    if let Some((role, horizon)) = &status.horizon {
        let value = Message::Row(vec![Message::Date(horizon.until), Message::Ends(horizon.binding.clone()), Message::Text(role.clone())]);
        facts.push(fact(Plain::Offline, value));
    }
    facts.push(fact(Plain::Clock, Message::Clock(status.at.confidence())));
    facts.push(fact(Plain::LabelLog, Message::Records(status.records)));
    if status.open_flags > 0 {
        facts.push(fact(Plain::LabelFlags, Message::Flags(status.open_flags)));
    }
    if let Some(aside) = &status.aside {
        facts.push(fact(Plain::LabelAside, Message::Aside { at: aside.signed_at, ahead: aside.ahead_seconds }));
    }
    facts
}

fn status_next(status: &Status) -> Vec<Message> {
    let tampered = status.trust_tampering.is_some() || !status.device_tampering.is_empty();
    let mut next: Vec<Message> = Vec::new();
    match status.decides() {
        _ if tampered => next.push(Plain::TamperedNext.into()),
        Decides::NoLonger => next.push(Plain::NoLongerNext.into()),
        Decides::Forbidden => next.push(Plain::RefusedRulesNext.into()),
        Decides::NotYet => next.push(Plain::NotYetNext.into()),
        Decides::AboutSome => next.push(Plain::SomeRoles.into()),
        Decides::AboutAll => {}
    }
    if status.aside.is_some() {
        next.push(Plain::AsideNext.into());
    }
    next
}
