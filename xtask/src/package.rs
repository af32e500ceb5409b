//! `cargo xtask package`: what people install, from one build and one tree of files. By hand; it is not part of what a change must pass.

mod deb;
mod image;
mod sbom;
mod tree;

use crate::steps::{done, empty, read, sha256, write};
use crate::{paths, workspace};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask package [deb|image|tarball|sbom].. [--profile PROFILE]";
/// The profile of what is shipped.
const SHIPPED: &str = "release";

/// The forms of the product.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Deb,
    Image,
    Tarball,
    Sbom,
}

/// One packing: what is packed, and when it says that it was made.
struct Packing {
    profile: String,
    /// The folder of the profile, with the program.
    built: PathBuf,
    /// What is installed, as it is under `/`.
    tree: PathBuf,
    version: String,
    /// The processor, by Debian's name for it.
    arch: &'static str,
    /// Seconds since 1970: the time of the commit.
    epoch: u64,
}

/// Builds, packs everything twice, and keeps what came out the same.
pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let (forms, profile) = asked(args)?;
    let packing = Packing::new(profile)?;
    packing.build()?;
    let folder = workspace::target().join("package");
    let (out, again) = (folder.join("out"), folder.join("again"));
    for place in [&out, &again] {
        empty(place)?;
        tree::lay(&packing)?;
        for form in &forms {
            packing.pack(*form, place)?;
        }
    }
    let mut sums = Vec::new();
    for name in names(&out)? {
        let content = read(&out.join(&name))?;
        if content != read(&again.join(&name))? {
            return Err(format!(
                "two packings of {} differ: compare the files in {} and {}",
                name.display(),
                out.display(),
                again.display()
            ));
        }
        sums.push(format!("{}  {}\n", sha256(&content), name.display()));
        println!("{:>10}  {}", content.len(), name.display());
    }
    let sums = sums.concat();
    write(&out.join("SHA256SUMS"), &sums)?;
    print!("{sums}");
    println!("packed twice with the same bytes, in {}", out.display());
    Ok(ExitCode::SUCCESS)
}

fn asked(args: &[String]) -> Result<(Vec<Form>, String), String> {
    let (mut forms, mut profile) = (Vec::new(), SHIPPED.to_owned());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "deb" => forms.push(Form::Deb),
            "image" => forms.push(Form::Image),
            "tarball" => forms.push(Form::Tarball),
            "sbom" => forms.push(Form::Sbom),
            "--profile" => profile.clone_from(args.next().ok_or(USAGE)?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    if forms.is_empty() {
        forms = vec![Form::Deb, Form::Image, Form::Tarball, Form::Sbom];
    }
    Ok((forms, profile))
}

impl Packing {
    fn new(profile: String) -> Result<Self, String> {
        let built = workspace::target().join(&profile);
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => return Err(format!("{other} is not a processor that we pack for")),
        };
        let tree = built.join("package/root");
        Ok(Self { profile, built, tree, version: env!("CARGO_PKG_VERSION").to_owned(), arch, epoch: epoch()? })
    }

    /// Builds the program. Paths of this machine are cut from what is shipped; see [`paths::cut`].
    fn build(&self) -> Result<(), String> {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--quiet", "--locked", "--profile", &self.profile, "--package", "waypass", "--bin", "waypass"]);
        if self.is_shipped() {
            paths::cut(&mut cargo, &workspace::root(), &workspace::target())?;
        }
        done(cargo, "the program does not build")
    }

    fn is_shipped(&self) -> bool {
        self.profile == SHIPPED
    }

    /// Returns the name of a file without its ending.
    fn name(&self) -> String {
        format!("waypass-{}-{}", self.version, self.arch)
    }

    fn pack(&self, form: Form, out: &Path) -> Result<(), String> {
        match form {
            Form::Deb => deb::pack(self, out),
            Form::Image => image::pack(self, out),
            Form::Tarball => self.tarball(out),
            Form::Sbom => write(&out.join(format!("waypass-{}.cdx.json", self.version)), sbom::text(&self.version, self.epoch)?),
        }
    }

    /// The tree below one folder, to be unpacked in /usr/local or a home.
    fn tarball(&self, out: &Path) -> Result<(), String> {
        let plain = out.join(format!("{}.tar", self.name()));
        let top = format!("--transform=s,^\\.,{},", self.name());
        self.tar(&self.tree.join("usr"), &plain, &[top.into()])?;
        let mut gzip = Command::new("gzip");
        gzip.args(["--no-name", "--best"]).arg(&plain);
        done(gzip, "the tarball cannot be compressed")
    }

    /// Writes a folder into a tar file that says nothing about the machine: names in order, one time, one owner.
    fn tar(&self, folder: &Path, file: &Path, more: &[OsString]) -> Result<(), String> {
        let mut tar = Command::new("tar");
        tar.args(["--create", "--format=ustar", "--sort=name", "--numeric-owner", "--mode=u=rwX,go=rX"]);
        tar.arg(format!("--mtime=@{}", self.epoch)).args(more);
        if !more.iter().any(|option| option.to_string_lossy().starts_with("--owner")) {
            tar.args(["--owner=0", "--group=0"]);
        }
        tar.arg("--file").arg(file).arg("--directory").arg(folder).arg(".").env("LC_ALL", "C");
        done(tar, "a tar file cannot be written")
    }
}

/// Returns `SOURCE_DATE_EPOCH`, else the time of the commit (reproducible-builds.org/specs/source-date-epoch).
fn epoch() -> Result<u64, String> {
    let told = if let Ok(told) = std::env::var("SOURCE_DATE_EPOCH") {
        told
    } else {
        let mut git = Command::new("git");
        git.args(["log", "--max-count=1", "--format=%ct"]).current_dir(workspace::root());
        String::from_utf8_lossy(&crate::steps::printed(git, "git does not know the time of the commit")?).into_owned()
    };
    told.trim().parse().map_err(|_| format!("{told:?} is not a number of seconds"))
}

/// Returns the names of a folder's files, in order.
fn names(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut names =
        entries.map(|entry| entry.map(|entry| entry.file_name().into())).collect::<Result<Vec<PathBuf>, _>>().map_err(unreadable)?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{Form, asked};

    #[test]
    fn forms_and_profile_are_told_or_taken_for_granted() {
        let args = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (forms, profile) = asked(&[]).expect("nothing is needed");
        assert!(forms.len() == 4 && profile == "release");
        let (forms, profile) = asked(&args("deb --profile ci")).expect("understood");
        assert!(forms == [Form::Deb] && profile == "ci");
        assert!(asked(&args("rpm")).is_err() && asked(&args("deb --profile")).is_err());
    }
}
