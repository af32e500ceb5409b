//! Data Integrity by the npm packages in `package.json`, driven through `di.mjs`.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The folder with `package.json` and `di.mjs`.
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Makes Node and the pinned packages ready, once; why not, where they cannot be had.
pub fn ready() -> Result<(), String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY.get_or_init(prepare).clone()
}

fn prepare() -> Result<(), String> {
    if !present("node") || !(present("npm") || installed()) {
        if !may_install() {
            return Err("node and npm are not installed, and only root may install them".to_owned());
        }
        install();
        if !present("node") || !present("npm") {
            return Err("apt-get could not install nodejs and npm".to_owned());
        }
    }
    if installed() {
        return Ok(());
    }
    // `npm ci` takes exactly what the lock file names, by digest, and runs no scripts here.
    let ci = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(FOLDER).output();
    match ci {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("npm ci: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(why) => Err(format!("npm ci: {why}")),
    }
}

/// Returns true if the installed packages are those that the lock file names.
fn installed() -> bool {
    let versions = |path: &str| -> Option<Vec<(String, String)>> {
        let text = std::fs::read(Path::new(FOLDER).join(path)).ok()?;
        let lock: serde_json::Value = serde_json::from_slice(&text).ok()?;
        let packages = lock.get("packages")?.as_object()?.iter().filter(|(name, _)| !name.is_empty());
        let mut found: Vec<_> = packages.map(|(name, about)| (name.clone(), about["integrity"].to_string())).collect();
        found.sort_unstable();
        Some(found)
    };
    let wanted = versions("package-lock.json");
    wanted.is_some() && wanted == versions("node_modules/.package-lock.json")
}

/// Runs `di.mjs`; what it prints, or why it refuses.
pub fn run(args: &[&str]) -> Result<String, String> {
    let Output { status, stdout, stderr } = Command::new("node")
        .arg(Path::new(FOLDER).join("di.mjs"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("node: {why}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}

fn install() {
    let packages = ["install", "--yes", "--no-install-recommends", "nodejs", "npm"];
    if !quiet("apt-get", &packages) {
        // The package lists of a fresh machine may be empty or old.
        quiet("apt-get", &["update"]);
        quiet("apt-get", &packages);
    }
}

fn quiet(program: &str, args: &[&str]) -> bool {
    let command = Command::new(program).args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).output();
    command.is_ok_and(|output| output.status.success())
}

/// Returns true for root on a distribution with apt; nobody is asked for a password.
fn may_install() -> bool {
    present("apt-get") && Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn present(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
