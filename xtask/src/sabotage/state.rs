//! The entries that earlier runs saw caught, so that all entries can be run in pieces.

use super::check::Check;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file with a line `MARK NAME SECONDS` for each entry that was caught. The mark changes with the entry and with the file it changes, so
/// that such an entry is run again.
pub(super) struct State {
    file: PathBuf,
    root: PathBuf,
    caught: BTreeSet<String>,
}

impl State {
    /// Returns the state that is kept in `file`, of the workspace at `root`. Nothing is read yet.
    pub(super) fn at(file: PathBuf, root: &Path) -> Self {
        Self { file, root: root.to_owned(), caught: BTreeSet::new() }
    }

    /// Reads what earlier runs left.
    pub(super) fn read(&mut self) {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        self.caught = text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    }

    /// Returns true if an earlier run saw this entry caught, in this file.
    pub(super) fn has(&self, check: &Check) -> bool {
        self.caught.contains(&self.mark(check))
    }

    /// Adds an entry that was caught.
    pub(super) fn add(&mut self, check: &Check, took: Duration) -> Result<(), String> {
        let line = format!("{} {} {}\n", self.mark(check), check.name, took.as_secs());
        let kept = OpenOptions::new().create(true).append(true).open(&self.file).and_then(|mut file| file.write_all(line.as_bytes()));
        kept.map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }

    fn mark(&self, check: &Check) -> String {
        let mut hasher = DefaultHasher::new();
        check.hash(&mut hasher);
        fs::read(self.root.join(&check.file)).unwrap_or_default().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::State;
    use crate::sabotage::check::tests::check;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn what_was_caught_is_left_out_until_it_changes() {
        let root = std::env::temp_dir().join(format!("waypass-sabotage-{}", std::process::id()));
        fs::create_dir_all(root.join("trust")).expect("a folder");
        fs::write(root.join("trust/a.rs"), "first").expect("written");
        let state = || {
            let mut state = State::at(root.join("caught"), &root);
            state.read();
            state
        };
        let (one, changed) = (check("one", "trust/a.rs", &["--lib"]), check("one", "trust/a.rs", &["--test", "vectors"]));
        assert!(!state().has(&one), "nothing was run");
        state().add(&one, Duration::ZERO).expect("kept");
        assert!(state().has(&one) && !state().has(&changed));
        fs::write(root.join("trust/a.rs"), "second").expect("written");
        assert!(!state().has(&one), "the file is another one");
        fs::remove_dir_all(&root).expect("our folder");
    }
}
