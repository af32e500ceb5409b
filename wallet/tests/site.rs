//! A hospital with an issuer, two gates and a trust bundle; deterministic keys.

use crate::Wallet;
use ed25519_dalek::Signer as _;
use std::path::Path;
use waypass_credential::Credential;
use waypass_credential::Format;
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use waypass_credential::request::{Query, Request};
use waypass_credential::role::kind_in;
use waypass_credential::role::{RoleClaims, StatusReference, VC_TYPE, VCT};
use waypass_credential::time::Timestamp;
use waypass_credential::{ClaimPath, Nonce};
use waypass_machine::{SystemRng, clock};
use waypass_trust::bundle::{
    Authority, BundleDraft, ContextReference, Digest, Envelope, Gate, KeyRecord, KeyState, KeyUse, ListKind, Part, Policy, RoleLimit,
    RootPart, RootRoles, SigningRole, StaleAction, StatusUri, TargetsPart, TrustBundle, UnknownAction,
};
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken, TokenForm};
use waypass_trust::time::{Limits, Moment, Reading, SignedTime, TimeGuard, TimeSigner, TimeState};
use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, Password, PlainMemory, Storage, Unlocked, Vault};

pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const LIST: &str = "https://issuer.example/lists/1";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Everyone's credential has the entry of this number.
pub(crate) const INDEX: u64 = 7;

/// 2026-11-20T00:00:00Z: when everything is made.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_unix(1_795_132_800).expect("in range")
}

/// A moment on a clock that nothing contradicts.
pub(crate) fn moment(at: Timestamp) -> Moment {
    let reading = Reading { wall: at, boottime_ms: 1_000, boot_id: [1; 16] };
    TimeGuard::observe(&signed(noon(), &reading), &reading, &Limits::default()).0
}

/// A device that learned at `reading` that it is at least `at`.
pub(crate) fn signed(at: Timestamp, reading: &Reading) -> TimeState {
    TimeState::default().adopt(&SignedTime { at, signer: TimeSigner([1; 32]) }, reading).0
}

/// A moment on an unconfirmed clock.
pub(crate) fn unsigned(at: Timestamp) -> Moment {
    let reading = Reading { wall: at, boottime_ms: 1_000, boot_id: [1; 16] };
    TimeGuard::observe(&TimeState::default(), &reading, &Limits::default()).0
}

pub(crate) struct Key {
    secret: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a key");
        Self { secret, public }
    }

    pub(crate) fn did(&self) -> String {
        did::to_did_key(&self.public)
    }

    fn record(&self, key_use: KeyUse) -> KeyRecord {
        KeyRecord {
            kid: did::key_id(&self.public),
            issuer: self.did(),
            key: self.public.clone(),
            alg: "EdDSA".into(),
            key_use,
            not_before: noon().plus(-365 * DAY),
            not_after: noon().plus(365 * DAY),
            state: KeyState::Active,
            issued_until: None,
        }
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.secret.sign(message).to_bytes().into())
    }
}

