//! Issuers of others that this site trusts: taken in from a file, published next to this issuer's own entry.
//!
//! Whose file it is nobody can check here: the operator brings it from the other side and answers for it. An entry that
//! a publication could not carry is refused before it is kept. The others sign their own status lists; the newest token
//! of
//! each travels with every publication, and its age is its own.

use crate::office::{AUTHORITIES, Issuer};
use crate::store::StoreError;
use crate::targets::Renewal;
use core::fmt;
use waypass_credential::did::Purpose;
use waypass_credential::did::{DidDocument, DocumentError, MethodError};
use waypass_credential::json::{self, JsonError, Limits};
use waypass_credential::role::{NAME_RULE, Scope, is_name};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Authority, BundleError, KeyRecord, KeyState, KeyUse, TargetsPart};
use waypass_trust::status::{ListError, ListInfo};
use waypass_trust::time::TOLERANCE_SECONDS;

/// The tokens of the others' status lists.
const LISTS: &str = "authority-lists";
/// A few keys, and at most some hundred roles, sites and lists.
const LIMITS: Limits = Limits { bytes: 256 * 1024, depth: 5, values: 8192 };
/// Longest name, in bytes: as for this issuer's own.
const MAX_NAME: usize = 200;
/// Entries besides our own.
const MAX_AUTHORITIES: usize = 64;

/// Why another issuer, or a list of one, is not taken in. Earlier entries stay.
#[derive(Clone, PartialEq, Debug)]
pub enum AuthorityError {
    /// Not JSON, or too large.
    Json(JsonError),
    /// JSON, but not an issuer's entry; the detail names the place.
    Shape(String),
    /// The name is empty, too long, or has control characters.
    Name,
    /// No credential can name this role or site.
    Unnameable(&'static str, String),
    /// An entry of this name is there already.
    Taken(String),
    /// There is no room for one more.
    TooMany,
    /// A key of this id is for something that only this site's own issuer may sign.
    KeyUse(String),
    /// The entry announces this list, and no token of it was brought.
    NoList(String),
    /// No entry of another issuer announces this list.
    NotAnnounced(String),
    /// A token of this list is held that is as new, or newer.
    NotNewer {
        /// The list.
        uri: String,
        /// The time of the one held.
        held: Timestamp,
        /// The time of the one brought.
        found: Timestamp,
    },
    /// It is not the DID document of that DID.
    Document(DocumentError),
    /// The DID document has no key for signing credentials by this method, and why, where one method is the reason.
    NoMethod(String, Option<MethodError>),
    /// The document lets only keys sign credentials that are of other kinds than those read here.
    KeyKinds(Vec<String>),
    /// No entry has this name.
    Unknown(String),
    /// A publication with it would not be accepted by a gate.
    Refused(BundleError),
    /// A token is not one that a gate would take.
    List {
        /// Its place among those that were brought, from 0.
        place: usize,
        /// The fault.
        why: BundleError,
    },
    /// The store failed.
    Store(StoreError),
}

/// The dates a key from a DID document is believed for: the document has none, so not for ever.
const DOCUMENT_KEYS_SECONDS: i64 = 366 * 24 * 3600;

/// Like [`read`], for an issuer that is a `did:web`: the entry has no keys, they are those of the `document` that may sign credentials, and
/// those at `status_methods` sign its status lists instead. Gates never see the document. Each key gets a record, with a state that can
/// be changed, and what it signed earlier than the longest validity before `at` is out of force anyway.
pub fn read_with_document(
    text: &[u8],
    document: &[u8],
    did: &str,
    status_methods: &[String],
    at: Timestamp,
) -> Result<Authority, AuthorityError> {
    let Ok(json::Value::Object(mut entry)) = json::parse(text, LIMITS) else { return Err(AuthorityError::Shape("no JSON object".into())) };
    if entry.member("keys").is_some() {
        return Err(AuthorityError::Shape("the keys come from the DID document".into()));
    }
    let document = DidDocument::parse(document, did).map_err(AuthorityError::Document)?;
    let longest = entry.member("max_validity_seconds").and_then(json::Value::as_i64).unwrap_or(0).clamp(0, DOCUMENT_KEYS_SECONDS);
    let mut records = Vec::new();
    for (method, key) in document.keys(Purpose::AssertionMethod, at) {
        let key_use = if status_methods.iter().any(|named| named == method) { KeyUse::Status } else { KeyUse::Credential };
        records.push(KeyRecord {
            kid: method.to_owned(),
            issuer: did.to_owned(),
            key: key.clone(),
            alg: key.algorithm().jose_name().to_owned(),
            key_use,
            not_before: at.plus(-longest),
            not_after: at.plus(DOCUMENT_KEYS_SECONDS),
            state: KeyState::Active,
            issued_until: None,
        });
    }
    let is_missing = |key_use| !records.iter().any(|record: &KeyRecord| record.key_use == key_use);
    if is_missing(KeyUse::Credential) || !status_methods.is_empty() && is_missing(KeyUse::Status) {
        let kinds: Vec<String> =
            document.unsupported(Purpose::AssertionMethod).map(|method| format!("{} ({})", method.kind(), method.id())).collect();
        if !kinds.is_empty() {
            return Err(AuthorityError::KeyKinds(kinds));
        }
    }
    if let Some(missing) = status_methods.iter().find(|named| !records.iter().any(|record| record.kid == **named)) {
        return Err(AuthorityError::NoMethod(missing.clone(), document.key(missing, Purpose::AssertionMethod, at).err()));
    }
    if !records.iter().any(|record| record.key_use == KeyUse::Credential) {
        // If there is only one method, the fault in it is the reason.
        let why = if let [method] = document.methods() { document.key(method.id(), Purpose::AssertionMethod, at).err() } else { None };
        return Err(AuthorityError::NoMethod("assertionMethod".into(), why));
    }
    let records = json::to_string(&records);
    let records = json::parse(records.as_bytes(), LIMITS).map_err(AuthorityError::Json)?;
    entry.set("keys", records.into_owned());
    read(json::to_string(&json::Value::Object(entry)).as_bytes())
}

/// Reads an issuer's entry as the bundle carries it, and checks what can be checked on its own.
pub fn read(text: &[u8]) -> Result<Authority, AuthorityError> {
    json::parse(text, LIMITS).map_err(AuthorityError::Json)?;
    let authority: Authority = serde_json::from_slice(text).map_err(|why| AuthorityError::Shape(why.to_string()))?;
    let name = &authority.name;
    if name.trim().is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(AuthorityError::Name);
    }
    // Receipts let a gate forget its log, and signed times move its clock: neither is another enterprise's to sign.
    match authority.keys.iter().find(|key| !matches!(key.key_use, KeyUse::Credential | KeyUse::Status)) {
        Some(key) => Err(AuthorityError::KeyUse(key.kid.clone())),
        None => Ok(authority),
    }
}

