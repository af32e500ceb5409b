//! Compiles the Fluent files into tables: parsed once here, and never when the program starts. A file that says something the tables
//! cannot hold, or a message that one language lacks or that has other arguments there, does not build.

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use fluent_syntax::parser;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// English is the source of the others.
const LANGUAGES: [(&str, &str); 4] = [("en", "ENGLISH"), ("fr", "FRENCH"), ("de", "GERMAN"), ("ar", "ARABIC")];

/// A message: the Rust expression of its pattern, and its arguments.
type Messages = BTreeMap<(String, String), (String, BTreeSet<String>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut source = String::new();
    let mut english: Option<Messages> = None;
    for (tag, name) in LANGUAGES {
        let path = Path::new("fluent").join(format!("{tag}.ftl"));
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)?;
        let messages = read(&text).map_err(|why| format!("{}: {why}", path.display()))?;
        if let Some(english) = &english {
            compare(english, &messages).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        writeln!(source, "pub(crate) static {name}: &[Entry] = &[")?;
        for ((id, attribute), (pattern, _)) in &messages {
            writeln!(source, "    (({id:?}, {attribute:?}), {pattern}),")?;
        }
        writeln!(source, "];")?;
        english.get_or_insert(messages);
    }
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    fs::write(Path::new(&out).join("tables.rs"), source)?;
    Ok(())
}

/// Finds a message that is missing, is too many, or has other arguments than in English.
fn compare(english: &Messages, other: &Messages) -> Result<(), String> {
    for ((id, attribute), (_, arguments)) in english {
        let shown = format!("`{id}` {attribute}");
        let Some((_, own)) = other.get(&(id.clone(), attribute.clone())) else { return Err(format!("{shown} is missing")) };
        if own != arguments {
            return Err(format!("{shown} has the arguments {own:?}, and in English {arguments:?}"));
        }
    }
    match other.keys().find(|key| !english.contains_key(*key)) {
        Some((id, attribute)) => Err(format!("`{id}` {attribute} is not in English")),
        None => Ok(()),
    }
}

fn read(text: &str) -> Result<Messages, String> {
    let resource = parser::parse(text).map_err(|(_, errors)| format!("{errors:?}"))?;
    let mut messages = Messages::new();
    for entry in &resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            other => return Err(format!("only messages and comments are understood: {other:?}")),
        };
        let attributes = message.attributes.iter().map(|attribute| (attribute.id.name, &attribute.value));
        for (attribute, pattern) in message.value.iter().map(|value| ("", value)).chain(attributes) {
            let mut arguments = BTreeSet::new();
            let compiled = compile(pattern, &mut arguments)?;
            let key = (message.id.name.to_owned(), attribute.to_owned());
            if messages.insert(key, (compiled, arguments)).is_some() {
                return Err(format!("`{}` {attribute} is there twice", message.id.name));
            }
        }
    }
    Ok(messages)
}

fn compile(pattern: &Pattern<&str>, arguments: &mut BTreeSet<String>) -> Result<String, String> {
    let mut out = String::from("&[");
    for element in &pattern.elements {
        let part = match element {
            PatternElement::TextElement { value } => format!("Part::Text({value:?})"),
            PatternElement::Placeable { expression: Expression::Inline(InlineExpression::StringLiteral { value }) } => {
                format!("Part::Text({value:?})")
            }
            PatternElement::Placeable { expression: Expression::Inline(InlineExpression::VariableReference { id }) } => {
                arguments.insert(id.name.to_owned());
                format!("Part::Argument({:?})", id.name)
            }
            PatternElement::Placeable {
                expression: Expression::Select { selector: InlineExpression::VariableReference { id }, variants },
            } => {
                arguments.insert(id.name.to_owned());
                let mut cases = String::new();
                let mut other = None;
                for variant in variants {
                    let VariantKey::Identifier { name } = variant.key else {
                        return Err(format!("only plural categories choose: {:?}", variant.key));
                    };
                    let compiled = compile(&variant.value, arguments)?;
                    if variant.default {
                        other = Some(compiled);
                    } else {
                        let category = category(name)?;
                        cases.extend(["(Category::", category, ", ", compiled.as_str(), "), "]);
                    }
                }
                let other = other.ok_or("a choice without a default")?;
                format!("Part::Choice {{ by: {:?}, cases: &[{cases}], other: {other} }}", id.name)
            }
            PatternElement::Placeable { expression } => return Err(format!("this is not understood: {expression:?}")),
        };
        out.push_str(&part);
        out.push_str(", ");
    }
    out.push(']');
    Ok(out)
}

fn category(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "zero" => "Zero",
        "one" => "One",
        "two" => "Two",
        "few" => "Few",
        "many" => "Many",
        other => return Err(format!("`{other}` is not a plural category, or has to be the default")),
    })
}
