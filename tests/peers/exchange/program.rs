//! Starts the built `waypass` in homes of its own.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Exit codes of the program (`waypass help exit-codes`).
pub(crate) const GREEN: i32 = 0;
pub(crate) const RED: i32 = 20;

/// A folder with the homes of all roles and the files between them.
pub(crate) struct Place {
    folder: PathBuf,
    program: PathBuf,
}

/// The result of one run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Place {
    /// A new folder; what an earlier run left there goes.
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exchange");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder, program: program() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("a file")
    }

    pub(crate) fn read_bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).expect("a file")
    }

    /// Writes a file only its owner may read, as a secret should be.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        use std::io::Write;
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.folder.join(name));
        file.and_then(|mut file| file.write_all(text.as_ref())).expect("a file");
    }

    /// Runs `line` (words without spaces) in the home `home`; nothing of the caller's environment decides anything.
    pub(crate) fn run(&self, home: &str, line: &str) -> Ran {
        let Output { status, stdout, stderr } = Command::new(&self.program)
            .args(line.split(' '))
            .args(["--json", "--no-input", "--home", home])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ran { code: status.code().unwrap_or(-1), json: serde_json::from_slice(&stdout).unwrap_or(Value::Null), stderr }
    }

    /// Runs a command that must succeed.
    pub(crate) fn done(&self, home: &str, line: &str) -> Ran {
        let ran = self.run(home, line);
        assert_eq!(ran.code, GREEN, "waypass {line}: {}", ran.stderr);
        ran
    }
}

impl Ran {
    /// A text of the JSON result.
    pub(crate) fn text(&self, name: &str) -> String {
        self.json[name].as_str().unwrap_or_default().to_owned()
    }

    /// The codes of a verdict's reasons.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let reasons = self.json["reasons"].as_array();
        reasons.into_iter().flatten().filter_map(|reason| reason["code"].as_str().map(str::to_owned)).collect()
    }
}

/// Returns a peer that can be had. In CI it must be; elsewhere its absence is counted as skipped.
pub(crate) fn or_skipped<T>(what: &str, ready: Result<T, String>) -> Option<T> {
    ready
        .inspect_err(|why| {
            assert!(std::env::var_os("CI").is_none(), "{what}: {why}");
            println!("SKIP {what}: {why}");
        })
        .ok()
}

/// `WAYPASS_BIN`, else what `cargo check-all` builds.
fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ci/waypass");
    let program = std::env::var_os("WAYPASS_BIN").map_or(built, PathBuf::from);
    assert!(program.is_file(), "{} is not there: build it with `cargo build --profile ci`, or set WAYPASS_BIN", program.display());
    program.canonicalize().expect("a path")
}
