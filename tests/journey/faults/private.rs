//! Other users of the machine: files that they could read or change are put right, and said; links lead nowhere.

use super::site::{GATE, ISSUER, Site, WALLET, advice};
use crate::program::{Place, Ran};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn wallet() -> Site {
    let site = Site { place: Place::new(), holder: String::new() };
    site.done(WALLET, "wallet init --recovery-file wallet.code");
    site
}

#[test]
fn what_let_others_in_is_put_right_and_said() {
    let site = Site::new();
    for (actor, line) in [(WALLET, "wallet list"), (GATE, "audit verify"), (ISSUER, "issuer list")] {
        let vault = site.vault(actor);
        let (home, folder) = (site.place.path(actor), vault.parent().expect("a folder").to_owned());
        for (path, wide) in [(&home, 0o777), (&folder, 0o777), (&vault, 0o666)] {
            fs::set_permissions(path, Permissions::from_mode(wide)).expect("set");
        }
        let ran = site.run(actor, line);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for (path, now) in [(&home, 0o755), (&folder, 0o700), (&vault, 0o600)] {
            assert_eq!(mode(path), now, "{}", path.display());
            assert!(ran.stderr.contains(&format!("had access to {} (mode", path.display())), "{}", ran.stderr);
        }
        assert_eq!(site.run(actor, line).stderr, "", "said twice");
    }
}

#[test]
fn a_link_in_a_vaults_folder_changes_nothing_elsewhere() {
    let site = wallet();
    let folder = site.vault(WALLET).parent().expect("a folder").to_owned();
    let victim = site.place.write("victim", "content");
    for name in ["lock", "ballast"] {
        fs::remove_file(folder.join(name)).expect("removed");
        std::os::unix::fs::symlink(&victim, folder.join(name)).expect("linked");
    }
    let ran = site.run(WALLET, "wallet list");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("was a link to another file").count(), 2, "{}", ran.stderr);
    assert_eq!(fs::read(&victim).expect("there"), b"content");

    let elsewhere = site.place.path("elsewhere");
    fs::rename(site.vault(WALLET), &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, site.vault(WALLET)).expect("linked");
    let ran: Ran = site.run(WALLET, "wallet list");
    assert_eq!(ran.code, 60, "{}", ran.stderr);
    assert!(advice(&ran).0.contains("is a link or a folder where a file belongs"), "{}", ran.stderr);
}

#[test]
fn a_copy_without_the_write_ahead_log_is_noticed() {
    let site = wallet();
    let log = site.vault(WALLET).with_file_name("vault.db-wal");
    assert_eq!(site.run(WALLET, "wallet list").stderr, "");
    fs::remove_file(&log).expect("the log stays when the vault is closed");
    // Looking without a secret does not hide it.
    assert_eq!(site.look(WALLET, "wallet status").code, 0);
    let ran = site.run(WALLET, "wallet list");
    assert!(ran.stderr.contains("without its write-ahead log"), "{}", ran.stderr);
}
