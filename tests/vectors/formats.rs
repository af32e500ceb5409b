//! The wire formats as `schemas` writes them down: every file reads, and what the program writes is what it says, to the member.

use crate::cddl::{Cddl, Data};
use crate::world::{DAY, TestKey, TestRng, World, at};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use waypass_credential::base64url;
use waypass_credential::json::Object;
use waypass_credential::key::Signer as _;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Query, Request, SignedCode};
use waypass_credential::role::{RoleClaims, StatusReference};
use waypass_credential::sealed::seal;
use waypass_credential::{Binding, ClaimPath, Format, Nonce};
use waypass_issuer::Issuer;
use waypass_issuer::keys::{KeyRole, KeyUse, Keys};
use waypass_issuer::policy::PolicyDraft;
use waypass_issuer::sealed::Seal;
use waypass_issuer::settings::Settings;
use waypass_issuer::store::{MissingLog, SqliteStore};
use waypass_schemas as schemas;
use waypass_trust::audit::{Event, FlagAnswer, Flagged, Note, Receipt, Remark, Salts, Upload};
use waypass_trust::enrolment::Enrolment;
use waypass_trust::policy::RolePolicy;
use waypass_trust::sync::{AuditHeld, Manifest, Parcel};
use waypass_trust::time::Reading;
use waypass_verifier::{Checkpoint, DeviceState, GateIdentity};

fn cddl(text: &str) -> Cddl {
    Cddl::parse(text).expect("a CDDL file")
}

