//! Documents with several proofs: sets and chains (VC Data Integrity 1.0 §2.1.1, §2.1.2).

use super::{Arrival, Case, Maker};
use crate::by_hand::jcs_proof;
use crate::world::{DAY, TestKey, TestRng, World, at};
use waypass_credential::data_integrity::Suite;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::Signer;
use waypass_credential::{Credential, Format, Issuance};
use waypass_trust::bundle::{Authority, KeyUse};

const FIRST: &str = "urn:uuid:6a1676b8-b51f-11ed-937b-d76685a20ff5";

pub(super) fn cases() -> Vec<Case> {
    vec![
        set("proof-set", "Two proofs by two keys of the issuer, in two suites, as while one takes over from the other.", Beside::OwnKey),
        set("proof-set-of-two-issuers", "The second proof is another known issuer's: it is checked and gives no right.", Beside::Known),
        set("proof-set-with-a-stranger", "The second proof is by a key that the bundle does not have.", Beside::Stranger),
        set(
            "proof-set-one-bad",
            "The issuer's proof holds; the second one, by another of its keys, was made for another date.",
            Beside::Bad,
        ),
        chain("proof-chain", "The second proof is made over the first.", |proofs| proofs, "green", &["ok"]),
        chain("proof-chain-listed-backwards", "The order of the list says nothing; the links do.", reversed, "green", &["ok"]),
        chain(
            "proof-chain-turned-around",
            "The first proof now names the second, not the other way round.",
            turned,
            "red",
            &["bad_signature"],
        ),
        chain("proof-chain-cut", "The second proof names the first, which is gone.", cut, "red", &["malformed"]),
    ]
}

/// Whose the second proof is.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    OwnKey,
    Known,
    Stranger,
    Bad,
}

fn set(name: &'static str, says: &'static str, beside: Beside) -> Case {
    let mut maker = Maker::new(name, says);
    let other = TestKey::ed25519("harbour");
    let mut targets = maker.world.targets(1, at(0));
    if beside == Beside::Known {
        targets.authorities.push(Authority {
            name: "Harbour".into(),
            keys: vec![World::record(&other, &other.did(), KeyUse::Credential)],
            types: targets.authorities[0].types.clone(),
            roles: vec!["visitor".into()],
            sites: vec!["harbour".into()],
            max_validity_seconds: 86_400,
            status_uris: Vec::new(),
        });
    }
    let bundle = maker.world.bundle(1, &targets, vec![maker.world.list(at(0), 30 * DAY, &[])]);
    maker = maker.install(&bundle, Arrival::Taken);
    let world = &maker.world;
    let second: (Suite, &dyn Signer) = match beside {
        Beside::OwnKey | Beside::Bad => (Suite::EcdsaRdfc2019, &world.issuer_p256),
        Beside::Known | Beside::Stranger => (Suite::EddsaRdfc2022, &other),
    };
    let claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    let mut credential =
        Credential::issue(&claims, Issuance { further: &[second], ..Suite::EddsaJcs2022.into() }, &world.issuer, &mut TestRng::new(name))
            .expect("a document");
    if beside == Beside::Bad {
        credential = edited(&credential, |mut proofs| {
            proofs[1].set("created", "2026-11-20T07:00:00Z");
            proofs
        });
    }
    let (level, reasons): (_, &[_]) = match beside {
        Beside::OwnKey | Beside::Known => ("green", &["ok"]),
        Beside::Stranger => ("red", &["untrusted_issuer"]),
        Beside::Bad => ("red", &["bad_signature"]),
    };
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder);
    maker.present(answer, level, reasons).done()
}