pub(crate) struct Site {
    pub(crate) issuer: Key,
    pub(crate) gate: Key,
    pub(crate) list: StatusListBuf,
    /// The issuer's other key, once it has one.
    pub(crate) second: Option<Key>,
    /// The contexts that the bundle carries.
    pub(crate) contexts: Vec<(&'static str, &'static str)>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self { issuer: Key::new(20), gate: Key::new(40), list: StatusListBuf::new(Bits::Two, 64), second: None, contexts: Vec::new() }
    }

    /// The site's bundle as it stands now.
    pub(crate) fn bundle(&self) -> TrustBundle {
        let [root, snapshot, timestamp, status] = [1, 2, 3, 21].map(Key::new);
        let role = |key: &Key| SigningRole { keys: vec![key.public.clone()], threshold: 1 };
        let root_part = RootPart {
            schema: RootPart::SCHEMA.into(),
            version: 1,
            issued_at: noon(),
            expires_at: noon().plus(365 * DAY),
            keys: [&root, &snapshot, &timestamp].map(|key| key.public.clone()).to_vec(),
            roles: RootRoles { root: role(&root), targets: role(&root), snapshot: role(&snapshot), timestamp: role(&timestamp) },
        };
        let token =
            StatusListToken { uri: LIST.into(), issued_at: noon(), expires_at: Some(noon().plus(14 * DAY)), ttl_seconds: Some(3600) };
        let draft = BundleDraft {
            root: vec![Envelope::sign_part(&root_part, &[&root]).expect("signs")],
            targets: Envelope::sign_part(&self.targets(&status), &[&root]).expect("signs"),
            contexts: self.contexts.iter().map(|(_, document)| (*document).into()).collect(),
            lists: vec![token.sign(&self.list, TokenForm::Jwt, &did::key_id(&status.public), &status).expect("signs")],
            version: 1,
            issued_at: noon(),
            expires_at: noon().plus(7 * DAY),
        };
        draft.seal(&[&snapshot], &[&timestamp]).expect("seals")
    }

    fn targets(&self, status: &Key) -> TargetsPart {
        let gate = |key: &Key, name: &str, days: i64| Gate {
            id: key.did(),
            name: name.into(),
            site: "clinic".into(),
            zone: "ward".into(),
            time_zone: None,
            not_after: noon().plus(days * DAY),
        };
        TargetsPart {
            schema: TargetsPart::SCHEMA.into(),
            version: 1,
            issued_at: noon(),
            expires_at: noon().plus(90 * DAY),
            authorities: vec![Authority {
                name: "Town Hospital".into(),
                keys: [Some(self.issuer.record(KeyUse::Credential)), Some(status.record(KeyUse::Status))]
                    .into_iter()
                    .chain([self.second.as_ref().map(|key| key.record(KeyUse::Credential))])
                    .flatten()
                    .collect(),
                types: vec![VCT.into(), VC_TYPE.into()],
                roles: vec!["staff".into(), "surgeon".into()],
                sites: vec!["clinic".into()],
                max_validity_seconds: 365 * DAY.unsigned_abs(),
                status_uris: vec![StatusUri { uri: LIST.into(), max_entries: 64, bits: 2, irrevocable: false, kind: ListKind::Token }],
            }],
            gates: vec![gate(&self.gate, "East door", 60), gate(&Key::new(41), "Old door", -1)],
            contexts: self
                .contexts
                .iter()
                .map(|(id, document)| ContextReference { id: (*id).into(), sha256: Digest::of(document.as_bytes()) })
                .collect(),
            policy: Policy {
                version: 1,
                issued_at: noon(),
                expires_at: noon().plus(40 * DAY),
                cedar: String::new(),
                limits: vec![RoleLimit {
                    role: "*".into(),
                    fresh_seconds: 72 * HOUR.unsigned_abs(),
                    stale_seconds: 168 * HOUR.unsigned_abs(),
                    stale: StaleAction::TwoPerson,
                    unknown: UnknownAction::Deny,
                }],
                unattended_ok: Vec::new(),
                max_boots_without_signed_time: 30,
                max_decisions_without_signed_time: 30_000,
                seen_again_seconds: None,
                unlocking: None,
            },
            delegations: [],
        }
    }

    /// A staff member's credential for 30 days, bound to `holder`, with a name and what the format has terms for.
    pub(crate) fn claims(&self, format: Format, holder: &PublicKey) -> RoleClaims {
        let name = Object::new().with("given_name", "Ada").with("family_name", "Lovelace");
        let personal = match format {
            Format::SdJwtVc | Format::SdCwt => name.with("address", Object::new().with("locality", "London").with("country", "GB")),
            Format::Card => name,
            Format::DataIntegrity | Format::VcJwt | Format::VcSdJwt | Format::VcCose => {
                name.with("email", "ada@clinic.example").with("staff_id", "S-7")
            }
        };
        RoleClaims {
            issuer: self.issuer.did(),
            key_id: Some(did::key_id(&self.issuer.public)),
            kind: kind_in(format).into(),
            roles: vec!["staff".into(), "surgeon".into()],
            sites: vec!["clinic".into()],
            zones: vec!["*".into()],
            issued_at: noon(),
            valid_from: noon(),
            valid_until: noon().plus(30 * DAY),
            status: vec![StatusReference::token(LIST, INDEX)],
            holder: Some(holder.clone().into()),
            personal,
        }
    }

    pub(crate) fn issue(&self, format: Format, holder: &PublicKey, change: impl FnOnce(&mut RoleClaims)) -> Vec<u8> {
        let mut claims = self.claims(format, holder);
        change(&mut claims);
        Credential::issue(&claims, format, &self.issuer, &mut SystemRng).expect("issued").as_bytes().to_vec()
    }

    pub(crate) fn ask(&self, roles: &[&str], also: &[ClaimPath]) -> String {
        ask_by(&self.gate, &[Format::SdJwtVc, Format::DataIntegrity], roles, also)
    }
}

/// The gate's question: a role, and these claims besides.
pub(crate) fn ask_by(gate: &Key, formats: &[Format], roles: &[&str], also: &[ClaimPath]) -> String {
    let request = Request {
        client_id: gate.did(),
        nonce: Nonce::random(&mut SystemRng),
        issued_at: noon(),
        expires_at: noon().plus(60),
        purpose: "Entry to the ward".into(),
        query: Query::for_role(formats, roles, also).expect("a query"),
        code: None,
    };
    request.sign(gate).expect("signed")
}

pub(crate) fn create(dir: &Path) -> Wallet<'static> {
    let password = Password::new(PASSWORD);
    let (vault, _) = waypass_machine::create(dir, "wallet", &password, KdfCost::Floor).expect("created");
    Wallet::new(unlock(vault, &password))
}

pub(crate) fn open(dir: &Path) -> Wallet<'static> {
    Wallet::new(unlock(waypass_machine::open(dir).expect("opened"), &Password::new(PASSWORD)))
}

fn unlock(vault: Vault, password: &Password) -> Unlocked<'static> {
    vault.into_unlocked(&Factors::one(password), &clock::read()).map_err(|(_, why)| why).expect("unlocked")
}

/// A wallet with one Ed25519 key that has nothing of this computer: rows and keys are in memory, as a page in a browser has them.
pub(crate) fn guest() -> (Wallet<'static>, PublicKey) {
    guest_on(Box::new(MemoryStorage::default()))
}

/// Such a wallet on a storage of the caller's.
pub(crate) fn guest_on(storage: Box<dyn Storage>) -> (Wallet<'static>, PublicKey) {
    let host = Host { storage, memory: Box::new(PlainMemory), entropy: Box::new(SystemRng) };
    let password = Password::new(PASSWORD);
    let (vault, _) = Vault::create(host, "wallet", &password, KdfCost::Floor).expect("created");
    let wallet = Wallet::new(unlock(vault, &password));
    let key = wallet.holder_key(Algorithm::EdDsa).expect("a key").public_key;
    (wallet, key)
}

/// A wallet with one Ed25519 key.
pub(crate) fn holder(dir: &Path) -> (Wallet<'static>, PublicKey) {
    let wallet = create(dir);
    let key = wallet.holder_key(Algorithm::EdDsa).expect("a key").public_key;
    (wallet, key)
}
