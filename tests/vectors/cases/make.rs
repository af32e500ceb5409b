//! Makes the published cases from the deterministic world.

use super::{Arrival, Case, Clock, Expected, GateJson, Step, nonce_text};
use crate::world::{DAY, HOUR, LIST, START, TestKey, TestRng, World, at};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use waypass_credential::json;
use waypass_credential::request::{Query, Request};
use waypass_credential::role::{RoleClaims, StatusReference};
use waypass_credential::{ClaimPath, Nonce};
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{Digest, KeyState, StaleAction, TargetsPart, TrustBundle};

mod cards;
mod codes;
mod contexts;
mod documents;
mod proofs;
mod web;

/// Gives the nonce a case names, then counts.
pub(crate) struct Scripted {
    nonce: Option<Nonce>,
    rest: TestRng,
}

impl Scripted {
    pub(crate) fn new(nonce: Nonce) -> Self {
        Self { nonce: Some(nonce), rest: TestRng::new("case salts") }
    }
}

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rest.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rest.try_next_u64()
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        match self.nonce.take() {
            Some(nonce) => out.copy_from_slice(&nonce.0),
            None => self.rest.try_fill_bytes(out)?,
        }
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

/// Enrols the gate for so many days, so that its own end is not what is decided by.
fn enrol_for(targets: &mut TargetsPart, days: i64) {
    for gate in &mut targets.gates {
        gate.not_after = targets.issued_at.plus(days * DAY);
    }
}

/// Writes one case step by step.
struct Maker {
    world: World,
    name: &'static str,
    says: &'static str,
    steps: Vec<Step>,
    nonces: u8,
    /// The nonce last asked with.
    asked: Nonce,
    /// The time of the next step, in seconds after [`START`].
    now: i64,
    /// By how much the wall clock is wrong.
    wrong_by: i64,
}

impl Maker {
    fn new(name: &'static str, says: &'static str) -> Self {
        Self { world: World::default(), name, says, steps: Vec::new(), nonces: 0, asked: Nonce([0; 16]), now: 10, wrong_by: 0 }
    }

    fn clock(&self) -> Clock {
        // The machine started a day before the world did and never restarted.
        let boottime_ms = u64::try_from((self.now + DAY) * 1000).expect("after the start");
        Clock { wall: START + self.now + self.wrong_by, boottime_ms, boot: 1 }
    }

    fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    fn install(mut self, bundle: &TrustBundle, expect: Arrival) -> Self {
        let bundle = serde_json::from_slice(&bundle.to_bytes()).expect("JSON");
        self.steps.push(Step::Install { clock: self.clock(), bundle, expect });
        self
    }

    fn first_bundle(self) -> Self {
        let bundle = self.world.first_bundle();
        self.install(&bundle, Arrival::Taken)
    }

    /// Version 2 of the bundle, made now, with `edit` applied to the targets and these entries in the list.
    fn second_bundle(self, set: &[(u64, u8)], edit: impl FnOnce(&mut TargetsPart, &World)) -> Self {
        let mut targets = self.world.targets(2, at(self.now));
        edit(&mut targets, &self.world);
        let bundle = self.world.bundle(2, &targets, vec![self.world.list(at(self.now), 30 * DAY, set)]);
        self.install(&bundle, Arrival::Taken)
    }

    fn list(mut self, issued: i64, lifetime: i64, set: &[(u64, u8)], expect: Arrival) -> Self {
        let token = self.world.list(at(issued), lifetime, set);
        self.steps.push(Step::List { clock: self.clock(), token, expect });
        self
    }

    fn ask_for(mut self, query: &Query) -> Self {
        self.nonces += 1;
        self.asked = Nonce([self.nonces; 16]);
        let query = serde_json::to_value(query).expect("JSON");
        self.steps.push(Step::Ask { clock: self.clock(), nonce: nonce_text(self.asked.0), query, code: None });
        self
    }

    fn ask(self) -> Self {
        self.ask_for(&World::query())
    }

    fn request(&self) -> Request {
        Request {
            client_id: self.world.gate.did(),
            nonce: self.asked,
            issued_at: at(self.now),
            expires_at: at(self.now + 60),
            purpose: "case".into(),
            query: World::query(),
            code: None,
        }
    }