/// A chain of the issuer's two keys, its proofs edited before the holder signs.
fn chain(
    name: &'static str,
    says: &'static str,
    edit: impl FnOnce(Vec<Object<'static>>) -> Vec<Object<'static>>,
    level: &str,
    reasons: &[&str],
) -> Case {
    let maker = Maker::new(name, says).first_bundle().ask();
    let world = &maker.world;
    let plain = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    let mut document = document(
        Credential::issue(&plain, Format::DataIntegrity, &world.issuer, &mut crate::world::TestRng::new(name))
            .expect("a document")
            .as_bytes(),
    );
    document.remove("proof");
    let link = |key: &TestKey, name: &'static str, id: &'static str, previous: &[Object<'static>]| {
        let made = Object::new()
            .with("@context", document.member("@context").expect("contexts").clone())
            .with("created", at(-DAY).to_rfc3339())
            .with("cryptosuite", Suite::jcs(key.public_key().algorithm()).name())
            .with(name, id)
            .with("proofPurpose", "assertionMethod")
            .with("type", "DataIntegrityProof")
            .with("verificationMethod", key.key_id());
        jcs_proof(&document, &made, previous, key)
    };
    let first = link(&world.issuer, "id", FIRST, &[]);
    let second = link(&world.issuer_p256, "previousProof", FIRST, std::slice::from_ref(&first));
    document.set("proof", Value::from_iter([first, second]));
    let credential = Credential::parse(&bytes(&document), &KnownContexts::new()).expect("a chain");
    // The holder's device would not take what has been edited: the person who edits it signs with his own tools.
    let answer = maker.answer(&credential, &maker.world.holder);
    let mut shown = self::document(answer.as_bytes());
    document.set("proof", Value::from_iter(edit(proofs(&document))));
    let inner = Value::from_iter([document]);
    shown.set("verifiableCredential", inner);
    shown.remove("proof");
    let nonce = maker.asked.to_text();
    let (holder, gate) = (&maker.world.holder, maker.world.gate.did());
    let options = Object::new()
        .with("@context", shown.member("@context").expect("contexts").clone())
        .with("challenge", nonce)
        .with("created", at(maker.now).to_rfc3339())
        .with("cryptosuite", Suite::EddsaJcs2022.name())
        .with("domain", gate)
        .with("proofPurpose", "authentication")
        .with("type", "DataIntegrityProof")
        .with("verificationMethod", holder.key_id());
    let proof = jcs_proof(&shown, &options, &[], holder);
    shown.set("proof", proof);
    let answer = String::from_utf8(bytes(&shown)).expect("JSON");
    maker.present(answer, level, reasons).done()
}

fn reversed(mut proofs: Vec<Object<'static>>) -> Vec<Object<'static>> {
    proofs.reverse();
    proofs
}

fn turned(mut proofs: Vec<Object<'static>>) -> Vec<Object<'static>> {
    const SECOND: &str = "urn:uuid:2b0f4e52-b51f-11ed-a0a1-7f6a3c1d9e10";
    proofs[0].set("previousProof", SECOND);
    proofs[1].set("id", SECOND);
    proofs[1].remove("previousProof");
    proofs
}

fn cut(mut proofs: Vec<Object<'static>>) -> Vec<Object<'static>> {
    // The issuer's own proof must be there: the one that goes is made into another's.
    proofs[0].set("id", "urn:uuid:00000000-0000-0000-0000-000000000000");
    proofs
}

fn edited(credential: &Credential, edit: impl FnOnce(Vec<Object<'static>>) -> Vec<Object<'static>>) -> Credential {
    let mut document = document(credential.as_bytes());
    document.set("proof", Value::from_iter(edit(proofs(&document))));
    Credential::parse(&bytes(&document), &KnownContexts::new()).expect("a credential")
}

fn document(bytes: &[u8]) -> Object<'static> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON").into_owned() {
        Value::Object(document) => document,
        _ => panic!("no object"),
    }
}

fn bytes(document: &Object<'static>) -> Vec<u8> {
    json::to_string(&Value::Object(document.clone())).into_bytes()
}

fn proofs(document: &Object<'static>) -> Vec<Object<'static>> {
    let listed = document.member("proof").and_then(Value::as_array).expect("a list");
    listed.iter().map(|proof| proof.as_object().expect("an object").clone()).collect()
}
