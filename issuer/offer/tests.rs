use super::{CancelError, GrantError, Offer, OfferTerms, TOKEN_SECONDS, TX_CODE_TRIES, seal};
use crate::issue::{Format, IssueError, NameKind, Order, Validity};
use crate::keys::{KeyUse, Keys};
use crate::office::Issuer;
use crate::store::{Filter, State};
use crate::testing::{Key, TestRng, at, issuer, keys, order, reopened, seal, store};
use std::cell::Cell;
use std::rc::Rc;
use waypass_credential::json::{self, Limits, Object};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};

const TERMS: OfferTerms = OfferTerms { valid_seconds: 900, tx_code: false };
const WITH_CODE: OfferTerms = OfferTerms { valid_seconds: 900, tx_code: true };

pub(crate) fn code(offer: &Offer) -> String {
    let encoded = offer.uri.strip_prefix("openid-credential-offer://?credential_offer=").expect("an offer");
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("an escape")
            }
            byte => byte,
        });
    }
    let offer = json::parse(&bytes, Limits::CREDENTIAL).expect("JSON");
    let grant = offer.member("grants").and_then(|grants| grants.member(super::GRANT)).expect("a grant");
    grant.member("pre-authorized_code").and_then(|code| code.as_str()).expect("a code").to_owned()
}

fn offer(issuer: &mut Issuer<'_>, terms: OfferTerms) -> Offer {
    issuer.offer(&order(), &terms, "ines", at(0), &mut TestRng::new(7)).expect("offered")
}

/// One code holds 2,953 bytes, and every wallet must be able to scan an offer (crate qr).
#[test]
fn the_longest_offer_fits_one_code() {
    let (_dir, mut issuer) = issuer();
    issuer.settings.base_url = format!("https://{}", "[".repeat(504));
    assert_eq!(issuer.settings.check(), Ok(()));
    let mut rng = TestRng::new(7);
    for format in [Format::SdJwtVc, Format::DataIntegrity, Format::VcJwt, Format::VcSdJwt, Format::VcCose] {
        let order = Order { format, ..order() };
        let offer = issuer.offer(&order, &WITH_CODE, "ines", at(0), &mut rng).expect("offered");
        assert!((1536..=2953).contains(&offer.uri.len()), "{} bytes", offer.uri.len());
    }
    issuer.settings.base_url.push('[');
    assert_ne!(issuer.settings.check(), Ok(()), "a longer address would make a longer offer");
}

#[test]
fn picked_up_once() {
    let (dir, mut issuer) = issuer();
    let offer = offer(&mut issuer, TERMS);
    let code = code(&offer);
    // The issuer was restarted meanwhile.
    drop(issuer);
    let mut issuer = reopened(dir.path());
    let token = issuer.exchange(&code, None, None, at(10), &mut TestRng::new(8)).expect("exchanged");
    assert_eq!(issuer.exchange(&code, None, None, at(10), &mut TestRng::new(9)), Err(GrantError::Void));
    assert_eq!(issuer.granted(&token.token, at(10)), Ok("role_sd_jwt"));
    assert_eq!(issuer.granted(&code, at(10)), Err(GrantError::Void));
    let as_a_code = issuer.exchange(&token.token, None, None, at(10), &mut TestRng::new(9));
    assert_eq!(as_a_code, Err(GrantError::Void), "a token gives no other token, which would end later");
    let holder = Key::p256(9);
    let mut pick = |nonce: &str| issuer.pick_up(&token.token, nonce, at(60), holder.public_key(), at(11), &mut TestRng::new(10));
    let credential = pick("n1").expect("picked up");
    assert_eq!(pick("n2"), Ok(credential.clone()), "the same wallet asks again");
    assert_eq!(pick("n2"), Ok(credential.clone()));
    let [record] = &issued(&issuer)[..] else { panic!("one is on record") };
    assert_eq!((record.state, record.label.as_str()), (State::Valid, "badge 17"));
    assert_eq!(issuer.history(&record.id).expect("read")[0].operator, "ines");
    // Not to another key, and not for ever.
    let mut again =
        |holder: &Key, seconds| issuer.pick_up(&token.token, "n3", at(60), holder.public_key(), at(seconds), &mut TestRng::new(10));
    assert_eq!(again(&Key::p256(10), 12), Err(GrantError::Void));
    assert_eq!(again(&holder, 10 + TOKEN_SECONDS), Ok(credential));
    assert_eq!(again(&holder, 11 + TOKEN_SECONDS), Err(GrantError::Void));
}

