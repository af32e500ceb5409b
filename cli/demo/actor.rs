//! The people and machines of the demo: each is this program, started again with a home of its own.

use crate::exit::{Failure, plain};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The stage's folder and what the machine can do.
pub(super) struct World {
    program: PathBuf,
    dir: PathBuf,
    /// `unshare -rn` works: a process can be given a network with nothing in it.
    pub(super) can_cut_network: bool,
    /// `faketime` is installed: a process can be given another clock.
    pub(super) can_move_clock: bool,
}

/// One participant.
#[derive(Clone, Copy)]
pub(super) struct Actor<'w> {
    world: &'w World,
    home: &'static str,
    /// How it opens its vault: arguments after the verb.
    opens: [&'static str; 2],
    offline: bool,
    clock: Option<&'static str>,
}

/// How a command ended.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) stderr: String,
    /// Standard output as JSON; null when it was something else.
    pub(super) json: Value,
}

impl World {
    pub(super) fn new() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::internal(format!("the demo cannot start: {}", plain(&error)), "check the temporary folder (TMPDIR), then run it again")
        };
        let program = std::env::current_exe().map_err(failed)?;
        let dir = std::env::temp_dir().join(format!("waypass-demo-{}", std::process::id()));
        crate::home::private_folder(&dir)?;
        Ok(Self {
            program,
            dir,
            can_cut_network: works("unshare", &["-rn", "true"]),
            can_move_clock: works("faketime", &["-f", "+1d", "true"]),
        })
    }

    pub(super) fn actor(&self, home: &'static str, opens: [&'static str; 2]) -> Actor<'_> {
        Actor { world: self, home, opens, offline: false, clock: None }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a secret into a file only its owner may read; never an argument, never a variable.
    pub(super) fn secret(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| Failure::file("write", &path, &error))
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        fs::write(&path, bytes).map_err(|error| Failure::file("write", &path, &error))
    }

    /// Returns the pictures that begin with `name`, in order.
    pub(super) fn pictures(&self, name: &str) -> Result<Vec<String>, Failure> {
        let entries = fs::read_dir(&self.dir).map_err(|error| Failure::file("read", &self.dir, &error))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut pictures: Vec<String> =
            names.filter(|file| file.starts_with(name) && Path::new(file).extension().is_some_and(|end| end == "png")).collect();
        pictures.sort();
        Ok(pictures)
    }

    pub(super) fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.path(name);
        fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The folder holds throw-away keys only; what cannot be removed is left to the system's cleaning.
        drop(fs::remove_dir_all(&self.dir));
    }
}

impl Actor<'_> {
    /// Without any network, where the system allows it.
    pub(super) fn offline(self) -> Self {
        Self { offline: self.world.can_cut_network, ..self }
    }

    /// With a clock moved by this much.
    pub(super) fn at(self, shift: &'static str) -> Self {
        Self { clock: Some(shift), ..self }
    }

    /// Opens its vault another way.
    pub(super) fn opening(self, opens: [&'static str; 2]) -> Self {
        Self { opens, ..self }
    }

    /// Runs `line` (words without spaces) with `--json`; its vault is opened as this actor opens it.
    pub(super) fn run(&self, line: &str) -> Result<Ran, Failure> {
        let mut command = self.command(line);
        let output = command
            .output()
            .map_err(|error| Failure::internal(format!("the demo cannot start its own program: {}", plain(&error)), "run it again"))?;
        Ok(Ran {
            code: output.status.code().unwrap_or(-1),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            json: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        })
    }

    /// Runs a command that does not open a vault.
    pub(super) fn look(&self, line: &str) -> Result<Ran, Failure> {
        self.opening(["", ""]).run(line)
    }

    /// Starts a service and waits until it says where it listens.
    pub(super) fn start(&self, line: &str) -> Result<Service, Failure> {
        let failed = |why: String| Failure::internal(format!("the service of the demo did not start: {why}"), "run it again");
        let mut command = self.command(line);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(plain(&error)))?;
        let said = child.stdout.take().map(|stdout| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        match said {
            Some(Ok(line)) if !line.is_empty() => Ok(Service { child }),
            _ => {
                drop(child.kill());
                Err(failed("it said nothing".to_owned()))
            }
        }
    }

    fn command(&self, line: &str) -> Command {
        let mut words: Vec<&str> = Vec::new();
        if self.offline {
            words.extend(["unshare", "-rn"]);
        }
        if let Some(shift) = self.clock {
            words.extend(["faketime", "-f", shift]);
        }
        let program = self.world.program.to_string_lossy();
        words.push(&program);
        words.extend(line.split(' '));
        words.extend(self.opens.iter().filter(|word| !word.is_empty()));
        words.extend(["--no-input", "--json"]);
        let (first, rest) = words.split_first().unwrap_or((&"", &[]));
        let mut command = Command::new(first);
        command
            .args(rest)
            .current_dir(&self.world.dir)
            .env("WAYPASS_HOME", self.world.path(self.home))
            .env_remove("WAYPASS_SERVER")
            .stdin(Stdio::null());
        command
    }
}

impl Ran {
    /// Returns a text of the JSON result; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.json.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns a number of the JSON result.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.json.get(name).and_then(Value::as_i64)
    }

    /// Returns the texts of an array of the JSON result.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.json.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// Returns the first message to the person; its times are in UTC, as in everything for programs.
    pub(super) fn note(&self) -> String {
        let messages = self.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut notes = messages.filter(|message| message.get("level").and_then(Value::as_str) == Some("note"));
        notes.find_map(|message| message.get("text").and_then(Value::as_str).map(str::to_owned)).unwrap_or_default()
    }

    /// Returns a member of the error document a failed command prints last on standard error.
    pub(super) fn error(&self, name: &str) -> String {
        let document = self.stderr.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
        document.and_then(|error| error.get(name).and_then(Value::as_str).map(str::to_owned)).unwrap_or_default()
    }

    /// Returns the text to print when an expectation is not met.
    pub(super) fn told(&self) -> String {
        let verdict = self.text("verdict");
        format!("exit {} {verdict} {}", self.code, self.stderr.lines().next().unwrap_or_default()).trim_end().to_owned()
    }
}

/// A running service; killed with the demo.
pub(super) struct Service {
    child: Child,
}

impl Service {
    /// Waits until what it serves is at least this timestamp version; the service looks for other processes' publications
    /// once a second.
    pub(super) fn serves(address: &str, version: u64) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            if health(address).is_some_and(|shown| shown >= version) {
                return true;
            }
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks it to end as a service manager does, and waits until the process is gone.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        let failed = |what: String| Failure::internal(format!("the service of the demo did not stop: {what}"), "run it again");
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .ok_or_else(|| failed("no process id".to_owned()))?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(|error| failed(error.to_string()))?;
        self.child.wait().map(drop).map_err(|error| failed(plain(&error)))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Returns the timestamp version that the service at `address` says it shows.
fn health(address: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str::<Value>(body).ok()?.get("timestamp")?.as_u64()
}

fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Returns a port nobody listens on.
pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_or(18_240, |address| address.port())
}
