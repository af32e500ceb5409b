//! The shape of the workspace, held by tests: what may reach the offline core, which way dependencies point, how large a
//! file may grow. ARCHITECTURE.md names these tests next to the invariant each one enforces.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod book;
mod circles;
mod ends;
mod front;
mod invariants;
mod one_build;
mod packages;
mod product;
mod prose;
mod reach;
mod sabotage;
mod surface;
mod terminal;

/// The crates that would give the offline core a socket, a database, a scheduler, the kernel's calls or its entropy.
const FORBIDDEN_IN_CORE: [&str; 8] = ["tokio", "hyper", "mio", "socket2", "reqwest", "rusqlite", "rustix", "getrandom"];
const CORE: [&str; 6] = ["waypass-credential", "waypass-trust", "waypass-verifier", "waypass-vault", "waypass-screen", "waypass-words"];
/// Pure too, but its readers of pictures need `std`.
const QR: &str = "waypass-qr";
/// The rooms that a lane of a gate is made of.
const LANE: &[&str] = &["schemas", "credential", "trust", "vault", "verifier", "gate", "net", "qr", "screen", "words"];

/// The folders with the sources of the product and of its checks.
const ROOMS: [&str; 20] = [
    "schemas",
    "credential",
    "trust",
    "vault",
    "machine",
    "issuer",
    "wallet",
    "verifier",
    "gate",
    "net",
    "qr",
    "screen",
    "words",
    "lane",
    "web",
    "web/engine",
    "web/scan",
    "web/bindgen",
    "cli",
    "xtask",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The crates that `package` builds with, as `cargo tree` sees that package alone (`cargo metadata` would unify features
/// across the workspace and accuse the innocent).
fn tree(package: &str, extra: &[&str]) -> BTreeSet<String> {
    let output = cargo(&[&["tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}"], extra].concat());
    output.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).arg("--locked").arg("--offline").current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// How `package` comes to depend on `culprit`, for the failure message.
fn path_to(package: &str, culprit: &str, extra: &[&str]) -> String {
    cargo(&[&["tree", "-p", package, "-e", "normal", "-i", culprit], extra].concat())
}

#[test]
fn core_reaches_no_io_crate() {
    for package in CORE.into_iter().chain([QR]) {
        for extra in [&[][..], &["--target", "wasm32-unknown-unknown", "--no-default-features"]] {
            let crates = tree(package, extra);
            assert!(crates.contains("serde_json"), "cargo tree of {package} looks empty: {crates:?}");
            for culprit in FORBIDDEN_IN_CORE {
                assert!(!crates.contains(culprit), "{package} {extra:?} reaches {culprit}:\n{}", path_to(package, culprit, extra));
            }
        }
    }
}

/// The one place where the core may name `std`: Cedar takes and gives the collections of it.
const STD_IN_CORE: (&str, &[&str]) = ("trust/policy.rs", &["extern crate std;", "use std::collections::{HashMap, HashSet};"]);

#[test]
fn core_is_no_std() {
    let mut read = 0;
    for package in CORE {
        let room = root().join(package.trim_start_matches("waypass-"));
        let lib = fs::read_to_string(room.join("lib.rs")).expect("a crate root");
        assert!(lib.contains("#![no_std]"), "{package} must stay no_std: that is what keeps files, sockets and clocks out of it");
        let mut sources = Vec::new();
        walk(&room, &mut sources);
        for path in sources.iter().filter(|path| !is_test(path) && path.file_stem().is_some_and(|stem| stem != "build")) {
            let shown = path.strip_prefix(root()).expect("inside").display().to_string();
            for line in names_of_std(&fs::read_to_string(path).expect("source")) {
                assert!(shown == STD_IN_CORE.0 && STD_IN_CORE.1.contains(&line.as_str()), "{shown} brings std back: {line}");
            }
            read += 1;
        }
    }
    assert!(read > 150, "only {read} files were read");
}

/// The lines of a source that name `std` outside comments and tests.
fn names_of_std(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_of_test = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let was_of_test = std::mem::replace(&mut is_of_test, line == "#[cfg(test)]");
        // A module of tests ends a file; a declaration of one is a line.
        if was_of_test && line.starts_with("mod ") && line.ends_with('{') {
            break;
        }
        let names = |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let is_named = line.match_indices("std::").any(|(at, _)| names(at)) || line == "extern crate std;";
        if is_named && !was_of_test {
            found.push(line.to_owned());
        }
    }
    found
}

#[test]
fn every_name_of_std_is_found() {
    let found = names_of_std(
        "use std::fs;\n// std::fs\n#[cfg(test)]\nextern crate std;\nlet x = ::std::vec![];\nmy_std::x;\n#[cfg(test)]\nmod tests {\nuse std::fs;\n",
    );
    assert_eq!(found, ["use std::fs;", "let x = ::std::vec![];"]);
    assert_eq!(names_of_std("extern crate std;"), ["extern crate std;"]);
}

/// The names that would give the room of QR codes a file, a socket or a clock. `RXingResult` is stamped with the time
/// when it is made, which ends
/// the program in WebAssembly; every reader of rxing but the parts we use makes one.
#[test]
fn codes_are_drawn_and_read_without_files_and_clocks() {
    let mut sources = Vec::new();
    walk(&root().join("qr"), &mut sources);
    walk(&root().join("lane"), &mut sources);
    assert!(sources.len() > 20, "found only {} files", sources.len());
    for path in sources.iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).expect("source");
        for needle in [
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::path",
            "std::time",
            "chrono",
            " RXingResult",
            "Reader::new",
            "helpers",
        ] {
            assert!(!text.contains(needle), "{} uses {needle}: this room is pure", path.display());
        }
    }
}

