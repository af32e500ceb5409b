//! The reply to a request.

use super::Answer;
use super::refusal::Refusal;
use waypass_credential::json::{self, Object, Value};
use waypass_qr::Outline;
use waypass_screen::{Message, Plain};
use waypass_words::Words;

/// Begins the ids of the texts that a page says by itself.
const PAGE: &str = "page-";

#[derive(Default)]
pub(super) struct Reply {
    members: Object<'static>,
    pub(super) recovery: Option<String>,
    pub(super) bytes: Option<Vec<u8>>,
}

impl Reply {
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Value<'static>>) {
        self.members.set(name, value);
    }

    /// Adds every text that the page says by itself.
    pub(super) fn words(&mut self, words: &Words<'_>) {
        let own = Plain::ALL.iter().filter_map(|plain| {
            let message = Message::from(*plain);
            let (id, attribute) = message.key().filter(|(id, _)| id.starts_with(PAGE))?;
            let name = if attribute.is_empty() { id.to_owned() } else { format!("{id}.{attribute}") };
            Some((name, words.text(&message)))
        });
        let texts = own.fold(Object::new(), |texts, (name, text)| texts.with(name, text));
        self.set("words", texts);
    }

    pub(super) fn failed(&mut self, refusal: &Refusal, words: &Words<'_>) {
        let (what, next) = refusal.texts(words);
        self.set("failed", Object::new().with("what", what).with("next", next).with("detail", refusal.detail().to_owned()));
    }

    pub(super) fn end(mut self) -> Answer {
        if let Some(recovery) = self.recovery.take() {
            self.set("recovery", recovery);
        }
        Answer { json: json::to_string(&Value::Object(self.members)), bytes: self.bytes }
    }
}

/// Returns codes as a page draws them.
pub(super) fn codes(outlines: &[Outline]) -> Value<'static> {
    let code = |outline: &Outline| {
        let side = i64::try_from(outline.side).unwrap_or_default();
        Value::Object(Object::new().with("side", side).with("path", outline.path.clone()))
    };
    Value::Array(outlines.iter().map(code).collect())
}
