//! Synchronizing: over a link that the page holds, and by files that somebody carries.

use super::refusal::Refusal;
use super::reply::Reply;
use super::{Engine, Home};
use waypass_credential::json::{Object, Value};
use waypass_gate::{Aside, Gate, GateError, Question, Sync};
use waypass_net::TransportError;
use waypass_net::sync::{self, Event as Progress, SyncError};
use waypass_net::transport::{ParcelTransport, RelayTransport, Transport};
use waypass_screen::{Event, Message, Plain};
use waypass_trust::bundle::TimeNonce;
use waypass_trust::sync::{Device, Kept, Manifest, Part, Receipted, Step};

/// The file that carries the log to the office.
const LOG_FILE: &str = "waypass-log.json";

/// A synchronization that goes on from request to request.
pub(super) struct Link {
    relay: RelayTransport,
    asking: Asking,
    taken: usize,
}

/// The question for the time, which one synchronization asks once.
#[derive(Default)]
struct Asking {
    question: Option<Question>,
    is_over: bool,
}

/// The end of a synchronization.
struct Ended {
    taken: usize,
    flags: usize,
    aside: Option<Aside>,
    taken_back: Vec<String>,
}

impl<H: Home> Engine<H> {
    pub(super) fn sync_begin(&mut self, reply: &mut Reply) -> Result<(), Refusal> {
        self.link = Some(Link { relay: RelayTransport::new(), asking: Asking::default(), taken: 0 });
        self.report(Event::SyncStarted);
        self.sync_on(reply)
    }

    /// Takes what the page fetched, and goes on.
    pub(super) fn sync_answer(&mut self, status: u16, body: &[u8], reply: &mut Reply) -> Result<(), Refusal> {
        let Some(link) = &mut self.link else { return Err(Refusal::not_understood()) };
        link.relay.answer(status, body.to_vec());
        self.sync_on(reply)
    }

    fn sync_on(&mut self, reply: &mut Reply) -> Result<(), Refusal> {
        let Some(mut link) = self.link.take() else { return Err(Refusal::not_understood()) };
        let Link { relay, asking, taken } = &mut link;
        let ran = self.with_gate(|gate, home| run(gate, home, relay, asking, taken));
        if let (Ok(None), Some(ask)) = (&ran, relay.wanted()) {
            let limit = i64::try_from(ask.limit).unwrap_or(i64::MAX);
            let method = if ask.body.is_some() { "POST" } else { "GET" };
            reply.set("ask", Object::new().with("method", method).with("path", ask.path.clone()).with("limit", limit));
            reply.bytes.clone_from(&ask.body);
            self.link = Some(link);
            return Ok(());
        }
        self.synced(ran, reply)
    }

    /// Takes what came in a file: a bundle, receipts, or both.
    pub(super) fn take_parcel(&mut self, bytes: &[u8], reply: &mut Reply) -> Result<(), Refusal> {
        self.carry(&mut ParcelTransport::new(Some(bytes), false)?, reply)
    }

    /// Returns the log in a file, for the office.
    pub(super) fn give(&mut self, reply: &mut Reply) -> Result<(), Refusal> {
        let mut parcel = ParcelTransport::new(None, true)?;
        self.carry(&mut parcel, reply)?;
        if let Some(bytes) = parcel.outgoing() {
            reply.set("file", LOG_FILE);
            reply.bytes = Some(bytes?);
        }
        Ok(())
    }

    /// Synchronizes with what somebody carries, in one run.
    fn carry(&mut self, parcel: &mut ParcelTransport, reply: &mut Reply) -> Result<(), Refusal> {
        let ran = self.with_gate(|gate, home| run(gate, home, parcel, &mut Asking::default(), &mut 0));
        self.synced(ran, reply)
    }

    fn synced(&mut self, ran: Result<Option<Ended>, Refusal>, reply: &mut Reply) -> Result<(), Refusal> {
        let refreshed = self.with_gate(|gate, home| Ok(crate::duty::refresh(gate, &home.clock())?));
        let ended = ran.and_then(|ended| ended.ok_or_else(Refusal::not_understood));
        match (ended, refreshed) {
            (Ok(ended), Ok(readiness)) => {
                self.report(Event::SyncEnded(readiness));
                reply.set("synced", self.told(&ended));
                Ok(())
            }
            (Err(refusal), refreshed) => {
                self.report(Event::SyncFailed);
                if let Ok(readiness) = refreshed {
                    // What was taken before it failed is kept.
                    self.report(Event::Started(readiness));
                }
                Err(refusal)
            }
            (Ok(_), Err(refusal)) => {
                self.report(Event::SyncFailed);
                Err(refusal)
            }
        }
    }

