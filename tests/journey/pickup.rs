//! Picking up an offer: what can be refused is refused before the offer is spent, and what came is kept until it is decided about.

use crate::program::Place;
use crate::site::{Site, text};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

/// An issuer whose service runs.
struct Office {
    service: Child,
}

impl Office {
    /// Makes the issuer in `home` and serves it; `site` has its homes.
    fn open(site: &mut Site, home: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").to_string();
        let made = site.ok(
            home,
            &format!(
                "issuer init --name {home} --base-url http://{address} --site north --role staff --role visitor --key-file KEY --recovery-file {home}.recovery"
            ),
        );
        if site.root.is_empty() {
            site.root = text(&made, "/root");
        }
        let key = format!("{home}.key");
        let mut service = site.place.command(&[], home, &["issuer", "serve", "--listen", &address, "--key-file", &key]);
        let service = service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the service starts");
        let is_up = (0..300).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            TcpStream::connect(&address).is_ok()
        });
        assert!(is_up, "the service does not listen");
        Self { service }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        drop(self.service.kill());
        drop(self.service.wait());
    }
}

fn bare() -> Site {
    Site { place: Place::new(), wrap: Vec::new(), root: String::new(), id: String::new() }
}

fn refused(site: &Site, line: &str, code: i32, says: &str) {
    let ran = site.run("ada", line);
    assert_eq!(ran.code, code, "{line}: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(says), "{line}: {says} in {}", ran.stderr);
}

#[test]
fn an_offer_is_spent_only_on_what_can_be_kept() {
    let mut site = bare();
    let _office = Office::open(&mut site, "issuer");
    site.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
    let offer = "issuer issue --offer --role staff --site north --zone lab --key-file KEY";
    site.ok("issuer", &format!("{offer} -o offer"));

    // Nobody is trusted yet: the issuer never hears of it.
    refused(&site, "wallet add offer --key-file KEY", 30, "no offer is spent");
    assert!(!site.run("issuer", "issuer list --key-file KEY").stdout.contains("valid"), "nothing was issued");
    site.stick();
    site.pin("ada");
    // A kind of key that the issuer takes is chosen, and the same offer is good.
    let held = site.ok("ada", "wallet add offer --key-file KEY");
    assert!(!text(&held, "/id").is_empty(), "{held}");
    refused(&site, "wallet add offer --key-file KEY", 2, "does not take the offer");

    // A format of bytes goes through the same answer, as text.
    site.ok("issuer", &format!("{offer} --format sd-cwt -o binary"));
    let held = site.ok("ada", "wallet add binary --key-file KEY");
    assert_eq!(text(&held, "/standing"), "in_force", "{held}");

    let digits = text(&site.ok("issuer", &format!("{offer} --tx-code -o coded")), "/tx_code");
    site.place.write("wrong", if digits == "000000" { "000001" } else { "000000" });
    site.place.write("right", &digits);
    refused(&site, "wallet add coded --tx-code-file wrong --key-file KEY", 41, "does not take this transaction code");
    site.ok("ada", "wallet add coded --tx-code-file right --key-file KEY");
}

/// A credential that the service issues by itself is known to the vault within a second or two. Then a copy of the database from before is refused,
/// although no command of the office ran since.
#[test]
fn what_a_service_did_is_kept_by_the_vault_while_it_runs() {
    let mut site = bare();
    let mut office = Office::open(&mut site, "issuer");
    site.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
    site.stick();
    site.pin("ada");
    site.ok("issuer", "issuer issue --offer --role staff --site north --zone lab --key-file KEY -o offer");
    let folder = site.path("issuer/issuer");
    let vault = || ["vault.db", "vault.db-wal"].map(|name| std::fs::read(folder.join(name)).expect("readable"));
    // The changes of the commands are looked at once.
    std::thread::sleep(Duration::from_secs(3));
    let raw = rusqlite::Connection::open(folder.join("issuer.db")).expect("opened");
    raw.execute("VACUUM INTO ?1", [site.path("before.db").to_str()]).expect("copied");
    let before = vault();
    site.ok("ada", "wallet add offer --key-file KEY");
    let is_kept = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        vault() != before
    });
    assert!(is_kept, "the vault does not know what the service issued");
    assert!(office.service.try_wait().expect("asked").is_none(), "the service ended");

    // Events that vanish from under it end it.
    raw.execute("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)", []).expect("deleted");
    let ended = (0..300).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        office.service.try_wait().expect("asked")
    });
    assert_eq!(ended.and_then(|status| status.code()), Some(60));
    drop((raw, office));
    std::fs::copy(site.path("before.db"), folder.join("issuer.db")).expect("put back");
    std::fs::write(folder.join("issuer.db-wal"), []).expect("written");
    drop(std::fs::remove_file(folder.join("issuer.db-shm")));
    let ran = site.run("issuer", "issuer list --key-file KEY");
    assert!(ran.code == 60 && ran.stderr.contains("is not what this issuer wrote there"), "{}", ran.stderr);
}

