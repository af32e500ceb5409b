//! The shell of the state machine: events in, effects out.

use super::Args;
use super::paint::{Painter, name};
use super::question::Codes;
use crate::Run;
use crate::exit::Failure;
use crate::gate::failure;
use crate::verifier::door::Door;
use crate::verifier::input::{Input, listen};
use crate::verifier::verify::to_confirm;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use waypass_credential::json::Value;
use waypass_gate::Gate;
use waypass_lane::{Lane, Question, ask, decide, refresh, settle};
use waypass_machine::{SystemRng, clock};
use waypass_screen::{Abilities, Effect, Event, Form, Key, Kind, Now, Problem, Scanner};
use waypass_trust::reason::Level;

/// The screen looks at the time so often.
const TICK: Duration = Duration::from_secs(1);

/// The end of a wait.
pub(super) enum Until {
    /// The gate has something to do.
    Gate,
    /// Nothing more comes, or a service manager ended it.
    Ended,
    /// The person at the keyboard ended it.
    Interrupted,
    /// Nobody used it for so long.
    Idle(Duration),
}

/// A checkpoint on a terminal.
pub(super) struct Desk<'s> {
    run: &'s Run<'s>,
    args: &'s Args,
    question: Question,
    lane: Lane,
    codes: Codes,
    inputs: Receiver<Input>,
    painter: Painter,
    door: Option<Door>,
    began: Instant,
    used: Instant,
    idle: Option<Duration>,
    ended: Option<Until>,
}

impl<'s> Desk<'s> {
    pub(super) fn new(run: &'s Run<'s>, args: &'s Args, question: Question, idle: Option<Duration>) -> Result<Self, Failure> {
        let (inputs, to) = listen(args.device.as_deref())?;
        let door = args.on_green.as_deref().map(|command| Door::new(run.out.own(), command, to)).transpose()?;
        let began = Instant::now();
        let abilities = Abilities { confirm: args.device.is_some(), sync: false, least_shown_ms: 0 };
        Ok(Self {
            run,
            args,
            question,
            lane: Lane::new(abilities, &Now { ms: 0, wall: clock::read().wall }),
            codes: Codes::default(),
            inputs,
            painter: Painter::new(run.out.own(), run.words),
            door,
            began,
            used: began,
            idle,
            ended: None,
        })
    }

    /// Returns the next thing that needs the gate.
    pub(super) fn next_for_gate(&mut self) -> Option<Effect> {
        self.lane.next_for_gate()
    }

