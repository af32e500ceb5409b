//! The RDFC suites: what is signed is the meaning, by the document's contexts, and nothing that has no meaning passes.

use super::{keys as jcs_keys, object, options};
use crate::canon::rdfc::{HashAlgorithm, MAX_BYTES, RdfcError};
use crate::data_integrity::set::SetError;
use crate::data_integrity::{CreateError, Link, Options, Proof, ProofError, ProofSet, Standing, Suite, create, create_linked, hash, rdfc};
use crate::did;
use crate::json::{Object, Value};
use crate::jsonld::{KnownContexts, LdError};
use crate::key::{Algorithm, InvalidProof, Signer};
use crate::testing::Key;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use sha2::{Digest, Sha256, Sha384};

const V2: &str = "https://www.w3.org/ns/credentials/v2";
const ROLE: &str = "https://waypass.example/contexts/role/v1";
const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";
const KNOWN: KnownContexts = KnownContexts::new();

const DOCUMENT: &str = r#"{
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://waypass.example/contexts/role/v1"],
    "type": ["VerifiableCredential", "RoleCredential"],
    "issuer": "did:example:north",
    "validFrom": "2026-11-20T08:00:00Z",
    "credentialSubject": {"id": "did:example:ada", "roles": ["nurse", "staff"], "given_name": "Ada", "family_name": "Byron"},
    "credentialStatus": {"type": "TokenStatusListEntry", "uri": "https://waypass.example/status/1", "idx": 7}
}"#;

fn keys() -> [(Key, Suite); 3] {
    jcs_keys().map(|(key, _)| {
        let suite = Suite::rdfc(key.public_key().algorithm());
        (key, suite)
    })
}

fn signed_by((key, suite): &(Key, Suite)) -> Object<'static> {
    let document = object(DOCUMENT);
    let proof = create(*suite, &document, &options(), &KNOWN, key).expect("signs");
    document.with("proof", proof)
}

/// Why a document is not what its key signed: it has no proof that is read, no meaning, or another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refused {
    Read(ProofError),
    Seal(ProofError),
    Proof,
}

fn verify(document: &Object<'_>, key: &Key) -> Result<(), Refused> {
    let seal = Proof::read(document).map_err(Refused::Read)?.seal(&KNOWN).map_err(Refused::Seal)?;
    seal.verify(key.public_key()).map_err(|InvalidProof| Refused::Proof)
}

fn contexts(ids: &[&str]) -> Value<'static> {
    ids.iter().map(|id| Value::from((*id).to_owned())).collect()
}

