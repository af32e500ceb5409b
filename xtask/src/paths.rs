//! Paths of the machine that builds are cut from what is shipped, so that the same bytes come out wherever it is built.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Gives a build of `root` into `target` names in place of this machine's paths, in Rust and in C.
///
/// The flags make all dependencies another build. So builds for tests leave them out.
pub(crate) fn cut(cargo: &mut Command, root: &Path, target: &Path) -> Result<(), String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).ok_or("neither CARGO_HOME nor HOME is set")?;
    for (variable, flags) in flags(root, target, &home) {
        cargo.env(variable, flags);
    }
    // Half-built states of an earlier build are named by their path.
    cargo.env("CARGO_INCREMENTAL", "0");
    Ok(())
}

/// Returns the variables that cargo and the C compilers of build scripts (SQLite, aws-lc) read.
fn flags(root: &Path, target: &Path, home: &Path) -> [(&'static str, String); 3] {
    // The last that fits counts, and the target folder may be in the workspace.
    let names = [(root, "/waypass"), (target, "/waypass/target"), (home, "/cargo")];
    let all = |option: &str, between: &str| {
        let flags: Vec<String> = names.iter().map(|(path, name)| format!("{option}={}={name}", path.display())).collect();
        flags.join(between)
    };
    let c = all("-ffile-prefix-map", " ");
    [("CARGO_ENCODED_RUSTFLAGS", all("--remap-path-prefix", "\u{1f}")), ("CFLAGS", c.clone()), ("CXXFLAGS", c)]
}

#[cfg(test)]
mod tests {
    use super::{cut, flags};
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn no_path_of_the_machine_is_left_in_rust_or_c() {
        let [(rust, rust_flags), (c, c_flags), (cxx, cxx_flags)] =
            flags(Path::new("/home/a/waypass"), Path::new("/home/a/waypass/target"), Path::new("/home/a/.cargo"));
        assert_eq!((rust, c, cxx), ("CARGO_ENCODED_RUSTFLAGS", "CFLAGS", "CXXFLAGS"));
        let names = ["/home/a/waypass=/waypass", "/home/a/waypass/target=/waypass/target", "/home/a/.cargo=/cargo"];
        assert_eq!(rust_flags, names.map(|name| format!("--remap-path-prefix={name}")).join("\u{1f}"));
        assert_eq!(c_flags, names.map(|name| format!("-ffile-prefix-map={name}")).join(" "));
        assert_eq!(cxx_flags, c_flags);
    }

    #[test]
    fn a_build_that_is_shipped_gets_them() {
        let mut cargo = Command::new("cargo");
        cut(&mut cargo, Path::new("/a"), Path::new("/a/target")).expect("a home");
        let given: Vec<_> = cargo.get_envs().filter(|(_, value)| value.is_some()).map(|(name, _)| name.to_owned()).collect();
        assert_eq!(given, ["CARGO_ENCODED_RUSTFLAGS", "CARGO_INCREMENTAL", "CFLAGS", "CXXFLAGS"]);
    }
}
