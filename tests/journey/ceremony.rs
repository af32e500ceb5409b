//! Root and targets signed by two of three officers, each in a home of their own; a gate follows from the old root to the new.

use crate::site::{Site, codes, text};

const OFFICERS: [&str; 3] = ["one", "two", "three"];

/// A refusal: the exit code of a wrong command and the words.
fn refused(site: &Site, line: &str) -> String {
    let ran = site.run("issuer", line);
    assert_eq!(ran.code, 2, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
    ran.stderr
}

#[test]
fn two_of_three_officers_take_over() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");

    let (mut root_keys, mut targets_keys) = (Vec::new(), Vec::new());
    for officer in OFFICERS {
        let made = site.ok(officer, &format!("issuer ceremony init --key-file KEY --recovery-file {officer}.recovery"));
        assert_eq!(site.ok(officer, "issuer ceremony key --key-file KEY"), made);
        root_keys.push(text(&made, "/root/0"));
        targets_keys.push(text(&made, "/targets/0"));
    }
    let prepare = |k: u32| {
        let (root, targets) = (root_keys.join(" --key "), targets_keys.join(" --targets-key "));
        format!(
            "issuer ceremony prepare root --key {root} --threshold {k} --targets-key {targets} --targets-threshold 2 -o root --key-file KEY"
        )
    };
    assert!(refused(&site, &prepare(4)).contains("threshold"));
    let prepared = site.ok("issuer", &prepare(2));
    site.ok("issuer", "issuer ceremony prepare targets -o targets --key-file KEY");

    // Nobody signs what was not shown, and nothing is signed without a yes.
    let asked = site.run("one", "issuer ceremony sign root -o root.one --key-file KEY");
    assert_eq!(asked.code, 2, "{}", asked.stderr);
    assert!(!site.path("root.one").exists());
    assert!(asked.stderr.contains("sign root 2") && asked.stderr.contains("the next root: 2 of 3 must sign"), "{}", asked.stderr);
    assert!(root_keys.iter().all(|key| asked.stderr.contains(key)) && asked.stderr.contains(&text(&prepared, "/digest")));
    let asked = site.run("three", "issuer ceremony sign targets -o targets.three --key-file KEY");
    for word in ["Clinic: staff and visitor for north", "Lab-door (site north, zone lab)", "SHA-256", "every other role"] {
        assert!(asked.stderr.contains(word), "{word}: {}", asked.stderr);
    }

    for home in ["issuer", "one", "two"] {
        site.ok(home, &format!("issuer ceremony sign root --yes -o root.{home} --key-file KEY"));
    }
    for home in ["one", "three"] {
        site.ok(home, &format!("issuer ceremony sign targets --yes -o targets.{home} --key-file KEY"));
    }

    // One too few of the new, none of the old, one too few for targets, and a root without the targets its officers answer for.
    let targets = "targets.one targets.three";
    let few = refused(&site, &format!("issuer ceremony assemble root.issuer root.one {targets} --key-file KEY"));
    assert!(few.contains("root needs 2 signatures of authorised keys and has 1"), "{few}");
    let few = refused(&site, &format!("issuer ceremony assemble root.one root.two {targets} --key-file KEY"));
    assert!(few.contains("root needs 1 signatures of authorised keys and has 0"), "{few}");
    let few = refused(&site, "issuer ceremony assemble root.issuer root.one root.two targets.one --key-file KEY");
    assert!(few.contains("targets needs 2 signatures of authorised keys and has 1"), "{few}");
    let alone = refused(&site, "issuer ceremony assemble root.issuer root.one root.two --key-file KEY");
    assert!(alone.contains("nothing could be published"), "{alone}");
    site.stick();

    let done = site.ok("issuer", &format!("issuer ceremony assemble root.issuer root.one root.two {targets} --key-file KEY"));
    assert_eq!((&done["root"]["version"], &done["root"]["digest"]), (&2.into(), &prepared["digest"]), "{done}");
    site.stick();

    // Wallet and gate pinned root 1, and follow.
    let synced = site.ok("gate", "verifier sync --from stick --key-file KEY");
    assert!(synced["steps"].to_string().contains("root 2"), "{synced}");
    site.ok("ada", "wallet sync --from stick");
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");

    // A withdrawal needs no officer.
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");

    // Parts that only officers can sign wait for them, and the operator is told.
    site.ok("shed", "verifier init --name Shed --site north --zone yard --key-file KEY --recovery-file shed.recovery");
    site.ok("shed", "verifier enroll -o enrolment-2 --key-file KEY");
    let enrolled = site.run("issuer", "issuer enroll enrolment-2 --key-file KEY");
    assert!(enrolled.code == 0 && enrolled.stderr.contains("ceremony prepare targets"), "{}", enrolled.stderr);

    // Ending an enrolment needs no officer either: the online keys stop renewing it, and the gate decides about nobody.
    let gate = text(&site.ok("gate", "verifier status --key-file KEY"), "/id");
    let ended = site.run("issuer", &format!("issuer revoke {gate} --reason compromised --key-file KEY"));
    assert!(ended.code == 0 && ended.stderr.contains("ceremony prepare targets"), "{}{}", ended.stdout, ended.stderr);
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    let status = site.run("gate", "verifier status --key-file KEY");
    let said: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(said["enrolled"], false, "{said}");
}
