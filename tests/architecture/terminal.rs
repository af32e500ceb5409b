//! Text for people leaves the program in one place.

use super::{root, walk};
use std::fs;

/// Nothing in the command line but `output.rs` writes to the two streams, so that nothing goes past what makes text safe. Line breaks are not in a
/// message: there they would be a stranger's, and are made visible. Several lines are several pieces of text.
#[test]
fn text_leaves_by_one_door() {
    let mut sources = Vec::new();
    walk(&root().join("cli"), &mut sources);
    assert!(sources.len() > 30, "only {} files", sources.len());
    let mut wrong = Vec::new();
    for path in sources.iter().filter(|path| !path.ends_with("cli/output.rs")) {
        let text = fs::read_to_string(path).expect("source");
        for (number, line) in text.lines().enumerate() {
            let past = ["anstream::stdout()", "anstream::stderr()", "println!(", "eprint", "write!(std::io", "writeln!(std::io"];
            let message = ["out.words(", "out.note(", "out.warn(", "out.detail("];
            let says = |names: &[&str]| names.iter().any(|name| line.contains(name));
            if says(&past) || says(&message) && line.contains("\\n") {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
