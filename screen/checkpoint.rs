//! The state machine of a checkpoint.

mod draw;
mod event;
mod form;
#[cfg(test)]
mod tests;
mod view;

pub use event::{Answerable, Effect, Event, Fault, Key, Now, Problem, Readiness, Scanner, Shown};
pub use form::Form;
pub use view::{Action, Banner, Focus, Kind, Shape, Tone, View};

use crate::brought::Brought;
use crate::counters::Counters;
use crate::message::Plain;
use alloc::vec::Vec;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_verifier::Decision;

/// A green verdict is read at a glance; the others are read.
const SHOWN_GREEN_MS: u64 = 6_000;
const SHOWN_MS: u64 = 20_000;
/// An amber verdict waits for a person to do the step.
const SHOWN_AMBER_MS: u64 = 120_000;
/// A notice is one sentence.
const NOTICE_MS: u64 = 6_000;
/// Codes of a transfer that nobody goes on with.
const GATHERING_MS: u64 = 30_000;
/// A scanner reads a code again as long as it sees it. Longer than this it is shown a second time.
const AGAIN_MS: u64 = 10_000;
/// A gate that could not ask tries again.
const RETRY_MS: u64 = 10_000;

/// The powers of the shell.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Abilities {
    /// It can take what a person types about an amber verdict.
    pub confirm: bool,
    /// It can synchronise.
    pub sync: bool,
    /// A verdict stays for so long, in milliseconds, before the next code is decided about. A shell that prints one below the other needs none.
    pub least_shown_ms: u64,
}

/// A checkpoint, as a person sees it.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    abilities: Abilities,
    state: State,
    readiness: Option<Readiness>,
    question: Question,
    scanner: Scanner,
    syncing: bool,
    notice: Option<Notice>,
    counters: Counters,
    /// The code that waits while another is decided about or shown.
    queued: Option<Vec<u8>>,
    /// The code that was decided about last, and until when it counts as the same showing.
    last: Option<(Vec<u8>, u64)>,
    ticket: u64,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Gathering { have: usize, count: usize, since: u64 },
    Deciding { ticket: u64 },
    Shown { shown: Shown, since: u64 },
    Confirming { shown: Shown, form: Form, since: u64 },
    Settling { shown: Shown, admitted: bool, since: u64 },
    Locked,
    Trapped { since: u64 },
}

/// The question that wallets answer.
#[derive(Clone, Copy, Debug)]
enum Question {
    None,
    Asking,
    /// Half of its time is for showing it, the other half for answering it.
    Open {
        until: u64,
    },
    Failed {
        since: u64,
    },
}

