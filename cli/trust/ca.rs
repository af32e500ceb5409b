//! `waypass trust ca ..`: certificate authorities that this device believes for https besides those of the machine.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file;
use crate::home::private_folder;
use crate::{secret, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use waypass_machine::{read_file, replace_file};
use waypass_net::{Authorities, Link};
use waypass_trust::bundle::Digest;

/// A certificate has a few hundred bytes.
const MAX_CERTIFICATE: usize = 64 * 1024;

/// The verbs of `trust ca`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Believe the site's certificate authority in a file, by the number its office reads out
    Add {
        /// The file (PEM or DER); `-` reads standard input
        file: PathBuf,
        /// The SHA-256 to compare; without it you are asked
        #[arg(long, value_name = "NUMBER")]
        digest: Option<String>,
    },
    /// List the authorities that were added
    List,
    /// Believe an authority no more
    Remove {
        /// Its SHA-256, as `list` shows it
        digest: String,
    },
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::Add { file, digest } => add(run, &file, digest.as_deref()),
        Verb::List => list(run),
        Verb::Remove { digest } => remove(run, &digest),
    }
}

/// Returns how this device connects.
pub(crate) fn link(run: &Run) -> Result<Link, Failure> {
    let mut authorities = Authorities::default();
    for (_, certificate) in taken(run)? {
        authorities.add(&certificate).map_err(|_| damaged(run))?;
    }
    Ok(Link { authorities, ..Link::default() })
}

fn add(run: &Run, path: &Path, digest: Option<&str>) -> Outcome {
    let found = Authorities::read(&file::read(run.input, path)?);
    let found = found.map_err(|why| Failure::usage(why, "take the file that `waypass issuer tls show -o FILE` wrote").about(path))?;
    let mut certificates = found.certificates();
    let (Some(certificate), None) = (certificates.next(), certificates.next()) else {
        return Err(Failure::usage("it holds more than one certificate", "give each authority in a file of its own").about(path));
    };
    let number = Digest::of(certificate);
    match digest {
        Some(text) if parsed(text)? != number => {
            return Err(Failure::new(
                Exit::Tamper,
                format!("the certificate is another one: its number is {number}"),
                "do not use it; ask the office for the file and for the number",
            )
            .about(path));
        }
        Some(_) => {}
        None => {
            let [first, second] = words::fingerprint(certificate);
            run.out.note(["the SHA-256 of this certificate authority is", "", &format!("    {first}"), &format!("    {second}"), ""]);
            if !secret::confirm(run.input, "Did the office read out the same number?", "--digest NUMBER")? {
                return Err(secret::declined("the authority was not added"));
            }
        }
    }
    let folder = folder(run);
    private_folder(&folder)?;
    let kept = folder.join(format!("{number}.crt"));
    replace_file(&kept, certificate).map_err(|why| Failure::file("write", &kept, &why))?;
    run.out.json(&json!({ "schema": "waypass.ca/1", "sha256": number.to_string(), "believed": true }))?;
    run.out.words("added: this device believes servers that this authority vouches for");
    Ok(Exit::Done)
}

fn list(run: &Run) -> Outcome {
    let taken = taken(run)?;
    let items: Vec<Value> = taken.iter().map(|(number, _)| json!({ "sha256": number.to_string() })).collect();
    run.out.list("waypass.ca-list/1", "authorities", &items, || {
        for (_, certificate) in &taken {
            run.out.words(words::fingerprint(certificate).to_vec());
        }
    })?;
    Ok(Exit::Done)
}

fn remove(run: &Run, digest: &str) -> Outcome {
    let number = parsed(digest)?;
    let path = folder(run).join(format!("{number}.crt"));
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::usage("no authority here has that number", "see them: waypass trust ca list"));
        }
        Err(why) => return Err(Failure::file("remove", &path, &why)),
    }
    run.out.json(&json!({ "schema": "waypass.ca/1", "sha256": number.to_string(), "believed": false }))?;
    run.out.words("removed: this device believes that authority no more");
    Ok(Exit::Done)
}

/// Returns the authorities of this device. A file whose content is not what its name says was changed by somebody.
fn taken(run: &Run) -> Result<Vec<(Digest, Vec<u8>)>, Failure> {
    let folder = folder(run);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(why) if matches!(why.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(why) => return Err(Failure::file("read", &folder, &why)),
    };
    let mut taken = Vec::new();
    for entry in entries {
        let path = entry.map_err(|why| Failure::file("read", &folder, &why))?.path();
        if path.extension().is_none_or(|end| end != "crt") {
            continue;
        }
        let certificate = read_file(&path, MAX_CERTIFICATE).map_err(|why| Failure::file("read", &path, &why))?;
        let named = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse::<Digest>().ok());
        let number = Digest::of(&certificate);
        if named != Some(number) {
            return Err(damaged(run));
        }
        taken.push((number, certificate));
    }
    taken.sort_by_key(|(number, _)| number.to_string());
    Ok(taken)
}

fn damaged(run: &Run) -> Failure {
    Failure::new(
        Exit::Tamper,
        format!("a certificate authority in {} is not what was added", folder(run).display()),
        "remove the file, and add the authority again: waypass trust ca add FILE",
    )
}

fn parsed(text: &str) -> Result<Digest, Failure> {
    // Phones and browsers write it in pairs with colons.
    let number = text.trim().replace(':', " ").parse::<Digest>();
    number.map_err(|error| Failure::usage(error, "copy the whole number that `waypass issuer tls show` prints"))
}

fn folder(run: &Run) -> PathBuf {
    run.home.trust().join("ca")
}
