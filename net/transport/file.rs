//! A file on a stick: a parcel comes in, a parcel goes out.

use super::{Reply, Transport};
use crate::error::TransportError;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Value};
use waypass_trust::bundle::{Digest, TimeNonce};
use waypass_trust::status;
use waypass_trust::sync::{AuditHeld, ListHeld, MAX_PARCEL, Manifest, Parcel};

/// A parcel to read, and where to write the device's own. Everything in it is verified by the device as if it came from a server.
#[derive(Debug, Default)]
pub struct FileTransport {
    offer: Option<Offer>,
    receipts: Vec<String>,
    to: Option<PathBuf>,
    outgoing: Parcel,
}

/// A bundle file taken apart so that it can be applied step by step.
#[derive(Debug)]
struct Offer {
    manifest: Manifest,
    metadata: Vec<u8>,
    roots: Vec<(u64, Vec<u8>)>,
    lists: Vec<(String, Vec<u8>)>,
}

impl FileTransport {
    /// Reads `from` now, if given; writes `to`, if given, whenever an upload is made.
    pub fn new(from: Option<&Path>, to: Option<&Path>) -> Result<Self, TransportError> {
        let mut transport = Self { to: to.map(Path::to_path_buf), ..Self::default() };
        if let Some(path) = from {
            let parcel = read_parcel(path)?;
            transport.offer = parcel.bundle.as_deref().map(Offer::parse).transpose()?;
            transport.receipts = parcel.receipts;
        }
        Ok(transport)
    }

    fn offer(&self, what: &'static str) -> Result<&Offer, TransportError> {
        self.offer.as_ref().ok_or(TransportError::NotInFile { what })
    }
}

impl Transport for FileTransport {
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError> {
        Ok(self.offer.as_ref().map(|offer| offer.manifest.clone()))
    }

    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError> {
        let what = "root of the version needed";
        let found = self.offer(what)?.roots.iter().find(|(found, _)| *found == version);
        found.map(|(_, envelope)| envelope.clone()).ok_or(TransportError::NotInFile { what })
    }

    /// A file cannot answer a question that was just asked.
    fn time(&mut self, _question: &TimeNonce) -> Result<Option<Vec<u8>>, TransportError> {
        Ok(None)
    }

    fn metadata(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(self.offer("bundle")?.metadata.clone())
    }

    fn list(&mut self, uri: &str) -> Result<Vec<u8>, TransportError> {
        let what = "status list of this name";
        let found = self.offer(what)?.lists.iter().find(|(found, _)| found == uri);
        found.map(|(_, token)| token.clone()).ok_or(TransportError::NotInFile { what })
    }

    /// The file is whole after each upload: written next to it and moved into its place.
    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError> {
        let Some(to) = &self.to else {
            return Ok(Reply::Kept);
        };
        self.outgoing.uploads.push(upload.to_vec());
        write_parcel(to, &self.outgoing)?;
        Ok(Reply::Carried)
    }

    fn receipts(&mut self) -> Result<Vec<String>, TransportError> {
        Ok(self.receipts.clone())
    }
}

impl Offer {
    /// Versions and times are read without checking signatures: a plan made from them changes nothing.
    fn parse(bundle: &[u8]) -> Result<Self, TransportError> {
        let what = "a trust bundle";
        let bad = || TransportError::BadAnswer { what };
        let parsed = json::parse(bundle, Limits::BUNDLE).map_err(|_| bad())?;
        let mut document = parsed.as_object().ok_or_else(bad)?.clone();
        let part = |name: &str| parsed.member(name).and_then(payload).ok_or_else(bad);
        let version = |payload: &[u8]| number(payload, &["version"]).ok_or_else(bad);
        let mut roots = Vec::new();
        for envelope in parsed.member("root").and_then(Value::as_array).ok_or_else(bad)? {
            let version = version(&payload(envelope).ok_or_else(bad)?)?;
            roots.push((version, json::to_string(envelope).into_bytes()));
        }
        let mut lists = Vec::new();
        let mut held = Vec::new();
        for list in parsed.member("lists").and_then(Value::as_array).unwrap_or_default() {
            let list = list.as_str().ok_or_else(bad)?;
            let (uri, issued_at) = status::claimed(list).ok_or_else(bad)?;
            held.push(ListHeld { uri: uri.clone(), issued_at: issued_at.unix(), sha256: Digest::of(list.as_bytes()).to_string() });
            lists.push((uri, list.as_bytes().to_vec()));
        }
        let targets = part("targets")?;
        let mut manifest = Manifest::of(None, AuditHeld::default());
        manifest.root = roots.iter().map(|(version, _)| *version).max().ok_or_else(bad)?;
        manifest.timestamp = version(&part("timestamp")?)?;
        manifest.snapshot = version(&part("snapshot")?)?;
        manifest.targets = version(&targets)?;
        manifest.policy = number(&targets, &["policy", "version"]).ok_or_else(bad)?;
        manifest.lists = held;
        document.set("lists", Value::Array(Vec::new()));
        let metadata = json::to_string(&Value::Object(document)).into_bytes();
        Ok(Self { manifest, metadata, roots, lists })
    }
}

fn payload(envelope: &Value<'_>) -> Option<Vec<u8>> {
    base64url::decode(envelope.member("payload")?.as_str()?).ok()
}

fn number(payload: &[u8], path: &[&str]) -> Option<u64> {
    let parsed = json::parse(payload, Limits::BUNDLE).ok()?;
    let value = path.iter().try_fold(&parsed, |value, name| value.member(name))?;
    u64::try_from(value.as_i64()?).ok()
}

/// Reads a parcel file, or a bare bundle file.
pub(crate) fn read_parcel(path: &Path) -> Result<Parcel, TransportError> {
    let io = |source| TransportError::File { path: path.to_path_buf(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(MAX_PARCEL as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > MAX_PARCEL {
        return Err(TransportError::TooLarge { what: "the file", limit: MAX_PARCEL });
    }
    Parcel::parse(&bytes).map_err(|_| TransportError::BadAnswer { what: "a parcel or a trust bundle" })
}

/// Writes a parcel file whole or not at all, and flushes it: the stick is about to be pulled.
pub(crate) fn write_parcel(path: &Path, parcel: &Parcel) -> Result<(), TransportError> {
    let bytes = parcel.to_bytes().map_err(|_| TransportError::BadAnswer { what: "a bundle or an upload" })?;
    replace(path, &bytes).map_err(|source| TransportError::File { path: path.to_path_buf(), source })
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
