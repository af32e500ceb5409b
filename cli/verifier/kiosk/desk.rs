//! The one thread of the gate: calls of the page, lines of the scanner and signals, in the order in which they come.

use super::home::Native;
use crate::exit::Exit;
use crate::verifier::input::Input;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use waypass_lane::{Answer, Engine};
use waypass_screen::{Event, Scanner};

/// The gate looks at the time so often, whether or not a page asks.
const TICK: Duration = Duration::from_secs(1);
/// Things that may wait for the gate.
const WAITING: usize = 64;

/// A request of the page, with its file, and where the answer goes.
pub(super) struct Call {
    pub(super) request: String,
    pub(super) bytes: Vec<u8>,
    pub(super) answer: oneshot::Sender<Answer>,
}

enum Work {
    Call(Call),
    Input(Input),
}

/// Hands calls of the page to the gate.
#[derive(Clone)]
pub(super) struct Calls(SyncSender<Work>);

/// The gate with everything that waits for it.
pub(super) struct Desk<'s> {
    engine: Engine<Native<'s>>,
    work: Receiver<Work>,
    to: SyncSender<Work>,
}

impl Calls {
    /// Asks the gate. `None` if too much waits for it already.
    pub(super) async fn ask(&self, request: String, bytes: Vec<u8>) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Work::Call(Call { request, bytes, answer })).ok()?;
        answered.await.ok()
    }
}

impl<'s> Desk<'s> {
    pub(super) fn new(home: Native<'s>, inputs: Receiver<Input>) -> Self {
        let (to, work) = sync_channel(WAITING);
        let input = to.clone();
        thread::spawn(move || inputs.into_iter().try_for_each(|one| input.send(Work::Input(one))));
        Self { engine: Engine::new(home), work, to }
    }

    pub(super) fn calls(&self) -> Calls {
        Calls(self.to.clone())
    }

    /// Works until a signal ends it. What is being decided is decided and written down first.
    pub(super) fn run(&mut self) -> Exit {
        // A gate without a person opens itself before anybody looks.
        self.engine.happened(Event::Tick);
        loop {
            match self.work.recv_timeout(TICK) {
                Ok(Work::Call(Call { request, bytes, answer })) => {
                    // Nobody waits any more if the page was closed meanwhile.
                    let _closed = answer.send(self.engine.call(&request, &bytes));
                }
                Ok(Work::Input(Input::Line(line))) => self.engine.scanned(&line),
                Ok(Work::Input(Input::Here)) => self.engine.happened(Event::Scanner(Scanner::Works)),
                Ok(Work::Input(Input::Gone(_))) => self.engine.happened(Event::Scanner(Scanner::Gone)),
                Ok(Work::Input(Input::DoorFailed)) => self.engine.happened(Event::DoorFailed),
                // A file in the place of a scanner has an end, and the page goes on.
                Ok(Work::Input(Input::Ended | Input::Typed(_))) => {}
                Ok(Work::Input(Input::Interrupted)) => return Exit::Interrupted,
                Ok(Work::Input(Input::Terminated)) | Err(RecvTimeoutError::Disconnected) => return Exit::Done,
                Err(RecvTimeoutError::Timeout) => self.engine.happened(Event::Tick),
            }
        }
    }
}