    /// Waits for what needs the gate, or for the end.
    pub(super) fn wait(&mut self) -> Until {
        while self.lane.is_idle() {
            if let Some(ended) = self.ended.take() {
                return ended;
            }
            match self.inputs.recv_timeout(TICK) {
                Ok(input) => self.take(input),
                Err(RecvTimeoutError::Timeout) => {
                    let anew = self.codes.turn();
                    self.report(Event::Tick);
                    self.paint(anew);
                }
                Err(RecvTimeoutError::Disconnected) => return Until::Ended,
            }
            if let Some(idle) = self.idle.filter(|idle| self.used.elapsed() >= *idle) {
                self.report(Event::Locked);
                return Until::Idle(idle);
            }
        }
        Until::Gate
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Line(line) => self.line(&line),
            Input::Typed(line) => self.typed(&line),
            Input::Here => self.report(Event::Scanner(Scanner::Works)),
            Input::Gone(why) => {
                self.run.out.detail(&format!("the scanner: {why}"));
                self.report(Event::Scanner(Scanner::Gone));
            }
            Input::DoorFailed => self.report(Event::DoorFailed),
            Input::Ended | Input::Terminated => self.ended = Some(Until::Ended),
            Input::Interrupted => self.ended = Some(Until::Interrupted),
        }
    }

    fn line(&mut self, line: &[u8]) {
        self.used = Instant::now();
        let effects = self.lane.line(line, &self.now());
        self.carry_out(effects);
    }

    /// A line of the guard: a field of the form, or a key.
    fn typed(&mut self, line: &str) {
        self.used = Instant::now();
        let text = line.trim();
        let key = self.lane.view().actions.iter().map(|action| action.key).find(|key| match key {
            Key::Enter => text.is_empty(),
            key => text == name(*key),
        });
        match key {
            Some(key) => self.report(Event::Key(key)),
            None if self.lane.view().kind == Kind::Confirming => self.report(Event::Typed(text.to_owned())),
            None => {}
        }
    }

    fn now(&self) -> Now {
        Now { ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX), wall: clock::read().wall }
    }

    fn report(&mut self, event: Event) {
        let effects = self.lane.report(event, &self.now());
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::HideQuestion => self.codes.hide(),
                Effect::OpenDoor => {
                    if let Some(door) = &self.door {
                        door.open();
                    }
                }
                // The terminal shows the question when it is made, opens its scanner by itself and rings no bell; it is locked by ending.
                // The lane keeps the rest.
                Effect::Refresh
                | Effect::Ask
                | Effect::Decide { .. }
                | Effect::Settle(_)
                | Effect::Forget
                | Effect::ShowQuestion
                | Effect::OpenScanner
                | Effect::Sound(_)
                | Effect::Vibrate(_)
                | Effect::StayAwake(_)
                | Effect::ClearAfter(_)
                | Effect::Sync
                | Effect::Unlock => {}
            }
        }
        self.paint(false);
    }

    fn paint(&mut self, anew: bool) {
        self.painter.draw(self.lane.view().clone(), self.codes.now(), anew);
    }

    /// Does what needs the gate, and reports what came of it.
    pub(super) fn with_gate(&mut self, gate: &Gate<'_>, effect: Effect) {
        match effect {
            Effect::Refresh => self.refresh(gate),
            Effect::Ask => self.ask(gate),
            Effect::Decide { ticket, answer } => self.decide(gate, ticket, &answer),
            Effect::Settle(form) => self.settle(gate, &form),
            _ => {}
        }
    }

    /// Takes what could not be done because the vault could not be opened. Data that was changed ends the command.
    pub(super) fn failed(&mut self, effect: &Effect, failure: &Failure) -> Result<(), Failure> {
        if failure.exit == crate::exit::Exit::Tamper {
            return Err(failure.clone());
        }
        self.run.out.failure(failure);
        self.report(match effect {
            Effect::Ask => Event::NotAsked(Problem::Other),
            Effect::Decide { .. } => Event::StorageFailed,
            Effect::Settle(_) => Event::NotSettled(Problem::Other),
            _ => return Err(failure.clone()),
        });
        Ok(())
    }

    fn refresh(&mut self, gate: &Gate<'_>) {
        let event = refresh(gate, &clock::read()).map_or(Event::StorageFailed, Event::Started);
        self.report(event);
    }

    fn ask(&mut self, gate: &Gate<'_>) {
        let asked = ask(gate, &self.question, &clock::read(), &mut SystemRng).map_err(failure);
        let shown = asked.and_then(|(asked, seconds)| self.codes.show(self.run.out, self.args, &asked.bytes).map(|()| seconds));
        match shown {
            Ok(seconds) => {
                self.report(Event::Asked { seconds });
                self.paint(true);
            }
            Err(failure) => {
                self.run.out.detail(&format!("no question: {failure}"));
                self.report(Event::NotAsked(Problem::Other));
            }
        }
        // Another command may have synchronised meanwhile.
        self.refresh(gate);
    }

    fn decide(&mut self, gate: &Gate<'_>, ticket: u64, answer: &[u8]) {
        let accepted = &self.args.accept_amber;
        let (recorded, shown) = match decide(gate, answer, accepted, &clock::read(), &mut SystemRng) {
            Ok(decided) => decided,
            Err(why) => {
                self.run.out.failure(&failure(why));
                return self.report(Event::StorageFailed);
            }
        };
        let (decision, seq) = (recorded.decision(), recorded.seq());
        if let Err(failure) = self.run.out.json_line(&Value::Object(decision.to_json())) {
            self.run.out.failure(&failure);
        }
        self.painter.verdict(shown.view());
        let waits = decision.level() == Level::Amber && !decision.opens(accepted);
        if let Some(seq) = seq.filter(|_| waits && self.args.device.is_none()) {
            for line in to_confirm(decision, seq) {
                self.run.out.note(&line);
            }
        }
        self.report(Event::Decided { ticket, shown });
    }

    fn settle(&mut self, gate: &Gate<'_>, form: &Form) {
        match settle(gate, form, &clock::read(), &mut SystemRng).map_err(failure) {
            Ok(settled) => self.report(Event::Settled { flagged: settled.flag.is_some() }),
            Err(failure) => {
                self.run.out.failure(&failure);
                self.report(Event::NotSettled(Problem::Other));
            }
        }
    }
}
