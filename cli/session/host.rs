//! The session itself: it takes commands, does each on a thread of its own, and ends when it must lock.

use super::hours::{Hours, Now, WHOLE, Why};
use super::link::Link;
use super::logout::Login;
use crate::caller::Caller;
use crate::exit::{Exit, Failure};
use crate::held::Held;
use crate::home::{Home, Role};
use crate::input::{Asks, Input};
use crate::output::{Out, Shape};
use crate::unlock::{self, OpenArgs};
use crate::words;
use crate::{Line, Run, Within, perform};
use clap::Parser as _;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use waypass_net::session::{Call, Channel, Door, Request, Response, Standing, Stop, reach};
use waypass_words::Language;

/// How often the clocks are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long a command may take to say what it wants, and to hear what needs no work.
const PATIENCE: Duration = Duration::from_secs(5);
/// Commands at once. A person has one or two; a terminal that waits for an answer holds nothing up.
const MOST: usize = 8;
/// How long the end waits for commands that are at work.
const LAST: Duration = Duration::from_secs(2);

/// A session, as its commands see it.
struct Session {
    held: Held,
    home: Home,
    /// How a gate opens itself again.
    again: Option<OpenArgs>,
    hours: Mutex<Hours>,
    at_work: Mutex<Vec<(u64, Stop)>>,
    /// Those that asked for the end.
    lockers: Mutex<Vec<Channel>>,
    is_over: AtomicBool,
}

/// Does commands until the session must lock, at the latest after `whole`.
pub(super) fn serve(
    (door, signals): (Door, Signals),
    held: Held,
    home: Home,
    again: Option<OpenArgs>,
    whole: Duration,
    mut link: Option<Link>,
) -> Exit {
    let session = Arc::new(Session {
        hours: Mutex::new(Hours::begin(held.role(), whole, Now::read())),
        held,
        home,
        again,
        at_work: Mutex::default(),
        lockers: Mutex::default(),
        is_over: AtomicBool::new(false),
    });
    let login = Login::of_this_process();
    signals.end(Arc::clone(&session));
    let mut number = 0;
    while !session.is_over.load(Ordering::Acquire) && !login.is_over() {
        match door.accept(TICK) {
            Ok(Some(channel)) => {
                number += 1;
                take(&session, number, channel);
            }
            Ok(None) => {}
            // Too many descriptors are in use; some will be given back.
            Err(_) => thread::sleep(TICK),
        }
        session.look();
        if let Some(link) = &mut link {
            link.look(Now::read().since_boot);
        }
    }
    drop((door, link));
    session.close();
    Exit::Done
}

/// SIGTERM, SIGHUP and Ctrl-C, which lock.
pub(super) struct Signals(Receiver<()>);

impl Signals {
    /// Begins to listen. A signal that comes from now on ends the session in order.
    pub(super) fn listen() -> Self {
        let (begun, begins) = channel();
        let (came, comes) = channel();
        thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async {
                let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()].map(signal);
                let [Ok(mut term), Ok(mut hangup), Ok(mut interrupt)] = kinds else { return };
                drop(begun);
                tokio::select! {
                    _ = term.recv() => {}
                    _ = hangup.recv() => {}
                    _ = interrupt.recv() => {}
                }
                // Nobody hears it once the session is over.
                let _over = came.send(());
            });
        });
        // It ends when the other side is dropped.
        let _begun: Result<(), _> = begins.recv();
        Self(comes)
    }

    fn end(self, session: Arc<Session>) {
        thread::spawn(move || {
            if self.0.recv().is_ok() {
                session.end();
            }
        });
    }
}

fn take(session: &Arc<Session>, number: u64, channel: Channel) {
    let mut at_work = lock(&session.at_work);
    if at_work.len() >= MOST {
        drop(channel.send(&Response::Locked(format!("the session is busy with {MOST} commands")), &[], Duration::ZERO));
        return;
    }
    let Ok(stop) = channel.stop() else { return };
    at_work.push((number, stop));
    drop(at_work);
    let session = Arc::clone(session);
    thread::spawn(move || {
        let _done = Done(&session, number);
        session.hear(channel);
    });
}

/// A thread that has ended, however it did.
struct Done<'s>(&'s Session, u64);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        lock(&self.0.at_work).retain(|(number, _)| *number != self.1);
    }
}

impl Session {
    /// Hears what a command wants.
    fn hear(&self, mut channel: Channel) {
        let Ok((request, descriptors)) = channel.receive::<Request>(Some(PATIENCE)) else { return };
        match request {
            Request::Status => drop(channel.send(&Response::Standing(self.standing()), &[], PATIENCE)),
            Request::Lock => {
                lock(&self.lockers).push(channel);
                self.end();
            }
            Request::Run(call) => self.run(channel, &call, descriptors),
            // These answer something.
            Request::Answer(_) | Request::NoAnswer(_) | Request::Piece(_) | Request::Fetched(_) | Request::NoLink(_) => {}
        }
    }

