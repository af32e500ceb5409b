//! `waypass verifier sync`: newer trust down, the log up, in trust.md's order; each step kept before the next.

use super::device::{self, Device, LOG};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::sync::{self, SyncArgs};
use crate::trust::{self, TrustDevice};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use std::path::PathBuf;
use waypass_net::sync::{Part, Receipted};
use waypass_trust::audit::{Chain, Draft, Entry, Event, FlagAnswer, Flagged, Head, Leaf, Receipt, ReceiptError, Salts, Upload, flag};
use waypass_trust::bundle::{KeyUse, TrustBundle};
use waypass_trust::sync::{AuditHeld, Manifest};
use waypass_trust::time::{Limits, Moment, TimeGuard};
use waypass_vault::{SystemRng, VaultError, clock};
use waypass_verifier::DeviceState;

/// Arguments of `verifier sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
    /// Put the log into FILE, to be carried to the issuer
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
}

/// Records in one upload.
const PART: u64 = 4096;

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let mut transport = sync::transport(session, args.place.from.as_deref(), args.to.as_deref())?;
    let (outcome, flagged) = device::with(session, &args.open, |device| {
        let mut gate = Gate { device, trust: TrustDevice::new(trust::store(session)), answers: Vec::new() };
        let outcome = sync::run(session, &mut gate, &mut *transport)?;
        gate.learn_time()?;
        if !outcome.steps.is_empty() {
            gate.record(Event::SYNCED)?;
        }
        Ok((outcome, gate.answers))
    })?;
    let late: Vec<&FlagAnswer> = flagged.iter().filter(|answer| answer.already_revoked).collect();
    let documents: Vec<_> = late.iter().map(|answer| json!({ "seq": answer.seq, "revoked_at": answer.revoked_at })).collect();
    sync::tell(session, &outcome, &documents)?;
    for answer in late {
        let since = answer.revoked_at.and_then(waypass_credential::time::Timestamp::from_unix).map(words::when).unwrap_or_default();
        session.out.warn(&format!(
            "record {} let somebody in whose credential had been withdrawn since {since}: waypass audit show {}",
            answer.seq, answer.seq
        ));
    }
    Ok(Exit::Done)
}

/// The gate while it synchronizes.
struct Gate<'d> {
    device: &'d Device<'d>,
    trust: TrustDevice,
    answers: Vec<FlagAnswer>,
}

impl Gate<'_> {
    fn entry(&self, seq: u64) -> Result<Option<Entry>, VaultError> {
        Ok(self.device.vault.log_entry(LOG, seq)?.and_then(|bytes| Entry::from_bytes(&bytes).ok()))
    }

    fn hash_at(&self, seq: u64) -> Option<[u8; 32]> {
        self.entry(seq).ok().flatten().map(|entry| Leaf::hash(entry.leaf_bytes()))
    }

    fn bundle(&self) -> Result<Option<TrustBundle>, Failure> {
        self.trust.bundle()
    }

    fn state(&self) -> Result<DeviceState, Failure> {
        self.device.state()
    }

    fn moment(state: &DeviceState) -> Moment {
        TimeGuard::observe(&state.time, &clock::read(), &Limits::default()).0
    }

    /// How far the newest receipt covers the log.
    fn receipted(&self) -> Result<u64, Failure> {
        let (Some(text), Some(bundle)) = (self.device.receipt()?, self.bundle()?) else { return Ok(0) };
        Ok(self.open_receipt(&text, &bundle).map_or(0, |receipt| receipt.chain.size()))
    }

    fn open_receipt(&self, text: &str, bundle: &TrustBundle) -> Result<Receipt, ReceiptError> {
        let kid = Receipt::claimed_key_id(text).ok_or(ReceiptError::Malformed)?;
        let record = bundle
            .keys_for_use(KeyUse::Intake)
            .map(|(_, record)| record)
            .find(|record| record.kid == kid)
            .ok_or(ReceiptError::InvalidProof)?;
        let receipt = Receipt::open(text, &record.key, &self.device.identity.id, &|seq| self.hash_at(seq))?;
        // A key that is no longer believed, or was not in use when it signed, proves nothing.
        if record.covers(receipt.stored_at) { Ok(receipt) } else { Err(ReceiptError::InvalidProof) }
    }

    /// The bundle's timestamp is signed time: the lower bound of the gate's clock rises.
    fn learn_time(&self) -> Result<(), Failure> {
        let Some(bundle) = self.bundle()? else { return Ok(()) };
        let mut state = self.state()?;
        state.time = state.time.signed(bundle.issued_at(), &clock::read());
        self.device.keep_state(&state)
    }

    /// Notes in the log what was done.
    fn record(&self, event: Event) -> Result<(), Failure> {
        let mut state = self.state()?;
        let at = Self::moment(&state);
        let version = self.bundle()?.map_or(0, |bundle| bundle.versions().targets);
        let gate = &self.device.identity.id;
        let draft = Draft { at: &at, actor: gate, event, subject: gate, outcome: None, bundle_version: version, status: None };
        let entry = state.chain.append(draft, Salts::random(&mut SystemRng));
        self.device.keep_entry(&entry.to_bytes(), &state)
    }

    /// Admissions whose credential is revoked in a list newer than the one they were decided on.
    fn flagged(&self, size: u64) -> Result<Vec<Flagged>, Failure> {
        let Some(bundle) = self.bundle()? else { return Ok(Vec::new()) };
        let at = Self::moment(&self.state()?);
        let mut entries = Vec::new();
        for seq in 0..size {
            entries.extend(self.entry(seq)?);
        }
        Ok(flag(&entries, &bundle, &at))
    }
}

