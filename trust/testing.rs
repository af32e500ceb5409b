//! A small site for the tests of this crate: deterministic keys, an issuer, a policy, and bundles of any shape.

use alloc::{string::String, vec, vec::Vec};
use ed25519_dalek::Signer as _;
use waypass_credential::json::Object;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::role::kind_in;
use waypass_credential::role::{RoleClaims, StatusReference, VC_TYPE, VCT};
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Format, did};

use crate::{
    bundle::{
        Authority, BundleDraft, Envelope, Gate, KeyRecord, KeyState, KeyUse, ListKind, Part, Policy, RoleLimit, Root, RootPart, RootRoles,
        SigningRole, StaleAction, StatusUri, TargetsPart, TrustBundle, UnknownAction,
    },
    status::{Bits, StatusListBuf, StatusListToken, TokenForm},
    time::{Limits, Moment, Reading, SignedTime, TimeGuard, TimeSigner, TimeState},
};

pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2026-11-20T00:00:00Z: when everything in a site is made unless a test says otherwise.
pub(crate) const NOON: Timestamp = match Timestamp::from_unix(1_795_132_800) {
    Some(time) => time,
    None => panic!("in range"),
};
pub(crate) const LIST: &str = "https://issuer.example/status/1";
pub(crate) const ENTRIES: u64 = 64;

/// An Ed25519 key from one byte.
pub(crate) struct TestKey {
    secret: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl TestKey {
    pub(crate) fn new(seed: u8) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a dalek key");
        Self { secret, public }
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.public.clone()
    }

    pub(crate) fn did(&self) -> String {
        did::to_did_key(&self.public)
    }

    pub(crate) fn kid(&self) -> String {
        did::key_id(&self.public)
    }

    pub(crate) fn record(&self, key_use: KeyUse) -> KeyRecord {
        KeyRecord {
            kid: self.kid(),
            issuer: self.did(),
            key: self.public(),
            alg: "EdDSA".into(),
            key_use,
            not_before: NOON.plus(-365 * DAY),
            not_after: NOON.plus(365 * DAY),
            state: KeyState::Active,
            issued_until: None,
        }
    }
}

impl Signer for TestKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.secret.sign(message).to_bytes().into())
    }
}

/// Enough of a generator for salts in tests.
pub(crate) struct Counter(pub(crate) u64);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Ok(mixed ^ mixed >> 27)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

/// A moment on an anchored clock.
pub(crate) fn moment(at: Timestamp) -> Moment {
    let reading = Reading { wall: at, boottime_ms: 1_000, boot_id: [1; 16] };
    TimeGuard::observe(&signed(at, &reading), &reading, &Limits::default()).0
}

/// A moment on a clock that was set back behind the signed time `at`.
pub(crate) fn doubted(at: Timestamp) -> Moment {
    let good = Reading { wall: at, boottime_ms: 1_000, boot_id: [1; 16] };
    let back = Reading { wall: at.plus(-DAY), boottime_ms: 2_000, boot_id: [1; 16] };
    TimeGuard::observe(&signed(at, &good), &back, &Limits::default()).0
}

/// A moment on a device whose clock was lost, carried by the signed time `at`.
pub(crate) fn suspect(at: Timestamp) -> Moment {
    let earlier = Reading { wall: at.plus(-DAY), boottime_ms: 1_000, boot_id: [1; 16] };
    let lost = Reading { wall: at.plus(-10_000 * DAY), boottime_ms: 1_000, boot_id: [2; 16] };
    let (_, state) = TimeGuard::observe(&signed(at.plus(-DAY), &earlier), &lost, &Limits::default());
    let (state, _) = state.adopt(&SignedTime { at, signer: TimeSigner([1; 32]) }, &lost);
    TimeGuard::observe(&state, &lost, &Limits::default()).0
}

fn signed(at: Timestamp, reading: &Reading) -> TimeState {
    TimeState::default().adopt(&SignedTime { at, signer: TimeSigner([1; 32]) }, reading).0
}

