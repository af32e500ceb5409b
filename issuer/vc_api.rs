//! The W3C VC API's work, without HTTP: issuing, verifying and revoking documents of any type for any caller.
//!
//! It is there to be measured: conformance suites and other implementations drive it. It signs what it is told to, for
//! any issuer that the document names, so its keys must be worth nothing: they are made for one process, and what it
//! signed and
//! withdrew is forgotten with them. It believes any key that a proof names: this is proof checking, and no more. The
//! trust bundle and `verifier` decide if an issuer may say what it says.

use core::fmt;
use rand_core::CryptoRng;
use std::sync::{Mutex, PoisonError};
use waypass_credential::data_integrity::{Options, Suite};
use waypass_credential::did;
use waypass_credential::did::Purpose;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{Algorithm, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::vcdm::document::{Asked, Document, DocumentError, require_validity, verify_credential, verify_presentation};
use waypass_credential::{IssueError, Malformed};

mod list;
mod problem;

use list::StatusList;
pub use problem::{Problem, ProblemKind};

/// A presentation of several credentials, and the options next to it (threats.md A12 allows each 64 KiB).
pub(crate) const MAX_BODY: usize = 256 * 1024;
const BODY: Limits = Limits { bytes: MAX_BODY, depth: 20, values: 16 * 1024 };

/// How a credential is secured, by the name it has in a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The first part of the path.
    pub name: &'static str,
    algorithm: Algorithm,
    /// The suite of the proof; none for an envelope.
    suite: Option<Suite>,
    has_status: bool,
}

/// The configurations offered at `/{name}/credentials/issue`.
pub const PROFILES: [Profile; 8] = [
    Profile::proof("eddsa-rdfc-2022", Algorithm::EdDsa, Suite::EddsaRdfc2022),
    Profile::proof("eddsa-jcs-2022", Algorithm::EdDsa, Suite::EddsaJcs2022),
    Profile::proof("ecdsa-rdfc-2019-p256", Algorithm::Es256, Suite::EcdsaRdfc2019),
    Profile::proof("ecdsa-rdfc-2019-p384", Algorithm::Es384, Suite::EcdsaRdfc2019),
    Profile::proof("ecdsa-jcs-2019-p256", Algorithm::Es256, Suite::EcdsaJcs2019),
    Profile::proof("ecdsa-jcs-2019-p384", Algorithm::Es384, Suite::EcdsaJcs2019),
    Profile { has_status: true, ..Profile::proof("bitstring", Algorithm::EdDsa, Suite::EddsaRdfc2022) },
    Profile { suite: None, ..Profile::proof("vc-jwt", Algorithm::Es256, Suite::EcdsaJcs2019) },
];

/// An issuer and verifier for anybody, with keys for this process only.
pub struct VcApi {
    signers: Vec<Box<dyn Signer + Send + Sync>>,
    list: Mutex<StatusList>,
}

impl VcApi {
    /// Works with `signers`, of which it needs one for each algorithm, and serves its status list at `base_url` and `/status/1`.
    pub fn new(signers: Vec<Box<dyn Signer + Send + Sync>>, base_url: &str) -> Self {
        Self { signers, list: Mutex::new(StatusList::new(&[base_url, "/status/1"].concat())) }
    }

    /// Returns the name of each profile and the DID that signs in it.
    pub fn profiles(&self) -> impl Iterator<Item = (&'static str, String)> {
        PROFILES.iter().filter_map(|profile| Some((profile.name, did::to_did_key(self.signer(profile.algorithm)?.public_key()))))
    }

