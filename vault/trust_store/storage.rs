//! The `TrustStorage` joint: keeps the trust files.
//!
//! It is not [`Storage`](crate::Storage): several vaults and programs share the files, nobody holds them for longer than one change, and
//! each file is replaced on its own.

use crate::error::StorageError;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

/// One of the trust files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TrustFile {
    /// The root that opens the bundle.
    Root,
    /// A newer root that came before its bundle.
    NextRoot,
    /// The bundle.
    Bundle,
}

impl TrustFile {
    /// Every file.
    pub const ALL: [Self; 3] = [Self::Root, Self::NextRoot, Self::Bundle];
}

/// Keeps the trust files. An implementation passes [`trust_storage_tests`](crate::trust_storage_tests).
pub trait TrustStorage {
    /// Returns a file as it is. Of one that is longer than [`MAX_BUNDLE`](waypass_trust::bundle::MAX_BUNDLE) it may leave out what comes
    /// after the next byte.
    fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError>;

    /// Keeps every other writer out until what it returns is dropped. Readers are not kept out.
    fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError>;
}

/// Changes the trust files, alone. Each change is durable when its function returns.
pub trait TrustWriter {
    /// Replaces a file in one step: a power cut leaves the old one or the new one.
    fn replace(&mut self, file: TrustFile, bytes: &[u8]) -> Result<(), StorageError>;

    /// Removes every file. Those that were set aside stay.
    fn clear(&mut self) -> Result<(), StorageError>;

    /// Renames a damaged file, so that nobody reads it and nothing is lost. Returns where it is now, in words.
    fn set_aside(&mut self, file: TrustFile) -> Result<String, StorageError>;
}

/// Trust files in memory: for guests that keep nothing, and for tests. A clone is the same files.
#[derive(Clone, Default, Debug)]
pub struct MemoryTrust(Rc<RefCell<Held>>);

#[derive(Default, Debug)]
struct Held {
    files: BTreeMap<TrustFile, Vec<u8>>,
    aside: Vec<Vec<u8>>,
    is_locked: bool,
}

impl TrustStorage for MemoryTrust {
    fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.borrow().files.get(&file).cloned())
    }

    fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError> {
        let mut held = self.0.borrow_mut();
        if held.is_locked {
            return Err(StorageError::Busy { holder: "another writer".into() });
        }
        held.is_locked = true;
        Ok(Box::new(Writer(&self.0)))
    }
}

struct Writer<'m>(&'m RefCell<Held>);

impl TrustWriter for Writer<'_> {
    fn replace(&mut self, file: TrustFile, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.borrow_mut().files.insert(file, bytes.to_vec());
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StorageError> {
        self.0.borrow_mut().files.clear();
        Ok(())
    }

    fn set_aside(&mut self, file: TrustFile) -> Result<String, StorageError> {
        let mut held = self.0.borrow_mut();
        let damaged = held.files.remove(&file);
        held.aside.extend(damaged);
        Ok(format!("number {} in memory", held.aside.len()))
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().is_locked = false;
    }
}

/// Makes the tests that every [`TrustStorage`] passes, as a module of that name. `open` names a function that returns an empty one and
/// whatever must live as long as it.
#[macro_export]
macro_rules! trust_storage_tests {
    ($name:ident, open: $open:ident) => {
        mod $name {
            use $crate::{StorageError, TrustFile, TrustStorage};

            #[test]
            fn each_file_is_replaced_on_its_own_and_all_are_removed() {
                let (files, _kept) = super::$open();
                for file in TrustFile::ALL {
                    assert_eq!(files.get(file).expect("reads"), None);
                }
                let mut writer = files.lock().expect("locks");
                for (file, content) in TrustFile::ALL.into_iter().zip([b"1", b"2", b"3"]) {
                    writer.replace(file, b"before").expect("writes");
                    writer.replace(file, content).expect("replaces");
                }
                for (file, content) in TrustFile::ALL.into_iter().zip([b"1", b"2", b"3"]) {
                    assert_eq!(files.get(file).expect("reads").as_deref(), Some(&content[..]));
                }
                writer.clear().expect("removes");
                writer.clear().expect("nothing is left to remove");
                for file in TrustFile::ALL {
                    assert_eq!(files.get(file).expect("reads"), None);
                }
            }

            #[test]
            fn what_is_set_aside_is_read_no_more_and_each_has_a_name_of_its_own() {
                let (files, _kept) = super::$open();
                let mut writer = files.lock().expect("locks");
                let names = [0, 1, 2].map(|_| {
                    writer.replace(TrustFile::Bundle, b"damaged").expect("writes");
                    let name = writer.set_aside(TrustFile::Bundle).expect("set aside");
                    assert_eq!(files.get(TrustFile::Bundle).expect("reads"), None);
                    name
                });
                assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
            }

            #[test]
            fn one_writes_at_a_time_and_all_may_read() {
                let (files, _kept) = super::$open();
                let mut first = files.lock().expect("locks");
                first.replace(TrustFile::Root, b"root").expect("writes");
                assert!(matches!(files.lock().err(), Some(StorageError::Busy { .. })));
                assert_eq!(files.get(TrustFile::Root).expect("reads").as_deref(), Some(&b"root"[..]));
                drop(first);
                assert!(files.lock().is_ok());
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::MemoryTrust;

    fn open() -> (MemoryTrust, ()) {
        (MemoryTrust::default(), ())
    }

    crate::trust_storage_tests!(memory, open: open);
}
