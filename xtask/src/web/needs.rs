//! The tools that build the pages, in addition to Rust: each thing is found, or named with the command that brings it.

use crate::tools::{self, NODE_TO_BUILD};
use crate::workspace;
use std::path::Path;
use std::process::Command;

/// Fails with the first thing that is missing.
pub(super) fn check() -> Result<(), String> {
    let found = tools::node_version("node");
    match found {
        None => return Err("node is missing: apt-get install nodejs npm".to_owned()),
        Some(found) if found < NODE_TO_BUILD => {
            return Err(format!("node has version {found}, and the pages need {NODE_TO_BUILD}: apt-get install nodejs npm"));
        }
        Some(_) => {}
    }
    if !tools::present("npm") {
        return Err("npm is missing: apt-get install npm".to_owned());
    }
    if !has_target() {
        return Err(format!("Rust cannot build for {0} yet: rustup target add {0}", super::WASM));
    }
    Ok(())
}

/// Returns true if the standard library for WebAssembly is installed.
fn has_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let asked = Command::new(rustc).args(["--print", "target-libdir", "--target", super::WASM]).current_dir(workspace::root()).output();
    asked.is_ok_and(|asked| asked.status.success() && Path::new(String::from_utf8_lossy(&asked.stdout).trim()).is_dir())
}