/// The signers of a site, and everything that goes into its next bundle.
pub(crate) struct Site {
    pub(crate) root_keys: Vec<TestKey>,
    pub(crate) root_threshold: u32,
    pub(crate) targets_keys: Vec<TestKey>,
    pub(crate) snapshot_key: TestKey,
    pub(crate) timestamp_key: TestKey,
    pub(crate) issuer: TestKey,
    pub(crate) status_key: TestKey,
    pub(crate) holder: TestKey,
    pub(crate) roots: Vec<Envelope>,
    pub(crate) targets: TargetsPart,
    pub(crate) list: StatusListBuf,
    pub(crate) lists_issued_at: Timestamp,
    pub(crate) version: u64,
    pub(crate) issued_at: Timestamp,
}

impl Site {
    pub(crate) fn new() -> Self {
        let (issuer, status_key) = (TestKey::new(20), TestKey::new(21));
        let mut site = Self {
            root_keys: vec![TestKey::new(1), TestKey::new(2), TestKey::new(3)],
            root_threshold: 2,
            targets_keys: vec![TestKey::new(4), TestKey::new(5)],
            snapshot_key: TestKey::new(6),
            timestamp_key: TestKey::new(7),
            targets: targets(&issuer, &status_key),
            issuer,
            status_key,
            holder: TestKey::new(30),
            roots: Vec::new(),
            list: StatusListBuf::new(Bits::Two, ENTRIES),
            lists_issued_at: NOON,
            version: 1,
            issued_at: NOON,
        };
        let root = site.root_part(1);
        site.roots.push(Envelope::sign_part(&root, &site.root_signers()).expect("signs"));
        site
    }

    /// The key records of the site's present keys.
    pub(crate) fn root_part(&self, version: u64) -> RootPart {
        let keys = |keys: &[TestKey]| -> Vec<PublicKey> { keys.iter().map(TestKey::public).collect() };
        let role = |keys: Vec<PublicKey>, threshold| SigningRole { keys, threshold };
        let (root, targets) = (keys(&self.root_keys), keys(&self.targets_keys));
        let (snapshot, timestamp) = (vec![self.snapshot_key.public()], vec![self.timestamp_key.public()]);
        RootPart {
            schema: RootPart::SCHEMA.into(),
            version,
            issued_at: NOON,
            expires_at: NOON.plus(365 * DAY),
            keys: [root.clone(), targets.clone(), snapshot.clone(), timestamp.clone()].concat(),
            roles: RootRoles {
                root: role(root, self.root_threshold),
                targets: role(targets, 2),
                snapshot: role(snapshot, 1),
                timestamp: role(timestamp, 1),
            },
        }
    }

    pub(crate) fn root_signers(&self) -> Vec<&dyn Signer> {
        self.root_keys.iter().map(|key| key as &dyn Signer).collect()
    }

    /// Appends the next root, signed by `old` besides the present root keys.
    pub(crate) fn rotate(&mut self, old: &[TestKey]) {
        let part = self.root_part(self.roots.len() as u64 + 1);
        let mut signers: Vec<&dyn Signer> = old.iter().map(|key| key as &dyn Signer).collect();
        signers.extend(self.root_signers().into_iter().filter(|new| !old.iter().any(|key| key.public == *new.public_key())));
        self.roots.push(Envelope::sign_part(&part, &signers).expect("signs"));
    }

    /// The first root, as pinned.
    pub(crate) fn pinned(&self) -> Root {
        Root::open(&self.roots[0].to_bytes()).expect("the first root")
    }

    pub(crate) fn signed_targets(&self) -> Envelope {
        let signers: Vec<&dyn Signer> = self.targets_keys.iter().map(|key| key as &dyn Signer).collect();
        Envelope::sign_part(&self.targets, &signers).expect("signs")
    }

    pub(crate) fn token(&self) -> String {
        self.token_by(&self.status_key, self.lists_issued_at)
    }

    pub(crate) fn token_by(&self, key: &TestKey, issued_at: Timestamp) -> String {
        let token =
            StatusListToken { uri: LIST.into(), issued_at, expires_at: Some(issued_at.plus(14 * DAY)), ttl_seconds: Some(HOUR as u64) };
        token.sign(&self.list, TokenForm::Jwt, &key.kid(), key).expect("signs")
    }

    pub(crate) fn set_status(&mut self, index: u64, value: u8) {
        self.list.set(index, value).expect("in the list");
    }