fn issued(issuer: &Issuer<'_>) -> Vec<crate::store::CredentialRecord> {
    issuer.credentials(&Filter::default()).expect("listed")
}

const RETRY: &str = "bXl3YWxsZXRzb3duY2hvaWNl";

/// The wallet was cut off before it had the token: it asks again with the key that it made for that.
#[test]
fn a_token_request_is_repeated_by_who_made_it_only() {
    let (dir, mut issuer) = issuer();
    let made = offer(&mut issuer, WITH_CODE);
    let secret = code(&made);
    let digits = made.tx_code.as_deref();
    let mut rng = TestRng::new(8);
    let first = issuer.exchange(&secret, digits, Some(RETRY), at(10), &mut rng).expect("exchanged");
    assert_eq!(first.expires_in, TOKEN_SECONDS);
    drop(issuer);
    let mut issuer = reopened(dir.path());
    let again = issuer.exchange(&secret, digits, Some(RETRY), at(70), &mut rng).expect("the same request");
    assert_eq!((again.token.as_str(), again.expires_in), (first.token.as_str(), TOKEN_SECONDS - 60));
    for other in [None, Some(&RETRY[..22]), Some("short"), Some("")] {
        assert_eq!(issuer.exchange(&secret, digits, other, at(70), &mut rng), Err(GrantError::Void), "{other:?}");
    }
    let holder = Key::p256(9);
    let mut pick = |nonce: &str| issuer.pick_up(&first.token, nonce, at(600), holder.public_key(), at(71), &mut TestRng::new(10));
    let credential = pick("n1").expect("picked up");
    assert_eq!(pick("n2"), Ok(credential));
    assert_eq!(issued(&issuer).len(), 1);
    assert!(issuer.exchange(&secret, digits, Some(RETRY), at(72), &mut rng).is_ok());
    assert_eq!(issuer.exchange(&secret, digits, Some(RETRY), at(72 + TOKEN_SECONDS), &mut rng), Err(GrantError::Void));

    // A key that others could guess is taken for none.
    let made = issuer.offer(&order(), &TERMS, "ines", at(0), &mut TestRng::new(70)).expect("offered");
    issuer.exchange(&code(&made), None, Some("1"), at(1), &mut rng).expect("exchanged");
    assert_eq!(issuer.exchange(&code(&made), None, Some("1"), at(1), &mut rng), Err(GrantError::Void));
}

#[test]
fn a_nonce_works_once() {
    let (_dir, mut issuer) = issuer();
    let holder = Key::p256(9);
    let mut tokens = Vec::new();
    for seed in [1, 2] {
        let offer = issuer.offer(&order(), &TERMS, "ines", at(0), &mut TestRng::new(seed)).expect("offered");
        tokens.push(issuer.exchange(&code(&offer), None, None, at(1), &mut TestRng::new(seed + 50)).expect("exchanged").token);
    }
    let mut pick =
        |token: &str, nonce: &str, seed| issuer.pick_up(token, nonce, at(60), holder.public_key(), at(2), &mut TestRng::new(seed));
    pick(&tokens[0], "n1", 21).expect("picked up");
    assert_eq!(pick(&tokens[1], "n1", 22), Err(GrantError::NonceUsed));
    pick(&tokens[1], "n2", 23).expect("the token is still good");
}

