//! A small reader of CDDL (RFC 8610), as much of it as `schemas` uses, and whether JSON or CBOR is what a rule says.
//!
//! Written here because the published readers bring a second parser stack into the tests. It refuses an unknown
//! construct when a file is read, so no rule is passed over.

use serde_json::Value;
use std::collections::BTreeMap;

mod parse;

/// The value that a rule is held against: the data model that JSON and CBOR share.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Int(i128),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Tag(u64, Box<Self>),
    Simple(u64),
}

impl Data {
    pub(crate) fn json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Int(number.as_i128().expect("our formats have whole numbers only")),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::json).collect()),
            Value::Object(members) => {
                Self::Map(members.iter().map(|(name, value)| (Self::Text(name.clone()), Self::json(value))).collect())
            }
        }
    }

    /// One CBOR item and nothing after it; definite lengths only.
    pub(crate) fn cbor(mut bytes: &[u8]) -> Option<Self> {
        let item = Self::cbor_item(&mut bytes)?;
        bytes.is_empty().then_some(item)
    }

    fn cbor_item(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let length = match first & 0x1f {
            short @ 0..=23 => u64::from(short),
            code @ 24..=27 => {
                let (number, rest) = bytes.split_at_checked(1 << (code - 24))?;
                *bytes = rest;
                number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
            _ => return None,
        };
        let mut take = |length: u64| {
            let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            *bytes = rest;
            Some(taken.to_vec())
        };
        Some(match first >> 5 {
            0 => Self::Int(length.into()),
            1 => Self::Int(-1 - i128::from(length)),
            2 => Self::Bytes(take(length)?),
            3 => Self::Text(String::from_utf8(take(length)?).ok()?),
            4 => Self::Array((0..length).map(|_| Self::cbor_item(bytes)).collect::<Option<_>>()?),
            5 => Self::Map((0..length).map(|_| Some((Self::cbor_item(bytes)?, Self::cbor_item(bytes)?))).collect::<Option<_>>()?),
            6 => Self::Tag(length, Box::new(Self::cbor_item(bytes)?)),
            7 if *first == 0xf8 => Self::Simple(length),
            7 => match first {
                0xf4 => Self::Bool(false),
                0xf5 => Self::Bool(true),
                0xf6 => Self::Null,
                _ => return None,
            },
            _ => return None,
        })
    }
}

#[derive(Clone, PartialEq, Debug)]
enum Type {
    Choice(Vec<Self>),
    Name(String),
    Text(String),
    Int(i128),
    Range(i128, i128),
    Simple(u64),
    Tag(u64, Box<Self>),
    /// A byte string that holds an item of this rule.
    Cbor(Box<Self>, String),
    Size(Box<Self>, u64, u64),
    Regexp(Box<Self>, String),
    Map(Vec<Entry>),
    Array(Vec<Entry>),
    Enumeration(Vec<Entry>),
}

#[derive(Clone, PartialEq, Debug)]
struct Entry {
    least: usize,
    most: usize,
    key: Option<Type>,
    value: Type,
}

#[derive(Clone, PartialEq, Debug)]
enum Rule {
    Type(Type),
    Group(Vec<Entry>),
}

/// The rules of one file.
#[derive(Debug)]
pub(crate) struct Cddl(BTreeMap<String, Rule>);

const PRELUDE: [&str; 8] = ["any", "bool", "bstr", "int", "null", "true", "tstr", "uint"];

impl Cddl {
    /// Reads a file; every name in it must be a rule or of the prelude.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rules = parse::rules(text)?;
        for (name, rule) in &rules {
            let mut used = Vec::new();
            match rule {
                Rule::Type(of) => names(of, &mut used),
                Rule::Group(entries) => entries.iter().for_each(|entry| entry_names(entry, &mut used)),
            }
            if let Some(unknown) = used.into_iter().find(|used| !rules.contains_key(*used) && !PRELUDE.contains(used)) {
                return Err(format!("{name} uses {unknown}, which is no rule"));
            }
        }
        Ok(Self(rules))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Checks that `data` is what the rule `name` says; if not, names a member that is not.
    pub(crate) fn check(&self, name: &str, data: &Data) -> Result<(), String> {
        let Some(Rule::Type(rule)) = self.0.get(name) else { return Err(format!("{name} is no type here")) };
        if self.is(rule, data) { Ok(()) } else { Err(self.culprit(rule, data, name)) }
    }