#[test]
fn what_came_and_is_not_believed_is_kept_aside() {
    let mut site = bare();
    let _office = Office::open(&mut site, "issuer");
    let _other = Office::open(&mut site, "other");
    site.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
    site.stick();
    site.pin("ada");
    site.ok("other", "issuer issue --offer --role staff --site north --zone lab -o offer --key-file KEY");

    refused(&site, "wallet add offer --local-network --key-file KEY", 2, "No issuer that this device trusts is at");
    assert!(!site.run("other", "issuer list --key-file KEY").stdout.contains("valid"), "the offer is not spent");
    refused(&site, "wallet add offer --local-network --yes --key-file KEY", 20, "it is kept aside");
    assert!(site.run("other", "issuer list --key-file KEY").stdout.contains("valid"), "and now it is");
    refused(&site, "wallet add --key-file KEY", 20, "is not taken in");

    let listed = site.run("ada", "wallet list --key-file KEY");
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert!(listed.stderr.contains("kept aside since"), "{}", listed.stderr);
    let id = listed.stderr.split("wallet remove ").nth(1).and_then(|rest| rest.split('`').next()).expect("its id").to_owned();
    refused(&site, &format!("wallet remove {id} --key-file KEY"), 2, "needs an answer");
    site.ok("ada", &format!("wallet remove {id} --yes --key-file KEY"));
    refused(&site, "wallet add --key-file KEY", 2, "nothing is kept aside");
}

#[test]
fn an_unknown_gate_is_answered_only_when_the_holder_says_so() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.ok("stranger", "verifier init --name Tent --site north --zone lab --key-file KEY --recovery-file stranger.recovery");
    site.ok("stranger", &format!("trust pin stick --digest {} --key-file KEY", site.root));
    let ran = site.run("stranger", "verifier challenge --role staff -o request --key-file KEY");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    refused(&site, "wallet present --request request --yes -o answer --key-file KEY", 20, "--to-unknown");
    assert!(!site.path("answer").exists());
    refused(&site, "wallet present --request request --to-unknown -o answer --key-file KEY", 2, "needs an answer");
    site.ok("ada", "wallet present --request request --yes --to-unknown -o answer --key-file KEY");

    // The missing part is named, and so is a format that no gate asks for unless told to.
    site.ok("gate", "verifier challenge --role visitor -o request --key-file KEY");
    refused(&site, "wallet present --request request --yes --key-file KEY", 2, "none has the role visitor");
    let holder = text(&site.ok("ada", "wallet key --key-file KEY"), "/did");
    let line = format!("issuer issue --holder {holder} --role staff --site north --format vc-sd-jwt -o other --key-file KEY");
    let ran = site.run("issuer", &line);
    assert!(ran.code == 0 && ran.stderr.contains("--format vc-sd-jwt"), "{}", ran.stderr);
}

/// The refusal screen ticks what was checked and nothing else: a bare credential answers nothing.
#[test]
fn a_credential_without_an_answer_ticks_nothing_about_an_answer() {
    let site = Site::new(&[], "sd-jwt");
    let command = site.place.command(&[], "gate", &["verifier", "verify", "credential", "--no-input", "--key-file", "gate.key"]);
    let ran = crate::program::finish(command, "");
    assert_eq!(ran.code, 20, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("[holder_binding_failed]") && ran.stdout.contains("\u{2714} genuine"), "{}", ran.stdout);
    for claim in ["answers this gate's question", "shows what was asked for", "\u{2714} presented by the device"] {
        assert!(!ran.stdout.contains(claim), "{claim}: {}", ran.stdout);
    }
}
