//! Files that are the floor, ahead of it, behind it, or foreign.

use super::{Belief, BeliefError, Tampering};
use crate::testing::site_rules;
use crate::throttle::Limits;
use crate::trust_store::tests::{Key, bundle, bundle_asking, root, write};
use crate::trust_store::{MemoryTrust, TrustFile, TrustStorage as _, TrustStore};
use crate::unlocked::tests::Fixture;
use alloc::vec::Vec;
use waypass_trust::bundle::{BundleError, Root, TrustBundle, Unlocking, VaultRules};

fn pinned(key: &Key) -> Root {
    Root::open(&root(key).to_bytes()).expect("a root")
}

fn version(belief: &Belief<'_>) -> Option<u64> {
    belief.bundle().expect("read").map(|bundle: TrustBundle| bundle.versions().targets)
}

fn read(files: &MemoryTrust, file: TrustFile) -> Vec<u8> {
    files.get(file).expect("read").expect("there")
}

fn remove(files: &MemoryTrust, file: TrustFile) {
    files.lock().expect("free").set_aside(file).expect("removed");
}

#[test]
fn a_vault_without_a_floor_believes_nothing_of_what_lies_there() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let vault = fixture.unlock();
    let store = TrustStore::new(files.clone());
    store.claim_root(&pinned(&key)).expect("pinned");
    store.install(&bundle(&key, 1)).expect("installed");
    let belief = Belief::new(&vault, store, None);
    assert_eq!(version(&belief), None);
    assert!(matches!(belief.take(&bundle(&key, 2).to_bytes()), Err(BeliefError::NotPinned)));
    belief.pin(&pinned(&key)).expect("pinned");
    assert_eq!(version(&belief), Some(1));
}

#[test]
fn a_vault_follows_what_the_site_asks_of_its_kind() {
    let key = Key::new();
    let asking = |tries: u32| VaultRules { tries: Some(tries), ..site_rules(&[]) };
    let unlocking = |tries: u32| Unlocking { wallets: Some(asking(tries)), gates: Some(asking(tries + 1)) };
    for (kind, more) in [("wallet", Some(0)), ("verifier", Some(1)), ("issuer", None)] {
        let (mut fixture, files) = (Fixture::of(kind), MemoryTrust::default());
        let vault = fixture.unlock();
        let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
        belief.pin(&pinned(&key)).expect("pinned");
        let followed = || vault.site_rules().map(|site| site.limits);
        let first = bundle_asking(&key, 1, Some(unlocking(3)));
        let expected = |tries: u32| more.map(|more| Limits::of(&asking(tries + more)));
        assert_eq!(followed(), None, "{kind}");
        belief.take(&first.to_bytes()).expect("taken");
        assert_eq!(followed(), expected(3), "{kind}");
        // A wallet's synchronization needs no key: the file is newer when the vault is opened.
        write(&files, TrustFile::Bundle, &bundle_asking(&key, 2, Some(unlocking(5))).to_bytes());
        belief.bundle().expect("adopted");
        assert_eq!(followed(), expected(5), "{kind}");
        belief.take(&bundle(&key, 3).to_bytes()).expect("taken");
        assert_eq!(followed(), None, "{kind}: the site asks nothing any more");
        belief.take(&bundle_asking(&key, 4, Some(unlocking(3))).to_bytes()).expect("taken");
        belief.forget().expect("forgotten");
        assert_eq!(followed(), None, "{kind}: the site is forgotten");
    }
}

#[test]
fn two_files_copied_into_the_folder_are_found() {
    let (mut fixture, files, key, stranger) = (Fixture::new(), MemoryTrust::default(), Key::new(), Key::new());
    let vault = fixture.unlock();
    let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
    belief.pin(&pinned(&key)).expect("pinned");
    belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
    write(&files, TrustFile::Root, &pinned(&stranger).to_bytes());
    assert!(matches!(belief.bundle(), Err(BeliefError::Tampered(Tampering::OtherRoot(_)))));
    write(&files, TrustFile::Bundle, &bundle(&stranger, 9).to_bytes());
    assert!(matches!(belief.bundle(), Err(BeliefError::Tampered(_))));
    assert!(matches!(belief.pin(&pinned(&stranger)), Err(BeliefError::OtherRoot(_))));
    assert!(matches!(belief.take(&bundle(&stranger, 9).to_bytes()), Err(BeliefError::Refused(_))));
    // The way back needs no new home.
    belief.take(&bundle(&key, 1).to_bytes()).expect("at the floor");
    assert_eq!(version(&belief), Some(1));
}

#[test]
fn an_older_bundle_put_back_is_found_and_a_removed_one_too() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let vault = fixture.unlock();
    let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
    belief.pin(&pinned(&key)).expect("pinned");
    belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
    let old = read(&files, TrustFile::Bundle);
    belief.take(&bundle(&key, 2).to_bytes()).expect("taken");
    write(&files, TrustFile::Bundle, &old);
    let found = belief.bundle();
    assert!(matches!(found, Err(BeliefError::Tampered(Tampering::Bundle(BundleError::Rollback { .. })))), "{found:?}");
    // A brought bundle must reach the floor by itself.
    assert!(matches!(belief.take(&old), Err(BeliefError::Refused(BundleError::Rollback { .. }))));
    remove(&files, TrustFile::Bundle);
    assert!(matches!(belief.bundle(), Err(BeliefError::Tampered(Tampering::Missing))));
    write(&files, TrustFile::Bundle, b"{");
    assert!(matches!(belief.bundle(), Err(BeliefError::Tampered(Tampering::Bundle(_)))));
    belief.take(&bundle(&key, 3).to_bytes()).expect("taken");
    assert_eq!(version(&belief), Some(3));
}