    pub(crate) fn draft(&self) -> BundleDraft {
        BundleDraft {
            root: self.roots.clone(),
            targets: self.signed_targets(),
            contexts: Vec::new(),
            lists: vec![self.token()],
            version: self.version,
            issued_at: self.issued_at,
            expires_at: self.issued_at.plus(7 * DAY),
        }
    }

    pub(crate) fn seal(&self) -> TrustBundle {
        self.draft().seal(&[&self.snapshot_key], &[&self.timestamp_key]).expect("seals")
    }

    /// Everything one version on and `seconds` later.
    pub(crate) fn advance(&mut self, seconds: i64) {
        self.version += 1;
        self.targets.version += 1;
        self.issued_at = self.issued_at.plus(seconds);
        self.lists_issued_at = self.lists_issued_at.plus(seconds);
    }

    pub(crate) fn authority(&mut self) -> &mut Authority {
        &mut self.targets.authorities[0]
    }

    /// The claims of the site's issuer about a staff member at index 7, for 30 days from `NOON`.
    pub(crate) fn claims(&self, format: Format) -> RoleClaims {
        RoleClaims {
            issuer: self.issuer.did(),
            key_id: Some(self.issuer.kid()),
            kind: kind_in(format).into(),
            roles: vec!["staff".into()],
            sites: vec!["clinic".into()],
            zones: vec!["*".into()],
            issued_at: NOON,
            valid_from: NOON,
            valid_until: NOON.plus(30 * DAY),
            status: vec![StatusReference::token(LIST, 7)],
            holder: Some(self.holder.public().into()),
            personal: Object::new(),
        }
    }

    pub(crate) fn issue(&self, format: Format, change: impl FnOnce(&mut RoleClaims)) -> Credential {
        let mut claims = self.claims(format);
        change(&mut claims);
        issue_by(&self.issuer, format, &claims)
    }
}

/// A credential by any key; what it claims is up to `claims`.
pub(crate) fn issue_by(key: &TestKey, format: Format, claims: &RoleClaims) -> Credential {
    Credential::issue(claims, format, key, &mut Counter(7)).expect("issues")
}

fn targets(issuer: &TestKey, status_key: &TestKey) -> TargetsPart {
    let limit = |role: &str, fresh, stale, action, unknown| RoleLimit {
        role: role.into(),
        fresh_seconds: fresh * HOUR as u64,
        stale_seconds: stale * HOUR as u64,
        stale: action,
        unknown,
    };
    TargetsPart {
        schema: TargetsPart::SCHEMA.into(),
        version: 1,
        issued_at: NOON,
        expires_at: NOON.plus(90 * DAY),
        authorities: vec![Authority {
            name: "Town Hospital".into(),
            keys: vec![issuer.record(KeyUse::Credential), status_key.record(KeyUse::Status)],
            types: vec![VCT.into(), VC_TYPE.into()],
            roles: vec!["admin".into(), "staff".into(), "visitor".into(), "medical".into()],
            sites: vec!["clinic".into()],
            max_validity_seconds: 365 * DAY as u64,
            status_uris: vec![StatusUri { uri: LIST.into(), max_entries: ENTRIES, bits: 2, irrevocable: false, kind: ListKind::Token }],
        }],
        gates: vec![Gate {
            id: TestKey::new(40).did(),
            name: "East door".into(),
            site: "clinic".into(),
            zone: "ward".into(),
            time_zone: None,
            not_after: NOON.plus(60 * DAY),
        }],
        contexts: Vec::new(),
        policy: Policy {
            version: 1,
            issued_at: NOON,
            expires_at: NOON.plus(40 * DAY),
            cedar: String::new(),
            limits: vec![
                limit("admin", 24, 24, StaleAction::Deny, UnknownAction::Deny),
                limit("staff", 72, 168, StaleAction::TwoPerson, UnknownAction::Deny),
                limit("visitor", 168, 336, StaleAction::Override, UnknownAction::Escort),
                limit("medical", 24, 336, StaleAction::Override, UnknownAction::BreakGlass),
                limit("*", 24, 24, StaleAction::Deny, UnknownAction::Deny),
            ],
            unattended_ok: vec!["expires_soon".into()],
            max_boots_without_signed_time: 30,
            max_decisions_without_signed_time: 30_000,
            seen_again_seconds: None,
            unlocking: None,
        },
        delegations: [],
    }
}
