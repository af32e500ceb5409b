//! The office's service ends TLS itself: with an authority of the site's own, or with a certificate from files.

use crate::link::{Service, error};
use crate::program::{Ran, finish};
use crate::site::Site;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A site whose office has an authority for `localhost`, and the number of it.
fn site() -> (Site, String) {
    let site = Site::new(&[], "sd-jwt");
    site.ok("issuer", "issuer tls init --name localhost --key-file KEY");
    let shown = site.ok("issuer", "issuer tls show -o site-ca.crt --key-file KEY");
    (site, shown["sha256"].as_str().expect("a number").to_owned())
}

fn sync(wrap: &[&str], site: &Site, from: &str) -> Ran {
    let args = ["verifier", "sync", "--from", from, "--key-file", "gate.key", "--json", "--no-input"];
    finish(site.place.command(wrap, "gate", &args), "")
}

fn port(service: &Service) -> &str {
    service.address.rsplit(':').next().expect("a port")
}

fn has_faketime() -> bool {
    Command::new("faketime").args(["-f", "+1d", "true"]).status().is_ok_and(|status| status.success())
}

#[test]
fn a_gate_syncs_with_an_office_that_ends_tls_itself() {
    let (site, number) = site();
    let service = Service::with(&[], &site, &["--tls"]);
    let from = format!("https://localhost:{}", port(&service));

    let wrong = site.run("gate", &format!("trust ca add site-ca.crt --digest {}", "0".repeat(64)));
    assert_eq!((wrong.code, site.ok("gate", "trust ca list")["authorities"].as_array().map(Vec::len)), (60, Some(0)), "{}", wrong.stderr);
    site.ok("gate", &format!("trust ca add site-ca.crt --digest {number}"));
    assert_eq!(site.ok("gate", "trust ca list")["authorities"][0]["sha256"].as_str(), Some(number.as_str()));
    let synced = sync(&[], &site, &from);
    assert_eq!(synced.code, 0, "{}", synced.stderr);
    let said: Value = serde_json::from_str(&synced.stdout).expect("JSON");
    assert_eq!(
        (said["time_answered"].as_bool(), said["uploads"].as_u64().is_some_and(|uploads| uploads > 0)),
        (Some(true), true),
        "{said}"
    );

    // The authority does not vouch for the address, and the service says what it speaks.
    let (what, next) = error(&sync(&[], &site, &format!("https://127.0.0.1:{}", port(&service))));
    assert!(what.ends_with("is not accepted: it is made for another name"), "{what}");
    assert!(next.starts_with("nothing was changed; ") && next.contains("waypass trust ca add FILE"), "{next}");
    let plain = sync(&[], &site, &format!("http://localhost:{}", port(&service)));
    assert_eq!(
        error(&plain).0,
        "the server refused the manifest: this address speaks TLS: write https:// before it (tls_required, status 400)"
    );

    // Ninety days later nobody renewed the certificate: it is the gate's clock that has moved here.
    if has_faketime() {
        let late = sync(&["faketime", "-f", "+91d"], &site, &from);
        let (what, _) = error(&late);
        assert_eq!((late.code, what.ends_with("is not accepted: it has ended, or this machine's clock is ahead")), (50, true), "{what}");
    } else {
        println!("SKIP an expired certificate: faketime is not installed");
    }

    site.ok("gate", &format!("trust ca remove {number}"));
    assert_ne!(sync(&[], &site, &from).code, 0);
}

/// Somebody answers in the office's place, with an authority of the same make for the same name.
#[test]
fn a_foreign_authority_is_refused_with_the_next_step() {
    let ((site, number), (other, _)) = (site(), site());
    let service = Service::with(&[], &other, &["--tls"]);
    site.ok("gate", &format!("trust ca add site-ca.crt --digest {number}"));
    let before = site.ok("gate", "trust list")["versions"].clone();
    let ran = sync(&[], &site, &format!("https://localhost:{}", port(&service)));
    let (what, next) = error(&ran);
    assert_eq!(ran.code, 50, "{}", ran.stderr);
    assert!(what.ends_with("is not accepted: it is signed by an authority that this machine does not know"), "{what}");
    assert!(next.contains("take a site's own authority from its office: waypass trust ca add FILE"), "{next}");
    assert_eq!(site.ok("gate", "trust list")["versions"], before);
}

#[test]
fn an_authority_is_made_once_and_replaced_when_told() {
    let (site, first) = site();
    let again = site.run("issuer", "issuer tls init --name localhost --key-file KEY");
    assert_eq!((again.code, error(&again).0.as_str()), (2, "this site has a certificate authority already"));
    let top = site.run("issuer", "issuer tls init --name com --replace --yes --key-file KEY");
    assert_eq!(top.code, 2, "{}", top.stderr);
    let asked = site.run("issuer", "issuer tls init --name office.example --replace --key-file KEY");
    assert_eq!(asked.code, 2, "nobody can be asked: {}", asked.stderr);
    let second = site.ok("issuer", "issuer tls init --name office.example --name 192.0.2.7 --replace --yes --key-file KEY");
    assert_eq!(second["names"], serde_json::json!(["office.example", "192.0.2.7"]));
    assert_ne!(second["sha256"].as_str(), Some(first.as_str()));
    // The other keys of the office are not touched.
    site.stick();
    let none = Site::new(&[], "sd-jwt");
    for line in ["issuer serve --tls --key-file KEY", "issuer tls show --key-file KEY"] {
        let ran = none.run("issuer", line);
        assert_eq!((ran.code, error(&ran).0.as_str()), (2, "this site has no certificate authority"), "{line}");
    }
}