    /// The innermost member that fails by itself, for the message.
    fn culprit(&self, rule: &Type, data: &Data, path: &str) -> String {
        match (rule, data) {
            (Type::Name(name), _) => match self.0.get(name) {
                Some(Rule::Type(inner)) => self.culprit(inner, data, path),
                _ => format!("{path}: {data:?} is not {name}"),
            },
            (Type::Map(entries), Data::Map(pairs)) => {
                for (key, value) in pairs {
                    let flat = self.flat(entries);
                    let Some(entry) = flat.iter().find(|entry| entry.key.as_ref().is_some_and(|of| self.is(of, key))) else {
                        return format!("{path}: {key:?} is not foreseen");
                    };
                    if !self.is(&entry.value, value) {
                        return self.culprit(&entry.value, value, &format!("{path}.{key:?}"));
                    }
                }
                format!("{path}: a member is missing")
            }
            _ => format!("{path}: {data:?} is not {rule:?}"),
        }
    }

    fn is(&self, rule: &Type, data: &Data) -> bool {
        match (rule, data) {
            (Type::Choice(types), _) => types.iter().any(|one| self.is(one, data)),
            (Type::Name(name), _) => match self.0.get(name) {
                Some(Rule::Type(inner)) => self.is(inner, data),
                Some(Rule::Group(_)) => false,
                None => prelude(name, data),
            },
            (Type::Text(text), Data::Text(found)) => text == found,
            (Type::Int(number), Data::Int(found)) => number == found,
            (Type::Range(least, most), Data::Int(found)) => (least..=most).contains(&found),
            (Type::Simple(number), Data::Simple(found)) => number == found,
            (Type::Tag(number, inner), Data::Tag(found, item)) => number == found && self.is(inner, item),
            (Type::Cbor(inner, name), Data::Bytes(bytes)) => {
                let named = |item: &Data| self.check(name, item).is_ok();
                self.is(inner, data) && Data::cbor(bytes).as_ref().is_some_and(named)
            }
            (Type::Size(inner, least, most), _) => {
                let size = match data {
                    Data::Text(text) => text.len(),
                    Data::Bytes(bytes) => bytes.len(),
                    _ => return false,
                };
                self.is(inner, data) && (*least..=*most).contains(&(size as u64))
            }
            (Type::Regexp(inner, pattern), Data::Text(text)) => self.is(inner, data) && matches(pattern, text),
            (Type::Enumeration(entries), _) => entries.iter().any(|entry| self.is(&entry.value, data)),
            (Type::Array(entries), Data::Array(items)) => self.sequence(&self.flat(entries), items),
            (Type::Map(entries), Data::Map(pairs)) => self.members(&self.flat(entries), pairs),
            _ => false,
        }
    }

    /// Entries with those of the groups they name in their places.
    fn flat(&self, entries: &[Entry]) -> Vec<Entry> {
        let mut flat = Vec::new();
        for entry in entries {
            let named = if let (None, Type::Name(name)) = (&entry.key, &entry.value) { self.0.get(name) } else { None };
            match named {
                Some(Rule::Group(inner)) => flat.extend(self.flat(inner)),
                _ => flat.push(entry.clone()),
            }
        }
        flat
    }

    fn sequence(&self, entries: &[Entry], items: &[Data]) -> bool {
        let Some((entry, later)) = entries.split_first() else { return items.is_empty() };
        let fitting = items.iter().take_while(|item| self.is(&entry.value, item)).count().min(entry.most);
        (entry.least..=fitting).rev().any(|taken| self.sequence(later, &items[taken..]))
    }

    /// Each pair belongs to the first entry whose key it fits; that is unambiguous if literal keys come before types.
    fn members(&self, entries: &[Entry], pairs: &[(Data, Data)]) -> bool {
        let mut counts = vec![0; entries.len()];
        for (key, value) in pairs {
            let Some(at) = entries.iter().position(|entry| entry.key.as_ref().is_some_and(|of| self.is(of, key))) else { return false };
            if !self.is(&entries[at].value, value) {
                return false;
            }
            counts[at] += 1;
        }
        entries.iter().zip(counts).all(|(entry, count)| (entry.least..=entry.most).contains(&count))
    }
}

fn prelude(name: &str, data: &Data) -> bool {
    match (name, data) {
        ("any", _)
        | ("null", Data::Null)
        | ("true", Data::Bool(true))
        | ("bool", Data::Bool(_))
        | ("tstr", Data::Text(_))
        | ("bstr", Data::Bytes(_))
        | ("int", Data::Int(_)) => true,
        ("uint", Data::Int(number)) => *number >= 0,
        _ => false,
    }
}

