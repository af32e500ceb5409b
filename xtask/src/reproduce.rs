//! `cargo xtask reproduce`: builds the program twice, in two folders, and compares. By hand: it builds everything two times.

use crate::steps::{done, empty, read, sha256};
use crate::{paths, workspace};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Two paths of different length: a path that is left in would also move what is behind it.
const PLACES: [&str; 2] = ["a", "another-place/of-greater-length"];

/// Builds what the commit holds, not what is changed in the worktree.
pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let profile = match args {
        [] => "release",
        [option, profile] if option == "--profile" => profile,
        _ => return Err("usage: cargo xtask reproduce [--profile PROFILE]".to_owned()),
    };
    let folder = workspace::target().join("reproduce");
    empty(&folder)?;
    let mut sums = Vec::new();
    for place in PLACES {
        let root = folder.join(place);
        sums.push(sum_of(&root, profile)?);
        println!("{}  {}", sums[sums.len() - 1], root.display());
    }
    if sums.windows(2).all(|pair| pair[0] == pair[1]) {
        println!("the same bytes in {} places", sums.len());
        Ok(ExitCode::SUCCESS)
    } else {
        println!("the builds differ; compare them with diffoscope");
        Ok(ExitCode::FAILURE)
    }
}

/// Clones the commit into `root`, builds the program there and returns its SHA-256.
fn sum_of(root: &Path, profile: &str) -> Result<String, String> {
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--no-hardlinks"]).arg(workspace::root()).arg(root);
    done(clone, "the commit cannot be cloned")?;
    let mut checkout = Command::new("git");
    checkout.args(["checkout", "--quiet", "--detach", &workspace::commit()?]).current_dir(root);
    done(checkout, "the commit is not in its clone")?;
    // The program knows its pages by their list.
    let list = workspace::root().join("web/list/pages.sha256");
    if list.is_file() {
        crate::steps::copy(&list, &root.join("web/list/pages.sha256"))?;
    }
    let target = root.join("target");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--locked", "--profile", profile, "--package", "waypass", "--bin", "waypass"]);
    cargo.current_dir(root).env("CARGO_TARGET_DIR", &target);
    paths::cut(&mut cargo, root, &target)?;
    done(cargo, "the program does not build in a clone")?;
    let program = read(&target.join(profile).join("waypass"))?;
    if let Some(path) = left(&program, root) {
        return Err(format!("the program holds the path {path}"));
    }
    Ok(sha256(&program))
}

/// Returns the path, if it is in the program.
fn left(program: &[u8], root: &Path) -> Option<String> {
    let path = root.to_string_lossy().into_owned();
    program.windows(path.len()).any(|window| window == path.as_bytes()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::left;
    use std::path::Path;

    #[test]
    fn a_path_in_the_program_is_found() {
        assert_eq!(left(b"ELF\0/home/a/waypass/src", Path::new("/home/a/waypass")).as_deref(), Some("/home/a/waypass"));
        assert_eq!(left(b"ELF\0/waypass/src", Path::new("/home/a/waypass")), None);
    }
}
