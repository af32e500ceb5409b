//! The package is what its description says: every file that it names is there, and the units keep each protection that they have.
//!
//! Nothing is packed here: `cargo xtask package` does that, by hand.

use super::root;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// The tree that `cargo xtask package` lays out before it packs.
const LAID: &str = "target/release/package/root/";

#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
    package: Package,
}

#[derive(Deserialize)]
struct Workspace {
    package: Version,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Package {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    deb: Deb,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Deb {
    revision: String,
    changelog: String,
    extended_description_file: String,
    maintainer_scripts: String,
    conf_files: Vec<String>,
    assets: Vec<(String, String, String)>,
    systemd_units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    #[serde(rename = "unit-name")]
    name: String,
    enable: bool,
    start: bool,
}

fn manifest() -> Manifest {
    toml::from_str(&read("Cargo.toml")).expect("Cargo.toml with the package's description")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_file_that_the_package_names_is_there() {
    let Manifest { workspace, package } = manifest();
    let deb = package.metadata.deb;
    let named = deb.assets.iter().map(|(from, ..)| from).filter(|from| !from.starts_with(LAID));
    for file in named.chain([&deb.changelog, &deb.extended_description_file]) {
        assert!(root().join(file).is_file(), "Cargo.toml packs {file}, which does not exist");
    }
    let newest = format!("waypass ({}-{}) ", workspace.package.version, deb.revision);
    assert!(read(&deb.changelog).starts_with(&newest), "{} does not begin with {newest}", deb.changelog);
    for script in ["postinst", "prerm", "postrm"] {
        let text = read(&format!("{}/{script}", deb.maintainer_scripts));
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -e\n") && text.contains("\n#DEBHELPER#\n"), "{script}");
        assert!(!text.contains("rm -r"), "{script} deletes; a home is never deleted by a package");
    }
    // A file in /etc that somebody changed stays as it is.
    let configured = deb.assets.iter().filter(|(_, to, _)| to.starts_with("etc/")).map(|(_, to, _)| format!("/{to}"));
    assert_eq!(configured.collect::<BTreeSet<_>>(), deb.conf_files.into_iter().collect());
    for Unit { name, enable, start } in deb.systemd_units {
        assert!(!enable && !start, "{name} needs an office or a gate first, which a person makes");
        let file = format!("packaging/{name}.service");
        assert!(deb.assets.iter().any(|(from, ..)| *from == file), "{file} is not packed");
    }
}

/// The protections of both services.
const OF_BOTH: [&str; 17] = [
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "UMask=0077",
    "LimitCORE=0",
];
/// More, for the one that draws: cage needs the folder of its session, and a browser that outlives the program must go.
const OF_THE_KIOSK: [&str; 3] =
    ["InaccessiblePaths=-/home -/root", "ReadWritePaths=-/run/user", "ExecStopPost=-+/usr/bin/loginctl terminate-user waypass-kiosk"];
/// More, for a service that draws nothing.
const OF_THE_ISSUER: [&str; 9] = [
    "ProtectHome=yes",
    "MemoryDenyWriteExecute=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "RestrictNamespaces=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "SystemCallFilter=@system-service memfd_secret",
    "SystemCallFilter=~@privileged @resources",
    "RemoveIPC=yes",
];

#[test]
fn units_keep_their_protections() {
    for (role, more, key) in [("issuer", &OF_THE_ISSUER[..], "office.key"), ("kiosk", &OF_THE_KIOSK[..], "gate.key")] {
        let unit = read(&format!("packaging/waypass-{role}.service"));
        let lines: BTreeSet<&str> = unit.lines().collect();
        for line in OF_BOTH.iter().chain(more) {
            assert!(lines.contains(line), "waypass-{role}.service lacks {line}");
        }
        let own = [
            format!("User=waypass-{role}"),
            format!("StateDirectory=waypass/{role}"),
            format!("LoadCredential={key}:/etc/waypass/{key}"),
            "RestartPreventExitStatus=2 41 42 60".to_owned(),
        ];
        for line in &own {
            assert!(lines.contains(line.as_str()), "waypass-{role}.service lacks {line}");
        }
        let start = lines.iter().find(|line| line.starts_with("ExecStart=")).expect("a command");
        for part in [format!("--home /var/lib/waypass/{role} "), format!("--key-file %d/{key}"), "--no-input".to_owned()] {
            assert!(start.contains(&part), "waypass-{role}.service does not start with {part}");
        }
        // Without a boot id the program takes each start for a restart of the machine.
        assert!(!unit.lines().any(|line| line.starts_with("ProcSubset=")), "waypass-{role}.service hides the boot id");
    }
}

/// The protections of the services that hold a session: what gives a service another view of files would make names mean others.
const OF_A_SESSION: [&str; 11] = [
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=~@privileged @resources",
    "UMask=0077",
    "LimitCORE=0",
];

#[test]
fn units_of_sessions_keep_their_protections_and_see_what_commands_see() {
    for unit in ["waypass-gate.service", "waypass-session@.service"] {
        let text = read(&format!("packaging/{unit}"));
        let lines: BTreeSet<&str> = text.lines().collect();
        for line in OF_A_SESSION {
            assert!(lines.contains(line), "{unit} lacks {line}");
        }
        let start = lines.iter().find(|line| line.starts_with("ExecStart=")).expect("a command");
        assert!(start.contains(" unlock --foreground --no-input --key-file "), "{unit}: {start}");
        for view in ["Protect", "Private", "ReadOnly", "Inaccessible", "Root", "Proc"] {
            assert!(!lines.iter().any(|line| line.starts_with(view)), "{unit} gives the session other files than its commands have");
        }
    }
}

/// The exposure that `systemd-analyze security` may find in tenths, of 100.
const EXPOSURE: [(&str, &str); 2] = [("issuer", "15"), ("kiosk", "45")];

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("SKIP units: there is no systemd-analyze to read them");
        return;
    }
    for (role, exposure) in EXPOSURE {
        // The program is not installed here, and systemd looks for it.
        let unit = read(&format!("packaging/waypass-{role}.service")).replace("/usr/bin/waypass", "/bin/true");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(format!("waypass-{role}.service"));
        fs::write(&file, unit).expect("written");
        for args in [&["verify", "--man=no"][..], &["security", "--offline=true", "--threshold", exposure]] {
            let output = Command::new("systemd-analyze").args(args).arg(&file).output().expect("systemd-analyze runs");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let is_quiet = args[0] != "verify" || !said.contains(&format!("waypass-{role}"));
            assert!(output.status.success() && is_quiet, "systemd-analyze {args:?} of waypass-{role}.service: {said}");
        }
    }
}
