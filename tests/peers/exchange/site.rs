//! One clinic with an issuer, a gate and a wallet, all Waypass, and another clinic whose issuer is the peer.

use crate::program::{Place, Ran};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use waypass_peers::key::{Key, Public};
use waypass_peers::python::Python;
use waypass_peers::{node, status};

pub(crate) const VCT: &str = "https://waypass.example/vct/role/1";
/// The peer's status list.
pub(crate) const LIST: &str = "https://south.example/status/south";
/// The seed of the peer's Data Integrity keys, one a curve.
pub(crate) const SEED: &str = "5c0ffee55c0ffee55c0ffee55c0ffee55c0ffee55c0ffee55c0ffee55c0ffee5";
/// The pass phrase of a wallet that goes with the folder it lies in.
const PASS: &str = "peer and peer alike\n";

/// Everybody who takes part.
pub(crate) struct Site {
    pub(crate) place: Place,
    /// The holder keys of the Waypass wallet.
    pub(crate) wallet: String,
    pub(crate) wallet_p256: String,
    /// The issuing keys of the peer, one an algorithm.
    pub(crate) south: [Key; 2],
    south_status: Key,
    revoked: Vec<usize>,
    listed_at: i64,
}

/// A gate's question, as the peer reads it.
pub(crate) struct Question {
    pub(crate) nonce: String,
    pub(crate) audience: String,
}

/// The one site of all tests, one test at a time: a gate's challenge is answered before the next is asked.
pub(crate) fn site() -> MutexGuard<'static, Site> {
    static SITE: OnceLock<Mutex<Site>> = OnceLock::new();
    SITE.get_or_init(|| Mutex::new(Site::new())).lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn now() -> i64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    seconds.try_into().expect("a time")
}

impl Site {
    fn new() -> Self {
        let place = Place::new();
        place.write("pass", PASS);
        place.done(
            "issuer",
            "issuer init --name Clinic-North --site north --role nurse --role doctor --key-file issuer.key --recovery-file r1",
        );
        place.done("gate", "verifier init --name Ward-door --site north --zone ward --key-file gate.key --recovery-file r2");
        place.done("gate", "verifier enroll -o enrolment --key-file gate.key");
        place.done("issuer", "issuer enroll enrolment --key-file issuer.key");
        let wallet = place.done("wallet", "wallet init --secret-file pass --recovery-file r3").text("did");
        let wallet_p256 = place.done("wallet", "wallet key --p256 --secret-file pass").text("did");

        let mut site = Self {
            place,
            wallet,
            wallet_p256,
            south: [Key::new(Algorithm::EdDSA), Key::new(Algorithm::ES256)],
            south_status: Key::new(Algorithm::ES256),
            revoked: Vec::new(),
            listed_at: now() - 60,
        };
        site.place.write("south.json", site.entry().to_string());
        site.list(&[]);
        site.place.done("issuer", "issuer authority add south.json --list south.jwt --yes --key-file issuer.key");
        let published = site.place.done("issuer", "issuer publish -o bundle --key-file issuer.key");
        let root = published.json["root"]["digest"].as_str().expect("a digest");
        for (home, open) in [("gate", "--key-file gate.key"), ("wallet", "--secret-file pass")] {
            site.place.done(home, &format!("trust pin bundle --digest {root} {open}"));
        }
        site
    }

    /// The description of the peer for Clinic North: the entry it puts into its bundle.
    fn entry(&self) -> Value {
        let keys: Vec<Public> = self.south.iter().map(|key| key.public().clone()).collect();
        let mut records: Vec<Value> = keys.iter().map(|key| record(key, "credential")).collect();
        // Without Node no Data Integrity is exchanged, without Python no SD-CWT, and the rest goes on.
        if node::ready().is_ok() {
            for suite in ["eddsa-jcs-2022", "ecdsa-jcs-2019"] {
                records.push(record(&Public::parse(&node::run(&["did", suite, SEED]).expect("a did:key")), "credential"));
            }
        }
        if let Ok(python) = python() {
            for key in crate::sd_cwt::ISSUERS {
                records.push(record(&Public::parse(&python.run(&["did", key]).expect("a did:key")), "credential"));
            }
        }
        records.push(record(self.south_status.public(), "status"));
        json!({
            "name": "Clinic South", "keys": records, "types": [VCT, "RoleCredential"], "roles": ["doctor", "nurse"], "sites": ["north"],
            "max_validity_seconds": 90 * 86_400,
            "status_uris": [{ "uri": LIST, "max_entries": status::ENTRIES, "bits": 2, "irrevocable": true }],
        })
    }

    /// The peer's list with these entries revoked too, newer than the last one.
    fn list(&mut self, revoked: &[usize]) {
        self.revoked.extend(revoked);
        self.listed_at += 1;
        self.place.write("south.jwt", status::token(LIST, self.listed_at, &self.revoked, &self.south_status));
    }

