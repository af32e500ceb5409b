//! Several lanes at one gate: each answer finds its own challenge, which is used once.

use super::world::{TestRng, World, codes, gate_key};
use crate::challenge::MAX_KEPT;
use crate::{Challenge, Challenges, Checkpoint, DeviceState};
use alloc::{vec, vec::Vec};
use waypass_credential::Format;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Code, Request, SignedCode};
use waypass_credential::sealed::seal;
use waypass_trust::reason::Level;

/// The content that the shell keeps between two processes.
struct Shell {
    challenges: Vec<Vec<u8>>,
    state: Vec<u8>,
}

impl Shell {
    fn challenges(&self) -> Challenges {
        self.challenges.iter().map(|bytes| Challenge::from_bytes(bytes).expect("stored")).collect()
    }
}

/// Asks in one process, `after` seconds into the story; the answer.
fn ask(world: &World, shell: &mut Shell, after: u64) -> Vec<u8> {
    let (bundle, policy) = (world.bundle(), world.compiled());
    let state = DeviceState::from_bytes(&shell.state).expect("stored");
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state);
    let at = gate.observe(&world.reading(after));
    let over = shell.challenges().over(&at);
    shell.challenges.retain(|bytes| !over.contains(Challenge::from_bytes(bytes).expect("stored").nonce()));
    let (challenge, request) = gate.ask(world.query.clone(), "entry", &at, &mut TestRng(1000 + after + shell.challenges.len() as u64));
    shell.challenges.push(challenge.to_bytes());
    shell.state = gate.state().to_bytes();
    world.answer(&request)
}

/// Decides in another process.
fn verify(world: &World, shell: &mut Shell, presentation: &[u8], after: u64) -> (Level, Vec<&'static str>) {
    let (bundle, policy) = (world.bundle(), world.compiled());
    let state = DeviceState::from_bytes(&shell.state).expect("stored");
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state);
    let at = gate.observe(&world.reading(after));
    let (decision, commit) = gate.step(presentation, shell.challenges(), &at, &mut TestRng(7 + after));
    shell.state = commit.state_bytes();
    (decision.level(), codes(&decision))
}

fn shell(world: &World) -> Shell {
    Shell { challenges: Vec::new(), state: world.state().to_bytes() }
}

#[test]
fn lanes_do_not_wait_for_each_other() {
    for format in [Format::SdJwtVc, Format::DataIntegrity] {
        let world = World::new().in_format(format);
        let mut shell = shell(&world);
        let answers = [0, 1, 2].map(|after| ask(&world, &mut shell, after));
        // Out of order, and each once.
        for (lane, after) in [(1, 5), (2, 6), (0, 7)] {
            assert_eq!(verify(&world, &mut shell, &answers[lane], after), (Level::Green, vec!["ok"]), "{format:?} lane {lane}");
            assert_eq!(verify(&world, &mut shell, &answers[lane], after), (Level::Red, vec!["replayed"]), "{format:?} lane {lane}");
        }
        for answer in &answers {
            assert_eq!(verify(&world, &mut shell, answer, 59), (Level::Red, vec!["replayed"]));
        }
    }
}

#[test]
fn what_answers_nothing_uses_nothing_up() {
    let world = World::new();
    let mut shell = shell(&world);
    let answer = ask(&world, &mut shell, 0);
    assert_eq!(verify(&world, &mut shell, b"anything", 1), (Level::Red, vec!["malformed"]));
    let mut elsewhere = Shell { challenges: Vec::new(), state: shell.state.clone() };
    let other = ask(&world, &mut elsewhere, 33);
    assert_eq!(verify(&world, &mut shell, &other, 34), (Level::Red, vec!["nonce_mismatch"]));
    assert_eq!(verify(&world, &mut shell, &answer, 35), (Level::Green, vec!["ok"]));
}

#[test]
fn late_answers_are_told_as_late_and_forgotten_ones_stay_out() {
    let world = World::new();
    let mut shell = shell(&world);
    let late = ask(&world, &mut shell, 0);
    assert_eq!(verify(&world, &mut shell, &late, 60), (Level::Red, vec!["challenge_expired"]));
    ask(&world, &mut shell, 299);
    assert_eq!(shell.challenges.len(), 2);
    assert!(verify(&world, &mut shell, &late, 299).1.contains(&"challenge_expired"));
    ask(&world, &mut shell, 301);
    assert_eq!(shell.challenges.len(), 2, "kept for five minutes and no longer");
    assert_eq!(verify(&world, &mut shell, &late, 301), (Level::Red, vec!["nonce_mismatch"]));
}