    /// Makes the holder's answer to the last question.
    fn answer(&self, credential: &Credential, holder: &TestKey) -> String {
        self.answer_to(credential, holder, &self.request())
    }

    fn answer_to(&self, credential: &Credential, holder: &TestKey, request: &Request) -> String {
        let said = credential.untrusted().expect("our credential");
        let wanted = request.query.first_match(said.claims, credential.format(), &said.role.kind);
        // A holder without the wanted role shows the first one.
        let disclose = wanted.map_or_else(|| vec![ClaimPath::names(["roles"]).then(0)], |wanted| wanted.paths);
        let presentation =
            credential.present(&disclose, &request.binding(), at(self.now), holder, &mut TestRng::new("presented")).expect("presents");
        String::from_utf8(presentation.as_bytes().to_vec()).expect("text")
    }

    fn present(mut self, presentation: String, level: &str, reasons: &[&str]) -> Self {
        let expect = Expected { level: level.into(), reasons: reasons.iter().map(|&reason| reason.into()).collect() };
        self.steps.push(Step::Present { clock: self.clock(), presentation, encoding: None, expect });
        self
    }

    /// Asks, answers with the nurse's SD-JWT VC, and expects this.
    fn nurse(self, level: &str, reasons: &[&str]) -> Self {
        let credential = self.credential(|_| ());
        let maker = self.ask();
        let answer = maker.answer(&credential, &maker.world.holder);
        maker.present(answer, level, reasons)
    }

    fn credential(&self, edit: impl FnOnce(&mut RoleClaims)) -> Credential {
        self.credential_in(Format::SdJwtVc, edit)
    }

    fn credential_in(&self, format: Format, edit: impl FnOnce(&mut RoleClaims)) -> Credential {
        let mut claims = World::nurse(&self.world.issuer, &self.world.holder, format);
        edit(&mut claims);
        World::issue(&claims, &self.world.issuer, format, self.name)
    }

    /// Asks, answers with an edited credential of the right issuer, and expects this.
    fn with(self, edit: impl FnOnce(&mut RoleClaims), level: &str, reasons: &[&str]) -> Self {
        let credential = self.credential(edit);
        let maker = self.ask();
        let answer = maker.answer(&credential, &maker.world.holder);
        maker.present(answer, level, reasons)
    }

    fn done(self) -> Case {
        let gate = GateJson { id: self.world.gate.did(), name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() };
        let root = self.world.root_envelope().untrusted_payload().expect("our payload");
        Case {
            schema: "waypass.case/1".into(),
            name: self.name.into(),
            says: self.says.into(),
            gate,
            pinned_root_sha256: Digest::of(&root).to_string(),
            steps: self.steps,
        }
    }
}

/// Every published case.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = plain();
    cases.extend(status());
    cases.extend(age());
    cases.extend(issuers());
    cases.extend(holders());
    cases.extend(cards::cases());
    cases.extend(codes::cases());
    cases.extend(contexts::cases());
    cases.extend(documents::cases());
    cases.extend(proofs::cases());
    cases.extend(web::cases());
    cases
}

/// The case that should pass.
fn plain() -> Vec<Case> {
    let maker = Maker::new("admit-sd-jwt-vc", "A nurse at her own ward, everything fresh: admitted.").first_bundle();
    let sd_jwt = maker.nurse("green", &["ok"]).done();

    let maker = Maker::new("admit-data-integrity", "The same with a VCDM 2.0 credential under eddsa-jcs-2022.").first_bundle();
    let credential = maker.credential_in(Format::DataIntegrity, |_| ());
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder);
    let data_integrity = maker.present(answer, "green", &["ok"]).done();

    let maker = Maker::new("admit-es256", "The same with P-256 keys on both sides.").first_bundle();
    let claims = World::nurse(&maker.world.issuer_p256, &maker.world.holder_p256, Format::SdJwtVc);
    let credential = World::issue(&claims, &maker.world.issuer_p256, Format::SdJwtVc, maker.name);
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder_p256);
    vec![sd_jwt, data_integrity, maker.present(answer, "green", &["ok"]).done()]
}