/// `schemas` is documents and nothing else. Contexts are compiled in `credential`, which reads all JSON of strangers in one place.
#[test]
fn schemas_holds_documents_and_contexts_have_one_reader() {
    assert!(!root().join("schemas/build.rs").exists(), "schemas has a build script");
    assert_eq!(tree("waypass-schemas", &[]).len(), 1, "schemas depends on something");
    let mut sources = vec![root().join("credential/build.rs"), root().join("credential/jsonld.rs")];
    walk(&root().join("credential/jsonld"), &mut sources);
    for path in sources.iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).expect("source");
        assert!(!text.contains("serde_json"), "{} reads JSON by itself", path.display());
    }
}

#[test]
fn wallet_does_without_the_policy_engine() {
    let crates = tree("waypass-wallet", &[]);
    assert!(crates.contains("waypass-vault") && !crates.contains("cedar-policy"), "the wallet keeps records and decides no roles");
}

#[test]
fn one_sqlite_and_one_network_room() {
    for (package, forbidden) in
        [("vault", "rusqlite"), ("wallet", "rusqlite"), ("gate", "rusqlite"), ("machine", "reqwest"), ("wallet", "reqwest")]
    {
        assert!(!tree(&format!("waypass-{package}"), &[]).contains(forbidden), "{package} must not reach {forbidden}");
    }
    assert!(tree("waypass-machine", &[]).contains("rusqlite"), "the machine keeps the vault's rows");
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    assert_eq!(lock.matches("name = \"libsqlite3-sys\"").count(), 1, "one SQLite in the tree");
}

/// Dependencies point one way: each package may use only what stands to its left.
#[test]
fn dependencies_point_one_way() {
    let may_use: [(&str, &[&str]); 17] = [
        ("schemas", &[]),
        ("credential", &["schemas"]),
        ("trust", &["schemas", "credential"]),
        ("vault", &["schemas", "credential", "trust"]),
        ("machine", &["schemas", "credential", "trust", "vault"]),
        ("issuer", &["schemas", "credential", "trust", "web"]),
        ("wallet", &["schemas", "credential", "trust", "vault"]),
        ("verifier", &["schemas", "credential", "trust"]),
        ("gate", &["schemas", "credential", "trust", "vault", "verifier"]),
        ("net", &["schemas", "credential", "trust"]),
        ("qr", &["schemas", "credential"]),
        ("screen", &["schemas", "credential", "trust", "verifier"]),
        ("words", &["schemas", "credential", "trust", "verifier", "screen"]),
        ("lane", LANE),
        ("web", &[]),
        ("web-engine", &[LANE, &["lane"]].concat()),
        ("web-scan", &["schemas", "credential", "qr"]),
    ];
    for (package, allowed) in may_use {
        let own = format!("waypass-{package}");
        for used in tree(&own, &[]) {
            let Some(used) = used.strip_prefix("waypass-").filter(|used| *used != package) else { continue };
            assert!(allowed.contains(&used), "{package} must not depend on {used}");
        }
    }
}

/// The pages are answered by whichever server there is, so their room has none.
#[test]
fn pages_are_answered_without_a_server() {
    let crates = tree("waypass-web", &[]);
    assert!(crates.contains("sha2"), "cargo tree of waypass-web looks empty: {crates:?}");
    for culprit in FORBIDDEN_IN_CORE.into_iter().chain(["axum"]) {
        assert!(!crates.contains(culprit), "waypass-web reaches {culprit}:\n{}", path_to("waypass-web", culprit, &[]));
    }
}

