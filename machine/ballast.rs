//! One MiB held in reserve: given up when the disk is full, so that the last log entry can say so (threats.md A16).

use crate::private::unlink_foreign;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const SIZE: usize = 1024 * 1024;

/// Makes sure the reserve is there; a disk that has no room for it is left alone. Returns true if the path was a link, which was removed.
pub(crate) fn refill(path: &Path) -> bool {
    let removed_link = unlink_foreign(path).unwrap_or(false);
    fill(path);
    removed_link
}

fn fill(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() >= SIZE as u64) {
        return;
    }
    let write = || -> io::Result<()> {
        // A file that is too short is made again, in a file of our own making: nothing that somebody put there is written to.
        if fs::symlink_metadata(path).is_ok() {
            fs::remove_file(path)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        // Written rather than reserved: not every file system can reserve, and a hole reserves nothing. Not constant, so that a
        // compressing file system keeps room for it too.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let content: Vec<u8> = (0..SIZE / 8)
            .flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect();
        file.write_all(&content)?;
        file.sync_all()
    };
    if write().is_err() {
        release(path);
    }
}

/// Gives the space back.
pub(crate) fn release(path: &Path) {
    // Already gone is as good.
    let _ = fs::remove_file(path);
}
