//! The place of the workspace, and cargo as every command here starts it: one profile, one feature set, one target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder with the root Cargo.toml.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The names of the crates of the workspace, by the root Cargo.toml.
pub(crate) fn packages() -> Result<Vec<String>, String> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        workspace: Workspace,
        package: Package,
    }
    #[derive(serde::Deserialize)]
    struct Workspace {
        members: Vec<String>,
    }
    #[derive(serde::Deserialize)]
    struct Package {
        name: String,
    }
    let text = std::fs::read_to_string(root().join("Cargo.toml")).map_err(|error| format!("cannot read Cargo.toml: {error}"))?;
    let Manifest { workspace, package } = toml::from_str(&text).map_err(|error| format!("Cargo.toml: {error}"))?;
    let rooms = workspace.members.into_iter().filter(|room| room != env!("CARGO_PKG_NAME"));
    Ok(rooms.map(|room| format!("{}-{}", package.name, room.replace('/', "-"))).chain([package.name.clone()]).collect())
}

/// The hash of the commit that is checked out.
pub(crate) fn commit() -> Result<String, String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root()).output();
    let output = output.map_err(|error| format!("cannot ask git for the commit: {error}"))?;
    let hash = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if hash.is_empty() { Err("git does not know the commit".to_owned()) } else { Ok(hash) }
}

/// Returns the target folder in use.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Returns the cargo that started us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The variables that cargo set for this process describe xtask, not what is about to be built.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command.current_dir(root());
    command
}
