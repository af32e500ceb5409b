//! The tree of files that is installed, as it is under `/`. Every form of the product is packed from it.

use super::{Packing, sbom};
use crate::steps::{copy, done, empty, printed, read, write};
use crate::{web, workspace};
use std::path::Path;
use std::process::Command;

/// A shell, and the file in which it looks for the completions of a program.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/waypass"),
    ("zsh", "usr/share/zsh/vendor-completions/_waypass"),
    ("fish", "usr/share/fish/vendor_completions.d/waypass.fish"),
];

/// Lays the tree out. The program writes its own manual and completions, so they are those of this build.
pub(super) fn lay(packing: &Packing) -> Result<(), String> {
    let (root, tree) = (workspace::root(), &packing.tree);
    empty(tree)?;
    let program = packing.built.join("waypass");
    let installed = tree.join("usr/bin/waypass");
    copy(&program, &installed)?;
    let mut strip = Command::new("strip");
    strip.args(["--strip-unneeded", "--remove-section=.comment"]).arg(&installed);
    done(strip, "the names of functions cannot be taken out of the program")?;
    let manual = tree.join("usr/share/man/man1");
    let mut man = Command::new(&program);
    man.args(["--quiet", "man"]).arg(&manual);
    printed(man, "the program does not write its manual")?;
    let mut gzip = Command::new("gzip");
    gzip.args(["--no-name", "--best", "--recursive"]).arg(&manual);
    done(gzip, "the manual cannot be compressed")?;
    for (shell, file) in SHELLS {
        let mut completions = Command::new(&program);
        completions.args(["completions", shell]);
        write(&tree.join(file), printed(completions, "the program does not write its completions")?)?;
    }
    pages(packing, tree)?;
    let docs = tree.join("usr/share/doc/waypass");
    write(&docs.join("sbom.cdx.json"), sbom::text(&packing.version, packing.epoch)?)?;
    write(&docs.join("notices"), sbom::notices()?)?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&root.join(file), &tree.join("usr/share/waypass").join(file))?;
    }
    Ok(())
}

/// The pages, if they are those that the program was built with. Without them nothing is shipped.
fn pages(packing: &Packing, tree: &Path) -> Result<(), String> {
    let shown = workspace::target().join("share/waypass/pages");
    if !shown.is_dir() {
        if packing.is_shipped() {
            return Err("there are no pages to ship: run `cargo xtask web` first".to_owned());
        }
        println!("packed without pages; `cargo xtask web` builds them");
        return Ok(());
    }
    let listed = read(&workspace::root().join("web/list/pages.sha256"))?;
    if web::list::of(&shown)?.text().as_bytes() != listed {
        return Err(format!("{} holds other pages than web/list says: run `cargo xtask web` again", shown.display()));
    }
    for name in super::names(&shown)? {
        copy(&shown.join(&name), &tree.join("usr/share/waypass/pages").join(&name))?;
    }
    Ok(())
}
