//! `cargo xtask web`: builds the pages. Rust becomes WebAssembly, TypeScript becomes JavaScript, and a list of the files goes into the
//! program that shows them.

pub(crate) mod list;
mod needs;

use crate::steps::{done, empty, remove};
use crate::{paths, tools, workspace};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The crates that become WebAssembly, each in an instance of its own.
const MODULES: [&str; 2] = ["waypass-web-engine", "waypass-web-scan"];
const WASM: &str = "wasm32-unknown-unknown";
/// The profile of what is shipped: small, and the same bytes wherever it is built.
const SHIPPED: &str = "web";

/// Builds the pages into the folder that a program of this target folder looks in, and writes their list.
pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let profile = match args {
        [] => SHIPPED,
        [option, profile] if option == "--profile" => profile,
        _ => return Err("usage: cargo xtask web [--profile PROFILE]".to_owned()),
    };
    needs::check()?;
    let (root, target) = (workspace::root(), workspace::target());
    let (glue, built) = (target.join("web/glue"), target.join("web/pages"));
    modules(profile)?;
    empty(&glue)?;
    bindgen(profile, &glue)?;
    empty(&built)?;
    pages(&root.join("web/pages"), &glue, &built)?;
    let list = list::of(&built)?;
    let shown = target.join("share/waypass/pages");
    replace(&built, &shown)?;
    // After the files: a program that is built with the list finds them.
    list.write(&root.join("web/list/pages.sha256"))?;
    println!("{list}{} in {}", list.summary(), shown.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the WebAssembly of all modules at once, so that what they have in common is compiled once.
///
/// Paths of this machine are cut from what is shipped. The flags for it make all dependencies another build, so for tests they are left
/// out: those dependencies are there already.
fn modules(profile: &str) -> Result<(), String> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--locked", "--profile", profile, "--target", WASM]);
    for module in MODULES {
        cargo.args(["--package", module]);
    }
    if profile == SHIPPED {
        paths::cut(&mut cargo, &workspace::root(), &workspace::target())?;
    }
    done(cargo, "the crates in web/ do not build for WebAssembly")
}

/// Writes the JavaScript around the modules. The tool is built once, in a target folder of its own.
fn bindgen(profile: &str, glue: &Path) -> Result<(), String> {
    let (root, target) = (workspace::root(), workspace::target());
    let tool = target.join("bindgen");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(root.join("web/bindgen/Cargo.toml"));
    cargo.arg("--target-dir").arg(&tool);
    done(cargo, "web/bindgen does not build")?;
    for module in MODULES {
        let wasm = target.join(WASM).join(profile).join(format!("{}.wasm", module.replace('-', "_")));
        let mut bindgen = Command::new(tool.join("debug/bindgen"));
        bindgen.arg(wasm).arg(glue);
        done(bindgen, "web/bindgen cannot write the JavaScript around a module")?;
    }
    Ok(())
}

/// Installs what package-lock.json names, checks the types, bundles, and compresses.
fn pages(source: &Path, glue: &Path, out: &Path) -> Result<(), String> {
    let node = |script: &str| {
        let mut node = Command::new("node");
        node.arg(script).current_dir(source);
        node
    };
    if !tools::npm_ci(source) {
        return Err("npm cannot install what web/pages/package-lock.json names; it needs its registry once".to_owned());
    }
    let mut check = Command::new("npm");
    check.args(["run", "--silent", "check"]).current_dir(source);
    done(check, "the types in web/pages do not fit")?;
    let mut build = node("build.mjs");
    build.arg("--out").arg(out).arg("--glue").arg(glue);
    done(build, "web/pages does not build")?;
    let mut compress = node("compress.mjs");
    compress.arg(out);
    done(compress, "the pages cannot be compressed")
}

/// Puts a folder in the place of another one.
fn replace(from: &Path, to: &Path) -> Result<(), String> {
    remove(to)?;
    let above = to.parent().unwrap_or(to);
    fs::create_dir_all(above).map_err(|error| format!("cannot make {}: {error}", above.display()))?;
    fs::rename(from, to).map_err(|error| format!("cannot move {} to {}: {error}", from.display(), to.display()))
}
