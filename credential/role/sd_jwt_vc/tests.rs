//! Issue, present and verify; and what must not pass.

use super::TYP;
use crate::base64url;
use crate::binding::Binding;
use crate::binding::HolderError;
use crate::binding::Nonce;
use crate::canon::jcs;
use crate::claim_path::{ClaimPath, PathStep};
use crate::credential::Presentation;
use crate::credential::{Credential, Form};
use crate::did;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::Format;
use crate::json::{self, Number, Object, Value};
use crate::jsonld::KnownContexts;
use crate::jws;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::request::{Query, Request};
use crate::role::tests::claims;
use crate::role::{RoleClaims, StatusPurpose, StatusReference};
use crate::sd_jwt::SdJwt;
use crate::testing::{Key, TestRng, claimed};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn request() -> Request {
    let at = Timestamp::from_unix(1_795_172_571).expect("in range");
    Request {
        client_id: did::to_did_key(Key::gate().public_key()),
        nonce: Nonce([5; 16]),
        issued_at: at,
        expires_at: at.plus(60),
        purpose: "Entry to the ward".into(),
        query: Query::for_role(&[Format::SdJwtVc], &["nurse"], &[]).expect("a query"),
        code: None,
    }
}

fn issued(claims: &RoleClaims) -> Credential {
    Credential::issue(claims, Format::SdJwtVc, &Key::issuer(), &mut TestRng(7)).expect("issued")
}

fn presented(credential: &Credential, paths: &[ClaimPath]) -> Presentation {
    credential.present(paths, &request().binding(), request().issued_at, &Key::holder(), &mut TestRng(1)).expect("presented")
}

