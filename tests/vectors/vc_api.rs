//! The requests of the W3C suites to a VC API, and the answers of an implementation that passes them all.

use crate::suite::{Suite, run, text};
use std::fmt::Write as _;
use waypass_credential::key::Algorithm;
use waypass_credential::key::Signer;
use waypass_credential::time::Timestamp;
use waypass_issuer::vc_api::{PROFILES, Problem, VcApi};
use waypass_machine::SystemRng;
use waypass_vault::ephemeral_signer;

/// After the last of them was captured, on 2026-11-20.
const AT: i64 = 1_795_300_000;

#[test]
fn data_model_2_0() {
    captured("vc-api-captures-vcdm2", "vc-data-model-2.0.jsonl");
}

#[test]
fn ecdsa_suites() {
    captured("vc-api-captures-ecdsa", "vc-di-ecdsa.jsonl");
}

/// Sends every request of a file; each is named by its line.
fn captured(name: &str, file: &str) {
    let algorithms = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];
    let signers: Vec<Box<dyn Signer + Send + Sync>> =
        algorithms.map(|algorithm| Box::new(ephemeral_signer(algorithm, &mut SystemRng)) as Box<_>).into();
    let api = VcApi::new(signers, "https://issuer.example");
    run(name, "vc-api-captures", |suite| {
        let left_out = crate::suite::excluded(name);
        for (number, line) in suite.text(file).lines().enumerate() {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let label = format!("line-{}", number + 1);
            match ask(&api, &line) {
                // The suites drive selective disclosure too, which is not here.
                None => suite.exclude(format!("{} {}", text(&line["endpoint"]), line["profile"].as_str().unwrap_or("derived"))),
                Some(_) if left_out.contains(&label) => suite.exclude(label),
                Some(answer) => judge(suite, &label, &line, answer),
            }
        }
    });
}

fn judge(suite: &mut Suite, label: &str, line: &serde_json::Value, answer: Result<(), Problem>) {
    let mut what = format!("{label} {}", text(&line["endpoint"]));
    if let Err(why) = answer {
        write!(what, ": {why}").expect("text");
    }
    suite.equal(what, answer.is_ok(), text(&line["expect"]) == "accept");
}

/// `None` for what this implementation does not have.
fn ask(api: &VcApi, line: &serde_json::Value) -> Option<Result<(), Problem>> {
    let body = line["request"].to_string();
    let at = Timestamp::from_unix(AT).expect("a time");
    match text(&line["endpoint"]) {
        "/credentials/issue" => {
            let profile = PROFILES.iter().find(|profile| line["profile"] == profile.name)?;
            Some(api.issue(profile, body.as_bytes(), at, &mut SystemRng).map(drop))
        }
        "/credentials/verify" => Some(api.verify_credential(body.as_bytes(), at).map(drop)),
        "/presentations/verify" => Some(api.verify_presentation(body.as_bytes(), at).map(drop)),
        _ => None,
    }
}
