//! Bundles, lists, and what synchronizing exchanges.

use super::credentials::sign_jws;
use super::{signed_if_asked, text};
use crate::guard::{require, violation};
use crate::setting::{good_presentation, setting};
use crate::world::{DAY, HOUR, TestRng, at};
use std::hint::black_box;
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::key::Signer as _;
use waypass_credential::vcdm::secured::{self, Securing};
use waypass_trust::audit::{Chain, Draft, Entry, Event, Head, Leaf, Outcome, Receipt, Salts, Upload};
use waypass_trust::bundle::{BundleDraft, Part as _, TargetsPart, TrustBundle};
use waypass_trust::policy::RolePolicy;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_trust::status::bitstring::BitstringList;
use waypass_trust::status::{self, StatusListToken};
use waypass_trust::sync::{AuditHeld, Manifest, Parcel, Plan};
use waypass_verifier::{Checkpoint, DeviceState};

/// Most bytes that a list may inflate to here.
const LIST_BYTES: usize = 256;
const BITSTRING_BYTES: usize = 125_000;

/// A bundle that opens has the versions and targets of a genuine one, and no bundle takes a newer one back.
pub(super) fn bundle(data: &[u8]) {
    let setting = setting();
    let genuine = [&setting.bundle, &setting.newer];
    if let Ok(opened) = TrustBundle::open(data, setting.bundle.root()) {
        require(genuine.iter().any(|bundle| bundle.versions() == opened.versions()), "versions that nobody signed");
        require(genuine.iter().any(|bundle| bundle.targets() == opened.targets()), "targets that nobody signed");
        let again = TrustBundle::open(&opened.to_bytes(), setting.bundle.root());
        require(again.is_ok_and(|again| again.to_bytes() == opened.to_bytes()), "a bundle is another one when written again");
        for held in genuine {
            let mut replaced = held.clone();
            let taken = replaced.replace(opened.clone()).is_ok();
            require(!taken || replaced.versions().targets >= held.versions().targets, "a bundle was taken back");
        }
    }
    black_box(setting.bundle.clone().ingest_list(data).is_ok());
}

/// Whatever the officers sign as targets: a sealed bundle opens to the same bytes, and a gate under it decides.
pub(super) fn targets(data: &[u8]) {
    let setting = setting();
    let world = &setting.world;
    let Ok(signed) = waypass_trust::fuzzing::part(data, TargetsPart::TYP, &[&world.root]) else { return };
    for lists in [vec![world.list(at(0), 30 * DAY, &[(8, 1)])], Vec::new()] {
        let (targets, contexts, expires_at) = (signed.clone(), Vec::new(), at(30 * DAY));
        let draft = BundleDraft { root: vec![world.root_envelope()], targets, contexts, lists, version: 1, issued_at: at(0), expires_at };
        let Ok(bundle) = draft.seal(&[&world.online], &[&world.online]) else { continue };
        let bytes = bundle.to_bytes();
        let again = TrustBundle::open(&bytes, &world.pinned());
        require(again.is_ok_and(|again| again.to_bytes() == bytes), "a sealed bundle does not open to the same");
        black_box(setting.bundle.clone().replace(bundle.clone()).is_ok());
        black_box(["nurse", "*", ""].map(|role| bundle.works_offline_until(role, bundle.gates().first())));
        let Ok(policy) = RolePolicy::compile(bundle.policy()) else { continue };
        let mut checkpoint = Checkpoint::new(setting.gate.clone(), &bundle, &policy, DeviceState::new(&setting.gate.id));
        let moment = checkpoint.observe(setting.moment().reading());
        let (decision, _) = checkpoint.step(good_presentation(), setting.asked(), &moment, &mut TestRng::new("salt"));
        require(!decision.reasons.is_empty(), "an answer without a reason");
    }
}

/// A Token Status List never inflates beyond its bound.
pub(super) fn token(data: &[u8]) {
    let setting = setting();
    let key = &setting.world.status;
    let Some((list, _)) = signed_if_asked(data, |payload| sign_jws("statuslist+jwt", payload, key)) else { return };
    if let Ok(verified) = StatusListToken::verify(&list, key.public_key(), LIST_BYTES) {
        let (bytes, ends) = waypass_trust::fuzzing::token(&verified);
        require(bytes <= LIST_BYTES, "inflated beyond its bound");
        require(ends, "an entry beyond the list");
    }
    black_box(setting.bundle.clone().ingest_list(list.as_bytes()).is_ok());
    black_box(status::claimed(&list));
}