/// The object at `name` changed by `change`.
fn within(document: &Object<'static>, name: &'static str, change: impl FnOnce(&mut Object<'static>)) -> Object<'static> {
    let mut document = document.clone();
    let Some(Value::Object(mut inner)) = document.remove(name) else { panic!("no {name}") };
    change(&mut inner);
    document.with(name, inner)
}

#[test]
fn what_is_signed_verifies_and_by_no_other_key() {
    for pair in keys() {
        let document = signed_by(&pair);
        assert_eq!(Proof::read(&document).expect("a proof").suite, pair.1);
        assert_eq!(document.member("proof").and_then(|proof| proof.member("@context")), None);
        assert_eq!(verify(&document, &pair.0), Ok(()));
        let others = [Key::ed25519(2), Key::p256(2), Key::p384(2)].into_iter().chain(keys().map(|(key, _)| key));
        for other in others.filter(|other| other.public_key() != pair.0.public_key()) {
            assert_eq!(verify(&document, &other), Err(Refused::Proof));
        }
    }
}

#[test]
fn another_spelling_of_the_same_statements_verifies() {
    for pair in keys() {
        let document = signed_by(&pair);
        let mut reversed = document.clone();
        reversed.members_mut().reverse();
        let roles = within(&document, "credentialSubject", |subject| subject.set("roles", contexts(&["staff", "nurse"])));
        let subjects = {
            let mut document = document.clone();
            let subject = document.remove("credentialSubject").expect("a subject");
            document.with("credentialSubject", Value::Array([subject].into()))
        };
        let issuer = document.clone().with("issuer", Object::new().with("id", "did:example:north"));
        for same in [reversed, roles, subjects, issuer] {
            assert_eq!(verify(&same, &pair.0), Ok(()));
        }
    }
}

#[test]
fn another_meaning_does_not() {
    let ld = |why| Refused::Seal(ProofError::JsonLd(why));
    for pair in keys() {
        let document = signed_by(&pair);
        let subject = |change: fn(&mut Object<'static>)| within(&document, "credentialSubject", change);
        let moved = {
            let mut moved = subject(|subject| drop(subject.remove("given_name")));
            moved.set("given_name", "Ada");
            moved
        };
        let into_proof = within(&document, "proof", |proof| proof.set("roles", "doctor"));
        for (what, changed, expected) in [
            ("a value", subject(|subject| subject.set("roles", "doctor")), Refused::Proof),
            ("a value gone", subject(|subject| drop(subject.remove("roles"))), Refused::Proof),
            (
                "terms swapped",
                subject(|subject| {
                    subject.set("given_name", "Byron");
                    subject.set("family_name", "Ada");
                }),
                Refused::Proof,
            ),
            (
                "a term for another",
                subject(|subject| {
                    subject.remove("given_name");
                    subject.set("organization", "Ada");
                }),
                Refused::Proof,
            ),
            ("a claim moved", moved, Refused::Proof),
            ("a member more", subject(|subject| subject.set("zones", "*")), Refused::Proof),
            ("data after the proof", document.clone().with("validUntil", "2036-11-20T08:00:00Z"), Refused::Proof),
            ("data in the proof", into_proof, Refused::Read(ProofError::Member("roles".into()))),
            ("a member without meaning", subject(|subject| subject.set("nickname", "x")), ld(LdError::UndefinedTerm)),
            ("the same after the proof", document.clone().with("nickname", "x"), ld(LdError::UndefinedTerm)),
            ("null", subject(|subject| subject.set("email", Value::Null)), ld(LdError::Null)),
            ("an empty list", subject(|subject| subject.set("zones", contexts(&[]))), ld(LdError::Empty)),
            ("another index", within(&document, "credentialStatus", |status| status.set("idx", 8)), Refused::Proof),
            ("one context less", document.clone().with("@context", contexts(&[V2])), ld(LdError::RelativeType)),
            ("a context for another", document.clone().with("@context", contexts(&[V2, EXAMPLES])), Refused::Proof),
            ("an unknown context", document.clone().with("@context", contexts(&[V2, "https://x.example/"])), ld(LdError::UnknownContext)),
            ("an inline context", document.clone().with("@context", Object::new()), ld(LdError::InlineContext)),
            ("no context list", document.clone().with("@context", 1), ld(LdError::Context)),
        ] {
            assert_eq!(verify(&changed, &pair.0), Err(expected), "{what}");
        }
        let mut bare = document.clone();
        bare.remove("@context");
        assert_eq!(verify(&bare, &pair.0), Err(ld(LdError::Context)));
    }
}

#[test]
fn every_option_is_signed() {
    let relative = Refused::Seal(ProofError::JsonLd(LdError::RelativeId));
    for pair in keys() {
        let document = signed_by(&pair);
        for (name, value, expected) in [
            ("created", "2026-11-20T11:02:52Z", Refused::Proof),
            ("created", "yesterday", Refused::Read(ProofError::OutOfRange("created"))),
            ("expires", "2027-11-20T11:02:52Z", Refused::Proof),
            ("challenge", "c", Refused::Proof),
            ("domain", "d", Refused::Proof),
            ("nonce", "n", Refused::Proof),
            ("id", "urn:x", Refused::Proof),
            ("id", "x", relative),
            ("proofPurpose", "authentication", Refused::Proof),
            ("proofPurpose", "keyAgreement", Refused::Read(ProofError::Unsupported)),
            ("verificationMethod", "did:example:b#key", Refused::Proof),
            ("verificationMethod", "key", relative),
            ("type", "Ed25519Signature2020", Refused::Read(ProofError::Unsupported)),
        ] {
            let changed = within(&document, "proof", |proof| proof.set(name, value));
            assert_eq!(verify(&changed, &pair.0), Err(expected), "{name} {value}");
        }
        let without = within(&document, "proof", |proof| drop(proof.remove("created")));
        assert_eq!(verify(&without, &pair.0), Err(Refused::Proof));
    }
}

/// vc-di-eddsa §3.2.5 step 4 puts the document's contexts in their place: others would stand there unsigned.
#[test]
fn a_proof_carries_the_documents_contexts_or_none() {
    for pair in keys() {
        let document = signed_by(&pair);
        let carrying = |value: Value<'static>| within(&document, "proof", |proof| proof.set("@context", value));
        assert_eq!(verify(&carrying(contexts(&[V2, ROLE])), &pair.0), Ok(()));
        for others in
            [contexts(&[V2]), contexts(&[ROLE, V2]), contexts(&[V2, ROLE, EXAMPLES]), contexts(&[]), V2.into(), Object::new().into()]
        {
            assert_eq!(verify(&carrying(others), &pair.0), Err(Refused::Read(ProofError::Context)));
        }
        let mut without = carrying(contexts(&[V2, ROLE]));
        without.remove("@context");
        assert_eq!(verify(&without, &pair.0), Err(Refused::Read(ProofError::Context)));
        let appended = carrying(contexts(&[V2, ROLE])).with("@context", contexts(&[V2, ROLE, EXAMPLES]));
        assert_eq!(verify(&appended, &pair.0), Err(Refused::Read(ProofError::Context)));
    }
}

/// One's own signature under the name of every other suite.
#[test]
fn a_suite_is_not_taken_for_another() {
    for pair in keys().into_iter().chain(jcs_keys()) {
        let document = signed_by(&pair);
        for suite in Suite::ALL.into_iter().filter(|suite| *suite != pair.1) {
            let renamed = within(&document, "proof", |proof| proof.set("cryptosuite", suite.name()));
            let length = if pair.0.public_key().algorithm() == Algorithm::Es384 && suite.takes(Algorithm::EdDsa) {
                Refused::Read(ProofError::OutOfRange("proofValue"))
            } else {
                Refused::Proof
            };
            assert_eq!(verify(&renamed, &pair.0), Err(length), "{} as {suite}", pair.1);
        }
    }
}

/// vc-di-ecdsa §3.2.3 and §3.2.4: with P-384 keys SHA-384 also numbers the blank nodes.
#[test]
fn the_keys_algorithm_chooses_both_hashes() {
    let canonical = |document: &Object<'_>, hash| {
        let mut out = Vec::new();
        rdfc::transform(document, &KNOWN.list(document).expect("known"), None, hash, &mut out).map(|()| out)
    };
    let with_names = |n: usize| {
        let status = |idx: usize| format!(r#"{{"type":"TokenStatusListEntry","uri":"https://waypass.example/{n}","idx":{idx}}}"#);
        let statuses = format!(r#""credentialStatus": [{}, {}],"type""#, status(1), status(2));
        DOCUMENT
            .replacen("\"type\"", &statuses, 1)
            .replace(r#""credentialStatus": {"type""#, r#""credentialSchema": {"id": "urn:x", "type""#)
    };
    // The two hashes number two blank nodes alike every other time.
    let differs = |text: &String| {
        let document = object(text);
        canonical(&document, HashAlgorithm::Sha256) != canonical(&document, HashAlgorithm::Sha384)
    };
    let text = (0..64).map(with_names).find(differs).expect("a document whose labels depend on the hash");
    let document = object(&text);
    let proof = Object::new().with("type", "DataIntegrityProof");
    let by = |algorithm| hash(Suite::rdfc(algorithm), algorithm, &document, &proof, None, &KNOWN);
    let short = canonical(&document, HashAlgorithm::Sha256).expect("statements");
    let long = canonical(&document, HashAlgorithm::Sha384).expect("statements");
    assert_eq!(by(Algorithm::EdDsa).map(|pair| pair[32..].to_vec()), Ok(Sha256::digest(&short).to_vec()));
    assert_eq!(by(Algorithm::Es256).map(|pair| pair[32..].to_vec()), Ok(Sha256::digest(&short).to_vec()));
    assert_eq!(by(Algorithm::Es384).map(|pair| pair[48..].to_vec()), Ok(Sha384::digest(&long).to_vec()));
}

#[test]
fn what_has_no_meaning_is_not_signed() {
    for (key, suite) in keys() {
        let refused = |document: &Object<'_>| create(suite, document, &options(), &KNOWN, &key).expect_err("refused");
        let with = |name: &'static str, value: Value<'static>| refused(&object(DOCUMENT).with(name, value));
        let ld = |why| CreateError::Document(ProofError::JsonLd(why));
        assert_eq!(with("nickname", "x".into()), ld(LdError::UndefinedTerm));
        assert_eq!(with("@context", contexts(&[V2, "https://x.example/"])), ld(LdError::UnknownContext));
        assert_eq!(with("issuer", "North Clinic".into()), ld(LdError::RelativeId));
        let many = (0..5000_i64).map(Value::from).collect::<Value<'_>>();
        assert_eq!(with("roles", many), ld(LdError::TooMany));
        let long = Value::from("x".repeat(MAX_BYTES));
        assert_eq!(with("roles", long), CreateError::Document(ProofError::Rdfc(RdfcError::TooLarge)));
        assert_eq!(refused(&object(r#"{"issuer": "did:example:north"}"#)), ld(LdError::Context));
    }
}

/// A context that a bundle carries counts where it is given, and only there.
#[test]
fn carried_contexts_are_an_argument() {
    let id = "https://north.example/contexts/badge/v1";
    let context = br#"{"@context": {"@protected": true, "badge": "https://north.example/vocab#badge"}}"#;
    let mut carried = KnownContexts::new();
    carried.add(id, &Sha256::digest(context).into(), context).expect("a context");
    let document = object(DOCUMENT).with("@context", contexts(&[V2, ROLE, id])).with("badge", "B-7");
    for (key, suite) in keys() {
        let proof = create(suite, &document, &options(), &carried, &key).expect("signs");
        let signed = document.clone().with("proof", proof);
        let read = Proof::read(&signed).expect("a proof");
        assert_eq!(read.seal(&carried).expect("hashes").verify(key.public_key()), Ok(()));
        assert_eq!(read.seal(&KNOWN), Err(ProofError::JsonLd(LdError::UnknownContext)));
    }
}

/// A second proof over the first, both over statements: neither can be changed, nor the one that the other covers.
#[test]
fn a_chain_of_statements_holds_link_by_link() {
    let ([(first, suite), (second, _), _], document) = (keys(), object(DOCUMENT));
    let (first_method, second_method) = (did::key_id(first.public_key()), did::key_id(second.public_key()));
    let by = |method| Options { verification_method: method, ..options() };
    let link = |id, previous| Link { id: Some(id), previous };
    let proof = create_linked(suite, &document, &by(&first_method), link("urn:a", &[]), &KNOWN, &first).expect("signs");
    let one = document.clone().with("proof", proof.clone());
    let over = |one: &Object<'_>| {
        let suite = Suite::EcdsaRdfc2019;
        create_linked(suite, one, &by(&second_method), link("urn:b", &["urn:a"]), &KNOWN, &second).expect("signs")
    };
    let verify = |document: &Object<'_>| {
        let standing = |options: &Options<'_>| match options.verification_method {
            method if method == second_method => Standing::Issuer(second.public_key()),
            _ => Standing::Trusted(first.public_key()),
        };
        let set = ProofSet::read(document).expect("a set");
        set.verify(&KNOWN, standing)
    };
    let chain = |proofs: [Object<'static>; 2]| document.clone().with("proof", Value::from_iter(proofs));
    assert_eq!(verify(&chain([proof.clone(), over(&one)])), Ok(()));
    assert_eq!(verify(&chain([over(&one), proof.clone()])), Ok(()));
    let other = proof.clone().with("created", "2026-11-20T11:02:52Z");
    assert_eq!(verify(&chain([other.clone(), over(&one)])), Err(SetError::InvalidProof));
    let unlinked = create(Suite::EcdsaRdfc2019, &document, &by(&second_method), &KNOWN, &second).expect("signs");
    let linked_later = unlinked.with("previousProof", "urn:a");
    assert_eq!(verify(&chain([proof, linked_later])), Err(SetError::InvalidProof));
    // It covers a proof that does not hold itself.
    let over_other = over(&document.clone().with("proof", other.clone()));
    assert_eq!(verify(&chain([other, over_other])), Err(SetError::InvalidProof));
}