impl waypass_net::sync::Device for Gate<'_> {
    type Error = Failure;

    fn held(&self) -> Result<Manifest, Failure> {
        self.trust.held(AuditHeld { size: self.state()?.chain.size(), receipted: self.receipted()? })
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), Failure> {
        self.trust.apply_root(envelope)
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<(), Failure> {
        self.trust.apply_bundle(metadata)?;
        self.learn_time()
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), Failure> {
        self.trust.apply_list(token)
    }

    fn apply_policies(&mut self) -> Result<(), Failure> {
        // The rules came with the bundle; here they must prove usable before anybody stands at the gate.
        let bundle = self.trust.pinned_bundle()?;
        self.device.policy(&bundle)?.map(drop).map_err(|error| trust::policy_failure(&error))
    }

    fn upload(&mut self, from: u64) -> Result<Option<Part>, Failure> {
        let state = self.state()?;
        let next = state.chain.size().min(from.saturating_add(PART));
        if from >= next {
            return Ok(None);
        }
        let damaged = |seq: u64| {
            Failure::new(
                Exit::Tamper,
                format!("record {seq} of the log cannot be read"),
                "run `waypass audit verify`, and report this gate to the issuer",
            )
        };
        let mut entries = Vec::new();
        for seq in from..next {
            entries.push(self.entry(seq)?.ok_or_else(|| damaged(seq))?);
        }
        let head = entries.last().map(|entry| Leaf::hash(entry.leaf_bytes())).ok_or_else(|| damaged(from))?;
        let chain = Chain::resume(&self.device.identity.id, next, head);
        let signer = self.device.vault.signer(self.device.key.id)?;
        let head = Head::sign(&chain, clock::read().wall, &signer).map_err(|error| Failure::internal(error, "run the command again"))?;
        let flagged = if next == state.chain.size() { self.flagged(next)? } else { Vec::new() };
        Ok(Some(Part { bytes: Upload::new(from, &entries, head, flagged).to_bytes(), next }))
    }

    fn receipt(&mut self, receipt: &str) -> Result<Receipted, Failure> {
        let bundle = self.trust.pinned_bundle()?;
        match self.open_receipt(receipt, &bundle) {
            Ok(opened) => {
                if opened.chain.size() >= self.receipted()? {
                    self.device.keep_receipt(receipt)?;
                }
                self.answers.extend(opened.flagged);
                Ok(Receipted::Taken)
            }
            Err(ReceiptError::WrongDevice) => Ok(Receipted::AnotherDevice),
            Err(error) => Err(Failure::new(Exit::Tamper, error, "the log was not marked as delivered; tell the issuer's operator")),
        }
    }
}