/// A bitstring never inflates beyond its bound, however it is secured.
pub(super) fn bitstring(data: &[u8]) {
    let setting = setting();
    let key = &setting.world.status;
    let secured = match data.strip_prefix(b"!") {
        None => data.to_vec(),
        Some(rest) => {
            let Some((by, document)) = rest.split_first() else { return };
            let Ok(Value::Object(document)) = json::parse(document, Limits { bytes: 1 << 20, depth: 8, values: 2048 }) else { return };
            let by = [Securing::DataIntegrity, Securing::Jose, Securing::Cose][usize::from(*by) % 3];
            let Ok(secured) = secured::secure(document, by, &key.key_id(), at(0), key) else { return };
            secured
        }
    };
    if let Some(list) = text(&secured) {
        if let Ok(verified) = BitstringList::verify(list, key.public_key(), BITSTRING_BYTES) {
            require(waypass_trust::fuzzing::length(&verified) <= BITSTRING_BYTES, "inflated beyond its bound");
        }
        black_box(setting.bundle.clone().ingest_list(list.as_bytes()).is_ok());
    }
    // The content behind the multibase prefix and GZIP's header.
    let zipped = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], data].concat();
    let encoded = [text(data).unwrap_or_default().to_owned(), format!("u{}", base64url::encode(&zipped))];
    for encoded in encoded {
        let inflated = waypass_trust::fuzzing::bits(&encoded, BITSTRING_BYTES).unwrap_or_default();
        require(inflated.len() <= BITSTRING_BYTES, "inflated beyond its bound");
    }
}

/// A plan ends, and a manifest is the same when it is written again.
pub(super) fn manifest(data: &[u8]) {
    let Ok(offered) = Manifest::parse(data) else { return };
    require(Manifest::parse(&offered.to_bytes()).as_ref() == Ok(&offered), "a manifest is another one when written again");
    let held = Manifest::of(Some(&setting().bundle), AuditHeld { size: 3, receipted: 1 });
    for (held, offered) in [(&held, &offered), (&offered, &held), (&offered, &offered)] {
        let Ok(mut plan) = Plan::new(held, offered) else { continue };
        let mut steps = 0;
        while plan.next().is_some() && steps <= 10_000 {
            plan.committed();
            steps += 1;
        }
        require(steps <= 10_000, "a plan without end");
    }
}

/// A parcel is the same when it is written again.
pub(super) fn parcel(data: &[u8]) {
    let Ok(parcel) = Parcel::parse(data) else { return };
    let again = parcel.to_bytes().ok().and_then(|bytes| Parcel::parse(&bytes).ok());
    // A bundle may be nested as deep as a parcel may, and then fits no parcel: no genuine one is.
    let Some(again) = again else { return };
    require(again.uploads == parcel.uploads && again.receipts == parcel.receipts, "a parcel is another one when written again");
}

fn log(size: u64) -> (Vec<Entry>, Chain) {
    let setting = setting();
    let (moment, mut chain) = (setting.moment(), Chain::new(&setting.world.gate.did()));
    let outcome = || Some(Outcome::new(Level::Green, [ReasonCode::Ok]));
    let draft = || Draft {
        at: &moment,
        actor: "the gate",
        event: Event::Decided,
        subject: "x",
        outcome: outcome(),
        bundle_version: 1,
        status: None,
    };
    let entries = (0..size).map(|number| chain.append(draft(), Salts::random(&mut TestRng::new(&format!("salt {number}"))))).collect();
    (entries, chain)
}

pub(crate) fn audit_seeds() -> Vec<Vec<u8>> {
    let world = &setting().world;
    let mut seeds = Vec::new();
    for size in [1, 3] {
        let (entries, chain) = log(size);
        let upload = Upload::sign(&entries, &chain, at(HOUR), Vec::new(), &world.gate).expect("signed");
        seeds.push(upload.head().as_bytes().to_vec());
        seeds.push(upload.to_bytes());
        let receipt = Receipt { chain, stored_at: at(HOUR), flagged: Vec::new() };
        seeds.push(receipt.sign(&world.intake.key_id(), &world.intake).expect("signed").into_bytes());
    }
    seeds
}

/// An upload brings only leaves that the gate wrote.
pub(super) fn audit(data: &[u8]) {
    let world = &setting().world;
    let (entries, _) = log(3);
    let hashes: Vec<[u8; 32]> = entries.iter().map(|entry| Leaf::hash(entry.leaf_bytes())).collect();
    let hash_of = |index: u64| hashes.get(usize::try_from(index).ok()?).copied();
    if let Ok(upload) = Upload::parse(data) {
        let again = Upload::parse(&upload.to_bytes()).map(|again| again.to_bytes());
        require(again == Ok(upload.to_bytes()), "an upload is another one when written again");
        for held in 0..=3 {
            let known = |index: u64| hash_of(index).filter(|_| index < held);
            let Ok(accepted) = upload.verify(world.gate.public_key(), held, &known, at(HOUR + 10)) else { continue };
            for (leaf, index) in accepted.new.iter().zip(accepted.first_new..) {
                require(hash_of(index) == Some(Leaf::hash(leaf)), "a leaf that the gate did not write");
            }
        }
    }
    let Some(text) = text(data) else { return };
    black_box(Head::open(text).is_ok());
    if let Ok(receipt) = Receipt::open(text, world.intake.public_key(), &world.gate.did(), &hash_of) {
        if receipt.chain.size() > 3 {
            violation("a receipt for more than was written", &format!("{}", receipt.chain.size()));
        }
    }
}
