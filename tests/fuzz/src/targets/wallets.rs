//! A wallet and a gate on the same credential: what one takes, the other admits.

use super::credentials::sign_as_issuer;
use crate::guard::{require, violation};
use crate::setting::{codes, setting};
use crate::world::{HOUR, TestRng, at};
use std::cell::RefCell;
use waypass_credential::Credential;
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_machine::{SystemRng, clock};
use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, PlainMemory, RecoveryCode, Vault};
use waypass_verifier::Verdict;
use waypass_wallet::{Asked, HoldError, Wallet};

/// A wallet's history grows with every credential, so it is made anew now and then.
const MOST_HELD: u32 = 800;

struct Own {
    wallet: Wallet<'static>,
    key: PublicKey,
    used: u32,
}

impl Own {
    fn make() -> Self {
        let code = RecoveryCode::generate(&mut TestRng::new("wallet"));
        let host = Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(PlainMemory), entropy: Box::new(SystemRng) };
        let (vault, _) = Vault::create(host, "wallet", &code, KdfCost::Floor).expect("a vault");
        let open = vault.into_unlocked(&Factors::one(&code), &clock::read()).map_err(|(_, why)| why).expect("our code");
        let wallet = Wallet::new(open);
        let key = wallet.holder_key(Algorithm::EdDsa).expect("a key").public_key;
        Self { wallet, key, used: 0 }
    }
}

/// Presents what the wallet holds, which the gate must admit, and holds what a gate admits.
pub(super) fn diff(data: &[u8]) {
    thread_local! {
        static OWN: RefCell<Option<Own>> = const { RefCell::new(None) };
    }
    OWN.with(|own| {
        let mut own = own.borrow_mut();
        if own.as_ref().is_some_and(|own| own.used > MOST_HELD) {
            *own = None;
        }
        let own = own.get_or_insert_with(Own::make);
        own.used += 1;
        compare(&own.wallet, &own.key, data);
    });
}

fn compare(wallet: &Wallet<'static>, key: &PublicKey, data: &[u8]) {
    let (setting, moment) = (setting(), setting().moment());
    let Some(bytes) = sign_as_issuer(data, key) else { return };
    let held = wallet.hold(&bytes, Some(&setting.bundle), &moment, &mut SystemRng);
    let Ok(credential) = Credential::parse(&bytes, setting.bundle.contexts()) else {
        require(held.is_err(), "held although it cannot be read");
        return;
    };
    let signer = wallet.signer(key).expect("our key");
    let wanted = credential.untrusted().ok().and_then(|untrusted| {
        setting.request.query.first_match(&untrusted.claims, credential.format(), &untrusted.role.kind).map(|found| found.paths)
    });
    let shown = credential.present(&wanted.unwrap_or_default(), &setting.request.binding(), at(HOUR), &signer, &mut SystemRng);
    let green = shown.as_ref().is_ok_and(|shown| matches!(setting.decide(shown.as_bytes()).verdict, Verdict::Allow(_)));
    match &held {
        // A gate judges what is shown to it, a wallet all that the issuer said.
        Err(HoldError::Refused(_)) => {}
        Err(why) if green => violation("a gate admits what a wallet does not hold", &why.to_string()),
        Ok(_) if shown.is_err() => violation("held and not presentable", &format!("{:?}", shown.err())),
        _ => {}
    }
    let Ok(held) = held else { return };
    if held.already {
        return;
    }
    require(wallet.export(held.id).is_ok_and(|exported| exported == bytes), "other bytes than were held");
    require(wallet.show(held.id, Some(&setting.bundle), &moment).is_ok(), "held and not shown");
    if let Ok(asked) = Asked::open(&setting.request_text, Some(&setting.bundle), &moment) {
        match wallet.propose_with(asked, held.id, Some(&setting.bundle), &moment).map(|proposal| proposal.approve(&mut SystemRng, &moment))
        {
            Ok(Ok(answer)) => {
                let decision = setting.decide(answer.as_bytes());
                let admitted = matches!(decision.verdict, Verdict::Allow(_));
                if green && !admitted {
                    violation("agreed to and not admitted", &format!("{:?}", codes(&decision)));
                }
            }
            Ok(Err(why)) => violation("agreed to and not made", &why.to_string()),
            Err(why) if green => violation("admitted and never proposed", &why.to_string()),
            Err(_) => {}
        }
    }
    let removal = wallet.removal(held.id, Some(&setting.bundle), &moment).expect("it is held");
    wallet.remove(removal, &moment, &mut SystemRng).expect("removed");
}
