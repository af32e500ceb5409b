//! `statusMessage`: what each value of an entry means (Bitstring Status List §2.1), for developers, not for people.

use super::MAX_ENTRY_BITS;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::role::read;
use alloc::{format, string::String, vec, vec::Vec};

/// Reads the messages for entries of `size` bits, 1 to [`MAX_ENTRY_BITS`]: each value once, in any order. Gives them in
/// ascending order of their values.
pub fn read(list: &Value<'_>, size: u8) -> Result<Vec<String>, Malformed> {
    const WRONG: Malformed = Malformed::OutOfRange("statusMessage");
    let list = list.as_array().ok_or(Malformed::WrongType("statusMessage"))?;
    if !(1..=MAX_ENTRY_BITS).contains(&size) || list.len() != 1 << size {
        return Err(WRONG);
    }
    let mut messages = vec![None; list.len()];
    for item in list {
        let item = item.as_object().ok_or(Malformed::WrongType("statusMessage"))?;
        let digits = item.text("status").and_then(|status| status.strip_prefix("0x")).ok_or(WRONG)?;
        let value = usize::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')).ok_or(WRONG)?;
        let place = messages.get_mut(value).filter(|place| place.is_none()).ok_or(WRONG)?;
        *place = Some(read::text(item, "message")?);
    }
    messages.into_iter().collect::<Option<_>>().ok_or(WRONG)
}

/// Returns the list that says `messages`, one for each value in ascending order.
pub fn write(messages: &[String]) -> Value<'static> {
    let message = |(value, text): (usize, &String)| Object::new().with("status", format!("{value:#x}")).with("message", text.clone());
    messages.iter().enumerate().map(message).collect()
}
