//! The requests of a page.

use super::question::Wanted;
use super::refusal::Refusal;
use waypass_credential::json::{self, Limits, Value};
use waypass_gate::About;
use waypass_screen::{Key, Scanner};
use waypass_words::Language;
use zeroize::Zeroizing;

/// A line that a scanner typed is the longest thing in a request.
const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 4, values: 256 };
/// Records of the log on one page of it.
const MOST_RECORDS: u64 = 200;

pub(super) enum Request {
    Words,
    Look,
    Tick,
    Language(Language),
    Create { about: About, phrase: Zeroizing<String> },
    Unlock { secret: Zeroizing<String>, recovery: bool },
    Lock,
    Line(String),
    Key(Key),
    Typed(String),
    Scanner(Scanner),
    Trapped,
    AskFor(Wanted),
    Status,
    Log { before: Option<u64>, count: u64 },
    Flags,
    AcknowledgeFlag { seq: u64, by: String },
    AcknowledgeFindings { by: String },
    ConfirmClock { by: String, is_aside: bool },
    Enrolment,
    Pin { number: String },
    Take,
    Give,
    SyncBegin,
    SyncAnswer { status: u16 },
}

impl Request {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::read(text).ok_or_else(Refusal::not_understood)
    }

    /// Returns true for what a page asks without anybody near it.
    pub(super) const fn is_by_itself(&self) -> bool {
        matches!(
            self,
            Self::Words | Self::Look | Self::Tick | Self::Language(_) | Self::SyncBegin | Self::SyncAnswer { .. } | Self::Scanner(_)
        )
    }

    fn read(text: &str) -> Option<Self> {
        let request = json::parse(text.as_bytes(), LIMITS).ok()?;
        let text = |name: &str| request.member(name).and_then(Value::as_str);
        let owned = |name: &str| text(name).map(str::to_owned);
        let secret = |name: &str| text(name).map(|secret| Zeroizing::new(secret.to_owned()));
        let number = |name: &str| request.member(name).and_then(Value::as_i64).and_then(|number| u64::try_from(number).ok());
        let texts = |name: &str| -> Option<Vec<String>> {
            request.member(name)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Some(match text("do")? {
            "words" => Self::Words,
            "look" => Self::Look,
            "tick" => Self::Tick,
            "language" => Self::Language(Language::of(text("tag")?).unwrap_or(Language::English)),
            "create" => {
                let about = About { name: owned("name")?, site: owned("site")?, zone: owned("zone")? };
                Self::Create { about, phrase: secret("phrase")? }
            }
            "unlock" => Self::Unlock {
                secret: secret("phrase")?,
                recovery: request.member("recovery").and_then(Value::as_bool).unwrap_or_default(),
            },
            "lock" => Self::Lock,
            "line" => Self::Line(owned("text")?),
            "key" => Self::Key(key(text("key")?)?),
            "typed" => Self::Typed(owned("text")?),
            "scanner" => Self::Scanner(match text("state")? {
                "works" => Scanner::Works,
                "denied" => Scanner::Denied,
                "gone" => Scanner::Gone,
                _ => return None,
            }),
            "trapped" => Self::Trapped,
            "ask_for" => Self::AskFor(Wanted { roles: texts("roles")?, claims: texts("claims")?, purpose: owned("purpose")? }),
            "status" => Self::Status,
            "log" => Self::Log { before: number("before"), count: number("count")?.min(MOST_RECORDS) },
            "flags" => Self::Flags,
            "acknowledge_flag" => Self::AcknowledgeFlag { seq: number("seq")?, by: owned("by")? },
            "acknowledge_findings" => Self::AcknowledgeFindings { by: owned("by")? },
            "confirm_clock" => {
                Self::ConfirmClock { by: owned("by")?, is_aside: request.member("aside").and_then(Value::as_bool).unwrap_or_default() }
            }
            "enrolment" => Self::Enrolment,
            "pin" => Self::Pin { number: owned("number")? },
            "take" => Self::Take,
            "give" => Self::Give,
            "sync_begin" => Self::SyncBegin,
            "sync_answer" => Self::SyncAnswer { status: u16::try_from(number("status")?).ok()? },
            _ => return None,
        })
    }
}

fn key(name: &str) -> Option<Key> {
    Some(match name {
        "enter" => Key::Enter,
        "escape" => Key::Escape,
        "confirm" => Key::Confirm,
        "turn_away" => Key::TurnAway,
        "sync" => Key::Sync,
        _ => return None,
    })
}
