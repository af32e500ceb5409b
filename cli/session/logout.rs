//! The login of the person who opened a session, as systemd-logind knows it.

use std::path::{Path, PathBuf};

/// A file that is there as long as the person is logged in.
pub(super) struct Login(Option<PathBuf>);

impl Login {
    /// Returns the login that this process belongs to. `None` inside if nothing keeps logins here.
    pub(super) fn of_this_process() -> Self {
        Self::named(Path::new("/run/systemd/sessions"), std::env::var("XDG_SESSION_ID").ok().as_deref())
    }

    fn named(folder: &Path, id: Option<&str>) -> Self {
        let is_name = |id: &&str| !id.is_empty() && id.chars().all(char::is_alphanumeric);
        Self(id.filter(is_name).map(|id| folder.join(id)).filter(|file| file.exists()))
    }

    /// Returns true if it was there and is over.
    pub(super) fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|file| !file.exists())
    }
}

#[cfg(test)]
mod tests {
    use super::Login;

    #[test]
    fn a_login_ends_with_its_file() {
        let dir = tempfile::tempdir().expect("temporary folder");
        std::fs::write(dir.path().join("c7"), "UID=1000").expect("written");
        let login = Login::named(dir.path(), Some("c7"));
        assert!(!login.is_over());
        std::fs::remove_file(dir.path().join("c7")).expect("removed");
        assert!(login.is_over());
        for id in [None, Some(""), Some("c8"), Some("../c7")] {
            assert!(!Login::named(dir.path(), id).is_over(), "{id:?}");
        }
    }
}