    /// Does a command.
    fn run(&self, channel: Channel, call: &Call, descriptors: Vec<OwnedFd>) {
        let refused = |channel: Channel, why: String| drop(channel.send(&Response::Locked(why), &[], PATIENCE));
        if let Some(why) = self.look() {
            return refused(channel, words(why, self.held.role()));
        }
        if call.mounts != super::mounts() {
            return refused(channel, "names mean other files in the session than here (another mount namespace)".to_owned());
        }
        let mut descriptors = descriptors.into_iter();
        let (Some(folder), Some(stdin)) = (descriptors.next(), descriptors.next()) else { return };
        let typed = call.words.iter().map(|word| OsString::from_vec(word.clone()));
        let line = match Line::try_parse_from(std::iter::once(OsString::from("waypass")).chain(typed)) {
            Ok(line) if line.needs().is_some_and(|(role, _)| role == self.held.role()) => line,
            _ => return refused(channel, "the session is of another version of this program, and does not know the command".to_owned()),
        };
        if let Err(why) = waypass_machine::work_in(folder) {
            return refused(channel, format!("the session cannot work in that folder: {}", crate::exit::plain(&why)));
        }
        let Ok(caller) = Caller::new(channel, stdin, call.terminal) else { return };
        // A synchronization is nobody's work with the vault: it comes by itself.
        let counts = !line.is_sync();
        let was_open = self.held.is_open();
        self.used(counts);
        let done = catch_unwind(AssertUnwindSafe(|| self.done(line, call, &caller)));
        self.used(counts);
        if !counts && !was_open && self.again.is_some() {
            // A gate that has locked itself was opened for this only.
            self.held.wipe();
        }
        let exit = done.unwrap_or_else(|_| {
            let fault = Failure::internal(
                "the session stopped this command because of a fault in the program; what was acknowledged before is kept",
                "run `waypass doctor`, and report the command that led to it",
            );
            Out::new(Shape::Words, false, false, Some(&caller)).failure(&fault);
            fault.exit
        });
        caller.end(exit as u8);
    }

    fn done(&self, line: Line, call: &Call, caller: &Caller) -> Exit {
        let home = self.home.clone().with_server(call.server.clone());
        let language = Language::of(&call.language).unwrap_or(Language::English);
        let within = Within { caller, held: &self.held, home: &home, language };
        if let Err(failure) = self.opened(&within) {
            Out::new(line.shape(), false, false, Some(caller)).failure(&failure);
            return failure.exit;
        }
        perform(line, Some(&within))
    }

    /// Opens a gate that locked itself, by its key file.
    fn opened(&self, within: &Within<'_>) -> Result<(), Failure> {
        let Some(again) = self.again.as_ref().filter(|_| !self.held.is_open()) else { return Ok(()) };
        let out = Out::new(Shape::Words, true, false, Some(within.caller));
        let input = Input::new(Asks::Never, Some(within.caller));
        let run = Run { out, input, home: within.home.clone(), words: crate::words::of(within.language), held: None };
        let vault = unlock::keep(&run, self.held.role(), again)?;
        self.held.put(vault);
        *lock(&self.hours) = Hours::begin(self.held.role(), WHOLE, Now::read());
        Ok(())
    }

    /// Looks at the clocks. Returns why the session has locked itself just now, or a moment ago, if it is over.
    fn look(&self) -> Option<Why> {
        let why = lock(&self.hours).over(Now::read())?;
        self.held.wipe();
        if self.again.is_some() {
            return None;
        }
        self.end();
        Some(why)
    }

    fn used(&self, counts: bool) {
        if counts {
            lock(&self.hours).used(Now::read());
        }
    }

    fn standing(&self) -> Standing {
        let now = Now::read();
        let hours = *lock(&self.hours);
        Standing {
            scopes: self.held.scopes().iter().map(|scope| scope.name().to_owned()).collect(),
            is_open: self.held.is_open() && hours.over(now).is_none(),
            idle_seconds: hours.idle_left(now).as_secs(),
            whole_seconds: hours.whole_left(now).as_secs(),
            opens_itself: self.again.is_some(),
            user: self.home.person().and_then(|person| person.name.as_ref()).map(ToString::to_string),
        }
    }

    /// Makes the door's thread end the session: a knock wakes it.
    fn end(&self) {
        if !self.is_over.swap(true, Ordering::AcqRel) {
            drop(reach(&self.home.vault(self.held.role())));
        }
    }

    /// Wipes the keys, and those of the commands that wait for an answer. A command that is at work ends by itself.
    fn close(&self) {
        self.held.wipe();
        lock(&self.at_work).iter().for_each(|(_, stop)| stop.stop());
        let begun = Instant::now();
        while !lock(&self.at_work).is_empty() && begun.elapsed() < LAST {
            thread::sleep(Duration::from_millis(10));
        }
        for locker in lock(&self.lockers).drain(..) {
            drop(locker.send(&Response::Ended(Exit::Done as u8), &[], PATIENCE));
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says why it locked itself.
fn words(why: Why, role: Role) -> String {
    let name = role.folder();
    match why {
        Why::Idle => format!("nobody used this {name} for {}, so its session locked itself", span(role.idle())),
        Why::Whole => format!("the session of this {name} was open for long enough, and locked itself"),
        Why::Slept => format!("this machine slept, so the session of this {name} locked itself"),
    }
}

fn span(of: Duration) -> String {
    words::span(i64::try_from(of.as_secs()).unwrap_or(i64::MAX))
}
