//! Issuing a card: a credential for a person without a device, bound to no key. And looking at one before it is printed.

use super::{Bearer, Format, IssueError, Issued, Order, Validity};
use crate::keys::KeyUse;
use crate::office::Issuer;
use crate::store::{State, StoreError};
use core::fmt;
use rand_core::CryptoRng;
use waypass_credential::Credential;
use waypass_credential::json::Object;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_credential::role::RoleClaims;
use waypass_credential::time::Timestamp;
use waypass_trust::policy::admits_cards;

/// How many characters of a document's number are on a card.
const ENDING: usize = 4;

/// The order for a card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardOrder {
    /// The bearer's name, as their identity document has it.
    pub name: String,
    /// The number of their identity document. The last four letters and digits are in the card; nothing of it is kept here.
    pub document: Option<String>,
    /// The algorithm to sign with, where several credential keys exist.
    pub algorithm: Option<Algorithm>,
    /// One role or several, each within the settings.
    pub roles: Vec<String>,
    /// The sites, each within the settings.
    pub sites: Vec<String>,
    /// The zones; none for a card that opens no zone.
    pub zones: Vec<String>,
    /// When its validity ends.
    pub validity: Validity,
    /// The operator's name for this card; kept in the store.
    pub label: String,
}

impl Issuer<'_> {
    /// Issues a card. It is on record before it is handed out, and it is listed, suspended and revoked like every credential.
    ///
    /// Refuses where the rules admit no card: no gate would take it.
    pub fn issue_card(&mut self, order: &CardOrder, operator: &str, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Issued, IssueError> {
        if !admits_cards(&self.policy()?.cedar) {
            return Err(IssueError::NoCards);
        }
        let mut personal = Object::new().with("name", order.name.trim().to_owned());
        if let Some(document) = &order.document {
            personal.set("document_ending", ending(document)?);
        }
        let order = Order {
            format: Format::Card,
            algorithm: order.algorithm,
            suites: Vec::new(),
            status: None,
            roles: order.roles.clone(),
            sites: order.sites.clone(),
            zones: order.zones.clone(),
            valid_from: None,
            validity: order.validity,
            label: order.label.clone(),
            personal,
        };
        self.issue_to(&order, Bearer::OfCard, operator, None, at, rng)
    }
}

/// Why a card is not printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotPrinted {
    /// The bytes are not a card.
    NotACard,
    /// This office did not issue it.
    NotOurs,
    /// It was withdrawn.
    Withdrawn(State),
    /// Its time is over.
    Over,
    /// The store failed.
    Store(StoreError),
}

impl fmt::Display for NotPrinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACard => f.write_str("this is not a card"),
            Self::NotOurs => f.write_str("this office did not issue the card"),
            Self::Withdrawn(state) => write!(f, "the card is {state}: gates refuse it"),
            Self::Over => f.write_str("the time of the card is over: gates refuse it"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for NotPrinted {}

impl From<StoreError> for NotPrinted {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl Issuer<'_> {
    /// Returns what the card in `bytes` says, if this office issued it and gates may take it: nobody is to carry another.
    pub fn printable(&self, bytes: &[u8], at: Timestamp) -> Result<RoleClaims, NotPrinted> {
        let known = KnownContexts::new();
        let card = Credential::parse(bytes, &known).ok().filter(|card| card.format() == Format::Card).ok_or(NotPrinted::NotACard)?;
        let keys = self.store.keys()?;
        let signed = keys.iter().filter(|row| row.key_use == KeyUse::Credential).find_map(|row| {
            let key = PublicKey::from_multikey(&row.multikey).ok()?;
            card.verify(&key).ok().map(|verified| verified.role().clone())
        });
        let role = signed.ok_or(NotPrinted::NotOurs)?;
        let record = self.store.credential(role.personal.text("card").unwrap_or_default())?.ok_or(NotPrinted::NotOurs)?;
        if record.state != State::Valid {
            return Err(NotPrinted::Withdrawn(record.state));
        }
        if role.validity().is_over(at) {
            return Err(NotPrinted::Over);
        }
        Ok(role)
    }
}

/// Returns the last letters and digits of a document's number, as people type them and as documents print them.
fn ending(number: &str) -> Result<String, IssueError> {
    let shown: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let is_typed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '/' | '.');
    match shown.len().checked_sub(ENDING) {
        Some(from) if number.chars().all(is_typed) => Ok(shown[from..].iter().collect()),
        _ => Err(IssueError::Document),
    }
}

#[cfg(test)]
mod tests {
    use super::{IssueError, ending};

    #[test]
    fn of_a_document_only_the_end_of_its_number_is_taken() {
        for (number, expected) in [("C01X00T478", "T478"), ("c01x 00t-478", "T478"), ("4711", "4711"), ("A.1/2-3", "A123")] {
            assert_eq!(ending(number).as_deref(), Ok(expected), "{number}");
        }
        for number in ["", "478", "--1-2-3", "C01X00T47é", "4711\n"] {
            assert_eq!(ending(number), Err(IssueError::Document), "{number:?}");
        }
    }
}