impl Issuer<'_> {
    /// Takes in another issuer with the newest token of each status list it announces. `replace` puts it in the place of
    /// the entry with its name. It enters the bundle with the next publication.
    pub fn add_authority(
        &mut self,
        authority: &Authority,
        lists: &[Vec<u8>],
        replace: bool,
        at: Timestamp,
    ) -> Result<Vec<ListInfo>, AuthorityError> {
        if let Some(wrong) = authority.roles.iter().find(|role| !is_name(role)) {
            return Err(AuthorityError::Unnameable("role", wrong.clone()));
        }
        if let Some(wrong) = authority.sites.iter().find(|site| !Scope::of(site).is_in_bounds()) {
            return Err(AuthorityError::Unnameable("site", wrong.clone()));
        }
        let mut others = self.authorities()?;
        match others.iter().position(|held| held.name == authority.name) {
            Some(_) if !replace => return Err(AuthorityError::Taken(authority.name.clone())),
            Some(place) => others[place].clone_from(authority),
            None if others.len() >= MAX_AUTHORITIES => return Err(AuthorityError::TooMany),
            None => others.push(authority.clone()),
        }
        self.keep(&others, lists, at)
    }

    /// Takes newer tokens of the others' status lists. They travel with the next publication.
    pub fn refresh_lists(&mut self, lists: &[Vec<u8>], at: Timestamp) -> Result<Vec<ListInfo>, AuthorityError> {
        let others = self.authorities()?;
        self.keep(&others, lists, at)
    }

    /// Ends the trust in another issuer: it leaves the bundle with the next publication.
    pub fn remove_authority(&mut self, name: &str, at: Timestamp) -> Result<Authority, AuthorityError> {
        let mut others = self.authorities()?;
        let place = others.iter().position(|held| held.name == name).ok_or_else(|| AuthorityError::Unknown(name.to_owned()))?;
        let removed = others.remove(place);
        self.keep(&others, &[], at)?;
        Ok(removed)
    }

    /// Returns the tokens of the others' lists that `targets` announce.
    pub(crate) fn carried_lists(&self, targets: &TargetsPart) -> Result<Vec<String>, StoreError> {
        let tokens = self.tokens()?;
        Ok(newest(targets, &tokens).into_iter().map(|(_, token)| token.clone()).collect())
    }

    fn keep(&mut self, others: &[Authority], brought: &[Vec<u8>], at: Timestamp) -> Result<Vec<ListInfo>, AuthorityError> {
        let wanted = self.targets_beside(others, 1, Renewal::Targets, at)?;
        wanted.check()?;
        let mut tokens = self.tokens()?;
        let mut taken = Vec::new();
        for (place, token) in brought.iter().enumerate() {
            let token = token.trim_ascii();
            let found = wanted.check_list(token).map_err(|why| AuthorityError::List { place, why })?;
            // No gate takes a list that is dated after the bundle it comes with.
            if found.issued_at.since(at) > TOLERANCE_SECONDS {
                let why = BundleError::List { uri: found.uri, why: ListError::AfterBundle };
                return Err(AuthorityError::List { place, why });
            }
            if !uris(others).any(|uri| *uri == found.uri) {
                return Err(AuthorityError::NotAnnounced(found.uri));
            }
            match newest(&wanted, &tokens).into_iter().find(|(held, _)| held.uri == found.uri) {
                Some((held, _)) if held.digest == found.digest => continue,
                Some((held, _)) if held.issued_at >= found.issued_at => {
                    return Err(AuthorityError::NotNewer { uri: found.uri, held: held.issued_at, found: found.issued_at });
                }
                _ => {}
            }
            // A token that verified is ASCII.
            tokens.push(String::from_utf8_lossy(token).into_owned());
            taken.push(found);
        }
        let mut kept = newest(&wanted, &tokens);
        if let Some(missing) = uris(others).find(|uri| !kept.iter().any(|(list, _)| list.uri == **uri)) {
            return Err(AuthorityError::NoList(missing.clone()));
        }
        // Until other targets are signed, perhaps far from here, publications still need what those in effect announce.
        if let Some((_, in_effect)) = self.targets()? {
            kept.extend(newest(&in_effect, &tokens));
        }
        let mut kept: Vec<&String> = kept.into_iter().map(|(_, token)| token).collect();
        kept.sort_unstable();
        kept.dedup();
        let (others, kept) = (json::to_string(&others), json::to_string(&kept));
        self.store.transact(|tx| tx.set_documents(&[(AUTHORITIES, others.as_bytes()), (LISTS, kept.as_bytes())]))?;
        Ok(taken)
    }

    fn tokens(&self) -> Result<Vec<String>, StoreError> {
        self.held(LISTS, "the lists of other issuers")
    }
}

