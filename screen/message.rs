//! Messages: what a person is told, as an id and its arguments. `waypass-words` has the text in every language.

mod plain;

pub use plain::Plain;

use crate::counters::Counters;
use alloc::{string::String, vec, vec::Vec};
use waypass_credential::time::Timestamp;
use waypass_trust::audit::Event;
use waypass_trust::bundle::Item;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_trust::time::{Confidence, Doubt};
use waypass_verifier::Step;

/// A side of a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Two or three words.
    Headline,
    /// One sentence.
    Meaning,
    /// The step that follows.
    Next,
}

/// A kind of evidence that has an age.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// The status list that covers the credential.
    Revocation,
    /// The trust bundle.
    Trust,
    /// The role policy.
    Rules,
}

/// A message: an id, and the arguments that belong to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// One without arguments.
    Plain(Plain),
    /// A reason of a verdict.
    Reason(ReasonCode, Side),
    /// The extra step of an amber verdict.
    Step(Step),
    /// How far the clock is believed.
    Clock(Confidence),
    /// Something a credential, a bundle or a person wrote: the same in every language.
    Text(String),
    /// All of these: "a, b and c".
    List(Vec<Self>),
    /// One after another: "a, b, c".
    Row(Vec<Self>),
    /// A length of time in seconds.
    Span(i64),
    /// A point in time.
    Date(Timestamp),
    /// How old a piece of evidence is, in seconds.
    Aged(Evidence, i64),
    /// The time when a piece of evidence was made; the clock cannot say how long ago that is.
    Dated(Evidence, Timestamp),
    /// Members that nothing here acts on.
    NotChecked(Vec<Self>),
    /// The evidence that ends first.
    Ends(Item),
    /// The gate can decide about such a role until then.
    Works {
        /// The last moment.
        until: Timestamp,
        /// The evidence that ends then.
        binding: Item,
    },
    /// The gate could decide about such a role until then.
    Ended {
        /// Seconds since.
        ago: i64,
        /// The last moment.
        at: Timestamp,
        /// The evidence that ended then.
        binding: Item,
    },
    /// Some codes of several have come.
    Gathered {
        /// How many.
        have: usize,
        /// Of how many.
        count: usize,
    },
    /// The age of the data of the gate.
    DataAge(i64),
    /// The age of the data of the gate, and the end of the time without a link.
    DataAgeUntil(i64, Timestamp),
    /// Admissions that the gate would now refuse.
    Flags(usize),
    /// The counts of a shift.
    Shift(Counters),
    /// The secret does not open the gate; so many tries are left.
    WrongSecret(u32),
    /// The gate waits so many seconds after wrong tries.
    Wait(i64),
    /// A bundle that is kept aside.
    Aside {
        /// When it says it was made.
        at: Timestamp,
        /// How far that is ahead, in seconds.
        ahead: i64,
    },
    /// The number of records.
    Records(u64),
    /// A record, by its number.
    Record(u64),
    /// The kind of a record.
    Event(Event),
    /// A record that let somebody in before a list came that denies the credential, and when the list was made.
    Flag(u64, Timestamp),
}

/// An argument of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Text that is not ours.
    Text(String),
    /// A number, which chooses the plural too.
    Number(i64),
    /// A message of ours.
    Message(Message),
}

impl From<Plain> for Message {
    fn from(plain: Plain) -> Self {
        Self::Plain(plain)
    }
}

impl Message {
    /// Returns the id, and the attribute of it or an empty text. `None` for what is written the same way in every language, for lists and for
    /// points and lengths of time: they have no sentence of their own.
    pub fn key(&self) -> Option<(&'static str, &'static str)> {
        let whole = |id| (id, "");
        Some(match self {
            Self::Plain(plain) => plain.id().split_once('.').unwrap_or((plain.id(), "")),
            Self::Reason(code, Side::Headline) => (code.as_str(), "headline"),
            Self::Reason(code, Side::Meaning) => (code.as_str(), "meaning"),
            Self::Reason(code, Side::Next) => (code.as_str(), "next"),
            Self::Step(step) => whole(match step {
                Step::Confirm => "step-confirm",
                Step::Override => "step-override",
                Step::Escort => "step-escort",
                Step::SecondPerson => "step-second-person",
                Step::Identity => "step-identity",
                Step::BreakGlass => "step-break-glass",
            }),
            Self::Clock(confidence) => whole(clock(*confidence)),
            Self::Aged(Evidence::Revocation, _) => ("evidence-revocation", "age"),
            Self::Aged(Evidence::Trust, _) => ("evidence-trust", "age"),
            Self::Aged(Evidence::Rules, _) => ("evidence-rules", "age"),
            Self::Dated(Evidence::Revocation, _) => ("evidence-revocation", "date"),
            Self::Dated(Evidence::Trust, _) => ("evidence-trust", "date"),
            Self::Dated(Evidence::Rules, _) => ("evidence-rules", "date"),
            Self::NotChecked(_) => whole("not-checked"),
            Self::Ends(item) => whole(match item {
                Item::List(_) => "ends-list",
                Item::MissingList(_) => "ends-missing-list",
                Item::Timestamp => "ends-age",
                Item::OfflineParts => "ends-expiry",
                Item::Policy => "ends-policy",
                Item::Gate => "ends-enrolment",
            }),
            Self::Works { .. } => whole("works-until"),
            Self::Ended { .. } => whole("works-ended"),
            Self::Gathered { .. } => whole("screen-gathering"),
            Self::DataAge(_) => whole("banner-age"),
            Self::DataAgeUntil(..) => whole("banner-age-until"),
            Self::Flags(_) => whole("banner-flags"),
            Self::Shift(_) => whole("shift"),
            Self::WrongSecret(_) => whole("refused-wrong-secret"),
            Self::Wait(_) => whole("refused-wait"),
            Self::Aside { .. } => whole("kept-aside"),
            Self::Records(_) => whole("records"),
            Self::Record(_) => whole("record"),
            Self::Event(event) => whole(event_id(event)),
            Self::Flag(..) => whole("flag"),
            Self::Text(_) | Self::List(_) | Self::Row(_) | Self::Span(_) | Self::Date(_) => return None,
        })
    }

