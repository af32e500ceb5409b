//! Keys, clocks and randomness for tests: everything from numbers, so that a failure repeats.

use waypass_trust::enrolment::Enrolment;
pub(crate) mod crash;

use crate::issue::{Format, Order, Validity};
use crate::keys::{KeyRole, KeyUse, Keys};
use crate::office::Issuer;
use crate::sealed::Seal;
use crate::settings::Settings;
use crate::store::{MissingLog, SqliteStore};
use core::convert::Infallible;
use ed25519_dalek::Signer as _;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Arc, Mutex};
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::time::Timestamp;
use waypass_trust::audit::{Chain, Draft, Entry, Event, Flagged, Outcome, Salts, Upload};
use waypass_trust::reason::{Level, ReasonCode};
use waypass_trust::time::{Limits, Moment, Reading, TimeGuard, TimeState};

/// SHA-256 in counter mode.
pub(crate) struct TestRng {
    seed: u64,
    count: u64,
}

impl TestRng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }
}

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(32) {
            self.count += 1;
            let block = Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(self.count.to_le_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// A software key from a number.
#[derive(Clone)]
pub(crate) enum Key {
    Ed25519(Box<ed25519_dalek::SigningKey>, PublicKey),
    P256(Box<p256::ecdsa::SigningKey>, PublicKey),
    P384(Box<p384::ecdsa::SigningKey>, PublicKey),
}

impl Key {
    pub(crate) fn ed25519(number: u8) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        Self::Ed25519(Box::new(key), public)
    }

    pub(crate) fn p256(number: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]).expect("a scalar");
        let public = PublicKey::p256(key.verifying_key().to_sec1_point(true).as_bytes()).expect("a point");
        Self::P256(Box::new(key), public)
    }

    pub(crate) fn p384(number: u8) -> Self {
        let key = p384::ecdsa::SigningKey::from_slice(&[number; 48]).expect("a scalar");
        let public = PublicKey::p384(key.verifying_key().to_sec1_point(true).as_bytes()).expect("a point");
        Self::P384(Box::new(key), public)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        let (Self::Ed25519(_, public) | Self::P256(_, public) | Self::P384(_, public)) = self;
        public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(match self {
            Self::Ed25519(key, _) => key.sign(message).to_bytes().into(),
            Self::P256(key, _) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                Signature::Short(signature.to_bytes().into())
            }
            Self::P384(key, _) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                Signature::Long(signature.to_bytes().into())
            }
        })
    }
}

/// 2026-11-20T00:00:00Z and `seconds`.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_795_132_800 + seconds).expect("a time")
}

pub(crate) const BASE: &str = "http://127.0.0.1:8240/t1";

/// The keys of an issuer that has all of them in one place.
pub(crate) fn keys() -> Keys<'static> {
    Keys::new()
        .with(KeyUse::Credential, Key::ed25519(1))
        .with(KeyUse::Credential, Key::p256(2))
        .with(KeyUse::Credential, Key::p384(2))
        .with(KeyUse::Status, Key::ed25519(3))
        .with(KeyUse::Intake, Key::ed25519(4))
        .with(KeyRole::Root, Key::ed25519(5))
        .with(KeyRole::Targets, Key::ed25519(6))
        .with(KeyRole::Snapshot, Key::ed25519(7))
        .with(KeyRole::Timestamp, Key::ed25519(8))
}

pub(crate) fn settings() -> Settings {
    Settings { list_capacity: 64, ..Settings::new("Clinic North", BASE) }
}

/// The seal of a vault that has kept no anchor.
pub(crate) fn seal() -> Seal {
    Seal::new(&[7; 32], None)
}

pub(crate) fn store(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("issuer.db"), MissingLog::Accepted).expect("a store")
}

/// An issuer just set up, in its own folder, which lives as long as the first part.
pub(crate) fn issuer() -> (tempfile::TempDir, Issuer<'static>) {
    let dir = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::create(Box::new(store(dir.path())), seal(), settings(), keys(), at(0)).expect("set up");
    (dir, issuer)
}

/// Opens the issuer in `dir` once more, as another process would.
pub(crate) fn reopened(dir: &Path) -> Issuer<'static> {
    Issuer::open(Box::new(store(dir)), seal(), keys()).expect("opened")
}

pub(crate) fn order() -> Order {
    Order {
        format: Format::SdJwtVc,
        algorithm: None,
        suites: Vec::new(),
        status: None,
        roles: vec!["nurse".into()],
        sites: vec!["north".into()],
        zones: vec!["ward-3".into()],
        valid_from: None,
        validity: Validity::For(30 * 86_400),
        label: "badge 17".into(),
        personal: Object::new().with("given_name", "Adelheid").with("family_name", "Quisenberry"),
    }
}

/// The moment a gate would judge at.
pub(crate) fn moment(at: Timestamp) -> Moment {
    let reading = Reading { wall: at, boottime_ms: 1, boot_id: [7; 16] };
    TimeGuard::observe(&TimeState::default(), &reading, &Limits::default()).0
}

/// An enrolled gate's key and enrolment.
pub(crate) fn enrolment(number: u8, at: Timestamp) -> (Key, String) {
    let key = Key::ed25519(number);
    let id = did::to_did_key(key.public_key());
    let enrolment = Enrolment { id, name: format!("Gate {number}"), site: "north".into(), zone: "ward-3".into(), issued_at: at };
    let signed = enrolment.sign(&key).expect("signed");
    (key, signed)
}

/// Does `work`, and returns with its answer what it told on the way, a line for each event.
pub(crate) fn told<T>(work: impl FnOnce() -> T) -> (T, String) {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let log = log.with_writer(move || writer.clone()).finish();
    let done = tracing::subscriber::with_default(log, work);
    (done, lines.text())
}

/// What a log wrote.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("held").clone()).expect("text")
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("held").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A gate's log.
pub(crate) struct Log {
    pub(crate) gate: Key,
    pub(crate) entries: Vec<Entry>,
    chain: Chain,
}

impl Log {
    pub(crate) fn new(gate: Key) -> Self {
        let chain = Chain::new(&did::to_did_key(gate.public_key()));
        Self { gate, entries: Vec::new(), chain }
    }

    pub(crate) fn append(&mut self, subject: &str, at: Timestamp) {
        self.append_by(subject, at, 1);
    }

    /// A decision by targets of this version.
    pub(crate) fn append_by(&mut self, subject: &str, at: Timestamp, bundle_version: u64) {
        let moment = moment(at);
        let draft = Draft {
            at: &moment,
            actor: "the gate",
            event: Event::Decided,
            subject,
            outcome: Some(Outcome::new(Level::Green, [ReasonCode::Ok])),
            bundle_version,
            status: None,
        };
        let salts = Salts::random(&mut TestRng::new(self.entries.len() as u64));
        self.entries.push(self.chain.append(draft, salts));
    }

    /// The records from `from` to the end, under a signed head.
    pub(crate) fn upload(&self, from: usize, at: Timestamp, flagged: Vec<Flagged>) -> Vec<u8> {
        Upload::sign(&self.entries[from..], &self.chain, at, flagged, &self.gate).expect("signed").to_bytes()
    }
}