/// Signs a payload by hand, as an issuer that is trusted but careless.
fn careless(change: impl FnOnce(&mut Object<'static>), disclosures: &[&str]) -> Result<RoleClaims, Malformed> {
    let issued = issued(&claims());
    let text = core::str::from_utf8(issued.as_bytes()).expect("text");
    let sd_jwt = SdJwt::parse(text).expect("our own");
    let Value::Object(mut payload) = Value::Object(sd_jwt.payload().expect("JSON")).into_owned() else { panic!("an object") };
    let key_id = claims().key_id;
    change(&mut payload);
    let mut text = jws::sign(TYP, key_id.as_deref(), json::to_string(&payload_value(payload)).as_bytes(), &Key::issuer()).expect("signed");
    text.push('~');
    for disclosure in disclosures {
        base64url::encode_into(disclosure.as_bytes(), &mut text);
        text.push('~');
    }
    match Credential::parse(text.as_bytes(), &KnownContexts::new())?.verify(Key::issuer().public_key()) {
        Ok(verified) => Ok(verified.role().clone()),
        Err(VerifyError::Malformed(why)) => Err(why),
        Err(VerifyError::InvalidProof | VerifyError::UnknownKey) => panic!("signed above"),
    }
}

fn payload_value(payload: Object<'static>) -> Value<'static> {
    Value::Object(payload)
}

fn digest_of(disclosure: &str) -> String {
    base64url::encode(&Sha256::digest(base64url::encode(disclosure.as_bytes())))
}

#[test]
fn claims_round_trip_under_every_algorithm() {
    for (issuer, holder) in [(Key::ed25519(1), Key::p256(2)), (Key::p256(1), Key::p384(2)), (Key::p384(1), Key::ed25519(2))] {
        let mut claims = claims();
        claims.holder = Some(holder.public_key().clone().into());
        let credential = Credential::issue(&claims, Format::SdJwtVc, &issuer, &mut TestRng(7)).expect("issued");
        assert_eq!(claimed(&credential).issuer, claims.issuer);
        assert_eq!(claimed(&credential).key_id, claims.key_id.as_deref());
        assert_eq!(credential.verify(issuer.public_key()).expect("genuine").role(), &claims);
        assert_eq!(
            Credential::parse(credential.as_bytes(), &KnownContexts::new()).expect("its own bytes").as_bytes(),
            credential.as_bytes()
        );

        let presentation = credential.present(&[], &request().binding(), request().issued_at, &holder, &mut TestRng(1)).expect("presented");
        let presentation = Presentation::parse(presentation.as_bytes(), &KnownContexts::new()).expect("its own bytes");
        let proof = presentation.verify_holder(holder.public_key(), &request().binding()).expect("bound");
        assert_eq!(proof.signed_at, Some(request().issued_at));
        let shown = presentation.credential().verify(issuer.public_key()).expect("genuine").role().clone();
        assert_eq!(shown, RoleClaims { roles: vec![], personal: Object::new(), ..claims });
    }
}

#[test]
fn nothing_personal_stands_in_the_open() {
    let mut claims = claims();
    claims.personal.set("address", Object::new().with("city", "London"));
    let credential = issued(&claims);
    let text = core::str::from_utf8(credential.as_bytes()).expect("text");
    let payload = text.split(['.', '~']).nth(1).expect("a payload");
    let payload = String::from_utf8(base64url::decode(payload).expect("base64url")).expect("text");
    for secret in ["nurse", "Ada", "family_name", "address", "city", "London"] {
        assert!(!payload.contains(secret), "{secret}");
    }
    let mut paths: Vec<_> = credential.disclosable().expect("well formed").iter().map(|path| format!("{path}")).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["address", "address.city", "family_name", "given_name", "roles[0]", "roles[1]"]);
}

#[test]
fn the_holder_answers_one_question_of_one_gate() {
    let presentation = presented(&issued(&claims()), &[]);
    let holder = Key::holder();
    let check =
        |nonce, audience: &str, key: &Key| presentation.verify_holder(key.public_key(), &Binding::challenge(&nonce, audience)).map(drop);
    let (nonce, gate) = (request().nonce, request().client_id);
    assert_eq!(check(nonce, &gate, &holder), Ok(()));
    assert_eq!(check(Nonce([6; 16]), &gate, &holder), Err(HolderError::NonceMismatch));
    assert_eq!(check(nonce, "did:key:zOther", &holder), Err(HolderError::WrongAudience));
    assert_eq!(check(nonce, &gate, &Key::p256(9)), Err(HolderError::InvalidProof));
    assert_eq!(check(nonce, &gate, &Key::ed25519(2)), Err(HolderError::InvalidProof));
}

#[test]
fn the_binding_covers_exactly_what_is_shown() {
    let credential = issued(&claims());
    let less = presented(&credential, &[]);
    let more = presented(&credential, &[ClaimPath::names(["given_name"])]);
    let text = |presentation: &Presentation| core::str::from_utf8(presentation.as_bytes()).expect("text").to_owned();
    let parts = |text: &str| text.rsplit_once('~').map(|(sd_jwt, kb)| (sd_jwt.to_owned(), kb.to_owned())).expect("parts");
    let check = |text: String| {
        let presentation = Presentation::parse(text.as_bytes(), &KnownContexts::new()).expect("well formed");
        presentation.verify_holder(Key::holder().public_key(), &request().binding()).map(drop)
    };
    let ((shown, binding), (_, other)) = (parts(&text(&more)), parts(&text(&less)));
    assert_eq!(check(format!("{shown}~{binding}")), Ok(()));
    assert_eq!(check(format!("{shown}~{other}")), Err(HolderError::InvalidProof));
    assert_eq!(check(format!("{shown}~")), Err(HolderError::Missing));
    // A JWS by the holder's key, but made for something else.
    let claims = binding.split('.').nth(1).expect("a payload");
    let retyped = jws::sign("other+jwt", None, &base64url::decode(claims).expect("base64url"), &Key::holder()).expect("signed");
    assert_eq!(check(format!("{shown}~{retyped}")), Err(HolderError::InvalidProof));
    for (payload, why) in [
        ("{}", Malformed::Missing("iat")),
        (r#"{"iat":"now"}"#, Malformed::WrongType("iat")),
        (r#"{"iat":1}"#, Malformed::Missing("sd_hash")),
        (r#"{"iat":1,"sd_hash":[]}"#, Malformed::WrongType("sd_hash")),
    ] {
        let bad = jws::sign("kb+jwt", None, payload.as_bytes(), &Key::holder()).expect("signed");
        assert_eq!(check(format!("{shown}~{bad}")), Err(HolderError::Malformed(why)));
    }
}

#[test]
fn only_the_bound_key_presents() {
    let credential = issued(&claims());
    let refused = credential.present(&[], &request().binding(), request().issued_at, &Key::ed25519(2), &mut TestRng(1)).map(drop);
    assert_eq!(refused, Err(PresentError::NotTheHolder));
    let unbound = issued(&RoleClaims { holder: None, ..claims() });
    assert_eq!(
        unbound.present(&[], &request().binding(), request().issued_at, &Key::holder(), &mut TestRng(1)).map(drop),
        Err(PresentError::NotTheHolder)
    );
}

#[test]
fn reading_is_strict() {
    type Change = fn(&mut Object<'static>);
    let cases: [(Change, Malformed); 17] = [
        (|c| drop(c.remove("iss")), Malformed::Missing("iss")),
        (|c| drop(c.remove("vct")), Malformed::Missing("vct")),
        (|c| drop(c.remove("iat")), Malformed::Missing("iat")),
        (|c| drop(c.remove("exp")), Malformed::Missing("exp")),
        (|c| drop(c.remove("roles")), Malformed::Missing("roles")),
        (|c| drop(c.remove("sites")), Malformed::Missing("sites")),
        (|c| drop(c.remove("zones")), Malformed::Missing("zones")),
        (|c| c.set("exp", "tomorrow"), Malformed::WrongType("exp")),
        (|c| c.set("exp", Value::Number(Number::Float(1e300))), Malformed::OutOfRange("exp")),
        (|c| c.set("exp", -1), Malformed::OutOfRange("validity")),
        (|c| c.set("exp", 1_795_000_000), Malformed::OutOfRange("validity")),
        (|c| c.set("sites", "north"), Malformed::WrongType("sites")),
        (|c| c.set("cnf", Object::new().with("kid", "k")), Malformed::Missing("jwk")),
        (|c| c.set("cnf", Object::new().with("jwk", Object::new())), Malformed::OutOfRange("cnf")),
        (|c| c.set("status", Object::new().with("other", 1)), Malformed::Missing("status_list")),
        (|c| c.set("status", Object::new().with("status_list", Object::new().with("uri", "u"))), Malformed::WrongType("status_list")),
        // A second mechanism that is not understood may be the one that withdraws it.
        (|c| c.set("status", with_second_mechanism()), Malformed::OutOfRange("status")),
    ];
    assert!(careless(|_| (), &[]).is_ok());
    for (change, why) in cases {
        assert_eq!(careless(change, &[]), Err(why));
    }
}

fn with_second_mechanism() -> Object<'static> {
    let list = Object::new().with("uri", "https://issuer.example/1").with("idx", 5);
    Object::new().with("status_list", list).with("status_attestation", Object::new().with("uri", "https://issuer.example/2"))
}

/// The holder must not choose what decides.
#[test]
fn deciding_claims_cannot_be_disclosures() {
    for (name, value) in [("exp", "1797000000"), ("cnf", "{}"), ("status", "{}"), ("vct", "\"x\""), ("nbf", "1"), ("sites", "[]")] {
        let disclosure = format!(r#"["salt","{name}",{value}]"#);
        let digest = digest_of(&disclosure);
        let refused = careless(
            |claims| {
                claims.remove(name);
                claims.set("_sd", Value::from_iter([digest]));
            },
            &[&disclosure],
        );
        assert_eq!(refused, Err(Malformed::NotDisclosable(name)));
    }
}

#[test]
fn reserved_names_are_not_issued() {
    for name in ["exp", "cnf", "_sd", "_sd_alg", "...", "roles"] {
        let mut claims = claims();
        claims.personal.set(name, 1);
        let refused = Credential::issue(&claims, Format::SdJwtVc, &Key::issuer(), &mut TestRng(7)).map(drop);
        assert_eq!(refused, Err(IssueError::ReservedClaim(name.into())));
    }
    let mut claims = claims();
    claims.personal.set("list", Value::from_iter([Object::new().with("...", "x")]));
    let refused = Credential::issue(&claims, Format::SdJwtVc, &Key::issuer(), &mut TestRng(7)).map(drop);
    assert_eq!(refused, Err(IssueError::ReservedClaim("...".into())));
}

#[test]
fn a_status_in_a_bitstring_is_not_issued() {
    let status = vec![StatusReference::bitstring("https://waypass.example/lists/1", 1, StatusPurpose::Revocation)];
    let refused = Credential::issue(&RoleClaims { status, ..claims() }, Format::SdJwtVc, &Key::issuer(), &mut TestRng(7)).map(drop);
    assert_eq!(refused, Err(IssueError::Malformed(Malformed::OutOfRange("status"))));
}

#[test]
fn a_relative_key_id_is_relative_to_the_issuer() {
    let text = jws::sign(TYP, Some("#key-1"), br#"{"iss":"did:web:site.example"}"#, &Key::issuer()).expect("signed") + "~";
    let credential = Credential::parse(text.as_bytes(), &KnownContexts::new()).expect("well formed");
    assert_eq!(claimed(&credential).key_id, Some("did:web:site.example#key-1"));
}

/// Every bit of the text is under one signature or the other, and no byte has a second spelling.
#[test]
fn no_bit_can_be_changed() {
    let credential = issued(&claims());
    let presentation = presented(&credential, &[ClaimPath::names(["given_name"]), ClaimPath::names(["roles"]).then(PathStep::All)]);
    let (issuer, holder) = (Key::issuer(), Key::holder());
    let accepted = |bytes: &[u8]| {
        let Ok(Credential(Form::SdJwtVc(credential))) = Credential::parse(bytes, &KnownContexts::new()) else { return false };
        credential.verify(issuer.public_key()).is_ok()
    };
    let answered = |bytes: &[u8]| {
        let Ok(presentation) = Presentation::parse(bytes, &KnownContexts::new()) else { return false };
        // Without the holder's check a shorter presentation would pass: what is cut off is only withheld.
        presentation.credential().verify(issuer.public_key()).is_ok()
            && presentation.verify_holder(holder.public_key(), &request().binding()).is_ok()
    };
    assert!(accepted(credential.as_bytes()));
    assert!(answered(presentation.as_bytes()));
    let each_flip = |good: &[u8], accepted: &dyn Fn(&[u8]) -> bool| {
        let mut bytes = good.to_vec();
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(!accepted(&bytes), "bit {at}");
            bytes[at / 8] ^= 1 << (at % 8);
        }
    };
    each_flip(credential.as_bytes(), &accepted);
    each_flip(presentation.as_bytes(), &answered);
    for end in 0..presentation.as_bytes().len() {
        assert!(!answered(&presentation.as_bytes()[..end]), "cut at {end}");
    }
}

/// JSON that a claim could be.
fn json_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(i64::from(number))),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from_iter),
            prop::collection::btree_map("[a-z\"é]{1,4}", inner, 0..4).prop_map(|members| Value::Object(object(members))),
        ]
    })
}