fn uris(authorities: &[Authority]) -> impl Iterator<Item = &String> {
    authorities.iter().flat_map(|authority| &authority.status_uris).map(|list| &list.uri)
}

/// Of each list the newest token that `targets` believe.
fn newest<'t>(targets: &TargetsPart, tokens: &'t [String]) -> Vec<(ListInfo, &'t String)> {
    let mut found: Vec<(ListInfo, &String)> = Vec::new();
    for token in tokens {
        let Ok(list) = targets.check_list(token.as_bytes()) else { continue };
        match found.iter_mut().find(|(held, _)| held.uri == list.uri) {
            Some(held) if held.0.issued_at < list.issued_at => *held = (list, token),
            Some(_) => {}
            None => found.push((list, token)),
        }
    }
    found
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => why.fmt(f),
            Self::Shape(why) => write!(f, "not an issuer's entry: {why}"),
            Self::Name => write!(f, "the issuer's name must have 1 to {MAX_NAME} bytes and no control characters"),
            Self::Unnameable(what, name) => write!(f, "the {what} {name:?} must have {NAME_RULE}; no credential can name another"),
            Self::Taken(name) => write!(f, "an issuer called {name:?} is trusted already"),
            Self::TooMany => write!(f, "no more than {MAX_AUTHORITIES} other issuers can be trusted"),
            Self::KeyUse(kid) => write!(f, "the key {kid:?} is for neither credentials nor status lists"),
            Self::NoList(uri) => write!(f, "the issuer announces the status list {uri:?}, and it is not there"),
            Self::NotAnnounced(uri) => write!(f, "no other issuer announces the status list {uri:?}"),
            Self::NotNewer { uri, held, found } => {
                write!(f, "the status list {uri:?} of {found} is not newer than the one held, of {held}")
            }
            Self::Document(why) => why.fmt(f),
            Self::NoMethod(method, why) => {
                write!(f, "the DID document lets no key at {method:?} sign credentials")?;
                why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Self::KeyKinds(kinds) => {
                write!(f, "the DID document has keys to sign credentials of kinds that are not read here: {}", kinds.join(", "))
            }
            Self::Unknown(name) => write!(f, "no other issuer is called {name:?}"),
            Self::Refused(why) | Self::List { why, .. } => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for AuthorityError {}

impl From<StoreError> for AuthorityError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<BundleError> for AuthorityError {
    fn from(why: BundleError) -> Self {
        Self::Refused(why)
    }
}

#[cfg(test)]
mod tests;
