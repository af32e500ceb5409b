//! A strict N-Quads reader (RDF 1.1 N-Quads, §7) for tests: canonical forms are read back, and other people's vectors read in.

use crate::canon::rdf::{Dataset, Literal, Node, Quad, Term};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// The place where reading stopped: how many bytes were left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed(usize);

/// The dataset, and the label of each of its blank nodes in the order of their numbers.
pub(crate) fn read(text: &str) -> Result<(Dataset<'_>, Vec<&str>), Malformed> {
    let mut reader = Reader { rest: text, numbers: BTreeMap::new(), labels: Vec::new(), dataset: Dataset::new() };
    reader.document().ok_or(Malformed(reader.rest.len()))?;
    Ok((reader.dataset, reader.labels))
}

struct Reader<'t> {
    rest: &'t str,
    numbers: BTreeMap<&'t str, u32>,
    labels: Vec<&'t str>,
    dataset: Dataset<'t>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Option<()> {
        loop {
            self.skip_space();
            if !self.rest.starts_with(['\n', '\r', '#']) && !self.rest.is_empty() {
                self.statement()?;
                self.skip_space();
            }
            if self.rest.starts_with('#') {
                self.take_while(|char| !matches!(char, '\n' | '\r'));
            }
            if self.rest.is_empty() {
                return Some(());
            }
            self.expect_any(['\n', '\r'])?;
        }
    }

    fn statement(&mut self) -> Option<()> {
        let subject = self.node()?;
        self.skip_space();
        let predicate = self.iri()?;
        self.skip_space();
        let object = if self.rest.starts_with('"') { Term::Literal(self.literal()?) } else { self.node()?.into() };
        self.skip_space();
        let graph = if self.rest.starts_with('.') { None } else { Some(self.node()?) };
        self.skip_space();
        self.expect('.')?;
        self.dataset.push(Quad { subject, predicate, object, graph });
        Some(())
    }

    fn node(&mut self) -> Option<Node<'t>> {
        if self.rest.starts_with('<') { self.iri().map(Node::Iri) } else { self.blank().map(Node::Blank) }
    }

    fn iri(&mut self) -> Option<Cow<'t, str>> {
        self.expect('<')?;
        let written = self.take_while(|char| char != '>');
        self.expect('>')?;
        if written.contains(|char| is_forbidden(char) && char != '\\') {
            return None;
        }
        let iri = unescape(written, |_| None)?;
        let scheme = iri.split_once(':')?.0;
        let absolute = scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            && scheme.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'));
        (absolute && !iri.contains(is_forbidden)).then_some(iri)
    }

    /// `BLANK_NODE_LABEL`, with letters and digits of all scripts for the ranges of `PN_CHARS`. Dots stand inside only.
    fn blank(&mut self) -> Option<u32> {
        self.rest = self.rest.strip_prefix("_:")?;
        let before = self.rest;
        let taken = self.take_while(|char| char.is_alphanumeric() || matches!(char, '_' | ':' | '-' | '.' | '\u{b7}'));
        let label = taken.trim_end_matches('.');
        self.rest = &before[label.len()..];
        if !label.starts_with(|char: char| char.is_alphanumeric() || matches!(char, '_' | ':')) {
            return None;
        }
        Some(*self.numbers.entry(label).or_insert_with(|| {
            self.labels.push(label);
            self.dataset.fresh_blank()
        }))
    }

    fn literal(&mut self) -> Option<Literal<'t>> {
        self.expect('"')?;
        let mut escaped = false;
        let written = self.take_while(|char| {
            let inside = escaped || char != '"';
            escaped = !escaped && char == '\\';
            inside
        });
        self.expect('"')?;
        if written.contains(['\n', '\r']) {
            return None;
        }
        let value = unescape(written, |char| {
            Some(match char {
                't' => '\t',
                'b' => '\x08',
                'n' => '\n',
                'r' => '\r',
                'f' => '\x0c',
                '"' | '\'' | '\\' => char,
                _ => return None,
            })
        })?;
        if let Some(rest) = self.rest.strip_prefix("^^") {
            self.rest = rest;
            return Some(Literal::typed(value, self.iri()?));
        }
        if self.rest.starts_with('@') {
            self.expect('@')?;
            let tag = self.take_while(|char| char.is_ascii_alphanumeric() || char == '-');
            let (first, more) = tag.split_once('-').map_or((tag, None), |(first, more)| (first, Some(more)));
            let whole = !first.is_empty()
                && first.chars().all(|char| char.is_ascii_alphabetic())
                && more.is_none_or(|more| more.split('-').all(|part| !part.is_empty()));
            return whole.then(|| Literal::tagged(value, tag));
        }
        Some(Literal::plain(value))
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take_while(&mut self, mut inside: impl FnMut(char) -> bool) -> &'t str {
        let (taken, rest) = self.rest.split_at(self.rest.find(|char| !inside(char)).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn expect(&mut self, char: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(char)?;
        Some(())
    }

    fn expect_any(&mut self, chars: [char; 2]) -> Option<()> {
        self.rest = self.rest.strip_prefix(chars)?;
        Some(())
    }
}

/// Which characters an IRI must not have (`IRIREF`).
fn is_forbidden(char: char) -> bool {
    char <= ' ' || matches!(char, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\')
}

/// Undoes `\u` and `\U`, and what `short` knows.
fn unescape(written: &str, short: impl Fn(char) -> Option<char>) -> Option<Cow<'_, str>> {
    if !written.contains('\\') {
        return Some(Cow::Borrowed(written));
    }
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let kind = escape.chars().next()?;
        let digits = match kind {
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let end = kind.len_utf8() + digits;
        let hex = escape.get(kind.len_utf8()..end)?;
        text.push(match kind {
            'u' | 'U' if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => char::from_u32(u32::from_str_radix(hex, 16).ok()?)?,
            'u' | 'U' => return None,
            _ => short(kind)?,
        });
        rest = &escape[end..];
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}
