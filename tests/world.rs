//! A small deterministic world for tests and benches: one clinic, its keys, lists, bundles, credentials and a gate.
//! Every key and salt comes from a seed, so the published cases can be made again byte for byte.

use ed25519_dalek::Signer as _;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256, Sha384};
use std::convert::Infallible;
use waypass_credential::ClaimPath;
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::request::Query;
use waypass_credential::role::kind_in;
use waypass_credential::role::{RoleClaims, StatusReference, VC_TYPE, VCT};
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{
    Authority, BundleDraft, Digest, Envelope, Gate, KeyRecord, KeyState, KeyUse, ListKind, Policy, Root, RootPart, RootRoles, SigningRole,
    StatusUri, TargetsPart, TrustBundle,
};
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken, TokenForm};

/// 2026-11-20T08:00:00Z, when the world's credentials and first bundle were made.
pub(crate) const START: i64 = 1_795_161_600;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const LIST: &str = "https://clinic.example/lists/1";
pub(crate) const ENTRIES: u64 = 1024;

/// The time `seconds` after [`START`].
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(START + seconds).expect("a time of the world")
}

/// A signing key made from a name: for tests, never for people.
pub(crate) enum TestKey {
    Ed25519(Box<ed25519_dalek::SigningKey>, PublicKey),
    P256(Box<p256::ecdsa::SigningKey>, PublicKey),
    P384(Box<p384::ecdsa::SigningKey>, PublicKey),
}

impl TestKey {
    pub(crate) fn ed25519(name: &str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed(name));
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a fresh key");
        Self::Ed25519(Box::new(key), public)
    }

    pub(crate) fn p256(name: &str) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&seed(name)).expect("a seed below the order");
        let public = PublicKey::p256(key.verifying_key().to_sec1_point(true).as_bytes()).expect("a fresh key");
        Self::P256(Box::new(key), public)
    }

    pub(crate) fn p384(name: &str) -> Self {
        let seed = Sha384::digest(format!("waypass test world: {name}"));
        let key = p384::ecdsa::SigningKey::from_slice(&seed).expect("a seed below the order");
        let public = PublicKey::p384(key.verifying_key().to_sec1_point(true).as_bytes()).expect("a fresh key");
        Self::P384(Box::new(key), public)
    }

    pub(crate) fn did(&self) -> String {
        did::to_did_key(self.public_key())
    }

    pub(crate) fn key_id(&self) -> String {
        did::key_id(self.public_key())
    }
}

impl Signer for TestKey {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Ed25519(_, public) | Self::P256(_, public) | Self::P384(_, public) => public,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(match self {
            Self::Ed25519(key, _) => key.sign(message).to_bytes().into(),
            Self::P256(key, _) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                Signature::Short(signature.to_bytes().into())
            }
            Self::P384(key, _) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                Signature::Long(signature.to_bytes().into())
            }
        })
    }
}

fn seed(name: &str) -> [u8; 32] {
    Sha256::digest(format!("waypass test world: {name}")).into()
}

/// Counts through SHA-256: the same bytes in every run.
pub(crate) struct TestRng([u8; 32], u64);

