//! SD-CWT, questions that come as codes, and answers that are sealed.

use super::super::{AskedByCode, Case, Encoding, Expected, Step, nonce_text};
use super::Maker;
use crate::world::{TestRng, at};
use waypass_credential::base64url;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Query, Request, SignedCode};
use waypass_credential::sealed::seal;
use waypass_credential::{ClaimPath, Credential, Format};

pub(super) fn cases() -> Vec<Case> {
    vec![
        by_file(
            "admit-sd-cwt",
            "A nurse's SD-CWT with a key binding token, over the nonce of the question.",
            |shown| shown,
            "green",
            &["ok"],
        ),
        by_file(
            "sd-cwt-role-edited",
            "A letter of a role was changed in the presented SD-CWT, so its digest is nowhere.",
            |mut shown| {
                let at = shown.windows(5).position(|window| window == b"nurse").expect("the role");
                shown[at] = b'c';
                shown
            },
            "red",
            &["malformed"],
        ),
        without_key_binding(),
        by_code(
            "admit-sd-cwt-by-code",
            "The question came as a code: the answer's nonce is the digest of it.",
            Format::SdCwt,
            &[],
            &Way::Open,
        ),
        by_code(
            "admit-sd-jwt-by-code",
            "The same with an SD-JWT VC, whose nonce is base64url of the digest.",
            Format::SdJwtVc,
            &[],
            &Way::Open,
        ),
        by_code(
            "answer-sealed",
            "A name is asked for by a code: the answer is sealed to the key in the question.",
            Format::SdCwt,
            &["family_name"],
            &Way::Sealed,
        ),
        by_code(
            "answer-sealed-to-another",
            "The answer is sealed to the key of another question.",
            Format::SdCwt,
            &["family_name"],
            &Way::SealedToAnother,
        ),
        by_code(
            "code-answered-by-its-nonce",
            "The question came as a code, and the answer names the nonce in it instead of its digest.",
            Format::SdCwt,
            &[],
            &Way::ByNonce,
        ),
    ]
}

/// How a question that came as a code is answered.
enum Way {
    Open,
    Sealed,
    SealedToAnother,
    ByNonce,
}

fn credential(maker: &Maker, format: Format) -> Credential {
    maker.credential_in(format, |_| ())
}

/// The presentation for `request`, showing what it asks for.
fn shown(maker: &Maker, credential: &Credential, request: &Request) -> Vec<u8> {
    let said = credential.untrusted().expect("our credential");
    let wanted = request.query.first_match(said.claims, credential.format(), &said.role.kind).expect("it fits");
    let (holder, rng) = (&maker.world.holder, &mut TestRng::new("presented"));
    credential.present(&wanted.paths, &request.binding(), at(maker.now), holder, rng).expect("presents").as_bytes().to_vec()
}

pub(super) fn present(mut maker: Maker, shown: &[u8], level: &str, reasons: &[&str]) -> Case {
    let expect = Expected { level: level.into(), reasons: reasons.iter().map(|&reason| reason.into()).collect() };
    let (presentation, encoding) = match String::from_utf8(shown.to_vec()) {
        Ok(text) => (text, None),
        Err(_) => (base64url::encode(shown), Some(Encoding::Base64Url)),
    };
    maker.steps.push(Step::Present { clock: maker.clock(), presentation, encoding, expect });
    maker.done()
}

fn query(formats: &[Format], claims: &[&str]) -> Query {
    let claims: Vec<ClaimPath> = claims.iter().map(|name| ClaimPath::names([*name])).collect();
    Query::for_role(formats, &["nurse"], &claims).expect("our query")
}

fn by_file(name: &'static str, says: &'static str, change: impl Fn(Vec<u8>) -> Vec<u8>, level: &str, reasons: &[&str]) -> Case {
    let query = query(&[Format::SdCwt], &[]);
    let maker = Maker::new(name, says).first_bundle().ask_for(&query);
    let request = Request { query, ..maker.request() };
    let shown = change(shown(&maker, &credential(&maker, Format::SdCwt), &request));
    present(maker, &shown, level, reasons)
}

fn without_key_binding() -> Case {
    let says = "A nurse's SD-CWT as its holder keeps it, without a key binding token: anyone may have copied it.";
    let maker = Maker::new("sd-cwt-without-key-binding", says).first_bundle().ask_for(&query(&[Format::SdCwt], &[]));
    let bare = credential(&maker, Format::SdCwt).as_bytes().to_vec();
    present(maker, &bare, "red", &["holder_binding_failed"])
}

fn by_code(name: &'static str, says: &'static str, format: Format, claims: &[&str], way: &Way) -> Case {
    let query = query(&[format], claims);
    let maker = Maker::new(name, says).first_bundle();
    let mut maker = maker.ask_for(&query);
    let plain = Request { query, ..maker.request() };
    let secret = RecipientSecret::random(&mut TestRng::new(name));
    let SignedCode { bytes, code } = plain.sign_code(secret.recipient(), &maker.world.gate).expect("signed");
    let Some(Step::Ask { code: asked, nonce, .. }) = maker.steps.last_mut() else { unreachable!("just asked") };
    assert_eq!(*nonce, nonce_text(plain.nonce.0));
    *asked = Some(AskedByCode { content: base64url::encode(&bytes), key: base64url::encode(&*secret.to_bytes()) });
    let credential = credential(&maker, format);
    let request = Request { code: Some(code.clone()), ..plain.clone() };
    let mut rng = TestRng::new("sealed");
    match way {
        Way::Open => {
            let shown = shown(&maker, &credential, &request);
            present(maker, &shown, "green", &["ok"])
        }
        Way::Sealed => {
            let sealed = seal(&shown(&maker, &credential, &request), &code.recipient, &code.digest, &mut rng).expect("sealed");
            present(maker, &sealed, "green", &["ok"])
        }
        Way::SealedToAnother => {
            let other = RecipientSecret::random(&mut TestRng::new("another question")).recipient();
            let sealed = seal(&shown(&maker, &credential, &request), &other, &code.digest, &mut rng).expect("sealed");
            present(maker, &sealed, "red", &["nonce_mismatch"])
        }
        Way::ByNonce => {
            let shown = shown(&maker, &credential, &plain);
            present(maker, &shown, "red", &["nonce_mismatch"])
        }
    }
}
