//! One day on a shared tablet without a network, on a page: what a nurse, her colleague, a guest and two officers do, one after the other.

use crate::program::{WAYPASS, ended, on_a_terminal};
use crate::site::{Site, codes, text};
use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

const TABLET: &str = "tablet";
const BOTH: &str = "--secret-file phrase --key-file nurse.key";

#[test]
fn a_day_on_a_shared_tablet() {
    let mut site = Site::new(&[], "sd-jwt");
    for (name, words) in
        [("phrase", "tulip anchor seven"), ("new", "nine grey herons"), ("guess", "not this one at all"), ("grace", "ochre lantern")]
    {
        site.place.write(name, format!("{words}\n"));
    }
    // The office names what opens a wallet, three tries, and two officers.
    let officer = |name: &str| {
        site.ok(name, "issuer ceremony init --key-file KEY --recovery-code none");
        site.ok(name, &format!("issuer escrow key --name {name} --key-file KEY"))["officer"].clone()
    };
    let officers = [officer("ines"), officer("paul")];
    let mut rules = site.ok("issuer", "issuer show --policy --key-file KEY")["rules"].clone();
    let combinations = [&["passphrase"][..], &["officers", "key-file"], &["recovery"]];
    rules["unlocking"] =
        json!({ "wallets": { "combinations": combinations, "tries": 3, "delays": [{ "after": 2, "seconds": 1 }], "officers": officers } });
    site.place.write("rules", rules.to_string());
    site.ok("issuer", "issuer publish --policy rules --yes -o stick --key-file KEY");
    // Two people share the tablet. Ada's wallet wants both of her factors, and two officers with her key file.
    let ada =
        text(&site.ok(TABLET, &format!("wallet init --user Ada --require passphrase+key-file {BOTH} --recovery-file ada.code")), "/did");
    site.ok(TABLET, "wallet init --user Grace --secret-file grace --recovery-file grace.code");
    site.ok(TABLET, &format!("trust pin stick --digest {} --user Ada {BOTH}", site.root));
    site.ok(TABLET, &format!("trust pin stick --digest {} --user Grace --secret-file grace", site.root));
    site.issue(&ada, "sd-jwt", "hers");
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.ok(TABLET, &format!("wallet add hers --yes --user Ada {BOTH}"));
    let added = site.run(TABLET, &format!("wallet slot add --require officers+key-file --new-officers Ada --user Ada {BOTH}"));
    assert_eq!(added.code, 0, "{}", added.stderr);

    // The network is gone.
    site.wrap = vec!["unshare", "-rn"];
    let fails = |line: &str, exit: i32, says: &str| {
        let ran = site.run(TABLET, line);
        assert_eq!(ran.code, exit, "waypass {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "waypass {line}\n{}", ran.stderr);
    };
    // One factor is refused. Both open a session, in which five answers need nothing more.
    fails("wallet unlock --user Ada --secret-file phrase", 40, "--key-file FILE");
    fails("wallet unlock --user Ada --key-file nurse.key", 40, "a secret is needed");
    site.ok(TABLET, &format!("wallet unlock --user Ada {BOTH}"));
    for _ in 0..5 {
        site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
        site.ok(TABLET, "wallet present --request request --yes -o answer");
        let (exit, verdict) = site.verdict("answer");
        assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]));
    }
    // Grace takes the tablet: Ada's wallet is locked first. A guest takes it from her, and leaves nothing.
    site.ok(TABLET, "wallet unlock --user Grace --secret-file grace");
    fails("wallet list --user Ada", 40, "with pass phrase and key file");
    let guest = site.run(TABLET, "wallet unlock --guest");
    assert!(guest.code == 0 && guest.stderr.contains("the wallet that was open is locked"), "{}", guest.stderr);
    site.ok(TABLET, "wallet key");
    site.ok(TABLET, "wallet lock");
    fails("wallet list", 2, "nobody's wallet is open");
    // Left alone it locks itself. That takes its time.
    if std::env::var_os("WAYPASS_SLOW").is_some() {
        site.ok(TABLET, "wallet unlock --user Grace --secret-file grace");
        sleep(Duration::from_mins(5) + Duration::from_secs(10));
        fails("wallet list", 2, "nobody's wallet is open");
    }
    // Ada has forgotten her pass phrase.
    for _ in 0..3 {
        fails("wallet list --user Ada --secret-file guess --key-file nurse.key", 41, "left");
        sleep(Duration::from_millis(1100));
    }
    fails(&format!("wallet list --user Ada {BOTH}"), 42, "no tries are left");
    site.ok(TABLET, "wallet list --user Grace --secret-file grace");
    // Two officers let her in, by telephone. She chooses another, and a new key file.
    let like = site.place.command(&[], TABLET, &[]);
    let line = format!("unshare -rn {WAYPASS} wallet unlock --user Ada --key-file nurse.key --ask-officers asked");
    let mut command = on_a_terminal(&like, &line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asking = command.spawn().expect("script starts");
    let late = Instant::now() + Duration::from_mins(1);
    while !site.path("asked").exists() {
        assert!(Instant::now() < late, "nobody was asked");
        sleep(Duration::from_millis(50));
    }
    let mut typed = asking.stdin.take().expect("a pipe");
    for name in ["ines", "paul"] {
        let code = text(&site.ok(name, "issuer escrow release asked --yes --key-file KEY"), "/code");
        sleep(Duration::from_millis(300));
        writeln!(typed, "{code}").expect("typed");
    }
    let ran = ended(asking);
    drop(typed);
    assert!(ran.code == 0 && ran.stdout.contains("may slots"), "{}{}", ran.stdout, ran.stderr);
    let slots = site.ok(TABLET, "wallet slot list --user Ada")["slots"].clone();
    let slot = slots.as_array().expect("slots").iter().find(|slot| slot["factors"] == "pass phrase and key file").expect("hers").clone();
    site.ok(TABLET, &format!("wallet slot change {} --new-secret-file new --new-key-file second.key --user Ada", text(&slot, "/id")));
    site.ok(TABLET, "wallet lock");
    // A new key, in case somebody saw the old one; what opened it before opens it no more.
    let fresh = "--secret-file new --key-file second.key";
    site.ok(TABLET, &format!("wallet slot rekey --yes --recovery-file new.code --user Ada {fresh}"));
    assert_eq!(site.ok(TABLET, &format!("wallet list --user Ada {fresh}"))["credentials"].as_array().expect("a list").len(), 1);
    fails(&format!("wallet list --user Ada {BOTH}"), 41, "left");
    fails("wallet list --user Ada --recovery --secret-file ada.code --key-file nurse.key", 41, "left");
    let history = site.run(TABLET, &format!("wallet history --user Ada {fresh}")).stdout;
    for told in ["presented", "locked_out", "the codes of ines and paul", "factors_changed"] {
        assert!(history.contains(told), "{told}: {history}");
    }
    site.ok(TABLET, &format!("wallet history --verify --user Ada {fresh}"));
}
