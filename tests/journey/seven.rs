//! The seven verbs on one page, through the program: issue, hold, present, verify, decide, audit, sync.

use crate::site::{Site, codes, text};

#[test]
fn issue_hold_present_verify_decide_audit_sync() {
    let site = Site::new(&[], "sd-jwt");

    // hold: it was checked, and says what it is worth.
    let held = site.ok("ada", "wallet add credential --key-file KEY");
    assert_eq!(text(&held, "/standing"), "in_force");

    // present: the role is shown, the person is not.
    let shown = site.answer("answer");
    let withheld = shown["withheld"].to_string();
    assert!(shown["shared"].to_string().contains("roles"), "{shown}");
    assert!(withheld.contains("given_name") && withheld.contains("address.city"), "{shown}");

    // verify and decide: green, by a named rule, on evidence with an age.
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
    assert!(!text(&verdict, "/rule").is_empty());
    assert!(verdict.pointer("/evidence/revocation/age_seconds").is_some_and(|age| age.as_i64().is_some_and(|age| (0..600).contains(&age))));
    assert!(!verdict.to_string().contains("Byron"));

    // the challenge is used up: the same answer opens nothing.
    let (exit, verdict) = site.verdict("answer");
    assert_eq!(exit, 20, "{verdict}");

    // withdrawn at the issuer, still green at a gate that cannot know.
    // Times are whole seconds: the admission above and the withdrawal must not share one.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");

    // audit: three decisions so far, in a chain.
    let audit = site.ok("gate", "audit verify --key-file KEY");
    assert_eq!(audit["decided"], 3, "{audit}");
    assert_eq!(audit["admitted"], 2, "{audit}");

    // sync by stick: newer lists down, the log up, the late admission flagged on the way back.
    site.stick();
    let synced = site.ok("gate", "verifier sync --from stick --to outgoing --key-file KEY");
    assert_eq!(synced["carried"], true, "{synced}");
    site.ok("issuer", "issuer intake outgoing -o incoming --key-file KEY");
    let synced = site.ok("gate", "verifier sync --from incoming --key-file KEY");
    assert_eq!(synced["receipts"], 1, "{synced}");
    assert_eq!(synced["flagged"].as_array().expect("flagged").len(), 1, "{synced}");

    // and the gate knows.
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
    assert!(site.path("outgoing").exists());
}

#[test]
fn the_other_format_takes_the_same_way() {
    let site = Site::new(&[], "vc");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");

    // A role that is edited in the open is a forged credential.
    site.answer("answer");
    let whole = std::fs::read_to_string(site.path("answer")).expect("the answer");
    assert!(whole.contains("\"staff\""));
    site.place.write("edited", whole.replace("\"staff\"", "\"visitor\""));
    let (exit, verdict) = site.verdict("edited");
    assert_eq!((exit, codes(&verdict)[0]), (20, "bad_signature"), "{verdict}");
}

/// Every other way to secure a document, by the options that ask for it.
const SECURED: [&str; 11] = [
    "vc --suite eddsa-rdfc-2022",
    "vc --algorithm p256 --suite ecdsa-rdfc-2019",
    "vc --algorithm p256",
    "vc --algorithm p384",
    "vc --algorithm p384 --suite ecdsa-rdfc-2019",
    "vc-jwt",
    "vc-jwt --algorithm p256",
    "vc-sd-jwt",
    "vc-sd-jwt --algorithm p256",
    "vc-cose",
    "vc-cose --algorithm p256",
];

#[test]
fn a_document_is_secured_in_many_ways_and_taken_the_same_way() {
    let site = Site::new(&[], "vc");
    let holder = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    for options in SECURED {
        site.issue(&holder, options, "other");
        let held = site.ok("ada", "wallet add other --key-file KEY");
        let id = text(&held, "/id");
        let format = options.split(' ').next().unwrap_or_default();
        site.ok("gate", &format!("verifier challenge --role staff --format {format} -o request --key-file KEY"));
        site.ok("ada", &format!("wallet present --request request --credential {id} --yes -o answer --key-file KEY"));
        let (exit, verdict) = site.verdict("answer");
        assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{options}: {verdict}");
        let mut answer = std::fs::read(site.path("answer")).expect("the answer");
        let middle = answer.len() / 2;
        answer[middle] ^= 1;
        site.place.write("altered", answer);
        let (exit, verdict) = site.verdict("altered");
        assert_eq!(exit, 20, "{options}: {verdict}");
    }
}