#[test]
fn a_gate_keeps_a_bounded_number_of_challenges() {
    let world = World::new();
    let mut shell = shell(&world);
    let at = {
        let (bundle, policy) = (world.bundle(), world.compiled());
        let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
        let at = gate.observe(&world.reading(0));
        shell.challenges =
            (0..MAX_KEPT as u64 + 8).map(|n| gate.ask(world.query.clone(), "entry", &at, &mut TestRng(n * 97)).0.to_bytes()).collect();
        at
    };
    assert_eq!(shell.challenges().over(&at).len(), 9, "room for one more");
    let answer = ask(&world, &mut shell, 2);
    assert_eq!(shell.challenges.len(), MAX_KEPT);
    assert_eq!(verify(&world, &mut shell, &answer, 3), (Level::Green, vec!["ok"]));
}

/// Asks by a code; the answer, and the code's own digest and key.
fn ask_by_code(world: &World, shell: &mut Shell, after: u64) -> (Vec<u8>, Code) {
    let (bundle, policy) = (world.bundle(), world.compiled());
    let state = DeviceState::from_bytes(&shell.state).expect("stored");
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state);
    let at = gate.observe(&world.reading(after));
    let (challenge, mut request) = gate.ask(world.query.clone(), "entry", &at, &mut TestRng(1000 + after));
    let secret = RecipientSecret::random(&mut TestRng(2000 + after));
    let SignedCode { bytes, code } = request.sign_code(secret.recipient(), &gate_key()).expect("signed");
    assert_eq!(Request::open(&bytes).expect("reads").code.as_ref(), Some(&code));
    request.code = Some(code.clone());
    let kept = challenge.asked_by_code(code.digest, secret).to_bytes();
    assert_eq!(Challenge::from_bytes(&kept).expect("stored").to_bytes(), kept);
    for cut in 0..kept.len() {
        assert!(Challenge::from_bytes(&kept[..cut]).is_err());
    }
    shell.challenges.push(kept);
    shell.state = gate.state().to_bytes();
    (world.answer(&request), code)
}

#[test]
fn a_code_is_answered_by_its_digest_in_every_format() {
    for format in Format::ALL {
        let world = World::new().in_format(format);
        let mut shell = shell(&world);
        let answers = [0, 1].map(|after| ask_by_code(&world, &mut shell, after).0);
        let by_file = ask(&world, &mut shell, 2);
        for (answer, after) in [(&answers[1], 5), (&by_file, 6), (&answers[0], 7)] {
            assert_eq!(verify(&world, &mut shell, answer, after), (Level::Green, vec!["ok"]), "{format:?}");
            assert_eq!(verify(&world, &mut shell, answer, after), (Level::Red, vec!["replayed"]), "{format:?}");
        }
    }
}

#[test]
fn a_sealed_answer_is_opened_by_the_question_that_it_was_sealed_to() {
    for format in Format::ALL {
        let world = World::new().in_format(format);
        let mut shell = shell(&world);
        let (answer, code) = ask_by_code(&world, &mut shell, 0);
        let (_, other) = ask_by_code(&world, &mut shell, 1);
        let sealed = |bytes: &[u8], to: &Code, named: &Code| seal(bytes, &to.recipient, &named.digest, &mut TestRng(3)).expect("sealed");
        // To another key, under another question, or damaged: nothing opens, and no challenge is used up.
        let mut damaged = sealed(&answer, &code, &code);
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        let mut yesterday = code.clone();
        yesterday.digest = [0; 32];
        let wrong = [sealed(&answer, &other, &code), sealed(&answer, &code, &other), sealed(&answer, &code, &yesterday), damaged];
        for (wrong, after) in wrong.iter().zip(2..) {
            assert_eq!(verify(&world, &mut shell, wrong, after), (Level::Red, vec!["nonce_mismatch"]), "{format:?}");
        }
        assert_eq!(verify(&world, &mut shell, &[0xd0, 0x83], 6), (Level::Red, vec!["malformed"]));
        let good = sealed(&answer, &code, &code);
        assert_eq!(verify(&world, &mut shell, &good, 7), (Level::Green, vec!["ok"]), "{format:?}");
        assert_eq!(verify(&world, &mut shell, &good, 8), (Level::Red, vec!["replayed"]), "{format:?}");
        // An answer to one question, sealed to another one.
        assert_eq!(verify(&world, &mut shell, &sealed(&answer, &other, &other), 9), (Level::Red, vec!["nonce_mismatch"]), "{format:?}");
        // What is sealed and is no answer.
        let (_, third) = ask_by_code(&world, &mut shell, 10);
        assert_eq!(verify(&world, &mut shell, &sealed(b"anything", &third, &third), 11), (Level::Red, vec!["malformed"]), "{format:?}");
    }
}
