//! Properties that hold whatever happens, in any order.

mod any;

use super::{
    Abilities, Answerable, Checkpoint, Effect, Event, Fault, Key, Kind, Now, Problem, Readiness, Scanner, Shape, Shown, Tone, View,
};
use crate::message::{Message, Plain};
use alloc::{vec, vec::Vec};
use any::{events, green};
use proptest::prelude::*;
use waypass_credential::time::Timestamp;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_verifier::Decision;

const ALL: Abilities = Abilities { confirm: true, sync: true, least_shown_ms: 1_000 };

fn at(ms: u64) -> Now {
    Now { ms, wall: Timestamp::clamped(1_795_161_600) }
}

fn ready() -> Readiness {
    let issued_at = Some(Timestamp::clamped(1_795_161_600 - 7_200));
    Readiness { decides: Answerable::AboutAll, issued_at, works_until: Some(Timestamp::clamped(1_795_300_000)), flags: 0 }
}

fn started() -> Checkpoint {
    let mut checkpoint = Checkpoint::new(ALL);
    checkpoint.update(Event::Started(ready()), &at(0));
    checkpoint.update(Event::Asked { seconds: 60 }, &at(0));
    checkpoint
}

fn cannot(code: ReasonCode) -> Shown {
    Shown::of(&Decision::cannot(code))
}

/// Scans a code and answers the question that follows with `shown`.
fn decide(checkpoint: &mut Checkpoint, code: &[u8], shown: Shown, ms: u64) -> (View, Vec<Effect>) {
    let (_, effects) = checkpoint.update(Event::Scanned(code.to_vec()), &at(ms));
    let ticket = effects.iter().find_map(|effect| if let Effect::Decide { ticket, .. } = effect { Some(*ticket) } else { None });
    checkpoint.update(Event::Decided { ticket: ticket.expect("it is decided about"), shown }, &at(ms))
}

/// An amber verdict about record 7, as [`Shown::of`] makes one of a decision.
fn amber(second: bool, reason: bool) -> Shown {
    let mut shown = Shown::of(&any::amber());
    assert_eq!(shown.view.level(), Level::Amber);
    shown = shown.recorded(Some(7), second, reason);
    shown
}

#[test]
fn garbage_then_a_valid_code_works() {
    let mut checkpoint = started();
    for (ms, fault) in [Fault::Foreign, Fault::Damaged, Fault::Newer].into_iter().enumerate() {
        let (view, effects) = checkpoint.update(Event::Unreadable(fault), &at(ms as u64));
        assert_eq!((view.kind, view.tone), (Kind::Ready, Tone::Plain), "{fault:?}");
        assert!(view.notice.is_some() && effects.is_empty());
    }
    for (ms, text) in ["https://example.org", "4006381333931", "WIFI:S:site;;", "{\"a\":1}", ""].into_iter().enumerate() {
        let (view, effects) = checkpoint.update(Event::Read(text.into()), &at(3 + ms as u64));
        assert_eq!((view.kind, effects), (Kind::Ready, vec![]), "{text}");
    }
    checkpoint.update(Event::Scanned(vec![b'A'; waypass_credential::MAX_BYTES + 1]), &at(10));
    checkpoint.update(Event::Piece { have: 1, count: 3 }, &at(11));
    let (view, effects) = decide(&mut checkpoint, b"an answer", Shown::of(&green()), 20);
    assert_eq!((view.kind, view.tone, view.shape), (Kind::Verdict, Tone::Green, Shape::Tick));
    assert!(effects.contains(&Effect::OpenDoor) && effects.contains(&Effect::Sound(Level::Green)), "{effects:?}");
    assert!(effects.contains(&Effect::Ask), "an answered question is spent");
    assert_eq!((view.counters.allowed, view.counters.denied), (1, 0));
}

