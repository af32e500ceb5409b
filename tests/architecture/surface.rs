//! How much each library offers. A small surface is one that can be read, kept and changed.

use super::product::shipped;
use super::{ROOMS, root, walk};

/// Public items in a thousand lines of code that these crates may have. They fall and never rise; the aim is 25.
const BOUNDS: [(&str, f64); 2] = [("credential", 48.7), ("trust", 68.5)];

const ITEMS: [&str; 10] = ["fn ", "const fn ", "async fn ", "struct ", "enum ", "trait ", "const ", "type ", "mod ", "use "];

/// Returns true if the line declares something that other crates may use. A re-export of several names counts once.
fn is_public(line: &str) -> bool {
    line.trim_start().strip_prefix("pub ").is_some_and(|item| ITEMS.iter().any(|kind| item.starts_with(kind)))
}

#[test]
fn the_public_surface_does_not_grow() {
    let mut wrong = Vec::new();
    for room in ROOMS.into_iter().filter(|room| !["cli", "xtask"].contains(room)) {
        let mut sources = Vec::new();
        walk(&root().join(room), &mut sources);
        let lines: Vec<String> = sources.iter().flat_map(|path| shipped(path)).collect();
        let public = lines.iter().filter(|line| is_public(line)).count();
        let count = |number: usize| f64::from(u32::try_from(number).expect("a number of lines"));
        let share = count(public) * 1000.0 / count(lines.len());
        println!("{room:<10}  {public:>4} public items, {:>5} lines of code, {share:>5.1} in a thousand", lines.len());
        if let Some((_, bound)) = BOUNDS.iter().find(|(bounded, bound)| *bounded == room && share > *bound) {
            wrong.push(format!("{room} has {share:.1} public items in a thousand lines; {bound} are allowed"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_what_others_may_use_is_counted() {
    let counted = ["pub fn a() {", "    pub const fn b() {", "pub use a::{", "pub struct C {", "pub mod d;"];
    assert!(counted.into_iter().all(is_public));
    let others = ["pub(crate) fn a() {", "fn b() {", "    pub name: String,", "use c::d;", "pub(super) mod e;"];
    assert!(!others.into_iter().any(is_public));
}