/// Used nonces are not under the seal (docs/decisions/029-used-nonces.md). A row deleted from outside lets a proof be sent again, which
/// needs another token of the office and gives that offer to the key that proved itself. A row added refuses one nonce and uses up nothing.
#[test]
fn a_nonce_row_written_from_outside_gives_nobody_what_the_office_did_not_offer() {
    let (dir, mut issuer) = issuer();
    let holder = Key::p256(9);
    let mut tokens = Vec::new();
    for (seed, role) in [(1, "nurse"), (2, "staff"), (3, "staff")] {
        let order = Order { roles: vec![role.into()], ..order() };
        let offer = issuer.offer(&order, &TERMS, "ines", at(0), &mut TestRng::new(seed)).expect("offered");
        tokens.push(issuer.exchange(&code(&offer), None, None, at(1), &mut TestRng::new(seed + 50)).expect("exchanged").token);
    }
    let pick = |issuer: &mut Issuer<'_>, token: &str, nonce: &str, seed| {
        issuer.pick_up(token, nonce, at(60), holder.public_key(), at(2), &mut TestRng::new(seed))
    };
    let raw = |sql: &str| {
        let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
        raw.execute_batch(sql).expect("written");
        assert!(raw.total_changes() > 0, "nothing was changed");
    };
    let first = pick(&mut issuer, &tokens[0], "n1", 21).expect("picked up");

    raw("DELETE FROM nonces");
    assert_eq!(pick(&mut issuer, &tokens[0], "n1", 22), Ok(first), "a token gives one credential, whatever became of its nonce");
    let again = pick(&mut issuer, &tokens[1], "n1", 23).expect("picked up");
    let again = waypass_credential::Credential::parse(&again, &KnownContexts::new()).expect("a credential");
    let role = again.untrusted().expect("readable").role;
    assert_eq!((role.roles, role.holder), (vec!["staff".to_owned()], Some(holder.public_key().clone().into())));

    let hash = waypass_credential::hex::encode(&super::hash("n3"));
    raw(&format!("INSERT INTO nonces VALUES(x'{hash}', 4000000000)"));
    assert_eq!(pick(&mut issuer, &tokens[2], "n3", 24), Err(GrantError::NonceUsed));
    pick(&mut issuer, &tokens[2], "n4", 25).expect("the token is still good");
    issuer.publish(at(3)).expect("published: nothing that decides was touched");
}

#[test]
fn a_transaction_code_has_five_tries() {
    let (_dir, mut issuer) = issuer();
    let made = offer(&mut issuer, WITH_CODE);
    let (secret, right) = (code(&made), made.tx_code.clone().expect("six digits"));
    assert!(right.len() == 6 && right.bytes().all(|b| b.is_ascii_digit()));
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let mut rng = TestRng::new(8);
    assert_eq!(issuer.exchange(&secret, None, None, at(1), &mut rng), Err(GrantError::TxCode));
    for _ in 1..TX_CODE_TRIES {
        assert_eq!(issuer.exchange(&secret, Some(wrong), None, at(1), &mut rng), Err(GrantError::Void));
    }
    assert!(issuer.exchange(&secret, Some(&right), None, at(1), &mut rng).is_ok(), "the fifth try is the right one");

    let made = issuer.offer(&order(), &WITH_CODE, "ines", at(0), &mut TestRng::new(70)).expect("offered");
    let (secret, right) = (code(&made), made.tx_code.clone().expect("six digits"));
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..TX_CODE_TRIES {
        assert_eq!(issuer.exchange(&secret, Some(wrong), None, at(1), &mut rng), Err(GrantError::Void));
    }
    assert_eq!(issuer.exchange(&secret, Some(&right), None, at(1), &mut rng), Err(GrantError::Void), "void after five");
    assert_eq!(issuer.waiting_offers(at(1)), Ok(vec![]), "its order is forgotten");
}

#[test]
fn offers_and_tokens_expire() {
    let (_dir, mut issuer) = issuer();
    let made = offer(&mut issuer, TERMS);
    let secret = code(&made);
    let mut rng = TestRng::new(8);
    assert_eq!(issuer.exchange(&secret, None, None, at(900), &mut rng), Err(GrantError::Void));
    let token = issuer.exchange(&secret, None, None, at(899), &mut rng).expect("exchanged").token;
    assert!(issuer.granted(&token, at(898 + TOKEN_SECONDS)).is_ok());
    assert_eq!(issuer.granted(&token, at(899 + TOKEN_SECONDS)), Err(GrantError::Void));
    assert_eq!(issuer.granted(&"x".repeat(10_000), at(0)), Err(GrantError::Void));
    assert_eq!(issuer.exchange("", Some("000000"), None, at(0), &mut rng), Err(GrantError::Void));
}

