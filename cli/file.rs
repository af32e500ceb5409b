//! Reading and writing the files a command names; `-` is standard input or output.

use crate::exit::Failure;
use crate::output::Out;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The largest file any verb reads whole: a trust bundle with its lists (trust.md: 16 MiB) and room for the envelope.
const MAX_FILE: u64 = 24 * 1024 * 1024;

/// Whether the name means standard input or output.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The whole of a file or of standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = if is_dash(path) {
        std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::file("read", path, &error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::usage(
            format!("{} is larger than {} MiB", path.display(), MAX_FILE >> 20),
            "this is not a file any command reads; check the name",
        ));
    }
    Ok(bytes)
}

/// Writes a file whole or not at all; `-` is standard output.
pub(crate) fn write(out: Out, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_mode(out, path, bytes, 0o644)
}

/// The same for a file only its owner may read.
pub(crate) fn write_private(out: Out, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_mode(out, path, bytes, 0o600)
}

fn write_mode(out: Out, path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    if is_dash(path) {
        out.bytes(bytes);
        return Ok(());
    }
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    // A device such as /dev/stdout cannot be replaced by a rename.
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes)).map_err(failed);
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        drop(std::fs::remove_file(&fresh));
    }
    written.map_err(failed)
}
