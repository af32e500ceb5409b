//! The key that authenticates every row, and the anchor: how far the rows had come when the vault was last told.

use super::cipher::{Cipher, Place, framed};
use super::event::Event;
use super::register::Register;
use crate::store::{CredentialRecord, EventRow, MissingLog, RegisterRow, StoreError, SummaryRow};
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use waypass_credential::json;
use waypass_trust::bundle::Digest;
use zeroize::Zeroizing;

/// How far register and events had come. The issuer's vault keeps it, so that an older `issuer.db` is noticed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The version of the register.
    register: u64,
    /// The seal of that version.
    register_mac: Digest,
    /// The number of events.
    events: u64,
    /// The seal of the last one.
    head: Digest,
    /// True if the database keeps its write-ahead log when it is closed. Anchors from before it did lack this member.
    #[serde(default)]
    keeps_log: bool,
}

/// The means to authenticate an issuer's memory: a key that its vault keeps, and the anchor of the last time.
#[derive(Clone)]
pub struct Seal {
    key: Hmac<Sha256>,
    pub(super) cipher: Cipher,
    kept: Option<Anchor>,
    /// True if a database of version 0.1.0 is taken as it is.
    adopts: bool,
}

impl Anchor {
    pub(super) const fn new(register: u64, register_mac: [u8; 32], events: u64, head: [u8; 32]) -> Self {
        Self { register, register_mac: Digest(register_mac), events, head: Digest(head), keeps_log: true }
    }

    /// Checks that the register has come at least as far.
    pub(super) fn check_register(&self, version: u64, mac: &[u8; 32]) -> Result<(), StoreError> {
        let is_same = version == self.register && bool::from(mac.ct_eq(&self.register_mac.0));
        if is_same || version > self.register { Ok(()) } else { Err(tampered("the register")) }
    }

    /// Returns the number of events, and the seal of the last one.
    pub(super) const fn events(&self) -> (u64, &[u8; 32]) {
        (self.events, &self.head.0)
    }
}

