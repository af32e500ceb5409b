//! The examples run and end as they say: the field scenarios, and the W3C suite's command line.

use std::path::Path;
use std::process::Command;

/// Built by `cargo test` next to the program.
fn example(name: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_waypass")).with_file_name("examples").join(name);
    let output = Command::new(&program).output().unwrap_or_else(|why| panic!("{}: {why}", program.display()));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_clinic_learns_of_a_lost_badge_when_the_line_is_back() {
    let said = example("clinic");
    let verdicts: Vec<&str> = said.lines().filter_map(|line| line.split_once(": ")).map(|(verdict, _)| verdict).skip(1).collect();
    assert_eq!(verdicts, ["allow", "allow", "deny"], "{said}");
    // A role, a site and a zone; not the ten members that make it a credential.
    assert!(said.contains("shares 3 claim(s), keeps 2 private"), "{said}");
}

/// The verdicts a scenario printed, in order: who and what.
fn verdicts(said: &str) -> Vec<(&str, &str)> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(" at "));
    lines.filter_map(|(who, rest)| Some((who.trim(), rest.rsplit_once('(')?.1.strip_suffix(')')?))).collect()
}

#[test]
fn the_patrol_meets_an_old_list_a_doubted_clock_and_a_stick() {
    let said = example("patrol");
    let expected = [
        ("Ana", "caution: stale_revocations, two_person, stale_trust"),
        ("Ben", "allow: ok"),
        ("Cleo", "allow: ok"),
        ("Cleo", "caution: clock_suspect, escort"),
        ("Ana", "cannot_check: status_unknown, clock_suspect"),
        ("Ben", "deny: revoked"),
        ("Ana", "allow: ok"),
    ];
    assert_eq!(verdicts(&said), expected, "{said}");
    assert_eq!(said.matches("the permit was withdrawn already").count(), 2, "{said}");
}

#[test]
fn the_branch_says_what_it_may_until_its_key_is_stolen() {
    let said = example("branch_office");
    let expected = [
        ("Dora", "allow: ok"),
        ("Dora", "deny: policy_denied"),
        ("Emil", "deny: issuer_not_authorised, issuer_not_authorised"),
        ("Mal", "allow: ok"),
        ("Mal", "deny: key_compromised"),
        ("Dora", "deny: key_compromised"),
        ("Dora", "allow: ok"),
    ];
    assert_eq!(verdicts(&said), expected, "{said}");
}

/// The W3C suite's command line, over every feature: what it issues it verifies, and nothing altered, in another envelope or of
/// another kind.
#[test]
fn the_w3c_command_line_issues_and_verifies() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let file = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let write = |name: &str, text: &str| std::fs::write(file(name), text).expect("written");
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let encode = waypass_credential::base64url::encode;
    let jwk = serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(secret.verifying_key().as_bytes()) });
    let mut private = jwk.clone();
    private["d"] = encode(secret.as_bytes()).into();
    write("key", &serde_json::json!({ "id": "https://issuer.example/#1", "publicKeyJwk": jwk, "secretKeyJwk": private }).to_string());
    let context = "https://www.w3.org/ns/credentials/v2";
    let credential = serde_json::json!({
        "@context": [context], "type": ["VerifiableCredential"], "issuer": "https://issuer.example/",
        "credentialSubject": { "id": "did:example:1", "names": ["Ada", "Byron"] },
    });
    write("credential", &credential.to_string());
    let run = |verb: &str, input: &str, feature: &str, more: &[&str]| -> (String, String) {
        let (input, key, output) = (file(input), file("key"), file("output"));
        let mut args = vec![verb, "--input", &input, "--key", &key, "--feature", feature, "--output", &output];
        args.extend(more);
        let program = Path::new(env!("CARGO_BIN_EXE_waypass")).with_file_name("examples").join("vc_jose_cose");
        let ran = Command::new(&program).args(args).status().unwrap_or_else(|why| panic!("{}: {why}", program.display()));
        assert!(ran.success());
        let said: serde_json::Value = serde_json::from_slice(&std::fs::read(&output).expect("written")).expect("JSON");
        let text = |name: &str| said[name].as_str().expect("a text").to_owned();
        (text("result"), text("data"))
    };
    for material in ["jose", "sdjwt", "cose"] {
        let (credentials, presentations) = (format!("credential_{material}"), format!("presentation_{material}"));
        let concealed: &[&str] = if material == "sdjwt" { &["--sd", r#"["credentialSubject.names[1]"]"#] } else { &[] };
        let (result, issued) = run("issue", "credential", &credentials, concealed);
        assert_eq!(result, "success", "{issued}");
        write("issued", &issued);
        let (result, read) = run("verify", "issued", &credentials, &[]);
        assert_eq!(result, "success", "{read}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&read).expect("JSON"), credential);
        assert_eq!(run("verify", "issued", &presentations, &[]).0, "failure", "of another kind");
        let other = if material == "jose" { "credential_cose" } else { "credential_jose" };
        assert_eq!(run("verify", "issued", other, &[]).0, "failure", "in another envelope");
        let middle = issued.len() / 2;
        let letter = if &issued[middle..=middle] == "A" { "B" } else { "A" };
        write("altered", &[&issued[..middle], letter, &issued[middle + 1..]].concat());
        assert_eq!(run("verify", "altered", &credentials, &[]).0, "failure", "altered");
        if concealed.is_empty() {
            assert_eq!(run("issue", "credential", &credentials, &["--sd", r#"["issuer"]"#]).0, "failure", "{material} conceals nothing");
        } else {
            let jwt = issued.split('~').next().expect("a JWT");
            write("withheld", &format!("{jwt}~"));
            let (result, read) = run("verify", "withheld", &credentials, &[]);
            assert!(result == "success" && read.contains("Ada") && !read.contains("Byron"), "{read}");
        }
        let kind = if material == "sdjwt" {
            "vc+sd-jwt,"
        } else if material == "cose" {
            "vc+cose;base64,"
        } else {
            "vc+jwt,"
        };
        let presentation = |id: &str| {
            let held = serde_json::json!({ "@context": context, "type": "EnvelopedVerifiableCredential", "id": id });
            serde_json::json!({ "@context": [context], "type": ["VerifiablePresentation"], "verifiableCredential": [held] }).to_string()
        };
        write("presentation", &presentation(&format!("data:application/{kind}{issued}")));
        let (result, shown) = run("issue", "presentation", &presentations, &[]);
        assert_eq!(result, "success", "{shown}");
        write("shown", &shown);
        assert_eq!(run("verify", "shown", &presentations, &[]).0, "success");
        write("presentation", &presentation("no-credential"));
        assert_eq!(run("issue", "presentation", &presentations, &[]).0, "failure", "of nothing");
    }
    assert_eq!(run("verify", "nowhere", "credential_jose", &[]).0, "error");
    assert_eq!(run("verify", "credential", "credential_jwe", &[]).0, "error");
}
