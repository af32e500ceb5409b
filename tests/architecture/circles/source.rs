//! Reads the modules of a crate and what they import, as far as the shape of the code needs it: no types, no macros, no name lookup
//! beyond modules and `use` declarations.

use std::collections::BTreeMap;

/// A module by its names from the crate's root, which has none.
pub(super) type Module = Vec<String>;

/// The imports of one module.
#[derive(Default)]
pub(super) struct Imports {
    /// The names that `use` declarations bring into it, and what they stand for.
    pub(super) names: BTreeMap<String, Path>,
    /// Everything it names, in `use` declarations and in its code.
    pub(super) paths: Vec<Path>,
}

/// A path as it is in the code. It begins with `crate`, `self`, `super`, or the name of a child.
pub(super) type Path = Vec<String>;

/// The modules of a crate.
#[derive(Default)]
pub(super) struct Crate {
    pub(super) modules: BTreeMap<Module, Imports>,
}

impl Crate {
    /// Adds a file, and with it the modules that are written inside it. Code under `#[cfg(test)]` is left out.
    pub(super) fn add(&mut self, module: Module, text: &str) {
        self.read(module, &without_tests(&tokens(text)));
    }

    fn read(&mut self, module: Module, tokens: &[String]) {
        let mut imports = Imports::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let follows = |offset: usize, wanted: &str| tokens.get(at + offset).is_some_and(|token| token == wanted);
            match token.as_str() {
                "use" => {
                    let end = find(tokens, at, ";");
                    tree(&tokens[at + 1..end], &mut Vec::new(), &mut imports);
                    at = end;
                }
                "mod" if follows(2, "{") => {
                    let end = closing(tokens, at + 2);
                    let child = [module.as_slice(), &tokens[at + 1..at + 2]].concat();
                    self.read(child, &tokens[at + 3..end]);
                    at = end;
                }
                "crate" | "self" | "super" if follows(1, "::") && (at == 0 || tokens[at - 1] != "::") => {
                    let mut path = vec![token.clone()];
                    while tokens.get(at + 1).is_some_and(|token| token == "::") && tokens.get(at + 2).is_some_and(|next| is_name(next)) {
                        path.push(tokens[at + 2].clone());
                        at += 2;
                    }
                    imports.paths.push(path);
                }
                _ => {}
            }
            at += 1;
        }
        self.modules.insert(module, imports);
    }

    /// Returns the module that a path of `module` leads to; a name that a module only passes on leads to where it comes from. `None` is a
    /// path that leaves the crate.
    pub(super) fn resolve(&self, module: &Module, path: &[String]) -> Option<Module> {
        self.follow(module, path, 8)
    }

    fn follow(&self, module: &Module, path: &[String], steps: u8) -> Option<Module> {
        let mut at = module.clone();
        let mut rest = path;
        loop {
            match rest.first().map(String::as_str) {
                Some("crate") => at.clear(),
                Some("self") => {}
                Some("super") => drop(at.pop()),
                _ => break,
            }
            rest = &rest[1..];
        }
        let is_inside = rest.len() < path.len();
        let mut steps_down = 0;
        while let Some(name) = rest.first() {
            let child = [at.as_slice(), std::slice::from_ref(name)].concat();
            if !self.modules.contains_key(&child) {
                break;
            }
            at = child;
            rest = &rest[1..];
            steps_down += 1;
        }
        let passed_on = rest.first().and_then(|name| self.modules.get(&at)?.names.get(name));
        match passed_on {
            Some(from) if steps > 0 && from.as_slice() != path => {
                let whole = [from.as_slice(), &rest[1..]].concat();
                self.follow(&at, &whole, steps - 1)
            }
            _ if is_inside || steps_down > 0 => Some(at),
            _ => None,
        }
    }
}

/// Reads a tree of `use`, without the word.
fn tree(tokens: &[String], prefix: &mut Path, imports: &mut Imports) {
    let before = prefix.len();
    let mut at = 0;
    while tokens.get(at).is_some_and(|name| is_name(name)) && tokens.get(at + 1).is_some_and(|token| token == "::") {
        prefix.push(tokens[at].clone());
        at += 2;
    }
    match tokens.get(at).map(String::as_str) {
        Some("{") => {
            let end = closing(tokens, at);
            parts(&tokens[at + 1..end]).for_each(|part| tree(part, prefix, imports));
        }
        // Everything of a module is an import of the module.
        Some("*") => imports.paths.push(prefix.clone()),
        Some(name) => {
            let mut path = prefix.clone();
            if name != "self" || path.is_empty() {
                path.push(name.to_owned());
            }
            let bound = tokens.last().filter(|_| tokens.get(at + 1).is_some_and(|word| word == "as")).or(path.last());
            if let Some(bound) = bound.filter(|bound| *bound != "_") {
                imports.names.insert(bound.clone(), path.clone());
            }
            imports.paths.push(path);
        }
        None => {}
    }
    prefix.truncate(before);
}

/// Splits at the commas that are not in braces of their own.
fn parts(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    let mut depth = 0;
    tokens.split(move |token| {
        depth += i32::from(token == "{") - i32::from(token == "}");
        depth == 0 && token == ","
    })
}

/// Leaves out each item under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().take(MARK.len()).eq(MARK.iter()) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += MARK.len();
        while tokens.get(at).is_some_and(|token| token == "#") {
            at = find(tokens, at, "]") + 1;
        }
        while tokens.get(at).is_some_and(|token| token != ";" && token != "{") {
            at += 1;
        }
        if tokens.get(at).is_some_and(|token| token == "{") {
            at = closing(tokens, at);
        }
        at += 1;
    }
    kept
}

/// The words and marks of a source. Comments are left out, and every literal is one empty pair of quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(len) = literal(rest) {
            tokens.push("\"\"".to_owned());
            len
        } else if first.is_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..len].to_owned());
            len
        } else {
            let len = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                tokens.push(rest[..len].to_owned());
            }
            len
        };
        rest = &rest[len..];
    }
    tokens
}

/// The length of a text or character literal at the beginning, if one is there. A lifetime is not a literal.
fn literal(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'c', 'r']);
    let prefix = text.len() - body.len();
    if prefix > 2 {
        return None;
    }
    if text[..prefix].contains('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = body[hashes..].strip_prefix('"')?;
        return Some(prefix + hashes + 1 + inside.find(&end)? + end.len());
    }
    let quote = body.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    if quote == '\'' && !body.starts_with("'\\") && body[1..].chars().nth(1) != Some('\'') {
        return None;
    }
    let mut is_escaped = false;
    let end = body[1..].char_indices().find(|(_, c)| {
        let is_end = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    })?;
    Some(prefix + 1 + end.0 + 1)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn find(tokens: &[String], from: usize, wanted: &str) -> usize {
    tokens[from..].iter().position(|token| token == wanted).map_or(tokens.len(), |at| from + at)
}

/// The place of the brace that closes the one at `open`.
fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    let end = tokens[open..].iter().position(|token| {
        depth += i32::from(token == "{") - i32::from(token == "}");
        depth == 0
    });
    end.map_or(tokens.len(), |end| open + end)
}
