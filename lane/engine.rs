//! The engine of a page: requests in, frames out, both as JSON (`web/pages/src/engine.ts` has the types).
//!
//! It holds a vault's keys while the page is unlocked, and opens the rows for each request. It decides nothing by itself: the gate decides,
//! and the checkpoint's screen says what is drawn.

mod book;
mod desk;
mod frame;
mod home;
mod link;
mod locked;
mod native;
mod open;
mod question;
mod refusal;
mod reply;
mod request;

pub use home::Home;

use home::now;
use link::Link;
use question::Wanted;
use refusal::Refusal;
use reply::Reply;
use request::Request;
use waypass_qr::Outline;
use waypass_screen::{Abilities, Effect, Event};
use waypass_vault::Parked;
use waypass_verifier::GateIdentity;
use waypass_words::{Language, Words};

use crate::lane::Lane;

/// A verdict stays for so long before the next code is decided about, in milliseconds.
const LEAST_SHOWN_MS: u64 = 1_000;
/// A gate that nobody uses locks itself (unlock.md "Sessions").
const IDLE_MS: u64 = 15 * 60 * 1000;
/// A device that could not open its vault by itself tries again after this.
const AGAIN_MS: u64 = 5_000;
/// Effects that wait for a page. One that comes back after a while carries out the newest of them.
const MOST_KEPT: usize = 32;
/// Effects of one request that need the gate. A lane that asks for more is at fault.
const MOST_EFFECTS: usize = 16;

/// The answer to one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The reply, as JSON.
    pub json: String,
    /// A file, or the body of what is to be fetched.
    pub bytes: Option<Vec<u8>>,
}

/// The gate of a page.
pub struct Engine<H> {
    home: H,
    stage: Stage,
    language: Language,
    lane: Lane,
    wanted: Wanted,
    /// The codes of the open question, while they are shown.
    codes: Vec<Outline>,
    about: Option<GateIdentity>,
    link: Option<Link>,
    /// Why the device could not open its vault by itself, and when.
    closed: Option<(Refusal, u64)>,
    /// The effects that the page carries out with the next frame.
    effects: Vec<Effect>,
    used_ms: u64,
    /// True if a scanner hangs on the device itself. The page's camera says nothing about it.
    has_scanner: bool,
}

enum Stage {
    /// There is no vault here yet.
    New,
    Locked,
    Open(Box<Parked<'static>>),
}

impl<H: Home> Engine<H> {
    /// Starts over what lies in `home`.
    pub fn new(home: H) -> Self {
        let stage = if locked::is_new(&home) { Stage::New } else { Stage::Locked };
        let abilities = Abilities { confirm: true, sync: true, least_shown_ms: LEAST_SHOWN_MS };
        let now = now(&home);
        let mut lane = Lane::new(abilities, &now);
        while lane.next_for_gate().is_some() {}
        lane.report(Event::Locked, &now);
        Self {
            home,
            stage,
            language: Language::English,
            lane,
            wanted: Wanted::default(),
            codes: Vec::new(),
            about: None,
            link: None,
            closed: None,
            effects: Vec::new(),
            used_ms: now.ms,
            has_scanner: false,
        }
    }

    /// Does what `request` asks, with the file in `bytes` where it brings one.
    pub fn call(&mut self, request: &str, bytes: &[u8]) -> Answer {
        let mut reply = Reply::default();
        // A tablet that slept locks at the first thing that happens.
        self.lock_when_idle();
        self.unlock_by_itself();
        match Request::parse(request) {
            Ok(request) => {
                if !request.is_by_itself() {
                    self.used_ms = self.home.ms();
                }
                if let Err(refusal) = self.take(request, bytes, &mut reply) {
                    self.refused(&refusal, &mut reply);
                }
            }
            Err(refusal) => self.refused(&refusal, &mut reply),
        }
        self.do_what_is_due();
        self.answer(reply)
    }

    fn take(&mut self, request: Request, bytes: &[u8], reply: &mut Reply) -> Result<(), Refusal> {
        match request {
            Request::Words => reply.words(&self.words()),
            Request::Look => {}
            Request::Tick => self.report(Event::Tick),
            Request::Language(language) => self.language = language,
            Request::Create { about, phrase } => reply.recovery = Some(self.create(&about, &phrase)?),
            Request::Unlock { secret, recovery } => self.unlock(&secret, recovery)?,
            Request::Lock => self.lock(),
            Request::Line(text) => self.line(text.as_bytes()),
            Request::Key(key) => self.report(Event::Key(key)),
            Request::Typed(text) => self.report(Event::Typed(text)),
            Request::Scanner(_) if self.has_scanner => {}
            Request::Scanner(scanner) => self.report(Event::Scanner(scanner)),
            Request::Trapped => self.report(Event::Trapped),
            Request::AskFor(wanted) => self.ask_for(wanted)?,
            Request::Status => {
                reply.set("status", self.status()?);
                reply.set("asks", self.wanted.to_json());
            }
            Request::Log { before, count } => reply.set("records", self.log(before, count)?),
            Request::Flags => reply.set("flags", self.flags()?),
            Request::AcknowledgeFlag { seq, by } => self.acknowledge_flag(seq, &by)?,
            Request::AcknowledgeFindings { by } => self.acknowledge_findings(&by)?,
            Request::ConfirmClock { by, is_aside } => self.confirm_clock(&by, is_aside)?,
            Request::Enrolment => self.enrolment(reply)?,
            Request::Pin { number } => self.pin(&number, bytes)?,
            Request::Take => self.take_parcel(bytes, reply)?,
            Request::Give => self.give(reply)?,
            Request::SyncBegin => self.sync_begin(reply)?,
            Request::SyncAnswer { status } => self.sync_answer(status, bytes, reply)?,
        }
        Ok(())
    }

    fn words(&self) -> Words<'_> {
        Words::new(self.language, self.home.offset())
    }

    fn report(&mut self, event: Event) {
        let effects = self.lane.report(event, &now(&self.home));
        self.keep(effects);
    }

    fn line(&mut self, line: &[u8]) {
        let effects = self.lane.line(line, &now(&self.home));
        self.keep(effects);
    }

    fn keep(&mut self, effects: Vec<Effect>) {
        if effects.contains(&Effect::HideQuestion) {
            self.codes.clear();
        }
        if effects.contains(&Effect::OpenDoor) {
            self.home.open_door();
        }
        self.effects.extend(effects);
        let stale = self.effects.len().saturating_sub(MOST_KEPT);
        drop(self.effects.drain(..stale));
    }

    fn refused(&mut self, refusal: &Refusal, reply: &mut Reply) {
        if refusal.locks() {
            self.lock();
        }
        reply.failed(refusal, &self.words());
    }

    /// Does what the lane asks of the gate, one after the other.
    fn do_what_is_due(&mut self) {
        for _ in 0..MOST_EFFECTS {
            let Some(effect) = self.lane.next_for_gate() else { return };
            self.do_with_gate(effect);
        }
    }

    fn lock_when_idle(&mut self) {
        let is_idle = self.home.ms().saturating_sub(self.used_ms) >= IDLE_MS;
        if is_idle && matches!(self.stage, Stage::Open(_)) {
            self.lock();
        }
    }

    fn answer(&mut self, mut reply: Reply) -> Answer {
        let effects = std::mem::take(&mut self.effects);
        reply.set("frame", self.frame(&effects));
        reply.end()
    }
}

#[cfg(test)]
mod tests;
