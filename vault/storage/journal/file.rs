//! The joint to a file: bytes with positions.

use crate::error::StorageError;

/// A file that the host keeps open for this program alone. A journal is written to two of them.
///
/// A host that can name its errors says [`StorageError::Full`] where there is no room and [`StorageError::Io`] otherwise. The journal
/// adds to the end of a file and writes over what is there. It never leaves a gap.
#[expect(clippy::len_without_is_empty, reason = "a length in bytes, not a collection")]
pub trait PlainFile {
    /// Returns the length in bytes.
    fn len(&self) -> Result<u64, StorageError>;

    /// Fills `to` with the bytes from `at` on. A file that ends before `to` is full is an error.
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), StorageError>;

    /// Writes all bytes from `at` on, which is at most the length. After an error any part of them may be written.
    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StorageError>;

    /// Cuts the file to this length, which is at most the present one.
    fn set_len(&self, len: u64) -> Result<(), StorageError>;

    /// Makes everything that was written survive a power cut. Until then any part of it may be lost, in any order.
    fn flush(&self) -> Result<(), StorageError>;
}
