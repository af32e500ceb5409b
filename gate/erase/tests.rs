//! An erased person is in the files of the vault no more.

use crate::testing::{gate_over, reading};
use crate::world::TestRng;
use std::sync::{Arc, Mutex};
use waypass_trust::audit::{Event, Note};
use waypass_vault::{Change, Journal, PlainFile, Space, Storage, StorageError};

const PERSON: &str = "did:example:ada";

#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        work(&mut self.0.lock().expect("whole"))
    }
}

fn place(at: u64) -> usize {
    usize::try_from(at).expect("a small file")
}

impl PlainFile for File {
    fn len(&self) -> Result<u64, StorageError> {
        Ok(self.with(|file| file.len() as u64))
    }

    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), StorageError> {
        self.with(|file| to.copy_from_slice(&file[place(at)..place(at) + to.len()]));
        Ok(())
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.with(|file| {
            let end = place(at) + bytes.len();
            let len = file.len().max(end);
            file.resize(len, 0);
            file[place(at)..end].copy_from_slice(bytes);
        });
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.with(|file| file.truncate(place(len)));
        Ok(())
    }

    fn flush(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

type Entries = Arc<Mutex<Vec<Vec<u8>>>>;

/// A journal, with every sealed entry of a log that was ever written to it.
struct Watched(Journal<File>, Entries);

impl Storage for Watched {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.0.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        let entries = changes.iter().filter(|change| change.space == Space::Log).filter_map(|change| change.value.clone());
        self.1.lock().expect("whole").extend(entries);
        self.0.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.0.compact()
    }
}

#[test]
fn the_sealed_records_of_an_erased_person_are_in_no_file() {
    let (files, entries) = ([File::default(), File::default()], Entries::default());
    let journal = Journal::open(files.clone()).expect("opens");
    gate_over(Box::new(Watched(journal, Arc::clone(&entries))), |gate| {
        let in_files = || {
            let files = files.each_ref().map(|file| file.with(|file| file.clone()));
            let is_there = |entry: &&Vec<u8>| files.iter().any(|file| file.windows(entry.len()).any(|bytes| bytes == &***entry));
            entries.lock().expect("whole").iter().filter(is_there).count()
        };
        let mut rng = TestRng::new("records");
        for who in [PERSON, "did:example:bo", PERSON] {
            gate.record(Event::Checked, who, &reading(1), &mut rng).expect("recorded");
        }
        assert_eq!(in_files(), 3);
        let by = Note::new("Bea", None, None).expect("a name");
        assert_eq!(gate.erase(PERSON, &by, &reading(2), &mut rng).expect("erased"), [0, 2]);
        // Two records that say less, one of another person, and that somebody was erased.
        let written = entries.lock().expect("whole").len();
        assert_eq!((written, in_files()), (6, 4));
        assert_eq!(gate.erase(PERSON, &by, &reading(3), &mut rng).expect("erased"), Vec::<u64>::new());
    });
}
