//! JSON as untrusted bytes (RFC 8259, RFC 7493): bounded, duplicate names refused, strings borrowed from the input.
//!
//! `serde_json` tokenizes. The tree is ours because its own `Value` keeps the last of two equal names, which lets one
//! document mean two things to two readers (threats.md A12).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{cell::Cell, fmt};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

// By their paths, because the build script includes this file by its own.
#[path = "json/name.rs"]
mod name;

pub use name::MemberName;

/// A JSON value that borrows from the text it was read from wherever no escape stood in the way.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// Reads a string.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON number: integers exactly where 64 bits hold them, else the nearest double.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Number {
    /// An integer below 2^63.
    Signed(i64),
    /// An integer from 2^63 to 2^64 - 1.
    Unsigned(u64),
    /// Anything else; never NaN or infinite.
    Float(f64),
}

/// An object's members in the order they were written; names are unique.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// How much a document may ask of its reader.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays and objects.
    pub depth: usize,
    /// Most values in all.
    pub values: usize,
}

impl Limits {
    /// One credential, presentation or request (threats.md A12).
    pub const CREDENTIAL: Self = Self { bytes: 64 * 1024, depth: 16, values: 4096 };
    /// A trust bundle (trust.md "Trust bundle": 16 MiB in all).
    pub const BUNDLE: Self = Self { bytes: 16 * 1024 * 1024, depth: 24, values: 1 << 20 };
}

/// U+FEFF in UTF-8, which some editors put before a text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a text was not taken as JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonError {
    /// Longer than [`Limits::bytes`].
    TooLarge,
    /// Nested deeper than [`Limits::depth`].
    TooDeep,
    /// More values than [`Limits::values`].
    TooMany,
    /// A name appears twice in one object (RFC 7493 §2.3).
    DuplicateName,
    /// Not JSON at all.
    Syntax,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "JSON text is larger than allowed",
            Self::TooDeep => "JSON is nested deeper than allowed",
            Self::TooMany => "JSON holds more values than allowed",
            Self::DuplicateName => "a member name appears twice in one JSON object",
            Self::Syntax => "not JSON",
        })
    }
}

impl core::error::Error for JsonError {}

/// Reads one JSON text; nothing but white space may follow it.
pub fn parse(text: &[u8], limits: Limits) -> Result<Value<'_>, JsonError> {
    if text.len() > limits.bytes {
        return Err(JsonError::TooLarge);
    }
    let budget = Budget { values: Cell::new(limits.values), broken: Cell::new(JsonError::Syntax) };
    // RFC 8259 §8.1 lets a reader ignore a byte order mark, and editors write one.
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // Checked once as a whole, UTF-8 need not be checked again string by string.
    let text = str::from_utf8(text).map_err(|_| JsonError::Syntax)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed { budget: &budget, depth: limits.depth }.deserialize(&mut reader).map_err(|_| budget.broken.get())?;
    reader.end().map_err(|_| JsonError::Syntax)?;
    Ok(value)
}

impl<'a> Value<'a> {
    /// Returns the object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// Returns the array, if it is one.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// Returns the string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Returns the integer, if it is one; a double without a fraction counts (RFC 7519 `NumericDate` allows `1e9`).
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(Number::Signed(n)) => Some(*n),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "exact below 2^53, which is checked"
            )]
            Self::Number(Number::Float(n)) if n.abs() < 9e15 && (*n as i64) as f64 == *n => Some(*n as i64),
            _ => None,
        }
    }

    /// Returns the number cut down to a whole one, if it is a number below 2^53 in size.
    pub fn floor(&self) -> Option<i64> {
        let Self::Number(Number::Float(n)) = self else { return self.as_i64() };
        let (whole, below) = truncated(*n)?;
        Some(whole - i64::from(below))
    }

    /// Returns the number rounded up to a whole one, if it is a number below 2^53 in size.
    pub(crate) fn ceil(&self) -> Option<i64> {
        let Self::Number(Number::Float(n)) = self else { return self.as_i64() };
        let (whole, below) = truncated(-*n)?;
        Some(-(whole - i64::from(below)))
    }

    /// Returns the boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// Returns the member `name`, if this is an object that has it.
    pub fn member(&self, name: &str) -> Option<&Value<'a>> {
        self.as_object()?.member(name)
    }

    /// Returns the items of a list; any other value stands for a list of one.
    pub(crate) fn one_or_more(&self) -> &[Value<'a>] {
        self.as_array().unwrap_or(core::slice::from_ref(self))
    }

    /// Returns the same value, owning its strings.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Number(n) => Value::Number(n),
            Self::String(s) => Value::String(Cow::Owned(s.into_owned())),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(object) => Value::Object(object.into_owned()),
        }
    }
}

