//! Reading and writing the files a command names; `-` is standard input or output.

use crate::exit::Failure;
use crate::input::Input;
use crate::output::Out;
use crate::stdio::is_dash;
use serde_json::{Map, Value, json};
use std::io::{BufRead, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The largest file any verb reads whole: a trust bundle with its lists (trust.md: 16 MiB) and room for the envelope.
const MAX_FILE: u64 = 24 * 1024 * 1024;

/// Returns the whole of a file or of standard input.
pub(crate) fn read(input: Input, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = if is_dash(path) {
        input.stdin().take(MAX_FILE + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::file("read", path, &error))?;
    bounded(path, &bytes)?;
    Ok(bytes)
}

/// Appends the next line of standard input, which `path` names, to what was read before. Returns its length, 0 at the end.
pub(crate) fn read_line(input: &mut impl BufRead, path: &Path, bytes: &mut Vec<u8>) -> Result<usize, Failure> {
    let room = (MAX_FILE + 1).saturating_sub(bytes.len() as u64);
    let length = input.take(room).read_until(b'\n', bytes).map_err(|error| Failure::file("read", path, &error))?;
    bounded(path, bytes)?;
    Ok(length)
}

fn bounded(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if bytes.len() as u64 <= MAX_FILE {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{} is larger than {} MiB", path.display(), MAX_FILE >> 20),
        "this is not a file any command reads; check the name",
    ))
}

/// Members of a command's document.
pub(crate) type Members = Map<String, Value>;

/// The readers that a file is for.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// Everybody on this machine.
    All,
    /// Its owner only.
    Owner,
}

/// Writes a result to a file, or to standard output with `-`. Returns what the command's document says of it: the file's name, or with
/// `--json` and `-` the content itself, so that standard output carries one document and nothing else.
pub(crate) fn deliver(out: Out, path: &Path, bytes: &[u8], readers: Readers) -> Result<Members, Failure> {
    deliver_by(out, path, readers, |to| to.write_all(bytes))
}

/// Delivers like [`deliver`], piece by piece.
pub(crate) fn deliver_by(
    out: Out,
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<Members, Failure> {
    let mut members = Members::new();
    if is_dash(path) && out.is_json() {
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|error| Failure::file("write", path, &error))?;
        members.extend([content(&bytes)]);
        return Ok(members);
    }
    write_by(out, path, readers, write)?;
    if !is_dash(path) {
        members.insert("file".to_owned(), json!(path.to_string_lossy()));
    }
    Ok(members)
}

/// Names a content as a member of a document: text as it is, other bytes in base64url.
fn content(bytes: &[u8]) -> (String, Value) {
    match std::str::from_utf8(bytes) {
        Ok(text) => ("content".to_owned(), json!(text)),
        Err(_) => ("content_base64url".to_owned(), json!(waypass_credential::base64url::encode(bytes))),
    }
}

/// Returns the document with further members.
pub(crate) fn with(mut document: Value, members: Members) -> Value {
    if let Some(all) = document.as_object_mut() {
        all.extend(members);
    }
    document
}

/// Writes a file whole or not at all, and never through a link; `-` is standard output.
pub(crate) fn write(out: Out, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_by(out, path, Readers::All, |to| to.write_all(bytes))
}

/// Writes like [`write()`], but a file that only its owner may read.
pub(crate) fn write_private(out: Out, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_by(out, path, Readers::Owner, |to| to.write_all(bytes))
}

fn write_by(out: Out, path: &Path, readers: Readers, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    if is_dash(path) {
        return out.bytes_by(write);
    }
    let written = if is_stream(path) {
        // At its end: /dev/stdout may be a file that already holds something.
        std::fs::OpenOptions::new().append(true).open(path).and_then(|mut file| write(&mut file))
    } else {
        replace(path, readers, write)
    };
    written.map_err(|error| Failure::file("write", path, &error))
}

/// Returns true if the name leads to something that cannot be replaced by a rename: a device, a pipe, or a descriptor
/// such as /dev/stdout. Those are
/// links in folders of the system. A link anywhere else may be somebody's trap: it is replaced, and what it leads to is left alone.
fn is_stream(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let of_system =
        folder.is_some_and(|folder| (folder.starts_with("/dev") && !folder.starts_with("/dev/shm")) || folder.starts_with("/proc"));
    of_system || std::fs::symlink_metadata(path).is_ok_and(|about| !about.is_file() && !about.is_symlink())
}

fn replace(path: &Path, readers: Readers, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let mode = match readers {
        Readers::All => 0o644,
        Readers::Owner => 0o600,
    };
    remove_leftovers(path);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)
        .and_then(|mut file| write(&mut file).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        drop(std::fs::remove_file(&fresh));
    }
    written
}

/// Removes what killed commands have left of this output: `NAME.PID.new`, where the process is gone.
fn remove_leftovers(path: &Path) {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Some(name), Ok(entries)) = (path.file_name().and_then(|name| name.to_str()), std::fs::read_dir(folder)) else { return };
    for entry in entries.flatten() {
        let file = entry.file_name();
        let pid = file.to_str().and_then(|file| file.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".new")?.parse().ok());
        if pid.and_then(rustix::process::Pid::from_raw).is_some_and(is_gone) {
            // One that stays does no harm.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn is_gone(process: rustix::process::Pid) -> bool {
    rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use super::{Path, write_private};
    use crate::output::{Out, Shape};

    #[test]
    fn what_a_killed_command_left_of_an_output_goes_with_the_next_one() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut ended = std::process::Command::new("true").spawn().expect("started");
        let gone = ended.id();
        ended.wait().expect("ended");
        let alive = std::process::id();
        let names = [format!("out.{gone}.new"), "out.new".to_owned(), format!("other.{gone}.new"), format!("out.{alive}0.x.new")];
        for name in &names {
            std::fs::write(dir.path().join(name), "half").expect("written");
        }
        let out = Out::new(Shape::Words, true, false, None);
        write_private(out, &dir.path().join("out"), b"whole").expect("written");
        let left: Vec<bool> = names.iter().map(|name| Path::new(&dir.path().join(name)).exists()).collect();
        assert_eq!(left, [false, true, true, true]);
        assert_eq!(std::fs::read(dir.path().join("out")).expect("there"), b"whole");
    }
}
