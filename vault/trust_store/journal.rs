//! The trust files in a pair of plain files.

use super::storage::{TrustFile, TrustStorage, TrustWriter};
use crate::error::StorageError;
use crate::storage::{Change, Journal, PlainFile, Space};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

/// The trust files in a [`Journal`] of their own, for hosts whose files have no folder. It is for one program at a time, as a journal is.
///
/// The reserve is given up when there is no room to set a damaged file aside, or to remove the files.
#[derive(Debug)]
pub struct TrustJournal<F: PlainFile> {
    journal: Journal<F>,
    is_locked: Cell<bool>,
}

impl<F: PlainFile> TrustJournal<F> {
    /// Opens the trust files in a pair of files, as [`Journal::open`] does.
    pub fn open(files: [F; 2]) -> Result<Self, StorageError> {
        Ok(Self { journal: Journal::open(files)?, is_locked: Cell::new(false) })
    }
}

fn name(file: TrustFile) -> &'static str {
    match file {
        TrustFile::Root => "root",
        TrustFile::NextRoot => "root-next",
        TrustFile::Bundle => "bundle",
    }
}

fn change(file: TrustFile, value: Option<Vec<u8>>) -> Change {
    Change { space: Space::Record, key: name(file).into(), value }
}

impl<F: PlainFile> TrustStorage for TrustJournal<F> {
    fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError> {
        self.journal.value(Space::Record, name(file).as_bytes())
    }

    fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError> {
        if self.is_locked.replace(true) {
            return Err(StorageError::Busy { holder: "another writer".into() });
        }
        Ok(Box::new(Writer(self)))
    }
}

struct Writer<'j, F: PlainFile>(&'j TrustJournal<F>);

impl<F: PlainFile> Writer<'_, F> {
    /// Makes changes that must not fail for want of room.
    fn write_with_reserve(&self, changes: &[Change]) -> Result<(), StorageError> {
        match self.0.journal.write(changes) {
            Err(StorageError::Full { .. }) => {
                self.0.journal.release();
                self.0.journal.write(changes)
            }
            done => done,
        }
    }
}

impl<F: PlainFile> TrustWriter for Writer<'_, F> {
    fn replace(&mut self, file: TrustFile, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.journal.write(&[change(file, Some(bytes.to_vec()))])
    }

    fn clear(&mut self) -> Result<(), StorageError> {
        self.write_with_reserve(&TrustFile::ALL.map(|file| change(file, None)))
    }

    fn set_aside(&mut self, file: TrustFile) -> Result<String, StorageError> {
        let aside = format!("{} {}", name(file), self.0.journal.count(Space::Quarantine) + 1);
        if let Some(damaged) = self.0.get(file)? {
            let kept = Change { space: Space::Quarantine, key: aside.clone().into_bytes(), value: Some(damaged) };
            self.write_with_reserve(&[kept, change(file, None)])?;
        }
        Ok(format!("{aside} in the journal"))
    }
}

impl<F: PlainFile> Drop for Writer<'_, F> {
    fn drop(&mut self) {
        self.0.is_locked.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{File, Files};

    fn open() -> (TrustJournal<File>, Files) {
        let files = Files::default();
        (TrustJournal::open(files.pair()).expect("opens"), files)
    }

    crate::trust_storage_tests!(journal, open: open);

    #[test]
    fn they_are_there_after_closing_with_those_that_were_set_aside() {
        let (trust, files) = open();
        let mut writer = trust.lock().expect("locks");
        writer.replace(TrustFile::Root, b"root").expect("writes");
        writer.replace(TrustFile::Bundle, b"damaged").expect("writes");
        let first = writer.set_aside(TrustFile::Bundle).expect("set aside");
        drop(writer);
        drop(trust);
        let trust = TrustJournal::open(Files::of(&files.kept()).pair()).expect("opens");
        assert_eq!(trust.get(TrustFile::Root).expect("reads").as_deref(), Some(&b"root"[..]));
        assert_eq!(trust.get(TrustFile::Bundle).expect("reads"), None);
        assert_eq!(trust.journal.value(Space::Quarantine, b"bundle 1").expect("reads").as_deref(), Some(&b"damaged"[..]));
        let mut writer = trust.lock().expect("locks");
        writer.replace(TrustFile::Bundle, b"damaged again").expect("writes");
        assert_ne!(writer.set_aside(TrustFile::Bundle).expect("set aside"), first);
    }

    #[test]
    fn setting_aside_and_removing_take_the_reserve() {
        for is_removed in [false, true] {
            let (trust, files) = open();
            let mut writer = trust.lock().expect("locks");
            writer.replace(TrustFile::Bundle, &alloc::vec![7; 500_000]).expect("writes");
            files.limit_room(Some(files.now().iter().map(|file| file.len() as u64).sum()));
            assert!(matches!(writer.replace(TrustFile::Root, b"root"), Err(StorageError::Full { .. })));
            if is_removed {
                writer.clear().expect("removed");
            } else {
                writer.set_aside(TrustFile::Bundle).expect("set aside");
            }
            assert_eq!(trust.get(TrustFile::Bundle).expect("reads"), None);
        }
    }
}
