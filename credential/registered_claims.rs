//! The registered claims that we act on, of a JWT (RFC 7519 §4.1) and of a CWT (RFC 8392 §3.1).

use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String};

/// The claims next to the content of a signature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct RegisteredClaims {
    /// `iss`.
    pub(crate) issuer: Option<String>,
    /// `sub`.
    pub(crate) subject: Option<String>,
    /// `aud`: of a presentation, the verifier it is meant for.
    pub(crate) audience: Option<String>,
    /// `nonce`: of a presentation, the verifier's nonce.
    pub(crate) nonce: Option<String>,
    /// `iat`, `nbf` and `exp`.
    pub(crate) times: SignatureTimes,
}

/// When a signature was made, and from when to when it holds. These bound what the content itself says and never extend it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SignatureTimes {
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl RegisteredClaims {
    /// Returns claims that say only when the signature was made.
    pub(crate) fn made_at(at: Timestamp) -> Self {
        Self { times: SignatureTimes { issued_at: Some(at), ..SignatureTimes::default() }, ..Self::default() }
    }

    /// Returns `payload` with these claims as members.
    pub(crate) fn put<'d>(&self, mut payload: Object<'d>) -> Object<'d> {
        let texts = [("iss", &self.issuer), ("sub", &self.subject), ("aud", &self.audience), ("nonce", &self.nonce)];
        for (name, text) in texts {
            if let Some(text) = text {
                payload.set(name, text.clone());
            }
        }
        let SignatureTimes { issued_at, not_before, expires_at } = self.times;
        for (name, time) in [("iat", issued_at), ("nbf", not_before), ("exp", expires_at)] {
            if let Some(time) = time {
                payload.set(name, time.unix());
            }
        }
        payload
    }
}

/// Reads the text of claim `name`.
pub(crate) fn text(value: &Value<'_>, name: &'static str) -> Result<String, Malformed> {
    value.as_str().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name))
}

/// Reads `aud`: a text, or a list of one (RFC 7519 §4.1.3).
pub(crate) fn audience(value: &Value<'_>) -> Result<String, Malformed> {
    match value {
        Value::Array(items) => match items.as_slice() {
            [item] => text(item, "aud"),
            _ => Err(Malformed::OutOfRange("aud")),
        },
        value => text(value, "aud"),
    }
}

/// Reads the `NumericDate` of claim `name` (RFC 7519 §2). Of a fraction of a second the whole second counts that lets less through:
/// an end comes earlier, and every other time later.
pub(crate) fn numeric_date(value: &Value<'_>, name: &'static str) -> Result<Timestamp, Malformed> {
    if !matches!(value, Value::Number(_)) {
        return Err(Malformed::WrongType(name));
    }
    let seconds = if name == "exp" { value.floor() } else { value.ceil() };
    seconds.map(Timestamp::clamped).ok_or(Malformed::OutOfRange(name))
}

#[cfg(test)]
mod tests {
    use super::numeric_date;
    use crate::json::{Number, Value};
    use crate::malformed::Malformed;
    use crate::time::Timestamp;

    #[test]
    fn of_a_fraction_the_whole_seconds_count_that_let_less_through() {
        let read = |seconds: f64, name| numeric_date(&Value::Number(Number::Float(seconds)), name).map(Timestamp::unix);
        assert_eq!(read(1000.25, "exp"), Ok(1000));
        for name in ["nbf", "iat"] {
            assert_eq!(read(1000.25, name), Ok(1001));
        }
        assert_eq!((read(1000.0, "exp"), read(1000.0, "nbf")), (Ok(1000), Ok(1000)));
        assert_eq!((read(-0.5, "exp"), read(-0.5, "nbf")), (Ok(0), Ok(0)));
        assert_eq!(read(1e16, "exp"), Err(Malformed::OutOfRange("exp")));
        assert_eq!(numeric_date(&Value::from("1000"), "exp"), Err(Malformed::WrongType("exp")));
    }
}