/// A file that somebody put in the place of what a person compared.
#[test]
fn a_swapped_authority_is_not_believed() {
    let ((site, number), (other, theirs)) = (site(), site());
    let added = |site: &Site, number: &str| {
        site.ok("gate", &format!("trust ca add site-ca.crt --digest {number}"));
        site.path("gate/trust/ca").join(format!("{number}.crt"))
    };
    // An authority like every other, and not the one that was added.
    std::fs::copy(added(&other, &theirs), added(&site, &number)).expect("copied");
    let ran = sync(&[], &site, "https://localhost:1");
    assert_eq!(ran.code, 60, "{}", ran.stderr);
    assert!(error(&ran).0.ends_with("is not what was added"), "{}", ran.stderr);
}

/// OpenSSL makes the certificates here, so a second implementation reads what we show and we read what it writes.
#[test]
fn a_certificate_of_ones_own_is_read_again_when_it_changes() {
    let (site, number) = site();
    let make = |name: &str| {
        let subject = format!("/CN={name}");
        let (key, certificate) = (site.path("own.key.new"), site.path("own.crt.new"));
        let args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", &subject];
        let names = ["-addext", "subjectAltName=DNS:localhost", "-keyout"];
        let made = Command::new("openssl").args(args).args(names).arg(&key).arg("-out").arg(&certificate).output();
        made.is_ok_and(|made| made.status.success()).then(|| {
            std::fs::rename(&key, site.path("own.key")).expect("renamed");
            std::fs::rename(&certificate, site.path("own.crt")).expect("renamed");
        })
    };
    if make("first").is_none() {
        println!("SKIP a_certificate_of_ones_own_is_read_again_when_it_changes: openssl is not installed");
        return;
    }
    let service = Service::with(&[], &site, &["--tls-cert", "own.crt", "--tls-key", "own.key"]);
    let address = format!("localhost:{}", port(&service));
    let shown = || {
        let args = ["s_client", "-connect", &address, "-servername", "localhost", "-showcerts"];
        let ran = Command::new("openssl").args(args).stdin(std::process::Stdio::null()).output().expect("openssl");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    assert!(shown().contains("CN = first") || shown().contains("CN=first"), "{}", shown());
    let waits = |name: &str| {
        let until = Instant::now() + Duration::from_secs(20);
        while !shown().replace(" = ", "=").contains(&format!("CN={name}")) {
            assert!(Instant::now() < until, "{name} is not shown");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    make("second").expect("made");
    waits("second");
    // A half-written file is left alone, and a hang-up does not end the service.
    std::fs::write(site.path("own.crt"), "-----BEGIN").expect("written");
    service.hang_up();
    std::thread::sleep(Duration::from_millis(1500));
    waits("second");
    make("third").expect("made");
    waits("third");

    // The site's own authority, as OpenSSL reads it.
    let read = |arguments: &[&str]| {
        let ran = Command::new("openssl").args(arguments).output().expect("openssl");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    let ca = site.path("site-ca.crt").display().to_string();
    let text = read(&["x509", "-in", &ca, "-noout", "-text"]);
    for part in
        ["CA:TRUE, pathlen:0", "X509v3 Name Constraints: critical", "DNS:localhost", "TLS Web Server Authentication", "Clinic site CA"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let fingerprint = read(&["x509", "-in", &ca, "-noout", "-fingerprint", "-sha256"]);
    assert_eq!(fingerprint.trim().rsplit('=').next().map(|pairs| pairs.replace(':', "").to_lowercase()), Some(number));
    drop(service);
    let service = Service::with(&[], &site, &["--tls"]);
    let address = format!("localhost:{}", port(&service));
    let verified = read(&["s_client", "-connect", &address, "-servername", "localhost", "-verify_hostname", "localhost", "-CAfile", &ca]);
    assert!(verified.contains("Verify return code: 0 (ok)"), "{verified}");
}

/// The private key of the authority is in the vault, sealed, and nowhere else.
#[test]
fn no_file_of_the_office_holds_a_key_in_clear() {
    let (site, _) = site();
    let mut folders = vec![site.path("issuer")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(Path::new(&entry)).expect("the file");
            // The vault's record names the authority. In clear it would be found.
            for text in ["PRIVATE KEY", "site CA", "waypass.site-ca/1"] {
                assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{} has {text}", entry.display());
            }
        }
    }
    assert!(files > 1, "{files} files");
}
