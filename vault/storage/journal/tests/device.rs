//! A device with two files that loses what was not flushed, and that fails when it is told to.

use crate::error::{Room, StorageError};
use crate::storage::PlainFile;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The device. A clone is the same one.
#[derive(Clone, Default)]
pub(crate) struct Files(Arc<Mutex<Device>>);

#[derive(Default)]
struct Device {
    files: [Content; 2],
    /// How many changes are made until the fault.
    until: Option<u64>,
    fault: Fault,
    has_failed: bool,
    room: Option<u64>,
    read: u64,
    /// The lengths of all writes.
    written: Vec<usize>,
}

/// What happens when the number of changes is reached.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// From then on nothing happens any more.
    #[default]
    PowerCut,
    /// Once, an error.
    Error,
    /// Once, no room, after half of the write.
    FullAfterHalf,
    /// Once, no room, though everything was written.
    FullAfterAll,
}

#[derive(Clone, Default)]
struct Content {
    /// As this program sees it.
    now: Vec<u8>,
    /// As it is after a power cut that loses everything it can.
    kept: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Clone)]
enum Pending {
    Write(u64, Vec<u8>),
    Cut(u64),
}

impl Pending {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Cut(len) => to.truncate(position(*len)),
            Self::Write(at, bytes) => write(to, *at, bytes),
        }
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).expect("a small file")
}

fn write(to: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let end = position(at) + bytes.len();
    to.resize(to.len().max(end), 0);
    to[position(at)..end].copy_from_slice(bytes);
}

/// One file of the device.
pub(crate) struct File {
    device: Files,
    which: usize,
}

impl Files {
    /// A device with these files, all of it durable.
    pub(crate) fn of(images: &[Vec<u8>; 2]) -> Self {
        let files = Self::default();
        let content = |image: &Vec<u8>| Content { now: image.clone(), kept: image.clone(), pending: Vec::new() };
        files.device().files = [content(&images[0]), content(&images[1])];
        files
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pair(&self) -> [File; 2] {
        [0, 1].map(|which| File { device: self.clone(), which })
    }

    pub(crate) fn fail_after(&self, changes: u64, fault: Fault) {
        let mut device = self.device();
        (device.until, device.fault) = (Some(changes), fault);
    }

    /// Returns true if the fault has come.
    pub(crate) fn has_failed(&self) -> bool {
        self.device().has_failed
    }

    pub(crate) fn limit_room(&self, bytes: Option<u64>) {
        self.device().room = bytes;
    }

    /// Returns how much was read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.device().read
    }

    /// Returns the lengths of the writes since the last call.
    pub(crate) fn writes(&self) -> Vec<usize> {
        core::mem::take(&mut self.device().written)
    }

    /// Returns the files as a program sees them.
    pub(crate) fn now(&self) -> [Vec<u8>; 2] {
        self.device().files.clone().map(|file| file.now)
    }

    /// Returns what is durable.
    pub(crate) fn kept(&self) -> [Vec<u8>; 2] {
        self.device().files.clone().map(|file| file.kept)
    }

    /// Returns what a power cut may leave: any of what was not flushed, in any order, and the last write cut at any byte.
    pub(crate) fn images(&self) -> BTreeSet<[Vec<u8>; 2]> {
        let [first, second] = self.device().files.clone().map(|file| file.images());
        first.iter().flat_map(|first| second.iter().map(|second| [first.clone(), second.clone()])).collect()
    }
}

impl Content {
    fn images(&self) -> BTreeSet<Vec<u8>> {
        let count = self.pending.len();
        let chosen: Vec<Vec<usize>> = if count <= 4 {
            (0..1_usize << count).map(|set| (0..count).filter(|at| set >> at & 1 == 1).collect()).collect()
        } else {
            let prefixes = (0..=count).map(|end| (0..end).collect());
            prefixes.chain((0..count).map(|without| (0..count).filter(|at| *at != without).collect())).collect()
        };
        let applied = |chosen: &[usize]| {
            let mut image = self.kept.clone();
            for at in chosen {
                self.pending[*at].apply(&mut image);
            }
            image
        };
        let mut images: BTreeSet<Vec<u8>> = chosen.iter().map(|chosen| applied(chosen)).collect();
        if let Some(Pending::Write(at, bytes)) = self.pending.last() {
            let step = (bytes.len() / 400).max(1);
            for before in [applied(&[]), applied(&(0..count - 1).collect::<Vec<_>>())] {
                for end in (0..bytes.len()).step_by(step) {
                    let mut image = before.clone();
                    write(&mut image, *at, &bytes[..end]);
                    images.insert(image);
                }
                // The end of it reached the disk first.
                for start in (0..bytes.len()).step_by(bytes.len() / 8 + 1) {
                    let mut image = before.clone();
                    write(&mut image, at + start as u64, &bytes[start..]);
                    images.insert(image);
                    // A part in the middle of it did not.
                    let mut image = before.clone();
                    write(&mut image, *at, &bytes[..start]);
                    let after = (start + bytes.len() / 8).min(bytes.len() - 1);
                    write(&mut image, at + after as u64, &bytes[after..]);
                    images.insert(image);
                }
            }
        }
        images
    }
}

