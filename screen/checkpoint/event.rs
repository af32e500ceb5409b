//! Events at a checkpoint, and what the shell does about them.

use super::form::Form;
use crate::verdict::VerdictView;
use alloc::{string::String, vec::Vec};
use waypass_credential::time::Timestamp;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_verifier::Decision;

/// The time at which something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Milliseconds of a clock that only runs forward.
    pub ms: u64,
    /// The time of day, only to say how old data is.
    pub wall: Timestamp,
}

/// About whom the gate can decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answerable {
    /// About every role.
    AboutAll,
    /// Its data is too old for some roles.
    AboutSome,
    /// About nobody any more.
    NoLonger,
    /// About nobody yet.
    NotYet,
    /// About nobody: its trust data, or the gate, was changed.
    Tampered,
    /// About nobody: it opens in a way that the rules of its site forbid.
    Forbidden,
}

/// Facts about the gate, from complete and verified data only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readiness {
    /// About whom it can decide.
    pub decides: Answerable,
    /// When its trust data was made; `None` without any.
    pub issued_at: Option<Timestamp>,
    /// The last moment at which it can decide about every role.
    pub works_until: Option<Timestamp>,
    /// Admissions that the gate would now refuse.
    pub flags: usize,
}

/// A code that holds nothing to decide about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It belongs to another system.
    Foreign,
    /// It was damaged on the way.
    Damaged,
    /// It was written by a newer version.
    Newer,
}

/// The camera or the scanner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scanner {
    /// It works, or there was none to lose.
    Works,
    /// It may not be used.
    Denied,
    /// It was unplugged, or another program took it.
    Gone,
}

/// The reason why a question or a confirmation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Nothing can be written down: the disk is full or gone.
    Storage,
    /// Anything else. The shell says what, where it has a place for it.
    Other,
}

/// A decision that is recorded, ready to be shown. Only a [`Decision`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    pub(super) view: VerdictView,
    pub(super) seq: Option<u64>,
    pub(super) opens: bool,
    pub(super) second: bool,
    pub(super) reason: bool,
}

impl Shown {
    /// Returns a decision as it is shown. It opens a door if it is green.
    pub fn of(decision: &Decision) -> Self {
        let view = VerdictView::of(decision);
        Self { opens: view.level() == Level::Green, view, seq: None, second: false, reason: false }
    }

    /// Says under which number it is in the log, and what a confirmation of it has to name.
    #[must_use]
    pub fn recorded(self, seq: Option<u64>, second: bool, reason: bool) -> Self {
        Self { seq, second, reason, ..self }
    }

    /// Says which amber reasons open a door without a person.
    #[must_use]
    pub fn accepting(self, decision: &Decision, accepted: &[ReasonCode]) -> Self {
        Self { opens: decision.opens(accepted), ..self }
    }

    /// Returns the view of the verdict.
    pub const fn view(&self) -> &VerdictView {
        &self.view
    }

    /// Returns true if an amber verdict waits for a person.
    pub(super) fn waits(&self) -> bool {
        self.view.level() == Level::Amber && !self.opens && self.seq.is_some()
    }
}

/// A key that means something at a checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// Enter: the next scan.
    Enter,
    /// Escape: cancel.
    Escape,
    /// `c`: the extra step was done.
    Confirm,
    /// `t`: the person was turned away.
    TurnAway,
    /// `s`: synchronise.
    Sync,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The gate is open, or what it knows has changed.
    Started(Readiness),
    /// Codes of ours gave a whole payload.
    Scanned(Vec<u8>),
    /// A code was read that is in no frame of ours.
    Read(String),
    /// One of several codes was read.
    Piece {
        /// Different ones so far.
        have: usize,
        /// How many suffice.
        count: usize,
    },
    /// A code was read that holds nothing to decide about.
    Unreadable(Fault),
    /// A question was made; it can be answered for so long.
    Asked {
        /// Seconds.
        seconds: u64,
    },
    /// No question could be made.
    NotAsked(Problem),
    /// The gate decided, and recorded it.
    Decided {
        /// The number of the decision that was asked for.
        ticket: u64,
        /// The decision.
        shown: Shown,
    },
    /// A field of the form was filled in.
    Typed(String),
    /// The confirmation is written down.
    Settled {
        /// True if a newer list denies the credential.
        flagged: bool,
    },
    /// The confirmation was not written down.
    NotSettled(Problem),
    /// A key was pressed by a person. Never one that a scanner typed: a stranger writes what it types.
    Key(Key),
    /// Time passed.
    Tick,
    /// The synchronization began.
    SyncStarted,
    /// The synchronization ended.
    SyncEnded(Readiness),
    /// The synchronization failed; what was taken is kept.
    SyncFailed,
    /// The vault was locked.
    Locked,
    /// The camera or the scanner changed.
    Scanner(Scanner),
    /// Something that had to be written down was not.
    StorageFailed,
    /// Another program has the vault, so what was to be done was not done.
    Busy,
    /// The engine stopped in the middle and was started anew.
    Trapped,
    /// The door's command failed.
    DoorFailed,
}

/// Something for the shell to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Read the facts about the gate, and report [`Event::Started`].
    Refresh,
    /// Make a question, show its code, and report [`Event::Asked`].
    Ask,
    /// Decide, and report [`Event::Decided`].
    Decide {
        /// The number to report it with.
        ticket: u64,
        /// The bytes that were presented.
        answer: Vec<u8>,
    },
    /// Write down what became of an amber decision, and report [`Event::Settled`].
    Settle(Form),
    /// Show the question's code.
    ShowQuestion,
    /// Take the question's code off the screen.
    HideQuestion,
    /// Forget the codes of a transfer that is not whole.
    Forget,
    /// Synchronise, and report [`Event::SyncStarted`].
    Sync,
    /// Ask for what unlocks the gate.
    Unlock,
    /// Try the camera or the scanner again.
    OpenScanner,
    /// Sound the tone of a verdict.
    Sound(Level),
    /// Vibrate as the verdict does.
    Vibrate(Level),
    /// Keep the screen on, or stop keeping it on.
    StayAwake(bool),
    /// Report a [`Event::Tick`] after so many seconds: something goes by itself then.
    ClearAfter(u64),
    /// Open the door.
    OpenDoor,
}
