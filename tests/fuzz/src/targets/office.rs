//! Authorities, rules, roots, and documents over the VC API, which an office takes from others.

use super::text;
use crate::guard::{require, violation};
use crate::setting::setting;
use crate::world::{DAY, HOUR, TestKey, TestRng, at};
use std::hint::black_box;
use waypass_credential::json::{self, Value};
use waypass_issuer::policy::PolicyDraft;
use waypass_issuer::vc_api::{PROFILES, VcApi};
use waypass_issuer::{authorities, ceremony::Paper};
use waypass_trust::enrolment::Enrolment;
use waypass_trust::bundle::{BundleDraft, Envelope, Root, TrustBundle};
use waypass_trust::policy::{Ask, RolePolicy};

/// An entry is the same when it is written again, and targets that pass the office's check open at a gate.
pub(super) fn authority(data: &[u8]) {
    if let Some(text) = text(data) {
        black_box(Enrolment::open(text).is_ok());
    }
    let Ok(authority) = authorities::read(data) else { return };
    let written = serde_json::to_vec(&authority).expect("an entry is written");
    require(authorities::read(&written).is_ok_and(|again| again == authority), "an entry is another one when written again");
    let (setting, world) = (setting(), &setting().world);
    let mut targets = setting.bundle.targets().clone();
    targets.authorities.push(authority);
    if targets.check().is_err() {
        return;
    }
    let targets = Envelope::sign_part(&targets, &[&world.root]).expect("signed");
    let (lists, contexts, expires_at) = (vec![world.list(at(0), 30 * DAY, &[])], Vec::new(), at(30 * DAY));
    let draft = BundleDraft { root: vec![world.root_envelope()], targets, contexts, lists, version: 1, issued_at: at(0), expires_at };
    if let Ok(bundle) = draft.seal(&[&world.online], &[&world.online]) {
        require(TrustBundle::open(&bundle.to_bytes(), &world.pinned()).is_ok(), "a sealed bundle does not open");
    }
}

/// Rules of any text: compiled, asked, and compiled again by their digest.
pub(super) fn cedar(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(policy) = RolePolicy::compile_text(text, at(90 * DAY), None) else { return };
    require(RolePolicy::compile_text(text, at(90 * DAY), Some(policy.validation())).is_ok(), "validated once, refused after");
    let Ok(gate) = policy.at_gate("did:key:z", "clinic-north", "ward", None) else { return };
    let (sites, zones) = (["clinic-north".to_owned()], ["ward".to_owned()]);
    for roles in [vec!["nurse".to_owned()], vec!["nurse".to_owned(), "doctor".to_owned()], vec![String::new(), "\"\\\u{1}".to_owned()]] {
        let ask = Ask { roles: &roles, sites: &sites, zones: &zones, issuer: "did:key:x", at: at(HOUR) };
        let _ = black_box((gate.decide(&ask), gate.break_glass(&ask)));
    }
}

/// A policy file.
pub(super) fn policy(data: &[u8]) {
    if let Ok(draft) = PolicyDraft::parse(data) {
        black_box(draft.check().is_ok());
    }
}

/// A root is the same when it is written again. Papers to sign are read.
pub(super) fn root(data: &[u8]) {
    if let Ok(root) = Root::open(data) {
        require(
            Root::open(&root.to_bytes()).is_ok_and(|again| again.digest() == root.digest()),
            "a root is another one when written again",
        );
    }
    if let Ok(paper) = Paper::parse(data) {
        black_box(paper.read().is_ok());
    }
}

/// Verifies by the VC API what it issued. A first byte chooses the call.
pub(super) fn vc_api(data: &[u8]) {
    thread_local! {
        static API: VcApi = VcApi::new(
            vec![Box::new(TestKey::ed25519("api")), Box::new(TestKey::p256("api")), Box::new(TestKey::p384("api"))],
            "http://127.0.0.1:8240",
        );
    }
    let Some((call, body)) = data.split_first() else { return };
    API.with(|api| match call {
        b'0' => {
            for profile in PROFILES.iter().skip(data.len() % 3).step_by(3) {
                let Ok(issued) = api.issue(profile, body, at(HOUR), &mut TestRng::new("api")) else { continue };
                let issued = json::to_string(&Value::Object(issued));
                if let Err(why) = api.verify_credential(issued.as_bytes(), at(HOUR)) {
                    let why = why.to_json();
                    // Its time may be over, and its status in a list that nobody brought: both are issued as they were asked for.
                    if ["the credential is not valid at this time", "the status of the credential is not known here, and nothing is fetched"]
                        .iter()
                        .any(|title| why.text("title") == Some(*title))
                    {
                        continue;
                    }
                    let why = json::to_string(&Value::Object(why));
                    violation(&format!("issued as {} and not verified", profile.name), &format!("{why} {issued}"));
                }
            }
        }
        b'1' => drop(black_box(api.verify_credential(body, at(HOUR)))),
        b'2' => drop(black_box(api.verify_presentation(body, at(HOUR)))),
        _ => drop(black_box(api.set_status(body))),
    });
}
