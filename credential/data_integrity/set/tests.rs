use super::{MAX_PROOFS, ProofSet, SetError, Standing};
use crate::data_integrity::{Link, Options, Proof, ProofError, Suite, create_linked};
use crate::did;
use crate::did::Purpose;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer as _};
use crate::testing::Key;
use alloc::{format, vec, vec::Vec};
use proptest::prelude::*;

fn document() -> Object<'static> {
    Object::new().with("@context", "https://a.example/1").with("name", "Ada").with("quality", 7)
}

/// The issuer signs with Ed25519, the second with P-256, the third with P-384.
fn key(n: usize) -> Key {
    [Key::ed25519(1), Key::p256(2), Key::p384(3)].into_iter().nth(n).expect("one of three")
}

fn proof(document: &Object<'_>, n: usize, id: Option<&str>, previous: &[&str]) -> Object<'static> {
    let key = key(n);
    let method = did::key_id(key.public_key());
    let options = Options {
        verification_method: &method,
        purpose: Purpose::AssertionMethod,
        created: None,
        expires: None,
        challenge: None,
        domain: None,
    };
    create_linked(Suite::jcs(key.public_key().algorithm()), document, &options, Link { id, previous }, &KnownContexts::new(), &key)
        .expect("signs")
}

fn with_proofs(proofs: Vec<Object<'static>>) -> Object<'static> {
    document().with("proof", Value::from_iter(proofs))
}

/// Two proofs side by side.
fn set() -> Object<'static> {
    with_proofs(vec![proof(&document(), 0, None, &[]), proof(&document(), 1, None, &[])])
}

/// The second over the first, the third over both.
fn chain() -> Object<'static> {
    let mut proofs = vec![proof(&document(), 0, Some("urn:a"), &[])];
    proofs.push(proof(&with_proofs(proofs.clone()), 1, Some("urn:b"), &["urn:a"]));
    proofs.push(proof(&with_proofs(proofs.clone()), 2, None, &["urn:b", "urn:a"]));
    with_proofs(proofs)
}

fn proofs(document: &Object<'static>) -> Vec<Object<'static>> {
    let Some(Value::Array(proofs)) = document.member("proof").cloned() else { panic!("no list") };
    let objects = proofs.into_iter().map(|proof| if let Value::Object(proof) = proof { proof } else { panic!("no object") });
    objects.collect()
}

/// The owner of a key, by its number among [`key`].
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Issuer,
    Trusted,
    Unknown,
}

fn verify(document: &Object<'_>, who: [Who; 3]) -> Result<(), SetError> {
    let keys: Vec<PublicKey> = (0..3).map(|n| key(n).public_key().clone()).collect();
    let standing = |options: &Options<'_>| {
        let n = (0..3).find(|n| did::key_id(&keys[*n]) == options.verification_method).expect("one of three");
        match who[n] {
            Who::Issuer => Standing::Issuer(&keys[n]),
            Who::Trusted => Standing::Trusted(&keys[n]),
            Who::Unknown => Standing::Unknown,
        }
    };
    ProofSet::read(document).expect("a set").verify(&KnownContexts::new(), standing)
}

fn refusal(proofs: Vec<Object<'static>>) -> ProofError {
    ProofSet::read(&with_proofs(proofs)).map(|_| ()).expect_err("refused")
}

#[test]
fn a_set_holds_by_those_who_are_trusted() {
    use Who::{Issuer, Trusted, Unknown};
    for (who, expected) in [
        ([Issuer, Trusted, Unknown], Ok(())),
        ([Issuer, Issuer, Unknown], Ok(())),
        ([Trusted, Issuer, Unknown], Ok(())),
        ([Issuer, Unknown, Unknown], Err(SetError::NotTrusted)),
        ([Trusted, Trusted, Unknown], Err(SetError::NotByIssuer)),
        ([Unknown, Unknown, Unknown], Err(SetError::NotByIssuer)),
    ] {
        assert_eq!(verify(&set(), who), expected);
    }
    // One proof alone is a set of one, as an object and as a list.
    let alone = document().with("proof", proof(&document(), 0, None, &[]));
    assert_eq!(verify(&alone, [Issuer, Unknown, Unknown]), Ok(()));
    assert_eq!(ProofSet::read(&alone).expect("a set").proofs().count(), 1);
}

