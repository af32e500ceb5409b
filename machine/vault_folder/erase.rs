//! Erasing a vault: nothing of it can be opened afterwards, also if the power is cut on the way.

use super::{Found, LOCK, Wait, found};
use crate::durable;
use crate::error::{OpenError, storage_error};
use crate::lock_file::{LockFile, NotLocked};
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use waypass_vault::{Change, Space, Storage, StorageError};

/// Erases the vault in `dir` and removes the folder.
///
/// The slots go first, in one commit: without them nobody gets at the key, so what is left of an erasure that was cut short opens for
/// nobody. Then the files are overwritten and removed. Copies that somebody made, and blocks that a file system or a flash memory keeps
/// aside, are out of its reach.
pub fn erase(dir: &Path, wait: Wait<'_>) -> Result<(), OpenError> {
    let failed = |source: io::Error| OpenError::Storage(storage_error("erasing the vault", dir, &source));
    let _alone = match found(dir, wait) {
        Ok(Found { host, lock, .. }) => {
            // If that fails, the files are overwritten all the same.
            let _slots = remove_slots(&*host.storage);
            lock
        }
        // What cannot be read, or is of a newer version, is erased like any other.
        Err(OpenError::Storage(StorageError::Corrupt { .. }) | OpenError::Newer { .. }) => Arc::new(alone(dir)?),
        Err(why) => return Err(why),
    };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.symlink_metadata().map_err(failed)?.is_file() {
            overwrite(&path).map_err(failed)?;
        }
    }
    fs::remove_dir_all(dir).and_then(|()| durable::sync_parent(dir)).map_err(failed)
}

fn remove_slots(storage: &dyn Storage) -> Result<(), StorageError> {
    let mut gone = Vec::new();
    storage.scan(Space::Slot, b"", &mut |key, _| gone.push(Change { space: Space::Slot, key: key.to_vec(), value: None }))?;
    storage.commit(&gone)
}

fn alone(dir: &Path) -> Result<LockFile, OpenError> {
    LockFile::take(&dir.join(LOCK), Duration::ZERO, &mut |_| ()).map_err(|why| match why {
        NotLocked::Busy(holder) => OpenError::Busy(holder),
        NotLocked::Io(source) => OpenError::Storage(storage_error("locking the vault", dir, &source)),
    })
}

/// Writes zeros over the whole of a file, and waits until they are on the disk.
fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.flush()?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::erase;
    use crate::vault_folder::{Wait, create, open};
    use crate::{OpenError, clock};
    use std::fs;
    use std::time::Duration;
    use waypass_vault::{Factors, KdfCost, Password};

    fn briefly(told: &mut dyn FnMut(&crate::LockHolder)) -> Wait<'_> {
        Wait::new(Duration::from_millis(50), told)
    }

    #[test]
    fn nothing_is_left_and_what_was_linked_to_elsewhere_is_not_touched() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = dir.path().join("wallet");
        let password = Password::new("tulip anchor seven");
        let (vault, _) = create(&folder, "wallet", &password, KdfCost::Floor).expect("made");
        assert!(matches!(erase(&folder, briefly(&mut |_| ())), Err(OpenError::Busy(_))), "somebody works with it");
        drop(vault);
        // A second name of the file shows what becomes of its content.
        let kept = dir.path().join("second-name");
        fs::hard_link(folder.join("vault.db"), &kept).expect("linked");
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, b"not of this wallet").expect("written");
        std::os::unix::fs::symlink(&elsewhere, folder.join("a link")).expect("linked");
        erase(&folder, briefly(&mut |_| ())).expect("erased");
        assert!(!folder.exists());
        assert!(fs::read(&kept).expect("read").iter().all(|byte| *byte == 0), "the content was left on the disk");
        assert_eq!(fs::read(&elsewhere).expect("there"), b"not of this wallet");
        assert!(matches!(erase(&folder, briefly(&mut |_| ())), Err(OpenError::NotFound(_))));
    }

    #[test]
    fn what_cannot_be_read_is_erased_too_and_what_was_cut_short_opens_for_nobody() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = dir.path().join("wallet");
        let password = Password::new("tulip anchor seven");
        drop(create(&folder, "wallet", &password, KdfCost::Floor).expect("made"));
        {
            let super::Found { host, .. } = super::found(&folder, briefly(&mut |_| ())).map_err(|_| ()).expect("opens");
            super::remove_slots(&*host.storage).expect("removed");
        }
        let mut left = open(&folder).expect("the rest is there");
        assert!(left.unlock(&Factors::one(&password), &clock::read()).is_err());
        drop(left);
        // Of a newer version by its number, and of none that there is.
        let mut content = vec![7; 5000];
        for version in [[7; 4], [0; 4]] {
            content[60..64].copy_from_slice(&version);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("vault.db"), &content).expect("damaged");
            erase(&folder, briefly(&mut |_| ())).expect("erased");
            assert!(!folder.exists());
        }
    }
}
