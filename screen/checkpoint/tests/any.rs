//! Any events, and decisions of a real gate.

use super::{ReasonCode, cannot, ready};
use crate::checkpoint::{Answerable, Event, Fault, Key, Problem, Readiness, Scanner, Shown};
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};
use waypass_credential::request::Query;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Digest, Root, TrustBundle};
use waypass_trust::policy::RolePolicy;
use waypass_trust::time::Reading;
use waypass_verifier::{Checkpoint, Decision, DeviceState, GateIdentity};

/// The published case was made with this nonce.
struct Ones;

impl TryRng for Ones {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0x0101_0101)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0x0101_0101_0101_0101)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
        to.fill(1);
        Ok(())
    }
}

impl TryCryptoRng for Ones {}

/// Returns the decision about the nurse of the published case: green, or amber on a device that is not a gate.
fn decided(is_gate: bool) -> Decision {
    let case: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/waypass/admit-sd-jwt-vc.json")).expect("the case is JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let (file, root) = (case["steps"][0]["bundle"].to_string(), case["steps"][0]["bundle"]["root"][0].to_string());
    let number: Digest = text(&case["pinned_root_sha256"]).parse().expect("a digest");
    let gate = &case["gate"];
    let gate = GateIdentity { id: text(&gate["id"]), name: text(&gate["name"]), site: text(&gate["site"]), zone: text(&gate["zone"]) };
    let reading = Reading { wall: Timestamp::clamped(1_795_161_610), boottime_ms: 86_410_000, boot_id: [1; 16] };
    let root = Root::pin(root.as_bytes(), &number).expect("pinned");
    let bundle = TrustBundle::open(file.as_bytes(), &root).expect("a bundle");
    let rules = RolePolicy::compile(bundle.policy()).expect("rules");
    let mut state = DeviceState::new(&gate.id);
    let _adopted = state.learn_time(&bundle, &reading);
    let mut checkpoint = Checkpoint::new(gate, &bundle, &rules, state);
    if !is_gate {
        checkpoint = checkpoint.as_peer();
    }
    let now = checkpoint.observe(&reading);
    let query = Query::parse(case["steps"][1]["query"].to_string().as_bytes()).expect("a query");
    let (challenge, _) = checkpoint.ask(query, "Ward round", &now, &mut Ones);
    checkpoint.step(text(&case["steps"][2]["presentation"]).as_bytes(), challenge, &now, &mut Ones).0
}

pub(super) fn green() -> Decision {
    decided(true)
}

pub(super) fn amber() -> Decision {
    decided(false)
}

/// Returns any events, each at most some seconds after the one before it.
pub(super) fn events(most: usize) -> impl Strategy<Value = Vec<(u64, Event)>> {
    let made = [
        Shown::of(&green()),
        Shown::of(&amber()).recorded(Some(7), true, true),
        cannot(ReasonCode::NoBundle),
        cannot(ReasonCode::Malformed),
    ];
    let decided = (0..6_u64, proptest::sample::select(Vec::from(made))).prop_map(|(ticket, shown)| Event::Decided { ticket, shown });
    let readiness = proptest::sample::select(vec![
        ready(),
        Readiness { decides: Answerable::AboutSome, flags: 3, ..ready() },
        Readiness { decides: Answerable::NoLonger, ..ready() },
        Readiness { decides: Answerable::NotYet, issued_at: None, works_until: None, flags: 0 },
        Readiness { decides: Answerable::Tampered, ..ready() },
        Readiness { decides: Answerable::Forbidden, ..ready() },
    ]);
    let code = proptest::sample::select(vec![b"one".to_vec(), b"two".to_vec(), b"".to_vec(), b"\xff\x00".to_vec(), vec![b'A'; 2_000]]);
    let key = proptest::sample::select(vec![Key::Enter, Key::Escape, Key::Confirm, Key::TurnAway, Key::Sync]);
    let problem = proptest::sample::select(vec![Problem::Storage, Problem::Other]);
    let plain = proptest::sample::select(vec![
        Event::Tick,
        Event::SyncStarted,
        Event::SyncFailed,
        Event::Locked,
        Event::StorageFailed,
        Event::Trapped,
        Event::DoorFailed,
        Event::Busy,
        Event::Asked { seconds: 60 },
        Event::Settled { flagged: true },
        Event::Settled { flagged: false },
        Event::Unreadable(Fault::Foreign),
        Event::Unreadable(Fault::Damaged),
        Event::Unreadable(Fault::Newer),
        Event::Scanner(Scanner::Works),
        Event::Scanner(Scanner::Denied),
        Event::Scanner(Scanner::Gone),
    ]);
    let event = prop_oneof![
        3 => decided,
        3 => code.prop_map(Event::Scanned),
        1 => proptest::sample::select(vec!["https://example.org", "eyJ.e30.c2ln", ""]).prop_map(|text| Event::Read(text.into())),
        2 => key.prop_map(Event::Key),
        2 => plain,
        1 => readiness.clone().prop_map(Event::Started),
        1 => readiness.prop_map(Event::SyncEnded),
        1 => (1..9_usize, 9..12_usize).prop_map(|(have, count)| Event::Piece { have, count }),
        1 => proptest::string::string_regex("[a-z]{0,2000}").expect("a pattern").prop_map(|text: String| Event::Typed(text)),
        1 => problem.clone().prop_map(Event::NotAsked),
        1 => problem.prop_map(Event::NotSettled),
    ];
    proptest::collection::vec((0..4_000_u64, event), 1..most).prop_map(|steps| {
        let mut now = 0;
        steps.into_iter().map(|(later, event)| (passed(&mut now, later), event)).collect()
    })
}

fn passed(now: &mut u64, later: u64) -> u64 {
    *now += later;
    *now
}