#[test]
fn a_trusted_proof_that_fails_spoils_the_set() {
    use Who::{Issuer, Trusted, Unknown};
    let [good, other] = <[_; 2]>::try_from(proofs(&set())).expect("two");
    let spoilt = with_proofs(vec![good, other.with("created", "2026-11-20T11:02:52Z")]);
    assert_eq!(verify(&spoilt, [Issuer, Trusted, Unknown]), Err(SetError::InvalidProof));
    let changed = set().with("name", "Eve");
    assert_eq!(verify(&changed, [Issuer, Trusted, Unknown]), Err(SetError::InvalidProof));
}

#[test]
fn a_chain_holds_link_by_link() {
    use Who::{Issuer, Trusted, Unknown};
    for (who, expected) in [
        ([Issuer, Trusted, Trusted], Ok(())),
        ([Trusted, Issuer, Trusted], Ok(())),
        ([Trusted, Trusted, Issuer], Ok(())),
        ([Issuer, Unknown, Trusted], Err(SetError::NotTrusted)),
        ([Unknown, Trusted, Issuer], Err(SetError::NotTrusted)),
        ([Trusted, Trusted, Trusted], Err(SetError::NotByIssuer)),
    ] {
        assert_eq!(verify(&chain(), who), expected);
    }
    // The order in the list says nothing.
    let mut reversed = proofs(&chain());
    reversed[..2].reverse();
    let single = with_proofs(reversed[..2].to_vec());
    assert_eq!(verify(&single, [Issuer, Trusted, Unknown]), Ok(()));
}

/// Taking a link out, exchanging it for another good one, or making a chain into a set is noticed.
#[test]
fn links_cannot_be_exchanged() {
    let who = [Who::Trusted, Who::Issuer, Who::Trusted];
    let [first, second, third] = <[_; 3]>::try_from(proofs(&chain())).expect("three");
    assert_eq!(refusal(vec![second.clone(), third.clone()]), ProofError::PreviousProof);
    // Another good proof by the same key under the same id.
    let other = proof(&document().with("name", "Eve"), 0, Some("urn:a"), &[]);
    let exchanged = with_proofs(vec![other, second.clone(), third.clone()]);
    assert_eq!(verify(&exchanged, who), Err(SetError::InvalidProof));
    let again = proof(&document(), 2, Some("urn:a"), &[]);
    assert_eq!(verify(&with_proofs(vec![again, second.clone()]), who), Err(SetError::InvalidProof));
    let mut unlinked = second.clone();
    unlinked.remove("previousProof");
    assert_eq!(verify(&with_proofs(vec![first.clone(), unlinked]), who), Err(SetError::InvalidProof));
    let relinked = third.with("previousProof", "urn:b");
    assert_eq!(verify(&with_proofs(vec![first, second, relinked]), who), Err(SetError::InvalidProof));
}

#[test]
fn chains_end() {
    let link = |id: &'static str, previous: Value<'static>| proof(&document(), 0, Some(id), &[]).with("previousProof", previous);
    assert_eq!(refusal(vec![link("urn:a", "urn:a".into())]), ProofError::PreviousProof);
    assert_eq!(refusal(vec![link("urn:a", "urn:b".into()), link("urn:b", "urn:a".into())]), ProofError::PreviousProof);
    assert_eq!(refusal(vec![link("urn:a", "urn:x".into())]), ProofError::PreviousProof);
    assert_eq!(refusal(vec![link("urn:a", Value::from_iter(["urn:a", "urn:x"]))]), ProofError::PreviousProof);
    let first = proof(&document(), 0, Some("urn:a"), &[]);
    let half = link("urn:b", Value::from_iter(["urn:a", "urn:x"]));
    assert_eq!(refusal(vec![first, half]), ProofError::PreviousProof, "one of two is there");
    for wrong in [1.into(), Value::from_iter([1]), Value::Null, Object::new().into()] {
        assert_eq!(refusal(vec![link("urn:a", wrong)]), ProofError::WrongType("previousProof"));
    }
    assert_eq!(refusal(vec![link("urn:a", Value::Array(vec![]))]), ProofError::OutOfRange("previousProof"));
    let twin = || proof(&document(), 0, Some("urn:a"), &[]);
    assert_eq!(refusal(vec![twin(), twin()]), ProofError::OutOfRange("id"));
    // A document with one proof, read as such, has no other proof to cover.
    let alone = document().with("proof", link("urn:a", "urn:b".into()));
    assert_eq!(Proof::read(&alone), Err(ProofError::PreviousProof));
}

