use super::site::{Site, create, holder, moment, noon};
use crate::{Asked, Filter, PresentError, Standing};
use waypass_credential::Format;
use waypass_machine::SystemRng;
use waypass_vault::{Factors, KdfCost, KeyId, Password, RecoveryCode};

#[test]
fn a_restored_wallet_says_what_must_be_issued_again() {
    let (old, new) = (tempfile::tempdir().expect("temporary folder"), tempfile::tempdir().expect("temporary folder"));
    let (site, at) = (Site::new(), moment(noon()));
    let bundle = site.bundle();
    let (wallet, key) = holder(old.path());
    let mut ids: Vec<_> = [Format::SdJwtVc, Format::DataIntegrity]
        .map(|format| wallet.hold(&site.issue(format, &key, |_| {}), Some(&bundle), &at, &mut SystemRng).expect("held").id)
        .to_vec();
    ids.sort_unstable();
    let (code, phrase) = (RecoveryCode::generate(&mut SystemRng), Password::new("another phrase"));
    let file = wallet.backup(&Factors::one(&code).and(&phrase), KdfCost::Floor).expect("made");
    for secret in ["Lovelace", "surgeon", "RoleCredential"] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in the backup");
    }
    drop(wallet);

    let wallet = create(new.path());
    let wrong = Password::new("a wrong phrase");
    assert!(wallet.restore(&file, &Factors::one(&code).and(&wrong), &at, &mut SystemRng).is_err());
    assert!(wallet.list(Filter::All, None, &at).expect("a list").cards.is_empty());
    let restored = wallet.restore(&file, &Factors::one(&code).and(&phrase), &at, &mut SystemRng).expect("restored");
    let mut reissue = restored.reissue.clone();
    reissue.sort_unstable();
    assert_eq!((restored.credentials, &reissue), (2, &ids));
    for card in wallet.list(Filter::All, Some(&bundle), &at).expect("a list").cards {
        assert_eq!(card.standing, Standing::Reissue);
        assert_eq!(card.role.roles, ["staff", "surgeon"], "what it says is still there to be read");
    }

    // The old key is gone, so nothing can be shown until the issuer binds the credential to the new one.
    let asked = Asked::open(&site.ask(&["staff"], &[]), Some(&bundle), &at).expect("a good request");
    match wallet.propose(asked.clone(), Some(&bundle), &at).map(drop) {
        Err(PresentError::KeysElsewhere(mut lost)) => {
            lost.sort_unstable();
            assert_eq!(lost, ids);
        }
        other => panic!("{other:?}"),
    }
    let key = wallet.holder_key(waypass_credential::key::Algorithm::EdDsa).expect("a key").public_key;
    wallet.hold(&site.issue(Format::SdJwtVc, &key, |_| {}), Some(&bundle), &at, &mut SystemRng).expect("held");
    let proposal = wallet.propose(asked, Some(&bundle), &at).expect("an answer");
    proposal.approve(&mut SystemRng, &at).expect("agreed");
    let events: Vec<_> = wallet.history().expect("readable").into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, ["restored", "held", "presented"]);
}

/// A key that was made here and is gone was lost here: no backup left it behind.
#[test]
fn a_key_lost_here_is_told_from_one_that_stayed_elsewhere() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let bundle = site.bundle();
    let (wallet, key) = holder(dir.path());
    let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
    let id = wallet.hold(&bytes, Some(&bundle), &at, &mut SystemRng).expect("held").id;
    wallet.vault().retire_key(KeyId::of(&key)).expect("retired");
    let card = wallet.show(id, Some(&bundle), &at).expect("a card");
    assert_eq!((&card.standing, card.standing.as_str()), (&Standing::KeyLost, "key_lost"));
    let asked = Asked::open(&site.ask(&["staff"], &[]), Some(&bundle), &at).expect("a good request");
    for chosen in [None, Some(id)] {
        let answer = match chosen {
            None => wallet.propose(asked.clone(), Some(&bundle), &at),
            Some(id) => wallet.propose_with(asked.clone(), id, Some(&bundle), &at),
        };
        assert!(matches!(answer.map(drop), Err(PresentError::KeysLost(lost)) if lost == [id]));
    }
}