#[test]
fn a_verdict_goes_by_itself() {
    for (shown, ms) in [(Shown::of(&green()), 6_000), (cannot(ReasonCode::NoBundle), 20_000), (amber(false, false), 120_000)] {
        let mut checkpoint = started();
        let (view, effects) = decide(&mut checkpoint, b"an answer", shown, 0);
        assert!(effects.contains(&Effect::ClearAfter(ms / 1000)));
        assert_eq!(view.kind, Kind::Verdict);
        assert_eq!(checkpoint.update(Event::Tick, &at(ms - 1)).0.kind, Kind::Verdict);
        assert_eq!(checkpoint.update(Event::Tick, &at(ms)).0.kind, Kind::Ready);
    }
}

#[test]
fn a_code_that_stays_in_front_of_the_scanner_is_decided_about_once() {
    let mut checkpoint = started();
    let (_, _) = decide(&mut checkpoint, b"an answer", Shown::of(&green()), 0);
    let (view, effects) = checkpoint.update(Event::Scanned(b"an answer".to_vec()), &at(3_000));
    assert_eq!((view.kind, view.tone), (Kind::Verdict, Tone::Green));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Decide { .. })), "a replay, and red for an honest person");
    let (_, effects) = checkpoint.update(Event::Scanned(b"an answer".to_vec()), &at(10_000));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Decide { .. })), "shown once more, it is decided about");
}

#[test]
fn the_next_person_waits_until_the_verdict_was_seen() {
    let mut checkpoint = started();
    decide(&mut checkpoint, b"one", Shown::of(&green()), 0);
    let (view, effects) = checkpoint.update(Event::Scanned(b"two".to_vec()), &at(500));
    assert_eq!((view.kind, effects), (Kind::Verdict, vec![]));
    let (view, effects) = checkpoint.update(Event::Tick, &at(1_000));
    assert_eq!(view.kind, Kind::Deciding);
    assert!(matches!(&effects[..], [Effect::Decide { answer, .. }] if answer == b"two"), "{effects:?}");
}

#[test]
fn a_late_decision_is_not_drawn_for_the_next_person() {
    let mut checkpoint = started();
    checkpoint.update(Event::Scanned(b"one".to_vec()), &at(0));
    checkpoint.update(Event::Key(Key::Escape), &at(1));
    checkpoint.update(Event::Scanned(b"two".to_vec()), &at(2));
    let (view, effects) = checkpoint.update(Event::Decided { ticket: 1, shown: Shown::of(&green()) }, &at(3));
    assert_eq!((view.kind, view.counters.allowed), (Kind::Deciding, 1));
    assert!(!effects.contains(&Effect::OpenDoor), "{effects:?}");
}

#[test]
fn a_trap_is_grey_and_its_question_is_spent() {
    let mut checkpoint = started();
    checkpoint.update(Event::Scanned(b"one".to_vec()), &at(0));
    let (view, effects) = checkpoint.update(Event::Trapped, &at(1));
    assert_eq!((view.kind, view.tone, view.counters.denied), (Kind::Trapped, Tone::Grey, 0));
    assert!(effects.contains(&Effect::Ask) && effects.contains(&Effect::HideQuestion), "{effects:?}");
    let (_, effects) = checkpoint.update(Event::Scanned(b"one".to_vec()), &at(2));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Decide { .. })), "the same person tries again");
}

#[test]
fn missing_data_is_grey_and_scanning_goes_on() {
    for decides in [Answerable::NotYet, Answerable::NoLonger, Answerable::Tampered, Answerable::Forbidden] {
        let mut checkpoint = Checkpoint::new(ALL);
        let (view, _) = checkpoint.update(Event::Started(Readiness { decides, issued_at: None, works_until: None, flags: 0 }), &at(0));
        assert_eq!((view.kind, view.tone, view.banner.tone), (Kind::NotReady, Tone::Grey, Tone::Grey), "{decides:?}");
        let (view, _) = decide(&mut checkpoint, b"an answer", cannot(ReasonCode::NoBundle), 1);
        assert_eq!(view.tone, Tone::Grey);
    }
    let mut checkpoint = started();
    for scanner in [Scanner::Denied, Scanner::Gone] {
        let (view, _) = checkpoint.update(Event::Scanner(scanner), &at(0));
        assert_eq!((view.kind, view.tone), (Kind::NotReady, Tone::Grey));
    }
    let (view, _) = decide(&mut checkpoint, b"typed by a scanner", Shown::of(&green()), 1);
    assert_eq!(view.tone, Tone::Green, "a scanner that types needs no camera");
}