fn object(members: impl IntoIterator<Item = (String, Value<'static>)>) -> Object<'static> {
    members.into_iter().fold(Object::new(), |object, (name, value)| object.with(name, value))
}

/// `claims` without what stands at `paths`; of an array the later elements go first.
fn without(claims: &mut Value<'static>, mut paths: Vec<ClaimPath>) {
    paths.sort_unstable_by(|a, b| b.cmp(a));
    for path in paths {
        let (last, above) = path.steps().split_last().expect("a step");
        let parent = above.iter().fold(&mut *claims, |value, step| match (value, step) {
            (Value::Object(object), PathStep::Name(name)) => {
                object.members_mut().iter_mut().find(|(n, _)| n == name).map(|(_, value)| value).expect("a member")
            }
            (Value::Array(items), PathStep::Index(at)) => &mut items[*at],
            _ => panic!("not a path into the claims"),
        });
        match (parent, last) {
            (Value::Object(object), PathStep::Name(name)) => drop(object.remove(name)),
            (Value::Array(items), PathStep::Index(at)) => drop(items.remove(*at)),
            _ => panic!("not a path into the claims"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The chosen claims are shown, with what is above and below it, and nothing else.
    #[test]
    fn the_chosen_subset_is_shown(
        personal in prop::collection::btree_map("p_[a-z]{1,3}", json_value(), 0..6),
        roles in prop::collection::btree_set("[a-z]{1,6}", 0..5),
        choice in any::<u64>(),
        seed in any::<u64>(),
    ) {
        let claims = RoleClaims { personal: object(personal), roles: roles.into_iter().collect(), ..claims() };
        let credential = Credential::issue(&claims, Format::SdJwtVc, &Key::issuer(), &mut TestRng(seed)).expect("issued");
        let full = credential.verify(Key::issuer().public_key()).expect("genuine");
        prop_assert_eq!(jcs::to_vec(&Value::Object(full.role().personal.clone())), jcs::to_vec(&Value::Object(claims.personal.clone())));
        prop_assert_eq!(&full.role().roles, &claims.roles);

        let places = credential.disclosable().expect("well formed");
        let chosen: Vec<_> = places.iter().enumerate().filter(|(at, _)| choice >> (at % 64) & 1 == 1).map(|(_, path)| path.clone()).collect();
        let withheld = places.into_iter().filter(|place| !chosen.iter().any(|path| path.is_prefix_of(place) || place.is_prefix_of(path)));
        let mut expected = full.claims().clone().into_owned();
        without(&mut expected, withheld.collect());

        let presentation = presented(&credential, &chosen);
        prop_assert!(presentation.verify_holder(Key::holder().public_key(), &request().binding()).is_ok());
        let shown = presentation.credential().verify(Key::issuer().public_key()).expect("genuine");
        prop_assert_eq!(jcs::to_vec(shown.claims()), jcs::to_vec(&expected));
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = Credential::parse(&bytes, &KnownContexts::new()).map(|credential| credential.disclosable());
        let _ = Presentation::parse(&bytes, &KnownContexts::new());
    }
}
