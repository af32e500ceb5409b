//! The working folder of one thread.

use rustix::fd::AsFd;
use rustix::process::fchdir;
use rustix::thread::UnshareFlags;

/// Gives this thread a working folder of its own, and makes it `folder`: relative names mean what they mean to the caller who works there.
/// Threads that it starts from then on share it; other threads keep theirs.
pub fn work_in(folder: impl AsFd) -> std::io::Result<()> {
    #[expect(deprecated, reason = "unsafe only with FILES, which changes what descriptors mean; FS changes what relative names mean")]
    rustix::thread::unshare(UnshareFlags::FS)?;
    Ok(fchdir(folder)?)
}

#[cfg(test)]
mod tests {
    use super::work_in;
    use std::fs::File;
    use std::{env, thread};

    #[test]
    fn a_thread_works_in_a_folder_of_its_own() {
        let before = env::current_dir().expect("a folder");
        let place = tempfile::tempdir().expect("temporary folder");
        std::fs::write(place.path().join("here"), "content").expect("written");
        let folder = File::open(place.path()).expect("opened");
        let inside = thread::spawn(move || {
            work_in(&folder).expect("changed");
            let further = thread::spawn(|| std::fs::read_to_string("here").expect("read"));
            (std::fs::read_to_string("here").expect("read"), further.join().expect("ended"))
        });
        assert_eq!(inside.join().expect("ended"), ("content".to_owned(), "content".to_owned()));
        assert_eq!(env::current_dir().expect("a folder"), before);
    }
}
