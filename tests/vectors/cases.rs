//! The cases we publish (`waypass/`): offline decisions that no other suite has, run from their files.
//!
//! `WAYPASS_WRITE_CASES=1` writes the files; without it they must equal what the world makes, so neither a wire format nor
//! a published case changes unnoticed.

mod make;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use waypass_credential::Nonce;
use waypass_credential::base64url;
use waypass_credential::json;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Query, Request};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Digest, Ingested, Root, TrustBundle};
use waypass_trust::policy::RolePolicy;
use waypass_trust::time::Reading;
use waypass_verifier::{Challenge, Checkpoint, DeviceState, GateIdentity};

/// One case: a gate, what it pins, and what happens to it in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    schema: String,
    name: String,
    says: String,
    gate: GateJson,
    /// SHA-256 of the pinned root's payload.
    pinned_root_sha256: String,
    steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GateJson {
    id: String,
    name: String,
    site: String,
    zone: String,
}

/// The readings of the gate's clocks at a step.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    /// Unix seconds.
    wall: i64,
    /// Milliseconds since the machine started, standby included.
    boottime_ms: u64,
    /// Which start of the machine this is.
    boot: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// A bundle file arrives.
    Install { clock: Clock, bundle: Value, expect: Arrival },
    /// A single status list token arrives.
    List { clock: Clock, token: String, expect: Arrival },
    /// The gate asks with this nonce.
    Ask {
        clock: Clock,
        nonce: String,
        query: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<AskedByCode>,
    },
    /// Something is presented in answer to the last question (again, if it was answered already).
    Present {
        clock: Clock,
        presentation: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        encoding: Option<Encoding>,
        expect: Expected,
    },
}

/// The question as a code.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedByCode {
    /// The signed question, base64url.
    content: String,
    /// The X25519 private key to which answers are sealed, base64url.
    key: String,
}

/// How a presentation that is not a text is written.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Encoding {
    #[serde(rename = "base64url")]
    Base64Url,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrival {
    Taken,
    Refused,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    level: String,
    reasons: BTreeSet<String>,
}

/// A gate while a case runs on it.
struct Device<'c> {
    case: &'c Case,
    bundle: Option<TrustBundle>,
    state: DeviceState,
    /// Stored, as a gate stores it between two processes; kept after use, so that a replay reaches the seen-set.
    challenge: Option<Vec<u8>>,
}

#[test]
fn published_cases_decide_as_written() {
    let made = make::cases();
    if std::env::var_os("WAYPASS_WRITE_CASES").is_some() {
        for case in &made {
            fs::write(folder().join(format!("{}.json", case.name)), text(case)).expect("written");
        }
    }
    let (mut ran, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder()).expect("tests/vectors/waypass") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") || path.ends_with("case-1.schema.json") {
            continue;
        }
        let written = fs::read_to_string(&path).expect("a case");
        let case: Case = serde_json::from_str(&written).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let again = made.iter().find(|made| made.name == case.name).unwrap_or_else(|| panic!("nothing makes {}", case.name));
        assert_eq!(text(again), written, "{} is not what the world makes; a wire format has changed", case.name);
        wrong.extend(case.run());
        ran += 1;
    }
    assert_eq!(ran, made.len(), "a made case has no file; write it with WAYPASS_WRITE_CASES=1");
    crate::suite::say(&format!("waypass: {ran} cases, 0 excluded"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= 20, "only {ran} published cases ran");
}

#[test]
fn published_cases_match_their_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("waypass/case-1.schema.json")).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for case in make::cases() {
        let case: serde_json::Value = serde_json::from_str(&text(&case)).expect("JSON");
        assert!(
            validator.is_valid(&case),
            "{}: {:?}",
            case["name"],
            validator.iter_errors(&case).map(|e| e.to_string()).collect::<Vec<_>>()
        );
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/waypass")
}

fn text(case: &Case) -> String {
    let mut text = serde_json::to_string_pretty(case).expect("JSON");
    text.push('\n');
    text
}

impl Clock {
    fn reading(self) -> Reading {
        let wall = Timestamp::from_unix(self.wall).expect("a time");
        Reading { wall, boottime_ms: self.boottime_ms, boot_id: [self.boot; 16] }
    }
}

impl Case {
    /// Plays the steps; gives every expectation that is not met.
    fn run(&self) -> Vec<String> {
        let mut device = Device { case: self, bundle: None, state: DeviceState::new(&self.gate.id), challenge: None };
        let mut wrong = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let (found, expected) = match step {
                Step::Install { clock, bundle, expect } => (format!("{:?}", device.install(*clock, bundle)), format!("{expect:?}")),
                Step::List { token, expect, .. } => (format!("{:?}", device.list(token)), format!("{expect:?}")),
                Step::Ask { clock, nonce, query, code } => {
                    device.ask(*clock, nonce, query, code.as_ref());
                    continue;
                }
                Step::Present { clock, presentation, encoding, expect } => {
                    let presentation = match encoding {
                        None => presentation.clone().into_bytes(),
                        Some(Encoding::Base64Url) => base64url::decode(presentation).expect("base64url"),
                    };
                    (format!("{:?}", device.present(*clock, &presentation)), format!("{expect:?}"))
                }
            };
            if found != expected {
                wrong.push(format!("{}, step {}: found {found}, expected {expected}", self.name, number + 1));
            }
        }
        wrong
    }
}

