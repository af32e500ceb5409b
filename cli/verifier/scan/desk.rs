//! The shell of the state machine: events in, effects out.

use super::Args;
use super::door::Door;
use super::input::{Input, listen};
use super::paint::{Painter, name};
use super::question::Codes;
use crate::Session;
use crate::exit::Failure;
use crate::gate::{failure, note};
use crate::verifier::verify::to_confirm;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use waypass_credential::json::Value;
use waypass_credential::request::Query;
use waypass_gate::{Asked, Became, Carrier, Decides, Gate, GateError, Mode, Needs};
use waypass_machine::{SystemRng, clock};
use waypass_qr::{FrameError, Scan, Scanner as Codebook};
use waypass_screen::{
    Abilities, Answerable, Checkpoint, Effect, Event, Fault, Form, Key, Kind, Now, Problem, Readiness, Scanner, Shown, View,
};
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
    session: &'s Session,
    args: &'s Args,
    question: (&'s Query, Carrier),
    checkpoint: Checkpoint,
    view: View,
    scanner: Codebook,
    codes: Codes,
    inputs: Receiver<Input>,
    painter: Painter,
    door: Option<Door>,
    /// Effects that wait for the open vault.
    due: VecDeque<Effect>,
    began: Instant,
    used: Instant,
    idle: Option<Duration>,
    ended: Option<Until>,
}

impl<'s> Desk<'s> {
    pub(super) fn new(
        session: &'s Session,
        args: &'s Args,
        question: (&'s Query, Carrier),
        idle: Option<Duration>,
    ) -> Result<Self, Failure> {
        let (inputs, to) = listen(args.device.as_deref())?;
        let door = args.on_green.as_deref().map(|command| Door::new(session.out, command, to)).transpose()?;
        let began = Instant::now();
        let mut checkpoint = Checkpoint::new(Abilities { confirm: args.device.is_some(), sync: false, least_shown_ms: 0 });
        let (view, _) = checkpoint.update(Event::Tick, &Now { ms: 0, wall: clock::read().wall });
        Ok(Self {
            session,
            args,
            question,
            checkpoint,
            view,
            scanner: Codebook::new(),
            codes: Codes::default(),
            inputs,
            painter: Painter::new(session.out, session.words),
            door,
            due: VecDeque::from([Effect::Refresh]),
            began,
            used: began,
            idle,
            ended: None,
        })
    }

    /// Returns the next thing that needs the gate.
    pub(super) fn next_for_gate(&mut self) -> Option<Effect> {
        self.due.pop_front()
    }

    /// Waits for what needs the gate, or for the end.
    pub(super) fn wait(&mut self) -> Until {
        while self.due.is_empty() {
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
                self.session.out.detail(&format!("the scanner: {why}"));
                self.report(Event::Scanner(Scanner::Gone));
            }
            Input::DoorFailed => self.report(Event::DoorFailed),
            Input::Ended | Input::Terminated => self.ended = Some(Until::Ended),
            Input::Interrupted => self.ended = Some(Until::Interrupted),
        }
    }

    fn line(&mut self, line: &[u8]) {
        self.used = Instant::now();
        let event = match self.scanner.line(line) {
            Scan::Whole(payload) => Event::Scanned(payload),
            Scan::Piece(progress) => Event::Piece { have: progress.have, count: progress.count },
            Scan::Plain(text) => Event::Read(text),
            Scan::Unreadable(FrameError::UnknownVersion) => Event::Unreadable(Fault::Newer),
            Scan::Unreadable(_) => Event::Unreadable(Fault::Damaged),
            Scan::Nothing => return,
        };
        self.report(event);
    }

    /// A line of the guard: a field of the form, or a key.
    fn typed(&mut self, line: &str) {
        self.used = Instant::now();
        let text = line.trim();
        let key = self.view.actions.iter().map(|action| action.key).find(|key| match key {
            Key::Enter => text.is_empty(),
            key => text == name(*key),
        });
        match key {
            Some(key) => self.report(Event::Key(key)),
            None if self.view.kind == Kind::Confirming => self.report(Event::Typed(text.to_owned())),
            None => {}
        }
    }