/// Revoked, suspended, and what a newer list may and may not take back.
fn status() -> Vec<Case> {
    vec![
        Maker::new("revoked", "The entry is revoked in the newest list.")
            .first_bundle()
            .at(HOUR)
            .second_bundle(&[(7, 1)], |_, _| ())
            .nurse("red", &["revoked"])
            .done(),
        Maker::new("suspended-then-reinstated", "A suspension denies until a newer list lifts it.")
            .first_bundle()
            .at(HOUR)
            .list(HOUR, 30 * DAY, &[(7, 2)], Arrival::Taken)
            .nurse("red", &["suspended"])
            .at(2 * HOUR)
            .list(2 * HOUR, 30 * DAY, &[], Arrival::Taken)
            .nurse("green", &["ok"])
            .done(),
        Maker::new(
            "revocation-stays",
            "The bundle says that revocations in this list are final: a newer list without the bit does not lift it.",
        )
        .first_bundle()
        .at(HOUR)
        .list(HOUR, 30 * DAY, &[(7, 1)], Arrival::Taken)
        .at(2 * HOUR)
        .list(2 * HOUR, 30 * DAY, &[], Arrival::Taken)
        .nurse("red", &["revoked"])
        .done(),
        Maker::new("revoked-in-an-expired-list", "A revocation counts even when the list that says so has expired.")
            .first_bundle()
            .at(HOUR)
            .list(HOUR, DAY, &[(7, 1)], Arrival::Taken)
            .at(2 * DAY)
            .nurse("red", &["revoked"])
            .done(),
        Maker::new("list-rolled-back", "An older list does not take the place of a newer one.")
            .first_bundle()
            .at(2 * HOUR)
            .list(2 * HOUR, 30 * DAY, &[(7, 2)], Arrival::Taken)
            .list(HOUR, 30 * DAY, &[], Arrival::Refused)
            .nurse("red", &["suspended"])
            .done(),
        Maker::new("index-out-of-range", "The credential names an entry that the list does not have.")
            .first_bundle()
            .with(|claims| claims.status = vec![StatusReference::token(LIST, 5000)], "red", &["malformed"])
            .done(),
        Maker::new("list-unknown", "The credential names a list that the bundle does not allow its issuer.")
            .first_bundle()
            .with(
                |claims| claims.status = vec![StatusReference::token("https://elsewhere.example/1", 1)],
                "red",
                &["issuer_not_authorised"],
            )
            .done(),
    ]
}

