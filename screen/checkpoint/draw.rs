//! From the state to what is drawn.

use super::event::{Answerable, Key, Now, Readiness, Scanner};
use super::view::{Action, Banner, Focus, Kind, Shape, Tone, View};
use super::{Checkpoint, State};
use crate::message::{Message, Plain};
use alloc::{vec, vec::Vec};
use waypass_credential::time::Validity;

/// A state without the parts that all states share.
struct Drawn {
    kind: Kind,
    tone: Tone,
    title: Message,
    advice: Vec<Message>,
    focus: Focus,
    actions: Vec<(Key, Plain)>,
}

impl Drawn {
    fn new(kind: Kind, tone: Tone, title: impl Into<Message>, advice: &[Plain], actions: &[(Key, Plain)]) -> Self {
        let advice = advice.iter().map(|advice| Message::from(*advice)).collect();
        Self { kind, tone, title: title.into(), advice, focus: Focus::Title, actions: actions.to_vec() }
    }
}

impl Checkpoint {
    /// Returns what is drawn now.
    pub(super) fn view(&self, now: &Now) -> View {
        let Drawn { kind, tone, title, advice, focus, mut actions } = self.drawn();
        if self.abilities.sync && !self.syncing && matches!(kind, Kind::Ready | Kind::NotReady) {
            actions.push((Key::Sync, Plain::DoSync));
        }
        let verdict = match &self.state {
            State::Shown { shown, .. } | State::Confirming { shown, .. } | State::Settling { shown, .. } => Some(shown.view.clone()),
            _ => None,
        };
        View {
            kind,
            tone,
            shape: Shape::from(tone),
            title,
            advice,
            verdict,
            notice: self.notice.map(|notice| notice.what.into()),
            focus,
            actions: actions.into_iter().map(|(key, label)| Action { key, label: label.into() }).collect(),
            banner: self.banner(now),
            counters: self.counters,
        }
    }

    fn drawn(&self) -> Drawn {
        match &self.state {
            State::Waiting => self.waiting(),
            State::Gathering { have, count, .. } => {
                let title = Message::Gathered { have: *have, count: *count };
                let actions = [(Key::Escape, Plain::DoCancel), (Key::Enter, Plain::DoAsk)];
                Drawn::new(Kind::Gathering, Tone::Plain, title, &[Plain::GatheringNext], &actions)
            }
            State::Deciding { .. } => Drawn::new(Kind::Deciding, Tone::Plain, Plain::Deciding, &[], &[(Key::Escape, Plain::DoCancel)]),
            State::Shown { shown, .. } => {
                let mut actions = vec![(Key::Enter, Plain::DoNext)];
                if self.abilities.confirm && shown.waits() {
                    actions.splice(0..0, [(Key::Confirm, Plain::DoConfirm), (Key::TurnAway, Plain::DoTurnAway)]);
                }
                let drawn = Drawn::new(Kind::Verdict, shown.view.level().into(), shown.view.word.clone(), &[], &actions);
                Drawn { advice: shown.view.next.clone(), focus: Focus::Verdict, ..drawn }
            }
            State::Confirming { form, .. } => {
                let title = form.question().unwrap_or_else(|| Plain::AskBy.into());
                let drawn = Drawn::new(Kind::Confirming, Tone::Amber, title, &[], &[(Key::Escape, Plain::DoCancel)]);
                Drawn { focus: Focus::Field, ..drawn }
            }
            State::Settling { .. } => Drawn::new(Kind::Settling, Tone::Amber, Plain::Settling, &[], &[(Key::Escape, Plain::DoCancel)]),
            State::Locked => Drawn::new(Kind::Locked, Tone::Grey, Plain::Locked, &[Plain::LockedNext], &[(Key::Enter, Plain::DoUnlock)]),
            State::Trapped { .. } => {
                Drawn::new(Kind::Trapped, Tone::Grey, Plain::Trapped, &[Plain::TrappedNext], &[(Key::Enter, Plain::DoNext)])
            }
        }
    }

    /// The gate waits for a code. It takes codes in each of these states: data that is missing is for the decision to say.
    fn waiting(&self) -> Drawn {
        let retry = &[(Key::Enter, Plain::DoRetry)][..];
        let ask = &[(Key::Enter, Plain::DoAsk)][..];
        let grey = |title, next, actions| Drawn::new(Kind::NotReady, Tone::Grey, title, &[next], actions);
        match (self.readiness.map(|readiness| readiness.decides), self.scanner) {
            (None, _) => Drawn::new(Kind::Starting, Tone::Plain, Plain::Starting, &[Plain::StartingNext], retry),
            (Some(Answerable::Tampered), _) => grey(Plain::Tampered, Plain::TamperedNext, retry),
            (Some(Answerable::Forbidden), _) => grey(Plain::RefusedRules, Plain::RefusedRulesNext, retry),
            (Some(Answerable::NotYet), _) => grey(Plain::NotYet, Plain::NotYetNext, retry),
            (Some(Answerable::NoLonger), _) => grey(Plain::NoLonger, Plain::NoLongerNext, retry),
            (_, Scanner::Denied) => grey(Plain::ScannerDenied, Plain::ScannerDeniedNext, retry),
            (_, Scanner::Gone) => grey(Plain::ScannerGone, Plain::ScannerGoneNext, retry),
            (Some(Answerable::AboutAll | Answerable::AboutSome), Scanner::Works) if self.question.has_failed() => {
                grey(Plain::NoQuestion, Plain::ReadyNext, retry)
            }
            (Some(Answerable::AboutAll | Answerable::AboutSome), Scanner::Works) => {
                let drawn = Drawn::new(Kind::Ready, Tone::Plain, Plain::Ready, &[Plain::ReadyNext], ask);
                Drawn { focus: Focus::Question, ..drawn }
            }
        }
    }

    /// Offline is a line that stays, with the age of the data: a gate cannot know what was withdrawn since.
    fn banner(&self, now: &Now) -> Banner {
        let Some(readiness @ Readiness { issued_at: Some(issued_at), .. }) = self.readiness else {
            return Banner { messages: vec![Plain::NoData.into()], tone: Tone::Grey };
        };
        // In whole minutes, so that a view is drawn anew when it says something new.
        let age = now.wall.since(issued_at).max(0) / 60 * 60;
        let ahead = readiness.works_until.filter(|until| !Validity::ending(*until).is_over(now.wall));
        let mut messages = vec![ahead.map_or(Message::DataAge(age), |until| Message::DataAgeUntil(age, until))];
        if readiness.decides == Answerable::AboutSome {
            messages.push(Plain::SomeRoles.into());
        }
        if readiness.flags > 0 {
            messages.push(Message::Flags(readiness.flags));
        }
        let tone = match readiness.decides {
            Answerable::AboutAll if readiness.flags == 0 && ahead.is_some() => Tone::Plain,
            Answerable::AboutAll | Answerable::AboutSome => Tone::Amber,
            Answerable::NoLonger | Answerable::NotYet | Answerable::Tampered | Answerable::Forbidden => Tone::Grey,
        };
        Banner { messages, tone }
    }
}