    /// `POST /{profile}/credentials/issue`: the `credential` in `body`, secured.
    pub fn issue(&self, profile: &Profile, body: &[u8], at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Object<'static>, Problem> {
        let request = Request::read(body, &["credential", "options"])?;
        request.options(&[])?;
        let mut credential = request.object("credential")?;
        let signer = self.signer(profile.algorithm).ok_or(Problem::UNAVAILABLE)?;
        if profile.has_status {
            let entry = self.list.lock().unwrap_or_else(PoisonError::into_inner).assign(rng).ok_or(Problem::UNAVAILABLE)?;
            credential.set("credentialStatus", entry);
        }
        let document = Document::credential(credential)?;
        let key_id = did::key_id(signer.public_key());
        let options = Options {
            verification_method: &key_id,
            purpose: Purpose::AssertionMethod,
            created: Some(at),
            expires: None,
            challenge: None,
            domain: None,
        };
        let secured = match profile.suite {
            Some(suite) => document.secure(suite, &options, signer)?,
            None => document.envelop(&key_id, signer)?,
        };
        // Nothing leaves that this reader would then refuse.
        verify_credential(&secured, Asked::default(), at)?;
        Ok(Object::new().with("verifiableCredential", Value::Object(secured).into_owned()))
    }

    /// `POST /credentials/verify`: checks the `verifiableCredential` in `body`: its proofs, its validity at `at`, and its status as far as
    /// our own list says. Returns what was checked: all of it, or what `options.checks` names.
    pub fn verify_credential(&self, body: &[u8], at: Timestamp) -> Result<Checks, Problem> {
        let request = Request::read(body, &["verifiableCredential", "options"])?;
        let (asked, checks) = request.asked()?;
        let document = verify_credential(&request.object("verifiableCredential")?, asked, at)?;
        self.check(&document, checks, at)?;
        Ok(checks)
    }

    /// `POST /presentations/verify`: checks the `verifiablePresentation` in `body` and all credentials in it likewise.
    pub fn verify_presentation(&self, body: &[u8], at: Timestamp) -> Result<Checks, Problem> {
        let request = Request::read(body, &["verifiablePresentation", "options"])?;
        let (asked, checks) = request.asked()?;
        let documents = verify_presentation(&request.object("verifiablePresentation")?, asked, at)?;
        documents.iter().try_for_each(|document| self.check(document, checks, at))?;
        Ok(checks)
    }

    fn check(&self, document: &Object<'_>, checks: Checks, at: Timestamp) -> Result<(), Problem> {
        if checks.validity {
            require_validity(document, at)?;
        }
        if checks.status { self.check_status(document) } else { Ok(()) }
    }

    /// `POST /credentials/status`: sets or clears the entry that `credentialStatus` in `body` names, as `status` says.
    pub fn set_status(&self, body: &[u8]) -> Result<(), Problem> {
        let request = Request::read(body, &["credentialId", "credentialStatus", "status"])?;
        let entry = request.object("credentialStatus")?;
        let status = request.0.member("status").and_then(Value::as_bool).ok_or(Problem::from(Malformed::WrongType("status")))?;
        self.list.lock().unwrap_or_else(PoisonError::into_inner).set(&entry, status).ok_or(Problem::NOT_FOUND)
    }

    /// Returns the list credential, signed now.
    pub fn status_list(&self, at: Timestamp) -> Result<String, Problem> {
        let signer = self.signer(Algorithm::EdDsa).ok_or(Problem::UNAVAILABLE)?;
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.credential(signer, at).ok_or(Problem::UNAVAILABLE)
    }

    /// Looks up every status entry in our own list. Nothing is fetched, so another list is one whose status is not known.
    fn check_status(&self, document: &Object<'_>) -> Result<(), Problem> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = document.member("credentialStatus");
        let entries = entries.map(|value| value.as_array().unwrap_or(core::slice::from_ref(value))).unwrap_or_default();
        entries.iter().try_for_each(|entry| {
            let entry = entry.as_object().ok_or(Malformed::WrongType("credentialStatus"))?;
            match list.is_set(entry) {
                Some(false) => Ok(()),
                Some(true) => Err(Problem::STATUS),
                None => Err(Problem::UNKNOWN_STATUS),
            }
        })
    }

