//! An office that was put back from its backup: it knows what it knew, and publishes nothing that gates have seen otherwise.

use super::kill::Strikes;
use super::site::{GATE, ISSUER, Site, advice, items, number, text};

/// The actor, home and key file of the office that is put back.
const SPARE: &str = "spare";
const SECRETS: &str = "--backup-secret-file phrase --backup-recovery-file issuer.code";

fn backed_up() -> Site {
    let site = Site::new();
    site.place.write("phrase", "tulip anchor seven");
    let made = site.done(ISSUER, &format!("issuer backup -o office.backup {SECRETS}"));
    assert_eq!(number(&made, "bytes"), std::fs::metadata(site.place.path("office.backup")).expect("there").len());
    site
}

#[test]
fn it_goes_on_above_what_gates_have_seen_once_somebody_answers_for_it() {
    let site = backed_up();
    let listed = site.done(ISSUER, "issuer list");
    let first = text(&items(&listed, "credentials")[0], "id").to_owned();
    site.done(ISSUER, &format!("issuer revoke {first} --reason lost"));
    let seen = number(&site.done(ISSUER, "issuer publish -o newest"), "timestamp");
    site.done(GATE, "verifier sync --from newest");

    let restore = format!("issuer restore office.backup {SECRETS} --recovery-file spare.code");
    let restored = site.done(SPARE, &restore);
    assert_eq!(number(&restored, "credentials"), 1);
    assert_eq!(site.done(SPARE, "issuer list"), listed, "it knows what it knew");
    for line in ["issuer publish -o older".to_owned(), format!("issuer suspend {first} --reason lost")] {
        let refused = site.run(SPARE, &line);
        assert_eq!(refused.code, 51, "{line}: {}", refused.stderr);
        let (what, next) = advice(&refused);
        assert!(what.contains("backup") && next.contains("publish --restored"), "{what}; {next}");
    }
    assert!(!site.place.path("older").exists());
    assert_eq!(site.run(SPARE, "issuer publish --restored -o older").code, 2, "somebody must answer");
    assert_eq!(site.run(SPARE, &format!("issuer revoke {first} --reason lost")).code, 51, "recorded all the same");
    let published = site.done(SPARE, "issuer publish --restored --yes -o stick");
    assert!(number(&published, "timestamp") > seen);
    site.done(GATE, "verifier sync --from stick");
    site.done(SPARE, "issuer publish -o stick");
    assert_eq!(site.run(SPARE, &restore).code, 2, "an office is not made over another");
}

#[test]
fn a_wrong_secret_and_a_damaged_file_leave_no_office() {
    let site = backed_up();
    let bytes = std::fs::read(site.place.path("office.backup")).expect("read");
    for (at, code) in [(bytes.len() - 1, 60), (bytes.len() / 2, 60), (60, 41), (3, 2)] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        site.place.write("damaged", &damaged);
        let refused = site.run(SPARE, &format!("issuer restore damaged {SECRETS} --recovery-file spare.code"));
        assert!(refused.code == code || (at == 60 && refused.code == 2), "byte {at}: {} {}", refused.code, refused.stderr);
        // It is the file that is refused, before anything in it is read as an office.
        assert!(code != 60 || refused.stderr.contains("take another copy of it"), "byte {at}: {}", refused.stderr);
        assert_eq!(site.run(SPARE, "issuer list").code, 2, "byte {at}");
    }
    site.place.write("other", "tulip anchor eight");
    let line = "issuer restore office.backup --backup-secret-file other --backup-recovery-file issuer.code --recovery-file spare.code";
    assert_eq!(site.run(SPARE, line).code, 41);
    assert_eq!(site.run(SPARE, "issuer list").code, 2);
    site.done(SPARE, &format!("issuer restore office.backup {SECRETS} --recovery-file spare.code"));
    site.done(SPARE, "issuer list");
}

/// Killed at any moment, there is a whole office or none, and the same command makes it.
#[test]
fn it_is_there_whole_or_not_at_all() {
    let site = backed_up();
    let listed = site.done(ISSUER, "issuer list");
    let key = site.place.path("spare.key");
    let line = |home: &str| format!("issuer restore office.backup {SECRETS} --recovery-file {home}.code --home {home}");
    let mut strikes = Strikes::against(&site, SPARE, &line("home-0"));
    while let Some(round) = strikes.more() {
        let home = format!("home-{round}");
        std::fs::remove_file(&key).expect("there");
        let struck = strikes.strike(&site, SPARE, &line(&home));
        let opened = site.run(SPARE, &format!("issuer list --home {home}"));
        if opened.code != 0 {
            assert!(struck.said.is_none(), "round {round}: acknowledged and gone: {}", opened.stderr);
            assert_eq!(opened.code, 2, "round {round}: {}", opened.stderr);
            site.done(SPARE, &line(&home));
        }
        assert_eq!(site.done(SPARE, &format!("issuer list --home {home}")), listed, "round {round}");
        let refused = site.run(SPARE, &format!("issuer publish --home {home}"));
        assert_eq!(refused.code, 51, "round {round}: it forgot that it was put back: {}", refused.stderr);
    }
}
