//! SD-CWT with key binding, questions by code and sealed answers, against the Python packages `cwt` and `pyhpke`.

use crate::program::{GREEN, RED, or_skipped};
use crate::site::{LIST, Site, now, python, site};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::MutexGuard;
use waypass_peers::python::Python;

/// The keys of the peer's issuer.
pub(crate) const ISSUERS: [&str; 2] = [
    "ed25519:cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111",
    "p256:cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111cafe1111",
];
/// The keys of the peer's holder.
const HOLDERS: [&str; 2] = [
    "ed25519:0dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed0",
    "p256:0dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed00dd5eed0",
];
/// Somebody else's.
const OTHER: &str = "ed25519:7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a";
/// The keys to which answers to the peer's own questions are sealed, and to which they are not.
const RECIPIENT: &str = "1337133713371337133713371337133713371337133713371337133713371337";
const NO_RECIPIENT: &str = "4242424242424242424242424242424242424242424242424242424242424242";
const OPTIONS: [&str; 2] = ["--format sd-cwt --algorithm ed25519", "--format sd-cwt --algorithm p256"];

/// The site and the peer.
struct Met {
    site: MutexGuard<'static, Site>,
    python: Python,
}

/// A gate's question, as the peer reads it: the nonce in hexadecimal digits.
#[derive(Clone)]
struct Asked {
    nonce: String,
    audience: String,
    /// The key to seal to, if it came as a code.
    recipient: String,
}

/// What was done, the verdict's reason, and how it is done.
type Case<'c> = (&'c str, &'c str, &'c dyn Fn(&Asked));

fn met(what: &str) -> Option<Met> {
    or_skipped(what, python()).map(|python| Met { site: site(), python })
}

impl Met {
    fn path(&self, name: &str) -> String {
        self.site.place.path(name)
    }

    fn did(&self, key: &str) -> String {
        self.python.run(&["did", key]).expect("a did:key")
    }

    /// The issuers that the peer believes: Clinic North by its bundle, and its own.
    fn believed(&self) -> String {
        let mut keys: Vec<String> = ISSUERS.iter().map(|key| self.did(key)).collect();
        let records = self.site.north_keys();
        let read = records.iter().filter(|record| record["alg"] != "ES384");
        keys.extend(read.map(|record| record["key"].as_str().expect("a Multikey").to_owned()));
        keys.join(",")
    }

    /// The peer issues for a nurse of Clinic South, into the file `credential`. Without a name the issuer is the key.
    fn issue(&self, issuer: &str, is_named: bool, holder: &str) {
        let mut claims = json!({
            "roles": ["doctor", "nurse"], "sites": ["north"], "zones": ["ward"], "iat": now() - 60, "exp": now() + 86_400,
            "status": { "idx": 6, "uri": LIST },
            "personal": { "given_name": "Grete", "family_name": "Hermann", "address": { "locality": "Bremen", "country": "DE" } },
        });
        if is_named {
            claims["iss"] = self.did(issuer).into();
        }
        self.site.place.write("cwt-claims.json", claims.to_string());
        let (from, to) = (self.path("cwt-claims.json"), self.path("credential"));
        self.python.run(&["issue", issuer, holder, &from, &to]).expect("the peer issues");
    }

    /// What a credential says.
    fn checked(&self, credential: &str) -> Result<Value, String> {
        self.python.run(&["check", &self.path(credential), &self.believed()]).map(|text| serde_json::from_str(&text).expect("JSON"))
    }

    /// The peer presents from the file `credential` into the file `presented`.
    fn present(&self, holder: &str, shown: &str, asked: &Asked) {
        let (from, to) = (self.path("credential"), self.path("presented"));
        self.python.run(&["present", holder, &from, shown, &asked.nonce, &asked.audience, &to]).expect("the peer presents");
    }

    /// What an answer says.
    fn verified(&self, answer: &str, asked: &Asked) -> Result<Value, String> {
        let run = self.python.run(&["verify", &self.path(answer), &self.believed(), &asked.nonce, &asked.audience]);
        run.map(|text| serde_json::from_str(&text).expect("JSON"))
    }

    /// The gate asks by file, in a JWS.
    fn by_file(&self) -> Asked {
        let question = self.site.challenge_for("--format sd-cwt");
        let nonce = URL_SAFE_NO_PAD.decode(question.nonce).expect("base64url");
        Asked { nonce: hex(&nonce), audience: question.audience, recipient: String::new() }
    }