/// The tool that writes the JavaScript around a module reads only what its own version of wasm-bindgen wrote.
#[test]
fn the_bindgen_tool_has_the_version_of_the_pages() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let version = lock.split("name = \"wasm-bindgen\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version");
    for tool in ["Cargo.toml", "Cargo.lock"] {
        let text = fs::read_to_string(root().join("web/bindgen").join(tool)).expect(tool);
        let pins =
            [format!("wasm-bindgen-cli-support = \"={version}\""), format!("name = \"wasm-bindgen-cli-support\"\nversion = \"{version}\"")];
        assert!(pins.iter().any(|pin| text.contains(pin)), "web/bindgen/{tool} has not the version {version} of the product");
    }
}

#[test]
fn top_level_names_are_the_owners() {
    for name in ["Cargo.toml", "wallet", "verifier", "issuer", "schemas", "examples", "tests", "README.md"] {
        assert!(root().join(name).exists(), "the owner named {name}");
    }
}

#[test]
fn files_stay_small_enough_to_read() {
    let sources = rust_sources();
    assert!(sources.len() > 50, "found only {} source files", sources.len());
    let mut lengths: Vec<(usize, &PathBuf)> = sources.iter().filter(|path| !is_test(path)).map(|path| (code_lines(path), path)).collect();
    lengths.sort_by_key(|(lines, _)| *lines);
    let at = |tenths: usize| lengths[lengths.len() * tenths / 10];
    let (longest, path) = lengths[lengths.len() - 1];
    assert!(longest <= 800, "{} has {longest} lines; none may pass 800", path.display());
    assert!(at(9).0 <= 500, "nine files in ten should have 500 lines at most; {} has {}", at(9).1.display(), at(9).0);
    assert!(at(5).0 <= 250, "the median file has {} lines; aim for 250", at(5).0);
}

#[test]
fn no_source_names_a_junk_drawer() {
    for path in rust_sources() {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!["mod", "utils", "util", "common", "helpers", "manager"].contains(&stem.as_str()), "{} says nothing", path.display());
    }
}

/// The shipped binary has no switch that sets time, seeds entropy or skips a check (invariant 7): the clock and the
/// entropy source are read in one file each.
#[test]
fn one_clock_and_one_entropy_source() {
    let wall_clocks = ["SystemTime::now", "clock_gettime", "Timestamp::now", "Zoned::now", "Date::now"];
    // This computer's, and a browser's.
    let (clocks, sources) = (["machine/clock.rs", "web/engine/browser/clock.rs"], ["machine/entropy.rs", "web/engine/browser/entropy.rs"]);
    for path in rust_sources().iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).expect("source");
        let shown = path.strip_prefix(root()).expect("inside").display().to_string();
        for needle in wall_clocks {
            assert!(clocks.contains(&shown.as_str()) || !text.contains(needle), "{shown} reads a clock ({needle}); time is an argument");
        }
        // A stopwatch tells no time of day; those who wait for something may hold one.
        let pure = ["credential/", "trust/", "verifier/", "vault/", "gate/", "wallet/", "qr/", "screen/", "words/", "lane/", "web/"]
            .iter()
            .any(|room| shown.starts_with(room));
        assert!(!(pure && text.contains("Instant::now")), "{shown} holds a stopwatch; time is an argument");
        for needle in ["getrandom::", "SysRng", "OsRng", "thread_rng"] {
            assert!(
                sources.contains(&shown.as_str()) || !text.contains(needle),
                "{shown} draws entropy ({needle}); randomness is an argument"
            );
        }
    }
}

fn rust_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for room in ROOMS.into_iter().chain(["examples"]) {
        walk(&root().join(room), &mut found);
    }
    found
}

/// Finds the sources in a folder. A room in a room is read by its own name.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            let is_of_others = entry.ends_with("target") || entry.ends_with("node_modules");
            if !is_of_others && ROOMS.iter().all(|room| root().join(room) != entry) {
                walk(&entry, found);
            }
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

fn is_test(path: &Path) -> bool {
    let inside = path.strip_prefix(root()).expect("inside");
    inside.iter().any(|part| part == "tests" || part == "tests.rs" || part == "testing.rs")
}

fn code_lines(path: &Path) -> usize {
    fs::read_to_string(path).expect("source").lines().take_while(|line| !line.contains("#[cfg(test)]")).count()
}
