//! The list of the built files, which the program compiles in.

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs;
use std::path::Path;

/// The files of a folder by name, with SHA-256 and size.
pub(crate) struct List(Vec<Entry>);

struct Entry {
    name: String,
    sha256: String,
    bytes: usize,
}

/// Returns the list of a folder's files.
pub(crate) fn of(folder: &Path) -> Result<List, String> {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let content = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let sha256 = Sha256::digest(&content).iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        entries.push(Entry { name, sha256, bytes: content.len() });
    }
    entries.sort_by(|one, next| one.name.cmp(&next.name));
    if entries.is_empty() { Err(format!("nothing was built in {}", folder.display())) } else { Ok(List(entries)) }
}

impl List {
    /// Returns the lines that the program compiles in.
    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|Entry { name, sha256, .. }| format!("{sha256}  {name}\n")).collect();
        lines.concat()
    }

    /// Writes the list, unless it is there already: a newer file would have the program built again.
    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        let text = self.text();
        if fs::read_to_string(file).is_ok_and(|there| there == text) {
            return Ok(());
        }
        fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
    }

    /// Returns how much a browser loads at first: of each file the smaller form.
    pub(crate) fn summary(&self) -> String {
        let compressed = |entry: &Entry| self.0.iter().find(|other| other.name.strip_suffix(".br") == Some(&entry.name));
        let plain = self.0.iter().filter(|entry| entry.name.strip_suffix(".br").is_none());
        let sent: usize = plain.map(|entry| compressed(entry).unwrap_or(entry).bytes).sum();
        format!("{} files, {} kB to load at first", self.0.len(), sent.div_ceil(1000))
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Entry { name, bytes, .. }| writeln!(f, "{bytes:>10}  {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, List};

    #[test]
    fn the_first_load_counts_the_smaller_form() {
        let entry = |name: &str, bytes| Entry { name: name.into(), sha256: "0".repeat(64), bytes };
        let list = List(vec![entry("a.js", 9000), entry("a.js.br", 3000), entry("b.svg", 500)]);
        assert_eq!(list.summary(), "3 files, 4 kB to load at first");
        assert_eq!(list.to_string(), "      9000  a.js\n      3000  a.js.br\n       500  b.svg\n");
    }
}
