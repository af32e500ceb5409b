//! Files of the origin's private file system (File System Standard, `FileSystemSyncAccessHandle`).

use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use waypass_vault::{PlainFile, Room, StorageError};
use web_sys::{DomException, FileSystemReadWriteOptions, FileSystemSyncAccessHandle};

thread_local! {
    /// The files of this Worker. They are objects of JavaScript and cannot leave it; what is handed around is their number.
    static OPEN: RefCell<Vec<FileSystemSyncAccessHandle>> = const { RefCell::new(Vec::new()) };
}

/// A file, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct BrowserFile(usize);

/// Keeps the files; returns their numbers.
pub(super) fn keep(files: Vec<FileSystemSyncAccessHandle>) -> Vec<BrowserFile> {
    OPEN.with_borrow_mut(|open| {
        let first = open.len();
        open.extend(files);
        (first..open.len()).map(BrowserFile).collect()
    })
}

impl BrowserFile {
    fn with<T>(self, doing: &'static str, work: impl FnOnce(&FileSystemSyncAccessHandle) -> Result<T, JsValue>) -> Result<T, StorageError> {
        OPEN.with_borrow(|open| {
            let file = open.get(self.0).ok_or(StorageError::Poisoned)?;
            work(file).map_err(|why| failed(doing, &why))
        })
    }
}

/// Positions are exact as doubles: no file here is as long as 2^53 bytes.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn at(position: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(position as f64);
    options
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes")]
fn count(bytes: f64) -> u64 {
    bytes as u64
}

fn short(doing: &'static str) -> StorageError {
    StorageError::Io { doing, why: "the browser took or gave fewer bytes than there are".to_owned() }
}

impl PlainFile for BrowserFile {
    fn len(&self) -> Result<u64, StorageError> {
        self.with("asking for a file's length", FileSystemSyncAccessHandle::get_size).map(count)
    }

    fn read_at(&self, position: u64, to: &mut [u8]) -> Result<(), StorageError> {
        let doing = "reading a file";
        let read = self.with(doing, |file| file.read_with_u8_array_and_options(to, &at(position)))?;
        if count(read) == to.len() as u64 { Ok(()) } else { Err(short(doing)) }
    }

    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let doing = "writing a file";
        let written = self.with(doing, |file| file.write_with_u8_array_and_options(bytes, &at(position)))?;
        if count(written) == bytes.len() as u64 { Ok(()) } else { Err(short(doing)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.with("cutting a file", |file| file.truncate_with_f64(len as f64))
    }

    fn flush(&self) -> Result<(), StorageError> {
        self.with("flushing a file", FileSystemSyncAccessHandle::flush)
    }
}

fn failed(doing: &'static str, why: &JsValue) -> StorageError {
    let why = why.dyn_ref::<DomException>();
    match why.map(DomException::name) {
        Some(name) if name == "QuotaExceededError" => StorageError::Full { place: "the storage of this page".to_owned(), room: Room::Disk },
        name => StorageError::Io { doing, why: name.unwrap_or_else(|| "the browser does not say why".to_owned()) },
    }
}
