//! Reads the prose out of a source: its comments by paragraph, and its string literals.

/// A piece of prose that belongs together.
pub(super) struct Paragraph {
    /// The line on which it begins.
    pub(super) line: usize,
    /// Its words, without the marks of comments.
    pub(super) text: String,
    /// False for headings and for rows of a table.
    pub(super) is_sentence: bool,
}

impl Paragraph {
    pub(super) fn join(&mut self, line: &str) {
        self.text.push(' ');
        self.text.push_str(line);
    }
}

enum Piece<'s> {
    /// A comment with its slashes, and whether it has its line for itself.
    Comment(&'s str, bool),
    /// The inside of a string literal.
    Text(&'s str),
}

/// Returns the source up to a module of tests inside it.
pub(super) fn without_tests(source: &str) -> &str {
    let ends = source.match_indices("#[cfg(test)]\n").map(|(at, _)| at);
    let is_module = |at: &usize| {
        let after = source[*at..].lines().skip(1).find(|line| !line.starts_with("#["));
        after.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    ends.into_iter().find(is_module).map_or(source, |at| &source[..at])
}

/// Returns the paragraphs of all comments: list items, rows of tables and blank lines end one. Fenced code is left out.
pub(super) fn comments(source: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut before: Option<(usize, &str)> = None;
    let (mut is_code, mut is_open) = (false, false);
    for (line, piece) in pieces(source) {
        let Piece::Comment(comment, is_alone) = piece else { continue };
        let text = comment.trim_start_matches('/').trim_start_matches('!');
        let kind = &comment[..comment.len() - text.len()];
        let text = text.trim();
        let goes_on = is_alone && before == Some((line - 1, kind));
        before = is_alone.then_some((line, kind));
        is_code &= goes_on;
        is_open &= goes_on;
        if text.starts_with("```") {
            (is_code, is_open) = (!is_code, false);
            continue;
        }
        let is_part = text.starts_with(['|', '#']);
        let item = text.strip_prefix("- ").or_else(|| text.split_once(". ").filter(|(n, _)| n.parse::<u8>().is_ok()).map(|(_, rest)| rest));
        if is_code || text.is_empty() {
            is_open = false;
        } else if is_part || item.is_some() || !is_open {
            found.push(Paragraph { line, text: item.unwrap_or(text).to_owned(), is_sentence: !is_part });
            is_open = !is_part;
        } else if let Some(last) = found.last_mut() {
            last.join(text);
        }
    }
    found
}

/// Returns the string literals.
pub(super) fn messages(source: &str) -> Vec<Paragraph> {
    let texts = pieces(source).into_iter().filter_map(|(line, piece)| match piece {
        Piece::Text(text) => Some((line, text)),
        Piece::Comment(..) => None,
    });
    let text = |text: &str| text.split('\n').map(|line| line.trim_start().trim_end_matches('\\')).collect();
    texts.map(|(line, inside)| Paragraph { line, text: text(inside), is_sentence: false }).collect()
}

/// Cuts a source into comments and string literals, each with its line. Everything between them is left out.
fn pieces(source: &str) -> Vec<(usize, Piece<'_>)> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let length = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            let start = source[..at].rfind('\n').map_or(0, |before| before + 1);
            found.push((line, Piece::Comment(&rest[..length], source[start..at].trim().is_empty())));
            length
        } else if let Some((opening, inside)) = raw_text(&source[..at], rest) {
            found.push((line, Piece::Text(inside)));
            2 * opening + inside.len() - 1
        } else if let Some(inside) = rest.strip_prefix('"') {
            let end = unescaped(inside, '"');
            found.push((line, Piece::Text(&inside[..end])));
            end + 2
        } else if let Some(inside) = rest.strip_prefix('\'') {
            // A character, and not a lifetime, ends within one character or one escape.
            let end = unescaped(inside, '\'');
            let is_character = inside[..end].chars().count() == 1 || inside.starts_with('\\');
            if is_character { end + 2 } else { 1 }
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

/// Returns the length of what opens a raw string at the start of `rest`, with the inside of the string.
fn raw_text<'s>(before: &str, rest: &'s str) -> Option<(usize, &'s str)> {
    let hashes = rest.strip_prefix('r')?.split('"').next().filter(|hashes| hashes.chars().all(|c| c == '#'))?;
    if before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let opening = hashes.len() + 2;
    let inside = rest.get(opening..)?;
    Some((opening, &inside[..inside.find(&format!("\"{hashes}"))?]))
}

/// Returns where `end` comes first that no backslash escapes.
fn unescaped(text: &str, end: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == end && !is_escaped {
            return at;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}