/// How old evidence may be, and clocks that lie.
fn age() -> Vec<Case> {
    let rolled_back = Maker::new("bundle-rolled-back", "An older bundle is refused; the newer one stays in force.")
        .first_bundle()
        .at(HOUR)
        .second_bundle(&[(7, 1)], |_, _| ());
    let older = rolled_back.world.first_bundle();
    // Both have one list: only the versions tell them apart.
    let rights = Maker::new("rights-rolled-back", "The issuer lost the right to make nurses; an older bundle does not bring it back.");
    let mut fewer = rights.world.targets(2, at(HOUR));
    fewer.authorities[0].roles.retain(|role| role == "visitor");
    let fewer = rights.world.bundle(2, &fewer, vec![rights.world.list(at(0), 30 * DAY, &[])]);
    let rights = rights.first_bundle().at(HOUR).install(&fewer, Arrival::Taken).install(&older, Arrival::Refused);
    let mut clock_back =
        Maker::new("clock-set-back", "The wall clock jumps back while the machine runs: nothing that needs freshness is decided.")
            .first_bundle()
            .at(HOUR)
            .nurse("green", &["ok"])
            .at(2 * HOUR);
    clock_back.wrong_by = -DAY;
    vec![
        Maker::new("list-stale", "The list is four days old; staff need one of three: a second guard decides.")
            .first_bundle()
            .at(4 * DAY)
            .nurse("amber", &["stale_revocations", "stale_trust", "two_person"])
            .done(),
        Maker::new("list-stale-denied", "The list is two days old, and the site's rules let nobody act on one older than a day.")
            .second_bundle(&[], |targets, _| {
                for limit in &mut targets.policy.limits {
                    (limit.fresh_seconds, limit.stale_seconds, limit.stale) = (86_400, 7 * 86_400, StaleAction::Deny);
                }
            })
            .at(2 * DAY)
            .nurse("red", &["data_too_old"])
            .done(),
        Maker::new("list-too-old", "The list is eight days old, past what staff may use.")
            .second_bundle(&[], |targets, _| enrol_for(targets, 60))
            .at(8 * DAY)
            .nurse("red", &["data_too_old"])
            .done(),
        Maker::new("gate-ended", "The site ended this gate: it decides about nobody, and says so.")
            .second_bundle(&[], |targets, _| targets.gates.clear())
            .nurse("grey", &["gate_not_enrolled"])
            .done(),
        Maker::new("gate-lapsed", "The enrolment of this gate ended a day ago and no news came: only the emergency rule may act.")
            .second_bundle(&[], |targets, _| enrol_for(targets, 1))
            .at(2 * DAY)
            .nurse("grey", &["gate_not_enrolled"])
            .done(),
        Maker::new("list-expired", "The only list has expired: nobody knows.")
            .second_bundle(&[], |targets, _| enrol_for(targets, 60))
            .at(31 * DAY)
            .nurse("red", &["data_too_old", "status_unknown"])
            .done(),
        Maker::new(
            "old-bundle-is-taken",
            "A bundle whose timestamp has expired is still installed (an old USB stick at an offline gate); age decides later.",
        )
        .at(40 * DAY)
        .first_bundle()
        .done(),
        rolled_back.install(&older, Arrival::Refused).nurse("red", &["revoked"]).done(),
        rights.nurse("red", &["issuer_not_authorised"]).done(),
        clock_back.nurse("grey", &["clock_suspect", "status_unknown"]).done(),
        Maker::new("policy-expired", "The rules are past their date.")
            .first_bundle()
            .at(2 * HOUR)
            .second_bundle(&[], |targets, _| targets.policy.expires_at = at(2 * HOUR + 5))
            .at(3 * HOUR)
            .nurse("red", &["policy_expired"])
            .done(),
        Maker::new("expired", "The credential's time is over.")
            .first_bundle()
            .with(|claims| claims.valid_until = at(0), "red", &["expired"])
            .done(),
        Maker::new("not-yet-valid", "The credential's time has not begun.")
            .first_bundle()
            .with(|claims| claims.valid_from = at(DAY), "red", &["not_yet_valid"])
            .done(),
    ]
}

/// The issuers, and what each may say.
fn issuers() -> Vec<Case> {
    let unknown = Maker::new("untrusted-issuer", "A well-made credential of an issuer the bundle does not know.").first_bundle();
    let stranger = TestKey::ed25519("stranger");
    let claims = World::nurse(&stranger, &unknown.world.holder, Format::SdJwtVc);
    let credential = World::issue(&claims, &stranger, Format::SdJwtVc, unknown.name);
    let unknown = unknown.ask();
    let answer = unknown.answer(&credential, &unknown.world.holder);

    let edited = Maker::new("edited-role", "A disclosed role is changed from nurse to doctor.").first_bundle();
    let credential = edited.credential(|_| ());
    let edited = edited.ask();
    let changed = change_first_role(&edited.answer(&credential, &edited.world.holder), "doctor");

    let document = Maker::new("edited-document", "A role in a VCDM document is changed after signing.").first_bundle();
    let credential = document.credential_in(Format::DataIntegrity, |_| ());
    let document = document.ask();
    let changed_document = document.answer(&credential, &document.world.holder).replace("\"nurse\"", "\"doctor\"");

    vec![
        unknown.present(answer, "red", &["untrusted_issuer"]).done(),
        edited.present(changed, "red", &["malformed"]).done(),
        document.present(changed_document, "red", &["bad_signature"]).done(),
        Maker::new("role-not-authorised", "The issuer asserts a role its entry does not allow.")
            .first_bundle()
            .with(|claims| claims.roles = vec!["admin".into()], "red", &["issuer_not_authorised"])
            .done(),
        Maker::new("site-not-authorised", "The issuer speaks for another site.")
            .first_bundle()
            .with(|claims| claims.sites = vec!["port-south".into()], "red", &["issuer_not_authorised"])
            .done(),
        Maker::new("key-compromised", "The issuer's key was stolen: what it signed is not believed, whatever its date.")
            .first_bundle()
            .at(HOUR)
            .second_bundle(&[], |targets, _| targets.authorities[0].keys[0].state = KeyState::Compromised)
            .nurse("red", &["key_compromised"])
            .done(),
        Maker::new("key-retired", "A retired key's credentials stay good when dated before its last day.")
            .first_bundle()
            .at(HOUR)
            .second_bundle(&[], |targets, _| {
                let key = &mut targets.authorities[0].keys[0];
                (key.state, key.issued_until) = (KeyState::Retired, Some(at(0)));
            })
            .nurse("green", &["ok"])
            .done(),
    ]
}

