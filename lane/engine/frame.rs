//! A frame: everything that a page draws, in words.

use super::{Engine, Home, Stage, reply};
use waypass_credential::json::{Object, Value};
use waypass_screen::{Effect, Fact, Focus, Key, Kind, Message, Shape, Tone, VerdictView};
use waypass_trust::reason::Level;
use waypass_verifier::GateIdentity;
use waypass_words::{Direction, Words};

type Json = Value<'static>;

impl<H: Home> Engine<H> {
    /// Returns the frame, with the effects that the page carries out once.
    pub(super) fn frame(&self, effects: &[Effect]) -> Json {
        let words = self.words();
        let view = self.lane.view();
        let (stage, is_open) = match self.stage {
            Stage::New => ("new", false),
            Stage::Locked => ("locked", false),
            Stage::Open(_) => ("open", true),
        };
        let mut advice = texts(&view.advice, &words);
        if let (Stage::Locked, Some((refusal, _))) = (&self.stage, &self.closed) {
            let (what, next) = refusal.texts(&words);
            advice = Value::Array(vec![what.into(), next.into()]);
        }
        let actions = view
            .actions
            .iter()
            .map(|action| Json::from(Object::new().with("key", key(action.key)).with("label", words.text(&action.label))));
        let banner = Object::new().with("tone", tone(view.banner.tone)).with("messages", texts(&view.banner.messages, &words));
        let mut frame = Object::new()
            .with("stage", stage)
            .with("lang", words.language().tag())
            .with("dir", if words.language().direction() == Direction::RightToLeft { "rtl" } else { "ltr" })
            .with("kind", kind(view.kind))
            .with("tone", tone(view.tone))
            .with("shape", shape(view.shape))
            .with("title", words.text(&view.title))
            .with("advice", advice)
            .with("focus", focus(view.focus))
            .with("actions", actions.collect::<Json>())
            .with("banner", banner)
            .with("shift", words.text(&Message::Shift(view.counters)))
            .with("effects", effects.iter().filter_map(effect).collect::<Json>());
        if let Some(notice) = &view.notice {
            frame.set("notice", words.text(notice));
        }
        if let Some(shown) = &view.verdict {
            frame.set("verdict", verdict(shown, &words));
        }
        if !self.codes.is_empty() {
            frame.set("question", reply::codes(&self.codes));
        }
        if let Some(about) = self.about.as_ref().filter(|_| is_open) {
            frame.set("gate", gate(about));
        }
        frame.into()
    }
}

fn texts(messages: &[Message], words: &Words<'_>) -> Json {
    messages.iter().map(|message| Value::from(words.text(message))).collect()
}

fn verdict(shown: &VerdictView, words: &Words<'_>) -> Json {
    let checks = shown.checks.iter().map(|check| {
        let mut found =
            Object::new().with("level", check.level.as_str()).with("what", words.text(&check.what)).with("detail", check.detail.clone());
        if let Some(code) = check.code {
            found.set("code", code.as_str());
        }
        Json::from(found)
    });
    let mut verdict = Object::new()
        .with("level", shown.level().as_str())
        .with("word", words.text(&shown.word))
        .with("who", facts(&shown.who, words))
        .with("checks", checks.collect::<Json>())
        .with("evidence", facts(&shown.evidence, words))
        .with("next", texts(&shown.next, words));
    if let Some(headline) = &shown.headline {
        verdict.set("headline", words.text(headline));
    }
    verdict.into()
}

pub(super) fn facts(facts: &[Fact], words: &Words<'_>) -> Json {
    let fact = |fact: &Fact| -> Json { Object::new().with("label", words.text(&fact.label)).with("value", words.text(&fact.value)).into() };
    facts.iter().map(fact).collect()
}

fn gate(about: &GateIdentity) -> Json {
    let GateIdentity { id, name, site, zone } = about.clone();
    Object::new().with("id", id).with("name", name).with("site", site).with("zone", zone).into()
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Starting => "starting",
        Kind::NotReady => "not_ready",
        Kind::Ready => "ready",
        Kind::Gathering => "gathering",
        Kind::Deciding => "deciding",
        Kind::Verdict => "verdict",
        Kind::Confirming => "confirming",
        Kind::Settling => "settling",
        Kind::Locked => "locked",
        Kind::Trapped => "trapped",
    }
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Green => "green",
        Tone::Amber => "amber",
        Tone::Red => "red",
        Tone::Grey => "grey",
    }
}

const fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Tick => "tick",
        Shape::Triangle => "triangle",
        Shape::Cross => "cross",
        Shape::QuestionMark => "question_mark",
        Shape::Frame => "frame",
    }
}

const fn focus(focus: Focus) -> &'static str {
    match focus {
        Focus::Question => "question",
        Focus::Title => "title",
        Focus::Verdict => "verdict",
        Focus::Field => "field",
    }
}

const fn key(key: Key) -> &'static str {
    match key {
        Key::Enter => "enter",
        Key::Escape => "escape",
        Key::Confirm => "confirm",
        Key::TurnAway => "turn_away",
        Key::Sync => "sync",
    }
}

/// Returns an effect of a page. The others are the engine's own.
fn effect(effect: &Effect) -> Option<Json> {
    let of = |name: &'static str| Object::new().with("do", name);
    let level = |name: &'static str, level: Level| of(name).with("level", level.as_str());
    Some(Value::Object(match effect {
        Effect::Sound(of_level) => level("sound", *of_level),
        Effect::Vibrate(of_level) => level("vibrate", *of_level),
        Effect::StayAwake(on) => of("awake").with("on", *on),
        Effect::ClearAfter(seconds) => of("clear_after").with("seconds", i64::try_from(*seconds).unwrap_or(i64::MAX)),
        Effect::OpenScanner => of("open_scanner"),
        Effect::Unlock => of("unlock"),
        Effect::Sync => of("sync"),
        Effect::OpenDoor => of("open_door"),
        Effect::Refresh
        | Effect::Ask
        | Effect::Decide { .. }
        | Effect::Settle(_)
        | Effect::ShowQuestion
        | Effect::HideQuestion
        | Effect::Forget => return None,
    }))
}