    fn signer(&self, algorithm: Algorithm) -> Option<&(dyn Signer + Send + Sync)> {
        self.signers.iter().map(|signer| &**signer).find(|signer| signer.public_key().algorithm() == algorithm)
    }
}

impl Profile {
    const fn proof(name: &'static str, algorithm: Algorithm, suite: Suite) -> Self {
        Self { name, algorithm, suite: Some(suite), has_status: false }
    }
}

impl fmt::Debug for VcApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.profiles()).finish()
    }
}

/// The checks of a verification, next to that of its proofs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checks {
    /// Validity in time.
    pub validity: bool,
    /// Status lists.
    pub status: bool,
}

impl Checks {
    const ALL: Self = Self { validity: true, status: true };

    /// Returns the names of the checks, as `options.checks` has them.
    pub fn names(self) -> Vec<&'static str> {
        let more = [("validity", self.validity), ("credentialStatus", self.status)];
        core::iter::once("proof").chain(more.into_iter().filter_map(|(name, is_made)| is_made.then_some(name))).collect()
    }

    /// Reads `options.checks`: `proof` is always among them.
    fn read(value: &Value<'_>) -> Result<Self, Problem> {
        let names = value.as_array().ok_or(Malformed::WrongType("checks"))?;
        let mut checks = Self { validity: false, status: false };
        for name in names {
            match name.as_str() {
                Some("proof") => {}
                Some("validity") => checks.validity = true,
                Some("credentialStatus") => checks.status = true,
                _ => return Err(Malformed::OutOfRange("checks").into()),
            }
        }
        Ok(checks)
    }
}

/// The request of a caller.
struct Request<'a>(Object<'a>);

impl<'a> Request<'a> {
    /// Reads a request with no other members than these.
    fn read(body: &'a [u8], members: &[&str]) -> Result<Self, Problem> {
        let Value::Object(request) = json::parse(body, BODY).map_err(Malformed::Json)? else {
            return Err(Malformed::Serialization.into());
        };
        only(&request, members)?;
        Ok(Self(request))
    }

    fn object(&self, name: &'static str) -> Result<Object<'a>, Problem> {
        let member = self.0.member(name).ok_or(Malformed::Missing(name))?;
        Ok(member.as_object().ok_or(Malformed::WrongType(name))?.clone())
    }

    /// Returns `options`, which has no other members than these. An option that is not acted on is refused: its caller relies on it.
    fn options(&self, members: &[&str]) -> Result<Option<&Object<'a>>, Problem> {
        match self.0.member("options") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(options)) => only(options, members).map(|()| Some(options)),
            Some(_) => Err(Malformed::WrongType("options").into()),
        }
    }

    /// Reads the options of a verification.
    fn asked(&self) -> Result<(Asked<'_>, Checks), Problem> {
        let Some(options) = self.options(&["challenge", "checks", "domain"])? else { return Ok((Asked::default(), Checks::ALL)) };
        let text = |name: &'static str| match options.member(name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(Malformed::WrongType(name)),
        };
        let checks = options.member("checks").map_or(Ok(Checks::ALL), Checks::read)?;
        Ok((Asked { challenge: text("challenge")?, domain: text("domain")? }, checks))
    }
}

fn only(object: &Object<'_>, members: &[&str]) -> Result<(), Problem> {
    let other = object.iter().find(|(name, _)| !members.contains(name));
    other.map_or(Ok(()), |(name, _)| Err(Malformed::Member(name.into()).into()))
}

impl From<DocumentError> for Problem {
    fn from(why: DocumentError) -> Self {
        match why {
            DocumentError::Malformed(why) => why.into(),
            DocumentError::InvalidProof => Self::PROOF,
            why => Self::of_document(why),
        }
    }
}

impl From<IssueError> for Problem {
    fn from(why: IssueError) -> Self {
        match why {
            IssueError::Malformed(why) => why.into(),
            IssueError::ReservedClaim(_) | IssueError::Number(_) | IssueError::Algorithm | IssueError::Sign(_) => Self::UNAVAILABLE,
        }
    }
}
