//! Programs the tests need in addition to Rust and a C compiler: found, installed when that is allowed, or named.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program and the distribution package that brings it.
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    package: &'static str,
    /// The tests that cannot run without it.
    pub(crate) serves: &'static str,
}

/// Everything the tests ask for.
pub(crate) const TOOLS: [Tool; 6] = [
    Tool { program: "faketime", package: "faketime", serves: "a gate whose clock was moved" },
    Tool { program: "zbarimg", package: "zbar-tools", serves: "codes read by a program of others" },
    Tool { program: "pdftoppm", package: "poppler-utils", serves: "cards printed by a program of others" },
    Tool { program: "node", package: "nodejs", serves: "the page in a browser" },
    Tool { program: "npm", package: "npm", serves: "the page in a browser" },
    Tool { program: "chromium", package: "chromium", serves: "the page in a browser" },
];

/// The oldest Node.js that builds the pages: the one of Debian 12.
pub(crate) const NODE_TO_BUILD: u32 = 18;
/// The oldest Node.js that drives a browser (playwright-core).
pub(crate) const NODE_TO_BROWSE: u32 = 20;

/// Returns the first number of a Node.js's version.
pub(crate) fn node_version(program: impl AsRef<OsStr>) -> Option<u32> {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    std::str::from_utf8(&said.stdout).ok()?.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs what the package-lock.json in `folder` names; returns true if that is done. No package may run a script of its own.
pub(crate) fn npm_ci(folder: &Path) -> bool {
    let args = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    let done = Command::new("npm").args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// Returns the tools that are missing after trying to install them.
pub(crate) fn missing() -> Vec<&'static Tool> {
    let absent: Vec<_> = TOOLS.iter().filter(|tool| !present(tool.program)).collect();
    if absent.is_empty() || !may_install() {
        return absent;
    }
    let packages: Vec<_> = absent.iter().map(|tool| tool.package).collect();
    println!("installing {}", packages.join(" "));
    if !install(&packages) {
        // The package lists of a fresh machine may be empty or old.
        quiet("apt-get", &["update"]);
        install(&packages);
    }
    absent.into_iter().filter(|tool| !present(tool.program)).collect()
}

fn install(packages: &[&str]) -> bool {
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);
    quiet("apt-get", &args)
}

fn quiet(program: &str, args: &[&str]) -> bool {
    let command = Command::new(program)
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    command.is_ok_and(|status| status.success())
}

/// Returns true for root on a distribution with apt; nobody is asked for a password.
fn may_install() -> bool {
    present("apt-get") && Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

pub(crate) fn present(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| Path::new(&dir).join(program).is_file()))
}
