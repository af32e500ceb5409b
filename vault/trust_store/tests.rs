//! Replacing, refusing, and surviving damage.

use super::{MemoryTrust, TrustFile, TrustStorage as _, TrustStore, TrustStoreError};
use crate::testing::TestRng;
use alloc::string::String;
use alloc::vec;
use ed25519_dalek::{Signer as _, SigningKey};
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{BundleDraft, Envelope, Part, Policy, RoleLimit, Root, RootPart, RootRoles, SigningRole, Unlocking};
use waypass_trust::bundle::{StaleAction, TargetsPart, TrustBundle, UnknownAction};

pub(crate) struct Key(SigningKey, PublicKey);

impl Key {
    pub(crate) fn new() -> Self {
        let mut seed = [0; 32];
        rand_core::Rng::fill_bytes(&mut TestRng, &mut seed);
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        Self(key, public)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds).expect("a time")
}

pub(crate) fn root(key: &Key) -> Envelope {
    let role = || SigningRole { keys: vec![key.1.clone()], threshold: 1 };
    let roles = RootRoles { root: role(), targets: role(), snapshot: role(), timestamp: role() };
    let part = RootPart {
        schema: RootPart::SCHEMA.into(),
        version: 1,
        issued_at: at(0),
        expires_at: at(1_000_000),
        keys: vec![key.1.clone()],
        roles,
    };
    Envelope::sign_part(&part, &[key]).expect("signs")
}

pub(crate) fn bundle(key: &Key, version: u64) -> TrustBundle {
    bundle_asking(key, version, None)
}

/// A bundle whose site asks this of those who open its devices.
pub(crate) fn bundle_asking(key: &Key, version: u64, unlocking: Option<Unlocking>) -> TrustBundle {
    let policy = Policy {
        version: 1,
        issued_at: at(0),
        expires_at: at(1_000_000),
        cedar: String::new(),
        limits: vec![RoleLimit {
            role: "*".into(),
            fresh_seconds: 3600,
            stale_seconds: 7200,
            stale: StaleAction::Deny,
            unknown: UnknownAction::Deny,
        }],
        unattended_ok: vec![],
        max_boots_without_signed_time: 10,
        max_decisions_without_signed_time: 1000,
        seen_again_seconds: None,
        unlocking,
    };
    let targets = TargetsPart {
        schema: TargetsPart::SCHEMA.into(),
        version,
        issued_at: at(0),
        expires_at: at(1_000_000),
        authorities: vec![],
        gates: vec![],
        contexts: vec![],
        policy,
        delegations: [],
    };
    let targets = Envelope::sign_part(&targets, &[key]).expect("signs");
    let draft = BundleDraft {
        root: vec![root(key)],
        targets,
        contexts: vec![],
        lists: vec![],
        version,
        issued_at: at(0),
        expires_at: at(1_000_000),
    };
    draft.seal(&[key], &[key]).expect("sealed")
}

#[test]
fn keeps_the_newest_and_takes_no_step_back() {
    let (key, store) = (Key::new(), TrustStore::new(MemoryTrust::default()));
    assert!(store.load().expect("nothing yet").is_none() && store.root().expect("nothing yet").is_none());
    assert!(matches!(store.install(&bundle(&key, 1)), Err(TrustStoreError::NotPinned)));
    let pinned = Root::open(&root(&key).to_bytes()).expect("a root");
    store.claim_root(&pinned).expect("pinned");
    store.claim_root(&pinned).expect("pinned again");
    let other = Root::open(&root(&Key::new()).to_bytes()).expect("a root");
    assert!(matches!(store.claim_root(&other), Err(TrustStoreError::OtherRoot { .. })));

    store.install(&bundle(&key, 2)).expect("installed");
    assert_eq!(store.load().expect("loads").expect("there").versions().targets, 2);
    assert!(matches!(store.install(&bundle(&key, 1)), Err(TrustStoreError::Bundle(_))));
    assert_eq!(store.load().expect("loads").expect("there").versions().targets, 2);
    store.install(&bundle(&key, 3)).expect("installed");
    assert_eq!(store.load().expect("loads").expect("there").versions().targets, 3);
}

#[test]
fn a_damaged_file_is_set_aside_and_reported_once() {
    let files = MemoryTrust::default();
    let (key, store) = (Key::new(), TrustStore::new(files.clone()));
    store.claim_root(&Root::open(&root(&key).to_bytes()).expect("a root")).expect("pinned");
    let mut names = alloc::collections::BTreeSet::new();
    for attempt in 0..3 {
        store.install(&bundle(&key, 1)).expect("installed");
        let mut damaged = files.get(TrustFile::Bundle).expect("read").expect("there");
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        write(&files, TrustFile::Bundle, &damaged);
        let Err(TrustStoreError::Quarantined { aside, .. }) = store.load() else { panic!("damage went unnoticed in attempt {attempt}") };
        assert!(names.insert(aside));
        assert!(store.load().expect("nothing left").is_none());
    }
    store.install(&bundle(&key, 1)).expect("installed");
    assert!(store.load().expect("loads").is_some());
}

/// Writes a file as somebody else may.
pub(crate) fn write(files: &MemoryTrust, file: TrustFile, bytes: &[u8]) {
    files.lock().expect("free").replace(file, bytes).expect("written");
}
