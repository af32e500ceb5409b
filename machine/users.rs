//! The people who share a device: a folder for each, with a wallet of its own in it.
//!
//! The name of a folder does not tell whose it is: it has a random salt, and the SHA-256 of the salt and the person's name. Who has the
//! files can try names. A name is written down only for a person who wants to be on the device's list.

use crate::durable;
use crate::entropy::SystemRng;
use rand_core::Rng as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use waypass_credential::hex;

/// Bytes of the salt, and of the digest, in the name of a folder.
const PART: usize = 16;
/// The file with the name of a person who is on the list.
const LISTED: &str = "name";
/// The file that says that administrators made room for a wallet.
const PERMIT: &str = "permit";
/// The most characters of a name.
const MAX_NAME: usize = 64;

/// The name by which a person is called on this device. Upper and lower case, and space around it, make no difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserName(String);

impl UserName {
    /// Returns the name, or `None` for a text that is empty, too long, or has control characters.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_name = !text.is_empty() && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
        is_name.then(|| Self(text.to_owned()))
    }

    /// Returns the digest in the name of its folder.
    fn digest(&self, salt: &[u8]) -> [u8; PART] {
        let digest = Sha256::new().chain_update(salt).chain_update(self.0.to_lowercase()).finalize();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    folder: PathBuf,
}

impl User {
    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the person's name, if it is on the list. A name that is not that of the folder is on no list.
    pub fn listed_name(&self) -> Option<UserName> {
        let name = durable::read(&self.folder.join(LISTED), MAX_NAME * 4).ok()?;
        let name = UserName::new(&String::from_utf8(name).ok()?)?;
        let (salt, digest) = parts(&self.folder)?;
        (name.digest(&salt) == digest).then_some(name)
    }

    /// Puts the name on the list.
    pub fn list(&self, name: &UserName) -> io::Result<()> {
        durable::replace(&self.folder.join(LISTED), name.0.as_bytes())
    }

    /// Removes the folder, and whatever else is in it than a wallet that was erased.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        durable::sync_parent(&self.folder)
    }

    /// Makes room for the person's wallet, as administrators agreed.
    pub fn permit(&self) -> io::Result<()> {
        durable::replace(&self.folder.join(PERMIT), b"")
    }

    /// Returns true if administrators made room for a wallet that is not made yet.
    pub fn is_permitted(&self) -> bool {
        self.folder.join(PERMIT).is_file()
    }

    /// Ends the permit: the wallet is made.
    pub fn used_permit(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join(PERMIT)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }

    /// Takes the name off the list.
    pub fn unlist(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join(LISTED)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }
}

/// The folders of all who share a device.
#[derive(Clone, Debug)]
pub struct Users {
    dir: PathBuf,
}

impl Users {
    /// Returns those below `dir`, which need not be there yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns everybody, in an order that tells nothing. What is no person's folder is left out.
    pub fn all(&self) -> io::Result<Vec<User>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut folders: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        folders.retain(|folder| parts(folder).is_some());
        folders.sort();
        Ok(folders.into_iter().map(|folder| User { folder }).collect())
    }

    /// Returns the person of this name; `None` if nobody here has it.
    pub fn find(&self, name: &UserName) -> io::Result<Option<User>> {
        let is_of = |user: &User| parts(&user.folder).is_some_and(|(salt, digest)| name.digest(&salt) == digest);
        Ok(self.all()?.into_iter().find(is_of))
    }

    /// Returns the person of this name, and makes the folder of one who is new.
    pub fn make(&self, name: &UserName) -> io::Result<User> {
        if let Some(user) = self.find(name)? {
            return Ok(user);
        }
        let mut salt = [0; PART];
        SystemRng.fill_bytes(&mut salt);
        let folder = self.dir.join(format!("{}-{}", hex::encode(&salt), hex::encode(&name.digest(&salt))));
        durable::make_dir(&self.dir)?;
        durable::make_dir(&folder)?;
        Ok(User { folder })
    }
}

/// Returns salt and digest in the name of a folder.
fn parts(folder: &Path) -> Option<([u8; PART], [u8; PART])> {
    let (salt, digest) = folder.file_name()?.to_str()?.split_once('-')?;
    Some((hex::decode(salt)?, hex::decode(digest)?))
}

#[cfg(test)]
mod tests {
    use super::{UserName, Users, parts};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn name(text: &str) -> UserName {
        UserName::new(text).expect("a name")
    }

    #[test]
    fn a_person_is_found_by_the_name_however_it_is_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let users = Users::new(dir.path().join("users"));
        assert_eq!((users.find(&name("Ada")).expect("read"), users.all().expect("read").len()), (None, 0));
        let (ada, grace) = (users.make(&name("Ada Byron")).expect("made"), users.make(&name("Grace")).expect("made"));
        assert_ne!(ada, grace);
        for written in ["Ada Byron", " ada byron ", "ADA BYRON"] {
            assert_eq!(users.find(&name(written)).expect("read").as_ref(), Some(&ada));
            assert_eq!(users.make(&name(written)).expect("found"), ada);
        }
        assert_eq!(users.find(&name("Ada")).expect("read"), None);
        fs::create_dir(dir.path().join("users/lost+found")).expect("made");
        assert_eq!(users.all().expect("read").len(), 2);
    }

    #[test]
    fn folders_tell_no_names_and_are_private() {
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let made = |dir: &tempfile::TempDir| Users::new(dir.path()).make(&name("ada")).expect("made");
        let (here, there) = (made(&one), made(&other));
        let digest = |user: &super::User| parts(user.folder()).expect("salt and digest").1;
        assert_ne!(digest(&here), digest(&there), "the folder on one device tells whose the folder on another is");
        assert!(!here.folder().to_string_lossy().contains("ada"));
        assert_eq!(fs::metadata(here.folder()).expect("there").permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_name_is_on_the_list_only_while_its_person_wants_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let user = Users::new(dir.path()).make(&name("Ada")).expect("made");
        assert_eq!(user.listed_name(), None);
        user.unlist().expect("nothing to do");
        user.list(&name("Ada")).expect("listed");
        assert_eq!(user.listed_name(), Some(name("Ada")));
        user.list(&name("Bea")).expect("written");
        assert_eq!(user.listed_name(), None, "a name of somebody else is believed");
        user.unlist().expect("taken off");
        assert_eq!((user.listed_name(), user.folder().read_dir().expect("read").count()), (None, 0));
    }

    #[test]
    fn a_name_is_short_and_of_one_line() {
        let long = "x".repeat(65);
        for text in ["", "  ", "Ada\n", "a\tb", "\u{7}", &long] {
            assert_eq!(UserName::new(text).map(|name| name.to_string()), (text == "Ada\n").then(|| "Ada".to_owned()), "{text:?}");
        }
        assert_eq!(name(" José Núñez ").to_string(), "José Núñez");
    }
}
