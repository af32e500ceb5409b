//! Views: a closed set of states, each with messages and the keys that lead out of it.

use super::event::Key;
use crate::counters::Counters;
use crate::message::Message;
use crate::verdict::VerdictView;
use alloc::vec::Vec;
use waypass_trust::reason::Level;

/// The state that is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The gate is being opened.
    Starting,
    /// The gate cannot decide about anybody, or cannot ask; scanning still works.
    NotReady,
    /// The gate waits for a code.
    Ready,
    /// Some codes of several have come.
    Gathering,
    /// The answer is being checked.
    Deciding,
    /// The verdict.
    Verdict,
    /// A person says what became of an amber verdict.
    Confirming,
    /// That is being written down.
    Settling,
    /// The gate is locked.
    Locked,
    /// The engine stopped in the middle. Nothing was decided.
    Trapped,
}

/// The tone of a view. Green is the tone of a green verdict and of nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// No verdict, and nothing wrong.
    Plain,
    /// Let the person pass.
    Green,
    /// A person must do something first.
    Amber,
    /// Do not let the person pass.
    Red,
    /// Nobody can tell.
    Grey,
}

/// A mark for those who cannot see the colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Green.
    Tick,
    /// Amber.
    Triangle,
    /// Red.
    Cross,
    /// Grey.
    QuestionMark,
    /// No verdict.
    Frame,
}

impl From<Level> for Tone {
    fn from(level: Level) -> Self {
        match level {
            Level::Green => Self::Green,
            Level::Amber => Self::Amber,
            Level::Red => Self::Red,
            Level::Grey => Self::Grey,
        }
    }
}

impl From<Tone> for Shape {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Green => Self::Tick,
            Tone::Amber => Self::Triangle,
            Tone::Red => Self::Cross,
            Tone::Grey => Self::QuestionMark,
            Tone::Plain => Self::Frame,
        }
    }
}

/// The place of attention: a screen reader reads it, a keyboard types into it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Focus {
    /// The code of the question.
    Question,
    /// The title.
    Title,
    /// The verdict.
    Verdict,
    /// The field of a form.
    Field,
}

/// A thing that a key does here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// The key.
    pub key: Key,
    /// Its meaning.
    pub label: Message,
}

/// The line that stays: how old the data is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Banner {
    /// The age, and other things to know all the time.
    pub messages: Vec<Message>,
    /// Plain, amber or grey.
    pub tone: Tone,
}

/// Everything that is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// The state.
    pub kind: Kind,
    /// Its tone.
    pub tone: Tone,
    /// Its mark.
    pub shape: Shape,
    /// One line, large.
    pub title: Message,
    /// The things to do.
    pub advice: Vec<Message>,
    /// The verdict, in that state and while a person confirms it.
    pub verdict: Option<VerdictView>,
    /// Something to know for a moment.
    pub notice: Option<Message>,
    /// The place of attention.
    pub focus: Focus,
    /// The keys and their meaning, the most likely first.
    pub actions: Vec<Action>,
    /// How old the data is.
    pub banner: Banner,
    /// The counts of this shift.
    pub counters: Counters,
}
