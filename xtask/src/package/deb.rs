//! The Debian package, by cargo-deb and the table `[package.metadata.deb]` in Cargo.toml.

use super::Packing;
use crate::steps::done;
use crate::workspace;
use std::path::{Path, PathBuf};

/// The version of cargo-deb that packs. Another one may write other bytes.
const CARGO_DEB: &str = "3.8.0";

pub(super) fn pack(packing: &Packing, out: &Path) -> Result<(), String> {
    let tool = installed()?;
    let mut deb = workspace::cargo();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tool.join("bin")).chain(std::env::split_paths(&paths));
    deb.env("PATH", std::env::join_paths(paths).map_err(|error| format!("PATH: {error}"))?);
    deb.args(["deb", "--quiet", "--no-build", "--no-strip", "--locked", "--package", "waypass", "--profile", &packing.profile, "--output"])
        .arg(out);
    deb.env("SOURCE_DATE_EPOCH", packing.epoch.to_string());
    done(deb, "cargo-deb does not pack")
}

/// Returns the folder of cargo-deb after installing it, which is done once.
fn installed() -> Result<PathBuf, String> {
    let tools = workspace::target().join("tools");
    let mut install = workspace::cargo();
    install.args(["install", "--quiet", "--locked", "--debug", "--no-default-features", "--version", CARGO_DEB]);
    install.arg("--root").arg(&tools).arg("--target-dir").arg(tools.join("build")).arg("cargo-deb");
    if !tools.join("bin/cargo-deb").is_file() {
        done(install, "cargo-deb cannot be installed")?;
    }
    Ok(tools)
}