#[test]
fn the_data_grows_old_on_the_screen() {
    let mut checkpoint = started();
    let (view, _) = checkpoint.update(Event::Tick, &at(1));
    assert_eq!(view.banner.messages, [Message::DataAgeUntil(7_200, Timestamp::clamped(1_795_300_000))]);
    let later = Now { ms: 2, wall: Timestamp::clamped(1_795_300_000) };
    let (view, _) = checkpoint.update(Event::Tick, &later);
    assert_eq!((view.banner.messages, view.banner.tone), (vec![Message::DataAge(145_560)], Tone::Amber));
}

#[test]
fn a_question_is_renewed_while_its_answers_still_count() {
    let mut checkpoint = started();
    assert_eq!(checkpoint.update(Event::Tick, &at(29_999)).1, []);
    assert_eq!(checkpoint.update(Event::Tick, &at(30_000)).1, [Effect::Ask]);
    assert_eq!(checkpoint.update(Event::Tick, &at(31_000)).1, [], "once");
    let (view, effects) = checkpoint.update(Event::NotAsked(Problem::Other), &at(32_000));
    assert_eq!((view.kind, view.tone, effects), (Kind::NotReady, Tone::Grey, vec![Effect::HideQuestion]));
    assert_eq!(checkpoint.update(Event::Tick, &at(42_000)).1, [Effect::Ask]);
}

#[test]
fn an_amber_verdict_is_confirmed_field_by_field() {
    let mut checkpoint = started();
    let (view, effects) = decide(&mut checkpoint, b"an answer", amber(true, true), 0);
    assert_eq!(view.actions[0].key, Key::Confirm);
    assert!(!effects.contains(&Effect::OpenDoor));
    let mut said = Vec::new();
    let (mut view, _) = checkpoint.update(Event::Key(Key::Confirm), &at(1));
    for typed in ["Ada", "  ", " ADA", "Grace", "the list is old"] {
        assert_eq!((view.kind, view.tone), (Kind::Confirming, Tone::Amber));
        said.push(view.title.clone());
        (view, _) = checkpoint.update(Event::Typed(typed.into()), &at(2));
        assert_eq!(view.notice.is_some(), typed == " ADA", "{typed}");
    }
    assert_eq!(said, [Plain::AskBy, Plain::AskSecond, Plain::AskSecond, Plain::AskSecond, Plain::AskReason].map(Message::from));
    assert_eq!(view.kind, Kind::Settling);
    let (view, _) = checkpoint.update(Event::Settled { flagged: false }, &at(3));
    assert_eq!((view.kind, view.notice), (Kind::Ready, Some(Plain::Confirmed.into())));
}

#[test]
fn a_field_is_bounded() {
    let mut checkpoint = started();
    decide(&mut checkpoint, b"an answer", amber(false, false), 0);
    checkpoint.update(Event::Key(Key::Confirm), &at(1));
    let (_, effects) = checkpoint.update(Event::Typed("x".repeat(5_000)), &at(2));
    assert!(matches!(&effects[..], [Effect::Settle(form)] if form.by.len() == 300), "{effects:?}");
}