impl Seal {
    /// Makes a key, for a vault that keeps none yet.
    pub fn new_key(rng: &mut dyn CryptoRng) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        key
    }

    /// Takes the key that the vault keeps for this, and the anchor it kept the last time.
    pub fn new(key: &[u8; 32], kept: Option<Anchor>) -> Self {
        // HMAC takes keys of any length (RFC 2104 §3).
        let key = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap_or_else(|_| std::process::abort());
        let cipher = Cipher::new(&key);
        Self { key, cipher, kept, adopts: false }
    }

    /// Takes the key that the vault made when it was upgraded from version 0.1.0: with it, and before any anchor, a database of that
    /// version is believed as it is.
    pub fn adopting(key: &[u8; 32]) -> Self {
        Self { adopts: true, ..Self::new(key, None) }
    }

    /// Returns how a missing write-ahead log is taken: once the vault has kept that there is one, it is a finding.
    pub fn missing_log(&self) -> MissingLog {
        let keeps_log = self.kept.as_ref().is_some_and(|anchor| anchor.keeps_log);
        if keeps_log { MissingLog::Refused } else { MissingLog::Accepted }
    }

    pub(super) const fn adopts(&self) -> bool {
        self.adopts
    }

    pub(super) const fn kept(&self) -> Option<&Anchor> {
        self.kept.as_ref()
    }

    pub(super) fn register(&self, version: u64, register: &Register) -> RegisterRow {
        self.register_row(version, json::to_string(register).as_bytes())
    }

    pub(super) fn register_row(&self, version: u64, text: &[u8]) -> RegisterRow {
        let mac = self.of("register", &[&version.to_be_bytes(), text]);
        RegisterRow { version, body: self.cipher.close(&register_place(version), text), mac }
    }

    pub(super) fn open_register(&self, row: &RegisterRow) -> Result<Register, StoreError> {
        let text = self.cipher.open(&register_place(row.version), &row.body).ok_or_else(|| tampered("the register"))?;
        if !self.check("register", &[&row.version.to_be_bytes(), &text], &row.mac) {
            return Err(tampered("the register"));
        }
        serde_json::from_slice(&text).map_err(|_| StoreError::Corrupt("the register"))
    }

    /// Returns true if this is the register of the readable format that this seal made.
    pub(super) fn is_register(&self, version: u64, text: &[u8], mac: &[u8; 32]) -> bool {
        self.check("register", &[&version.to_be_bytes(), text], mac)
    }

    /// Returns the event after the one whose seal is `before`.
    pub(super) fn event(&self, before: &[u8; 32], seq: u64, credential: Option<&str>, event: &Event) -> EventRow {
        let text = json::to_string(event);
        let mac = self.of("event", &event_parts(before, &seq.to_be_bytes(), credential, text.as_bytes()));
        EventRow { seq, credential: credential.map(str::to_owned), body: self.close_event(seq, credential, text.as_bytes()), mac }
    }

    pub(super) fn close_event(&self, seq: u64, credential: Option<&str>, text: &[u8]) -> Vec<u8> {
        self.cipher.close(&event_place(seq, credential), text)
    }

    pub(super) fn open_event(&self, before: &[u8; 32], row: &EventRow) -> Result<Event, StoreError> {
        let (seq, credential) = (row.seq.to_be_bytes(), row.credential.as_deref());
        let lost = || tampered(format!("event {}", row.seq));
        let text = self.cipher.open(&event_place(row.seq, credential), &row.body).ok_or_else(lost)?;
        if !self.check("event", &event_parts(before, &seq, credential, &text), &row.mac) {
            return Err(lost());
        }
        serde_json::from_slice(&text).map_err(|_| StoreError::Corrupt("an event"))
    }

    pub(super) fn summary(&self, seq: u64, text: &str) -> SummaryRow {
        let mac = self.of("summary", &[&seq.to_be_bytes(), text.as_bytes()]);
        SummaryRow { seq, body: self.cipher.close(&summary_place(seq), text.as_bytes()), mac }
    }

    /// Returns the text of a summary, if this seal made it.
    pub(super) fn open_summary(&self, row: &SummaryRow) -> Option<Vec<u8>> {
        let text = self.cipher.open(&summary_place(row.seq), &row.body)?;
        self.check("summary", &[&row.seq.to_be_bytes(), &text], &row.mac).then_some(text)
    }

    /// Returns the bytes of a document as they are stored. Everybody may read published documents and the office's own settings.
    pub(super) fn close_document(&self, name: &str, text: &[u8]) -> Vec<u8> {
        if is_private(name) { self.cipher.close(&document_place(name), text) } else { text.to_vec() }
    }

    pub(super) fn open_document(&self, name: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if is_private(name) { self.cipher.open(&document_place(name), &bytes) } else { Some(bytes) }
    }

    /// Encrypts a piece of a copy of the database. `with` names the file that it is in; the piece opens in no other, at no other place in
    /// it, and only the last opens as the last.
    pub fn close_piece(&self, with: &[u8; 32], number: u64, is_last: bool, piece: &[u8]) -> Vec<u8> {
        self.cipher.close(&piece_place(with, number, &[u8::from(is_last)]), piece)
    }

    /// Decrypts a piece of a copy; `None` if this seal did not close it, or not for this place in this file.
    pub fn open_piece(&self, with: &[u8; 32], number: u64, is_last: bool, bytes: &[u8]) -> Option<Vec<u8>> {
        self.cipher.open(&piece_place(with, number, &[u8::from(is_last)]), bytes)
    }

    /// Returns true if a record of the readable format is what this seal covers.
    pub(super) fn is_credential(&self, record: &CredentialRecord, mac: &[u8; 32]) -> bool {
        self.check("credential", &[credential_text(record).as_bytes()], mac)
    }

    pub(super) fn of(&self, domain: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.state(domain, parts).finalize().into_bytes().into()
    }

    fn check(&self, domain: &str, parts: &[&[u8]], mac: &[u8; 32]) -> bool {
        self.state(domain, parts).verify_slice(mac).is_ok()
    }

    fn state(&self, domain: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        framed(&self.key, core::iter::once(domain.as_bytes()).chain(parts.iter().copied()))
    }
}

fn event_parts<'p>(before: &'p [u8; 32], seq: &'p [u8; 8], credential: Option<&'p str>, text: &'p [u8]) -> [&'p [u8]; 4] {
    // An id is never empty.
    [before, seq, credential.unwrap_or_default().as_bytes(), text]
}

const fn register_place(version: u64) -> Place<'static> {
    Place { table: "register", row: &[], revision: version, with: &[] }
}

fn event_place(seq: u64, credential: Option<&str>) -> Place<'_> {
    Place { table: "events", row: credential.unwrap_or_default().as_bytes(), revision: seq, with: &[] }
}

const fn summary_place(seq: u64) -> Place<'static> {
    Place { table: "summary", row: &[], revision: seq, with: &[] }
}

const fn piece_place<'p>(with: &'p [u8; 32], number: u64, is_last: &'p [u8; 1]) -> Place<'p> {
    Place { table: "a piece of a copy of issuer.db", row: is_last, revision: number, with }
}

fn document_place(name: &str) -> Place<'_> {
    Place { table: "documents", row: name.as_bytes(), revision: 0, with: &[] }
}

/// Returns true for documents with the words of people: who looked at a flagged admission, and what they found.
fn is_private(document: &str) -> bool {
    document.starts_with("flagged/")
}

fn credential_text(record: &CredentialRecord) -> String {
    let CredentialRecord {
        id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, index, ..
    } = record;
    let times = [issued_at.unix(), valid_from.unix(), valid_until.unix()];
    json::to_string(&(id, format.as_str(), holder, label, roles, sites, zones, times, key_id, list, index))
}

pub(super) fn tampered(what: impl Into<String>) -> StoreError {
    StoreError::Tampered(what.into())
}

/// The key stays out.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("kept", &self.kept).finish_non_exhaustive()
    }
}