#[test]
fn what_cannot_be_issued_is_not_offered() {
    let (_dir, mut issuer) = issuer();
    let king = Order { roles: vec!["king".into()], ..order() };
    let refused = issuer.offer(&king, &TERMS, "ines", at(0), &mut TestRng::new(7)).map(drop);
    assert!(matches!(refused, Err(IssueError::OutsideSettings { what: "role", .. })));
    let claims = |name: &'static str| Order { format: Format::DataIntegrity, personal: Object::new().with(name, "x"), ..order() };
    let refused = |order: &Order| {
        let (dir, mut issuer) = crate::testing::issuer();
        let holder = Key::p256(9);
        let offered = issuer.offer(order, &TERMS, "ines", at(0), &mut TestRng::new(7)).map(drop);
        let issued = reopened(dir.path()).issue(order, holder.public_key(), "ines", at(0), &mut TestRng::new(8)).map(drop);
        assert_eq!(offered, issued, "what is offered is not what can be issued");
        offered.err()
    };
    for name in ["ward 3", "Küche", &"x".repeat(65)] {
        let name = vec![name.to_owned()];
        assert_eq!(refused(&Order { zones: name.clone(), ..order() }), Some(IssueError::Names(NameKind::Zones)));
        assert_eq!(refused(&Order { sites: name, ..order() }), Some(IssueError::Names(NameKind::Sites)));
    }
    // A claim that no context names, one that the credential has itself, and too much of one.
    assert!(matches!(refused(&claims("qualification")), Some(IssueError::Credential(_))));
    assert!(refused(&Order { personal: Object::new().with("iss", "x"), ..order() }).is_some());
    assert!(refused(&Order { personal: Object::new().with("given_name", "x".repeat(70_000)), ..order() }).is_some());
    for format in Format::ALL {
        assert_eq!(refused(&Order { format, ..order() }), None);
    }
}

#[test]
fn the_database_shows_neither_codes_nor_claims() {
    let (dir, mut issuer) = issuer();
    let made = offer(&mut issuer, WITH_CODE);
    let secret = code(&made);
    let token = issuer.exchange(&secret, made.tx_code.as_deref(), None, at(1), &mut TestRng::new(8)).expect("exchanged").token;
    drop(issuer);
    assert_hides(dir.path(), &[&secret, &token, "Quisenberry", "given_name", "badge 17"]);
    // The operator's label of what was issued is on record; what it says about the holder is not.
    let mut issuer = reopened(dir.path());
    let credential = issuer.pick_up(&token, "n1", at(60), Key::p256(9).public_key(), at(2), &mut TestRng::new(9)).expect("picked up");
    drop(issuer);
    let credential = String::from_utf8(credential).expect("an SD-JWT");
    assert_hides(dir.path(), &[&secret, &token, "Quisenberry", "given_name", &credential[..40]]);
}

fn assert_hides(dir: &std::path::Path, texts: &[&str]) {
    for file in std::fs::read_dir(dir).expect("listed") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("read");
        for text in texts {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
    }
}

#[test]
fn an_order_comes_back_as_it_was() {
    let full = Order {
        format: Format::DataIntegrity,
        algorithm: Some(waypass_credential::key::Algorithm::EdDsa),
        suites: vec![waypass_credential::data_integrity::Suite::EddsaRdfc2022, waypass_credential::data_integrity::Suite::EcdsaJcs2019],
        status: Some(waypass_trust::bundle::ListKind::Bitstring),
        valid_from: Some(at(5)),
        validity: Validity::Until(at(500)),
        ..order()
    };
    for order in [order(), full] {
        let sealed = seal::seal("secret", &order, "ines");
        assert_eq!(seal::open("secret", &sealed), Some((order, "ines".to_owned())));
        assert_eq!(seal::open("Secret", &sealed), None);
        assert_eq!(seal::open_answer("secret", &sealed), None);
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert_eq!(seal::open("secret", &altered), None);
        }
    }
}