    /// The gate asks by code. The picture is `code.png`, what it says is in `code`.
    fn by_code(&self, more: &str) -> Asked {
        let line = format!("verifier challenge --role nurse{more} --qr-png code.png --key-file gate.key");
        let gate = self.site.place.done("gate", &line).text("gate");
        self.site.place.done("gate", "qr decode code.png -o code");
        self.question("code", &gate).expect("the peer reads the question")
    }

    /// The peer checks that this gate signed the question in this file, and reads it.
    fn question(&self, code: &str, gate: &str) -> Result<Asked, String> {
        let asked: Value = serde_json::from_str(&self.python.run(&["question", &self.path(code)])?).expect("JSON");
        let text = |name: &str| asked[name].as_str().expect("a text").to_owned();
        assert_eq!(text("gate"), gate, "{asked}");
        assert!(asked["query"].to_string().contains(r#"[["roles",null],["nurse"]]"#), "{asked}");
        // The digest fixes the gate's name, so an answer leaves it out.
        Ok(Asked { nonce: text("digest"), audience: String::new(), recipient: text("recipient") })
    }

    /// The peer seals the file `presented` into the file `sealed`.
    fn seal(&self, recipient: &str, nonce: &str) {
        self.python.run(&["seal", &self.path("presented"), recipient, nonce, &self.path("sealed")]).expect("the peer seals");
    }

    /// The peer asks for a nurse's first name, as the gate that has this key. The question is in `own-question`.
    fn ask(&self, gate: &str) -> Asked {
        self.python.run(&["ask", gate, RECIPIENT, "nurse", "given_name", &self.path("own-question")]).expect("the peer asks");
        self.question("own-question", &self.did(gate)).expect("a question")
    }

    /// The peer opens a sealed answer into the file `opened`.
    fn open(&self, sealed: &str, recipient: &str, asked: &Asked) -> Result<(), String> {
        self.python.run(&["open", &self.path(sealed), recipient, &asked.nonce, &self.path("opened")]).map(drop)
    }

    fn tamper(&self, part: &str, from: &str, to: &str) {
        self.python.run(&["tamper", part, &self.path(from), &self.path(to)]).expect("tampers");
    }

    /// The last bit of a file turned: of a signed message in its signature, of a sealed one in its tag.
    fn turn_last_bit(&self, name: &str) {
        let mut bytes = self.site.place.read_bytes(name);
        *bytes.last_mut().expect("a byte") ^= 1;
        self.site.place.write(name, bytes);
    }

    fn opens(&self, answer: &str) -> Value {
        let verdict = self.site.verdict_of(answer);
        assert_eq!(verdict.code, GREEN, "{:?}", verdict.json);
        verdict.json
    }

    fn stays_outside(&self, answer: &str, code: &str, what: &str) {
        let verdict = self.site.verdict_of(answer);
        assert_eq!(verdict.code, RED, "{what}: {:?}", verdict.json);
        assert!(verdict.reasons().iter().any(|reason| reason == code), "{what}: {:?}", verdict.reasons());
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn refused(result: Result<Value, String>, why: &str) {
    assert_eq!(result.expect_err("refused"), why);
}

#[test]
fn what_waypass_issues_the_peer_verifies_holds_and_presents() {
    let Some(met) = met("SD-CWT from Waypass through the peer") else { return };
    for options in OPTIONS {
        for holder in HOLDERS {
            met.site.issue_to(&met.did(holder), options, "credential");
            let claims = met.checked("credential").expect("the peer verifies");
            assert_eq!((&claims["roles"], &claims["staff_id"]), (&json!(["nurse"]), &json!("N-4711")), "every disclosure");
            for (part, why) in [
                ("digest", "not signed by the issuer"),
                ("signature", "not signed by the issuer"),
                ("disclosures", "a disclosure without a place"),
            ] {
                met.tamper(part, "credential", "cwt-tampered");
                refused(met.checked("cwt-tampered"), why);
            }
            for asked in [met.by_file(), met.by_code("")] {
                met.present(holder, "nurse", &asked);
                let verdict = met.opens("presented");
                assert!(!verdict.to_string().contains("Byron"), "only what was shown: {verdict}");
            }
        }
    }
}

#[test]
fn what_waypass_presents_the_peer_verifies() {
    let Some(met) = met("SD-CWT from the Waypass wallet to the peer") else { return };
    for (options, holder) in OPTIONS.into_iter().zip([&met.site.wallet, &met.site.wallet_p256]) {
        met.site.issue_to(holder, options, "cwt-held");
        let held = met.site.hold("cwt-held");
        assert_eq!(held.code, GREEN, "{}", held.stderr);
        for is_code in [false, true] {
            let asked = if is_code { met.by_code("") } else { met.by_file() };
            met.site.show_to(if is_code { "--request code.png" } else { "--request request" }, &held.text("id"));
            let claims = met.verified("shown", &asked).expect("the peer verifies");
            assert_eq!((&claims["roles"], &claims["given_name"]), (&json!(["nurse"]), &Value::Null), "and sees what was shown");
            let other = "00".repeat(asked.nonce.len() / 2);
            refused(met.verified("shown", &Asked { nonce: other, ..asked.clone() }), "another nonce");
            refused(met.verified("shown", &Asked { audience: met.did(OTHER), ..asked.clone() }), "another audience");
            met.opens("shown");
            met.turn_last_bit("shown");
            refused(met.verified("shown", &asked), "not signed by the holder");
        }
    }
}

#[test]
fn what_the_peer_issues_and_presents_opens_the_gate() {
    let Some(met) = met("SD-CWT from the peer to Waypass") else { return };
    for (issuer, is_named) in ISSUERS.into_iter().zip([true, false]) {
        for holder in HOLDERS {
            met.issue(issuer, is_named, &met.did(holder));
            for asked in [met.by_file(), met.by_code("")] {
                // The nurse, and of the rest one part of the address: a disclosure within a disclosure.
                met.present(holder, "nurse,address,locality", &asked);
                let verdict = met.opens("presented");
                assert!(verdict.to_string().contains("Clinic South"), "{verdict}");
                assert!(!verdict.to_string().contains("Hermann"), "only what was shown: {verdict}");
            }
        }
    }
}

#[test]
fn the_wallet_holds_and_presents_what_the_peer_issued() {
    let Some(met) = met("SD-CWT from the peer to the Waypass wallet") else { return };
    for (issuer, is_named, holder) in [(ISSUERS[0], false, &met.site.wallet), (ISSUERS[1], true, &met.site.wallet_p256)] {
        met.issue(issuer, is_named, holder);
        let held = met.site.hold("credential");
        assert_eq!((held.code, held.text("issuer")), (GREEN, "Clinic South".to_owned()), "{}", held.stderr);
        let asked = met.by_code("");
        met.site.show_to("--request code.png", &held.text("id"));
        let claims = met.verified("shown", &asked).expect("the peer verifies its own credential in Waypass's answer");
        assert_eq!((&claims["roles"], &claims["address"]), (&json!(["nurse"]), &Value::Null));
        met.opens("shown");

        for part in ["digest", "disclosures", "signature"] {
            met.tamper(part, "credential", "cwt-tampered");
            assert_eq!(met.site.hold("cwt-tampered").code, RED, "{part}: and takes nothing in that was tampered with");
        }
    }
}

#[test]
fn what_the_peer_seals_the_gate_opens_unless_it_was_sealed_to_another() {
    let Some(met) = met("sealed answers from the peer to Waypass") else { return };
    for (issuer, holder) in ISSUERS.into_iter().zip(HOLDERS) {
        met.issue(issuer, false, &met.did(holder));
        let asked = met.by_code(" --claim given_name");
        met.present(holder, "nurse,given_name", &asked);
        met.seal(&asked.recipient, &asked.nonce);
        let verdict = met.opens("sealed");
        assert!(verdict.to_string().contains("Grete"), "{verdict}");
    }
    let seal = |asked: &Asked, recipient: &str, nonce: &str| {
        met.present(HOLDERS[1], "nurse,given_name", asked);
        met.seal(recipient, nonce);
    };
    let asked = met.by_code(" --claim given_name");
    let earlier = "ab".repeat(32);
    // What does not open uses up no question: all of these are for the same one.
    seal(&asked, &met.ask(OTHER).recipient, &asked.nonce);
    met.stays_outside("sealed", "nonce_mismatch", "to another key");
    seal(&asked, &asked.recipient, &earlier);
    met.stays_outside("sealed", "nonce_mismatch", "for another question");
    seal(&asked, &asked.recipient, &asked.nonce);
    met.turn_last_bit("sealed");
    met.stays_outside("sealed", "nonce_mismatch", "damaged");
    seal(&asked, &asked.recipient, &asked.nonce);
    met.opens("sealed");
}

#[test]
fn what_waypass_seals_the_peer_opens_if_it_asked() {
    let Some(met) = met("sealed answers from the Waypass wallet to the peer") else { return };
    met.site.issue_to(&met.site.wallet, OPTIONS[0], "cwt-held");
    let held = met.site.hold("cwt-held");
    for gate in [OTHER, HOLDERS[1]] {
        let asked = met.ask(gate);
        met.site.show_to("--request own-question --to-unknown", &held.text("id"));
        met.open("shown", RECIPIENT, &asked).expect("the peer opens");
        let claims = met.verified("opened", &asked).expect("the peer verifies");
        assert_eq!((&claims["roles"], &claims["given_name"], &claims["family_name"]), (&json!(["nurse"]), &json!("Ada"), &Value::Null));

        assert!(!met.site.place.read_bytes("shown").windows(3).any(|part| part == b"Ada"), "nobody else reads it");
        let not_opened = "not sealed to this key and this question";
        assert_eq!(met.open("shown", NO_RECIPIENT, &asked), Err(not_opened.to_owned()));
        let alike = format!("{}{}", &asked.nonce[..16], "00".repeat(24));
        assert_eq!(met.open("shown", RECIPIENT, &Asked { nonce: alike, ..asked.clone() }), Err(not_opened.to_owned()));
        let later = met.ask(gate);
        assert_eq!(met.open("shown", RECIPIENT, &later), Err("names another question".to_owned()));
        refused(met.verified("opened", &later), "another nonce");
        // Another gate shows on what it opened: the answer is not one to its question.
        met.by_code("");
        met.stays_outside("opened", "nonce_mismatch", "answered to the peer");
        met.turn_last_bit("shown");
        assert_eq!(met.open("shown", RECIPIENT, &asked), Err(not_opened.to_owned()));
    }
}

#[test]
fn what_was_tampered_with_stays_outside() {
    let Some(met) = met("SD-CWT that was tampered with") else { return };
    let present = |holder: &str, asked: &Asked| met.present(holder, "nurse,given_name", asked);
    let tampered = |part: &str, asked: &Asked| {
        met.tamper(part, "credential", "credential");
        present(HOLDERS[1], asked);
    };
    let cases: [Case<'_>; 8] = [
        ("digest", "bad_signature", &|asked| tampered("digest", asked)),
        ("signature of the issuer", "bad_signature", &|asked| tampered("signature", asked)),
        ("disclosures", "malformed", &|asked| tampered("disclosures", asked)),
        ("signature of the holder", "holder_binding_failed", &|asked| {
            present(HOLDERS[1], asked);
            met.turn_last_bit("presented");
        }),
        ("another holder", "holder_binding_failed", &|asked| present(OTHER, asked)),
        ("another nonce", "nonce_mismatch", &|asked| {
            let nonce = "00".repeat(asked.nonce.len() / 2);
            present(HOLDERS[1], &Asked { nonce, ..asked.clone() });
        }),
        ("another gate", "wrong_audience", &|asked| {
            present(HOLDERS[1], &Asked { audience: met.did(OTHER), ..asked.clone() });
        }),
        ("an unknown issuer", "untrusted_issuer", &|asked| {
            met.issue(OTHER, false, &met.did(HOLDERS[1]));
            present(HOLDERS[1], asked);
        }),
    ];
    for is_code in [false, true] {
        for (what, code, make) in &cases {
            met.issue(ISSUERS[1], false, &met.did(HOLDERS[1]));
            make(&if is_code { met.by_code("") } else { met.by_file() });
            met.stays_outside("presented", code, what);
        }
        met.issue(ISSUERS[1], false, &met.did(HOLDERS[1]));
        present(HOLDERS[1], &if is_code { met.by_code("") } else { met.by_file() });
        met.opens("presented");
    }
}

#[test]
fn a_question_that_was_tampered_with_is_no_question() {
    let Some(met) = met("questions by code, tampered with") else { return };
    met.by_code("");
    met.turn_last_bit("code");
    assert_eq!(met.question("code", "").err().as_deref(), Some("not signed by the gate"));
    met.ask(OTHER);
    met.turn_last_bit("own-question");
    let shown = met.site.place.run("wallet", "wallet present --request own-question --to-unknown --yes -o shown --secret-file pass");
    assert_ne!(shown.code, GREEN, "nor to the wallet: {:?}", shown.json);
}
