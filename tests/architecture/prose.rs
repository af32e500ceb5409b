//! The rules of CONTRIBUTING.md "How we write", as far as a program can hold them: banned words and headless openings.
//!
//! Code in backticks and in fences is not prose.

use super::{is_test, root, rust_sources, walk};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

mod source;

use source::{Paragraph, comments, messages};

/// Words that neither documents nor comments nor messages may have. CONTRIBUTING.md says what to write instead.
const BANNED: [&str; 25] = [
    "is none",
    "are none",
    "is no key",
    "are no key",
    "is no part of",
    "are no part of",
    "nobody has",
    "whoever",
    "made over",
    "for nothing else",
    "the same with",
    "the same for",
    "beside",
    "lets go of",
    "let go of",
    "stands in",
    "stand in",
    "stands next",
    "stands before",
    "stands after",
    "stands behind",
    "stands under",
    "stands twice",
    "stands first",
    "stands among",
];
/// How many sentences of 1,000 words of comments, or of documents, may open with a bare What, Whether, Where, Who or Until when.
const HEADLESS_PER_1000_WORDS: f64 = 1.0;
const HEADLESS: [&str; 5] = ["What", "Whether", "Where", "Who", "Until when"];

/// Prose with its file and line.
struct Said {
    path: String,
    paragraphs: Vec<Paragraph>,
}

impl Said {
    /// Returns how many words of prose there are, with the sentences that open without a head.
    fn measure(&self) -> (usize, Vec<String>) {
        let texts = self.paragraphs.iter().filter(|paragraph| paragraph.is_sentence);
        let mut found = Vec::new();
        let mut words = 0;
        for paragraph in texts {
            words += paragraph.text.split_whitespace().count();
            for sentence in sentences(&paragraph.text).filter(|sentence| is_headless(sentence)) {
                found.push(format!("{}:{}: {sentence}", self.path, paragraph.line));
            }
        }
        (words, found)
    }

    /// Adds the places of each banned word to `found`.
    fn banned(&self, found: &mut BTreeMap<&'static str, Vec<String>>) {
        for paragraph in &self.paragraphs {
            let text = without_code(&paragraph.text).to_lowercase();
            for word in BANNED {
                for _ in 0..occurrences(&text, word) {
                    found.entry(word).or_default().push(format!("{}:{}: {}", self.path, paragraph.line, paragraph.text));
                }
            }
        }
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.match_indices(['.', '!', '?']).map(|(at, _)| at + 1).filter(|at| text[*at..].starts_with([' ', '"', ')']));
    let mut start = 0;
    ends.chain([text.len()]).map(move |end| text[std::mem::replace(&mut start, end)..end].trim_start_matches(['"', ')', ' ']))
}

fn is_headless(sentence: &str) -> bool {
    let opens = |word: &str| sentence.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
    HEADLESS.into_iter().any(opens) && !sentence.trim_end().ends_with('?')
}

/// Returns `text` with every span in backticks removed.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("_")
}

/// Counts `word` in `text`, as whole words only.
fn occurrences(text: &str, word: &str) -> usize {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let whole = |at: usize| !text[..at].ends_with(is_letter) && !text[at + word.len()..].starts_with(is_letter);
    text.match_indices(word).filter(|(at, _)| whole(*at)).count()
}

/// Reads a document: paragraphs, list items, headings and rows of tables, without fenced code.
fn document(path: &Path) -> Said {
    let text = fs::read_to_string(path).expect("a page");
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let (mut is_code, mut is_open) = (false, false);
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        is_code ^= line.starts_with("```");
        let is_prose = !line.is_empty() && !is_code && !line.starts_with("```") && !line.starts_with("<!--");
        let is_part = line.starts_with(['|', '#']);
        let item = line.strip_prefix("- ").or_else(|| line.split_once(". ").filter(|(n, _)| n.parse::<u8>().is_ok()).map(|(_, rest)| rest));
        match (is_prose, is_part || item.is_some() || !is_open) {
            (false, _) => {}
            (true, true) => {
                paragraphs.push(Paragraph { line: number, text: item.unwrap_or(line).to_owned(), is_sentence: !is_part });
            }
            (true, false) => paragraphs.last_mut().expect("an open paragraph").join(line),
        }
        is_open = is_prose && !is_part;
    }
    Said { path: shown(path), paragraphs }
}