#[test]
fn a_person_who_is_turned_away_needs_no_second_guard() {
    let mut checkpoint = started();
    decide(&mut checkpoint, b"an answer", amber(true, true), 0);
    checkpoint.update(Event::Key(Key::TurnAway), &at(1));
    let (_, effects) = checkpoint.update(Event::Typed("Ada".into()), &at(2));
    assert!(matches!(&effects[..], [Effect::Settle(form)] if (form.seq, form.admitted) == (7, false) && form.by == "Ada"), "{effects:?}");
    let (view, _) = checkpoint.update(Event::Settled { flagged: false }, &at(3));
    assert_eq!(view.notice, Some(Plain::TurnedAway.into()));
}

#[test]
fn nothing_opens_and_nothing_is_asked_while_the_gate_is_locked() {
    let mut checkpoint = started();
    let (view, effects) = checkpoint.update(Event::Locked, &at(0));
    assert_eq!((view.kind, view.tone), (Kind::Locked, Tone::Grey));
    assert!(effects.contains(&Effect::HideQuestion));
    assert_eq!(checkpoint.update(Event::Scanned(b"an answer".to_vec()), &at(1)).1, []);
    assert_eq!(checkpoint.update(Event::Key(Key::Enter), &at(2)).1, [Effect::Unlock]);
    assert_eq!(checkpoint.update(Event::Started(ready()), &at(3)).0.kind, Kind::Ready);
}

#[test]
fn what_cannot_be_written_down_is_grey() {
    for event in [Event::StorageFailed, Event::NotAsked(Problem::Storage), Event::NotSettled(Problem::Storage)] {
        let (view, _) = started().update(event.clone(), &at(0));
        assert_eq!((view.kind, view.tone), (Kind::Verdict, Tone::Grey), "{event:?}");
    }
}

/// Follows the first key of each view until the checkpoint waits again.
fn leads_home(mut checkpoint: Checkpoint, now: u64) -> bool {
    for _ in 0..3 {
        let (view, _) = checkpoint.update(Event::Tick, &at(now));
        if matches!(view.kind, Kind::Starting | Kind::NotReady | Kind::Ready) {
            return true;
        }
        if view.kind == Kind::Locked {
            return checkpoint.update(Event::Key(Key::Enter), &at(now)).1.contains(&Effect::Unlock);
        }
        let Some(out) = view.actions.iter().map(|action| action.key).find(|key| matches!(key, Key::Enter | Key::Escape)) else {
            return false;
        };
        checkpoint.queued = None;
        checkpoint.update(Event::Key(out), &at(now));
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_a_green_decision_is_ever_green(happened in events(120)) {
        let mut checkpoint = Checkpoint::new(ALL);
        let mut allowed = 0;
        for (ms, event) in happened {
            let was_green = matches!(&event, Event::Decided { shown, .. } if shown.view.level() == Level::Green);
            allowed += u64::from(was_green);
            let (view, effects) = checkpoint.update(event, &at(ms));
            if view.tone == Tone::Green {
                prop_assert!(allowed > 0);
                prop_assert_eq!(view.verdict.as_ref().map(crate::VerdictView::level), Some(Level::Green));
            }
            prop_assert!(was_green || !effects.contains(&Effect::OpenDoor));
            prop_assert_eq!(view.shape == Shape::Tick, view.tone == Tone::Green);
        }
    }

    #[test]
    fn every_state_has_a_way_out_with_one_key(happened in events(60)) {
        let mut checkpoint = Checkpoint::new(ALL);
        for (ms, event) in happened {
            let (view, _) = checkpoint.update(event, &at(ms));
            prop_assert!(!view.actions.is_empty(), "{:?}", view.kind);
            prop_assert!(leads_home(checkpoint.clone(), ms), "{:?}", view.kind);
        }
    }

    #[test]
    fn nothing_grows(happened in events(1_000)) {
        let mut checkpoint = Checkpoint::new(ALL);
        for (ms, event) in happened {
            checkpoint.update(event, &at(ms));
        }
        let size = alloc::format!("{checkpoint:?}").len();
        prop_assert!(size < 20_000, "{size} bytes");
    }
}
