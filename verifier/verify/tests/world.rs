//! A site with an issuer, a holder and a gate. Every test changes the one thing it is about.

use crate::{Challenge, Checkpoint, Commit, Decision, DeviceState, GateIdentity};
use alloc::{string::String, vec, vec::Vec};
use core::convert::Infallible;
use ed25519_dalek::Signer as _;
use rand_core::{TryCryptoRng, TryRng};
use waypass_credential::did;
use waypass_credential::json::Object;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::request::{Query, Request};
use waypass_credential::role::kind_in;
use waypass_credential::role::{RoleClaims, StatusReference};
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{
    Authority, BundleDraft, Envelope, Gate, KeyRecord, KeyState, KeyUse, ListKind, Part, Policy, RoleLimit, RootPart, RootRoles, SeenAgain,
    SigningRole, StatusUri, TargetsPart, TrustBundle,
};
use waypass_trust::policy::RolePolicy;
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken, TokenForm};
use waypass_trust::time::{Reading, SignedTime, TimeSigner};

/// When everything happens: a Tuesday, 15:00 UTC.
pub(super) const NOW: i64 = 1_795_532_400;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const LIST: &str = "https://issuer.example/status/1";

pub(super) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("in range")
}

pub(super) struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Key {
    pub(super) fn new(seed: u8) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        Self(key, public)
    }

    pub(super) fn id(&self) -> String {
        did::to_did_key(&self.1)
    }

    fn kid(&self) -> String {
        did::key_id(&self.1)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

pub(super) fn issuer() -> Key {
    Key::new(1)
}

fn status_key() -> Key {
    Key::new(2)
}

pub(super) fn holder() -> Key {
    Key::new(3)
}

pub(super) fn gate_key() -> Key {
    Key::new(4)
}

fn root_key() -> Key {
    Key::new(5)
}

/// SplitMix64: anything but random, and a failure repeats.
pub(super) struct TestRng(pub(super) u64);

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(word ^ (word >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// The parts that may differ.
pub(super) struct World {
    pub(super) format: Format,
    pub(super) claims: RoleClaims,
    /// The key that signs the credential.
    pub(super) signer: Key,
    pub(super) holder: Key,
    pub(super) query: Query,
    pub(super) gate: GateIdentity,
    pub(super) policy: String,
    pub(super) policy_ends: i64,
    pub(super) key_state: KeyState,
    pub(super) key_sites: Vec<String>,
    pub(super) list_issued: i64,
    pub(super) bundle_issued: i64,
    /// Status of the credential: 0 valid, 1 revoked, 2 suspended.
    pub(super) status: u8,
    /// Wall clock at the gate minus real time.
    pub(super) clock_off: i64,
    /// When the gate last learned signed time.
    pub(super) signed_time: Option<i64>,
    /// Seconds for which the rules have a credential remembered.
    pub(super) seen_again: Option<u32>,
    pub(super) unattended_ok: Vec<String>,
    /// The end of the gate's enrolment in the bundle; `None` if it does not.
    pub(super) enrolled_until: Option<i64>,
    /// True if the device checks as a peer.
    pub(super) peer: bool,
    /// Seconds from question to answer.
    pub(super) takes: u64,
    /// True if the issuer may make cards.
    pub(super) cards: bool,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(&["nurse"])
    }

    pub(super) fn with(roles: &[&str]) -> Self {
        let gate = GateIdentity { id: gate_key().id(), name: "East door".into(), site: "north".into(), zone: "ward".into() };
        Self {
            format: Format::SdJwtVc,
            claims: RoleClaims {
                issuer: issuer().id(),
                key_id: Some(issuer().kid()),
                kind: kind_in(Format::SdJwtVc).into(),
                roles: roles.iter().map(|role| String::from(*role)).collect(),
                sites: vec!["north".into()],
                zones: vec!["ward".into()],
                issued_at: time(NOW - DAY),
                valid_from: time(NOW - DAY),
                valid_until: time(NOW + 90 * DAY),
                status: vec![StatusReference::token(LIST, 77)],
                holder: Some(holder().1.into()),
                personal: Object::new().with("family_name", "Smith").with("staff_id", "N-1024"),
            },
            signer: issuer(),
            holder: holder(),
            query: Query::for_role(&Format::ALL, &[], &[]).expect("a query"),
            gate,
            policy: waypass_schemas::DEFAULT_POLICY.into(),
            policy_ends: NOW + 30 * DAY,
            key_state: KeyState::Active,
            key_sites: vec!["north".into(), "south".into()],
            list_issued: NOW - HOUR,
            bundle_issued: NOW - HOUR,
            status: 0,
            clock_off: 0,
            signed_time: None,
            seen_again: None,
            unattended_ok: vec!["stale_revocations".into(), "two_person".into()],
            enrolled_until: Some(NOW + 7 * DAY),
            peer: false,
            takes: 5,
            cards: false,
        }
    }

    /// Somebody with this role and a card, at the public door of a site whose rules admit cards.
    pub(super) fn card(role: &str) -> Self {
        let mut world = Self::with(&[role]).in_format(Format::Card);
        world.gate.zone = "public".into();
        world.claims.holder = None;
        world.claims.personal = Object::new().with("card", "0123456789ab").with("document_ending", "T478").with("name", "Ada Byron");
        world.policy = [
            waypass_schemas::DEFAULT_POLICY,
            r#"@id("card") @identity("document") permit (principal, action == Action::"admit_card", resource)
               when { context.sites.contains(resource.site) };"#,
        ]
        .concat();
        world.cards = true;
        world
    }

    pub(super) fn in_format(mut self, format: Format) -> Self {
        self.format = format;
        self.claims.kind = kind_in(format).into();
        self
    }

    pub(super) fn bundle(&self) -> TrustBundle {
        let root_key = root_key();
        let role = || SigningRole { keys: vec![root_key.1.clone()], threshold: 1 };
        let root = RootPart {
            schema: RootPart::SCHEMA.into(),
            version: 1,
            issued_at: time(NOW - 400 * DAY),
            expires_at: time(NOW + 400 * DAY),
            keys: vec![root_key.1.clone()],
            roles: RootRoles { root: role(), targets: role(), snapshot: role(), timestamp: role() },
        };
        let targets = TargetsPart {
            schema: TargetsPart::SCHEMA.into(),
            version: 3,
            issued_at: time(NOW - 10 * DAY),
            expires_at: time(NOW + 100 * DAY),
            authorities: vec![self.authority()],
            gates: self.enrolled_until.into_iter().map(|until| self.entry(until)).chain([self.other_gate()]).collect(),
            contexts: Vec::new(),
            policy: Policy {
                version: 2,
                issued_at: time(NOW - 10 * DAY),
                expires_at: time(self.policy_ends),
                cedar: self.policy.clone(),
                limits: serde_json::from_str::<Vec<RoleLimit>>(waypass_schemas::DEFAULT_LIMITS).expect("limits"),
                unattended_ok: self.unattended_ok.clone(),
                max_boots_without_signed_time: 10,
                max_decisions_without_signed_time: 1000,
                seen_again_seconds: self.seen_again.map(|seconds| SeenAgain::new(seconds).expect("within bounds")),
                unlocking: None,
            },
            delegations: [],
        };
        let signers: [&dyn Signer; 1] = [&root_key];
        let draft = BundleDraft {
            root: vec![Envelope::sign_part(&root, &signers).expect("signed")],
            targets: Envelope::sign_part(&targets, &signers).expect("signed"),
            contexts: Vec::new(),
            lists: vec![self.list()],
            version: 9,
            issued_at: time(self.bundle_issued),
            expires_at: time(self.bundle_issued + DAY),
        };
        draft.seal(&signers, &signers).expect("a bundle a gate accepts")
    }

    fn entry(&self, until: i64) -> Gate {
        let GateIdentity { id, name, site, zone } = self.gate.clone();
        Gate { id, name, site, zone, time_zone: None, not_after: time(until) }
    }

    /// Returns another gate of the bundle, at the same place: its enrolment is not this gate's.
    fn other_gate(&self) -> Gate {
        Gate { id: Key::new(6).id(), name: "West door".into(), ..self.entry(NOW + 7 * DAY) }
    }

    fn authority(&self) -> Authority {
        let record = |key: &Key, key_use, state| KeyRecord {
            kid: key.kid(),
            issuer: key.id(),
            key: key.1.clone(),
            alg: key.1.algorithm().jose_name().into(),
            key_use,
            not_before: time(NOW - 300 * DAY),
            not_after: time(NOW + 300 * DAY),
            state,
            issued_until: None,
        };
        Authority {
            name: "North Hospital".into(),
            keys: vec![record(&issuer(), KeyUse::Credential, self.key_state), record(&status_key(), KeyUse::Status, KeyState::Active)],
            types: [Format::SdJwtVc, Format::DataIntegrity]
                .into_iter()
                .chain(self.cards.then_some(Format::Card))
                .map(|format| kind_in(format).into())
                .collect(),
            roles: ["nurse", "visitor", "admin", "emergency_medical", "gardener"].map(String::from).into(),
            sites: self.key_sites.clone(),
            max_validity_seconds: u64::try_from(365 * DAY).expect("positive"),
            status_uris: vec![StatusUri { uri: LIST.into(), max_entries: 1024, bits: 2, irrevocable: false, kind: ListKind::Token }],
        }
    }

    fn list(&self) -> String {
        let mut list = StatusListBuf::new(Bits::Two, 1024);
        list.set(77, self.status).expect("in the list");
        let token = StatusListToken {
            uri: LIST.into(),
            issued_at: time(self.list_issued),
            expires_at: Some(time(self.list_issued + 14 * DAY)),
            ttl_seconds: Some(3600),
        };
        token.sign(&list, TokenForm::Jwt, &status_key().kid(), &status_key()).expect("signed")
    }

    pub(super) fn compiled(&self) -> RolePolicy {
        RolePolicy::compile_text(&self.policy, time(self.policy_ends), None).expect("a valid policy")
    }

    pub(super) fn credential(&self) -> Credential {
        Credential::issue(&self.claims, self.format, &self.signer, &mut TestRng(1)).expect("issued")
    }

    /// The answer of a wallet: nothing beyond what is asked.
    pub(super) fn answer(&self, request: &Request) -> Vec<u8> {
        let credential = self.credential();
        if self.format == Format::Card {
            return credential.as_bytes().to_vec();
        }
        let verified = credential.verify(&self.signer.1).expect("genuine");
        let disclose = request.query.first_match(verified.claims(), self.format, &self.claims.kind).map(|found| found.paths);
        let presentation =
            credential.present(&disclose.unwrap_or_default(), &request.binding(), request.issued_at, &self.holder, &mut TestRng(1));
        presentation.expect("presented").as_bytes().to_vec()
    }

    /// The gate's clocks, `after` seconds into the story.
    pub(super) fn reading(&self, after: u64) -> Reading {
        let wall = time(NOW + i64::try_from(after).expect("small") + self.clock_off);
        Reading { wall, boottime_ms: (100 + after) * 1000, boot_id: [1; 16] }
    }

    /// A gate that has not decided anything yet.
    pub(super) fn state(&self) -> DeviceState {
        let mut state = DeviceState::new(&self.gate.id);
        if let Some(signed) = self.signed_time {
            let earlier = Reading { wall: time(signed), boot_id: [9; 16], ..self.reading(0) };
            state.time = state.time.adopt(&SignedTime { at: time(signed), signer: TimeSigner([1; 32]) }, &earlier).0;
        }
        state
    }

    /// One person at the gate: question, answer, decision.
    pub(super) fn run(&self) -> Decision {
        self.run_with(|answer| answer, |challenge| challenge)
    }

    /// As [`Self::run`], with somebody between wallet and gate.
    pub(super) fn run_with(&self, answer: impl FnOnce(Vec<u8>) -> Vec<u8>, challenge: impl FnOnce(Challenge) -> Challenge) -> Decision {
        let (bundle, policy) = (self.bundle(), self.compiled());
        let mut gate = Checkpoint::new(self.gate.clone(), &bundle, &policy, self.state());
        if self.peer {
            gate = gate.as_peer();
        }
        self.visit(&mut gate, 0, answer, challenge).0
    }

    /// One visit at `after`; the commit is not yet taken over.
    pub(super) fn visit(
        &self,
        gate: &mut Checkpoint<'_>,
        after: u64,
        answer: impl FnOnce(Vec<u8>) -> Vec<u8>,
        challenge: impl FnOnce(Challenge) -> Challenge,
    ) -> (Decision, Commit) {
        let asked = gate.observe(&self.reading(after));
        let (ours, request) = gate.ask(self.query.clone(), "entry", &asked, &mut TestRng(after));
        let answer = answer(self.answer(&request));
        let answered = gate.observe(&self.reading(after + self.takes));
        gate.step(&answer, challenge(ours), &answered, &mut TestRng(5))
    }
}

/// The codes of a decision, the worst first.
pub(super) fn codes(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}