impl TestRng {
    pub(crate) fn new(name: &str) -> Self {
        Self(seed(name), 0)
    }
}

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            self.1 += 1;
            let block = Sha256::new().chain_update(self.0).chain_update(self.1.to_le_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// The keys of the clinic, its holder and its gate.
pub(crate) struct World {
    pub(crate) root: TestKey,
    pub(crate) online: TestKey,
    pub(crate) issuer: TestKey,
    pub(crate) issuer_p256: TestKey,
    pub(crate) status: TestKey,
    pub(crate) intake: TestKey,
    pub(crate) holder: TestKey,
    pub(crate) holder_p256: TestKey,
    pub(crate) gate: TestKey,
}

impl Default for World {
    fn default() -> Self {
        Self {
            root: TestKey::ed25519("root"),
            online: TestKey::ed25519("online"),
            issuer: TestKey::ed25519("issuer"),
            issuer_p256: TestKey::p256("issuer"),
            status: TestKey::ed25519("status"),
            intake: TestKey::ed25519("intake"),
            holder: TestKey::ed25519("holder"),
            holder_p256: TestKey::p256("holder"),
            gate: TestKey::ed25519("gate"),
        }
    }
}

impl World {
    /// The signed first root: one key for root and targets, one online key for snapshot and timestamp.
    pub(crate) fn root_envelope(&self) -> Envelope {
        let role = |key: &TestKey| SigningRole { keys: vec![key.public_key().clone()], threshold: 1 };
        let part = RootPart {
            schema: "waypass.root/1".into(),
            version: 1,
            issued_at: at(-30 * DAY),
            expires_at: at(365 * DAY),
            keys: vec![self.root.public_key().clone(), self.online.public_key().clone()],
            roles: RootRoles {
                root: role(&self.root),
                targets: role(&self.root),
                snapshot: role(&self.online),
                timestamp: role(&self.online),
            },
        };
        Envelope::sign_part(&part, &[&self.root]).expect("the root signs itself")
    }

    /// The pinned root.
    pub(crate) fn pinned(&self) -> Root {
        let envelope = self.root_envelope();
        let digest = Digest::of(&envelope.untrusted_payload().expect("our payload"));
        Root::pin(&envelope.to_bytes(), &digest).expect("our root")
    }

    /// A key record under `issuer`, good for the whole story.
    pub(crate) fn record(key: &TestKey, issuer: &str, key_use: KeyUse) -> KeyRecord {
        KeyRecord {
            kid: key.key_id(),
            issuer: issuer.into(),
            key: key.public_key().clone(),
            alg: key.public_key().algorithm().jose_name().into(),
            key_use,
            not_before: at(-30 * DAY),
            not_after: at(365 * DAY),
            state: KeyState::Active,
            issued_until: None,
        }
    }

    /// Returns the content of the clinic's bundle in its version `version`.
    pub(crate) fn targets(&self, version: u64, issued_at: Timestamp) -> TargetsPart {
        let authority = Authority {
            name: "St. Anna Clinic".into(),
            keys: vec![
                Self::record(&self.issuer, &self.issuer.did(), KeyUse::Credential),
                Self::record(&self.issuer_p256, &self.issuer_p256.did(), KeyUse::Credential),
                Self::record(&self.status, &self.issuer.did(), KeyUse::Status),
                Self::record(&self.intake, &self.issuer.did(), KeyUse::Intake),
            ],
            types: vec![VCT.into(), VC_TYPE.into()],
            roles: ["nurse", "doctor", "staff", "visitor", "emergency_medical"].map(Into::into).into(),
            sites: vec!["clinic-north".into()],
            max_validity_seconds: 400 * 86_400,
            status_uris: vec![StatusUri { uri: LIST.into(), max_entries: ENTRIES, bits: 2, irrevocable: true, kind: ListKind::Token }],
        };
        TargetsPart {
            schema: "waypass.targets/1".into(),
            version,
            issued_at,
            expires_at: issued_at.plus(180 * DAY),
            authorities: vec![authority],
            gates: vec![Gate {
                id: self.gate.did(),
                name: "North door".into(),
                site: "clinic-north".into(),
                zone: "ward".into(),
                time_zone: None,
                not_after: issued_at.plus(7 * DAY),
            }],
            contexts: Vec::new(),
            policy: policy(version, issued_at),
            delegations: [],
        }
    }

    /// The status list of `issued_at` in which `set` entries have a value other than valid (1 revoked, 2 suspended).
    pub(crate) fn list(&self, issued_at: Timestamp, lifetime: i64, set: &[(u64, u8)]) -> String {
        let mut list = StatusListBuf::new(Bits::Two, ENTRIES);
        for (index, value) in set {
            list.set(*index, *value).expect("an entry of the list");
        }
        let token = StatusListToken { uri: LIST.into(), issued_at, expires_at: Some(issued_at.plus(lifetime)), ttl_seconds: Some(3600) };
        token.sign(&list, TokenForm::Jwt, &self.status.key_id(), &self.status).expect("the status key signs")
    }

    /// A sealed bundle.
    pub(crate) fn bundle(&self, version: u64, targets: &TargetsPart, lists: Vec<String>) -> TrustBundle {
        self.bundle_with(version, targets, Vec::new(), lists)
    }

    /// Like the above, with the context documents that the targets name.
    pub(crate) fn bundle_with(&self, version: u64, targets: &TargetsPart, contexts: Vec<String>, lists: Vec<String>) -> TrustBundle {
        let draft = BundleDraft {
            root: vec![self.root_envelope()],
            targets: Envelope::sign_part(targets, &[&self.root]).expect("the root signs the targets"),
            contexts,
            lists,
            version,
            issued_at: targets.issued_at,
            expires_at: targets.issued_at.plus(30 * DAY),
        };
        draft.seal(&[&self.online], &[&self.online]).expect("a bundle a gate takes")
    }

    /// The bundle of the first day: nobody revoked.
    pub(crate) fn first_bundle(&self) -> TrustBundle {
        self.bundle(1, &self.targets(1, at(0)), vec![self.list(at(0), 30 * DAY, &[])])
    }

    /// Returns the claims of a nurse's credential.
    pub(crate) fn nurse(issuer: &TestKey, holder: &TestKey, format: Format) -> RoleClaims {
        RoleClaims {
            issuer: issuer.did(),
            key_id: Some(issuer.key_id()),
            kind: kind_in(format).into(),
            roles: vec!["nurse".into(), "staff".into()],
            sites: vec!["clinic-north".into()],
            zones: vec!["ward".into()],
            issued_at: at(-DAY),
            valid_from: at(-DAY),
            valid_until: at(90 * DAY),
            status: vec![StatusReference::token(LIST, 7)],
            holder: Some(holder.public_key().clone().into()),
            personal: Object::new().with("given_name", "Ana").with("family_name", "Silva").with("staff_id", "N-1042"),
        }
    }

    /// Signs `claims`; the salts follow from `name`.
    pub(crate) fn issue(claims: &RoleClaims, issuer: &TestKey, format: Format, name: &str) -> Credential {
        Credential::issue(claims, format, issuer, &mut TestRng::new(name)).expect("a credential")
    }

    /// The usual question: a nurse's role, nothing else.
    pub(crate) fn query() -> Query {
        Query::for_role(&[Format::SdJwtVc, Format::DataIntegrity], &["nurse"], &[] as &[ClaimPath]).expect("our query")
    }
}

fn policy(version: u64, issued_at: Timestamp) -> Policy {
    Policy {
        version,
        issued_at,
        expires_at: issued_at.plus(90 * DAY),
        cedar: waypass_schemas::DEFAULT_POLICY.into(),
        limits: serde_json::from_str(waypass_schemas::DEFAULT_LIMITS).expect("the default limits"),
        unattended_ok: vec!["expires_soon".into()],
        max_boots_without_signed_time: 5,
        max_decisions_without_signed_time: 100_000,
        seen_again_seconds: None,
        unlocking: None,
    }
}
