//! SD-CWT, COSE and HPKE by the Python packages in `python/requirements.txt`, driven through `python/sd_cwt.py`.

use crate::distribution::{self, present};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The folder with `requirements.txt` and `sd_cwt.py`.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
/// The exit code with which `sd_cwt.py` refuses what it read.
const REFUSED: i32 = 3;

/// A virtual environment with the pinned packages.
#[derive(Clone, Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// Makes Python and the pinned packages ready in `folder`, once; why not, where they cannot be had.
    pub fn ready(folder: &Path) -> Result<Self, String> {
        static READY: OnceLock<Result<Python, String>> = OnceLock::new();
        READY.get_or_init(|| Self::prepare(&folder.join("python"))).clone()
    }

    fn prepare(folder: &Path) -> Result<Self, String> {
        let wanted = fs::read(Path::new(FOLDER).join("requirements.txt")).map_err(|why| format!("requirements.txt: {why}"))?;
        let python = Self { program: folder.join("bin/python") };
        // Written once the packages are there, so an installation that was cut off is made anew.
        let done = folder.join("requirements.txt");
        if fs::read(&done).is_ok_and(|installed| installed == wanted) && succeeds(Command::new(&python.program).arg("-V")).is_ok() {
            return Ok(python);
        }
        // A Python of the distribution can come without the part that makes environments.
        if !present("python3") || succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_err() {
            distribution::install(&["python3", "python3-venv"])?;
        }
        succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        // Exactly the files whose digests are listed, and only such as need not be built: nothing of theirs runs here.
        let pip = ["-m", "pip", "--no-input", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement"];
        succeeds(Command::new(&python.program).args(pip).arg("requirements.txt").current_dir(FOLDER))?;
        fs::write(&done, wanted).map_err(|why| format!("{}: {why}", done.display()))?;
        Ok(python)
    }

    /// Runs `sd_cwt.py`; what it prints, or why it refuses. Fails if it neither does what was asked nor refuses.
    pub fn run(&self, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        // -E and -s: nothing of the caller's Python; -B: no compiled files between the sources.
        command.args(["-E", "-s", "-B", "sd_cwt.py"]).args(args).current_dir(FOLDER).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().expect("Python starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        match status.code() {
            Some(0) => Ok(text(stdout)),
            Some(REFUSED) => Err(text(stderr)),
            _ => panic!("sd_cwt.py {args:?}: {}", text(stderr)),
        }
    }
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(why) => Err(format!("{command:?}: {why}")),
    }
}