/// Returns `n` without its fraction, and whether `n` is below that.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "exact below 2^53, which is checked")]
fn truncated(n: f64) -> Option<(i64, bool)> {
    (n.abs() < 9e15).then_some((n as i64, n < (n as i64) as f64))
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Number::Signed(number))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<'a> From<Object<'a>> for Value<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a, T: Into<Value<'a>>> FromIterator<T> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<'a> Object<'a> {
    /// Returns an object without members.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the value of `name`.
    pub fn member(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Returns the string value of `name`, if it is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    /// Sets `name`, replacing an earlier value.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Returns this object with `name` set.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.set(name, value);
        self
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Returns the members in the order they were written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> + Clone {
        self.0.iter().map(|(n, v)| (n.as_ref(), v))
    }

    /// Returns the same object, owning its strings.
    pub(crate) fn into_owned(self) -> Object<'static> {
        Object(self.0.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned())).collect())
    }

    /// Returns the members themselves; a caller that adds one keeps the names unique.
    pub(crate) const fn members_mut(&mut self) -> &mut Vec<(Cow<'a, str>, Value<'a>)> {
        &mut self.0
    }

    /// Returns how many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = alloc::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Returns the compact text of a value of ours: [`Value`], and structs with named fields, text, whole numbers and lists.
///
/// # Panics
///
/// Panics for a map without text keys, and for a `Serialize` that fails: such a type has no JSON text, and no other text is right.
pub fn to_string(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|why| unreachable!("a value of ours without JSON text: {why}"))
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(b) => to.serialize_bool(*b),
            Self::Number(Number::Signed(n)) => to.serialize_i64(*n),
            Self::Number(Number::Unsigned(n)) => to.serialize_u64(*n),
            Self::Number(Number::Float(n)) => to.serialize_f64(*n),
            Self::String(s) => to.serialize_str(s),
            Self::Array(items) => {
                let mut seq = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| seq.serialize_element(item))?;
                seq.end()
            }
            Self::Object(object) => {
                let mut map = to.serialize_map(Some(object.len()))?;
                object.iter().try_for_each(|(n, v)| map.serialize_entry(n, v))?;
                map.end()
            }
        }
    }
}

struct Budget {
    values: Cell<usize>,
    broken: Cell<JsonError>,
}

impl Budget {
    fn refuse<E: serde::de::Error>(&self, why: JsonError) -> E {
        self.broken.set(why);
        E::custom("")
    }
}

#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Budget,
    depth: usize,
}

impl<'b> Seed<'b> {
    fn deeper<E: serde::de::Error>(self) -> Result<Seed<'b>, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Seed { depth, ..self }),
            None => Err(self.budget.refuse(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'de>, D::Error> {
        let Some(left) = self.budget.values.get().checked_sub(1) else {
            return Err(self.budget.refuse(JsonError::TooMany));
        };
        self.budget.values.set(left);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Signed(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(i64::try_from(number).map_or(Number::Unsigned(number), Number::Signed)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value<'de>, E> {
        if number.is_finite() { Ok(Value::Number(Number::Float(number))) } else { Err(E::custom("")) }
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut object = Vec::new();
        while let Some(name) = members.next_key_seed(NameSeed)? {
            object.push((name, members.next_value_seed(seed)?));
        }
        if has_duplicate(&object) {
            return Err(self.budget.refuse(JsonError::DuplicateName));
        }
        Ok(Value::Object(Object(object)))
    }
}

/// Few names are compared pairwise, many are sorted: linear memory and `n log n` time for the hostile case.
fn has_duplicate(members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    if members.len() <= 16 {
        return members.iter().enumerate().any(|(i, (name, _))| members[..i].iter().any(|(earlier, _)| earlier == name));
    }
    let mut names: Vec<&str> = members.iter().map(|(n, _)| n.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cow<'de, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.into()))
    }
}

#[cfg(test)]
#[path = "json/tests.rs"]
mod tests;