    /// The peer revokes; its list goes to the issuer, and from there to the gate.
    pub(crate) fn revoke_at_south(&mut self, index: usize) {
        self.list(&[index]);
        self.place.done("issuer", "issuer authority refresh south.jwt --key-file issuer.key");
        self.place.done("issuer", "issuer publish -o bundle --key-file issuer.key");
        self.place.done("gate", "trust bundle bundle --key-file gate.key");
    }

    /// Waypass issues a text for a nurse, into the file `to` as well.
    pub(crate) fn issue(&self, holder: &str, options: &str, to: &str) -> String {
        self.issue_to(holder, options, to);
        self.place.read(to)
    }

    /// Waypass issues for a nurse; the credential is in the file `to`.
    pub(crate) fn issue_to(&self, holder: &str, options: &str, to: &str) {
        self.place.write("claims.json", r#"{"given_name":"Ada","family_name":"Byron","staff_id":"N-4711"}"#);
        let who = format!("--holder {holder} --role nurse --site north --zone ward --claims claims.json");
        self.place.done("issuer", &format!("issuer issue {who} {options} -o {to} --key-file issuer.key"));
    }

    /// The gate asks for a nurse. The request is a JWS: the peer checks its signature with the key that `client_id` is.
    pub(crate) fn challenge(&self) -> Question {
        self.challenge_for("--format sd-jwt --format vc")
    }

    /// The gate asks for a nurse in these formats.
    pub(crate) fn challenge_for(&self, formats: &str) -> Question {
        self.place.done("gate", &format!("verifier challenge --role nurse {formats} -o request --key-file gate.key"));
        let request = self.place.read("request");
        let header = jsonwebtoken::decode_header(request.trim()).expect("a JOSE header");
        assert_eq!(header.typ.as_deref(), Some("waypass-request+jwt"));
        let gate = Public::parse(header.kid.as_deref().expect("a kid"));
        let validation = Validation::new(gate.algorithm());
        let request = jsonwebtoken::decode::<Value>(request.trim(), &gate.decoding(), &validation).expect("signed by the gate").claims;
        let text = |name: &str| request[name].as_str().expect("a text").to_owned();
        assert_eq!(text("client_id"), gate.did());
        Question { nonce: text("nonce"), audience: text("client_id") }
    }

    /// The gate decides about what was presented for its newest challenge.
    pub(crate) fn verdict(&self, presentation: &str) -> Ran {
        self.place.write("answer", presentation);
        self.verdict_of("answer")
    }

    /// The gate decides about the presentation in the file `from`.
    pub(crate) fn verdict_of(&self, from: &str) -> Ran {
        self.place.run("gate", &format!("verifier verify {from} --key-file gate.key"))
    }

    /// The Waypass wallet takes the credential in the file `from`; its id there.
    pub(crate) fn hold(&self, from: &str) -> Ran {
        self.place.run("wallet", &format!("wallet add {from} --secret-file pass"))
    }

    /// The Waypass wallet answers the newest challenge with the credential that has this id.
    pub(crate) fn show(&self, id: &str) -> String {
        self.show_to("--request request", id);
        self.place.read("shown")
    }

    /// The Waypass wallet answers a question that these options name, into the file `shown`.
    pub(crate) fn show_to(&self, question: &str, id: &str) {
        self.place.done("wallet", &format!("wallet present {question} --credential {id} --yes -o shown --secret-file pass"));
    }

    /// The key of Clinic North that `kid` names, from the bundle it published.
    pub(crate) fn north(&self, kid: &str) -> Public {
        let records = self.north_keys();
        let record = records.iter().find(|key| key["kid"] == kid).expect("a credential key");
        Public::parse(record["key"].as_str().expect("a Multikey"))
    }

    /// The records of the credential keys of Clinic North.
    pub(crate) fn north_keys(&self) -> Vec<Value> {
        let bundle: Value = serde_json::from_str(&self.place.read("bundle")).expect("JSON");
        let targets = URL_SAFE_NO_PAD.decode(bundle["targets"]["payload"].as_str().expect("a payload")).expect("base64url");
        let targets: Value = serde_json::from_slice(&targets).expect("JSON");
        let keys = targets["authorities"][0]["keys"].as_array().expect("keys");
        keys.iter().filter(|key| key["use"] == "credential").cloned().collect()
    }
}

/// The peer that is a Python program, its packages in the target folder.
pub(crate) fn python() -> Result<Python, String> {
    Python::ready(Path::new(env!("CARGO_TARGET_TMPDIR")))
}

fn record(key: &Public, key_use: &str) -> Value {
    json!({
        "kid": key.kid(), "issuer": key.did(), "key": key.multikey(), "alg": waypass_peers::sd_jwt::name(key.algorithm()), "use": key_use,
        "not_before": now() - 86_400, "not_after": now() + 365 * 86_400, "state": "active",
    })
}
