//! Starts the built `waypass` in folders of its own.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A shell that starts a program as if the machine had been started again.
pub(crate) const ANOTHER_BOOT: &str =
    "boot=$(mktemp) && echo another > $boot && mount --bind $boot /proc/sys/kernel/random/boot_id && exec \"$@\"";

/// The program under test.
pub(crate) const WAYPASS: &str = env!("CARGO_BIN_EXE_waypass");

/// The result of one run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder that disappears with the test, and the homes in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file only its owner may read, as a secret should be.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.path(name);
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).expect("the file can be written");
        file.write_all(text.as_ref()).expect("the file can be written");
        path
    }

    /// A command of the program in the home `home`; nothing of the caller's environment decides anything.
    pub(crate) fn command(&self, wrap: &[&str], home: &str, args: &[&str]) -> Command {
        let mut words: Vec<&str> = wrap.to_vec();
        words.push(WAYPASS);
        words.extend(args);
        let (program, rest) = words.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(rest).current_dir(self.dir()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir()).env("WAYPASS_HOME", self.path(home)).env("TZ", "UTC").stdin(Stdio::null());
        command
    }
}

/// Makes `to` a copy of the folder `from`.
pub(crate) fn copy(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(&entry, &target).expect("copied");
        }
    }
}

/// Returns a command in the folder and environment of `like`, on a terminal: `script` gives the line one of its own and copies what it shows.
pub(crate) fn on_a_terminal(like: &Command, line: &str) -> Command {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", line, "/dev/null"]).env_clear();
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
    if let Some(folder) = like.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Feeds `stdin`, waits, and reads both streams.
pub(crate) fn finish(mut command: Command, stdin: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A program that needs no input may end before it is written.
    drop(pipe.write_all(stdin.as_bytes()));
    drop(pipe);
    ended(child)
}

/// How a process ended, as a shell would say it: a signal is 128 and its number.
pub(crate) fn ended(child: Child) -> Ran {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran {
        code: status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}
