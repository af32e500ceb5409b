//! The question that a lane asks, and where it is kept.

use super::refusal::Refusal;
use super::{Engine, Home};
use crate::duty::Question;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::request::Query;
use waypass_credential::{ClaimPath, Format};
use waypass_gate::Carrier;
use waypass_screen::{Event, Key, Kind};
use waypass_vault::Unlocked;

/// The formats that a code asks for.
const FORMATS: [Format; 3] = [Format::SdCwt, Format::SdJwtVc, Format::DataIntegrity];
/// The table of the vault that keeps what a page was told.
const TABLE: &str = "page";
const ID: &[u8] = b"question";
const LIMITS: Limits = Limits { bytes: 16 * 1024, depth: 3, values: 128 };
/// The reason that is given for a question unless somebody gives another one.
const PURPOSE: &str = "Entry";

/// The claims that a page was told to ask for, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) roles: Vec<String>,
    pub(super) claims: Vec<String>,
    pub(super) purpose: String,
}

/// Any role, until somebody says otherwise.
impl Default for Wanted {
    fn default() -> Self {
        Self { roles: Vec::new(), claims: Vec::new(), purpose: PURPOSE.to_owned() }
    }
}

impl Wanted {
    pub(super) fn question(&self) -> Result<Question, Refusal> {
        if self.roles.iter().chain(&self.claims).chain([&self.purpose]).any(|text| text.trim().is_empty()) {
            return Err(Refusal::question().with(&"a role, a claim or the reason is empty"));
        }
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let claims: Vec<ClaimPath> = self.claims.iter().map(|name| ClaimPath::names(name.split('.'))).collect();
        let query = Query::for_role(&FORMATS, &roles, &claims).map_err(|why| Refusal::question().with(&why))?;
        Ok(Question { query, purpose: self.purpose.clone(), carrier: Carrier::Code })
    }

    pub(super) fn to_json(&self) -> Value<'static> {
        let texts = |texts: &[String]| Value::Array(texts.iter().map(|text| Value::from(text.clone())).collect());
        Object::new().with("roles", texts(&self.roles)).with("claims", texts(&self.claims)).with("purpose", self.purpose.clone()).into()
    }

    fn from_json(bytes: &[u8]) -> Option<Self> {
        let kept = json::parse(bytes, LIMITS).ok()?;
        let texts = |name: &str| -> Option<Vec<String>> {
            kept.member(name)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Some(Self { roles: texts("roles")?, claims: texts("claims")?, purpose: kept.member("purpose")?.as_str()?.to_owned() })
    }
}

/// Returns the settings that the vault keeps.
pub(super) fn kept(vault: &Unlocked<'_>) -> Wanted {
    let kept = vault.get(TABLE, ID).ok().flatten();
    kept.and_then(|bytes| Wanted::from_json(&bytes)).unwrap_or_default()
}

impl<H: Home> Engine<H> {
    /// Asks for something else from now on. The question that is open is replaced when the gate is free.
    pub(super) fn ask_for(&mut self, wanted: Wanted) -> Result<(), Refusal> {
        wanted.question()?;
        self.with_vault(|vault, _| Ok(vault.put(TABLE, ID, json::to_string(&wanted.to_json()).as_bytes(), &[])?))?;
        self.wanted = wanted;
        if self.lane.view().kind == Kind::Ready {
            self.report(Event::Key(Key::Enter));
        }
        Ok(())
    }
}