    /// Returns the arguments by name.
    pub fn arguments(&self) -> Vec<(&'static str, Value)> {
        let span = |seconds: i64| Value::Message(Self::Span(seconds));
        let date = |at: Timestamp| Value::Message(Self::Date(at));
        let ends = |item: &Item| Value::Message(Self::Ends(item.clone()));
        let number = |count: u64| Value::Number(i64::try_from(count).unwrap_or(i64::MAX));
        let size = |count: usize| number(count as u64);
        match self {
            Self::Aged(_, seconds) | Self::DataAge(seconds) | Self::Wait(seconds) => vec![("age", span(*seconds))],
            Self::Dated(_, at) => vec![("date", date(*at))],
            Self::NotChecked(members) => vec![("members", Value::Message(Self::Row(members.clone())))],
            Self::Ends(Item::List(uri) | Item::MissingList(uri)) => vec![("uri", Value::Text(uri.clone()))],
            Self::Works { until, binding } => vec![("date", date(*until)), ("what", ends(binding))],
            Self::Ended { ago, at, binding } => vec![("age", span(*ago)), ("date", date(*at)), ("what", ends(binding))],
            Self::Gathered { have, count } => vec![("have", size(*have)), ("count", size(*count))],
            Self::DataAgeUntil(seconds, until) => vec![("age", span(*seconds)), ("date", date(*until))],
            Self::Flags(count) => vec![("count", size(*count))],
            Self::Shift(counts) => vec![
                ("allowed", number(counts.allowed)),
                ("cautions", number(counts.cautions)),
                ("denied", number(counts.denied)),
                ("unknown", number(counts.unknown)),
            ],
            Self::WrongSecret(left) => vec![("left", Value::Number(i64::from(*left)))],
            Self::Aside { at, ahead } => vec![("date", date(*at)), ("age", span(*ahead))],
            Self::Records(count) => vec![("count", number(*count))],
            Self::Record(seq) => vec![("seq", number(*seq))],
            Self::Event(event @ Event::Other(_)) => vec![("name", Value::Text(event.as_str().into()))],
            Self::Flag(seq, list) => vec![("seq", number(*seq)), ("date", date(*list))],
            _ => Vec::new(),
        }
    }

    /// Returns two or three words for a reason.
    pub const fn headline(code: ReasonCode) -> Self {
        Self::Reason(code, Side::Headline)
    }

    /// Returns the word of a verdict.
    pub const fn word(level: Level) -> Self {
        Self::Plain(match level {
            Level::Green => Plain::Allow,
            Level::Amber => Plain::Caution,
            Level::Grey => Plain::CannotCheck,
            Level::Red => Plain::Deny,
        })
    }
}

const fn clock(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Anchored => "clock-anchored",
        Confidence::Low => "clock-low",
        Confidence::Suspect => "clock-suspect",
        Confidence::Doubt(Doubt::BehindSigned) => "clock-behind-signed",
        Confidence::Doubt(Doubt::BehindSeen) => "clock-behind-seen",
        Confidence::Doubt(Doubt::Stepped) => "clock-stepped",
        Confidence::Doubt(Doubt::TooManyBoots) => "clock-boots",
        Confidence::Doubt(Doubt::TooManyDecisions) => "clock-decisions",
        Confidence::Doubt(Doubt::EvidenceAhead) => "clock-evidence-ahead",
    }
}

const fn event_id(event: &Event) -> &'static str {
    match event {
        Event::Decided => "event-decided",
        Event::Checked => "event-checked",
        Event::TrustChanged => "event-trust-changed",
        Event::Found => "event-found",
        Event::Acknowledged => "event-acknowledged",
        Event::ClockConfirmed => "event-clock-confirmed",
        Event::Confirmed => "event-confirmed",
        Event::TurnedAway => "event-turned-away",
        Event::WrongTries => "event-wrong-tries",
        Event::LockedOut => "event-locked-out",
        Event::FactorsChanged => "event-factors-changed",
        Event::Erased => "event-erased",
        Event::Upgraded => "event-upgraded",
        Event::TakenBack => "event-taken-back",
        Event::BreakGlass => "event-break-glass",
        Event::Held => "event-held",
        Event::Presented => "event-presented",
        Event::Removed => "event-removed",
        Event::Synced => "event-synced",
        Event::Declined => "event-declined",
        Event::Restored => "event-restored",
        Event::Read => "event-read",
        Event::Unlocked => "event-unlocked",
        Event::Other(_) => "event-other",
    }
}
