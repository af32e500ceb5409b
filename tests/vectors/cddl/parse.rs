//! From text to rules, by recursive descent (RFC 8610 appendix B, the part that is used).

use super::{Entry, Rule, Type};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Name(String),
    Text(String),
    Int(i128),
    /// `#6.18`: the item follows in parentheses.
    Tag(u64),
    /// `#7.59`.
    Simple(u64),
    /// `.size`, `.regexp`, `.cbor`.
    Control(String),
    /// `=`, `=>`, `..` and single characters.
    Sign(&'static str),
}

const SIGNS: [&str; 15] = ["=>", "..", "=", "/", ",", ":", "(", ")", "{", "}", "[", "]", "?", "*", "&"];

pub(super) fn rules(text: &str) -> Result<BTreeMap<String, Rule>, String> {
    let tokens = tokens(text)?;
    let mut from = Tokens(&tokens);
    let mut rules = BTreeMap::new();
    while !from.0.is_empty() {
        let name = from.name()?;
        from.sign("=")?;
        let rule = if from.next_is("(") {
            from.sign("(")?;
            Rule::Group(from.group(")")?)
        } else {
            Rule::Type(from.choice()?)
        };
        if rules.insert(name.clone(), rule).is_some() {
            return Err(format!("{name} stands twice"));
        }
    }
    Ok(rules)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(found) };
        if first == ';' {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(after) = rest.strip_prefix('"') {
            let (text, after) = after.split_once('"').ok_or("a text without its end")?;
            found.push(Token::Text(text.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("#6.").or_else(|| rest.strip_prefix("#7.")) {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let number = after[..end].parse().map_err(|_| "a tag without its number")?;
            found.push(if rest.starts_with("#6") { Token::Tag(number) } else { Token::Simple(number) });
            rest = &after[end..];
        } else if first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let end = 1 + rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
            found.push(Token::Int(rest[..end].parse().map_err(|_| "a number too large")?));
            rest = &rest[end..];
        } else if first.is_ascii_alphabetic() || first == '.' && !rest.starts_with("..") {
            let end = 1 + rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len() - 1);
            let word = rest[..end].to_owned();
            found.push(if first == '.' { Token::Control(word) } else { Token::Name(word) });
            rest = &rest[end..];
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(|| format!("{first:?} is not known here"))?;
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
}

struct Tokens<'t>(&'t [Token]);

impl Tokens<'_> {
    fn take(&mut self) -> Result<Token, String> {
        let (first, rest) = self.0.split_first().ok_or("the text ends too early")?;
        self.0 = rest;
        Ok(first.clone())
    }

    fn next_is(&self, sign: &str) -> bool {
        matches!(self.0.first(), Some(Token::Sign(found)) if *found == sign)
    }

    fn sign(&mut self, sign: &str) -> Result<(), String> {
        match self.take()? {
            Token::Sign(found) if found == sign => Ok(()),
            other => Err(format!("{other:?} stands where {sign} must")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.take()? {
            Token::Name(name) => Ok(name),
            other => Err(format!("{other:?} is no name")),
        }
    }

    fn int(&mut self) -> Result<i128, String> {
        match self.take()? {
            Token::Int(number) => Ok(number),
            other => Err(format!("{other:?} is no number")),
        }
    }

    fn choice(&mut self) -> Result<Type, String> {
        let mut types = vec![self.one()?];
        while self.next_is("/") {
            self.sign("/")?;
            types.push(self.one()?);
        }
        Ok(if types.len() == 1 { types.remove(0) } else { Type::Choice(types) })
    }

    fn one(&mut self) -> Result<Type, String> {
        let simple = match self.take()? {
            Token::Name(name) => Type::Name(name),
            Token::Text(text) => Type::Text(text),
            Token::Int(least) if self.next_is("..") => {
                self.sign("..")?;
                Type::Range(least, self.int()?)
            }
            Token::Int(number) => Type::Int(number),
            Token::Simple(number) => Type::Simple(number),
            Token::Tag(number) => {
                self.sign("(")?;
                let inner = self.choice()?;
                self.sign(")")?;
                Type::Tag(number, Box::new(inner))
            }
            Token::Sign("{") => Type::Map(self.group("}")?),
            Token::Sign("[") => Type::Array(self.group("]")?),
            Token::Sign("&") => {
                self.sign("(")?;
                Type::Enumeration(self.group(")")?)
            }
            other => return Err(format!("{other:?} begins no type")),
        };
        match self.0.first() {
            Some(Token::Control(control)) => {
                let control = control.clone();
                self.take()?;
                self.controlled(simple, &control)
            }
            _ => Ok(simple),
        }
    }

    fn controlled(&mut self, of: Type, control: &str) -> Result<Type, String> {
        let of = Box::new(of);
        match (control, self.take()?) {
            (".regexp", Token::Text(pattern)) => Ok(Type::Regexp(of, pattern)),
            (".cbor", Token::Name(name)) => Ok(Type::Cbor(of, name)),
            (".size", Token::Int(size)) => {
                let size = u64::try_from(size).map_err(|_| "a size below nothing")?;
                Ok(Type::Size(of, size, size))
            }
            (".size", Token::Sign("(")) => {
                let (least, (), most) = (self.int()?, self.sign("..")?, self.int()?);
                self.sign(")")?;
                let bound = |size| u64::try_from(size).map_err(|_| "a size below nothing");
                Ok(Type::Size(of, bound(least)?, bound(most)?))
            }
            (other, _) => Err(format!("{other} is not known here")),
        }
    }

    fn group(&mut self, end: &str) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        while !self.next_is(end) {
            entries.push(self.entry()?);
            if self.next_is(",") {
                self.sign(",")?;
            } else if !self.next_is(end) {
                return Err(format!("neither a comma nor {end}: {:?}", self.0.first()));
            }
        }
        self.sign(end)?;
        Ok(entries)
    }

    fn entry(&mut self) -> Result<Entry, String> {
        let (least, most) = self.occurrence()?;
        let key = match self.0 {
            [Token::Name(name) | Token::Text(name), Token::Sign(":"), ..] => Some(Type::Text(name.clone())),
            [Token::Int(number), Token::Sign("=>"), ..] => Some(Type::Int(*number)),
            [Token::Name(name), Token::Sign("=>"), ..] => Some(Type::Name(name.clone())),
            [Token::Text(text), Token::Sign("=>"), ..] => Some(Type::Text(text.clone())),
            [Token::Simple(number), Token::Sign("=>"), ..] => Some(Type::Simple(*number)),
            _ => None,
        };
        if key.is_some() {
            self.0 = &self.0[2..];
        }
        Ok(Entry { least, most, key, value: self.choice()? })
    }

    fn occurrence(&mut self) -> Result<(usize, usize), String> {
        let size = |number: &i128| usize::try_from(*number).map_err(|_| "too many".to_owned());
        let (found, used) = match self.0 {
            [Token::Sign("?"), ..] => ((0, 1), 1),
            [Token::Sign("*"), ..] => ((0, usize::MAX), 1),
            [Token::Int(least), Token::Sign("*"), Token::Int(most), ..] => ((size(least)?, size(most)?), 3),
            [Token::Int(least), Token::Sign("*"), ..] => ((size(least)?, usize::MAX), 2),
            _ => ((1, 1), 0),
        };
        self.0 = &self.0[used..];
        Ok(found)
    }
}
