//! The W3C VC API's work, without HTTP: issuing, verifying and revoking documents of any type for whoever asks.
//!
//! It is there to be measured: conformance suites and other implementations drive it. It signs what it is told to, whoever the
//! document says its issuer is, so its keys must be worth nothing: they are made for one process, and what it signed and
//! withdrew is forgotten with them. It believes any key that a proof names: this is proof checking, and no more. Whether an issuer may
//! say what it says is the trust bundle's business, and `verifier`'s.

use core::fmt;
use rand_core::CryptoRng;
use std::sync::{Mutex, PoisonError};
use waypass_credential::data_integrity::{Options, Suite};
use waypass_credential::did;
use waypass_credential::did::Purpose;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{Algorithm, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::vcdm;
use waypass_credential::vcdm::document::{Asked, Document, verify_credential, verify_presentation};
use waypass_credential::{IssueError, Malformed, VerifyError};

mod list;
mod problem;

use list::StatusList;
pub use problem::{Problem, ProblemKind};

/// A presentation of several credentials, and the options beside it (threats.md A12 allows each 64 KiB).
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

/// What is offered at `/{name}/credentials/issue`.
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

    /// The name of each profile and the DID that signs in it.
    pub fn profiles(&self) -> impl Iterator<Item = (&'static str, String)> {
        PROFILES.iter().filter_map(|profile| Some((profile.name, did::to_did_key(self.signer(profile.algorithm)?.public_key()))))
    }

    /// `POST /{profile}/credentials/issue`: the `credential` in `body`, secured.
    pub fn issue(&self, profile: &Profile, body: &[u8], at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Object<'static>, Problem> {
        let request = Request::read(body)?;
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
        Ok(Object::new().with("verifiableCredential", Value::Object(secured).into_owned()))
    }

    /// `POST /credentials/verify`: whether the `verifiableCredential` in `body` is what its proof was made for, and is not withdrawn as far
    /// as our own list says.
    pub fn verify_credential(&self, body: &[u8], at: Timestamp) -> Result<(), Problem> {
        let request = Request::read(body)?;
        let credential = request.object("verifiableCredential")?;
        verify_credential(&credential, request.asked()?, at)?;
        self.check_status(&credential)
    }

    /// `POST /presentations/verify`: the same of the `verifiablePresentation` in `body` and of all credentials in it.
    pub fn verify_presentation(&self, body: &[u8], at: Timestamp) -> Result<(), Problem> {
        let request = Request::read(body)?;
        let presentation = request.object("verifiablePresentation")?;
        verify_presentation(&presentation, request.asked()?, at)?;
        vcdm::credentials(&presentation)?.into_iter().try_for_each(|credential| self.check_status(credential))
    }

    /// `POST /credentials/status`: sets or clears the entry that `credentialStatus` in `body` names, as `status` says.
    pub fn set_status(&self, body: &[u8]) -> Result<(), Problem> {
        let request = Request::read(body)?;
        let entry = request.object("credentialStatus")?;
        let status = request.0.member("status").and_then(Value::as_bool).ok_or(Problem::from(Malformed::WrongType("status")))?;
        self.list.lock().unwrap_or_else(PoisonError::into_inner).set(&entry, status).ok_or(Problem::NOT_FOUND)
    }

    /// The list credential, signed now.
    pub fn status_list(&self, at: Timestamp) -> Result<String, Problem> {
        let signer = self.signer(Algorithm::EdDsa).ok_or(Problem::UNAVAILABLE)?;
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.credential(signer, at).ok_or(Problem::UNAVAILABLE)
    }

    fn check_status(&self, credential: &Object<'_>) -> Result<(), Problem> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = credential.member("credentialStatus");
        let entries = entries.map(|value| value.as_array().unwrap_or(core::slice::from_ref(value))).unwrap_or_default();
        if entries.iter().filter_map(Value::as_object).any(|entry| list.is_set(entry)) { Err(Problem::STATUS) } else { Ok(()) }
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

/// What a caller sent.
struct Request<'a>(Object<'a>);

impl<'a> Request<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Problem> {
        match json::parse(body, BODY).map_err(Malformed::Json)? {
            Value::Object(request) => Ok(Self(request)),
            _ => Err(Malformed::Serialization.into()),
        }
    }

    fn object(&self, name: &'static str) -> Result<Object<'a>, Problem> {
        let member = self.0.member(name).ok_or(Malformed::Missing(name))?;
        Ok(member.as_object().ok_or(Malformed::WrongType(name))?.clone())
    }

    /// The challenge and the domain in `options`.
    fn asked(&self) -> Result<Asked<'_>, Problem> {
        let text = |name: &'static str| match self.0.member("options").and_then(|options| options.member(name)) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(Malformed::WrongType(name)),
        };
        Ok(Asked { challenge: text("challenge")?, domain: text("domain")? })
    }
}

impl From<VerifyError> for Problem {
    fn from(why: VerifyError) -> Self {
        match why {
            VerifyError::Malformed(why) => why.into(),
            VerifyError::InvalidProof | VerifyError::UnknownKey => Self::PROOF,
        }
    }
}

impl From<IssueError> for Problem {
    fn from(why: IssueError) -> Self {
        match why {
            IssueError::Malformed(why) => why.into(),
            IssueError::ReservedClaim(_) | IssueError::Algorithm | IssueError::Sign(_) => Self::UNAVAILABLE,
        }
    }
}