/// `.regexp` fits the whole text (RFC 8610 §3.8.3).
fn matches(pattern: &str, text: &str) -> bool {
    let whole = format!("^(?:{pattern})$");
    regex_automata::meta::Regex::new(&whole).unwrap_or_else(|why| panic!("{pattern}: {why}")).is_match(text)
}

fn names<'t>(of: &'t Type, found: &mut Vec<&'t str>) {
    match of {
        Type::Choice(types) => types.iter().for_each(|one| names(one, found)),
        Type::Name(name) => found.push(name),
        Type::Size(inner, ..) | Type::Regexp(inner, _) | Type::Tag(_, inner) => names(inner, found),
        Type::Cbor(inner, name) => {
            names(inner, found);
            found.push(name);
        }
        Type::Map(entries) | Type::Array(entries) | Type::Enumeration(entries) => {
            for entry in entries {
                entry_names(entry, found);
            }
        }
        Type::Text(_) | Type::Int(_) | Type::Range(..) | Type::Simple(_) => {}
    }
}

fn entry_names<'t>(entry: &'t Entry, found: &mut Vec<&'t str>) {
    entry.key.iter().for_each(|key| names(key, found));
    names(&entry.value, found);
}

#[test]
fn rules_take_what_they_say_and_nothing_else() {
    let cddl = Cddl::parse(
        r#"thing = { "a": uint, ? "b": [1* tstr .regexp "x+"], common, * tstr => any } ; a comment
           common = ( "c": 1..3 / null, )
           row = [kind, [0*2 bstr .size 2], ? true-word]
           kind = &(one: 1, two: 2)
           true-word = "yes"
           token = #6.18([bstr .cbor row, { -1 => int, ? #7.59 => [#6.60(bstr)] }])"#,
    )
    .expect("rules");
    let json = |text: &str| Data::json(&serde_json::from_str(text).expect("JSON"));
    for good in [r#"{"a":1,"c":3}"#, r#"{"a":0,"c":null,"b":["x","xx"],"more":{}}"#] {
        cddl.check("thing", &json(good)).expect(good);
    }
    for bad in [r#"{"a":1}"#, r#"{"a":-1,"c":1}"#, r#"{"a":1,"c":4}"#, r#"{"a":1,"c":1,"b":[]}"#, r#"{"a":1,"c":1,"b":["xy"]}"#, "[]"] {
        assert!(cddl.check("thing", &json(bad)).is_err(), "{bad}");
    }
    let row = |bytes: &[u8]| cddl.check("row", &Data::cbor(bytes).expect("CBOR"));
    assert!(row(b"\x82\x01\x81\x42ab").is_ok() && row(b"\x83\x02\x80\x63yes").is_ok());
    assert!(row(b"\x82\x03\x80").is_err() && row(b"\x82\x01\x81\x43abc").is_err() && row(b"\x83\x01\x80\x62no").is_err());
    let token = |bytes: &[u8]| cddl.check("token", &Data::cbor(bytes).expect("CBOR"));
    assert!(
        token(b"\xd2\x82\x43\x82\x01\x80\xa1\x20\x05").is_ok()
            && token(b"\xd2\x82\x43\x82\x01\x80\xa2\x20\x05\xf8\x3b\x81\xd8\x3c\x40").is_ok()
    );
    for bad in [
        &b"\xd1\x82\x43\x82\x01\x80\xa1\x20\x05"[..],
        b"\xd2\x82\x43\x82\x03\x80\xa1\x20\x05",
        b"\xd2\x82\x43\x82\x01\x80\xa1\x01\x05",
        b"\xd2\x82\x43\x82\x01\x80\xa2\x20\x05\xf8\x3c\x81\xd8\x3c\x40",
        b"\xd2\x82\x43\x82\x01\x80\xa2\x20\x05\xf8\x3b\x81\xd8\x3d\x40",
    ] {
        assert!(token(bad).is_err(), "{bad:x?}");
    }
    for wrong in ["a = b", "a = {", "a = uint .eq 1", "a = #6.1", "a = bstr .cbor b", "a = \"x", "= uint", "a = uint b"] {
        assert!(Cddl::parse(wrong).is_err(), "{wrong}");
    }
}
