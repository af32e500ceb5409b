//! A VCDM document in an SD-JWT: what is withheld, what never may be, and what must not pass.

use crate::base64url;
use crate::binding::Binding;
use crate::binding::Nonce;
use crate::claim_path::ClaimPath;
use crate::did;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::jws;
use crate::key::Signer;
use crate::request::Request;
use crate::role::{RoleClaims, StatusPurpose, StatusReference, VC_TYPE, tests::claims as role_claims};
use crate::testing::{AT, Key, TestRng};

use crate::binding::HolderError;
use crate::credential::Credential;
use crate::credential::Presentation;
use crate::error::{PresentError, VerifyError};
use crate::format::Format;
use crate::malformed::Malformed;
use alloc::{format, string::String, string::ToString, vec, vec::Vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn claims() -> RoleClaims {
    let personal = Object::new().with("family_name", "Byron").with("given_name", "Ada");
    let bits = |purpose| StatusReference::bitstring("https://issuer.example/lists/2", 94_567, purpose);
    let status = [StatusPurpose::Revocation, StatusPurpose::Suspension].map(bits).to_vec();
    RoleClaims { kind: VC_TYPE.into(), holder: Some(Key::holder().public_key().clone().into()), personal, status, ..role_claims() }
}

fn issued() -> Credential {
    Credential::issue(&claims(), Format::VcSdJwt, &Key::issuer(), &mut TestRng(7)).expect("issued")
}

fn request() -> Request {
    crate::testing::request(Format::VcSdJwt)
}

fn presented(paths: &[ClaimPath]) -> Presentation {
    issued().present(paths, &request().binding(), AT, &Key::holder(), &mut TestRng(1)).expect("presents")
}

fn subject(name: &str) -> ClaimPath {
    ClaimPath::names(["credentialSubject", name])
}

fn payload_of(credential: &Credential) -> Object<'static> {
    let text = core::str::from_utf8(credential.as_bytes()).expect("text");
    let payload = base64url::decode(text.split(['.', '~']).nth(1).expect("a payload")).expect("base64url");
    match json::parse(&payload, Limits::CREDENTIAL).expect("JSON").into_owned() {
        Value::Object(payload) => payload,
        _ => panic!("an object"),
    }
}

