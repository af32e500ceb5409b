//! Programs from the packages of the distribution.

use std::process::{Command, Stdio};

/// Installs these packages. Only root on a distribution with apt does so; nobody is asked for a password.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    let names = packages.join(" and ");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !is_root || !present("apt-get") {
        return Err(format!("{names} are not installed, and only root may install them"));
    }
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    if quiet(&install) {
        return Ok(());
    }
    // The package lists of a fresh machine may be empty or old.
    quiet(&["update"]);
    if quiet(&install) { Ok(()) } else { Err(format!("apt-get could not install {names}")) }
}

/// Returns true if a program is there.
pub(crate) fn present(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn quiet(args: &[&str]) -> bool {
    let command = Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).output();
    command.is_ok_and(|output| output.status.success())
}