/// Whose answer it is, to which question.
fn holders() -> Vec<Case> {
    let replay = Maker::new("replay", "The same answer is shown twice.").first_bundle();
    let credential = replay.credential(|_| ());
    let replay = replay.ask();
    let answer = replay.answer(&credential, &replay.world.holder);
    let again = answer.clone();

    let thief = Maker::new("another-wallet", "A copied credential is presented with another device's key.").first_bundle();
    let thief = thief.ask();
    let other = TestKey::ed25519("thief");
    let copied = thief.credential(|_| ());
    let bound_to_thief =
        thief.credential(|claims| claims.holder = Some(waypass_credential::key::Signer::public_key(&other).clone().into()));
    let graft = graft_key_binding(&thief.answer(&copied, &thief.world.holder), &thief.answer(&bound_to_thief, &other));

    let other_gate = Maker::new("wrong-audience", "The answer was made for another gate.").first_bundle().ask();
    let elsewhere = Request { client_id: TestKey::ed25519("other gate").did(), ..other_gate.request() };
    let meant_elsewhere = other_gate.answer_to(&other_gate.credential(|_| ()), &other_gate.world.holder, &elsewhere);

    let old_nonce = Maker::new("nonce-mismatch", "The answer belongs to an earlier question.").first_bundle().ask();
    let earlier = old_nonce.answer(&old_nonce.credential(|_| ()), &old_nonce.world.holder);

    let late = Maker::new("challenge-expired", "The answer comes after 61 seconds.").first_bundle().ask();
    let in_time = late.answer(&late.credential(|_| ()), &late.world.holder);
    let now = late.now;

    vec![
        replay.present(answer, "green", &["ok"]).present(again, "red", &["replayed"]).done(),
        thief.present(graft, "red", &["holder_binding_failed"]).done(),
        other_gate.present(meant_elsewhere, "red", &["wrong_audience"]).done(),
        old_nonce.ask().present(earlier, "red", &["nonce_mismatch"]).done(),
        late.at(now + 61).present(in_time, "red", &["challenge_expired"]).done(),
        Maker::new("wrong-role", "A visitor answers a question for a nurse.")
            .first_bundle()
            .with(|claims| claims.roles = vec!["visitor".into()], "red", &["role_missing", "two_person"])
            .done(),
        Maker::new("zone-not-granted", "A nurse of another ward: no rule admits her here.")
            .first_bundle()
            .with(|claims| claims.zones = vec!["laundry".into()], "red", &["policy_denied"])
            .done(),
        Maker::new("unreadable", "What is presented is no presentation.")
            .first_bundle()
            .ask()
            .present("not a credential".into(), "red", &["malformed"])
            .done(),
    ]
}

/// Replaces the value of the first array-element disclosure, which changes its digest.
fn change_first_role(presentation: &str, role: &str) -> String {
    let mut parts: Vec<String> = presentation.split('~').map(Into::into).collect();
    let disclosure = waypass_credential::base64url::decode(&parts[1]).expect("a disclosure");
    let value = json::parse(&disclosure, json::Limits::CREDENTIAL).expect("JSON");
    let salt = value.as_array().expect("an array")[0].as_str().expect("a salt");
    parts[1] = waypass_credential::base64url::encode(format!("[\"{salt}\",\"{role}\"]").as_bytes());
    parts.join("~")
}

/// The first presentation with the key binding of the second.
fn graft_key_binding(first: &str, second: &str) -> String {
    let (credential, _) = first.rsplit_once('~').expect("a key binding");
    let (_, binding) = second.rsplit_once('~').expect("a key binding");
    format!("{credential}~{binding}")
}