/// The document as a careless but trusted issuer might sign it: changed, and with `disclosures` added, whose digests `change` may
/// place.
fn careless(change: impl FnOnce(&mut Object<'static>), disclosures: &[&str]) -> Result<RoleClaims, VerifyError> {
    typed("vc+sd-jwt", change, disclosures)
}

fn typed(typ: &str, change: impl FnOnce(&mut Object<'static>), disclosures: &[&str]) -> Result<RoleClaims, VerifyError> {
    let issued = issued();
    let mut payload = payload_of(&issued);
    change(&mut payload);
    let key_id = did::key_id(Key::issuer().public_key());
    let mut text = jws::sign(typ, Some(&key_id), json::to_string(&Value::Object(payload)).as_bytes(), &Key::issuer()).expect("signed");
    let whole = core::str::from_utf8(issued.as_bytes()).expect("text");
    text.push_str(&whole[whole.find('~').expect("disclosures")..]);
    for disclosure in disclosures {
        base64url::encode_into(disclosure.as_bytes(), &mut text);
        text.push('~');
    }
    let credential = Credential::parse(text.as_bytes(), &KnownContexts::new())?;
    Ok(credential.verify(Key::issuer().public_key())?.role().clone())
}

fn digest(disclosure: &str) -> String {
    base64url::encode(&Sha256::digest(base64url::encode(disclosure.as_bytes())))
}

/// Changes the subject.
fn within(document: &mut Object<'static>, change: impl FnOnce(&mut Object<'static>)) {
    let Some(Value::Object(mut subject)) = document.remove("credentialSubject") else { panic!("a subject") };
    change(&mut subject);
    document.set("credentialSubject", subject);
}

/// Adds a digest to those that are there.
fn conceal(object: &mut Object<'static>, disclosure: &str) {
    let mut digests = match object.remove("_sd") {
        Some(Value::Array(digests)) => digests,
        _ => vec![],
    };
    digests.push(digest(disclosure).into());
    object.set("_sd", Value::Array(digests));
}

#[test]
fn claims_round_trip_under_every_algorithm() {
    for (issuer, holder) in [(Key::ed25519(1), Key::p256(2)), (Key::p256(1), Key::p384(2)), (Key::p384(1), Key::ed25519(2))] {
        let claims = RoleClaims {
            issuer: did::to_did_key(issuer.public_key()),
            key_id: Some(did::key_id(issuer.public_key())),
            holder: Some(holder.public_key().clone().into()),
            ..claims()
        };
        let credential = Credential::issue(&claims, Format::VcSdJwt, &issuer, &mut TestRng(7)).expect("issued");
        let read = Credential::parse(credential.as_bytes(), &KnownContexts::new()).expect("its own bytes");
        assert_eq!((read.format(), read.as_bytes()), (Format::VcSdJwt, credential.as_bytes()));
        assert_eq!(read.verify(issuer.public_key()).expect("genuine").role(), &claims);
        assert!(matches!(read.verify(Key::ed25519(9).public_key()), Err(VerifyError::InvalidProof)));

        let shown = [subject("roles").then(0), subject("given_name")];
        let presentation = credential.present(&shown, &request().binding(), AT, &holder, &mut TestRng(1)).expect("presented");
        let presentation = Presentation::parse(presentation.as_bytes(), &KnownContexts::new()).expect("its own bytes");
        assert_eq!(presentation.untrusted_nonce(), Some(&*request().nonce.to_text()));
        let proof = presentation.verify_holder(holder.public_key(), &request().binding()).expect("bound");
        assert_eq!(proof.signed_at, Some(AT));
        assert_eq!(presentation.credential().format(), Format::VcSdJwt);
        let seen = presentation.credential().verify(issuer.public_key()).expect("genuine");
        assert_eq!((seen.role().roles.len(), seen.role().personal.len()), (1, 1));
        assert_eq!(seen.role().status, claims.status, "the status cannot be withheld");
        assert_eq!(seen.claims().member("credentialSubject").and_then(|subject| subject.member("given_name")?.as_str()), Some("Ada"));
        for machinery in ["cnf", "iat", "_sd_alg"] {
            assert!(seen.claims().member(machinery).is_none(), "{machinery} is no claim of the document");
        }
    }
}

#[test]
fn nothing_personal_stands_in_the_open() {
    let credential = issued();
    let payload = json::to_string(&Value::Object(payload_of(&credential)));
    for secret in ["nurse", "Ada", "Byron", "family_name", "given_name"] {
        assert!(!payload.contains(secret), "{secret}");
    }
    for open in ["@context", "validUntil", "BitstringStatusListEntry", "RoleCredential", "cnf"] {
        assert!(payload.contains(open), "{open}");
    }
    let mut paths: Vec<_> = credential.disclosable().expect("well formed").iter().map(ToString::to_string).collect();
    paths.sort_unstable();
    let expected = ["family_name", "given_name", "roles[0]", "roles[1]"].map(|name| format!("credentialSubject.{name}"));
    assert_eq!(paths, expected);
    let nothing = presented(&[]);
    let seen = nothing.credential().verify(Key::issuer().public_key()).expect("genuine").role().clone();
    assert_eq!(seen, RoleClaims { roles: vec![], personal: Object::new(), ..claims() });
}

/// A digest or a disclosure of what decides is the issuer's mistake, and the holder must not gain by it.
#[test]
fn what_decides_cannot_be_withheld() {
    const WHOLE: Malformed = Malformed::WithheldOutsideSubject;
    let refused = |result: Result<RoleClaims, VerifyError>| match result {
        Err(VerifyError::Malformed(why)) => why,
        other => panic!("{other:?}"),
    };
    // Taken out of the open, disclosed or not.
    for name in ["validUntil", "validFrom", "credentialStatus", "type", "@context", "iat"] {
        let value = json::to_string(payload_of(&issued()).member(name).expect("there"));
        let disclosure = format!(r#"["salt","{name}",{value}]"#);
        let hide = |document: &mut Object<'static>| {
            document.remove(name);
            conceal(document, &disclosure);
        };
        assert_eq!(refused(careless(hide, &[&disclosure])), WHOLE, "{name}");
        assert_eq!(refused(careless(hide, &[])), WHOLE, "{name} withheld");
    }
    let status = r#"["salt","statusPurpose","revocation"]"#;
    let within_status = |document: &mut Object<'static>| {
        let mut entry = Object::new().with("type", "BitstringStatusListEntry");
        conceal(&mut entry, status);
        document.set("credentialStatus", entry);
    };
    assert_eq!(refused(careless(within_status, &[])), WHOLE);
    // A decoy is a digest too, and nobody can tell the two apart.
    assert_eq!(refused(careless(|document| document.set("_sd", Value::Array(vec![])), &[])), WHOLE);
    for name in ["id", "sites", "zones", "roles"] {
        let value = match name {
            "id" => format!(r#""{}""#, did::to_did_key(Key::holder().public_key())),
            _ => String::from(r#"["*"]"#),
        };
        let disclosure = format!(r#"["salt","{name}",{value}]"#);
        let hide = |document: &mut Object<'static>| {
            within(document, |subject| {
                subject.remove(name);
                conceal(subject, &disclosure);
            });
        };
        if name != "roles" {
            assert_eq!(refused(careless(hide, &[&disclosure])), Malformed::NotDisclosable(name));
        }
    }
    let element = r#"["salt","*"]"#;
    let hide_element = |document: &mut Object<'static>| {
        within(document, |subject| subject.set("zones", Value::from_iter([Object::new().with("...", digest(element))])));
    };
    assert_eq!(refused(careless(hide_element, &[element])), Malformed::NotDisclosable("zones"));
}

/// Contexts and terms are looked at once everything is in its place: what hides behind a disclosure is held to the same profile.
#[test]
fn disclosed_claims_are_held_to_the_profile() {
    let out = |name: &'static str| Err(VerifyError::Malformed(Malformed::OutOfRange(name)));
    let undefined: Result<RoleClaims, VerifyError> = Err(Malformed::member("favourite").into());
    let personal = |disclosure: &str| careless(|document| within(document, |subject| conceal(subject, disclosure)), &[disclosure]);
    assert!(personal(r#"["salt","staff_id","N-4711"]"#).is_ok());
    assert_eq!(personal(r#"["salt","favourite","blue"]"#), undefined);
    assert_eq!(personal(r#"["salt","staff_id",{"a":1}]"#), Err(Malformed::WrongType("staff_id").into()));
    assert_eq!(personal(r#"["salt","_sd",[]]"#), Err(Malformed::ClaimName.into()));
    assert_eq!(personal(r#"["salt","id","did:example:other"]"#), Err(Malformed::ClaimName.into()), "a second holder");
    let set = |name: &'static str, value: Value<'static>| careless(|document| document.set(name, value), &[]);
    assert_eq!(set("@context", Value::from_iter(["https://www.w3.org/ns/credentials/v2"])), Err(Malformed::Context.into()));
    assert_eq!(set("type", Value::from_iter(["VerifiableCredential", "Other"])), out("type"));
    assert_eq!(set("iss", "did:example:other".into()), out("iss"));
    assert_eq!(set("vc", Object::new().into()), out("vc"));
    assert_eq!(set("_sd_alg", "md5".into()), Err(Malformed::HashAlgorithm.into()));
    for name in ["termsOfUse", "proof", "aud", "nonce", "vct"] {
        assert_eq!(set(name, Object::new().into()), Err(Malformed::member(name).into()), "{name}");
    }
    assert_eq!(careless(|_| (), &[r#"["salt","staff_id","N-4711"]"#]), Err(Malformed::UnreferencedDisclosure.into()));
}

#[test]
fn one_holder_is_bound_once() {
    let cnf = |key: &Key| Object::new().with("jwk", key.public_key().to_jwk());
    let holder = Some(Key::holder().public_key().clone().into());
    assert_eq!(careless(|_| (), &[]).expect("bound").holder, holder);
    // If only one of the two is said, it is the holder.
    assert_eq!(careless(|document| drop(document.remove("cnf")), &[]).expect("bound").holder, holder);
    assert_eq!(careless(|document| within(document, |subject| drop(subject.remove("id"))), &[]).expect("bound").holder, holder);
    let other = careless(|document| document.set("cnf", cnf(&Key::p256(9))), &[]);
    assert_eq!(other, Err(Malformed::OutOfRange("cnf").into()));
    let unknown = careless(|document| document.set("cnf", Object::new().with("kid", "somewhere")), &[]);
    assert_eq!(unknown, Err(Malformed::Missing("jwk").into()));
    let refused = issued().present(&[], &request().binding(), AT, &Key::p256(9), &mut TestRng(1)).map(drop);
    assert_eq!(refused, Err(PresentError::NotTheHolder));
}

#[test]
fn the_media_type_tells_it_from_everything_else() {
    assert!(typed("vc+sd-jwt", |_| (), &[]).is_ok());
    assert!(typed("application/vc+sd-jwt", |_| (), &[]).is_ok(), "RFC 7515 §4.1.9");
    // The drafts of SD-JWT VC had this typ too: it says `vct` and has no contexts.
    assert_eq!(typed("vc+sd-jwt", |document| drop(document.remove("@context")), &[]), Err(Malformed::Context.into()));
    // Whatever else is an SD-JWT is read as an SD-JWT VC.
    assert_eq!(typed("dc+sd-jwt", |_| (), &[]), Err(Malformed::Missing("vct").into()));
    for other in ["vp+sd-jwt", "vc+jwt", "JWT"] {
        assert_eq!(typed(other, |_| (), &[]), Err(VerifyError::InvalidProof), "{other}");
    }
    let jwt = issued();
    let jwt = core::str::from_utf8(jwt.as_bytes()).expect("text").split('~').next().expect("a JWT");
    assert_eq!(
        Credential::parse(jwt.as_bytes(), &KnownContexts::new()).map(drop),
        Err(Malformed::OutOfRange("typ")),
        "without its disclosures it is none"
    );
}

#[test]
fn the_holder_answers_one_question_of_one_gate() {
    let presentation = presented(&[subject("given_name")]);
    let check =
        |nonce, audience: &str, key: &Key| presentation.verify_holder(key.public_key(), &Binding::challenge(&nonce, audience)).map(drop);
    let (nonce, gate) = (request().nonce, request().client_id);
    assert_eq!(check(nonce, &gate, &Key::holder()), Ok(()));
    assert_eq!(check(Nonce([6; 16]), &gate, &Key::holder()), Err(HolderError::NonceMismatch));
    assert_eq!(check(nonce, "did:key:zOther", &Key::holder()), Err(HolderError::WrongAudience));
    assert_eq!(check(nonce, &gate, &Key::p256(9)), Err(HolderError::InvalidProof));
    let unbound = Presentation::parse(issued().as_bytes(), &KnownContexts::new()).expect("an SD-JWT with an empty KB-JWT");
    let found = unbound.verify_holder(Key::holder().public_key(), &Binding::challenge(&nonce, &gate)).map(drop);
    assert_eq!(found, Err(HolderError::Missing));
}

/// A subject may be a list of one, but in a list there is no name by which a digest could be judged.
#[test]
fn a_list_hides_no_digest() {
    let listed = |document: &mut Object<'static>| {
        let subject = document.remove("credentialSubject").expect("a subject");
        document.set("credentialSubject", Value::Array([subject].into()));
    };
    assert_eq!(careless(listed, &[]), Err(Malformed::NotDisclosable("credentialSubject").into()));
}

#[test]
fn a_flipped_bit_is_refused() {
    let genuine = [(issued().as_bytes().to_vec(), false), (presented(&[subject("roles").then(1)]).as_bytes().to_vec(), true)];
    for (mut damaged, is_presentation) in genuine {
        for at in 0..damaged.len() {
            damaged[at] ^= 1 << (at % 7);
            let accepted = if is_presentation {
                let verify = |found: &Presentation| {
                    let bound = found.verify_holder(Key::holder().public_key(), &request().binding()).is_ok();
                    bound && found.credential().verify(Key::issuer().public_key()).is_ok()
                };
                Presentation::parse(&damaged, &KnownContexts::new()).is_ok_and(|found| verify(&found))
            } else {
                Credential::parse(&damaged, &KnownContexts::new()).is_ok_and(|found| found.verify(Key::issuer().public_key()).is_ok())
            };
            assert!(!accepted, "byte {at}");
            damaged[at] ^= 1 << (at % 7);
        }
    }
}

proptest! {
    #[test]
    fn any_payload_is_answered(payload: Vec<u8>, text in "\\PC{0,40}") {
        for payload in [payload.as_slice(), text.as_bytes(), b"{}", br#"{"issuer":7}"#, br#"{"issuer":"x","_sd":7}"#] {
            let mut text = jws::sign("vc+sd-jwt", None, payload, &Key::issuer()).expect("signs");
            text.push('~');
            prop_assert!(!Credential::parse(text.as_bytes(), &KnownContexts::new()).is_ok_and(|found| found.verify(Key::issuer().public_key()).is_ok()));
        }
    }
}
