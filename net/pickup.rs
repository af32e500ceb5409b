//! Picking up an offered credential: OpenID4VCI 1.0, pre-authorized code flow, with a key proof by the holder's key.
//!
//! ```text
//! offer -> issuer metadata -> (authorization server metadata) -> token -> nonce -> credential with key proof
//! ```
//! A pick-up gives bytes; the wallet verifies them before it holds them.

use crate::client::{Ask, Client, Link, Reach};
use crate::error::TransportError;
use core::fmt;
use reqwest::Url;
use waypass_credential::base64url;
use waypass_credential::hex;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{PublicKey, SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::{Format, Nonce};

mod choice;
mod metadata;
mod offer;
mod progress;
mod proof;

pub use choice::Choice;
pub use metadata::{Binding, Configuration};
pub use offer::{Offer, OfferError, OfferSource, TxCode};
pub use progress::Progress;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// A credential, twice: it is in a JSON string.
const MAX_CREDENTIAL_ANSWER: usize = 256 * 1024;
const MAX_ANSWER: usize = 64 * 1024;
const ANSWER: Limits = Limits { bytes: MAX_ANSWER, depth: 12, values: 4096 };
const CREDENTIAL_ANSWER: Limits = Limits { bytes: MAX_CREDENTIAL_ANSWER, depth: 20, values: 8192 };
/// Copies of one credential in one answer.
const MAX_CREDENTIALS: usize = 16;
/// Longest transaction code typed by a person.
const MAX_TX_CODE: usize = 64;

/// Why nothing was picked up.
#[derive(Debug)]
pub enum PickupError {
    /// The offer cannot be used.
    Offer(OfferError),
    /// The link or the server failed.
    Transport(TransportError),
    /// An address that is neither https nor on this machine: the codes and the credential would travel in clear.
    NotHttps,
    /// The metadata at the issuer's address is another issuer's.
    WrongIssuer,
    /// The issuer does not describe what it offers, or not in a way we read.
    Unsupported {
        /// Which part.
        what: &'static str,
    },
    /// The issuer takes no proofs by this kind of key.
    Algorithm {
        /// The JOSE names of those it takes.
        accepted: Vec<String>,
    },
    /// No issuer in the trust bundle may issue what is offered.
    Kind {
        /// The offer.
        offered: Vec<String>,
    },
    /// A transaction code is needed, or the one given cannot be one.
    TxCode,
    /// The issuer did not take the code of the offer with this transaction code.
    WrongTxCode,
    /// The issuer did not take the code of the offer.
    Spent {
        /// Its own words about it.
        said: Option<String>,
    },
    /// Something failed after the code of the offer was redeemed.
    AfterCode(Box<PickupError>),
    /// The issuer will have the credential later; this wallet does not come back for it.
    Deferred,
    /// The key could not sign.
    Sign(SignError),
}

impl fmt::Display for PickupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offer(why) => why.fmt(f),
            Self::Transport(why) => why.fmt(f),
            Self::NotHttps => f.write_str("the issuer's address is neither https nor on this machine"),
            Self::WrongIssuer => f.write_str("the metadata at the issuer's address is another issuer's"),
            Self::Unsupported { what } => write!(f, "the issuer's {what} is missing or not supported"),
            Self::Algorithm { accepted } => write!(f, "the issuer takes proofs by {} keys only", accepted.join(", ")),
            Self::Kind { offered } => write!(f, "no issuer that this device trusts may issue {}", offered.join(", ")),
            Self::TxCode => f.write_str("the transaction code is missing or cannot be right"),
            Self::WrongTxCode => f.write_str("the issuer does not take this transaction code, or the offer was used or has ended"),
            Self::Spent { said: None } => f.write_str("the issuer does not take the offer: it was used or has ended"),
            Self::Spent { said: Some(said) } => write!(f, "the issuer does not take the offer: {said}"),
            Self::AfterCode(why) => write!(f, "{why}; the offer is used up"),
            Self::Deferred => f.write_str("the issuer will have the credential ready later"),
            Self::Sign(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for PickupError {}

impl From<TransportError> for PickupError {
    fn from(why: TransportError) -> Self {
        Self::Transport(why)
    }
}

impl From<SignError> for PickupError {
    fn from(why: SignError) -> Self {
        Self::Sign(why)
    }
}

/// An offer whose issuer has been asked what it offers. [`Pickup::redeem`] spends it, and [`Pickup::fetch`] takes what it is for.
///
/// Blocking, on a small runtime of its own: call it from outside any asynchronous runtime.
pub struct Pickup {
    client: Client,
    offer: Offer,
    endpoints: metadata::Endpoints,
    configurations: Vec<Configuration>,
}

impl Pickup {
    /// Reads the offer (a URI or its JSON) and the issuer's metadata, and connects to nothing that `reach` does not let it.
    pub fn start(offer: &str, link: &Link, reach: Reach) -> Result<Self, PickupError> {
        let source = OfferSource::parse(offer).map_err(PickupError::Offer)?;
        // The client is made for https in every case: which addresses follow is known only as we go.
        let tls = !source.is_local();
        let client = Client::new(tls, reach, link)?;
        let offer = match source {
            OfferSource::Inline(offer) => offer,
            OfferSource::At(url) => {
                let body = client.ask(&safe(&url)?, get("the credential offer", MAX_ANSWER))?;
                Offer::parse(&body).map_err(PickupError::Offer)?
            }
        };
        Self::of(client, offer)
    }

    /// Asks the issuer again, to go on with a pick-up that was cut off.
    pub fn resume(progress: &Progress, link: &Link, reach: Reach) -> Result<Self, PickupError> {
        let offer = progress.offer.clone();
        let tls = !OfferSource::Inline(offer.clone()).is_local();
        Self::of(Client::new(tls, reach, link)?, offer)
    }

    fn of(client: Client, offer: Offer) -> Result<Self, PickupError> {
        let (endpoints, mut configurations) = metadata::read(&client, &offer.issuer)?;
        configurations.retain(|configuration| offer.configurations.contains(&configuration.id));
        if configurations.is_empty() {
            return Err(PickupError::Unsupported { what: "offered configuration" });
        }
        Ok(Self { client, offer, endpoints, configurations })
    }

    /// Returns the offer.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Returns the configurations offered in a form we read; never empty.
    pub fn configurations(&self) -> &[Configuration] {
        &self.configurations
    }

    /// Begins to pick up what was chosen, bound to the key of `holder`; `retry` names the token request. Nothing is spent: the caller stores
    /// what comes back before it goes on.
    pub fn begin(&self, choice: &Choice, tx_code: Option<&str>, holder: &PublicKey, retry: &Nonce) -> Result<Progress, PickupError> {
        let configuration = self.configurations.get(choice.at).ok_or(PickupError::Unsupported { what: "offered configuration" })?;
        if holder.algorithm() != choice.algorithm {
            return Err(PickupError::Algorithm { accepted: configuration.algorithms.clone() });
        }
        let tx_code = match (&self.offer.tx_code, tx_code) {
            (Some(expected), Some(given)) if given.len() <= MAX_TX_CODE && expected.fits(given) => Some(given.to_owned()),
            (None, _) => None,
            (Some(_), _) => return Err(PickupError::TxCode),
        };
        Ok(Progress {
            offer: self.offer.clone(),
            configuration: configuration.id.clone(),
            name: choice.name,
            holder: holder.clone(),
            retry: retry.to_text(),
            tx_code,
            token: None,
        })
    }

    /// Exchanges the offer's code, which works once, for a token. The caller stores `progress` before it goes on.
    pub fn redeem(&self, progress: &mut Progress) -> Result<(), PickupError> {
        let mut form = Form::new().with("grant_type", GRANT).with("pre-authorized_code", &progress.offer.code);
        if let Some(tx_code) = &progress.tx_code {
            form = form.with("tx_code", tx_code);
        }
        let what = "the access token";
        let body = Some(("application/x-www-form-urlencoded", form.0.into_bytes()));
        let ask = Ask { body, retry: Some(&progress.retry), ..get(what, MAX_ANSWER) };
        let answer = self.client.ask(&self.endpoints.token, ask).map_err(|why| self.not_granted(why))?;
        let answer = json::parse(&answer, ANSWER).map_err(|_| TransportError::BadAnswer { what })?;
        let bearer = answer.member("token_type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        let token = answer.member("access_token").and_then(Value::as_str).filter(|token| is_header_text(token));
        if !bearer {
            return Err(PickupError::Unsupported { what: "kind of access token" });
        }
        progress.token = Some(token.ok_or(TransportError::BadAnswer { what })?.to_owned());
        // It did its work, and need not lie anywhere.
        progress.tx_code = None;
        Ok(())
    }

    /// Fetches what was chosen, with the token and a proof by `holder`.
    pub fn fetch(&self, progress: &Progress, at: Timestamp, holder: &dyn Signer) -> Result<Vec<Vec<u8>>, PickupError> {
        self.fetch_with(progress, at, holder).map_err(|why| PickupError::AfterCode(Box::new(why)))
    }

    fn fetch_with(&self, progress: &Progress, at: Timestamp, holder: &dyn Signer) -> Result<Vec<Vec<u8>>, PickupError> {
        let missing = PickupError::Unsupported { what: "offered configuration" };
        let configuration = self.configurations.iter().find(|found| found.id == progress.configuration).ok_or(missing)?;
        let token = progress.token.as_deref().ok_or(PickupError::Unsupported { what: "kind of access token" })?;
        let nonce = self.endpoints.nonce.as_ref().map(|url| self.nonce(url)).transpose()?;
        let proof = proof::sign(&self.offer.issuer, nonce.as_deref(), (configuration.binding, progress.name), at, holder)?;
        let body = Object::new()
            .with("credential_configuration_id", configuration.id.as_str())
            .with("proofs", Object::new().with("jwt", [proof].into_iter().collect::<Value<'_>>()));
        let body = json::to_string(&Value::Object(body)).into_bytes();
        let body = Some(("application/json", body));
        let ask = Ask { body, bearer: Some(token), ..get("the credential", MAX_CREDENTIAL_ANSWER) };
        let answer = self.client.ask(&self.endpoints.credential, ask)?;
        credentials(&answer, configuration.format)
    }

    /// §6.3: `invalid_grant` is the answer to a wrong transaction code, and to a code that was used or has ended.
    fn not_granted(&self, why: TransportError) -> PickupError {
        match why {
            TransportError::Refused { code: Some(code), said, .. } if code == "invalid_grant" => match self.offer.tx_code {
                Some(_) => PickupError::WrongTxCode,
                None => PickupError::Spent { said },
            },
            why => PickupError::Transport(why),
        }
    }

    fn nonce(&self, url: &Url) -> Result<String, PickupError> {
        let what = "the nonce";
        let ask = Ask { body: Some(("application/json", Vec::new())), ..get(what, MAX_ANSWER) };
        let answer = self.client.ask(url, ask)?;
        let answer = json::parse(&answer, ANSWER).map_err(|_| TransportError::BadAnswer { what })?;
        let nonce = answer.member("c_nonce").and_then(Value::as_str).filter(|nonce| nonce.len() <= 1024);
        Ok(nonce.ok_or(TransportError::BadAnswer { what })?.to_owned())
    }
}

fn get(what: &'static str, limit: usize) -> Ask<'static> {
    Ask { what, limit, body: None, bearer: None, retry: None }
}

/// `{"credentials":[{"credential":"text" or {..}}..]}`; a `transaction_id` instead means later. A format of CBOR is in a text too, in
/// base64url (OpenID4VCI 1.0 appendix A.2.4).
fn credentials(answer: &[u8], format: Format) -> Result<Vec<Vec<u8>>, PickupError> {
    let bad = || TransportError::BadAnswer { what: "the credential" };
    let answer = json::parse(answer, CREDENTIAL_ANSWER).map_err(|_| bad())?;
    if answer.member("transaction_id").is_some() {
        return Err(PickupError::Deferred);
    }
    let items = answer.member("credentials").and_then(Value::as_array).ok_or_else(bad)?;
    if items.is_empty() || items.len() > MAX_CREDENTIALS {
        return Err(bad().into());
    }
    let credential = |item: &Value<'_>| match item.member("credential") {
        Some(Value::String(text)) if format == Format::SdCwt => base64url::decode(text.as_bytes()).map_err(|_| bad().into()),
        Some(Value::String(text)) => Ok(text.as_bytes().to_vec()),
        Some(document @ Value::Object(_)) => Ok(json::to_string(document).into_bytes()),
        _ => Err(bad().into()),
    };
    items.iter().map(credential).collect()
}

/// Returns an address that codes, tokens and credentials may be sent to: https, or this machine itself.
fn safe(text: &str) -> Result<Url, PickupError> {
    let url = Url::parse(text).map_err(|_| PickupError::Offer(OfferError::Address))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() || text.len() > 2048 {
        return Err(PickupError::Offer(OfferError::Address));
    }
    if url.scheme() == "https" || (url.scheme() == "http" && is_local(&url)) { Ok(url) } else { Err(PickupError::NotHttps) }
}

fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<core::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Returns true if the text may be in a header: a token with a line break would be another header.
fn is_header_text(token: &str) -> bool {
    !token.is_empty() && token.len() <= 8192 && token.bytes().all(|b| b.is_ascii_graphic())
}

/// `application/x-www-form-urlencoded`.
struct Form(String);

impl Form {
    const fn new() -> Self {
        Self(String::new())
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        for (text, end) in [(name, "="), (value, "")] {
            for byte in text.bytes() {
                match byte {
                    b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => self.0.push(char::from(byte)),
                    _ => {
                        self.0.push('%');
                        self.0.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
                    }
                }
            }
            self.0.push_str(end);
        }
        self
    }
}

/// A door for the fuzzer (tests/fuzz), which no other build has.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::Configuration;
    use waypass_credential::json::Value;

    /// Reads what an issuer says about one kind of credential.
    pub fn configuration(id: &str, described: &Value<'_>) -> Option<Configuration> {
        Configuration::parse(id, described)
    }
}

#[cfg(test)]
mod tests;