#[test]
fn sets_are_bounded() {
    let many = |count: usize| (0..count).map(|_| proof(&document(), 0, None, &[])).collect::<Vec<_>>();
    assert!(ProofSet::read(&with_proofs(many(MAX_PROOFS))).is_ok());
    for count in [0, MAX_PROOFS + 1] {
        assert_eq!(refusal(many(count)), ProofError::OutOfRange("proof"));
    }
    assert_eq!(ProofSet::read(&document()).map(|_| ()), Err(ProofError::Missing("proof")));
    assert_eq!(ProofSet::read(&document().with("proof", Value::from_iter([1]))).map(|_| ()), Err(ProofError::WrongType("proof")));
    assert_eq!(ProofSet::read(&document().with("proof", "x")).map(|_| ()), Err(ProofError::WrongType("proof")));
}

/// A proof in a suite that we do not have counts as one by nobody we know.
#[test]
fn other_suites_stand_aside() {
    use Who::{Issuer, Trusted};
    let [first, second] = <[_; 2]>::try_from(proofs(&set())).expect("two");
    let foreign = second.with("cryptosuite", "bbs-2023").with("id", "urn:f");
    let beside = with_proofs(vec![first, foreign.clone()]);
    assert_eq!(verify(&beside, [Issuer, Trusted, Trusted]), Err(SetError::NotTrusted));
    // Nothing can be said of proofs that cover it.
    let over = proof(&with_proofs(vec![foreign.clone()]), 0, None, &["urn:f"]);
    assert_eq!(verify(&with_proofs(vec![foreign, over]), [Issuer, Trusted, Trusted]), Err(SetError::NotTrusted));
}

proptest! {
    #[test]
    fn any_links_are_answered(links in prop::collection::vec((0usize..6, prop::collection::vec(0usize..6, 0..3)), 1..6)) {
        let link = |(id, previous): &(usize, Vec<usize>)| {
            let proof = Object::new().with("id", format!("urn:{id}")).with("type", "DataIntegrityProof").with("cryptosuite", "x");
            let previous: Vec<Value<'static>> = previous.iter().map(|id| Value::from(format!("urn:{id}"))).collect();
            if previous.is_empty() { proof } else { proof.with("previousProof", Value::Array(previous)) }
        };
        let document = with_proofs(links.iter().map(link).collect());
        if let Ok(set) = ProofSet::read(&document) {
            // In the order found, every proof comes after those it covers.
            let place = |n: usize| set.order.iter().position(|placed| *placed == n);
            for (n, entry) in set.entries.iter().enumerate() {
                prop_assert!(entry.previous.iter().all(|before| place(*before) < place(n)));
            }
            prop_assert!(set.verify(&KnownContexts::new(), |_| Standing::Unknown).is_err());
        }
    }

    #[test]
    fn any_json_is_answered(text in "(\\[?\\{\"(id|type|previousProof)\":(1|null|\"\"|\\[\\]|\\[\"\"\\])\\}\\]?|\\[\\]|\\[\\[\\]\\])") {
        let value = json::parse(text.as_bytes(), Limits::CREDENTIAL).map_or(Value::Null, Value::into_owned);
        let document: Object<'static> = document().with("proof", value);
        // We cannot check a proof of another type.
        let proven = ProofSet::read(&document).is_ok_and(|set| set.verify(&KnownContexts::new(), |_| Standing::Unknown).is_ok());
        prop_assert!(!proven, "{}", text);
    }
}
