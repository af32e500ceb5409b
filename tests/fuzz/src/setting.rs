//! The world of the tests, and what every target may compare with: bundles, a gate, its question, and credentials of every kind.

mod made;

pub(crate) use made::Made;

use crate::world::{DAY, HOUR, TestKey, TestRng, World, at};
use std::cell::Cell;
use std::collections::HashSet;
use waypass_credential::key::{PublicKey, Signer as _};
use waypass_credential::request::{Query, Request};
use waypass_credential::role::RoleClaims;
use waypass_credential::{Credential, Format, Presentation};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::policy::RolePolicy;
use waypass_trust::time::{Moment, Reading};
use waypass_verifier::{Challenge, Checkpoint, Decision, DeviceState, GateIdentity, Verdict};

pub(crate) struct Setting {
    pub(crate) world: World,
    pub(crate) bundle: TrustBundle,
    pub(crate) newer: TrustBundle,
    pub(crate) policy: RolePolicy,
    pub(crate) gate: GateIdentity,
    pub(crate) challenge: Vec<u8>,
    pub(crate) request: Request,
    pub(crate) request_text: String,
    /// The keys that may have signed a credential here.
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) made: Vec<Made>,
    /// The belief of a gate about a person from the good seeds.
    pub(crate) people: HashSet<String>,
    /// The claims of the seeds beyond what a holder may withhold.
    pub(crate) said: HashSet<String>,
}

/// The setting, made once.
pub(crate) fn setting() -> &'static Setting {
    thread_local! {
        static SETTING: Cell<Option<&'static Setting>> = const { Cell::new(None) };
    }
    SETTING.with(|kept| {
        kept.get().unwrap_or_else(|| {
            let made: &'static Setting = Box::leak(Box::new(Setting::make()));
            kept.set(Some(made));
            made
        })
    })
}

fn reading(seconds: i64) -> Reading {
    Reading { wall: at(seconds), boottime_ms: u64::try_from((DAY + seconds) * 1000).expect("after the start"), boot_id: [1; 16] }
}

impl Setting {
    fn make() -> Self {
        let world = World::default();
        let bundle = world.bundle(1, &world.targets(1, at(0)), vec![world.list(at(0), 30 * DAY, &[(8, 1), (9, 2)])]);
        let newer = world.bundle(2, &world.targets(2, at(600)), vec![world.list(at(600), 30 * DAY, &[(7, 1), (8, 1)])]);
        let policy = RolePolicy::compile(bundle.policy()).expect("the default policy");
        let gate = GateIdentity { id: world.gate.did(), name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() };
        let query = || Query::for_role(&Format::ALL, &["nurse"], &[]).expect("a query");
        let (challenge, request, other) = {
            let mut checkpoint = Checkpoint::new(gate.clone(), &bundle, &policy, DeviceState::new(&gate.id));
            let moment = checkpoint.observe(&reading(HOUR));
            let (challenge, request) = checkpoint.ask(query(), "entry", &moment, &mut TestRng::new("challenge"));
            let (_, other) = checkpoint.ask(query(), "entry", &moment, &mut TestRng::new("second"));
            (challenge.to_bytes(), request, other)
        };
        let request_text = request.sign(&world.gate).expect("signed");
        let keys =
            [world.issuer.public_key(), world.issuer_p256.public_key(), TestKey::ed25519("mallory").public_key()].map(PublicKey::clone);
        let made = made::all(&world, &request, &other);
        let mut setting = Self {
            world,
            bundle,
            newer,
            policy,
            gate,
            challenge,
            request,
            request_text,
            keys: keys.into(),
            made,
            people: HashSet::new(),
            said: HashSet::new(),
        };
        setting.learn();
        setting
    }

    /// Notes what the seeds say, and that each gets the verdict it was made for.
    fn learn(&mut self) {
        let (mut people, mut said) = (HashSet::new(), HashSet::new());
        let mut hear = |credential: &Credential| {
            said.extend(self.keys.iter().filter_map(|key| credential.verify(key).ok().map(|verified| beyond_disclosure(verified.role()))));
        };
        for made in &self.made {
            hear(&Credential::parse(&made.credential, self.bundle.contexts()).expect("a seed"));
            let Some(presentation) = &made.presentation else { continue };
            hear(Presentation::parse(presentation, self.bundle.contexts()).expect("a seed").credential());
            let decision = self.decide(presentation);
            let green = matches!(decision.verdict, Verdict::Allow(_));
            assert!(green == made.good, "the seed {} is judged {:?}", made.name, codes(&decision));
            if green {
                people.insert(format!("{:?}", decision.evidence.who));
            }
        }
        (self.people, self.said) = (people, said);
    }

    pub(crate) fn checkpoint(&self, state: DeviceState) -> (Checkpoint<'_>, Moment) {
        let mut checkpoint = Checkpoint::new(self.gate.clone(), &self.bundle, &self.policy, state);
        let moment = checkpoint.observe(&reading(HOUR + 5));
        (checkpoint, moment)
    }

    pub(crate) fn moment(&self) -> Moment {
        self.checkpoint(DeviceState::new(&self.gate.id)).1
    }

    pub(crate) fn asked(&self) -> Challenge {
        Challenge::from_bytes(&self.challenge).expect("our challenge")
    }

    pub(crate) fn decide(&self, presentation: &[u8]) -> Decision {
        let (checkpoint, moment) = self.checkpoint(DeviceState::new(&self.gate.id));
        let (decision, commit) = checkpoint.step(presentation, self.asked(), &moment, &mut TestRng::new("salt"));
        std::hint::black_box(commit.entry().to_bytes());
        decision
    }
}

/// The first credential presentation that is green.
pub(crate) fn good_presentation() -> &'static [u8] {
    setting().made.iter().find(|made| made.good).and_then(|made| made.presentation.as_deref()).expect("a good seed")
}

pub(crate) fn codes(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// The claims that a holder cannot withhold.
pub(crate) fn beyond_disclosure(role: &RoleClaims) -> String {
    let RoleClaims { issuer, kind, issued_at, valid_from, valid_until, status, holder, key_id, .. } = role;
    format!("{issuer} {kind:?} {issued_at} {valid_from:?} {valid_until:?} {status:?} {holder:?} {key_id:?}")
}
