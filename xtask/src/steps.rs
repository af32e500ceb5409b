//! Steps that several commands take: run a program, empty a folder, write a file.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a command to its end; `why` is what cannot be done without it.
pub(crate) fn done(mut command: Command, why: &str) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{why} ({program}: {status})")),
        Err(error) => Err(format!("cannot start {program}: {error}")),
    }
}

/// Makes a folder with nothing in it.
pub(crate) fn empty(folder: &Path) -> Result<(), String> {
    remove(folder)?;
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

/// Removes a folder, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("cannot remove {}: {error}", folder.display())),
        _ => Ok(()),
    }
}

/// Returns what a command printed.
pub(crate) fn printed(mut command: Command, why: &str) -> Result<Vec<u8>, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot start {program}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{why} ({program}: {}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// Writes a file and the folders above it.
pub(crate) fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<(), String> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, content));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// Reads a file.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Copies a file, and makes the folders above it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from, to));
    copied.map(|_| ()).map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}

/// Returns the SHA-256 in hexadecimal digits.
pub(crate) fn sha256(content: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(content).iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}