/// Counts what a key signs.
struct Counting(Key, Rc<Cell<u32>>);

impl Signer for Counting {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        self.1.set(self.1.get() + 1);
        self.0.sign(message)
    }
}

#[test]
fn an_offer_signs_nothing() {
    let (dir, office) = issuer();
    drop(office);
    let signed = Rc::new(Cell::new(0));
    let mut counted = Keys::new();
    for key in [Key::ed25519(1), Key::p256(2), Key::p384(2)] {
        counted.add(KeyUse::Credential, Counting(key, Rc::clone(&signed)));
    }
    let mut office = Issuer::open(Box::new(store(dir.path())), seal(), counted).expect("opened");
    let mut rng = TestRng::new(7);
    for algorithm in keys().of(KeyUse::Credential).map(|signer| signer.public_key().algorithm()) {
        for format in Format::ALL {
            let order = Order { format, algorithm: Some(algorithm), ..order() };
            let made = office.offer(&order, &TERMS, "ines", at(0), &mut rng);
            assert!(made.is_ok(), "{format} {algorithm:?}: {made:?}");
        }
    }
    assert_eq!(signed.get(), 0);
    office.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut rng).expect("issued");
    assert_eq!(signed.get(), 1);
}

#[test]
fn offers_that_wait_are_listed_and_can_be_taken_back() {
    let (dir, mut issuer) = issuer();
    let mut rng = TestRng::new(7);
    let mut make = |issuer: &mut Issuer<'_>, seconds, tx_code| {
        issuer.offer(&order(), &OfferTerms { valid_seconds: seconds, tx_code }, "ines", at(0), &mut rng).expect("offered")
    };
    let (long, short, taken) = (make(&mut issuer, 900, true), make(&mut issuer, 60, false), make(&mut issuer, 900, false));
    issuer.exchange(&code(&taken), None, None, at(1), &mut TestRng::new(8)).expect("exchanged");
    assert!(issuer.exchange(&code(&long), Some("000000x"), None, at(1), &mut TestRng::new(9)).is_err());
    let mut issuer = reopened(dir.path());
    let listed = |issuer: &Issuer<'_>, seconds| {
        let waiting = issuer.waiting_offers(at(seconds)).expect("read");
        waiting.into_iter().map(|offer| (offer.id, offer.tries_left)).collect::<Vec<_>>()
    };
    let (first, second) = ((short.id.clone(), None), (long.id.clone(), Some(TX_CODE_TRIES - 1)));
    assert_eq!(listed(&issuer, 59), [first, second.clone()], "the one that ends first comes first; one that a wallet took does not wait");
    assert_eq!(listed(&issuer, 60), [second], "over at the second of its end");

    assert_eq!(issuer.cancel_offer(&short.id, at(60)), Err(CancelError::Unknown));
    assert_eq!(issuer.cancel_offer(&taken.id, at(60)), Err(CancelError::Unknown));
    assert_eq!(issuer.cancel_offer("", at(2)), Err(CancelError::Unknown));
    assert_eq!(issuer.cancel_offer(&long.id[..6].to_uppercase(), at(60)), Ok(long.id.clone()));
    assert_eq!(listed(&issuer, 60), []);
    assert_eq!(issuer.exchange(&code(&long), long.tx_code.as_deref(), None, at(60), &mut TestRng::new(9)), Err(GrantError::Void));
    // Ids that begin alike: the whole id names one.
    let many: Vec<Offer> = (0..40).map(|_| make(&mut issuer, 900, false)).collect();
    let digit = &many[0].id[..1];
    let alike = many.iter().filter(|offer| offer.id.starts_with(digit)).count();
    assert!(alike > 1, "forty ids have the same first digit twice");
    assert_eq!(issuer.cancel_offer(digit, at(61)), Err(CancelError::Ambiguous { found: alike }));
    assert_eq!(issuer.cancel_offer(&many[0].id, at(61)), Ok(many[0].id.clone()));
}