/// The format of one code each answer: held, shown by file and by picture, taken once, refused to another holder, withdrawn.
#[test]
fn a_role_in_cbor_takes_the_same_way_in_one_code() {
    let site = Site::new(&[], "sd-cwt");
    let held = site.ok("ada", "wallet add credential --key-file KEY");
    assert_eq!(text(&held, "/standing"), "in_force", "{held}");
    site.ok("bob", "wallet init --key-file KEY --recovery-file bob.recovery");
    site.pin("bob");
    let stolen = site.run("bob", "wallet add credential --key-file KEY");
    assert!(stolen.code == 20 && stolen.stderr.contains("bound to a key that this wallet does not have"), "{}", stolen.stderr);

    let ask = "verifier challenge --role staff --format sd-cwt -o request --key-file KEY";
    let answer = || {
        site.ok("gate", ask);
        site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY")
    };
    let shown = answer();
    assert!(shown["shared"].to_string().contains("roles") && shown["withheld"].to_string().contains("address.city"), "{shown}");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
    assert!(!verdict.to_string().contains("Byron"));
    let (exit, verdict) = site.verdict("answer");
    assert_eq!(exit, 20, "the challenge is used up: {verdict}");
    answer();
    let bytes = std::fs::read(site.path("answer")).expect("the answer");
    for at in [3, bytes.len() / 2, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        site.place.write("altered", altered);
        let (exit, verdict) = site.verdict("altered");
        assert_eq!(exit, 20, "byte {at}: {verdict}");
    }

    // One picture each way back.
    site.ok("gate", ask);
    site.ok("ada", "wallet present --request request --yes --qr-png code.png --key-file KEY");
    let pictures = site.pictures("code");
    assert!(!pictures.contains(' '), "{pictures}");
    let (exit, verdict) = site.verdict(&pictures);
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");

    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    answer();
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
}

/// Withdrawn, suspended and reinstated in bitstrings, by the same commands, in every format that has a place for them.
#[test]
fn bitstrings_take_the_same_way() {
    let site = Site::new(&[], "vc --status bitstring");
    let holder = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    site.ok("ada", "wallet add credential --key-file KEY");
    let mut ids = vec![site.id.clone()];
    for (format, file) in [("vc-jwt", "jwt"), ("vc-sd-jwt", "sd-jwt"), ("vc-cose", "cose")] {
        ids.push(site.issue(&holder, &format!("{format} --status bitstring"), file));
        site.ok("ada", &format!("wallet add {file} --key-file KEY"));
    }
    let judged = |format: &str, expected: (i32, &str)| {
        site.ok("gate", &format!("verifier challenge --role staff --format {format} -o request --key-file KEY"));
        site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
        let (exit, verdict) = site.verdict("answer");
        assert_eq!((exit, codes(&verdict)[0]), expected, "{format}: {verdict}");
    };
    let changed = |id: &str, change: &str| {
        site.ok("issuer", &format!("issuer {change} {id} --reason investigation --key-file KEY"));
        site.stick();
        site.ok("gate", "verifier sync --from stick --to outgoing --key-file KEY")
    };
    for format in ["vc", "vc-jwt", "vc-sd-jwt", "vc-cose"] {
        judged(format, (0, "ok"));
    }
    changed(&ids[0], "suspend");
    judged("vc", (20, "suspended"));
    judged("vc-jwt", (0, "ok"));
    changed(&ids[0], "reinstate");
    judged("vc", (0, "ok"));

    // Withdrawn, and admitted once more before the gate can know: red after the sync, and the admission is flagged.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", ids[0]));
    judged("vc", (0, "ok"));
    site.stick();
    site.ok("gate", "verifier sync --from stick --to outgoing --key-file KEY");
    site.ok("issuer", "issuer intake outgoing -o incoming --key-file KEY");
    let synced = site.ok("gate", "verifier sync --from incoming --key-file KEY");
    assert_eq!(synced["flagged"].as_array().expect("flagged").len(), 1, "{synced}");
    judged("vc", (20, "revoked"));
    for (format, id) in [("vc-jwt", &ids[1]), ("vc-sd-jwt", &ids[2]), ("vc-cose", &ids[3])] {
        changed(id, "revoke");
        judged(format, (20, "revoked"));
    }
}

#[test]
fn light_is_enough() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("gate", "verifier challenge --role staff --qr-png request.png --key-file KEY");
    let asked = format!("wallet present --request {} --yes --qr-png answer.png --key-file KEY", site.pictures("request"));
    site.ok("ada", &asked);
    let (exit, verdict) = site.verdict(&site.pictures("answer"));
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
}