/// Every `.cddl` below `schemas` is in the table of `waypass-schemas` and reads.
#[test]
fn every_cddl_file_is_published_and_reads() {
    let published = [
        ("role/card.cddl", schemas::ROLE_CARD),
        ("role/sd-cwt.cddl", schemas::ROLE_SD_CWT),
        ("audit/leaf.cddl", schemas::AUDIT_LEAF),
        ("audit/log.cddl", schemas::AUDIT_LOG),
        ("request/code.cddl", schemas::REQUEST_CODE),
        ("request/request.cddl", schemas::REQUEST),
        ("status/token.cddl", schemas::STATUS_TOKEN),
        ("trust/bundle.cddl", schemas::TRUST_BUNDLE),
        ("trust/sync.cddl", schemas::TRUST_SYNC),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut there = BTreeSet::new();
    for room in fs::read_dir(&folder).expect("schemas").map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()) {
        for path in fs::read_dir(room).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.extension().is_some_and(|extension| extension == "cddl") {
                there.insert(path.strip_prefix(&folder).expect("inside").to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(there, published.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, text) in published {
        let rules = Cddl::parse(text).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(rules.names().count() >= 3, "{name}");
    }
}

/// `message` is what `rule` says; with a member more, or with one that is not in `optional` less, it is not.
fn exactly(file: &Cddl, rule: &str, message: &Value, optional: &[&str]) {
    let check = |value: &Value| file.check(rule, &Data::json(value));
    check(message).unwrap_or_else(|why| panic!("{rule}: {why}\n{message}"));
    let members = message.as_object().expect("an object");
    for name in members.keys() {
        let mut less = members.clone();
        less.remove(name);
        assert_eq!(check(&Value::Object(less)).is_ok(), optional.contains(&name.as_str()), "{rule} without {name}");
    }
    let mut more = members.clone();
    more.insert("surplus".into(), Value::Null);
    assert!(check(&Value::Object(more)).is_err(), "{rule} with a member more");
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// Header and payload of a compact JWS.
fn jws(text: &str) -> (Value, Value) {
    let mut parts = text.split('.').map(|part| parsed(&base64url::decode(part).unwrap_or_else(|_| b"null".to_vec())));
    (parts.next().expect("a header"), parts.next().expect("a payload"))
}

/// A bundle, its four parts under their signatures, and its lists.
fn bundle(bundle: &Value) {
    let (file, status) = (cddl(schemas::TRUST_BUNDLE), cddl(schemas::STATUS_TOKEN));
    exactly(&file, "bundle", bundle, &["learned", "contexts"]);
    let inside = |text: &Value| parsed(&base64url::decode(text.as_str().expect("text")).expect("base64url"));
    let roots = bundle["root"].as_array().expect("roots").iter().map(|root| ("root", root));
    for (part, envelope) in roots.chain(["timestamp", "snapshot", "targets"].map(|part| (part, &bundle[part]))) {
        exactly(&file, part, &inside(&envelope["payload"]), &["contexts"]);
        for signature in envelope["signatures"].as_array().expect("signatures") {
            exactly(&file, "protected", &inside(&signature["protected"]), &[]);
        }
    }
    for token in bundle["lists"].as_array().expect("lists").iter().filter_map(Value::as_str).filter(|text| !text.starts_with('{')) {
        let (header, payload) = jws(token);
        if header["typ"] == "statuslist+jwt" {
            exactly(&status, "header", &header, &[]);
            status.check("payload", &Data::json(&payload)).expect("the payload of a list");
        }
    }
}

#[test]
fn published_bundles_and_queries_are_as_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/waypass");
    let request = cddl(schemas::REQUEST);
    let (mut bundles, mut queries) = (0, 0);
    for path in fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_none_or(|extension| extension != "json") || path.ends_with("case-1.schema.json") {
            continue;
        }
        for step in parsed(&fs::read(&path).expect("a case"))["steps"].as_array().expect("steps") {
            if step["do"] == "install" && step["expect"] == "taken" {
                bundle(&step["bundle"]);
                bundles += 1;
            }
            if step["do"] == "ask" {
                exactly(&request, "query", &step["query"], &["credential_sets"]);
                queries += 1;
            }
        }
    }
    assert!(bundles > 40 && queries > 40, "{bundles} bundles, {queries} queries");
}

/// A gate may ask for every format there is.
#[test]
fn a_question_for_any_format_is_as_written_down() {
    let request = cddl(schemas::REQUEST);
    for format in Format::ALL {
        let query = Query::for_role(&[format], &["nurse"], &[] as &[ClaimPath]).expect("a query");
        exactly(&request, "query", &json!(query), &["credential_sets"]);
    }
}

/// The credential in its fullest form and its barest, and answers that show all, something and nothing.
#[test]
fn a_role_in_an_sd_cwt_is_as_written_down() {
    let (world, rules) = (World::default(), cddl(schemas::ROLE_SD_CWT));
    let data = |bytes: &[u8]| Data::cbor(bytes).expect("CBOR");
    let bindings = [Binding::challenge(&Nonce([9; 16]), "did:key:zGate"), Binding::Question { digest: [9; 32], audience: "did:key:zGate" }];
    for (issuer, holder) in [(&world.issuer, &world.holder), (&world.issuer_p256, &world.holder_p256)] {
        let full = World::nurse(issuer, holder, Format::SdCwt);
        let named = RoleClaims { issuer: "did:web:clinic.example".into(), kind: "https://clinic.example/badge".into(), ..full.clone() };
        let bare = RoleClaims { status: Vec::new(), personal: Object::new(), roles: Vec::new(), zones: Vec::new(), ..full.clone() };
        let earlier = RoleClaims { valid_from: full.issued_at.plus(-60), ..full.clone() };
        for claims in [full, named, bare, earlier] {
            let credential = World::issue(&claims, issuer, Format::SdCwt, "formats");
            rules.check("credential", &data(credential.as_bytes())).expect("as written down");
            let all = credential.disclosable().expect("ours");
            for (shown, binding) in [&all[..], &all[..all.len().min(1)], &[]].into_iter().zip(bindings.iter().cycle()) {
                let answer = credential.present(shown, binding, at(1), holder, &mut TestRng::new("formats")).expect("presents");
                rules.check("answer", &data(answer.as_bytes())).expect("as written down");
                assert!(rules.check("credential", &data(answer.as_bytes())).is_err());
            }
        }
    }
}

/// A card with all that it can say, and one with the least.
#[test]
fn a_card_is_as_written_down() {
    let (world, rules) = (World::default(), cddl(schemas::ROLE_CARD));
    for issuer in [&world.issuer, &world.issuer_p256] {
        let personal = Object::new().with("card", "0123456789ab").with("name", "Ada Byron");
        let kind = waypass_credential::role::CARD.into();
        let least = RoleClaims { holder: None, kind, personal, zones: Vec::new(), ..World::nurse(issuer, &world.holder, Format::SdCwt) };
        let most = RoleClaims {
            issuer: "did:web:clinic.example".into(),
            zones: vec!["*".into()],
            valid_from: least.issued_at.plus(-60),
            personal: least.personal.clone().with("document_ending", "T478"),
            ..least.clone()
        };
        for claims in [least, most] {
            let card = World::issue(&claims, issuer, Format::Card, "formats");
            rules.check("card", &Data::cbor(card.as_bytes()).expect("CBOR")).expect("as written down");
        }
        let other = World::issue(&World::nurse(issuer, &world.holder, Format::SdCwt), issuer, Format::SdCwt, "formats");
        assert!(rules.check("card", &Data::cbor(other.as_bytes()).expect("CBOR")).is_err());
    }
}

/// A gate's question about roles is one code, and so is an answer in an SD-CWT: three roles that can be withheld, of which two are
/// shown. What is personal is sealed besides.
#[test]
fn question_and_answer_about_roles_are_one_code_each() {
    let (world, rules) = (World::default(), cddl(schemas::REQUEST_CODE));
    let claims = RoleClaims {
        roles: ["nurse", "staff", "visitor"].map(Into::into).to_vec(),
        sites: vec!["clinic-north".into()],
        zones: vec!["*".into()],
        status: vec![StatusReference::token("https://clinic.example/lists/12", 123_456)],
        personal: Object::new(),
        ..World::nurse(&world.issuer, &world.holder, Format::SdCwt)
    };
    let credential = World::issue(&claims, &world.issuer, Format::SdCwt, "formats");
    let formats = [Format::SdCwt, Format::SdJwtVc, Format::DataIntegrity];
    let query = Query::for_role(&formats, &["nurse", "staff"], &[] as &[ClaimPath]).expect("a query");
    let request = Request {
        client_id: world.gate.did(),
        nonce: Nonce([9; 16]),
        issued_at: at(0),
        expires_at: at(60),
        purpose: "Entry".into(),
        query,
        code: None,
    };
    let secret = RecipientSecret::random(&mut TestRng::new("formats"));
    let SignedCode { bytes, code } = request.sign_code(secret.recipient(), &world.gate).expect("signed");
    rules.check("question", &Data::cbor(&bytes).expect("CBOR")).expect("as written down");
    let one_code = |payload: &[u8], most: usize| {
        let codes = waypass_qr::frames(payload, waypass_qr::FrameSize::Scan).expect("codes");
        let characters: Vec<usize> = codes.iter().map(|code| code.text().len()).collect();
        println!("{} bytes, {characters:?} characters", payload.len());
        assert!(matches!(characters.as_slice(), [one] if *one <= most), "{} bytes, {characters:?}", payload.len());
    };
    one_code(&bytes, 600);

    let asked = Request::open(&bytes).expect("a question");
    let said = credential.untrusted().expect("ours");
    let wanted = asked.query.first_match(said.claims, Format::SdCwt, &said.role.kind).expect("fits");
    assert_eq!(wanted.paths.len(), 2);
    let answer = credential.present(&wanted.paths, &asked.binding(), at(1), &world.holder, &mut TestRng::new("formats")).expect("presents");
    one_code(answer.as_bytes(), 800);
    let sealed = seal(answer.as_bytes(), &code.recipient, &code.digest, &mut TestRng::new("sealed")).expect("sealed");
    rules.check("sealed", &Data::cbor(&sealed).expect("CBOR")).expect("as written down");
    assert!(rules.check("question", &Data::cbor(&sealed).expect("CBOR")).is_err());
    assert!(rules.check("sealed", &Data::cbor(&bytes).expect("CBOR")).is_err());
}

/// A gate's question, records and log, and the office's receipt.
#[test]
fn what_a_gate_writes_is_as_written_down() {
    let world = World::default();
    let believed = world.first_bundle();
    let policy = RolePolicy::compile(believed.policy()).expect("the rules");
    let gate = GateIdentity { id: world.gate.did(), name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() };
    let state = DeviceState::new(&gate.id);
    let mut checkpoint = Checkpoint::new(gate, &believed, &policy, state);
    let now = checkpoint.observe(&Reading { wall: at(60), boottime_ms: 60_000, boot_id: [1; 16] });
    let mut rng = TestRng::new("formats");

    let log = cddl(schemas::AUDIT_LOG);
    let leaves = cddl(schemas::AUDIT_LEAF);
    let mut entries = Vec::new();
    let credential = World::issue(&World::nurse(&world.issuer, &world.holder, Format::SdJwtVc), &world.issuer, Format::SdJwtVc, "formats");
    for answers in [true, false] {
        let (challenge, request) = checkpoint.ask(World::query(), "Entry", &now, &mut rng);
        let (header, payload) = jws(&request.sign(&world.gate).expect("signed"));
        assert_eq!(header["typ"], "waypass-request+jwt");
        exactly(&cddl(schemas::REQUEST), "request", &payload, &[]);
        let said = credential.untrusted().expect("ours");
        let wanted = request.query.first_match(said.claims, credential.format(), &said.role.kind).expect("fits");
        let answer =
            credential.present(&wanted.paths, &request.binding(), at(60), &world.holder, &mut TestRng::new("presented")).expect("presents");
        let (decision, commit) = checkpoint.step(if answers { answer.as_bytes() } else { b"noise" }, challenge, &now, &mut rng);
        assert_eq!(decision.opens(&[]), answers);
        let leaf = Data::cbor(commit.entry().leaf_bytes()).expect("CBOR");
        leaves.check("leaf", &leaf).expect("a record");
        let Data::Map(mut pairs) = leaf else { panic!("a map") };
        pairs.pop();
        assert!(leaves.check("leaf", &Data::Map(pairs)).is_err(), "a record without its last member");
        entries.push(commit.entry().clone());
        checkpoint.committed(commit);
    }

    // A person's remark about the first of them.
    let mut chain = checkpoint.state().chain.clone();
    let note = Note::new("Bea", Some("Carl"), None).expect("a note");
    let remark = Remark { at: &now, event: Event::Confirmed, about: 0, subject: "Ada", note, bundle_version: 1 };
    let said = chain.append_about(remark, Salts::random(&mut rng));
    let leaf = Data::cbor(said.leaf_bytes()).expect("CBOR");
    leaves.check("leaf", &leaf).expect("a record about another");
    assert!(leaves.check("leaf-1", &leaf).is_err());
    let Data::Array(stored) = Data::cbor(&said.to_bytes()).expect("CBOR") else { panic!("an array") };
    let Data::Array(opening) = &stored[2] else { panic!("an opening") };
    leaves.check("note", &opening[1]).expect("a note");
    entries.push(said);

    let flagged = vec![Flagged { seq: 0, uri: "https://clinic.example/lists/1".into(), idx: 7, admitted_at: at(60).unix() }];
    let upload = Upload::sign(&entries, &chain, at(61), flagged, &world.gate).expect("signed");
    exactly(&log, "head", &jws(upload.head()).1, &[]);
    let upload = upload.to_bytes();
    exactly(&log, "upload", &parsed(&upload), &[]);
    exactly(&log, "flag", &parsed(&upload)["flagged"][0], &[]);
    let answer = |revoked_at| FlagAnswer { seq: 0, revoked_at, already_revoked: false };
    let receipt = Receipt { chain, stored_at: at(62), flagged: vec![answer(None), answer(Some(5))] };
    let receipt = receipt.sign(&world.intake.key_id(), &world.intake).expect("signed");
    exactly(&log, "receipt", &jws(&receipt).1, &[]);

    let sync = cddl(schemas::TRUST_SYNC);
    let manifest = Manifest::of(Some(&believed), AuditHeld { size: 2, receipted: 1 }).to_bytes();
    exactly(&sync, "manifest", &parsed(&manifest), &[]);
    let parcel = Parcel { bundle: Some(believed.to_bytes()), uploads: vec![upload], receipts: vec![receipt] };
    exactly(&sync, "parcel", &parsed(&parcel.to_bytes().expect("a parcel")), &["bundle", "uploads", "receipts"]);
    let enrolment =
        Enrolment { id: world.gate.did(), name: "North door".into(), site: "north".into(), zone: "ward".into(), issued_at: at(0) };
    exactly(&sync, "enrolment", &jws(&enrolment.sign(&world.gate).expect("signed")).1, &[]);
}

/// The files that an office and its officers write.
#[test]
fn what_an_office_writes_is_as_written_down() {
    let file = cddl(schemas::TRUST_BUNDLE);
    exactly(&file, "policy-file", &json!(PolicyDraft::initial().expect("the first rules")), &[]);

    let folder = tempfile::tempdir().expect("a folder");
    let store = Box::new(SqliteStore::open(&folder.path().join("db"), MissingLog::Accepted).expect("a store"));
    let keys = || KeyRole::ALL.into_iter().fold(Keys::new(), |keys, key_use| keys.with(key_use, TestKey::ed25519(key_use.as_str())));
    let mut issuer = Issuer::create(store, Seal::new(&[7; 32], None), Settings::new("Clinic", "https://clinic.example"), keys(), at(0))
        .expect("an issuer");
    let root = issuer.own_root_keys().expect("keys");
    let papers = [issuer.prepare_root(&root, at(0)).expect("a paper"), issuer.prepare_targets(at(0)).expect("a paper")];
    for paper in papers {
        exactly(&file, "paper", &parsed(&paper.to_bytes()), &[]);
    }
    let old = issuer.keys().expect("keys")[0].multikey.clone();
    let new = TestKey::ed25519("another");
    issuer.rotate_key(KeyUse::Credential, new.public_key(), at(DAY)).expect("rotated");
    let published = issuer.publish(at(DAY)).expect("published");
    bundle(&parsed(&published.bundle));
    let retired = published.opened().authorities()[0].keys.iter().find(|record| record.key.to_multikey() == old).expect("the old key");
    exactly(&file, "key-record", &json!(retired), &["issued_until"]);
}
