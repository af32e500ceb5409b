//! Results that cannot be written, and homes that cannot be found: said, and never a success.

use crate::program::{Place, Ran, finish};
use crate::site::Site;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Stdio;

fn words(place: &Place, home: &str, line: &str) -> Ran {
    let args: Vec<&str> = line.split(' ').collect();
    finish(place.command(&[], home, &args), "")
}

/// Runs a line with standard output on a full disk.
fn on_a_full_disk(place: &Place, home: &str, line: &str) -> (i32, String) {
    let args: Vec<&str> = line.split(' ').collect();
    let mut command = place.command(&[], home, &args);
    let full = File::options().write(true).open("/dev/full").expect("a full disk");
    let output = command.stdout(full).stderr(Stdio::piped()).output().expect("the program ends");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_result_that_a_full_disk_swallows_is_a_failure() {
    let site = Site::new(&[], "sd-jwt");
    let place = &site.place;
    let holder = site.ok("ada", "wallet key --key-file KEY")["did"].as_str().expect("a DID").to_owned();
    let issue = format!("issuer issue --holder {holder} --role staff --site north --key-file issuer.key");
    for (home, line) in [
        ("issuer", issue.as_str()),
        ("issuer", "issuer issue --offer --role staff --site north --key-file issuer.key"),
        ("issuer", "issuer publish -o - --key-file issuer.key"),
        ("issuer", "issuer list --key-file issuer.key"),
        ("gate", "audit list --key-file gate.key --json"),
        ("gate", "completions zsh"),
        ("gate", "help exit-codes"),
    ] {
        let (code, said) = on_a_full_disk(place, home, line);
        assert_eq!(code, 1, "waypass {line}: {said}");
        assert!(said.contains("cannot write to standard output: no space left on device"), "waypass {line}: {said}");
    }
    // A credential whose file was lost is named, since it is in force all the same.
    let lost = on_a_full_disk(place, "issuer", &issue).1;
    let named = lost.split("credential ").nth(1).and_then(|rest| rest.split(' ').next()).expect("an id").to_owned();
    assert!(site.ok("issuer", &format!("issuer show {named} --key-file KEY"))["id"].as_str() == Some(named.as_str()), "{lost}");
    let nowhere = words(place, "issuer", &format!("{issue} -o missing/credential"));
    assert!(nowhere.code == 2 && nowhere.stderr.contains("was issued all the same"), "{}", nowhere.stderr);
}

#[test]
fn a_reader_that_has_enough_changes_nothing() {
    let place = Place::new();
    let mut child =
        place.command(&[], "home", &["help", "verdicts"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

#[test]
fn what_stands_behind_dev_stdout_is_written_to_and_not_replaced() {
    let place = Place::new();
    let to = place.write("out", "before\n");
    place.write("note", "a note");
    let mut command = place.command(&[], "home", &["qr", "encode", "note", "-o", "note.png"]);
    assert!(command.status().expect("ends").success());
    let out = File::options().append(true).open(&to).expect("open");
    let mut command = place.command(&[], "home", &["qr", "decode", "note.png", "-o", "/dev/stdout"]);
    assert!(command.stdout(out).status().expect("ends").success());
    assert_eq!(fs::read_to_string(&to).expect("there"), "before\na note");
}

#[test]
fn a_named_home_needs_no_other_settings() {
    let place = Place::new();
    fs::create_dir_all(place.path(".config/waypass")).expect("made");
    let bare = |args: &[&str], named: bool| {
        let mut command = place.command(&[], "home", args);
        command.env_remove("HOME");
        if !named {
            command.env_remove("WAYPASS_HOME");
        }
        finish(command, "")
    };
    let made = bare(&["wallet", "init", "--key-file", "key", "--recovery-file", "recovery"], true);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(bare(&["--home", "home", "wallet", "status"], false).code, 0);
    place.write("note", "a note");
    for line in ["help environment", "completions bash", "man pages", "qr encode note"] {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = bare(&args, false);
        assert_eq!(ran.code, 0, "waypass {line}: {}", ran.stderr);
    }
    let lost = bare(&["wallet", "status"], false);
    assert!(lost.code == 2 && lost.stderr.contains("there is no home folder"), "{}", lost.stderr);

    // A typo in the settings stops every command that depends on them.
    place.write(".config/waypass/config.toml", "hone = \"elsewhere\"\n");
    let with_settings = |args: &[&str], named: bool| {
        let mut command = place.command(&[], "home", args);
        if !named {
            command.env_remove("WAYPASS_HOME");
        }
        finish(command, "")
    };
    let named = with_settings(&["wallet", "status"], true);
    assert!(named.code == 0 && named.stderr.contains("its settings were left out"), "{}", named.stderr);
    assert_eq!(with_settings(&["wallet", "status"], false).code, 2);
    assert_eq!(with_settings(&["help", "environment"], false).code, 0);
    let doctor = with_settings(&["doctor"], false);
    assert!(doctor.code == 1 && doctor.stdout.contains("config.toml is not understood"), "{}{}", doctor.stdout, doctor.stderr);
}

/// A list of what is in force does not name what came to its end by itself.
#[test]
fn what_is_past_its_end_is_listed_as_ended() {
    let site = Site::new(&[], "sd-jwt");
    let holder = site.ok("ada", "wallet key --key-file KEY")["did"].as_str().expect("a DID").to_owned();
    site.ok("issuer", &format!("issuer issue --holder {holder} --role visitor --site north --valid 1s -o short --key-file KEY"));
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let listed = |state: &str| -> Vec<bool> {
        let found = site.ok("issuer", &format!("issuer list {state}--key-file KEY"));
        found["credentials"].as_array().expect("credentials").iter().map(|one| one["ended"].as_bool().expect("a fact")).collect()
    };
    assert_eq!(listed(""), [true, false]);
    assert_eq!(listed("--state valid "), [false]);
    assert_eq!(listed("--state ended "), [true]);
    let said = words(&site.place, "issuer", "issuer list --state ended --key-file issuer.key").stdout;
    assert!(said.contains(" ended ") && !said.contains(" valid "), "{said}");
}

/// Whose folder it is decides what a command says: there is a wallet, and this user may not use it.
#[test]
fn a_home_of_somebody_else_is_not_called_empty() {
    let place = Place::new();
    assert_eq!(words(&place, "home", "wallet init --key-file key --recovery-file recovery").code, 0);
    // Only root can be somebody else; another user is kept out by the mode.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    let wrap: &[&str] = if is_root { &["setpriv", "--reuid", "65534", "--clear-groups"] } else { &[] };
    if is_root && !std::process::Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("SKIP a home of somebody else: there is no setpriv");
        return;
    }
    fs::set_permissions(place.path("home"), fs::Permissions::from_mode(0o000)).expect("set");
    // The folder above must let others pass, and the key must be theirs to read: only the home is not.
    fs::set_permissions(place.dir(), fs::Permissions::from_mode(0o755)).expect("set");
    fs::set_permissions(place.path("key"), fs::Permissions::from_mode(0o644)).expect("set");
    for line in ["wallet status", "wallet list --key-file key", "doctor"] {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = finish(place.command(wrap, "home", &args), "");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code != 0 && said.contains("permission denied"), "{line}: {} {said}", ran.code);
        assert!(!said.contains("there is no wallet") && !said.contains("check the disk"), "{line}: {said}");
        assert!(said.contains("waypass doctor") || said.contains("as the user it belongs to"), "{line}: {said}");
    }
    fs::set_permissions(place.path("home"), fs::Permissions::from_mode(0o700)).expect("set");
}

#[test]
fn doctor_sees_a_key_that_lies_with_its_vault_and_a_home_that_is_not_ours() {
    let place = Place::new();
    fs::create_dir(place.path("usb")).expect("made");
    let init = "wallet init --key-file usb/key --recovery-file usb/recovery";
    assert_eq!(words(&place, "home", init).code, 0);
    let clean = words(&place, "home", "doctor");
    assert!(!clean.stdout.contains("key file"), "{}", clean.stdout);
    for beside in ["door.key", "home/door.key", "home/wallet/door.key"] {
        fs::copy(place.path("usb/key"), place.path(beside)).expect("copied");
        let said = words(&place, "home", "doctor").stdout;
        assert!(said.contains("door.key lies with what it opens"), "{beside}: {said}");
        fs::remove_file(place.path(beside)).expect("removed");
    }
    // Only root can give a folder away, and only root may write where nobody may.
    let foreign = chown(place.path("home"), Some(12_345), None).is_ok();
    if !foreign {
        fs::set_permissions(place.path("home"), fs::Permissions::from_mode(0o500)).expect("set");
    }
    let ran = words(&place, "home", "doctor");
    let said = if foreign { "belongs to user 12345, and this is another user" } else { "nothing can be written into" };
    assert!(ran.code == 1 && ran.stdout.contains(said), "{}", ran.stdout);
    fs::set_permissions(place.path("home"), fs::Permissions::from_mode(0o700)).expect("set");
}
