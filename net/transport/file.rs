//! A file on a stick: a parcel comes in, a parcel goes out.

use super::parcel::ParcelTransport;
use super::{Reply, Transport};
use crate::error::TransportError;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use waypass_trust::bundle::TimeNonce;
use waypass_trust::sync::{MAX_PARCEL, Manifest};

/// A file to read, and where to write the device's own.
#[derive(Debug)]
pub struct FileTransport {
    parcel: ParcelTransport,
    to: Option<PathBuf>,
}

impl FileTransport {
    /// Reads `from` now, if given; writes `to`, if given, whenever an upload is made.
    pub fn new(from: Option<&Path>, to: Option<&Path>) -> Result<Self, TransportError> {
        let came = from.map(read).transpose()?;
        Ok(Self { parcel: ParcelTransport::new(came.as_deref(), to.is_some())?, to: to.map(Path::to_path_buf) })
    }
}

impl Transport for FileTransport {
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError> {
        self.parcel.manifest()
    }

    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError> {
        self.parcel.root(version)
    }

    fn time(&mut self, question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError> {
        self.parcel.time(question)
    }

    fn metadata(&mut self) -> Result<Vec<u8>, TransportError> {
        self.parcel.metadata()
    }

    fn list(&mut self, uri: &str) -> Result<Vec<u8>, TransportError> {
        self.parcel.list(uri)
    }

    /// The file is whole after each upload: written next to it and moved into its place.
    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError> {
        let reply = self.parcel.upload(upload)?;
        if let (Some(to), Some(bytes)) = (&self.to, self.parcel.outgoing()) {
            write(to, &bytes?)?;
        }
        Ok(reply)
    }

    fn receipts(&mut self) -> Result<Vec<String>, TransportError> {
        self.parcel.receipts()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TransportError> {
    let io = |source| TransportError::File { path: path.to_path_buf(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(MAX_PARCEL as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > MAX_PARCEL { Err(TransportError::TooLarge { what: "the file", limit: MAX_PARCEL }) } else { Ok(bytes) }
}

/// Writes a file whole or not at all, and flushes it: the stick is about to be pulled.
fn write(path: &Path, bytes: &[u8]) -> Result<(), TransportError> {
    replace(path, bytes).map_err(|source| TransportError::File { path: path.to_path_buf(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    })();
    if written.is_err() {
        // The rest of a failed write is of no use, and that it cannot be removed is not the error to tell.
        let _ = fs::remove_file(&part);
        return written;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