    fn report(&mut self, event: Event) {
        let now = Now { ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX), wall: clock::read().wall };
        let (view, effects) = self.checkpoint.update(event, &now);
        self.view = view;
        for effect in effects {
            match effect {
                Effect::Refresh | Effect::Ask | Effect::Decide { .. } | Effect::Settle(_) => self.due.push_back(effect),
                Effect::HideQuestion => self.codes.hide(),
                Effect::Forget => self.scanner.forget(),
                Effect::OpenDoor => {
                    if let Some(door) = &self.door {
                        door.open();
                    }
                }
                // The terminal shows the question when it is made, opens its scanner by itself and rings no bell; it is locked by ending.
                Effect::ShowQuestion
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
        self.painter.draw(self.view.clone(), self.codes.now(), anew);
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
        self.session.out.failure(failure);
        self.report(match effect {
            Effect::Ask => Event::NotAsked(Problem::Other),
            Effect::Decide { .. } => Event::StorageFailed,
            Effect::Settle(_) => Event::NotSettled(Problem::Other),
            _ => return Err(failure.clone()),
        });
        Ok(())
    }

    fn refresh(&mut self, gate: &Gate<'_>) {
        let Ok(status) = gate.status(&clock::read()) else { return self.report(Event::StorageFailed) };
        let tampered = status.trust_tampering.is_some() || !status.device_tampering.is_empty();
        let decides = match status.decides() {
            _ if tampered => Answerable::Tampered,
            Decides::AboutAll => Answerable::AboutAll,
            Decides::AboutSome => Answerable::AboutSome,
            Decides::NoLonger => Answerable::NoLonger,
            Decides::NotYet => Answerable::NotYet,
        };
        let issued_at = status.bundle.as_ref().map(waypass_trust::bundle::TrustBundle::issued_at);
        let works_until = status.horizon.as_ref().map(|(_, horizon)| horizon.until);
        self.report(Event::Started(Readiness { decides, issued_at, works_until, flags: status.open_flags }));
    }

    fn ask(&mut self, gate: &Gate<'_>) {
        let (query, carrier) = self.question;
        let asked = gate.ask(query.clone(), &self.args.question.purpose, carrier, &clock::read(), &mut SystemRng).map_err(failure);
        let shown = asked.and_then(|Asked { bytes, request }| {
            self.codes.show(self.session.out, self.args, &bytes)?;
            Ok(request.expires_at.since(request.issued_at))
        });
        match shown {
            Ok(seconds) => {
                self.report(Event::Asked { seconds: u64::try_from(seconds).unwrap_or_default() });
                self.paint(true);
            }
            Err(failure) => {
                self.session.out.detail(&format!("no question: {failure}"));
                self.report(Event::NotAsked(Problem::Other));
            }
        }
        // Another command may have synchronised meanwhile.
        self.refresh(gate);
    }

    fn decide(&mut self, gate: &Gate<'_>, ticket: u64, answer: &[u8]) {
        let accepted = &self.args.accept_amber;
        let recorded = match gate.decide(answer, Mode::Gate, accepted, &clock::read(), &mut SystemRng) {
            Ok(recorded) => recorded,
            Err(why) => {
                self.session.out.failure(&failure(why));
                return self.report(Event::StorageFailed);
            }
        };
        let (decision, seq) = (recorded.decision(), recorded.seq());
        let needs = Needs::of(decision.reasons.iter().map(|reason| reason.code.as_str()));
        let shown = Shown::of(decision).recorded(seq, needs.second, needs.reason).accepting(decision, accepted);
        if let Err(failure) = self.session.out.json_line(&Value::Object(decision.to_json())) {
            self.session.out.failure(&failure);
        }
        self.painter.verdict(shown.view());
        let waits = decision.level() == Level::Amber && !decision.opens(accepted);
        if let Some(seq) = seq.filter(|_| waits && self.args.device.is_none()) {
            for line in to_confirm(decision, seq) {
                self.session.out.note(&line);
            }
        }
        self.report(Event::Decided { ticket, shown });
    }

    fn settle(&mut self, gate: &Gate<'_>, form: &Form) {
        let became = if form.admitted { Became::Confirmed } else { Became::TurnedAway };
        let settled = note(&form.by, form.second.as_deref(), form.reason.as_deref())
            .and_then(|note| gate.settle(form.seq, became, note, &clock::read(), &mut SystemRng).map_err(|why: GateError| failure(why)));
        match settled {
            Ok(settled) => self.report(Event::Settled { flagged: settled.flag.is_some() }),
            Err(failure) => {
                self.session.out.failure(&failure);
                self.report(Event::NotSettled(Problem::Other));
            }
        }
    }
}
