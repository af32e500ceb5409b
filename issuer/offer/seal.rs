//! An order at rest, and the credential made of it: XChaCha20-Poly1305 under a key derived (HKDF-SHA-256) from a secret of 256 bits that only the holder has.

use crate::issue::{Format, Order, Validity};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce, aead::Aead};
use hkdf::Hkdf;
use sha2::Sha256;
use waypass_credential::base64url;
use waypass_credential::data_integrity::Suite;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::Algorithm;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::ListKind;
use zeroize::Zeroizing;

/// An order is smaller than the credential made of it, and the label and operator are short.
const LIMITS: Limits = Limits { bytes: 2 * Limits::CREDENTIAL.bytes, ..Limits::CREDENTIAL };

const ORDER: &[u8] = b"waypass/v1/offer/order";
const ANSWER: &[u8] = b"waypass/v1/offer/answer";

/// A credential that was picked up, kept for the holder who asks again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    pub(super) format: Format,
    /// The `did:key` of the holder's key.
    pub(super) holder: String,
    pub(super) credential: Vec<u8>,
}

/// Derives the access token of a wallet that names a key by which it may repeat its request.
pub(super) fn token(code: &str, retry: &str) -> String {
    let mut token = Zeroizing::new([0; 32]);
    derive(Some(retry), code, b"waypass/v1/offer/token", &mut *token);
    base64url::encode(&*token)
}

/// Each secret seals one order once and one answer once, so key and nonce both come from it.
fn cipher(secret: &str, what: &[u8]) -> (XChaCha20Poly1305, XNonce) {
    let mut okm = Zeroizing::new([0; 56]);
    derive(None, secret, what, &mut *okm);
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&okm[32..]);
    (XChaCha20Poly1305::new(okm[..32].try_into().unwrap_or_else(|_| unreachable!("32 bytes"))), XNonce::from(nonce))
}

fn derive(salt: Option<&str>, secret: &str, what: &[u8], to: &mut [u8]) {
    let done = Hkdf::<Sha256>::new(salt.map(str::as_bytes), secret.as_bytes()).expand(what, to);
    done.unwrap_or_else(|_| unreachable!("a key and a nonce are shorter than 8160 bytes"));
}

pub(super) fn seal(secret: &str, order: &Order, operator: &str) -> Vec<u8> {
    let text = Zeroizing::new(json::to_string(&Value::Object(to_json(order, operator))));
    sealed(secret, ORDER, text.as_bytes())
}

pub(super) fn open(secret: &str, sealed: &[u8]) -> Option<(Order, String)> {
    let text = opened(secret, ORDER, sealed)?;
    let value = json::parse(&text, LIMITS).ok()?;
    from_json(value.as_object()?)
}

pub(super) fn seal_answer(secret: &str, answer: &Answer) -> Vec<u8> {
    let Answer { format, holder, credential } = answer;
    let text = Object::new().with("format", format.as_str()).with("holder", holder.as_str());
    let text = text.with("credential", base64url::encode(credential));
    sealed(secret, ANSWER, Zeroizing::new(json::to_string(&Value::Object(text))).as_bytes())
}

pub(super) fn open_answer(secret: &str, sealed: &[u8]) -> Option<Answer> {
    let text = opened(secret, ANSWER, sealed)?;
    let value = json::parse(&text, LIMITS).ok()?;
    let object = value.as_object()?;
    Some(Answer {
        format: Format::ALL.into_iter().find(|format| object.text("format") == Some(format.as_str()))?,
        holder: object.text("holder")?.to_owned(),
        credential: base64url::decode(object.text("credential")?).ok()?,
    })
}

fn sealed(secret: &str, what: &[u8], text: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = cipher(secret, what);
    cipher.encrypt(&nonce, text).unwrap_or_else(|_| unreachable!("a text of a few kilobytes can be sealed"))
}

fn opened(secret: &str, what: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (cipher, nonce) = cipher(secret, what);
    cipher.decrypt(&nonce, sealed).ok().map(Zeroizing::new)
}

fn to_json<'o>(order: &'o Order, operator: &'o str) -> Object<'o> {
    let names = |names: &'o [String]| names.iter().map(String::as_str).collect::<Value<'o>>();
    let mut object = Object::new()
        .with("format", order.format.as_str())
        .with("roles", names(&order.roles))
        .with("sites", names(&order.sites))
        .with("zones", names(&order.zones))
        .with("label", order.label.as_str())
        .with("operator", operator)
        .with("personal", order.personal.clone());
    match order.validity {
        Validity::For(seconds) => object.set("valid_seconds", seconds),
        Validity::Until(end) => object.set("valid_until", end.unix()),
    }
    if let Some(algorithm) = order.algorithm {
        object.set("algorithm", algorithm.jose_name());
    }
    if !order.suites.is_empty() {
        object.set("suites", order.suites.iter().map(|suite| suite.name()).collect::<Value<'_>>());
    }
    if let Some(status) = order.status {
        object.set("status", if status == ListKind::Bitstring { "bitstring" } else { "token" });
    }
    if let Some(valid_from) = order.valid_from {
        object.set("valid_from", valid_from.unix());
    }
    object
}

fn from_json(object: &Object<'_>) -> Option<(Order, String)> {
    let names = |name: &str| -> Option<Vec<String>> {
        object.member(name)?.as_array()?.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect()
    };
    let format = Format::ALL.into_iter().find(|format| object.text("format") == Some(format.as_str()))?;
    let Value::Object(personal) = object.member("personal")?.clone().into_owned() else { return None };
    let order = Order {
        format,
        algorithm: match object.text("algorithm") {
            Some(name) => Some(Algorithm::from_jose_name(name)?),
            None => None,
        },
        suites: match object.member("suites") {
            Some(names) => names.as_array()?.iter().map(|name| Suite::from_name(name.as_str()?)).collect::<Option<_>>()?,
            None => Vec::new(),
        },
        status: match object.text("status") {
            Some("bitstring") => Some(ListKind::Bitstring),
            Some(_) => Some(ListKind::Token),
            None => None,
        },
        roles: names("roles")?,
        sites: names("sites")?,
        zones: names("zones")?,
        valid_from: match object.member("valid_from") {
            Some(seconds) => Some(Timestamp::from_unix(seconds.as_i64()?)?),
            None => None,
        },
        validity: match object.member("valid_until") {
            Some(end) => Validity::Until(Timestamp::from_unix(end.as_i64()?)?),
            None => Validity::For(object.member("valid_seconds")?.as_i64()?),
        },
        label: object.text("label")?.into(),
        personal,
    };
    Some((order, object.text("operator")?.into()))
}