impl Device {
    fn apply(&mut self, which: usize, change: Pending) {
        let file = &mut self.files[which];
        change.apply(&mut file.now);
        file.pending.push(change);
    }

    /// Returns the fault if it is due now.
    fn fault(&mut self) -> Option<Fault> {
        match &mut self.until {
            Some(0) => {
                if self.fault != Fault::PowerCut {
                    self.until = None;
                }
                self.has_failed = true;
                Some(self.fault)
            }
            Some(until) => {
                *until -= 1;
                None
            }
            None => None,
        }
    }

    fn write(&mut self, which: usize, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let (len, others) = (self.files[which].now.len() as u64, self.files[1 - which].now.len() as u64);
        assert!(at <= len, "a gap from {len} to {at}");
        let had_failed = self.has_failed;
        let fault = self.fault();
        if fault == Some(Fault::PowerCut) && had_failed {
            return Err(Fault::PowerCut.error());
        }
        let free = self.room.map_or(usize::MAX, |room| position(room.saturating_sub(others).saturating_sub(at)));
        let is_full = free < bytes.len() && at + bytes.len() as u64 > len;
        let (done, result) = match fault {
            Some(Fault::FullAfterHalf) => (bytes.len() / 2, Err(Fault::FullAfterHalf.error())),
            Some(fault) => (bytes.len(), Err(fault.error())),
            None if is_full => (free, Err(Fault::FullAfterHalf.error())),
            None => (bytes.len(), Ok(())),
        };
        self.written.push(done);
        self.apply(which, Pending::Write(at, bytes[..done].to_vec()));
        result
    }

    fn cut(&mut self, which: usize, len: u64) -> Result<(), StorageError> {
        assert!(len <= self.files[which].now.len() as u64, "a file was made longer");
        let had_failed = self.has_failed;
        match self.fault() {
            Some(Fault::PowerCut) if had_failed => return Err(Fault::PowerCut.error()),
            Some(fault) if fault != Fault::PowerCut => return Err(fault.error()),
            Some(_) => {
                self.apply(which, Pending::Cut(len));
                return Err(Fault::PowerCut.error());
            }
            None => self.apply(which, Pending::Cut(len)),
        }
        Ok(())
    }

    fn flush(&mut self, which: usize) -> Result<(), StorageError> {
        if let Some(fault) = self.fault() {
            return Err(fault.error());
        }
        let file = &mut self.files[which];
        file.pending.drain(..).for_each(|change| change.apply(&mut file.kept));
        Ok(())
    }
}

impl Fault {
    fn error(self) -> StorageError {
        match self {
            Self::PowerCut | Self::Error => StorageError::Io { doing: "writing", why: "as told".into() },
            Self::FullAfterHalf | Self::FullAfterAll => StorageError::Full { place: "the device".into(), room: Room::Disk },
        }
    }
}

impl PlainFile for File {
    fn len(&self) -> Result<u64, StorageError> {
        Ok(self.device.device().files[self.which].now.len() as u64)
    }

    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), StorageError> {
        let mut device = self.device.device();
        device.read += to.len() as u64;
        let from = device.files[self.which].now.get(position(at)..position(at) + to.len());
        let end = StorageError::Io { doing: "reading", why: "the end of the file".into() };
        from.map(|from| to.copy_from_slice(from)).ok_or(end)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.device.device().write(self.which, at, bytes)
    }

    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.device.device().cut(self.which, len)
    }

    fn flush(&self) -> Result<(), StorageError> {
        self.device.device().flush(self.which)
    }
}
