//! Data Integrity by the npm packages in `package.json`, driven through `di.mjs`.

use crate::distribution::{self, present};
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
        distribution::install(&["nodejs", "npm"])?;
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