impl Device<'_> {
    fn root(&self, bundle: &Value) -> Option<Root> {
        if let Some(held) = &self.bundle {
            return Some(held.root().clone());
        }
        // The first root of the chain is the pinned one.
        let digest: Digest = self.case.pinned_root_sha256.parse().expect("a digest");
        Root::pin(bundle["root"][0].to_string().as_bytes(), &digest).ok()
    }

    fn install(&mut self, clock: Clock, bundle: &Value) -> Arrival {
        let Some(root) = self.root(bundle) else { return Arrival::Refused };
        let Ok(opened) = TrustBundle::open(bundle.to_string().as_bytes(), &root) else { return Arrival::Refused };
        match &mut self.bundle {
            Some(held) => {
                if held.replace(opened).is_err() {
                    return Arrival::Refused;
                }
            }
            None => self.bundle = Some(opened),
        }
        let bundle = self.bundle.as_ref().expect("just installed");
        let _adopted = self.state.learn_time(bundle, &clock.reading());
        Arrival::Taken
    }

    fn list(&mut self, token: &str) -> Arrival {
        match self.bundle.as_mut().expect("a bundle").ingest_list(token.as_bytes()) {
            Ok(Ingested::Newest) => Arrival::Taken,
            Ok(Ingested::Known | Ingested::Disagrees) | Err(_) => Arrival::Refused,
        }
    }

    fn with_checkpoint<T>(&mut self, clock: Clock, act: impl FnOnce(&mut Checkpoint<'_>, &waypass_trust::time::Moment) -> T) -> T {
        let bundle = self.bundle.as_ref().expect("a bundle");
        let policy = RolePolicy::compile(bundle.policy()).expect("a policy");
        let gate = &self.case.gate;
        let gate = GateIdentity { id: gate.id.clone(), name: gate.name.clone(), site: gate.site.clone(), zone: gate.zone.clone() };
        let mut checkpoint = Checkpoint::new(gate, bundle, &policy, self.state.clone());
        let moment = checkpoint.observe(&clock.reading());
        let result = act(&mut checkpoint, &moment);
        let state = checkpoint.state().clone();
        self.state = state;
        result
    }

    fn ask(&mut self, clock: Clock, nonce: &str, query: &Value, code: Option<&AskedByCode>) {
        let query = Query::parse(query.to_string().as_bytes()).expect("a query");
        let nonce = Nonce::parse(nonce).expect("a nonce");
        let mut challenge =
            self.with_checkpoint(clock, |checkpoint, moment| checkpoint.ask(query, "case", moment, &mut make::Scripted::new(nonce)).0);
        assert_eq!(*challenge.nonce(), nonce, "the challenge draws its nonce first");
        if let Some(AskedByCode { content, key }) = code {
            let content = base64url::decode(content).expect("base64url");
            let asked = Request::open(&content).expect("a question");
            assert_eq!(asked.nonce, nonce, "the same question");
            let secret = RecipientSecret::from_bytes(base64url::decode_array(key).expect("a key"));
            let code = asked.code.expect("a code");
            assert_eq!(secret.recipient(), code.recipient, "its key");
            challenge = challenge.asked_by_code(code.digest, secret);
        }
        self.challenge = Some(challenge.to_bytes());
    }

    fn present(&mut self, clock: Clock, presentation: &[u8]) -> Expected {
        let challenge = Challenge::from_bytes(self.challenge.as_ref().expect("a question")).expect("our challenge");
        self.with_checkpoint(clock, |checkpoint, moment| {
            let (decision, commit) = checkpoint.step(presentation, challenge, moment, &mut crate::world::TestRng::new("unasked"));
            checkpoint.committed(commit);
            let verdict: Value = serde_json::from_str(&json::to_string(&json::Value::Object(decision.to_json()))).expect("JSON");
            assert!(fits(waypass_schemas::VERDICT_SCHEMA, &verdict), "not waypass.verdict/1: {verdict}");
            let reasons = decision.reasons.iter().map(|reason| reason.code.as_str().to_owned()).collect();
            Expected { level: decision.level().as_str().to_owned(), reasons }
        })
    }
}

fn fits(schema: &str, document: &Value) -> bool {
    let schema = serde_json::from_str(schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a valid schema").is_valid(document)
}

/// The nonce as a case writes it.
fn nonce_text(nonce: [u8; 16]) -> String {
    base64url::encode(&nonce)
}
