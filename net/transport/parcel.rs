//! A parcel that somebody carries: bytes come in, bytes go out.

use super::{Reply, Transport};
use crate::error::TransportError;
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Value};
use waypass_trust::bundle::{Digest, TimeNonce};
use waypass_trust::status;
use waypass_trust::sync::{AuditHeld, ListHeld, Manifest, Parcel};

/// A parcel that came, and the device's own that goes back. Everything in it is verified by the device as if it came from a server.
#[derive(Debug, Default)]
pub struct ParcelTransport {
    offer: Option<Offer>,
    receipts: Vec<String>,
    outgoing: Option<Parcel>,
}

/// A bundle file taken apart so that it can be applied step by step.
#[derive(Debug)]
struct Offer {
    manifest: Manifest,
    metadata: Vec<u8>,
    roots: Vec<(u64, Vec<u8>)>,
    lists: Vec<(String, Vec<u8>)>,
}

impl ParcelTransport {
    /// Takes what came apart, if something came. With `outgoing`, the log goes into a parcel of the device's own.
    pub fn new(came: Option<&[u8]>, outgoing: bool) -> Result<Self, TransportError> {
        let mut transport = Self { outgoing: outgoing.then(Parcel::default), ..Self::default() };
        if let Some(bytes) = came {
            let parcel = Parcel::parse(bytes).map_err(|_| TransportError::BadAnswer { what: "a parcel or a trust bundle" })?;
            transport.offer = parcel.bundle.as_deref().map(Offer::parse).transpose()?;
            transport.receipts = parcel.receipts;
        }
        Ok(transport)
    }

    /// Returns the device's own parcel, with all uploads so far; `None` without one.
    pub fn outgoing(&self) -> Option<Result<Vec<u8>, TransportError>> {
        let bytes = self.outgoing.as_ref()?.to_bytes();
        Some(bytes.map_err(|_| TransportError::BadAnswer { what: "a bundle or an upload" }))
    }

    fn offer(&self, what: &'static str) -> Result<&Offer, TransportError> {
        self.offer.as_ref().ok_or(TransportError::NotInFile { what })
    }
}

impl Transport for ParcelTransport {
    fn manifest(&mut self) -> Result<Option<Manifest>, TransportError> {
        Ok(self.offer.as_ref().map(|offer| offer.manifest.clone()))
    }

    fn root(&mut self, version: u64) -> Result<Vec<u8>, TransportError> {
        let what = "root of the version needed";
        let found = self.offer(what)?.roots.iter().find(|(found, _)| *found == version);
        found.map(|(_, envelope)| envelope.clone()).ok_or(TransportError::NotInFile { what })
    }

    /// A parcel cannot answer a question that was just asked.
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

    fn upload(&mut self, upload: &[u8]) -> Result<Reply, TransportError> {
        let Some(outgoing) = &mut self.outgoing else { return Ok(Reply::Kept) };
        outgoing.uploads.push(upload.to_vec());
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