fn documents() -> Vec<Said> {
    let pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let pages = pages.into_iter().chain(["tests/peers/README.md", "tests/vectors/waypass/README.md"]);
    let mut paths: Vec<PathBuf> = pages.map(|name| root().join(name)).collect();
    paths.extend(super::book::book(&root().join("docs/src")));
    paths.extend(super::book::book(&root().join("docs/decisions")));
    paths.iter().map(|path| document(path)).collect()
}

/// Reads the comments of all sources, those of tests too, and apart from them the texts in the code of the product: messages, and help
/// that is not a comment.
fn workspace() -> (Vec<Said>, Vec<Said>) {
    let mut sources = rust_sources();
    let product: Vec<PathBuf> = sources.iter().filter(|path| !is_test(path)).cloned().collect();
    walk(&root().join("tests"), &mut sources);
    let read = |path: &PathBuf| fs::read_to_string(path).expect("source");
    let said = |path: &PathBuf, paragraphs: Vec<Paragraph>| Said { path: shown(path), paragraphs };
    let comments = sources.iter().map(|path| said(path, comments(&read(path)))).collect();
    let messages = product.iter().map(|path| said(path, messages(source::without_tests(&read(path))))).collect();
    (comments, messages)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).expect("inside").display().to_string()
}

#[test]
fn documents_comments_and_messages_have_no_banned_word() {
    let mut found = BTreeMap::new();
    let documents = documents();
    let (comments, messages) = workspace();
    assert!(documents.len() > 50 && comments.len() > 250, "only {} documents and {} sources", documents.len(), comments.len());
    documents.iter().chain(&comments).chain(&messages).for_each(|said| said.banned(&mut found));
    assert!(found.is_empty(), "CONTRIBUTING.md says what to write instead: {found:#?}");
}

#[test]
fn few_sentences_open_without_a_head() {
    for (name, said, least) in [("comments", workspace().0, 90_000), ("documents", documents(), 15_000)] {
        let (mut words, mut found) = (0, Vec::new());
        for (more, headless) in said.iter().map(Said::measure) {
            words += more;
            found.extend(headless);
        }
        #[expect(clippy::cast_precision_loss, reason = "a measure with two places")]
        let share = found.len() as f64 * 1000.0 / words as f64;
        println!("{name}: {words} words, {} headless sentences, {share:.2} in 1,000 words", found.len());
        assert!(words > least, "only {words} words of {name} were read");
        assert!(share <= HEADLESS_PER_1000_WORDS, "{name}: {share:.2} headless sentences in 1,000 words\n{}", found.join("\n"));
    }
}

#[test]
fn the_measure_sees_what_it_shall_see() {
    let source = "//! What it is. Where? `Who`\n\n/// Reads it. Whether\n/// it is: one. Whatever.\nlet x = \"stands \\\n  in \\\" it\"; // beside\nlet c = '\"'; // r\"whoever\"\n#[cfg(test)]\nmod tests {\n// is none\n";
    let source = source::without_tests(source);
    let said = Said { path: String::new(), paragraphs: comments(source) };
    let headless = said.measure().1;
    assert_eq!(headless, [":1: What it is.", ":3: Whether it is: one."]);
    let mut found = BTreeMap::new();
    said.banned(&mut found);
    Said { path: String::new(), paragraphs: messages(source) }.banned(&mut found);
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["beside", "stands in", "whoever"]);
    assert_eq!(occurrences("besides, beside; is none-such", "beside"), 1);
}