impl Question {
    const fn has_failed(self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    const fn is_due(self, now: u64) -> bool {
        match self {
            Self::None => true,
            Self::Asking => false,
            Self::Open { until } => now >= until,
            Self::Failed { since } => now >= since.saturating_add(RETRY_MS),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Notice {
    what: Plain,
    since: u64,
}

impl Checkpoint {
    /// Begins: nothing is known about the gate yet.
    pub const fn new(abilities: Abilities) -> Self {
        Self {
            abilities,
            state: State::Waiting,
            readiness: None,
            question: Question::None,
            scanner: Scanner::Works,
            syncing: false,
            notice: None,
            counters: Counters { allowed: 0, cautions: 0, denied: 0, unknown: 0 },
            queued: None,
            last: None,
            ticket: 0,
        }
    }

    /// Takes what happened at `now`. Returns what is drawn, and what the shell does.
    pub fn update(&mut self, event: Event, now: &Now) -> (View, Vec<Effect>) {
        let mut effects = Vec::new();
        self.pass(now.ms);
        self.take(event, now.ms, &mut effects);
        self.next_of_queue(now.ms, &mut effects);
        if self.readiness.is_some() && !matches!(self.state, State::Locked) && self.question.is_due(now.ms) {
            self.question = Question::Asking;
            effects.push(Effect::Ask);
        }
        (self.view(now), effects)
    }

    fn take(&mut self, event: Event, now: u64, effects: &mut Vec<Effect>) {
        match event {
            Event::Started(readiness) => self.started(readiness, effects),
            Event::Scanned(bytes) => self.scanned(Brought::of(&bytes), now, effects),
            Event::Read(text) => self.scanned(Brought::of_text(&text), now, effects),
            Event::Piece { have, count } => self.piece(have, count, now),
            Event::Unreadable(fault) => {
                let what = match fault {
                    Fault::Foreign => Plain::Foreign,
                    Fault::Damaged => Plain::Damaged,
                    Fault::Newer => Plain::Newer,
                };
                self.say(what, now);
            }
            Event::Asked { seconds } => {
                self.question = Question::Open { until: now.saturating_add(seconds.saturating_mul(500)) };
                effects.push(Effect::ShowQuestion);
            }
            Event::NotAsked(problem) => {
                self.question = Question::Failed { since: now };
                effects.push(Effect::HideQuestion);
                if problem == Problem::Storage {
                    self.storage_failed(now, effects);
                }
            }
            Event::Decided { ticket, shown } => self.decided(ticket, shown, now, effects),
            Event::Typed(text) => self.typed(&text, now, effects),
            Event::Settled { flagged } => self.settled(flagged, now),
            Event::NotSettled(problem) => self.not_settled(problem, now, effects),
            Event::Key(key) => self.key(key, now, effects),
            Event::Tick => {}
            Event::SyncStarted => {
                self.syncing = true;
                self.say(Plain::Syncing, now);
            }
            Event::SyncEnded(readiness) => {
                self.syncing = false;
                self.knows(readiness);
                self.say(Plain::Synced, now);
            }
            Event::SyncFailed => {
                self.syncing = false;
                self.say(Plain::SyncFailed, now);
            }
            Event::Locked => {
                (self.state, self.queued, self.question) = (State::Locked, None, Question::None);
                effects.extend([Effect::HideQuestion, Effect::Forget, Effect::StayAwake(false)]);
            }
            Event::Scanner(scanner) => self.scanner = scanner,
            Event::StorageFailed => self.storage_failed(now, effects),
            Event::Busy => self.say(Plain::RefusedBusy, now),
            Event::Trapped => self.trapped(now, effects),
            Event::DoorFailed => self.say(Plain::DoorFailed, now),
        }
    }

    fn started(&mut self, readiness: Readiness, effects: &mut Vec<Effect>) {
        if self.readiness.is_none() || matches!(self.state, State::Locked) {
            self.state = State::Waiting;
            effects.push(Effect::StayAwake(true));
        }
        self.knows(readiness);
    }

    /// A gate that could not ask tries again at once when what it knows has changed.
    fn knows(&mut self, readiness: Readiness) {
        if self.question.has_failed() && self.readiness.is_some_and(|before| before.decides != readiness.decides) {
            self.question = Question::None;
        }
        self.readiness = Some(readiness);
    }

    /// A code is taken in every state but the locked one. A form is left for it: the amber verdict stays unconfirmed, which admits nobody.
    fn scanned(&mut self, brought: Brought<'_>, now: u64, effects: &mut Vec<Effect>) {
        let answer = match brought {
            Brought::Answer(answer) => answer,
            Brought::Empty => return,
            Brought::Question => return self.say(Plain::IsQuestion, now),
            Brought::TooLong { .. } => return self.say(Plain::TooLong, now),
            Brought::Foreign => return self.say(Plain::Foreign, now),
        };
        match &self.state {
            State::Locked => {}
            _ if self.is_again(answer, now) => self.say(Plain::Again, now),
            State::Deciding { .. } | State::Settling { .. } => self.queued = Some(answer.to_vec()),
            State::Shown { since, .. } if now < since.saturating_add(self.abilities.least_shown_ms) => self.queued = Some(answer.to_vec()),
            State::Waiting | State::Gathering { .. } | State::Shown { .. } | State::Confirming { .. } | State::Trapped { .. } => {
                self.decide(answer, now, effects);
            }
        }
    }

    fn decide(&mut self, answer: &[u8], now: u64, effects: &mut Vec<Effect>) {
        self.ticket = self.ticket.wrapping_add(1);
        self.notice = None;
        self.last = Some((answer.to_vec(), now.saturating_add(AGAIN_MS)));
        self.state = State::Deciding { ticket: self.ticket };
        effects.push(Effect::Decide { ticket: self.ticket, answer: answer.to_vec() });
    }

    /// Returns true for the code that was decided about just now, or is. It would be a replay, and an honest person red for it.
    fn is_again(&self, answer: &[u8], now: u64) -> bool {
        self.last.as_ref().is_some_and(|(last, until)| now < *until && last == answer)
    }

    fn next_of_queue(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let is_free = match &self.state {
            State::Waiting | State::Trapped { .. } => true,
            State::Shown { since, .. } => now >= since.saturating_add(self.abilities.least_shown_ms),
            _ => false,
        };
        if is_free && let Some(answer) = self.queued.take() {
            self.decide(&answer, now, effects);
        }
    }

    fn piece(&mut self, have: usize, count: usize, now: u64) {
        let may_go = match &self.state {
            State::Waiting | State::Gathering { .. } | State::Trapped { .. } => true,
            State::Shown { since, .. } => now >= since.saturating_add(self.abilities.least_shown_ms),
            State::Deciding { .. } | State::Confirming { .. } | State::Settling { .. } | State::Locked => false,
        };
        if may_go {
            self.state = State::Gathering { have, count, since: now };
        }
    }

    /// A decision that was not waited for any more is in the log, and is not drawn: another person may stand there.
    fn decided(&mut self, ticket: u64, shown: Shown, now: u64, effects: &mut Vec<Effect>) {
        if shown.view.is_answer {
            self.question = Question::None;
        }
        self.counters.count(shown.view.level());
        if matches!(self.state, State::Deciding { ticket: waited } if waited == ticket) {
            self.show(shown, now, effects);
        }
    }

    fn show(&mut self, shown: Shown, now: u64, effects: &mut Vec<Effect>) {
        let level = shown.view.level();
        if let Some((_, until)) = &mut self.last {
            *until = now.saturating_add(AGAIN_MS);
        }
        effects.extend([Effect::Sound(level), Effect::Vibrate(level), Effect::ClearAfter(shown_ms(level) / 1000)]);
        if shown.opens {
            effects.push(Effect::OpenDoor);
        }
        self.state = State::Shown { shown, since: now };
    }

    fn typed(&mut self, text: &str, now: u64, effects: &mut Vec<Effect>) {
        let State::Confirming { shown, form, since } = &mut self.state else { return };
        *since = now;
        if form.is_same_person(text) {
            return self.say(Plain::SamePerson, now);
        }
        self.notice = None;
        form.fill(text);
        if form.question().is_none() {
            effects.push(Effect::Settle(form.clone()));
            self.state = State::Settling { shown: shown.clone(), admitted: form.admitted, since: now };
        }
    }

    fn settled(&mut self, flagged: bool, now: u64) {
        let State::Settling { admitted, .. } = self.state else { return };
        self.state = State::Waiting;
        self.say(
            match (admitted, flagged) {
                (false, _) => Plain::TurnedAway,
                (true, false) => Plain::Confirmed,
                (true, true) => Plain::ConfirmedFlagged,
            },
            now,
        );
    }

    fn not_settled(&mut self, problem: Problem, now: u64, effects: &mut Vec<Effect>) {
        if problem == Problem::Storage {
            return self.storage_failed(now, effects);
        }
        if let State::Settling { shown, .. } = &self.state {
            self.state = State::Shown { shown: shown.clone(), since: now };
        }
        self.say(Plain::NotSettled, now);
    }

    fn key(&mut self, key: Key, now: u64, effects: &mut Vec<Effect>) {
        self.notice = None;
        match (&self.state, key) {
            (State::Shown { shown, .. }, Key::Confirm | Key::TurnAway) if self.abilities.confirm && shown.waits() => {
                if let Some(seq) = shown.seq {
                    let form = Form::new(seq, key == Key::Confirm, shown.second, shown.reason);
                    self.state = State::Confirming { shown: shown.clone(), form, since: now };
                }
            }
            (State::Confirming { shown, .. }, Key::Escape) => self.state = State::Shown { shown: shown.clone(), since: now },
            (State::Locked, Key::Enter) => effects.push(Effect::Unlock),
            (State::Shown { .. } | State::Trapped { .. }, Key::Enter | Key::Escape) => self.state = State::Waiting,
            (State::Deciding { .. } | State::Settling { .. }, Key::Escape) => {
                self.state = State::Waiting;
                self.last = None;
            }
            (State::Gathering { .. }, Key::Enter | Key::Escape) => {
                self.state = State::Waiting;
                effects.push(Effect::Forget);
                if key == Key::Enter {
                    self.question = Question::None;
                }
            }
            (State::Waiting, Key::Enter) => {
                self.question = Question::None;
                effects.push(Effect::Refresh);
                if self.scanner != Scanner::Works {
                    effects.push(Effect::OpenScanner);
                }
            }
            (State::Waiting, Key::Sync) if self.abilities.sync && !self.syncing => effects.push(Effect::Sync),
            _ => {}
        }
    }

    fn storage_failed(&mut self, now: u64, effects: &mut Vec<Effect>) {
        if !matches!(self.state, State::Locked) {
            self.show(Shown::of(&Decision::cannot(ReasonCode::StorageFailed)), now, effects);
        }
    }

    /// An engine that stopped decided nothing, and its question is spent: the same person may answer the next one.
    fn trapped(&mut self, now: u64, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Locked) {
            return;
        }
        (self.state, self.question, self.last) = (State::Trapped { since: now }, Question::None, None);
        effects.extend([Effect::HideQuestion, Effect::Sound(Level::Grey), Effect::ClearAfter(SHOWN_MS / 1000)]);
    }

    /// Ends what ends by itself.
    fn pass(&mut self, now: u64) {
        let over = |since: u64, ms: u64| now >= since.saturating_add(ms);
        let is_over = match &self.state {
            State::Shown { shown, since } => over(*since, shown_ms(shown.view.level())),
            State::Confirming { since, .. } | State::Settling { since, .. } => over(*since, SHOWN_AMBER_MS),
            State::Trapped { since } => over(*since, SHOWN_MS),
            State::Gathering { since, .. } => over(*since, GATHERING_MS),
            State::Waiting | State::Deciding { .. } | State::Locked => false,
        };
        if is_over {
            self.state = State::Waiting;
        }
        self.notice = self.notice.filter(|notice| !over(notice.since, NOTICE_MS));
    }

    const fn say(&mut self, what: Plain, now: u64) {
        self.notice = Some(Notice { what, since: now });
    }
}

const fn shown_ms(level: Level) -> u64 {
    match level {
        Level::Green => SHOWN_GREEN_MS,
        Level::Amber => SHOWN_AMBER_MS,
        Level::Red | Level::Grey => SHOWN_MS,
    }
}