#[test]
fn another_content_under_a_version_that_was_seen_is_found() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let vault = fixture.unlock();
    let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
    belief.pin(&pinned(&key)).expect("pinned");
    belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
    let mut other = bundle(&key, 1).to_bytes();
    // A file with other spacing has equal parts: it differs, and nothing in it is behind.
    other.push(b'\n');
    write(&files, TrustFile::Bundle, &other);
    assert_eq!(version(&belief), Some(1));
}

#[test]
fn a_file_ahead_of_the_seal_is_adopted_and_written_once() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let vault = fixture.unlock();
    let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
    belief.pin(&pinned(&key)).expect("pinned");
    belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
    // Files that another role stored, or that a power cut left unsealed.
    TrustStore::new(files.clone()).install(&bundle(&key, 2)).expect("installed");
    let before = vault.state_seq();
    assert_eq!(version(&belief), Some(2));
    assert_eq!(vault.state_seq(), before + 1);
    assert_eq!(version(&belief), Some(2));
    assert_eq!(vault.state_seq(), before + 1, "an unchanged belief costs no flush");
}

#[test]
fn a_lost_or_damaged_root_is_made_again() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let vault = fixture.unlock();
    let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
    belief.pin(&pinned(&key)).expect("pinned");
    belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
    let whole = read(&files, TrustFile::Root);
    for damaged in [&b"not a root"[..], b""] {
        write(&files, TrustFile::Root, damaged);
        assert_eq!(version(&belief), Some(1));
        assert_eq!(read(&files, TrustFile::Root), whole);
    }
    remove(&files, TrustFile::Root);
    assert_eq!(version(&belief), Some(1));
    assert_eq!(read(&files, TrustFile::Root), whole);
}

#[test]
fn two_vaults_share_a_folder_and_each_has_a_floor() {
    let (mut one, mut two) = (Fixture::new(), Fixture::new());
    let (files, key) = (MemoryTrust::default(), Key::new());
    let (one, two) = (one.unlock(), two.unlock());
    let (one, two) = (
        Belief::new(&one, TrustStore::new(files.clone()), None),
        Belief::new(&two, TrustStore::new(files.clone()), Some("did:key:gate".into())),
    );
    for belief in [&one, &two] {
        belief.pin(&pinned(&key)).expect("pinned");
    }
    let mut old = Vec::new();
    for turn in 1..6 {
        let (writes, reads) = if turn % 2 == 0 { (&one, &two) } else { (&two, &one) };
        writes.take(&bundle(&key, turn).to_bytes()).expect("taken");
        assert_eq!((version(writes), version(reads)), (Some(turn), Some(turn)));
        if turn == 4 {
            old = read(&files, TrustFile::Bundle);
        }
    }
    write(&files, TrustFile::Bundle, &old);
    assert!(one.bundle().is_err() && two.bundle().is_err());
    one.take(&bundle(&key, 6).to_bytes()).expect("taken");
    assert_eq!(version(&two), Some(6));
    one.remove().expect("removed");
    assert_eq!(version(&one), None);
    assert!(matches!(two.bundle(), Err(BeliefError::Tampered(Tampering::Missing))));
}

#[test]
fn a_sealed_record_of_another_vault_is_no_belief() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    {
        let vault = fixture.unlock();
        let belief = Belief::new(&vault, TrustStore::new(files.clone()), None);
        belief.pin(&pinned(&key)).expect("pinned");
        belief.take(&bundle(&key, 1).to_bytes()).expect("taken");
        vault.put("belief", b"floor", b"nonsense", &[]).expect("put");
        assert!(matches!(belief.bundle(), Err(BeliefError::Tampered(Tampering::Seal))));
        belief.pin(&pinned(&key)).expect("a person pins it again");
    }
    let vault = fixture.unlock();
    assert_eq!(version(&Belief::new(&vault, TrustStore::new(files.clone()), None)), Some(1));
}

#[test]
fn the_upgrade_adopts_once_and_nobody_brings_it_about_again() {
    let (mut fixture, files, key) = (Fixture::new(), MemoryTrust::default(), Key::new());
    let store = TrustStore::new(files.clone());
    store.claim_root(&pinned(&key)).expect("pinned");
    store.install(&bundle(&key, 1)).expect("installed");
    let vault = fixture.unlock();
    assert!(!vault.needs_upgrade(), "a new vault has the newest format");
    vault.pretend_to_be_of_0_1_0();
    assert!(vault.needs_upgrade());
    let belief = Belief::new(&vault, store, None);
    vault.upgrade(|_| belief.adopt_files_of_0_1_0()).expect("upgraded");
    assert_eq!(version(&belief), Some(1));
    // The row of the floor is gone: nothing lies under the seal, and nothing is adopted.
    belief.remove().expect("removed");
    let other = TrustStore::new(files.clone());
    other.claim_root(&pinned(&key)).expect("pinned");
    other.install(&bundle(&key, 1)).expect("installed");
    vault.upgrade(|_| belief.adopt_files_of_0_1_0()).expect("nothing to do");
    assert_eq!(version(&belief), None);
}
