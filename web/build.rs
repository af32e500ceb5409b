//! Compiles the list of the built pages in: the SHA-256 of each file, by which the program knows its own pages again. `cargo xtask web`
//! writes the list. A program that is built without it has no pages, and says so.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

const LIST: &str = "list/pages.sha256";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=list");
    let list = match fs::read_to_string(LIST) {
        Ok(text) => format!("Some(&[{}])", entries(&text)?),
        Err(why) if why.kind() == io::ErrorKind::NotFound => "None".to_owned(),
        Err(why) => return Err(format!("web/{LIST}: {why}")),
    };
    let out = env::var("OUT_DIR").map_err(|why| format!("OUT_DIR: {why}"))?;
    fs::write(Path::new(&out).join("list.rs"), list).map_err(|why| format!("list.rs: {why}"))
}

/// Returns the lines `SHA-256  NAME` as Rust. A name is one file of letters, digits and `.-_`, in no folder.
fn entries(text: &str) -> Result<String, String> {
    let mut entries = String::new();
    for line in text.lines() {
        let (sha256, name) = line.split_once("  ").ok_or_else(|| format!("web/{LIST}: {line:?} is not `SHA-256  NAME`"))?;
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_name = !name.starts_with('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if !is_digest || !is_name || name.is_empty() {
            return Err(format!("web/{LIST}: {line:?} is not `SHA-256  NAME`; run `cargo xtask web` again"));
        }
        write!(entries, "Listed {{ sha256: {sha256:?}, name: {name:?} }}, ").map_err(|why| why.to_string())?;
    }
    Ok(entries)
}