    fn told(&self, ended: &Ended) -> Value<'static> {
        let words = self.words();
        let first = if ended.taken > 0 { Plain::Synced } else { Plain::NothingNewer };
        let mut lines = vec![words.text(&first.into())];
        if ended.flags > 0 {
            lines.push(words.text(&Message::Flags(ended.flags)));
        }
        if let Some(aside) = &ended.aside {
            lines.push(words.text(&Message::Aside { at: aside.signed_at, ahead: aside.ahead_seconds }));
            lines.push(words.text(&Plain::AsideNext.into()));
        }
        lines.extend(ended.taken_back.iter().cloned());
        lines.into_iter().map(Value::from).collect()
    }
}

/// Runs a synchronization to its end; `None` if something is still to be fetched.
fn run(
    gate: &Gate<'_>,
    home: &dyn Home,
    transport: &mut dyn Transport,
    asking: &mut Asking,
    taken: &mut usize,
) -> Result<Option<Ended>, Refusal> {
    let clock = || home.clock();
    let mut entropy = home.entropy();
    let mut device = Stepwise { sync: gate.sync(&clock, &mut *entropy), asking, home };
    let mut count = |event: &Progress<'_>| {
        if let Progress::Committed(step) = event
            && !matches!(step, Step::AuditUpload(_))
        {
            *taken += 1;
        }
    };
    match sync::run(&mut device, transport, &mut count) {
        Ok(_) => {
            let flags = device.sync.end(*taken > 0)?.len();
            let taken_back = gate.taken_back()?.iter().map(ToString::to_string).collect();
            let aside = gate.settle_aside(&home.clock())?;
            Ok(Some(Ended { taken: *taken, flags, aside, taken_back }))
        }
        Err(SyncError::Transport { source: TransportError::NotYet, .. }) => Ok(None),
        Err(SyncError::Transport { source, .. }) => Err(source.into()),
        Err(SyncError::Device { source, .. }) => Err(source.into()),
        Err(why @ (SyncError::Offer(_) | SyncError::TooManyRoots { .. } | SyncError::Upload { .. })) => Err(Refusal::offer().with(&why)),
    }
}

/// A gate that synchronizes, whose question for the time outlasts the run.
struct Stepwise<'g> {
    sync: Sync<'g>,
    asking: &'g mut Asking,
    home: &'g dyn Home,
}

impl Stepwise<'_> {
    /// Notes which withdrawals the step just taken takes back.
    fn taken<T>(&mut self, taken: Result<T, GateError>) -> Result<T, GateError> {
        let taken = taken?;
        self.sync.note_taken_back()?;
        Ok(taken)
    }
}

impl Device for Stepwise<'_> {
    type Error = GateError;

    fn held(&self) -> Result<Manifest, GateError> {
        self.sync.held()
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), GateError> {
        let taken = self.sync.apply_root(envelope);
        self.taken(taken)
    }

    fn ask_time(&mut self) -> Result<Option<TimeNonce>, GateError> {
        if self.asking.is_over {
            return Ok(None);
        }
        let question = self.asking.question.get_or_insert_with(|| Question::draw(self.home.clock(), &mut *self.home.entropy()));
        Ok(Some(*question.nonce()))
    }

    fn apply_time(&mut self, answer: &[u8]) -> Result<(), GateError> {
        self.asking.is_over = true;
        let Some(question) = self.asking.question.take() else { return Ok(()) };
        self.sync.take_time(&question, answer)
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, GateError> {
        let taken = self.sync.apply_bundle(metadata);
        self.taken(taken)
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), GateError> {
        let taken = self.sync.apply_list(token);
        self.taken(taken)
    }

    fn apply_list_aside(&mut self, token: &[u8]) -> Result<(), GateError> {
        let taken = self.sync.apply_list_aside(token);
        self.taken(taken)
    }

    fn apply_policies(&mut self) -> Result<(), GateError> {
        self.sync.apply_policies()
    }

    fn upload(&mut self, from: u64) -> Result<Option<Part>, GateError> {
        self.sync.upload(from)
    }

    fn receipt(&mut self, receipt: &str) -> Result<Receipted, GateError> {
        self.sync.receipt(receipt)
    }
}
