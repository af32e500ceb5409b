//! What the users of a device have seen of time: one small file outside every vault.
//!
//! Nothing seals it, so it proves nothing; see [`Shared`](waypass_trust::time::Shared). The file lies in a folder that is there.

use crate::durable;
use crate::lock_file::{LockFile, NotLocked};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_trust::time::TimeState;

/// A time state has some hundred bytes.
const MOST: usize = 4096;

/// The memory of a device about time.
#[derive(Clone, Debug)]
pub struct DeviceTime {
    path: PathBuf,
}

impl DeviceTime {
    /// Returns the memory in the file `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what is remembered: nothing before the first time. A foreign file is [`io::ErrorKind::InvalidData`].
    pub fn read(&self) -> io::Result<TimeState> {
        match durable::read(&self.path, MOST) {
            Ok(bytes) => TimeState::from_bytes(&bytes).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(TimeState::default()),
            Err(why) => Err(why),
        }
    }

    /// Remembers `next`. While another process does that, this one leaves it to it: both have read the same clock.
    pub fn keep(&self, next: &TimeState) -> io::Result<()> {
        match LockFile::take(&self.path.with_extension("lock"), Duration::ZERO, &mut |_| ()) {
            Ok(_alone) => durable::replace(&self.path, &next.to_bytes()),
            Err(NotLocked::Busy(_)) => Ok(()),
            Err(NotLocked::Io(why)) => Err(why),
        }
    }

    /// Renames a damaged file, so that nobody reads it and nothing is lost. Returns where it is now.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.path.with_extension("bad");
        std::fs::rename(&self.path, &aside)?;
        durable::sync_parent(&aside)?;
        Ok(aside)
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceTime;
    use crate::clock;
    use std::{fs, io};
    use waypass_trust::time::{Limits, TimeGuard, TimeState};

    #[test]
    fn what_is_remembered_is_read_again_and_damage_is_set_aside() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let time = DeviceTime::new(dir.path().join("device-time"));
        assert_eq!(time.read().expect("none yet"), TimeState::default());
        let state = TimeGuard::observe(&TimeState::default(), &clock::read(), &Limits::default()).1;
        time.keep(&state).expect("kept");
        assert_eq!(time.read().expect("reads"), state);
        fs::write(time.path(), b"not ours").expect("damages");
        assert_eq!(time.read().expect_err("damaged").kind(), io::ErrorKind::InvalidData);
        let aside = time.set_aside().expect("set aside");
        assert_eq!(fs::read(aside).expect("there"), b"not ours");
        assert_eq!(time.read().expect("nothing is left"), TimeState::default());
    }
}
