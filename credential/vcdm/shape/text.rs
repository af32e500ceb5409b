//! Texts for people (VCDM 2.0 §11.1): plain, or with a language and a base direction, or several of these.

use crate::json::Value;
use crate::malformed::Malformed;

/// Checks a text, a language value object, or several.
pub(super) fn check_text(value: &Value<'_>, name: &'static str) -> Result<(), Malformed> {
    value.one_or_more().iter().try_for_each(|item| match item {
        Value::String(_) => Ok(()),
        Value::Object(object) => {
            let known = |name: &str| ["@value", "@language", "@direction"].contains(&name);
            if object.text("@value").is_none() {
                return Err(Malformed::WrongType(name));
            }
            if object.iter().all(|(member, value)| known(member) && value.as_str().is_some()) {
                Ok(())
            } else {
                Err(Malformed::OutOfRange(name))
            }
        }
        _ => Err(Malformed::WrongType(name)),
    })
}
